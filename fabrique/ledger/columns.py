"""The columns of the exported journal: what each holds and means, for CSV and Parquet alike."""

from services.funding.downloads.fields import Both, Field, Kind

COLUMNS = (
    Field("partition", Kind.WHOLE, Both("Partition", "Partition"),
          Both("Partition du fait publié.", "Partition of the published fact.")),
    Field("sequence", Kind.WHOLE, Both("Numéro d’ordre", "Sequence"),
          Both("Place du fait dans sa partition, sans trou.", "Place of the fact in its partition, without a hole.")),
    Field("line", Kind.WHOLE, Both("Ligne", "Line"),
          Both("Rang de l’écriture parmi celles du fait.", "Which of the fact's postings it is.")),
    Field("known_at", Kind.INSTANT, Both("Connu le", "Known at"),
          Both("Instant où le fait a été connu.", "When the fact was known.")),
    Field("event_id", Kind.TEXT, Both("Fait", "Fact"), Both("Identifiant du fait.", "Identifier of the fact.")),
    Field("type", Kind.TEXT, Both("Type", "Type"), Both("Type du fait.", "Type of the fact.")),
    Field("cause", Kind.TEXT, Both("Cause", "Cause"),
          Both("Identifiant de l’événement ou de la commande qui l’a produit.",
               "Identifier of the event or command that made it.")),
    Field("commitment_id", Kind.TEXT, Both("Engagement", "Commitment"),
          Both("Identifiant de l’engagement ; vide pour un acte sur l’enveloppe.",
               "Identifier of the commitment; empty for an act on the envelope.")),
    Field("envelope_id", Kind.TEXT, Both("Enveloppe", "Envelope"),
          Both("Contrat, financeur et exercice.", "Contract, funder and budget year.")),
    Field("debit_account", Kind.TEXT, Both("Compte débité", "Debit account"),
          Both("Compte qui reçoit.", "Account that receives.")),
    Field("credit_account", Kind.TEXT, Both("Compte crédité", "Credit account"),
          Both("Compte qui donne.", "Account that gives.")),
    Field("amount", Kind.EUROS, Both("Montant", "Amount"), Both("Montant de l’écriture.", "Amount of the posting.")),
)  # fmt: skip
