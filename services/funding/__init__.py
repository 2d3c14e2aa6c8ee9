"""Funding knows money: it decides, in order, what each commitment does to the envelopes of its contract."""
