"""Alembic's environment of funding's database."""

from services.funding.store.tables import FundingTable
from shared.database.migrations import run_environment
from shared.database.tables import SpineTable

run_environment([SpineTable.metadata, FundingTable.metadata])
