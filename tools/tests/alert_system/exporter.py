"""A page of metrics that says what a test wants, for what cannot be done to a daemon in a test."""

import http.server
import threading
import time


class Exporter:
    """A daemon's page in health, but for the samples that `troubled` gives after provoke().

    `troubled(seconds)` returns samples by name and labels, `seconds` being the time since
    provoke(); after remove() it is None once, then the page is `after`, or healthy.
    """

    healthy = {
        "tamis_ready": 1, "tamis_healthy": 1, "tamis_journal_stalled": 0,
        "tamis_last_reload_successful": 1, "tamis_flood_prescale": 1,
        "tamis_ledger_faults_total": 0, "tamis_records_abandoned_total": 0,
        "tamis_screen_disagreements_total": 0, "tamis_journal_free_bytes": 100e9,
        "process_start_time_seconds": 1000,
        'tamis_handshakes_failed_total{socket="input",reason="unknown_key"}': 0,
        'tamis_drift_alarm{check="feature_mean"}': 0,
        'tamis_target_fpr{working_point="tight"}': 0.001,
        'tamis_realised_fpr_lower{working_point="tight"}': 0.0009,
        'tamis_realised_fpr_upper{working_point="tight"}': 0.0011,
    }

    def __init__(self, troubled, after=None):
        self.troubled, self.after = troubled, after
        self.samples = lambda: self.healthy
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = exporter.page().encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A scraper that went away is no fault of the page."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.target = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self):
        return "".join(f"{name} {value}\n" for name, value in self.samples().items())

    def provoke(self):
        start = time.monotonic()
        self.samples = lambda: self.healthy | self.troubled(time.monotonic() - start)

    def remove(self):
        last = self.samples()
        kept = {name: value for name, value in last.items()
                if name.split("{")[0].endswith("_total") or name in (self.after or ())}
        self.samples = lambda: self.healthy | kept

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        return 0
