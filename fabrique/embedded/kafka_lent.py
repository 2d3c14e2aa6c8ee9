"""A Kafka that the environment lends: used as it is, never started, stopped or killed."""

from typing import NoReturn

from fabrique.embedded.errors import DidNotStart, NotOurs
from fabrique.embedded.kafka_clients import broker_count

ANSWER_SECONDS_MAX = 15


class LentKafka:
    """The brokers of KAFKA_BOOTSTRAP_SERVERS, separated by commas."""

    pid = None

    def __init__(self, servers: str) -> None:
        self.bootstrap_servers = [server.strip() for server in servers.split(",") if server.strip()]
        self.description = f"Kafka at {', '.join(self.bootstrap_servers)} (from the environment)"

    def start(self) -> None:
        """See that it answers."""
        if not broker_count(self.bootstrap_servers, seconds=ANSWER_SECONDS_MAX):
            raise DidNotStart(f"{self.description} does not answer within {ANSWER_SECONDS_MAX} s.")

    def stop(self) -> None:
        """Leave it running: it is somebody else's."""

    def erase(self) -> None:
        """Leave its records: they are somebody else's."""

    def kill(self) -> NoReturn:
        """Refused."""
        raise NotOurs("the Kafka of the environment cannot be killed from here.")

    def suspend(self) -> NoReturn:
        """Refused."""
        raise NotOurs("the Kafka of the environment cannot be suspended from here.")

    def resume(self) -> NoReturn:
        """Refused."""
        raise NotOurs("the Kafka of the environment cannot be resumed from here.")
