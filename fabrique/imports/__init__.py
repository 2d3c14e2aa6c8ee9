"""Readers that turn a partner's file into rows: an event to send, or a refusal to show; nothing is sent here."""

from fabrique.imports.reading import read_rows
from fabrique.imports.rows import Event, Reason, Refusal, Row

__all__ = ["Event", "Reason", "Refusal", "Row", "read_rows"]
