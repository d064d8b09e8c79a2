"""DuckDB in a process of its own: starts it, asks it, and ends it where it takes more than it may.

The process is Python, isolated, with nothing but DuckDB in it (`duckdb_child.py`). What it says is JSON, and never more
than that.

Decision 0044.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sncompile.semantics.queries import limits
from sncompile.semantics.queries.limits import DatabaseError, LimitError, StartError, too_large, too_long

_GRACE = 5.0
"""So many seconds after its time a statement that does not heed DuckDB's interrupt is ended with the process."""

_START = 300.0
"""So many seconds it may take to start; a machine with much to do is slow."""

MOST = 4
"""So many processes may be left of programs that nobody holds any more, since nothing has cleared them away yet."""

_ALIVE: weakref.WeakSet[DuckdbProcess] = weakref.WeakSet()
# Known only so that they can be counted: a notebook, or a test, may check a spec again and again.

_CHILD = Path(__file__).with_name("duckdb_child.py")
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""Variables without which Python itself may not start."""


class _Ended(Exception):
    """The process is no more, or `late` with its answer."""

    def __init__(self, *, late: bool = False) -> None:
        super().__init__()
        self.late = late


class DuckdbProcess:
    """The process, and what is read from it."""

    def __init__(self) -> None:
        if len(_ALIVE) >= MOST:
            # A program is a web of objects that name each other, which Python clears away when it comes to it.
            gc.collect()
        given = {"folders": _folders(), "memory": limits.MAX_MEMORY}
        command = [sys.executable, "-I", "-S", "-B", str(_CHILD), json.dumps(given)]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
        self.ended = False
        self._read = b""
        self._ready = False
        weakref.finalize(self, _finish, self._child)
        _ALIVE.add(self)

    @property
    def runs(self) -> bool:
        """Whether it can be asked."""
        return not self.ended and self._child.poll() is None

    def ask(self, request: Mapping[str, Any]) -> list[list[Any]]:
        """What a request gives, by columns. Raises `DatabaseError`."""
        seconds = float(request.get("seconds", limits.MAX_SECONDS))
        try:
            self._send(request)
            return self._answer(seconds)
        except _Ended as ended:
            self.end()
            raise too_long(seconds) if ended.late else self._reason(seconds) from None

    def end(self) -> None:
        """End the process, whatever it does."""
        self.ended = True
        with suppress(OSError):
            self._child.kill()
        self._child.wait()
        _close(self._child)

    def _send(self, request: Mapping[str, Any]) -> None:
        text = json.dumps(request).encode()
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(len(text).to_bytes(8, "big") + text)
            self._child.stdin.flush()
        except OSError:
            raise _Ended from None

    def _answer(self, seconds: float) -> list[list[Any]]:
        found: list[list[Any]] = []
        size = 0
        if not self._ready:
            self._hello()
        for length, reply in self._frames(seconds + _GRACE):
            size += length
            if "fault" in reply:
                raise _error(reply)
            if "done" in reply:
                return found
            if size > limits.MAX_REPLY:
                self.end()
                message = f"the query gives more than {limits.MAX_REPLY // 10**9} GB"
                raise LimitError(message, "leave rows and columns out with `where` and `select`")
            columns = reply["columns"]
            if not found:
                found = [[] for _ in columns]
            for column, more in zip(found, columns, strict=True):
                column += more
        raise _Ended

    def _hello(self) -> None:
        """See that the process runs. Raises `StartError` with what it says where it does not."""
        try:
            for _, reply in self._frames(_START):
                self._ready = "ready" in reply
                return
        except (_Ended, ValueError, MemoryError):
            with suppress(_Ended):
                self._bytes(1 << 16, time.monotonic() + _GRACE)  # The rest of what Python says.
            self.end()
            last = self._read.decode(errors="replace").strip().splitlines()[-1:]
            raise StartError(f"DuckDB cannot be started: {''.join(last) or 'no reason is given'}") from None

    def _frames(self, seconds: float) -> Iterator[tuple[int, Any]]:
        """Frames as they come, each within so many seconds. Raises `_Ended`."""
        while True:
            until = time.monotonic() + seconds
            head = self._bytes(8, until)
            length = int.from_bytes(head, "big")
            if length > limits.MAX_REPLY:
                self._read = head + self._read
                raise _Ended
            yield length, json.loads(self._bytes(length, until))

    def _bytes(self, count: int, until: float) -> bytes:
        assert self._child.stdout is not None
        number = self._child.stdout.fileno()
        poll = select.poll()
        poll.register(number, select.POLLIN | select.POLLHUP)
        parts, size = [self._read], len(self._read)
        while size < count:
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                raise _Ended(late=True)
            more = os.read(number, 1 << 20)
            if not more:
                self._read = b"".join(parts)
                raise _Ended
            parts.append(more)
            size += len(more)
        read = b"".join(parts)
        self._read = read[count:]
        return read[:count]

    def _reason(self, seconds: float) -> DatabaseError:
        """Why the process is no more."""
        code = self._child.returncode
        if code == -signal.SIGXCPU:
            return too_long(seconds)
        # What has no memory left stumbles in its own way; where the whole machine has none, the kernel kills.
        if code in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGKILL):
            return too_large()
        return DatabaseError(f"the process that runs queries has ended (code {code})")


def _error(reply: Mapping[str, Any]) -> DatabaseError:
    if reply["kind"] == "memory":
        return too_large()
    text = str(reply["fault"])
    if text.upper().startswith("INTERRUPT"):
        return too_long(limits.MAX_SECONDS)
    return DatabaseError(text)


def _folders() -> list[str]:
    """Where DuckDB lies."""
    specs = [find_spec(name) for name in ("duckdb", "_duckdb")]
    files = [Path(spec.origin) for spec in specs if spec is not None and spec.origin is not None]
    return list(dict.fromkeys(str(f.parent.parent if f.name == "__init__.py" else f.parent) for f in files))


def _finish(child: subprocess.Popen[bytes]) -> None:
    """Let the process end, as nobody has anything to ask any more."""
    _close(child)
    try:
        child.wait(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _close(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
