"""The engine's process: Snakemake's own command line, with a log handler of ours that writes events.

Run as `python -m sncompile.runner.engine_child EVENTS ARGUMENT…`. It is a process of its own, so that the run goes on
when whoever watches it is gone.
"""

from __future__ import annotations

import json
import sys
import time
from logging import LogRecord
from pathlib import Path
from types import ModuleType
from typing import Any

_FIELDS = {
    "job_info": (
        "jobid", "rule_name", "wildcards", "input", "output", "log", "threads", "resources", "reason", "shellcmd",
    ),
    "job_started": ("jobs",),
    "job_finished": ("job_id",),
    "job_error": ("jobid", "rule_name", "log", "shellcmd"),
    "progress": ("done", "total"),
    "run_info": ("stats",),
    "error": ("exception",),
    "workflow_started": ("workflow_id", "snakefile"),
}  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "_names") and hasattr(value, "items"):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(v) for v in value]
    return str(value)


def event_of(record: LogRecord) -> dict[str, Any] | None:
    """The event in a log record of Snakemake's, or None for one that is only text."""
    name = str(getattr(record, "event", "") or "").rpartition(".")[2].lower()
    if name not in _FIELDS:
        if record.levelno < 40:
            return None
        name = "error"
    event: dict[str, Any] = {"time": record.created, "event": name}
    for field in _FIELDS[name]:
        if hasattr(record, field):
            event[field] = _plain(getattr(record, field))
    if name == "error":
        event["message"] = record.getMessage()
    return event


def plugin(events: Path) -> ModuleType:
    """A logger plugin, as Snakemake's registry takes it, that appends events to a file."""
    from snakemake_interface_logger_plugins.base import LogHandlerBase

    class LogHandler(LogHandlerBase):  # type: ignore[misc]  # Snakemake ships no types.
        """Appends every event as a line of JSON."""

        def __post_init__(self) -> None:
            self._file = events.open("a", encoding="utf-8")

        def emit(self, record: LogRecord) -> None:
            event = event_of(record)
            if event is not None:
                self._file.write(json.dumps(event, ensure_ascii=True) + "\n")
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


def main(arguments: list[str]) -> None:
    """Run Snakemake with `arguments[1:]`; events go to the file `arguments[0]`."""
    from snakemake.cli import main as snakemake
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    events = Path(arguments[0])
    LoggerPluginRegistry().register_plugin("sncompile", plugin(events))
    code: Any = 1
    try:
        snakemake(["--logger", "sncompile", *arguments[1:]])
        code = 0
    except SystemExit as exit:
        code = exit.code
    finally:
        with events.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": time.time(), "event": "engine_ended", "code": code}) + "\n")
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
