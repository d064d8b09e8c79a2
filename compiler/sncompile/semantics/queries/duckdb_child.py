"""DuckDB in a process of its own: answers what `duckdb_process` asks.

    python -I -S -B duckdb_child.py '{"folders": […], "memory": BYTES}'

Started without the packages of the installation (`-S`), so it imports nothing of sncompile. `folders` are where DuckDB
lies. A request or a reply is a frame: its length in 8 bytes, and JSON. The process ends when its input does, in the
middle of a statement too.

| request | reply |
|---|---|
| `{"open": N, "settings": {…}, "first": [SQL, …]}` | `{"done": true}`; a database of its own in memory, called N |
| `{"in": N, "sql": …, "values": …, "seconds": …}` | frames of `{"columns": [[…], …]}`, then `{"done": true}` |
| what cannot be done | `{"fault": TEXT, "kind": "duckdb", "memory" or "value"}` |
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    import resource
except ImportError:  # There are no limits to set.
    resource = None  # type: ignore[assignment]

ROWS = 10_000
"""Rows of one frame."""

SPARE = 30
"""Seconds of the processor beyond those of the statement, after which the kernel ends the process."""


def main() -> None:
    """Answer requests until there are no more."""
    settings = json.loads(sys.argv[1])
    requests, replies = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    sys.path += settings["folders"]
    try:
        import _duckdb as duckdb  # What is around it takes longer to import than all else here.
    except ImportError:
        import duckdb  # type: ignore[no-redef]
    # What a library prints is no reply, and nobody's business; this end of the pipe cannot be written to.
    os.dup2(0, 1)
    os.dup2(0, 2)
    limit(settings["memory"])
    threading.Thread(target=end_with_the_asker, daemon=True).start()
    send(replies, {"ready": duckdb.__version__})
    databases: dict[int, Any] = {}
    while (request := receive(requests)) is not None:
        try:
            answer(request, databases, duckdb, replies)
        except MemoryError as error:
            send(replies, {"fault": str(error), "kind": "memory"})
        except duckdb.OutOfMemoryException as error:
            send(replies, {"fault": str(error), "kind": "memory"})
        except duckdb.Error as error:
            send(replies, {"fault": str(error), "kind": "duckdb"})
        except (ValueError, OverflowError) as error:
            send(replies, {"fault": str(error), "kind": "value"})
    os._exit(0)


def limit(memory: int) -> None:
    """Take no more memory than so many bytes beyond what is taken now, write no file, and leave no image of a crash."""
    if resource is None:
        return
    try:
        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        taken = 1 << 30
    wanted = {"RLIMIT_AS": taken + memory, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0}
    for name, value in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, OSError, ValueError):
            continue  # The system has no such limit, or has a lower one.


def end_with_the_asker() -> None:
    """Wait until nobody can ask any more, and end the process whatever it does."""
    poll = select.poll()
    poll.register(0, 0)
    while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()):
        pass
    os._exit(0)


def limit_processor(seconds: float) -> None:
    """Let the kernel end this process after so many seconds of the processor from now."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = int(used.ru_utime + used.ru_stime + seconds) + SPARE
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (wanted, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (OSError, ValueError):
        return  # The system has no such limit, or has a lower one.


def answer(request: Any, databases: dict[int, Any], duckdb: Any, replies: Any) -> None:
    """Do what one request asks for."""
    if "open" in request:
        connection = duckdb.connect(":memory:", config=request["settings"])
        for statement in request["first"]:
            try:
                connection.execute(statement)
            except duckdb.Error:
                continue  # A setting that this installation does not have.
        databases[request["open"]] = connection
    else:
        ask(databases[request["in"]], request, replies)
    send(replies, {"done": True})


def ask(connection: Any, request: Any, replies: Any) -> None:
    """Run one statement, and send its rows by columns."""
    seconds = request["seconds"]
    limit_processor(seconds)
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        values = request["values"]
        done = connection.execute(request["sql"], values) if values else connection.execute(request["sql"])
        while rows := done.fetchmany(ROWS):
            send(replies, {"columns": list(zip(*rows, strict=True))})
    finally:
        timer.cancel()


def send(replies: Any, reply: Any) -> None:
    """Write one frame."""
    text = json.dumps(reply, default=str).encode()
    replies.write(len(text).to_bytes(8, "big"))
    replies.write(text)
    replies.flush()


def receive(requests: Any) -> Any:
    """Read one frame; None where there are no more."""
    head = requests.read(8)
    return json.loads(requests.read(int.from_bytes(head, "big"))) if len(head) == 8 else None


if __name__ == "__main__":
    main()
