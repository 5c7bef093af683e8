"""The container's files agree with each other and with the daemon's defaults."""

import pathlib
import re

import pytest

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "etc" / "container"
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]["tamisd"]
DOCUMENTS = list(yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()))
POD = DOCUMENTS[0]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


def drain_seconds():
    text = (ROOT / "etc" / "tamisd.yaml").read_text()
    return int(re.search(r"drain_timeout_ms: (\d+)", text)[1]) / 1000


def test_an_end_may_take_longer_than_the_drain():
    assert POD["terminationGracePeriodSeconds"] > drain_seconds() + 10
    assert int(COMPOSE["stop_grace_period"].removesuffix("s")) > drain_seconds() + 10


def test_one_user_without_rights_on_a_read_only_root():
    user = re.search(r"^USER (\d+):\1$", CONTAINERFILE, re.MULTILINE)[1]
    assert user != "0" and COMPOSE["user"] == f"{user}:{user}"
    assert {POD["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == \
        {int(user)}
    assert COMPOSE["read_only"] and CONTAINER["securityContext"]["readOnlyRootFilesystem"]
    assert COMPOSE["cap_drop"] == ["ALL"]
    assert CONTAINER["securityContext"]["capabilities"]["drop"] == ["ALL"]


def test_probes_ports_and_volumes():
    exposed = re.search(r"^EXPOSE (.*)$", CONTAINERFILE, re.MULTILINE)[1].split()
    ports = {each["name"]: str(each["containerPort"]) for each in CONTAINER["ports"]}
    assert set(ports.values()) <= set(exposed)
    probes = {name: CONTAINER[name]["httpGet"] for name in
              ("startupProbe", "livenessProbe", "readinessProbe")}
    assert [each["path"] for each in probes.values()] == ["/healthz", "/healthz", "/readyz"]
    assert {each["port"] for each in probes.values()} == {"http"} and ports["http"] == "9464"
    assert {each["mountPath"] for each in CONTAINER["volumeMounts"]} == \
        {"/etc/tamis", "/var/lib/tamis"}
    (claim,) = DOCUMENTS[0]["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]  # no journal is shared
