"""The state folder: where the local stack keeps its data, its logs and its secrets between two runs."""

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabrique.embedded.claims import claim, give_back
from fabrique.embedded.docker_engine import engine_version
from fabrique.embedded.kafka_in_docker import KafkaInDocker

FOLDER_VARIABLE = "FABRIQUE_STATE_DIR"
DEFAULT_FOLDER = ".state"
DEMONSTRATION = "demonstration"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """One folder of state; several stacks may live side by side in several folders."""

    path: Path

    @property
    def kafka(self) -> Path:
        """Where the broker keeps its log."""
        return self.path / "kafka"

    @property
    def postgres(self) -> Path:
        """Where PostgreSQL keeps its data."""
        return self.path / "postgres"

    @property
    def logs(self) -> Path:
        """Where each service writes its log."""
        return self.path / "logs"

    def read(self, name: str) -> dict[str, Any]:
        """Read one of the folder's small files; empty when there is none."""
        try:
            content: dict[str, Any] = json.loads((self.path / f"{name}.json").read_text())
        except FileNotFoundError:
            return {}
        return content

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Write one of the folder's small files, whole or not at all, readable by its owner only."""
        arriving = self.path / f"{name}.arriving"
        self.path.mkdir(parents=True, exist_ok=True)
        arriving.unlink(missing_ok=True)
        arriving.touch(mode=0o600)
        arriving.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
        arriving.replace(self.path / f"{name}.json")

    def forget(self, name: str) -> None:
        """Remove one of the folder's small files."""
        (self.path / f"{name}.json").unlink(missing_ok=True)

    def secret(self, name: str) -> str:
        """A random secret of this folder, made when it is first asked for."""
        known = self.read("secrets")
        if name not in known:
            known[name] = secrets.token_hex(32)
            self.write("secrets", known)
        return str(known[name])

    @property
    def is_demonstration(self) -> bool:
        """Whether the demonstration was ever played on these data."""
        return bool(self.read(DEMONSTRATION))

    def become_demonstration(self) -> None:
        """Note that the demonstration is played on these data: what they tell is then never shown as real."""
        self.write(DEMONSTRATION, {"played": True})

    def erase(self) -> bool:
        """Forget everything; whether there was anything. Raises FolderInUse while a stack runs on it."""
        if not self.path.exists():
            return False
        claim(self.path)
        try:
            if engine_version() is not None:
                KafkaInDocker(self.kafka, profile="default").erase()
            shutil.rmtree(self.path)
        finally:
            give_back(self.path)
        return True


def state_folder() -> StateFolder:
    """FABRIQUE_STATE_DIR, else `.state` here."""
    return StateFolder(Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER).resolve())
