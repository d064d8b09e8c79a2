"""Calls `starrynight` again and again without importing it anew, which with the real one takes longer than most calls.

Run by the Python that the command is installed for, with the script of the command. It reads a JSON object a line
(`arguments`, `folder`, `out`, `err`), runs the command in a process of its own, and writes the exit status as a line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any


def main() -> None:
    """Import once, then fork for every line."""
    spec = spec_from_loader("starrynight_command", SourceFileLoader("starrynight_command", sys.argv[1]))
    assert spec is not None
    assert spec.loader is not None
    command = module_from_spec(spec)
    spec.loader.exec_module(command)
    getattr(command, "preload", lambda: None)()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    out.write("ready\n")
    out.flush()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(command, order)
        _, status = os.waitpid(child, 0)
        # The real one leaves helpers behind.
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        out.write(f"{os.waitstatus_to_exitcode(status)}\n")
        out.flush()


def _run(command: Any, order: dict[str, Any]) -> None:
    os.setpgid(0, 0)
    os.chdir(order["folder"])
    for number, place in ((1, order["out"]), (2, order["err"])):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["starrynight", *order["arguments"]]
    status = 0
    try:
        sys.exit(command.main())
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
