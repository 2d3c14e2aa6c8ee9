"""Alembic's environment of intake's database."""

from services.intake.store.tables import IntakeTable
from shared.database.migrations import run_environment
from shared.database.tables import SpineTable

run_environment([SpineTable.metadata, IntakeTable.metadata])
