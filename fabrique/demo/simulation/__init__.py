"""A simulated programme, seeded and labelled: `/simulation/<platform>` is the source of each of its events."""

from fabrique.demo.simulation.happenings import SEEN_BY_FUNDING, SEEN_BY_INTAKE, Flaw
from fabrique.demo.simulation.stream import DEFAULT_SEED, Road, Told, simulate

__all__ = ["DEFAULT_SEED", "SEEN_BY_FUNDING", "SEEN_BY_INTAKE", "Flaw", "Road", "Told", "simulate"]
