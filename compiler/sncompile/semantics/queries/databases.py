"""The databases of one compile: DuckDB in a process of its own, whose memory and time the kernel limits.

Whatever a query or a hostile file makes of DuckDB happens there: it is ended, and the compile goes on. The process
(`duckdb_process.py`) is started when the first database is needed, and ends when nobody holds one any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any

from sncompile.semantics.queries import limits
from sncompile.semantics.queries.limits import DatabaseError

if TYPE_CHECKING:
    from sncompile.semantics.queries.duckdb_process import DuckdbProcess

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
            # Most compiles need no database, and what starts processes takes a while to import.
            from sncompile.semantics.queries.duckdb_process import DuckdbProcess

            self._process = DuckdbProcess()
        return self._process


class Database:
    """One database in memory. What was made in it is made again where its process was ended meanwhile."""

    def __init__(self, owner: Databases, number: int, first: Sequence[str], settings: Mapping[str, str]) -> None:
        self.known_to: DuckdbProcess | None = None
        self._owner = owner
        self._number = number
        self._first = (*_FIRST, *first)
        self._settings = {**SAFE, "threads": "1", "memory_limit": f"{limits.MAX_MEMORY // 1_000_000}MB", **settings}
        self._history: list[Mapping[str, Any]] = []

    def run(self, sql: str, values: Values = None) -> Rows:
        """The rows that a statement gives. Raises `DatabaseError`."""
        return list(zip(*self.columns(sql, values), strict=True))

    def columns(self, sql: str, values: Values = None) -> list[list[Any]]:
        """What a statement gives, by columns; none where it gives no rows. Raises `DatabaseError`."""
        given = dict(values) if isinstance(values, Mapping) else list(values or ())
        request = {"in": self._number, "sql": sql, "values": given, "seconds": limits.MAX_SECONDS}
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
