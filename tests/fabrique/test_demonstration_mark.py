"""Data on which the demonstration was played are never shown as real, whatever started the stack."""

from pathlib import Path

from fabrique.stack.addresses import Addresses
from fabrique.stack.folder import StateFolder
from fabrique.stack.stack import service_settings
from services.reporting.app import Settings

FOUND = Addresses(
    servers=["127.0.0.1:1"], databases={"reporting": "postgresql+asyncpg://x"}, http={"reporting": "http://x:1"}
)


def test_reporting_says_so_on_every_later_start(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert not Settings(**service_settings(folder, FOUND, "reporting")).demonstration
    folder.become_demonstration()
    assert Settings(**service_settings(StateFolder(tmp_path), FOUND, "reporting")).demonstration


def test_data_that_are_forgotten_are_no_demonstration_any_more(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.become_demonstration()
    assert folder.erase()
    assert not folder.is_demonstration
