"""Speaks with funding as a manager: envelopes, commands, and the problems that it answers."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from shared.kernel.errors import ProgrammeError

Json = dict[str, Any]
TIMEOUT_SECONDS = 30
REPLAY_SECONDS_MAX = 600
"""A whole line is read and decided twice."""


class NotDone(ProgrammeError):
    """Funding refuses; `problem` is its document."""

    def __init__(self, problem: Json) -> None:
        fields = "".join(f" ({e['pointer']}: {e['detail']})" for e in problem.get("errors", ()) if e["pointer"])
        detail = f" {problem['detail']}" if problem.get("detail") and not fields else ""
        super().__init__(f"{problem.get('type', '').rpartition(':')[2]}: {problem.get('title', '')}{detail}{fields}")
        self.problem = problem


class Desk:
    """Funding at an address, with a manager's key."""

    def __init__(self, client: httpx.Client, url: str, key: str) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {key}"}

    def envelopes(self, contract: str | None = None) -> list[Json]:
        """All envelopes, or those of one contract, with their balances."""
        found: list[Json] = self._ask("GET", "/v1/envelopes", params={"contract": contract} if contract else None)
        return found

    def envelope(self, name: str) -> Json:
        """One envelope. Raises NotDone."""
        for row in self.envelopes(name.partition(".")[0]):
            if row["envelope_id"] == name:
                return row
        raise NotDone({"type": "urn:fabrique:problem:envelope-unknown", "title": f"There is no envelope {name}."})

    def open_programme(self, content: bytes) -> Json:
        """Open what a programme file says, as the operator. Raises NotDone."""
        return self._told("PUT", "/v1/programme", False, content=content)

    def command(self, order: Json, *, dry_run: bool) -> Json:
        """Give a command, or ask what it would do. Raises NotDone."""
        return self._told("POST", "/v1/commands", dry_run, json=order)

    def score(self, commitment_id: str, order: Json, *, dry_run: bool) -> Json:
        """Score a commitment, or ask what that would do. Raises NotDone."""
        return self._told("POST", f"/v1/commitments/{commitment_id}/score", dry_run, json=order)

    def approve(self, command_id: str, *, dry_run: bool) -> Json:
        """Approve a proposal, or ask what that would do. Raises NotDone."""
        return self._told("POST", f"/v1/commands/{command_id}/approve", dry_run)

    def reject(self, command_id: str, reason: str) -> Json:
        """Reject a proposal. Raises NotDone."""
        return self._told("POST", f"/v1/commands/{command_id}/reject", False, json={"reason": reason})

    def commands(self, terms: Mapping[str, Any]) -> Json:
        """A page of commands, the newest first."""
        return self._told("GET", "/v1/commands", False, params={k: v for k, v in terms.items() if v is not None})

    def tell_territory(self, telling: Json, *, dry_run: bool) -> Json:
        """Tell a merger of EPCI or its annulment, or ask whom it would concern. Raises NotDone."""
        return self._told("POST", "/v1/territory", dry_run, json=telling)

    def territory(self) -> list[Json]:
        """What was told of the territory, in order."""
        found: list[Json] = self._ask("GET", "/v1/territory")
        return found

    def what_if(self, programme: bytes, terms: Mapping[str, Any], progress: Callable[[Json], None]) -> Json:
        """Replay with a programme file, and compare; tell how far it is. Raises NotDone."""
        headers = self._headers | {"accept": "application/x-ndjson"}
        with self._client.stream("POST", f"{self._url}/v1/what-if", content=programme, params=terms, headers=headers,
                                 timeout=REPLAY_SECONDS_MAX) as answer:  # fmt: skip
            if answer.status_code >= HTTPStatus.BAD_REQUEST:
                answer.read()
                raise _not_done(answer)
            for line in answer.iter_lines():
                said: Json = json.loads(line)
                if "problem" in said:
                    raise NotDone(said["problem"])
                if "answer" in said:
                    found: Json = said["answer"]
                    return found
                progress(said["progress"])
        raise NotDone({"title": "funding broke off before it answered"})

    def apply_what_if(self, programme: bytes, terms: Mapping[str, Any]) -> Json:
        """Change the credits of now into those of a programme file. Raises NotDone."""
        found: Json = self._ask("POST", "/v1/what-if/apply", content=programme, params=terms,
                                timeout=REPLAY_SECONDS_MAX)  # fmt: skip
        return found

    def _told(self, method: str, path: str, dry_run: bool, **more: Any) -> Json:
        if dry_run:
            more["params"] = {"dry_run": "true"}
        found: Json = self._ask(method, path, **more)
        return found

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        more = {"timeout": TIMEOUT_SECONDS} | more
        answer = self._client.request(method, f"{self._url}{path}", headers=self._headers, **more)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise _not_done(answer)
        return answer.json()


def _not_done(answer: httpx.Response) -> NotDone:
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return NotDone(answer.json() if is_problem else {"title": f"funding answers {answer.status_code}"})
