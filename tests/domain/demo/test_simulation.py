"""The simulated stream: valid, ordered, labelled, and the same each time."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date, datetime
from itertools import islice, pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from fabrique.demo.simulation import SEEN_BY_FUNDING, SEEN_BY_INTAKE, Flaw, Road, Told, simulate
from shared.contracts.told import TOLD
from shared.kernel.ids import commitment_id


def data(each: Told) -> dict[str, Any]:
    content: dict[str, Any] = each.event["data"]
    return content


def test_every_event_that_is_not_garbage_is_valid(good: tuple[Told, ...]) -> None:
    for each in good:
        TOLD[each.event["type"]].model_validate_json(json.dumps(data(each)))


def test_every_type_of_event_is_told(good: tuple[Told, ...]) -> None:
    assert {each.event["type"] for each in good} == set(TOLD)


def test_the_stream_has_the_size_of_a_programme(stream: tuple[Told, ...]) -> None:
    assert 30_000 < len(stream) < 60_000


def test_every_event_is_a_labelled_cloudevent(stream: tuple[Told, ...]) -> None:
    names = {"specversion", "id", "source", "type", "time", "datacontenttype", "data"}
    for each in stream:
        assert set(each.event) == names
        assert each.event["source"].startswith("/simulation/")
        if each.flaw is not Flaw.SOURCE_OF_ANOTHER:
            assert each.event["source"] == f"/simulation/{each.platform}"


def test_events_come_in_the_order_in_which_they_are_declared(stream: tuple[Told, ...]) -> None:
    times = [each.event["time"] for each in stream]
    assert times == sorted(times)
    assert times[0] >= "2016-01-01"
    assert times[-1] < "2021-07-01"
    assert times[-1] > "2021-06"


def test_nothing_is_declared_before_it_happens(good: tuple[Told, ...]) -> None:
    for each in good:
        declared_at = datetime.fromisoformat(data(each)["declared_at"])
        assert each.event["time"] == data(each)["declared_at"]
        assert date.fromisoformat(data(each)["occurred_on"]) <= declared_at.date()


def test_one_partner_speaks_only_kafka_and_the_others_only_http(stream: tuple[Told, ...]) -> None:
    roads = {(each.platform, each.road) for each in stream}
    assert roads == {
        ("cci", Road.KAFKA), ("citeslab", Road.HTTP), ("adie", Road.HTTP), ("bge", Road.HTTP),
        ("initiative", Road.HTTP),
    }  # fmt: skip


def test_identifiers_are_unique_except_where_garbage_takes_one_again(stream: tuple[Told, ...]) -> None:
    once = [each for each in stream if not each.again and each.flaw is not Flaw.IDENTIFIER_REUSED]
    assert len({(each.platform, each.event["id"]) for each in once}) == len(once)
    contents = {(each.platform, each.event["id"]): data(each) for each in once if each.flaw is None}
    for each in stream:
        if each.flaw is Flaw.IDENTIFIER_REUSED:
            assert contents[each.platform, each.event["id"]] != data(each)


def test_duplicates_are_identical_and_few(stream: tuple[Told, ...]) -> None:
    pairs = [(first, second) for first, second in pairwise(stream) if second.again]
    assert 50 < len(pairs) < 400
    assert all(first.event == second.event for first, second in pairs)


def test_each_flaw_is_sent_and_is_one_that_its_reader_can_see(stream: tuple[Told, ...]) -> None:
    garbage = [each for each in stream if each.flaw]
    assert set(Counter(each.flaw for each in garbage).values()) == {5}
    assert {each.flaw for each in garbage} == set(Flaw)
    for each in garbage:
        model = TOLD.get(each.event["type"])
        if each.flaw in SEEN_BY_FUNDING | SEEN_BY_INTAKE:
            assert model
            model.model_validate_json(json.dumps(data(each)))
        elif model:
            with pytest.raises(ValidationError):
                model.model_validate_json(json.dumps(data(each)))
        else:
            assert each.flaw is Flaw.UNKNOWN_TYPE


def test_a_name_of_a_person_is_only_in_garbage_that_says_so(stream: tuple[Told, ...]) -> None:
    named = [each for each in stream if "nom_complet" in data(each)]
    assert {each.flaw for each in named} == {Flaw.UNKNOWN_FIELD}


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import json, hashlib\n"
        "from fabrique.demo.simulation import simulate\n"
        "told = [[t.platform, t.road, t.event] for t in simulate(7, people_per_year_scale=0.05)]\n"
        "print(hashlib.sha256(json.dumps(told).encode()).hexdigest())\n"
    )
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        run = subprocess.run(  # noqa: S603  our own interpreter and program
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )  # fmt: skip
        digests.add(run.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("seed", [0, 1, -5, 2**40])
def test_any_seed_gives_a_valid_stream_in_order(seed: int) -> None:
    told = list(simulate(seed, people_per_year_scale=0.02))
    assert [each.event["time"] for each in told] == sorted(each.event["time"] for each in told)
    for each in told:
        if each.flaw is None:
            TOLD[each.event["type"]].model_validate_json(json.dumps(data(each)))


def test_another_seed_or_scale_gives_other_references() -> None:
    few = [
        list(islice(simulate(seed, people_per_year_scale=scale), 200)) for seed, scale in ((1, 0.2), (2, 0.2), (1, 0.1))
    ]
    identities = [{(each.platform, each.event["id"]) for each in events} for events in few]
    assert all(
        first.isdisjoint(second) for first, second in ((identities[0], identities[1]), (identities[0], identities[2]))
    )


def test_the_scale_changes_people_and_leaves_money_as_it_is() -> None:
    def told_of(scale: float) -> Counter[str]:
        return Counter(each.event["type"] for each in simulate(3, people_per_year_scale=scale) if not each.again)

    few, more = told_of(0.02), told_of(0.06)
    assert few["CommitmentDeclared"] == more["CommitmentDeclared"]
    assert 2 < more["EntrepreneurWelcomed"] / few["EntrepreneurWelcomed"] < 4


def test_references_are_unique(good: tuple[Told, ...]) -> None:
    for kind, name in (
        ("EntrepreneurWelcomed", "entrepreneur_reference"),
        ("BusinessCreated", "business_reference"),
        ("CommitmentDeclared", "reference"),
    ):
        references = [(each.platform, data(each)[name]) for each in good if each.event["type"] == kind]
        assert len(set(references)) == len(references)


def test_a_person_is_welcomed_before_anything_else_is_told_and_nothing_follows_their_erasure(
    good: tuple[Told, ...],
) -> None:
    known: dict[tuple[str, str], bool] = {}
    for each in good:
        content = data(each)
        if "entrepreneur_reference" in content:
            person = (each.platform, content["entrepreneur_reference"])
            assert (each.event["type"] == "EntrepreneurWelcomed") == (person not in known)
            assert not known.get(person, False)
            known[person] = each.event["type"] == "EntrepreneurErased"
            other = content.get("merged_entrepreneur_reference") or content.get("separated_entrepreneur_reference")
            assert other is None or (each.platform, other) in known


def test_a_business_is_born_once_and_dies_once_unless_the_first_time_is_annulled(good: tuple[Told, ...]) -> None:
    alive: dict[tuple[str, str], bool] = {}
    for each in good:
        content, kind = data(each), each.event["type"]
        if "business_reference" in content:
            business = (each.platform, content["business_reference"])
            if kind in ("BusinessCreated", "BusinessTakenOver"):
                assert business not in alive
            else:
                assert alive[business] == (kind != "BusinessCessationAnnulled")
            alive[business] = kind != "BusinessCeased"


def test_a_commitment_is_spoken_of_only_after_its_partner_declared_it(good: tuple[Told, ...]) -> None:
    declared: set[tuple[str, str]] = set()
    for each in good:
        content, kind = data(each), each.event["type"]
        if kind == "CommitmentDeclared":
            declared.add((each.platform, content["reference"]))
            declared.add((each.platform, str(commitment_id(each.platform, content["reference"]))))
        elif "reference" in content or "commitment_id" in content:
            assert (each.platform, content.get("reference") or content["commitment_id"]) in declared
