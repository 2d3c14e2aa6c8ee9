"""The words of explanations, in French and in English, and how they write amounts and days."""

from datetime import date
from enum import StrEnum

from services.funding.domain.commitment import Asked

THIN, HARD = "\u202f", "\u00a0"
"""No-break spaces: between groups of three digits, and between a number and what it counts."""


class Language(StrEnum):
    """The languages of explanations; the first is the programme's."""

    FRENCH = "fr"
    ENGLISH = "en"


MONTHS = {
    Language.FRENCH: ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
                      "novembre", "décembre"),
    Language.ENGLISH: ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                       "November", "December"),
}  # fmt: skip
DECISIONS = {
    Language.FRENCH: {
        "AllocationReserved": "Le {day}, demande de {asked} : le montant a été réservé.",
        "AllocationWaitlisted": "Le {day}, demande de {asked} : elle attend des crédits.",
        "AllocationRefused": "Le {day}, demande de {asked} : elle a été refusée, {reason}.",
        "AllocationPromoted": "Le {day}, {asked} : la demande qui attendait a été servie, le montant est réservé.",
        "AllocationDisplaced": "Le {day}, {asked} : le montant réservé est retourné en liste d’attente.",
        "AllocationAmended": "Le {day}, la demande est passée de {previous} à {asked}.",
        "AllocationReleased": "Le {day}, {asked} : le montant a été rendu à l’enveloppe.",
        "AllocationEngaged": "Le {day}, {asked} : le montant a été engagé.",
        "CertificationRecorded": "Le {day}, {asked} : le service fait a été certifié.",
        "PaymentRecorded": "Le {day}, {asked} : le paiement a été enregistré.",
        "PaymentReturnRecorded": "Le {day}, {asked} : le reversement a été enregistré.",
        "AllocationDecommitted": "Le {day}, {asked} : le montant engagé a été abandonné.",
        "AllocationClosed": "Le {day}, le dossier a été clos ; rendu à l’enveloppe : {asked}.",
        "MovementHeld": "Le {day}, un mouvement a été mis en attente, {movement} : {reason}.",
        "MovementRefused": "Le {day}, un mouvement a été refusé, {movement} : {reason}.",
    },
    Language.ENGLISH: {
        "AllocationReserved": "On {day}, {asked} asked: the amount was reserved.",
        "AllocationWaitlisted": "On {day}, {asked} asked: it waits for credit.",
        "AllocationRefused": "On {day}, {asked} asked: it was refused, {reason}.",
        "AllocationPromoted": "On {day}, {asked}: who waited was served, the amount is reserved.",
        "AllocationDisplaced": "On {day}, {asked}: the reserved amount went back to the waitlist.",
        "AllocationAmended": "On {day}, what is asked went from {previous} to {asked}.",
        "AllocationReleased": "On {day}, {asked}: the amount was given back to the envelope.",
        "AllocationEngaged": "On {day}, {asked}: the amount was engaged.",
        "CertificationRecorded": "On {day}, {asked}: the service was certified.",
        "PaymentRecorded": "On {day}, {asked}: the payment was booked.",
        "PaymentReturnRecorded": "On {day}, {asked}: the return was booked.",
        "AllocationDecommitted": "On {day}, {asked}: the engaged amount was given up.",
        "AllocationClosed": "On {day}, the commitment was closed; given back to the envelope: {asked}.",
        "MovementHeld": "On {day}, a movement was held, {movement}: {reason}.",
        "MovementRefused": "On {day}, a movement was refused, {movement}: {reason}.",
    },
}
PHRASES = {
    Language.FRENCH: {
        "CDC": "à la Caisse des Dépôts", "STATE": "à l’État", "and": " et ", "nothing": "rien",
        "before": "Juste avant, {envelope} avait {room} de libre ; {waiting}.",
        "waiting-0": "personne n’attendait", "waiting-1": "une demande attendait ({amount})",
        "waiting": "{count} demandes attendaient ({amount})",
        "rules": "Décidé selon la version {version} des règles de {exercise}.",
        "limit": "La version {version} des règles de {exercise} dit : {limit}.",
        "others": "Les autres demandes du même bénéficiaire s’élevaient à {amount}.",
        "convention": "Au-delà de {amount}, une convention est nécessaire.",
        "by-command": "La cause : l’ordre « {word} » donné par {by} ({why}).",
        "by-other": "La cause : un événement d’un autre dossier, {commitment} ({word}).",
        "held": "Attend encore, {movement} : {reason}.",
        "not-eligible": "contrat éligible : {eligible} ; du {first} au {last}",
        "exceeds-project-cap": "{amount} au plus par projet",
        "exceeds-beneficiary-cap": "{amount} au plus par bénéficiaire",
        "exceeds-programme-cap": "{amount} au plus par bénéficiaire dans ce contrat, sur {cap} dans tout le programme",
        "exceeds-share": "{cdc} du coût au plus à la Caisse des Dépôts, {state} à l’État",
        "exceeds-public-aid": "{public} du coût au plus en aide publique",
        "by-score": "La file est servie par note, la plus haute d’abord ; sans note, à la fin.",
        "each": "Chaque financeur sert sa part pour soi : l’une peut attendre pendant que l’autre est réservée.",
        "score": "Le {day}, la note {score} a été donnée par {by} ({why}).",
        "unscored": "Le {day}, la note a été retirée par {by} ({why}).",
        "yes": "oui", "no": "non", "any": "…", "cost": "Le coût du projet était de {amount}.",
    },
    Language.ENGLISH: {
        "CDC": "of the Caisse des Dépôts", "STATE": "of the State", "and": " and ", "nothing": "nothing",
        "before": "Just before, {envelope} had {room} free; {waiting}.",
        "waiting-0": "nobody waited", "waiting-1": "one request waited ({amount})",
        "waiting": "{count} requests waited ({amount})",
        "rules": "Decided by version {version} of the rules of {exercise}.",
        "limit": "Version {version} of the rules of {exercise} says: {limit}.",
        "others": "Other requests of the same beneficiary came to {amount}.",
        "convention": "Above {amount}, a convention is needed.",
        "by-command": "The cause: the command “{word}” given by {by} ({why}).",
        "by-other": "The cause: an event of another commitment, {commitment} ({word}).",
        "held": "Still held, {movement}: {reason}.",
        "not-eligible": "contract eligible: {eligible}; from {first} to {last}",
        "exceeds-project-cap": "at most {amount} for a project",
        "exceeds-beneficiary-cap": "at most {amount} for a beneficiary",
        "exceeds-programme-cap": "at most {amount} for a beneficiary in this contract, of {cap} in the whole programme",
        "exceeds-share": "at most {cdc} of the cost of the Caisse des Dépôts, {state} of the State",
        "exceeds-public-aid": "at most {public} of the cost as public aid",
        "by-score": "The waitlist is served by score, the highest first; who has none comes last.",
        "each": "Each funder serves its part on its own: one may wait while the other is reserved.",
        "score": "On {day}, the score {score} was given by {by} ({why}).",
        "unscored": "On {day}, the score was taken away by {by} ({why}).",
        "yes": "yes", "no": "no", "any": "…", "cost": "The project cost {amount}.",
    },
}  # fmt: skip
MOVEMENTS = {
    "CommitmentDeclared": ("la déclaration", "the declaration"), "CommitmentAmended": ("l’avenant", "the amendment"),
    "CommitmentWithdrawn": ("le retrait", "the withdrawal"),
    "CommitmentEngaged": ("l’engagement", "the engagement"),
    "ServiceCertified": ("le service fait", "the certification"), "PaymentMade": ("le paiement", "the payment"),
    "PaymentReturned": ("le reversement", "the return"),
    "CommitmentDecommitted": ("le dégagement", "the decommitment"), "CommitmentClosed": ("la clôture", "the closure"),
}  # fmt: skip
REASONS = {
    "envelope-unknown": ("une enveloppe demandée n’existe pas", "an envelope asked does not exist"),
    "exceeds-authorised": ("le montant dépasse toute l’enveloppe", "the amount is above the whole envelope"),
    "no-room": ("l’enveloppe n’a pas assez de crédits libres", "the envelope has too little room"),
    "commitment-unknown": ("le dossier est inconnu ici", "the commitment is not known here"),
    "already-declared": ("le dossier était déjà déclaré", "the commitment was declared before"),
    "not-standing": ("le dossier est refusé, rendu ou clos", "the commitment is refused, released or closed"),
    "envelope-closed": ("l’enveloppe est close", "the envelope is closed"),
    "already-engaged": ("le dossier est déjà engagé", "the commitment is engaged already"),
    "below-engaged": ("le montant est inférieur à l’engagé", "the amount is below what is engaged"),
    "wrong-exercise": ("l’exercice n’est pas le bon", "the exercise is not the right one"),
    "exceeds-reserved": ("le montant dépasse le réservé", "the amount is above what is reserved"),
    "exceeds-engaged": ("le montant dépasse l’engagé", "the amount is above what is engaged"),
    "exceeds-paid": ("le montant dépasse le payé", "the amount is above what was paid"),
    "not-eligible": ("la demande n’est pas éligible", "the request is not eligible"),
    "exceeds-project-cap": ("le plafond par projet est dépassé", "the cap for a project is exceeded"),
    "exceeds-programme-cap": (
        "le droit de ce contrat sur le plafond du programme est dépassé",
        "this contract's right to the programme's cap is exceeded",
    ),
    "exceeds-beneficiary-cap": ("le plafond par bénéficiaire est dépassé", "the cap for a beneficiary is exceeded"),
    "exceeds-share": ("la part d’un financeur est dépassée", "the share of a funder is exceeded"),
    "exceeds-public-aid": ("le maximum d’aide publique est dépassé", "the most public aid is exceeded"),
    "not-decided-yet": ("une décision manque encore", "a decision is still missing"),
    "not-declared": ("le dossier n’est pas encore déclaré", "the commitment is not declared yet"),
    "waits-for-room": ("le dossier attend des crédits", "the commitment waits for room"),
    "not-engaged": ("l’engagement manque", "it is not engaged yet"),
    "not-certified": ("le service fait n’est pas certifié", "the service is not certified yet"),
    "not-paid": ("le paiement manque", "it is not paid yet"),
    "no-payment-credits": ("les crédits de paiement manquent", "payment credits are missing"),
}


