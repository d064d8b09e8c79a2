"""What a statement may take, and what is raised where it takes more or DuckDB cannot run it."""

from __future__ import annotations

MAX_SECONDS = 120.0
"""A statement may take so long."""

MAX_MEMORY = 4_000_000_000
"""All databases of one compile, and what statements need to make them, may take so many bytes."""

MAX_REPLY = 1 << 30
"""What a statement gives may be so many bytes of JSON."""


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
