"""Checks that the books balance as any subscriber could: folds the topics by itself, with no code of the services."""

from fabrique.reconcile.comparison import Finding, reconcile

__all__ = ["Finding", "reconcile"]
