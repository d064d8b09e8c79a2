"""Where telemetry goes: an address of ours, or what the standard `OTEL_*` variables say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

SIGNALS = ("traces", "metrics", "logs")

EXTRA = "sncompile[telemetry]"
"""What to install."""

_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http", "opentelemetry.exporter.otlp.proto.grpc")
_GRPC_PORT = 4317
_FORMS = "http://HOST:4318, http://HOST:4317 (gRPC), grpc://HOST:PORT or grpcs://HOST:PORT"


@dataclass(frozen=True, slots=True)
class Destination:
    """An address, with the protocol (`grpc` or `http/protobuf`) of each signal that is to be sent.

    Without an address the exporters take theirs from `OTEL_EXPORTER_OTLP_ENDPOINT` and its like, as they take headers,
    certificates and time limits in any case.
    """

    url: str | None
    protocols: Mapping[str, str]

    def endpoint(self, signal: str) -> str | None:
        """The address that a signal's exporter is given; None for its own."""
        if self.url is None:
            return None
        parts = urlsplit(self.url)
        if self.protocols[signal] == "grpc":
            return f"{'https' if self.secure else 'http'}://{parts.netloc}"
        return f"{self.url.rstrip('/')}/v1/{signal}"

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.url is not None and urlsplit(self.url).scheme in ("https", "grpcs")


def destination(url: str | None, environment: Mapping[str, str]) -> Destination | None:
    """Where to send, or None where nothing is to be sent. Raises `ValueError`, with what to write, for a bad address.

    `url` is what the user asked for; without it an endpoint among the variables is what asks for telemetry, as the
    OpenTelemetry specification has it (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if url is not None:
        _check(url)
    wanted = [s for s in SIGNALS if environment.get(f"OTEL_{s.upper()}_EXPORTER", "otlp").strip().lower() != "none"]
    if url is None:
        everywhere = bool(environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
        wanted = [s for s in wanted if everywhere or environment.get(f"OTEL_EXPORTER_OTLP_{s.upper()}_ENDPOINT")]
    found = {signal: _protocol(signal, url, environment) for signal in wanted}
    return Destination(url, found) if found else None


def asked_for(environment: Mapping[str, str]) -> str:
    """The address that is meant where somebody asks for telemetry without one."""
    return environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or "http://localhost:4318"


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https", "grpc", "grpcs") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"`{without_login(url)}` is no address of a collector; write {_FORMS}")


def _protocol(signal: str, url: str | None, environment: Mapping[str, str]) -> str:
    if url is not None and urlsplit(url).scheme in ("grpc", "grpcs"):
        return "grpc"
    usual = "grpc" if url is not None and urlsplit(url).port == _GRPC_PORT else "http/protobuf"
    names = (f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    said = next((v.strip() for name in names if (v := environment.get(name))), usual)
    if said not in ("grpc", "http/protobuf"):
        raise ValueError(f"OTEL_EXPORTER_OTLP_PROTOCOL: `grpc` or `http/protobuf`, and not `{said}`")
    return said


def without_login(url: str) -> str:
    """An address without the name and password that may stand in it."""
    head, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{head}{mark}{host.rpartition('@')[2]}{slash}{path}".partition("?")[0]


def installed() -> bool:
    """Whether the packages that send telemetry are there; they are an extra."""
    try:
        return all(find_spec(name) is not None for name in _NEEDED)
    except ModuleNotFoundError:
        return False
