"""Where managers look: what the ledger holds, in words, pictures and tables."""
