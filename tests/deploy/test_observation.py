"""Prometheus asks the services for what they have, and alerts and dashboard use metrics that exist."""

import importlib
import json
import re
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from fabrique.stack.addresses import PORTS, SERVICES
from tests.deploy.files import ROOT, Yaml, read_yaml, services

for service in SERVICES:
    importlib.import_module(f"services.{service}.app")
LABELLED = re.compile(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|on|ignoring) *\([^)]*\)")
WORD = re.compile(r"\b[a-z][a-z0-9_]+\b(?! *\()")
GROUPED = re.compile(r"\bby *\(([^)]*)\)")
OPERATORS = {"or", "and", "unless", "offset"}
OF_PROMETHEUS = {"up"}
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}
alerts: list[Yaml] = read_yaml("deploy/prometheus/alerts.yml")["groups"][0]["rules"]
DERIVED = ("_created", "_bucket", "_sum", "_count")
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
DASHBOARD: Yaml = json.loads((ROOT / "deploy/grafana/dashboards/fabrique.json").read_text())


def exposed() -> dict[str, set[str]]:
    """The labels of each series that a service's process exposes, by the series' name."""
    found: dict[str, set[str]] = {}
    for collector, series in REGISTRY._collector_to_names.items():
        for name in series:
            found[name] = set(getattr(collector, "_labelnames", ()))
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Each query, with the name of the alert or panel that asks it."""
    yield from ((alert["alert"], alert["expr"]) for alert in alerts)
    for panel in DASHBOARD["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])


def asked(expression: str) -> set[str]:
    """The metrics that a query names."""
    return set(WORD.findall(LABELLED.sub("", expression))) - OPERATORS - OF_PROMETHEUS - set("smhd")


@pytest.mark.parametrize(("name", "expression"), [*expressions()], ids=lambda text: text[:40])
def test_every_query_asks_for_what_a_service_exposes(name: str, expression: str) -> None:
    known = exposed()
    metrics = asked(expression)
    assert metrics or "up" in expression, name
    assert metrics - known.keys() == set()
    labels = {label.strip() for group in GROUPED.findall(expression) for label in group.split(",")}
    assert labels <= LABELS_OF_PROMETHEUS.union(*(known[metric] for metric in metrics))


def test_prometheus_asks_each_service_at_its_port() -> None:
    jobs = read_yaml("deploy/prometheus/prometheus.yml")["scrape_configs"]
    assert {job["job_name"]: job["static_configs"] for job in jobs} == {
        name: [{"targets": [f"{name}:{PORTS[name]}"]}] for name in SERVICES
    }
    assert not any("metrics_path" in job for job in jobs)  # then it is /metrics
    operations = (ROOT / "shared/web/operations.py").read_text()
    assert '@router.get("/metrics")' in operations


def test_prometheus_and_grafana_read_what_is_mounted() -> None:
    mounted = dict(v.split(":")[:2] for name in ("prometheus", "grafana") for v in services()[name]["volumes"])
    assert mounted["./deploy/prometheus"] == "/etc/prometheus"
    assert read_yaml("deploy/prometheus/prometheus.yml")["rule_files"] == ["alerts.yml"]
    (provider,) = read_yaml("deploy/grafana/provisioning/dashboards/fabrique.yml")["providers"]
    assert provider["options"]["path"] == mounted["./deploy/grafana/dashboards"]
    assert mounted["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert services()["prometheus"]["profiles"] == services()["grafana"]["profiles"] == ["observe"]


def test_the_dashboard_asks_the_data_source_that_is_provisioned() -> None:
    (source,) = read_yaml("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    used = {target["datasource"]["uid"] for panel in DASHBOARD["panels"] for target in panel["targets"]}
    assert used == {source["uid"]}


def test_the_dashboard_shows_lag_quarantine_outbox_and_parked_partitions() -> None:
    shown = {metric for panel in DASHBOARD["panels"] for target in panel["targets"] for metric in asked(target["expr"])}
    assert {"lag_seconds", "lag_records", "quarantine_open", "outbox_unpublished", "parked_partitions"} <= shown


def test_each_alert_is_tried_and_has_its_section_in_the_runbook() -> None:
    names = [alert["alert"] for alert in alerts]
    trials = read_yaml("deploy/prometheus/alerts.test.yml")["tests"]
    assert {trial["alertname"] for group in trials for trial in group["alert_rule_test"]} == set(names)
    assert set(re.findall(r"(?m)^### (\w+)", RUNBOOK)) == set(names)


def test_the_runbook_explains_every_metric_of_ours_and_no_other() -> None:
    table = RUNBOOK.partition("## Metrics")[2].partition("\n## ")[0]
    explained = {name for line in re.findall(r"(?m)^\| (`[^|]*)\|", table) for name in re.findall(r"`(\w+)`", line)}
    foreign = ("python_", "process_")
    base = {name for name in exposed() if not name.startswith(foreign) and not name.endswith(DERIVED)}
    counted = {name for name in base if f"{name}_total" not in base}
    assert explained == counted
