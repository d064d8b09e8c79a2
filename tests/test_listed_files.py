"""Input files in folders that hold many: listing the folder tells the same as looking at each file does.

A folder has everything in it that can be wrong with an input, and the pipeline is checked both ways.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sncompile.api import check
from sncompile.semantics.checking import files, listed_files

SPEC = """\
sncompile: 1
pipeline: many
tables:
  rows: {file: rows.csv, key: k}
steps:
  read:
    module:
      inputs: {i: {type: TYPE}}
      outputs: {o: {type: file}}
      command: [cp, "${inputs.i}", "${outputs.o}"]
    by: [k]
    with: {i: "in/${rows.name}"}
  write:
    module:
      outputs: {o: {type: file}}
      command: [touch, "${outputs.o}"]
    outputs: {o: WRITTEN}
outputs: {all: "${read.o}"}
"""

UNUSED = "SN223 no output needs the step `write`, so it never runs"

NAMES = [f"f{number:02d}" for number in range(40)]


def told(folder: Path, names: list[str], monkeypatch: pytest.MonkeyPatch, *, kind: str, written: str) -> list[str]:
    """What is told of the inputs `names`, by listing their folder and by looking at each: it must be the same."""
    (folder / "rows.csv").write_text("k,name\n" + "".join(f"k{n},{name}\n" for n, name in enumerate(names)))
    (folder / "many.yaml").write_text(SPEC.replace("TYPE", kind).replace("WRITTEN", written))
    monkeypatch.setattr(files, "MAX_LOOKED", 0)
    found = []
    for many in (1, 1_000_000):
        monkeypatch.setattr(listed_files, "_MANY", many)
        found.append([f"{each.code} {each.message}" for each in check(folder / "many.yaml").diagnostics])
    assert found[0] == found[1]
    return found[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for name in NAMES:
        (tmp_path / "in" / name).touch()
    return tmp_path


def test_files_as_they_should_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    kind = files._kind

    def seen(place: str) -> str | None:
        asked.append(place)
        return kind(place)

    monkeypatch.setattr(files, "_kind", seen)
    assert told(folder, NAMES, monkeypatch, kind="file", written="out.txt") == [UNUSED]
    # Once each, when their folder was not listed.
    assert len(asked) == len(NAMES)


@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize(
    "odd",
    [
        "gone",
        "folder",
        "link",
        "link_to_folder",
        "broken",
        "linked_out",
        "pipe",
        "f01/",
        "./f01",
        "../in/f01",
        "~x",
        "gone/../f01",
        "f02/../f01",
        "folder/../f01",
        "link_to_folder/../f01",
    ],
)
def test_an_odd_one_among_them(odd: str, kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder / "in"
    (place / "folder").mkdir()
    (place / "link").symlink_to("f01")
    (place / "link_to_folder").symlink_to("folder")
    (place / "broken").symlink_to("nowhere")
    (place / "linked_out").symlink_to("../out.txt")
    (place / "~x").touch()
    os.mkfifo(place / "pipe")
    told(folder, [*NAMES[:20], odd, *NAMES[20:]], monkeypatch, kind=kind, written="out.txt")


@pytest.mark.parametrize("written", ["in", "in/f03", "in/f03/deep/x", "in/new"])
def test_a_step_that_writes_there(written: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(folder, NAMES, monkeypatch, kind="file", written=written)
    assert (written == "in/new") == (found == [UNUSED])


def test_a_folder_that_nobody_may_look_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda place, how: False)
    monkeypatch.setattr(files, "_kind", lambda place: None)
    assert told(folder, NAMES, monkeypatch, kind="file", written="out.txt") != [UNUSED]


def test_a_folder_that_is_a_link_to_what_a_step_writes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "results").mkdir()
    (folder / "in").rename(folder / "results" / "write")
    (folder / "in").symlink_to("results/write")
    assert told(folder, NAMES, monkeypatch, kind="file", written="results/write") != [UNUSED]
