"""Pure decisions on envelopes, commitments and waitlists."""
