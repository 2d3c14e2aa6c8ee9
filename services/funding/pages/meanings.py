"""What each column of the managers' tables means, in French and in English: for whoever takes a table away."""

from collections.abc import Mapping

from services.funding.downloads.fields import Both

MEANINGS: Mapping[str, Both] = {
    # Where and when
    "contract": Both("Code du contrat de ville.", "Code of the contrat de ville."),
    "funder": Both(
        "Financeur : CDC (Caisse des Dépôts) ou STATE (État).", "Funder: CDC (Caisse des Dépôts) or STATE (the State)."
    ),
    "exercise": Both("Exercice budgétaire, une année civile.", "Budget year, a calendar year."),
    "envelope": Both(
        "Enveloppe : contrat, financeur et exercice, par exemple CV219.CDC.2016.",
        "Envelope: contract, funder and budget year, for instance CV219.CDC.2016.",
    ),
    "commitment": Both("Identifiant de l’engagement.", "Identifier of the commitment."),
    "when": Both("Instant où le fait a été connu.", "When the fact was known."),
    # Envelopes
    "authorised": Both(
        "Autorisé à l’engagement (AE) : voté, plus ou moins ce que des commandes y ont changé.",
        "Authorised for engagement (AE): voted, more or less what commands have changed.",
    ),
    "reserved": Both("Promis à des engagements, pas encore engagé.", "Promised to commitments, not engaged yet."),
    "engaged": Both(
        "Engagé par un acte juridique, moins ce qui a été dégagé.", "Engaged by a legal act, less what was given up."
    ),
    "paid": Both("Payé, moins ce qui a été reversé.", "Paid, less what was returned."),
    "frozen": Both("Part de l’autorisé mise de côté pour l’instant.", "Part of what is authorised set aside for now."),
    "lapsed": Both(
        "Engagé, puis dégagé lors d’un exercice suivant : le crédit reste consommé.",
        "Engaged, then given up in a later budget year: the credit stays consumed.",
    ),
    "room": Both(
        "Encore libre : autorisé moins gelé, réservé, engagé et dégagé tard.",
        "Still free: authorised less frozen, reserved, engaged and lapsed.",
    ),
    "waitlisted": Both("Demandé par des engagements qui attendent.", "Asked by commitments that wait."),
    "payment_credits": Both(
        "Crédits de paiement (CP) de l’exercice ; vide : le financeur n’en a pas, et paie sans cette limite.",
        "Payment credits (CP) of the year; empty: the funder has none, and pays without that limit.",
    ),
    "payments_frozen": Both("Part des crédits de paiement gelée.", "Part of the payment credits that is frozen."),
    "payable": Both(
        "Crédits de paiement qui restent : CP moins gelés et payés ; vide : sans limite.",
        "Payment credits left: CP less frozen and paid; empty: without limit.",
    ),
    "status": Both("Si l’exercice est encore ouvert pour l’enveloppe.", "Whether the year is still open for it."),
    # Commitments
    "state": Both("Où en est l’engagement.", "Where the commitment stands."),
    "priority": Both("Priorité dans la file, de 1 à 9 : 1 est servi d’abord.",
                     "Priority in the waitlist, from 1 to 9: 1 is served first."),
    "cdc_cents": Both("Montant demandé à la Caisse des Dépôts, ou que le fait lui attribue.",
                      "Amount asked of the Caisse des Dépôts, or that the fact gives it."),
    "state_cents": Both("Montant demandé à l’État, ou que le fait lui attribue.",
                        "Amount asked of the State, or that the fact gives it."),
    "asked": Both("Montant demandé à ce financeur.", "Amount asked of this funder."),
    "certified": Both("Service fait certifié par les financeurs.", "Service certified by the funders as done."),
    "paid_by": Both(
        "Ce que les crédits de chaque exercice ont payé : l’exercice, puis le montant en centimes.",
        "What each year's credits paid: the year, then the amount in cents.",
    ),
    "fact_place": Both("Place du fait publié : partition, puis numéro d’ordre.",
                       "Place of the published fact: partition, then sequence."),
    "fact": Both("Fait publié par le grand livre.", "Fact published by the ledger."),
    "movement": Both("Acte d’un financeur ou d’un partenaire, retenu ou refusé.",
                     "Act of a funder or partner, held or refused."),
    "reason": Both("Pourquoi c’est refusé ou retenu ; un mot d’une liste fermée.",
                   "Why it is refused or held; a word of a closed list."),
    "postings": Both(
        "Écritures : compte crédité > compte débité, puis le montant en centimes.",
        "Postings: account credited > account debited, then the amount in cents.",
    ),
    "event": Both("Identifiant du fait ou de l’événement.", "Identifier of the fact or event."),
    "cause": Both("Identifiant de l’événement ou de la commande qui l’a produit.",
                  "Identifier of the event or command that made it."),
    # Unpaid
    "amount_unpaid": Both("Montant engagé et pas encore payé.", "Amount engaged and not paid yet."),
    "since": Both("Jour où l’engagement, ou le reversement, a été connu.",
                  "Day on which the engagement, or the return, was known."),
    "since_held": Both("Instant depuis lequel l’acte est retenu.", "When the act was held."),
    "days": Both("Jours écoulés depuis, au jour regardé.", "Days since then, on the day looked at."),
    "due_on": Both("Dernier des soixante jours de la loi 2021-875 ; vide : l’argent est revenu, sans délai.",
                   "Last of the sixty days of law 2021-875; empty: the money came back, and has no clock."),
    "band": Both("Tranche d’âge de l’impayé.", "Age band of what is unpaid."),
    "to-30": Both("Impayé depuis 30 jours au plus.", "Unpaid for 30 days at most."),
    "to-60": Both("Impayé depuis 31 à 60 jours.", "Unpaid for 31 to 60 days."),
    "over-60": Both("Impayé depuis plus de 60 jours.", "Unpaid for more than 60 days."),
    "returned": Both("Payé, puis reversé par le bénéficiaire.", "Paid, then returned by the beneficiary."),
    "unpaid_total": Both("Tout ce qui est engagé et pas encore payé.", "All that is engaged and not paid yet."),
    "unpaid_certified": Both("Part de l’impayé dont le service fait est certifié.",
                             "Part of it whose service is certified as done."),
    "oldest": Both("Âge du plus ancien impayé, en jours.", "Age of the oldest part, in days."),
    # Waitlist
    "rank": Both("Rang dans la file.", "Rank in the waitlist."),
    "missing_CDC": Both("Place à libérer dans l’enveloppe de la CDC pour servir la demande et celles d’avant.",
                        "Room to free in the CDC's envelope to serve this one and those before."),
    "missing_STATE": Both("Place à libérer dans l’enveloppe de l’État pour servir la demande et celles d’avant.",
                          "Room to free in the State's envelope to serve this one and those before."),
    "before_count": Both("Combien d’engagements sont à servir avant.", "How many are to be served before."),
    "first_before": Both("Le premier à servir avant celui-ci.", "The first to be served before this one."),
    # What needs a look
    "what": Both("Ce qui demande un regard.", "What needs a look."),
    "amount_attention": Both("Montant à engager (AE) ou impayé dont il s’agit.",
                             "Amount to engage (AE), or unpaid, that it is about."),
    "payment_attention": Both("Crédits de paiement (CP) dont il s’agit.", "Payment credits (CP) that it is about."),
    "amount_held": Both("Montant de l’acte retenu ; vide s’il n’en dit pas.",
                        "Amount of the act that is held; empty when it says none."),
    # Commands
    "command": Both("Numéro de la commande.", "Number of the command."),
    "kind": Both("Ce qui est commandé.", "What is commanded."),
    "receiver": Both("Enveloppe qui reçoit le crédit.", "Envelope that receives the credit."),
    "amount_commanded": Both("Montant à engager (AE) que la commande déplace.",
                             "Amount to engage (AE) that the command moves."),
    "payment_commanded": Both("Crédits de paiement (CP) que la commande déplace.",
                              "Payment credits (CP) that the command moves."),
    "amount_announced": Both("Montant à engager que le fait déplace, pour les deux financeurs.",
                             "Amount to engage that the fact moves, of both funders."),
    "status_of_command": Both("Ce que la commande est devenue.", "What became of the command."),
    "reason_given": Both("Pourquoi elle est donnée : un mot.", "Why it is given: a word."),
    "effective_on": Both("Jour à partir duquel elle compte.", "Day from which it counts."),
    "by": Both("Rôle de qui commande.", "Role of whoever commands."),
    "applied_at": Both("Instant de la décision ; vide : elle attend une approbation.",
                       "When it was decided; empty: it waits for approval."),
    "proposed_by": Both("Qui l’a proposée.", "Who proposed it."),
    "approved_by": Both("Qui l’a approuvée ; vide : personne n’a dû.", "Who approved it; empty: nobody had to."),
    "rejected_by": Both("Qui l’a rejetée.", "Who rejected it."),
    "balance": Both("Solde de l’enveloppe qui change.", "Balance of the envelope that changes."),
    "before": Both("Solde avant la commande.", "Balance before the command."),
    "after": Both("Solde après la commande.", "Balance after the command."),
    "sent_back": Both("Si la commande le renvoie dans la file.", "Whether the command sends it back to wait."),
}  # fmt: skip