def typeset(sentence: str, language: Language) -> str:
    """Keep French punctuation with the word beside it."""
    if language is Language.FRENCH:
        for mark in (":", ";", "»"):
            sentence = sentence.replace(f" {mark}", f"{HARD}{mark}")
        sentence = sentence.replace("« ", f"«{HARD}")
    return sentence


def word(words: dict[str, tuple[str, str]], name: str, language: Language) -> str:
    """Say a name in a language; what has no words yet is said as it is."""
    french, english = words.get(name, (name, name))
    return french if language is Language.FRENCH else english


def euros(cents: int, language: Language) -> str:
    """Write an amount to the cent: 1 263 120,88 €, €1,263,120.88."""
    units, rest = divmod(abs(cents), 100)
    sign = "\u2212" if cents < 0 else ""
    if language is Language.FRENCH:
        return f"{sign}{units:,}".replace(",", THIN) + f",{rest:02}{HARD}€"
    return f"{sign}€{units:,}.{rest:02}"


def percent(share: int | None, language: Language) -> str:
    """Write whole percents: 80 %; without limit they are all."""
    return f"{100 if share is None else share}{THIN if language is Language.FRENCH else ''}%"


def day(when: date, language: Language) -> str:
    """Write a day: 1er avril 2016, 1 April 2016."""
    number = "1er" if when.day == 1 and language is Language.FRENCH else str(when.day)
    return f"{number}{HARD}{MONTHS[language][when.month - 1]}{HARD}{when.year}"


def amounts(asked: Asked, language: Language) -> str:
    """Say how much of whom."""
    phrases = PHRASES[language]
    said = [
        f"{euros(cents, language)} {phrases[funder]}"
        for funder, cents in zip(("CDC", "STATE"), asked, strict=True)
        if cents
    ]
    return phrases["and"].join(said) or phrases["nothing"]
