"""Finds TCP ports that a server on this machine can listen on."""

import random
import socket

LOWEST = 20_000
HIGHEST = 32_767  # above it loopback clients are given ports, and may sit on ours or connect to themselves

_given: set[int] = set()  # never given again: the server of one may not listen yet, or be stopped for a while


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of 127.0.0.1 now (a closed connection that lingers does not count)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A free port below 32768, drawn at random so that two runs at the same time rarely want the same one.

    One process is never given the same port twice.
    """
    untried = [port for port in range(LOWEST, HIGHEST + 1) if port not in _given]
    random.SystemRandom().shuffle(untried)
    for port in untried:
        if is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port found between {LOWEST} and {HIGHEST}")
