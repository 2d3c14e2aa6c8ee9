"""Intake's tables, what is read from them and what is written to them."""
