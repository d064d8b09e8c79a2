"""OpenTelemetry's providers, set up to send over OTLP and to count what arrives. Loaded when they are used."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sncompile import __version__
from sncompile.telemetry.destination import Destination
from sncompile.telemetry.tally import CountedExporter, Tally, length, points

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

SCOPE = "sncompile"

QUEUE = 65_536
"""So many spans and log records wait at most while a collector is slow, unless a variable says otherwise."""


@dataclass(frozen=True, slots=True)
class Sending:
    """The providers of a run's signals, None for what is not sent, and the count of what arrived."""

    traces: TracerProvider | None
    metrics: MeterProvider | None
    logs: LoggerProvider | None
    tally: Tally

    def flush(self, seconds: float) -> bool:
        """Send what waits, for so long at most; gives whether there was time for all. It may have failed even so."""
        providers: list[Any] = [p for p in (self.traces, self.metrics, self.logs) if p is not None]
        # Providers do not keep to the time they are given, as the exporters below them try again and again.
        threads = [threading.Thread(target=p.force_flush, args=(int(seconds * 1000),), daemon=True) for p in providers]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


def open_sending(where: Destination, attributes: Mapping[str, str]) -> Sending:
    """The providers for a destination. `attributes` describe who sends; `OTEL_RESOURCE_ATTRIBUTES` and
    `OTEL_SERVICE_NAME` go before them. Raises `ImportError` where the extra is not installed."""
    from opentelemetry.sdk.resources import Resource

    variables = Resource.create({})
    usual = {"service.name": SCOPE, "service.version": __version__, **attributes}
    # Where nobody names the service, OpenTelemetry does so.
    said = {k: v for k, v in variables.attributes.items() if not str(v).startswith("unknown_service")}
    resource = Resource({**usual, **said})
    tally = Tally()
    return Sending(
        _traces(where, resource, tally) if "traces" in where.protocols else None,
        _metrics(where, resource, tally) if "metrics" in where.protocols else None,
        _logs(where, resource, tally) if "logs" in where.protocols else None,
        tally,
    )


def _arguments(where: Destination, signal: str) -> dict[str, Any]:
    endpoint = where.endpoint(signal)
    if endpoint is None:
        return {}
    if where.protocols[signal] == "grpc":
        return {"endpoint": endpoint, "insecure": not where.secure}
    return {"endpoint": endpoint}


def _queue(variable: str) -> int | None:
    return None if os.environ.get(variable) else QUEUE


def _traces(where: Destination, resource: Resource, tally: Tally) -> TracerProvider:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if where.protocols["traces"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # type: ignore[assignment]
            OTLPSpanExporter,
        )
    exporter: Any = CountedExporter(OTLPSpanExporter(**_arguments(where, "traces")), "spans", tally, length)
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_queue("OTEL_BSP_MAX_QUEUE_SIZE")))
    return provider


def _logs(where: Destination, resource: Resource, tally: Tally) -> LoggerProvider:
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    if where.protocols["logs"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    else:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # type: ignore[assignment]
    exporter: Any = CountedExporter(OTLPLogExporter(**_arguments(where, "logs")), "log records", tally, length)
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    queue = _queue("OTEL_BLRP_MAX_QUEUE_SIZE")
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=queue))
    return provider


def _metrics(where: Destination, resource: Resource, tally: Tally) -> MeterProvider:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    if where.protocols["metrics"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # type: ignore[assignment]
            OTLPMetricExporter,
        )
    inner = OTLPMetricExporter(**_arguments(where, "metrics"))
    exporter: Any = CountedExporter(inner, "data points", tally, points, counts_made=True)
    reader = PeriodicExportingMetricReader(exporter)
    return MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
