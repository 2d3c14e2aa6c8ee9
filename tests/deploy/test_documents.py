"""The runbook's commands can be typed and its log lines are written; the glossary's words are those of the code."""

import re
import shlex
from functools import cache

import pytest

from fabrique.stack.addresses import PORTS
from services.funding.programme import openings, parse
from tests.deploy.files import ROOT, run_dry, services

RUNBOOK = (ROOT / "docs/runbook.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()
TYPED = re.compile(r"(?m)^docker compose (?:run --rm (?:provision )?fabrique|stop|start|restart|exec) [^#\n]*")
PARKED = (
    "too many unknown errors within a minute",
    "the checkpoint lies outside the log",
    "the topic was deleted and made again",
    "Kafka is ahead: the database was restored",
)
LOGGED = (
    "batch tried again later",
    "output partition parked",
    "partition parked",
    "reader stops",
    "record causes an unknown error",
    "service cannot go on",
    "waiting to start",
)


@cache
def code() -> str:
    """All that is written in Python, as one text."""
    paths = (path for folder in ("fabrique", "services", "shared") for path in (ROOT / folder).rglob("*.py"))
    return "\n".join(path.read_text() for path in paths)


@pytest.mark.parametrize("line", TYPED.findall(RUNBOOK))
def test_every_command_of_the_runbook_can_be_typed(line: str) -> None:
    words = shlex.split(line)[2:]
    if words[0] == "run":
        run_dry(words[words.index("fabrique") + 1 :])
    else:
        assert words[1] in services()


def test_the_runbook_has_commands_for_lag_quarantine_and_reconciliation() -> None:
    typed = " ".join(TYPED.findall(RUNBOOK))
    assert all(
        f"fabrique {word}" in typed for word in ("lag", "quarantine retry", "quarantine drop", "reconcile", "provision")
    )


@pytest.mark.parametrize("said", [*PARKED, *LOGGED])
def test_what_the_runbook_quotes_is_what_the_code_says(said: str) -> None:
    assert said in " ".join(RUNBOOK.split())
    assert f'"{said}"' in code()


def test_what_the_runbook_imports_is_there() -> None:
    (module, name) = re.findall(r"import asyncio; from (\S+) import (\w+);", RUNBOOK)[0]
    assert f"async def {name}(" in (ROOT / f"{module.replace('.', '/')}.py").read_text()


def test_the_programme_that_the_runbook_puts_can_be_opened() -> None:
    (url, secret, path) = re.findall(
        r'(?s)curl -X PUT (\S+) -H "Authorization: Bearer \$(\w+)".*?--data-binary @(\S+)', RUNBOOK
    )[0]
    assert url == f"http://127.0.0.1:{PORTS['funding']}/v1/programme"
    assert f"\n{secret}=" in (ROOT / ".env.example").read_text()
    opened = openings(parse((ROOT / path).read_text()))
    assert f'"envelopes":{len(opened)}}}' in RUNBOOK


def test_every_link_of_the_runbook_leads_somewhere() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"(?m)^#+ (.*)$", RUNBOOK)}
    links = re.findall(r"\]\(([^)]+)\)", RUNBOOK)
    assert links
    assert [link for link in links if link.startswith("#") and link[1:] not in headings] == []
    assert [link for link in links if not link.startswith("#") and not (ROOT / "docs" / link).exists()] == []


def test_every_word_of_the_glossary_is_a_name_of_the_code() -> None:
    names = {
        name
        for line in re.findall(r"(?m)^\|.*\|$", GLOSSARY)
        for name in re.findall(r"`(\w+)`", line.rpartition("| ")[2])
    }
    assert len(names) > 30
    assert {name for name in names if not re.search(rf"\b{name}\b", code())} == set()
