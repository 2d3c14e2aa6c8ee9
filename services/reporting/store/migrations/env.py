"""Alembic's environment of reporting's database."""

from services.reporting.store.tables import ReportingTable
from shared.database.migrations import run_environment
from shared.database.tables import SpineTable

run_environment([SpineTable.metadata, ReportingTable.metadata])
