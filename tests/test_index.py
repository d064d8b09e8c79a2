"""`sncompile index`: a table of the files in a folder, and a word on every file that is not in it."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
from pathlib import Path

import duckdb
import pytest

from sncompile.api import check

from .command_line import SNCOMPILE, Run, finish, in_this_process

SPEC = """\
sncompile: 1
pipeline: fields
tables: {fields: {key: [plate, well, site], file: index.parquet}}
infer: {plates: {sql: select plate from fields, holds: exactly 2}}
steps:
  one:
    by: [plate, well, site]
    with: {image: "${fields.path}"}
    module:
      inputs: {image: {type: file}}
      outputs: {out: {type: file}}
      command: [cp, "${inputs.image}", "${outputs.out}"]
"""

NAMES = """\
sncompile: 1
pipeline: names
tables: {fields: {key: [plate, well, site], file: %s}}
infer: {plates: {sql: select plate from fields, holds: exactly 11}}
steps: {one: {module: {params: {n: {type: "string[]"}}, command: [echo, "${params.n}"]}, with: {n: "${fields.plate}"}}}
"""

PATTERN = "{plate}/{well}_s{site}.tif"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `sncompile index` in this process."""
    return in_this_process(capsys, "index")


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of images below the folder to stand in."""
    monkeypatch.chdir(tmp_path)
    for plate in ("P1", "P2"):
        for well in ("A01", "A02"):
            touch(tmp_path / "images" / plate / f"{well}_s1.tif", tmp_path / "images" / plate / f"{well}_s2.tif")
    return tmp_path / "images"


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def rows(path: str, columns: str = "*") -> list[tuple[object, ...]]:
    return duckdb.sql(f"select {columns} from '{path}'").fetchall()


def test_every_file_is_a_row(run: Run, images: Path) -> None:
    ended = run("images", "--pattern", PATTERN, "-o", "index.parquet")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "index.parquet: 8 files\n"
    assert rows("index.parquet")[0] == (
        "P1", "A01", "1", "P1/A01_s1.tif", "images/P1/A01_s1.tif", "A01_s1.tif", "tif", True,
    )  # fmt: skip
    assert [row[0] for row in rows("index.parquet", "key")] == sorted(
        p.relative_to(images).as_posix() for p in images.rglob("*.tif")
    )


def test_a_spec_takes_the_index(run: Run, images: Path) -> None:
    run("images", "--pattern", PATTERN, "-o", "index.parquet")
    Path("main.yaml").write_text(SPEC)
    checked = check("main.yaml")
    assert checked.diagnostics == ()
    assert len(checked.require().steps["one"].keys) == 8


def test_the_first_pattern_that_fits_counts(run: Run, images: Path) -> None:
    touch(images / "P3" / "B01.tif")
    ended = run("images", "--pattern", PATTERN, "--pattern", "{plate}/{well}.tif", "-o", "index.csv")
    assert ended.out.splitlines() == ["index.csv: 9 files", f"  8  {PATTERN}", "  1  {plate}/{well}.tif"]
    told = Path("index.csv").read_text().splitlines()
    assert told[0] == "plate,well,site,key,path,filename,extension,is_image"
    assert told[-1] == "P3,B01,,P3/B01.tif,images/P3/B01.tif,B01.tif,tif,true"


def test_what_fits_no_pattern_is_listed(run: Run, images: Path) -> None:
    touch(images / "notes.txt", images / "P1" / "A01_sX" / "deep.tif")
    (images / "gone").symlink_to("nowhere")
    (images / "P1" / "up").symlink_to("..")
    os.mkfifo(images / "pipe")
    Path(os.fsdecode(os.fsencode(images) + b"/P1/\xff_s1.tif")).touch()
    ended = run("images", "--pattern", PATTERN, "-o", "index.parquet")
    assert ended.code == 0
    first, *listed = ended.err.splitlines()
    assert first.startswith("6 files not in the index")
    assert sorted(line.strip() for line in listed) == [
        "P1/A01_sX/deep.tif",
        "P1/\\udcff_s1.tif",
        "P1/up (a link to a folder that holds it)",
        "gone (no plain file)",
        "notes.txt",
        "pipe (no plain file)",
    ]
    assert len(rows("index.parquet")) == 8


def test_a_long_list_goes_to_a_file(run: Run, images: Path) -> None:
    touch(*(images / f"x{n}.txt" for n in range(150)))
    ended = run("images", "--pattern", PATTERN, "-o", "index.parquet")
    assert "and 50 more: `--unmatched FILE` writes all of them" in ended.err
    ended = run("images", "--pattern", PATTERN, "-o", "index.parquet", "--unmatched", "left.txt")
    assert ended.err == "150 files not in the index, as no pattern fits: listed in left.txt\n"
    assert len(Path("left.txt").read_text().splitlines()) == 150
    assert run("images", "--pattern", PATTERN, "-o", "other.parquet", "--strict").code == 1
    assert not Path("other.parquet").exists()


def test_folders_behind_links_are_followed(run: Run, images: Path, tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere" / "B01_s1.tif")
    (images / "P9").symlink_to(tmp_path / "elsewhere")
    run("images", "--pattern", PATTERN, "-o", "index.parquet")
    assert ("P9/B01_s1.tif",) in rows("index.parquet", "key")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every folder")
def test_a_folder_that_cannot_be_read_is_told(run: Run, images: Path) -> None:
    (images / "P2").chmod(0)
    ended = run("images", "--pattern", PATTERN, "-o", "index.parquet")
    (images / "P2").chmod(0o755)
    assert "P2/ (Permission denied)" in ended.err


def test_a_name_that_can_be_read_in_two_ways_is_refused(run: Run, images: Path) -> None:
    touch(images / "P1" / "A_01_1.tif")
    ended = run("images", "--pattern", "{plate}/{well}_{site}.tif", "-o", "index.parquet")
    assert ended.code == 1
    assert "well=A_01, site=1 or plate=P1, well=A, site=01_1" in ended.err
    assert not Path("index.parquet").exists()


def test_lists_and_constraints(run: Run, images: Path) -> None:
    touch(images / "c2" / "A01_DNA,ER.tif", images / "cx" / "A01_DNA.tif")
    pattern = "c{cycle_id,[0-9]+}/{well}_{channel_dict}.tif"
    run("images", "--pattern", pattern, "-o", "index.parquet", "--split", "channel_dict=,")
    assert rows("index.parquet", "cycle_id, well, channel_dict") == [("2", "A01", ["DNA", "ER"])]


def test_odd_names_stay_as_they_are(run: Run, images: Path) -> None:
    names = ["a'b", 'a"b', "a,b", "a\nb", "a b", "é", "{x}", "NULL", "1"]
    touch(*(images / name / "w_s1.tif" for name in names))
    for out in ("index.parquet", "index.csv"):
        run("images", "--pattern", PATTERN, "-o", out)
        Path("main.yaml").write_text(NAMES % out)
        plates = set(check("main.yaml").require().tables["fields"].columns["plate"])
        assert plates == {*names, "P1", "P2"}


def test_a_terminal_shows_how_far_it_is(images: Path) -> None:
    """Progress goes to standard error, and only where that is a terminal."""
    primary, secondary = pty.openpty()
    command = [*SNCOMPILE, "index", "images", "--pattern", PATTERN, "-o", "i.parquet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=secondary, text=True)
    os.close(secondary)
    shown = b""
    # The end of a terminal is an error on Linux. The slower the machine, the more pictures there are.
    with contextlib.suppress(OSError):
        while part := os.read(primary, 65536):
            shown += part
    os.close(primary)
    ended = finish(process)
    assert b"reading names" in shown
    assert (ended.code, ended.out) == (0, "i.parquet: 8 files\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--pattern", "*.tif", "-o", "i.parquet"),
        ("--pattern", "{a", "-o", "i.parquet"),
        ("--pattern", "/{a}", "-o", "i.parquet"),
        ("--pattern", "../{a}", "-o", "i.parquet"),
        ("--pattern", "{path}", "-o", "i.parquet"),
        ("--pattern", PATTERN, "-o", "i.txt"),
        ("--pattern", PATTERN, "-o", "i.csv", "--split", "well=0"),
        ("--pattern", PATTERN, "-o", "i.parquet", "--split", "row=0"),
        ("--pattern", PATTERN, "-o", "i.parquet", "--split", "well="),
        ("-o", "i.parquet"),
    ],
)
def test_a_wrong_command_line(run: Run, images: Path, arguments: tuple[str, ...]) -> None:
    assert run("images", *arguments).code == 2


def test_where_nothing_fits_nothing_is_written(run: Run, images: Path) -> None:
    Path("index.parquet").write_text("before")
    assert run("images", "--pattern", "{a}.png", "-o", "index.parquet").code == 1
    assert Path("index.parquet").read_text() == "before"
    ended = run("images", "--pattern", PATTERN, "-o", "no/such/folder/index.parquet")
    assert ended.code == 1
    assert "cannot be written" in ended.err


def test_the_index_feeds_the_experiment(run: Run, images: Path, tmp_path: Path) -> None:
    """What `index` writes of a pooled experiment is what its spec reads."""
    root = tmp_path / "data"
    for plate in ("Plate1", "Plate2"):
        for site in range(2):
            touch(root / "set1" / "B1" / plate / f"20X_CP_A01_{site}_DAPI,CellMask,MitoTracker.tif")
            for cycle in range(1, 4):
                touch(root / "set1" / "B1" / plate / f"10X_c{cycle}_A01_{site}_DAPI,A,C.tif")
    (tmp_path / "ws" / "index").mkdir(parents=True)
    start = "{dataset_id}/{batch_id}/{plate_id}/{magnification}_"
    ended = run(
        root, "--pattern", start + "c{cycle_id,[0-9]+}_{well_id}_{site_id,[0-9]+}_{channel_dict}.tif",
        "--pattern", start + "CP_{well_id}_{site_id,[0-9]+}_{channel_dict}.tif",
        "--split", "channel_dict=,", "-o", "ws/index/index.parquet",
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    from sncompile.semantics.program import Options

    spec = Path(__file__).parent.parent / "specs" / "starrynight" / "experiments" / "pcp_generic.yaml"
    sets = {"nuclear_channel": "DAPI", "cell_channel": "CellMask", "mito_channel": "MitoTracker"}
    options = Options(data={"workspace": "ws"}, sets={**sets, "barcode_csv_path": "b.csv"}, invoked_from=tmp_path)
    found = {name: inferred.value for name, inferred in check(spec, options).inferred.items()}
    assert (found["dataset_id"], found["cp_im_per_well"], found["sbs_im_per_well"]) == ("set1", 2, 2)
    assert (found["sbs_n_cycles"], found["sbs_channel_list"]) == (3, ("DAPI", "A", "C"))
