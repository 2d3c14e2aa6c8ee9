"""`python -m services.funding` serves funding."""

from services.funding.app import main

main()
