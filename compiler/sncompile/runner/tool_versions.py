"""What the tools of a run say of their versions (`version_command`), asked before its first job and kept in its record.

A tool is asked where its jobs run, once for each place and command. What it says is a stranger's text: it is bounded in
time and size, and is no part of what any job does.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.runner.requirements import Place, places_of
from sncompile.runner.software import Tell
from sncompile.semantics.program import Step
from sncompile.telemetry.redaction import Redaction

_PATIENCE = 60.0
"""Seconds that a tool has to tell its version, with the time that an image takes to be unpacked."""
_MOST_READ = 64 * 1024
"""So many bytes are taken of what a tool writes; one that goes on is ended."""
_MOST_KEPT = 2_000
"""So many characters of that are kept."""

CONDA = "its conda environment is made while the run goes on"
ELSEWHERE = "other machines run its jobs"
OWN_PATH = "its jobs have a `PATH` of their own"
NO_PLACE = "its image cannot be looked into"


class ToolVersion(NamedTuple):
    """What a tool said of its version, in which place and for which steps; or why it did not, in `fault`."""

    steps: tuple[str, ...]
    command: tuple[str, ...]
    place: str
    said: str = ""
    fault: str = ""

    @property
    def version(self) -> str:
        """The first line of what it said."""
        return next((line.strip() for line in self.said.splitlines() if line.strip()), "")


def versions_in(record: Mapping[str, Any]) -> list[ToolVersion]:
    """What the record of a run says of its tools' versions."""
    found = record.get("tools")
    return [
        ToolVersion(
            tuple(map(str, each.get("steps") or ())), tuple(map(str, each.get("command") or ())),
            str(each.get("place") or ""), str(each.get("said") or ""), str(each.get("fault") or ""),
        )
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, dict)
    ]  # fmt: skip


class Asking(NamedTuple):
    """Where and how tools are asked."""

    working: Path
    containers: str
    methods: Sequence[str]
    elsewhere: bool
    """Whether other machines run the jobs."""
    variables: Mapping[str, str]
    """The environment of the jobs; what the tools are asked in is this without the secrets."""


def ask_versions(
    graph: Graph, steps: Mapping[str, Step], wanted: frozenset[str] | None, asking: Asking, tell: Tell
) -> list[ToolVersion]:
    """Ask the tools of the families in `wanted` (None: of all) for their versions."""
    secrets = sorted({v.name for family in graph.families.values() for v in family.env if v.secret})
    redaction = Redaction.of(secrets, asking.variables)
    clean = {name: value for name, value in asking.variables.items() if name not in secrets}
    users: dict[tuple[tuple[str, ...], Place | str], dict[str, None]] = {}
    evaluator = Evaluator(graph.families)
    for family in graph.families.values():
        if wanted is not None and family.name not in wanted:
            continue
        # A pass may have made one family of several steps.
        names = {origin.step for origin in family.origins.values()} if family.origins else {family.name}
        told = {name: steps[name].module.version_command for name in sorted(names & steps.keys())}
        if not any(told.values()):
            continue
        for place in _places(family, evaluator, asking):
            for name, command in told.items():
                if command:
                    users.setdefault((command, place), {})[name] = None
    found = []
    for (command, place), names_ in users.items():
        if isinstance(place, str):
            found.append(ToolVersion(tuple(names_), command, "", fault=place))
            continue
        if place.words:
            tell(f"asking `{command[0]}` for its version in {place.name}")
        said, fault = _ask(place, command, clean)
        found.append(ToolVersion(tuple(names_), command, place.name, redaction(said), fault))
    return found


def _places(family: Family, evaluator: Evaluator, asking: Asking) -> list[Place | str]:
    """Where the jobs of a family run, or why nobody can be asked there."""
    if asking.elsewhere:
        return [ELSEWHERE]
    if family.conda is not None:
        return [CONDA]
    if any(variable.name == "PATH" for variable in family.env):
        return [OWN_PATH]
    places: list[Place | str] = [
        *places_of(family, evaluator, asking.working, asking.containers, asking.methods)
    ]  # fmt: skip
    return places or [NO_PLACE]


def _ask(place: Place, command: Sequence[str], variables: Mapping[str, str]) -> tuple[str, str]:
    """What a command says there, and what went wrong."""
    words, name = place.words, f"sncompile-asks-{uuid4().hex}"
    is_service = words[1:2] == ("run",)  # The client of such an engine may end, and its container go on.
    named = (*words[:2], "--name", name, *words[2:]) if is_service else words
    with tempfile.TemporaryDirectory(prefix="sncompile-") as folder:
        try:
            process = subprocess.Popen(
                [*named, *command], cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return "", f"`{command[0]}` cannot be run: {getattr(error, 'strerror', None) or error}"
        ended = False
        try:
            said, fault = _listen(process)
            ended = not fault
        finally:
            if not ended:
                _end(process)
                if is_service:
                    _remove(words[0], name, variables)
            _close(process)
    if not fault and process.returncode:
        fault = f"it ended with exit status {process.returncode}"
    return said, fault


def _listen(process: subprocess.Popen[bytes]) -> tuple[str, str]:
    """What a process says until it ends, or has said enough, or takes too long; and which of the latter it was."""
    assert process.stdout is not None
    assert process.stderr is not None
    texts = [b"", b""]
    deadline = time.monotonic() + _PATIENCE
    fault = ""
    with selectors.DefaultSelector() as open_:
        for number, stream in enumerate((process.stdout, process.stderr)):
            open_.register(stream, selectors.EVENT_READ, number)
        while open_.get_map() and not fault:
            ready = open_.select(max(0.0, deadline - time.monotonic()))
            for key, _ in ready:
                piece = os.read(key.fd, 8192)
                texts[key.data] += piece
                if not piece:
                    open_.unregister(key.fileobj)
                if len(texts[key.data]) >= _MOST_READ:
                    fault = f"it wrote more than {_MOST_READ:,} bytes"
            if not ready or time.monotonic() > deadline:
                fault = f"it did not end within {_PATIENCE:.0f} seconds"
    if not fault:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            fault = f"it did not end within {_PATIENCE:.0f} seconds"
    # Some tell their version on the one, some on the other; where both are used, warnings go to the second.
    said = next((text for text in map(_text, texts) if text), "")
    return said, fault


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace").strip()[:_MOST_KEPT]


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _remove(engine: str, name: str, variables: Mapping[str, str]) -> None:
    """Remove the container of a client that was ended."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            [engine, "rm", "--force", name], env=dict(variables), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
