"""A collector that keeps what it is sent: OTLP over HTTP and gRPC, of the protocol's own messages."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the extra `telemetry` is not installed")

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

_HTTP = {
    "/v1/traces": (trace_service_pb2.ExportTraceServiceRequest, trace_service_pb2.ExportTraceServiceResponse),
    "/v1/metrics": (metrics_service_pb2.ExportMetricsServiceRequest, metrics_service_pb2.ExportMetricsServiceResponse),
    "/v1/logs": (logs_service_pb2.ExportLogsServiceRequest, logs_service_pb2.ExportLogsServiceResponse),
}


@dataclass
class Collector:
    """What was received. `hang` lets nobody have an answer until it is cleared."""

    http: str = ""
    grpc: str = ""
    requests: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    waiting: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)

    def take(self, request: Any, headers: dict[str, str]) -> None:
        """Keep a request, and answer when answers are given."""
        self.waiting.set()
        self.answers.wait()
        self.requests.append(request)
        self.headers.append(headers)

    @property
    def raw(self) -> bytes:
        """All that was received, to look for what must not be there."""
        return b"".join(r.SerializeToString() for r in self.requests)

    def _of(self, kind: str, outer: str, inner: str) -> Iterator[Any]:
        for request in self.requests:
            for resource in getattr(request, f"resource_{kind}", ()):
                for scope in getattr(resource, f"scope_{outer}"):
                    yield from getattr(scope, inner)

    @property
    def spans(self) -> list[Any]:
        return list(self._of("spans", "spans", "spans"))

    @property
    def logs(self) -> list[Any]:
        return list(self._of("logs", "logs", "log_records"))

    @property
    def metrics(self) -> list[Any]:
        return list(self._of("metrics", "metrics", "metrics"))

    @property
    def resource(self) -> dict[str, Any]:
        """The attributes of whoever sent spans."""
        return next(attributes(r.resource) for q in self.requests for r in getattr(q, "resource_spans", ()))

    def span(self, name: str) -> Any:
        """The one span of a name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


def attributes(thing: Any) -> dict[str, Any]:
    """The attributes of a span, a log record, a data point or a resource."""
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in thing.attributes}


@contextmanager
def collector(*, hang: bool = False) -> Iterator[Collector]:
    """A collector on two free ports of this machine."""
    found = Collector()
    if not hang:
        found.answers.set()
    web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    web.daemon_threads = True
    thread = threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    found.http = f"http://127.0.0.1:{web.server_port}"
    server = grpc.server(ThreadPoolExecutor(8))
    port = server.add_insecure_port("127.0.0.1:0")
    _serve(server, found)
    server.start()
    found.grpc = f"grpc://127.0.0.1:{port}"
    try:
        yield found
    finally:
        found.answers.set()
        web.shutdown()
        web.server_close()
        server.stop(None)


def _handler(found: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request, response = _HTTP[self.path]
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            found.take(request.FromString(body), dict(self.headers))
            answer = response().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    return Handler


def _serve(server: Any, found: Collector) -> None:
    def export(response: Any) -> Any:
        def answer(self: Any, request: Any, context: Any) -> Any:
            found.take(request, dict(context.invocation_metadata()))
            return response()

        return answer

    for module, services, name in (
        (trace_service_pb2, trace_service_pb2_grpc, "Trace"),
        (metrics_service_pb2, metrics_service_pb2_grpc, "Metrics"),
        (logs_service_pb2, logs_service_pb2_grpc, "Logs"),
    ):
        base = getattr(services, f"{name}ServiceServicer")
        export_one = export(getattr(module, f"Export{name}ServiceResponse"))
        service = type(name, (base,), {"Export": export_one})
        getattr(services, f"add_{name}ServiceServicer_to_server")(service(), server)
