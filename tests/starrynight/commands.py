"""Ways to call `starrynight`: the double, and the real one where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
DOUBLE = HERE / "double" / "starrynight"


class Done(NamedTuple):
    """What a call came to: its exit status, and what it wrote on both streams."""

    status: int
    out: str
    err: str


class Served:
    """A command that has been imported once and is called in processes of its own. To be closed."""

    def __init__(self, python: str, script: Path, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self.out, self.err = scratch / "out", scratch / "err"
        environment = {**os.environ, "STARRYNIGHT_ENDS": "1"}
        self.server = subprocess.Popen(
            [python, HERE / "serve.py", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self.server.stdout is not None
        return self.server.stdout.readline().strip()

    def call(self, arguments: list[str], folder: Path) -> Done:
        """Call the command in a folder."""
        assert self.server.stdin is not None
        order = {"arguments": arguments, "folder": str(folder), "out": str(self.out), "err": str(self.err)}
        self.server.stdin.write(json.dumps(order) + "\n")
        self.server.stdin.flush()
        status = int(self._answer())
        return Done(status, self.out.read_text("utf-8", "replace"), self.err.read_text("utf-8", "replace"))

    def close(self) -> None:
        """End the process that holds the imports."""
        assert self.server.stdin is not None
        self.server.stdin.close()
        self.server.wait()


def double(scratch: Path) -> Served:
    """The double."""
    return Served(sys.executable, DOUBLE, scratch)


def real_command() -> Path | None:
    """The real `starrynight` on PATH; None where there is none, or what is there is the double or no Python script."""
    found = shutil.which("starrynight")
    if found is None or Path(found).resolve() == DOUBLE:
        return None
    with open(found, "rb") as file:
        return Path(found) if file.readline().startswith(b"#!/") else None


def real(scratch: Path) -> Served:
    """The real one, called by the Python that its script names."""
    command = real_command()
    assert command is not None
    with command.open("rb") as file:
        python = file.readline()[2:].decode().strip()
    return Served(python, command, scratch)
