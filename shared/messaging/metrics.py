"""The names under which the spine counts; labels never carry anything of a message."""

from prometheus_client import Counter, Gauge, Histogram

BATCH_SIZE = Histogram("batch_size", "Records handed over at once.", ["topic"], buckets=(1, 10, 100, 300, 1000, 3000))
BATCH_SECONDS = Histogram("batch_seconds", "Time of one micro-batch, by phase.", ["topic", "phase"])
EVENTS_APPLIED = Counter("events_applied_total", "Events applied.", ["topic"])
EVENTS_FILTERED = Counter("events_filtered_total", "Records not applied because they were before.", ["topic", "reason"])
EVENTS_QUARANTINED = Counter("events_quarantined_total", "Records put in quarantine.", ["topic", "reason"])
INVARIANT_VIOLATIONS = Counter("invariant_violations_total", "What must never happen, and did.", ["what"])
BATCH_RETRIES = Counter("batch_retries_total", "Micro-batches tried again.", ["topic"])
REBALANCES = Counter("rebalances_total", "Assignments received.")
PARKED = Gauge("parked_partitions", "Partitions that stopped and wait for a person.", ["topic", "partition"])
EVENTS_RELAYED = Counter("events_relayed_total", "Outbox events acknowledged by Kafka.", ["topic"])
PRODUCER_REBUILDS = Counter("producer_rebuilds_total", "Producers thrown away after an error.")
OUTBOX_UNPUBLISHED = Gauge("outbox_unpublished", "Outbox events not yet acknowledged by Kafka.", ["topic"])
END_TO_END_SECONDS = Histogram("end_to_end_seconds", "From a record's Kafka timestamp to its commit here.", ["topic"])
