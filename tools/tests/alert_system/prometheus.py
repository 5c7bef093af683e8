"""A Prometheus of the test's own."""

import json
import urllib.parse
import urllib.request

import loopback

from . import processes, scaled_rules

CONFIGURATION = """\
global:
  scrape_interval: 500ms
  scrape_timeout: 500ms
  evaluation_interval: 500ms
rule_files: [rules.yml]
scrape_configs:
  - job_name: tamis
    static_configs:
      - targets: {targets}
"""


class Prometheus:
    """Scrapes `targets` (HOST:PORT) and evaluates the rules, `factor` times as fast as they say."""

    def __init__(self, folder, targets, factor):
        rules = (processes.ROOT / "etc/prometheus/tamis.rules.yml").read_text()
        example = (processes.ROOT / "etc/prometheus/prometheus.example.yml").read_text()
        relabelling = example[example.index("    relabel_configs:"):]
        (folder / "rules.yml").write_text(scaled_rules.scaled(rules, factor))
        (folder / "prometheus.yml").write_text(
            CONFIGURATION.format(targets=json.dumps(targets)) + relabelling)
        self.port = loopback.free_port()
        self.process = processes.start(
            [processes.program("prometheus"), f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
             "--log.level=warn"], folder / "prometheus.log")
        processes.wait_until(self.is_ready, "Prometheus is ready")

    def get(self, path, **query):
        address = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.read()

    def is_ready(self):
        try:
            return self.get("/-/ready") and True
        except OSError:
            return False

    def query(self, expression):
        """Labels and value of each series of an instant query."""
        found = json.loads(self.get("/api/v1/query", query=expression))["data"]["result"]
        return [(series["metric"], float(series["value"][1])) for series in found]

    def firing(self):
        """(alert, instance or stream) of what fires now."""
        alerts = json.loads(self.get("/api/v1/alerts"))["data"]["alerts"]
        return {(alert["labels"]["alertname"],
                 alert["labels"].get("instance", alert["labels"].get("stream")))
                for alert in alerts if alert["state"] == "firing"}

    def stop(self):
        self.process.terminate()
        self.process.wait(120)
