"""`python -m services.reporting` serves reporting."""

from services.reporting.app import main

main()
