"""What Snakemake tells of its jobs while it runs, as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from logging import ERROR, Handler, LogRecord
from pathlib import Path
from types import ModuleType
from typing import Any

_FIELDS = {
    "job_info": (
        "jobid", "rule_name", "wildcards", "input", "output", "log", "benchmark", "threads", "resources", "reason",
        "shellcmd",
    ),
    "job_started": ("jobs",),
    "job_finished": ("job_id",),
    "job_error": ("jobid", "rule_name", "rule_msg", "log", "shellcmd", "aux"),
    "progress": ("done", "total"),
    "run_info": ("stats",),
    "error": ("exception",),
    "workflow_started": ("workflow_id", "snakefile"),
}  # fmt: skip


def _plain(value: Any) -> Any:
    if getattr(value, "is_storage", False):
        return str(value.storage_object.query)  # Its copy is nobody's business.
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "_names") and hasattr(value, "items"):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(v) for v in value]
    return str(value)


def _name_of(record: LogRecord) -> str:
    return str(getattr(record, "event", "") or "").rpartition(".")[2].lower()


def is_event(record: LogRecord) -> bool:
    """Whether a log record tells an event that is known here."""
    return _name_of(record) in _FIELDS


def event_of(record: LogRecord) -> dict[str, Any] | None:
    """The event in a log record of Snakemake's, or None for one that is only text."""
    name = _name_of(record)
    if name not in _FIELDS:
        if record.levelno < ERROR:
            return None
        name = "error"
    event: dict[str, Any] = {"time": record.created, "event": name}
    for field in _FIELDS[name]:
        if hasattr(record, field):
            event[field] = _plain(getattr(record, field))
    if name == "error":
        event["message"] = record.getMessage()
    return event


def logger_plugin(
    events: Path,
    event_of: Callable[[LogRecord], dict[str, Any] | None] = event_of,
    *,
    hide: Callable[[str], str] = str,
    opener: Callable[[str, int], int] | None = None,
) -> ModuleType:
    """A logger plugin, as Snakemake's registry takes it, that appends events to a file.

    `event_of` makes them of records, `hide` takes out of their text what nobody is to read, `opener` opens the file.
    """
    from snakemake_interface_logger_plugins.base import LogHandlerBase

    class LogHandler(LogHandlerBase):  # type: ignore[misc]  # Snakemake ships no types.
        """Appends every event as a line of JSON."""

        def __post_init__(self) -> None:
            Handler.__init__(self)  # Version 1 of the interface leaves it out.
            self._file = open(events, "a", encoding="utf-8", opener=opener)  # noqa: SIM115 - as long as it lives

        def emit(self, record: LogRecord) -> None:
            event = event_of(record)
            if event is not None:
                self._file.write(hide(json.dumps(event, ensure_ascii=True)) + "\n")
                self._file.flush()

        @property
        def writes_to_stream(self) -> bool:
            return False

        @property
        def writes_to_file(self) -> bool:
            return False

        @property
        def has_filter(self) -> bool:
            # Our own filter is none: `-q` would take away what the display lives on.
            return True

        @property
        def has_formatter(self) -> bool:
            return True

        @property
        def needs_rulegraph(self) -> bool:
            return False

    module = ModuleType("snakemake_logger_plugin_sncompile")
    module.__dict__["LogHandler"] = LogHandler
    return module
