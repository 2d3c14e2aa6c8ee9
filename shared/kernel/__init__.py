"""The words every service shares: funders, identifiers, the clock and the root errors."""
