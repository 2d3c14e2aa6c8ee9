"""A commitment's facts become sentences, in French and in English, with the amounts as each language writes them."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.funding.domain.commitment import Asked
from services.funding.domain.explanation import Before, Cause, Decision, Held, Scored, Story, explain, told
from services.funding.domain.explanation_words import DECISIONS, MOVEMENTS, PHRASES, REASONS, Language, amounts, euros
from services.funding.domain.journal import Fact
from services.funding.domain.outcome import Kind
from services.funding.domain.rules import RULE_REASONS, Order, Rules
from shared.contracts.commitment import COMMITMENT_FACTS
from shared.contracts.reasons import HeldReason, RefusalReason

FR, EN = Language.FRENCH, Language.ENGLISH
A, B, EVENT = UUID(int=1), UUID(int=2), UUID(int=3)
CDC = "CV219.CDC.2016"
RULES = Rules(
    eligible_from=date(2016, 3, 1), eligible_until=date(2016, 11, 30), cap_per_project_cents=5_000_000,
    cap_per_beneficiary_cents=6_000_000, programme_cap_cents=10_000_000, right_cents=6_000_000,
    cdc_share_max=50, public_aid_max=80, convention_from_cents=2_300_000,
)  # fmt: skip


def decision(type_: str, cdc: int, /, before: tuple[Before, ...] = (), cause: Cause | None = None,
             others: int | None = None, **said: Any) -> Decision:  # fmt: skip
    value = {"commitment_id": str(A), "contract": "CV219", "exercise": 2016, "cdc_cents": cdc, "state_cents": 0}
    known_at = datetime(2016, 4, 1, 9, 0, tzinfo=UTC)
    fact = Fact(0, 7, EVENT, type_, EVENT, known_at, json.dumps(value | said).encode())
    rules = RULES if "rules_version" in said else None
    return Decision(fact, told(fact), before, cause, rules, others)


def said(each: Decision, language: Language, held: tuple[Held, ...] = ()) -> list[str]:
    return [plain(sentence) for sentence in explain(Story(A, (each,), held, 7_000_000), language).sentences]


def plain(sentence: str) -> str:
    """No-break spaces as spaces, so that tables can be read."""
    return sentence.replace("\u202f", " ").replace("\u00a0", " ")


TABLE = {
    "reserved without rules": (
        decision("AllocationReserved", 1_000_000, (Before(CDC, 1_250_050, 0, 0),)),
        ["Le 1er avril 2016, demande de 10 000,00 € à la Caisse des Dépôts : le montant a été réservé.",
         "Juste avant, CV219.CDC.2016 avait 12 500,50 € de libre ; personne n’attendait."],
        ["On 1 April 2016, €10,000.00 of the Caisse des Dépôts asked: the amount was reserved.",
         "Just before, CV219.CDC.2016 had €12,500.50 free; nobody waited."],
    ),
    "it waits behind others, and needs a convention": (
        decision("AllocationWaitlisted", 3_000_000, (Before(CDC, 500, 4_000_000, 2),), rules_version=2),
        ["Le 1er avril 2016, demande de 30 000,00 € à la Caisse des Dépôts : elle attend des crédits.",
         "Juste avant, CV219.CDC.2016 avait 5,00 € de libre ; 2 demandes attendaient (40 000,00 €).",
         "Décidé selon la version 2 des règles de 2016.",
         "Au-delà de 23 000,00 €, une convention est nécessaire."],
        ["On 1 April 2016, €30,000.00 of the Caisse des Dépôts asked: it waits for credit.",
         "Just before, CV219.CDC.2016 had €5.00 free; 2 requests waited (€40,000.00).",
         "Decided by version 2 of the rules of 2016.", "Above €23,000.00, a convention is needed."],
    ),
    "a beneficiary asks too much": (
        decision("AllocationRefused", 3_000_000, others=4_000_000, rules_version=1, reason="exceeds-beneficiary-cap"),
        [("Le 1er avril 2016, demande de 30 000,00 € à la Caisse des Dépôts : elle a été refusée, le plafond par"
         " bénéficiaire est dépassé."),
         "La version 1 des règles de 2016 dit : 60 000,00 € au plus par bénéficiaire.",
         "Les autres demandes du même bénéficiaire s’élevaient à 40 000,00 €."],
        [("On 1 April 2016, €30,000.00 of the Caisse des Dépôts asked: it was refused, the cap for a beneficiary is"
         " exceeded."),
         "Version 1 of the rules of 2016 says: at most €60,000.00 for a beneficiary.",
         "Other requests of the same beneficiary came to €40,000.00."],
    ),
    "a share is too large": (
        decision("AllocationRefused", 4_000_000, rules_version=3, reason="exceeds-share"),
        [("Le 1er avril 2016, demande de 40 000,00 € à la Caisse des Dépôts : elle a été refusée, la part d’un"
         " financeur est dépassée."),
         "La version 3 des règles de 2016 dit : 50 % du coût au plus à la Caisse des Dépôts, 100 % à l’État.",
         "Le coût du projet était de 70 000,00 €."],
        [("On 1 April 2016, €40,000.00 of the Caisse des Dépôts asked: it was refused, the share of a funder is"
         " exceeded."),
         "Version 3 of the rules of 2016 says: at most 50% of the cost of the Caisse des Dépôts, 100% of the State.",
         "The project cost €70,000.00."],
    ),
    "all public aid is too much": (
        decision("MovementRefused", 0, rules_version=3, reason="exceeds-public-aid", movement="CommitmentAmended"),
        ["Le 1er avril 2016, un mouvement a été refusé, l’avenant : le maximum d’aide publique est dépassé.",
         "La version 3 des règles de 2016 dit : 80 % du coût au plus en aide publique."],
        ["On 1 April 2016, a movement was refused, the amendment: the most public aid is exceeded.",
         "Version 3 of the rules of 2016 says: at most 80% of the cost as public aid."],
    ),
    "nobody is eligible then": (
        decision("AllocationRefused", 100, rules_version=1, reason="not-eligible"),
        [("Le 1er avril 2016, demande de 1,00 € à la Caisse des Dépôts : elle a été refusée, la demande n’est pas"
         " éligible."),
         "La version 1 des règles de 2016 dit : contrat éligible : oui ; du 1er mars 2016 au 30 novembre 2016."],
        ["On 1 April 2016, €1.00 of the Caisse des Dépôts asked: it was refused, the request is not eligible.",
         "Version 1 of the rules of 2016 says: contract eligible: yes; from 1 March 2016 to 30 November 2016."],
    ),
    "a project is too large": (
        decision("AllocationRefused", 5_000_001, rules_version=1, reason="exceeds-project-cap"),
        [("Le 1er avril 2016, demande de 50 000,01 € à la Caisse des Dépôts : elle a été refusée, le plafond par projet"
         " est dépassé."), "La version 1 des règles de 2016 dit : 50 000,00 € au plus par projet."],
        [("On 1 April 2016, €50,000.01 of the Caisse des Dépôts asked: it was refused, the cap for a project is"
         " exceeded."), "Version 1 of the rules of 2016 says: at most €50,000.00 for a project."],
    ),
    "a contract's right is too small": (
        decision("AllocationRefused", 3_000_000, others=4_000_000, rules_version=1, reason="exceeds-programme-cap"),
        [("Le 1er avril 2016, demande de 30 000,00 € à la Caisse des Dépôts : elle a été refusée, le droit de ce"
          " contrat sur le plafond du programme est dépassé."),
         ("La version 1 des règles de 2016 dit : 60 000,00 € au plus par bénéficiaire dans ce contrat, sur"
          " 100 000,00 € dans tout le programme."),
         "Les autres demandes du même bénéficiaire s’élevaient à 40 000,00 €."],
        [("On 1 April 2016, €30,000.00 of the Caisse des Dépôts asked: it was refused, this contract's right to the"
          " programme's cap is exceeded."),
         ("Version 1 of the rules of 2016 says: at most €60,000.00 for a beneficiary in this contract, of €100,000.00"
          " in the whole programme."),
         "Other requests of the same beneficiary came to €40,000.00."],
    ),
    "a command freed it": (
        decision("AllocationPromoted", 100, cause=Cause("increase", "cdc", "amendment-2")),
        [("Le 1er avril 2016, 1,00 € à la Caisse des Dépôts : la demande qui attendait a été servie, le montant est"
         " réservé."), "La cause : l’ordre « increase » donné par cdc (amendment-2)."],
        ["On 1 April 2016, €1.00 of the Caisse des Dépôts: who waited was served, the amount is reserved.",
         "The cause: the command “increase” given by cdc (amendment-2)."],
    ),
    "another commitment freed it": (
        decision("AllocationPromoted", 100, (Before(CDC, 100, 100, 1),), Cause("AllocationReleased", commitment_id=B)),
        [("Le 1er avril 2016, 1,00 € à la Caisse des Dépôts : la demande qui attendait a été servie, le montant est"
         " réservé."), "Juste avant, CV219.CDC.2016 avait 1,00 € de libre ; une demande attendait (1,00 €).",
         f"La cause : un événement d’un autre dossier, {B} (AllocationReleased)."],
        ["On 1 April 2016, €1.00 of the Caisse des Dépôts: who waited was served, the amount is reserved.",
         "Just before, CV219.CDC.2016 had €1.00 free; one request waited (€1.00).",
         f"The cause: an event of another commitment, {B} (AllocationReleased)."],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_a_decision_is_said_in_both_languages(name: str) -> None:
    each, french, english = TABLE[name]
    assert (said(each, FR), said(each, EN)) == (french, english)


def test_scores_are_said_with_who_gave_them_and_why() -> None:
    when = datetime(2016, 5, 2, 9, 0, tzinfo=UTC)
    scores = (Scored(when, 80, "prefecture", "committee"), Scored(when, None, "cdc", "mistake"))
    each = decision("AllocationWaitlisted", 100, rules_version=1)
    waits = msgspec.structs.replace(each, rules=Rules(order=Order.SCORE))
    story = Story(A, (waits,), scores=scores)
    french, english = explain(story, FR), explain(story, EN)
    assert [plain(sentence) for sentence in french.sentences[2:]] == [
        "La file est servie par note, la plus haute d’abord ; sans note, à la fin.",
        "Le 2 mai 2016, la note 80 a été donnée par prefecture (committee).",
        "Le 2 mai 2016, la note a été retirée par cdc (mistake).",
    ]
    assert [plain(sentence) for sentence in english.sentences[2:]] == [
        "The waitlist is served by score, the highest first; who has none comes last.",
        "On 2 May 2016, the score 80 was given by prefecture (committee).",
        "On 2 May 2016, the score was taken away by cdc (mistake).",
    ]
    assert [(score["score"], score["by"]) for score in english.scores] == [(80, "prefecture"), (None, "cdc")]


def test_what_is_held_is_said_last() -> None:
    held = (Held("PaymentMade", "no-payment-credits"),)
    each = decision("MovementHeld", 0, movement="PaymentMade", reason="not-engaged")
    assert said(each, FR, held) == [
        "Le 1er avril 2016, un mouvement a été mis en attente, le paiement : l’engagement manque.",
        "Attend encore, le paiement : les crédits de paiement manquent.",
    ]
    assert said(each, EN, held)[1] == "Still held, the payment: payment credits are missing."


def test_amounts_never_break_between_their_parts() -> None:
    [french, *_] = explain(Story(A, (TABLE["a command freed it"][0],)), FR).sentences
    assert "1,00\u00a0€ à la Caisse des Dépôts\u00a0: la demande" in french
    assert euros(126_312_088, FR) == "1\u202f263\u202f120,88\u00a0€"
    assert euros(-5, EN) == "\u2212€0.05"
    assert plain(amounts(Asked(100, 250), FR)) == "1,00 € à la Caisse des Dépôts et 2,50 € à l’État"
    assert (amounts(Asked(0, 0), FR), amounts(Asked(0, 0), EN)) == ("rien", "nothing")


def test_figures_say_the_numbers_and_leave_out_what_does_not_concern() -> None:
    each = TABLE["it waits behind others, and needs a convention"][0]
    [figures] = explain(Story(A, (each,)), EN).figures
    assert figures["convention_needed"] is True
    assert figures["before"] == [
        {"envelope_id": CDC, "room_cents": 500, "waiting_cents": 4_000_000, "waiting_count": 2}
    ]
    assert figures["rules"]["convention_from_cents"] == 2_300_000
    assert "reason" not in figures


@pytest.mark.parametrize("language", Language)
def test_every_decision_reason_and_movement_has_its_words(language: Language) -> None:
    assert {*DECISIONS[language]} == {*Kind}
    assert {*REASONS} == {*RefusalReason, *HeldReason}
    assert {*MOVEMENTS} == {model.__name__ for model in COMMITMENT_FACTS}
    assert {*RULE_REASONS} <= {*PHRASES[language]} == {*PHRASES[FR]}
