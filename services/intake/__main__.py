"""`python -m services.intake` serves intake."""

from services.intake.app import main

main()
