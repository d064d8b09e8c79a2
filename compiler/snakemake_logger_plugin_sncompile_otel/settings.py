"""The plugin's own options. Snakemake looks at the types themselves, so annotations are not postponed here."""

from dataclasses import dataclass, field
from typing import Optional

from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):  # type: ignore[misc]
    """Options on Snakemake's command line: `--logger-sncompile-otel-url`."""

    url: Optional[str] = field(  # noqa: UP045  # The only form that Snakemake reads.
        default=None,
        metadata={
            "help": "The OpenTelemetry collector: http://HOST:4318, http://HOST:4317 (gRPC), grpc://HOST:PORT or "
            "grpcs://HOST:PORT. Without it the OTEL_* variables say where to, or it is the usual one on this machine."
        },
    )
