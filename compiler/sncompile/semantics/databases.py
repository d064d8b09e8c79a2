"""The databases of one compile: DuckDB in a process of its own, whose memory and time the kernel limits.

Whatever a query or a hostile file makes of DuckDB happens there: it is ended, and the compile goes on. The process
(`duckdb_process.py`) is started when the first database is needed, and ends when nobody holds one any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sncompile.semantics.duckdb_process import DuckdbProcess

MAX_SECONDS = 120.0
"""A statement may take so long."""

MAX_MEMORY = 4_000_000_000
"""All databases of one compile, and what statements need to make them, may take so many bytes."""

MAX_REPLY = 1 << 30
"""What a statement gives may be so many bytes of JSON."""

SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""Settings of every database: nothing is fetched from the network."""

_FIRST = ("SET enable_progress_bar = false", "SET TimeZone = 'UTC'")
"""A database gives the same wherever it stands; an installation without time zones has none to differ by."""

_CHANGES = ("CREATE", "INSERT", "DROP", "SET")

Rows = list[tuple[Any, ...]]
Values = Mapping[str, Any] | Sequence[Any] | None


class DatabaseError(ValueError):
    """What DuckDB says of a statement that it cannot run."""


class StartError(DatabaseError):
    """DuckDB cannot be started."""


class LimitError(DatabaseError):
    """A statement takes more than it may; `help` says what can be done."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def too_long(seconds: float) -> LimitError:
    """A statement took more than its time."""
    hint = "leave rows out with `where`, or make the table beforehand"
    return LimitError(f"the query takes longer than {seconds:g} s", hint)


def too_large() -> LimitError:
    """A statement needs more than its memory."""
    hint = "leave rows and columns out, or make the table beforehand"
    return LimitError(f"the query needs more memory than {MAX_MEMORY / 10**9:g} GB", hint)


class Databases:
    """The databases of one compile, all in one process; it is started when it is needed, and anew when it was ended."""

    def __init__(self) -> None:
        self._process: DuckdbProcess | None = None
        self._count = 0
        self._lock = RLock()

    def open(self, *first: str, **settings: str) -> Database:
        """A database of its own in memory; `first` are statements that it begins with (not all settings are global)."""
        with self._lock:
            self._count += 1
            return Database(self, self._count, first, settings)

    def ask(self, database: Database, request: Mapping[str, Any]) -> list[list[Any]]:
        """What a statement gives, by columns. Raises `DatabaseError`."""
        with self._lock:
            process = self._running()
            try:
                if database.known_to is not process:
                    database.restore(process)
                return process.ask(request)
            except BaseException as error:
                if process.ended or not isinstance(error, DatabaseError):
                    # Also when the user interrupts: what it would answer later is no answer to what is asked then.
                    process.end()
                    self._process = None
                raise

    def _running(self) -> DuckdbProcess:
        if self._process is None or not self._process.runs:
            from sncompile.semantics.duckdb_process import DuckdbProcess

            self._process = DuckdbProcess()
        return self._process


class Database:
    """One database in memory. What was made in it is made again where its process was ended meanwhile."""

    def __init__(self, owner: Databases, number: int, first: Sequence[str], settings: Mapping[str, str]) -> None:
        self.known_to: DuckdbProcess | None = None
        self._owner = owner
        self._number = number
        self._first = (*_FIRST, *first)
        self._settings = {**SAFE, "threads": "1", "memory_limit": f"{MAX_MEMORY // 1_000_000}MB", **settings}
        self._history: list[Mapping[str, Any]] = []

    def run(self, sql: str, values: Values = None) -> Rows:
        """The rows that a statement gives. Raises `DatabaseError`."""
        return list(zip(*self.columns(sql, values), strict=True))

    def columns(self, sql: str, values: Values = None) -> list[list[Any]]:
        """What a statement gives, by columns; none where it gives no rows. Raises `DatabaseError`."""
        given = dict(values) if isinstance(values, Mapping) else list(values or ())
        request = {"in": self._number, "sql": sql, "values": given, "seconds": MAX_SECONDS}
        found = self._owner.ask(self, request)
        if sql.lstrip()[:6].upper().startswith(_CHANGES):
            self._history.append(request)
        return found

    def restore(self, process: DuckdbProcess) -> None:
        """Open the database in a process, and make in it what was made before."""
        process.ask({"open": self._number, "settings": self._settings, "first": self._first})
        for request in self._history:
            process.ask(request)
        self.known_to = process
