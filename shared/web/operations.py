"""The routes that operations watch: is it alive, is it ready, how far behind is it, and what does it count."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest

from shared.messaging.spine import Spine

LAG_RECORDS = Gauge("lag_records", "Records not applied.", ["group", "topic", "partition"])
LAG_SECONDS = Gauge("lag_seconds", "Age of the oldest record not applied.", ["group", "topic", "partition"])
QUARANTINE_OPEN = Gauge("quarantine_open", "Records that wait for a person.")
LAG_MEASURED = Counter("lag_measurements_total", "Measurements of the lag.", ["result"])
LAG_MEASURED_AT = Gauge("lag_measured_timestamp_seconds", "When the lag was last measured.")


def operations(spine: Spine) -> APIRouter:
    """Build the routes of one service's process."""
    router = APIRouter(tags=["operations"], include_in_schema=False)

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """The loop turns; a reader that fails ends the process by itself."""
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """Whether work can be done now, and what is missing."""
        state = await spine.readiness()
        return JSONResponse(state, status_code=200 if state["ready"] else 503)

    @router.get("/ops/lag")
    async def lag() -> dict[str, Any]:
        """The lag of each input partition and the outbox not yet published."""
        return {
            "service": spine.terms.service,
            "partitions": [row.as_row() for row in await spine.lag()],
            "unpublished": await spine.unpublished(),
        }

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus' text format; lag is measured when it is asked for."""
        await _measure(spine)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _measure(spine: Spine) -> None:
    try:
        async with asyncio.timeout(5):
            for row in await spine.lag():
                labels = (spine.terms.service, row.topic, str(row.partition))
                LAG_RECORDS.labels(*labels).set(row.records)
                LAG_SECONDS.labels(*labels).set(row.seconds)
            QUARANTINE_OPEN.set((await spine.readiness()).get("quarantine_open", 0))
    except Exception:
        LAG_MEASURED.labels("failed").inc()
    else:
        LAG_MEASURED.labels("measured").inc()
        LAG_MEASURED_AT.set(time.time())
