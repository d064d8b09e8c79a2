"""What calls of StarryNight's commands come to, told so that two commands can be compared.

    python -m tests.starrynight.observe

writes `outcomes.json` anew with the real `starrynight` that is on PATH.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import yaml

from tests.starrynight.commands import HERE, Done, Served, double, real
from tests.starrynight.double.command_line import COMMANDS, FACTS
from tests.starrynight.folders import make_folder

OUTCOMES = HERE / "outcomes.json"
Outcome = dict[str, Any]


class Call(NamedTuple):
    """A call: what it is for, the folder in which it begins, and its arguments."""

    name: str
    start: str
    arguments: str


def calls() -> Iterator[Call]:
    """All calls of `calls.yaml`, then those that no command takes."""
    for start, told in yaml.safe_load((HERE / "calls.yaml").read_text("utf-8")).items():
        for name, arguments in told.items():
            yield Call(name, start, arguments)
    for name, arguments in _refused():
        yield Call(name, "empty", arguments)


def _refused() -> Iterator[tuple[str, str]]:
    """For every command: nothing, an option it lacks, a word too much, an option without its value."""
    yield "no such command", "nothing"
    yield "no such command in a group", "illum nothing"
    for words, options in COMMANDS.items():
        needed = " ".join(f"{option['names'][0]} x" for option in options if option["required"])
        yield f"{words} with nothing", words
        yield f"{words} with an unknown option", f"{words} {needed} --nothing"
        yield f"{words} with a word too much", f"{words} {needed} more"
        yield f"{words} without a value", f"{words} {needed} {options[0]['names'][0]}"
        for option in options:
            if option["type"] == "integer":
                yield f"{words} with a word for a number", f"{words} {needed} {option['names'][-1]} many"
            if option["type"] == "flag":
                yield f"{words} with {option['names'][0]}=1", f"{words} {needed} {option['names'][0]}=1"


class Observer:
    """Calls a command, each time in a fresh copy of its folder. All folders lie in `scratch`."""

    def __init__(self, command: Served, scratch: Path, helper: Served) -> None:
        self.command, self.scratch, self.helper = command, scratch, helper

    def observe(self, call: Call) -> Outcome:
        """What a call comes to."""
        fresh, here = self.scratch / call.start, self.scratch / "here"
        if not fresh.exists():
            # Made where it is used, as indexes hold absolute paths.
            make_folder(call.start, here, self.helper)
            here.rename(fresh)
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(fresh, here, symlinks=True)
        before = _tree(here)
        done = self.command.call(shlex.split(call.arguments.replace("{here}", str(here))), here)
        outcome = {"call": call.arguments, **_told(done, str(here)), **_changed(before, here, done.status)}
        shutil.rmtree(here)
        return outcome


_UNIT = re.compile(r"[^/]*#")
_ERROR = re.compile(r"Error: |[\w.]*(?:Error|Exception|Iteration)\b")


def _told(done: Done, here: str) -> Outcome:
    """The exit status, and the line that says what was wrong."""
    told: Outcome = {"exit": done.status}
    errors = [line for line in done.err.replace("\r", "\n").splitlines() if _ERROR.match(line)]
    if done.status and errors:
        told["error"] = _error(errors[-1], here)
    # What it says of its progress is of no account.
    said = Counter(match[0] for line in done.out.splitlines() if (match := _SAID.match(line)))
    if said:
        told["said"] = dict(said)
    return told


_SAID = re.compile(r"Found 0 .*|Unable to parse")


def _error(line: str, here: str) -> str:
    """A message without what differs from run to run, from place to place, or with the version of a package."""
    line = re.sub(r"[^' ]*/site-packages/", "", line.replace(here, "{here}"))
    # Which unit fails first is at random in the real one.
    line = _UNIT.sub("*#", line)
    if line.startswith("Error: No such option"):
        line = line.replace(":", "").replace("'", "").removesuffix(".").replace("Error ", "Error: ", 1)
    return line[:100]


def _tree(here: Path) -> dict[str, bytes]:
    """Every file below a folder with a digest, every folder (its name ends in `/`) with none."""
    found = {}
    for path in here.rglob("*"):
        name = path.relative_to(here).as_posix()
        if path.is_dir() and not path.is_symlink():
            found[f"{name}/"] = b""
        elif path.is_file() and not path.is_symlink():
            found[name] = hashlib.sha256(path.read_bytes()).digest()
    return found


_RANDOM = re.compile(r"inventory_\d+_[a-z]{10}")


def _changed(before: dict[str, bytes], here: Path, status: int) -> Outcome:
    """What was written, by kinds of files, and what is gone."""
    after = _tree(here)
    written: dict[str, list[str]] = {}
    for name, digest in sorted(after.items()):
        if before.get(name) != digest:
            written.setdefault(_RANDOM.sub("inventory_*", _UNIT.sub("*#", name)), []).append(name)
    told: Outcome = {"written": {kind: _kind(kind, names, here, status) for kind, names in written.items()}}
    gone = sorted(set(before) - set(after))
    return told | ({"gone": gone} if gone else {})


def _kind(kind: str, names: list[str], here: Path, status: int) -> Outcome | None:
    """The files of a kind together."""
    told: Outcome = {}
    if kind.endswith("/") or "inventory_*" in kind:
        return None
    if "#" in kind:
        told["files"] = len(names)
        if status == 0:
            told["first"] = names[0].rpartition("/")[2]
    if status == 0 and kind.endswith((".csv", ".parquet")):
        rows = [row for name in names for row in _rows(here / name)]
        texts = sorted(json.dumps(row, sort_keys=True).replace(str(here), "{here}") for row in rows)
        columns = sorted({column for row in rows for column in row})
        told |= {"rows": len(rows), "columns": " ".join(columns), "digest": _digest("\n".join(texts))}
    elif kind.endswith(("experiment.json", "experiment_init.json")):
        told |= {"digest": _digest(json.dumps(json.loads((here / names[0]).read_text()), sort_keys=True), here)}
    return told or None


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    found = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)])
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _digest(text: str, here: Path | None = None) -> str:
    return hashlib.sha256(text.replace(str(here), "{here}").encode()).hexdigest()[:16]


def main() -> None:
    """Write what the real command does."""
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        helper, command = double(scratch / "helper"), real(scratch / "command")
        observer = Observer(command, scratch, helper)
        found = {call.name: observer.observe(call) for call in calls()}
    heads = {name: FACTS[name] for name in ("source", "commit", "version")}
    lines = [f"  {json.dumps(name)}: {json.dumps(outcome)}" for name, outcome in found.items()]
    text = json.dumps(heads, indent=1).removesuffix("\n}") + ',\n "outcomes": {\n' + ",\n".join(lines) + "\n }\n}\n"
    OUTCOMES.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
