"""Types command lines as a person does, in this process: a service takes seconds to import, once is enough."""

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from fabrique.__main__ import main


class Typed(NamedTuple):
    """How a command ended, and what it showed and complained of."""

    code: int
    shown: str
    complained: str


Type = Callable[..., Typed]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """A function that runs a command line as the entry point does, in an environment that says only what is given."""

    def run(*words: str, **environment: str) -> Typed:
        for name in [*os.environ]:
            if name.startswith(("KAFKA_", "INTAKE_", "FUNDING_", "REPORTING_", "FABRIQUE_STATE", "FABRIQUE_KEY")):
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["fabrique", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Typed(int(ended.value.code or 0), *capsys.readouterr())

    return run
