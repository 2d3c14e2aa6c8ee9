"""The ledger as accountants and auditors take it away: examined as a whole, or written as plain text."""
