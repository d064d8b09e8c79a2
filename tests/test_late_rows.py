"""Rows that steps write are read by one module, here and beside emitted files: what cannot be a row is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sncompile.ir.keys import late_rows
from sncompile.ir.keys.late_rows import BadRows, rows_of
from sncompile.ir.language.encoding import encode_key
from sncompile.targets.snakemake.late import reader_text

COLUMNS = {"size": "integer", "text": "string", "f": "file"}
HEADER = "chunk,size,text,f\n"
HOSTILE = {
    "twice": ("k,1,t,store/x.txt", "k,2,t,store/x.txt"),
    "twice but for case": ("k,1,t,store/x.txt", "K,2,t,store/x.txt"),
    "empty key": (",1,t,store/x.txt",),
    "dots": ("..,1,t,store/x.txt",),
    "slash": ("a/b,1,t,store/x.txt",),
    "line break in a key": ('"a\nb",1,t,store/x.txt',),
    "dash": ("-rf,1,t,store/x.txt",),
    "brace": ("{x},1,t,store/x.txt",),
    "long key": ("k" * 201 + ",1,t,store/x.txt",),
    "repeats": ("ab" * 20 + ",1,t,store/x.txt",),
    "no number": ("k,one,t,store/x.txt",),
    "other number": ("k,01,t,store/x.txt",),
    "empty cell": ("k,1,,store/x.txt",),
    "line break in a cell": ('k,1,"a\nb",store/x.txt',),
    "line separator in a cell": ("k,1,a\u2028b,store/x.txt",),
    "tilde in a path": ("k,1,t,~/x.txt",),
    "brace in a path": ("k,1,t,store/{x}.txt",),
    "file elsewhere": ("k,1,t,/etc/passwd",),
    "file above": ("k,1,t,store/../spec.yaml",),
    "link that leads out": ("k,1,t,store/out.txt",),
    "file not there": ("k,1,t,store/y.txt",),
    "short row": ("k,1,t",),
    "open quotes": ('k,1,"t,store/x.txt',),
}


def read(folder: Path, text: str, **more: object) -> list[dict[str, str]]:
    (folder / "list").write_text(text)
    return rows_of("list", ["chunk"], columns=COLUMNS, within=["store", "list"], base=str(folder), **more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    (tmp_path / "store/x.txt").write_text("x")
    (tmp_path / "secret").write_text("s")
    (tmp_path / "store/out.txt").symlink_to(tmp_path / "secret")
    return tmp_path


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_rows(folder: Path, kind: str) -> None:
    """Each is refused, and the message says of which file."""
    with pytest.raises(BadRows, match="list"):
        read(folder, HEADER + "".join(f"{row}\n" for row in HOSTILE[kind]))


@pytest.mark.parametrize(
    "text", ["", "chunk,size,text\n", "chunk,size,text,f,chunk\n", "chunk;size;text;f\n"],
    ids=["nothing", "a column less", "a column twice", "semicolons"],
)  # fmt: skip
def test_headers(folder: Path, text: str) -> None:
    """All columns that are declared are there, each once."""
    with pytest.raises(BadRows, match="list"):
        read(folder, text)


def test_rows(folder: Path) -> None:
    """In their order, without what is not asked for; blank lines are none; tabs where the first line has one."""
    wanted = [
        {"chunk": "b c", "size": "-3", "text": "it's $(x)", "f": "store/x.txt"},
        {"chunk": "a", "size": "0", "text": "-q", "f": "list"},
    ]
    assert read(folder, HEADER + "b c,-3,it's $(x),store/x.txt\n\na,0,-q,list\n") == wanted
    assert read(folder, "more\tf\tchunk\ttext\tsize\nm\tstore/x.txt\tb c\tit's $(x)\t-3\n\tlist\ta\t-q\t0\n") == wanted
    assert read(folder, HEADER) == []


def test_rows_without_a_header(folder: Path) -> None:
    """The first line is a row, and has as many cells as there are names; no line is no row."""
    names = ["f", "more", "chunk", "size", "text"]
    wanted = [{"chunk": "I", "size": "1", "text": "t", "f": "store/x.txt"}]
    assert read(folder, "store/x.txt\t\tI\t1\tt\n", names=names) == wanted
    assert read(folder, "", names=names) == []
    with pytest.raises(BadRows, match="4 cells, and 5 columns"):
        read(folder, "store/x.txt,I,1,t\n", names=names)


def test_types_of_keys_and_comments(folder: Path) -> None:
    """A key that is declared a number is none else; lines that are no rows are passed over, and count as lines."""
    (folder / "a.bed").write_text("#chrom start\nchr1\t0\n# more\nchr1\tend\n")

    def rows(types: dict[str, str]) -> list[dict[str, str]]:
        key = ["chrom", "start"]
        return rows_of("a.bed", key, columns=types, base=str(folder), names=key, comment="#")

    assert rows({}) == [{"chrom": "chr1", "start": "0"}, {"chrom": "chr1", "start": "end"}]
    with pytest.raises(BadRows, match="line 4: `start` is 'end', and not of the type `integer`"):
        rows({"start": "integer"})


def test_files_of_a_directory(folder: Path) -> None:
    """By name; hidden ones and those that do not fit are none."""
    for name in ("b.tif", "a.tif", ".c.tif", "notes.txt"):
        (folder / "store" / name).write_text("")
    pattern = r"(?!\.)(?P<core>[^/]+)\.tif"
    found = rows_of("store", ["core"], pattern, base=str(folder))
    assert found == [{"core": "a", "path": "store/a.tif"}, {"core": "b", "path": "store/b.tif"}]
    with pytest.raises(BadRows, match="no directory"):
        rows_of("gone", ["core"], pattern, base=str(folder))
    (folder / "store/l.tif").symlink_to(folder / "secret")
    with pytest.raises(BadRows, match="leads out"):
        rows_of("store", ["core"], pattern, base=str(folder))


@pytest.mark.parametrize("name", ["-x.tif", "a{b}.tif", "a\nb.tif", " .tif", "a%2.tif", "A.tif"])
def test_hostile_names(folder: Path, name: str) -> None:
    """Names of files are keys, too."""
    (folder / "store/a.tif").write_text("")
    (folder / "store" / name).write_text("")
    with pytest.raises(BadRows):
        rows_of("store", ["core"], r"(?!\.)(?P<core>[^/]+)\.tif", base=str(folder))


def test_a_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the rows, and on the bytes of a file."""
    text = HEADER + "".join(f"k{n},1,t,list\n" for n in range(4))
    assert len(read(folder, text)) == 4
    monkeypatch.setattr(late_rows, "MOST_ROWS", 3)
    with pytest.raises(BadRows, match="more than 3 rows"):
        read(folder, text)
    monkeypatch.setattr(late_rows, "MOST_BYTES", 10)
    with pytest.raises(BadRows, match="larger"):
        read(folder, text)


@given(st.text(min_size=1))
def test_keys_that_are_taken_stand_in_paths_as_they_are(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    """So that a path says its key, whatever the key."""
    try:
        late_rows._check_key(key, "k", "here")
    except BadRows:
        return
    assert encode_key(key) == key
    assert "/" not in key
    assert key not in (".", "..")


def test_the_reader_needs_nothing_but_python(tmp_path: Path) -> None:
    """It runs where nothing is installed."""
    (tmp_path / "late_rows.py").write_text(reader_text())
    (tmp_path / "list").write_text("k\na\n")
    code = "import late_rows; print(late_rows.rows_of('list', ['k']))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
                          cwd=tmp_path, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "[{'k': 'a'}]\n"
