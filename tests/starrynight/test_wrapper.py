"""The wrapper around `starrynight cp`: it ends, it fails where the tool failed, and it counts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

WRAPPER = Path(__file__).parents[2] / "specs" / "starrynight" / "cellprofiler.py"

TOOL = """\
import subprocess, sys, time
from pathlib import Path
words = sys.argv[1:]
out, load = (Path(words[words.index(option) + 1]) for option in ("-o", "-l"))
"""
WRITES = (
    TOOL
    + """\
for csv in load.glob("*.csv"):
    folder = out / csv.name.split("#")[0].replace("^", "-")
    folder.mkdir(parents=True)
    for channel in ("DNA", "ER"):
        (folder / f"{channel}.npy").write_text("x")
"""
)
HANGS = """\
print("ImageMath # 15")
try:
    raise RuntimeError("no such image")
except RuntimeError:
    import traceback
    traceback.print_exc()
    sys.stderr.flush()
# As the Java machine does: something lives on, and so does who waits for it.
subprocess.run(["sleep", "600"])
"""
WARNS = """\
said = "WARNING:root:MySQL could not be loaded.", "Traceback (most recent call last):", "  File x", "ImportError: x"
print(*said, sep="\\n", flush=True)
"""
"""What CellProfiler says where it has no module for a database."""
UNLOADED = """\
said = "ERROR:root:Failed to load pipeline", "Traceback (most recent call last):", "  x", "ValueError: no CallBarcodes"
print(*said, sep="\\n", flush=True)
# It goes on with the modules that it knows.
while True:
    pass
"""


def load_data(folder: Path) -> Path:
    """Load data of two plates with two channels and three images each."""
    place = folder / "load"
    place.mkdir()
    for unit in ("B^P1", "B^P2"):
        rows = "".join(f"B,{number}.tif,{number}.tif\n" for number in range(3))
        (place / f"{unit}#illum_calc.csv").write_text("Metadata_Batch,FileName_OrigDNA,FileName_OrigER\n" + rows)
    return place


def wrapped(folder: Path, tool: str, *options: str, own: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """The wrapper around a program that takes the tool's place."""
    program = folder / "starrynight.py"
    program.write_text(tool)
    words = [
        sys.executable,
        str(program),
        "cp",
        "-p",
        "x",
        "-l",
        str(load_data(folder)),
        "-o",
        str(folder / "out"),
        *own,
    ]
    command = [sys.executable, str(WRAPPER), "--grace", "2", *options, *words, *own]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_one_unit_is_shown_alone_and_counted(tmp_path: Path) -> None:
    """The tool does what a folder holds, and sees one CSV."""
    done = wrapped(tmp_path, WRITES, "--unit", "B^P2#illum_calc.csv", "--channels", "*.npy")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["B-P2"]


def test_plugins_stay_as_they_are(tmp_path: Path) -> None:
    """What Python compiles would lie in the folder of the plugins, which is an input of other jobs, too."""
    (tmp_path / "plugin.py").write_text("")
    assert wrapped(tmp_path, f"import plugin\n{WRITES}", "--channels", "*.npy").returncode == 0
    assert not (tmp_path / "__pycache__").exists()


def test_without_a_unit_all_are_done(tmp_path: Path) -> None:
    """As the tool does by itself."""
    assert wrapped(tmp_path, WRITES, "--channels", "*.npy").returncode == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    ("tool", "options", "told"),
    [
        (TOOL + WARNS + "sys.exit('no licence')\n", [], "starrynight cp failed: no licence"),
        (
            TOOL + WARNS + UNLOADED,
            [],
            "starrynight cp failed: ERROR:root:Failed to load pipeline: ValueError: no CallBar",
        ),
        (WRITES, ["--images", "*.npy"], "B-P1 holds 2 files `*.npy`, and B^P1#illum_calc.csv promises 6"),
        (WRITES, ["--least", "7"], "holds 2 files `*`, and B^P1#illum_calc.csv promises 7"),
        (WRITES, ["--unit", "B^P3#illum_calc.csv"], "no `B^P3#illum_calc.csv`; there is B^P1#illum_calc.csv, B^P2#"),
        (
            WRITES + "print('Failed to load pipeline: no CallBarcodes')\n",
            [],
            "Failed to load pipeline: no CallBarcodes",
        ),
        (TOOL + "print('Found 0 cppipe files. No work to be done. Exiting...')\n", [], "No work to be done"),
        (TOOL + "sys.exit('no licence')\n", [], "starrynight cp failed: no licence"),
        (TOOL + HANGS, [], "starrynight cp failed: RuntimeError: no such image (it did not end by itself)"),
    ],
)
def test_a_failure_is_one(tool: str, options: list[str], told: str, tmp_path: Path) -> None:
    """Also where the tool ends well, or not at all; the cause stands at the end."""
    done = wrapped(tmp_path, tool, *options)
    assert done.returncode == 1
    assert told in done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(("flags", "status"), [("0,1", 0), ("0,0", 1), ("1.0,0", 0)])
def test_what_the_pipeline_left_out_is_not_counted(flags: str, status: int, tmp_path: Path) -> None:
    """A site with a blank image has a flag for it, and nothing more."""
    head = "ImageNumber,Metadata_EmptyFlag_Paint,Metadata_EmptyFlag_BC"
    leaves = f"    (folder / 'Image.csv').write_text('{head}\\n1,{flags}\\n')\n"
    tool = WRITES.partition("    for channel")[0] + leaves
    done = wrapped(tmp_path, tool, "--least", "21", "--skips", "Metadata_EmptyFlag_*")
    assert done.returncode == status, done.stderr


def test_a_tool_that_works_on_is_left_alone(tmp_path: Path) -> None:
    """A traceback that it has got over does not end it, as long as it computes."""
    recovers = HANGS.partition("# As the Java")[0] + "end = time.process_time() + 4\n"
    done = wrapped(tmp_path, TOOL + recovers + "while time.process_time() < end: pass\n" + WRITES.removeprefix(TOOL))
    assert done.returncode == 0, done.stderr


def test_a_tool_that_has_done_all_and_stays_is_ended(tmp_path: Path) -> None:
    """Where several processes were at work it never ends by itself; that is no failure."""
    done = wrapped(tmp_path, WRITES + "time.sleep(600)\n", "--channels", "*.npy")
    assert done.returncode == 0, done.stderr


def test_several_tools_share_the_units(tmp_path: Path) -> None:
    """The tool's own processes never end, so it is started once for each share, and counted as one."""
    told = WRITES + "print('did', sorted(path.name for path in load.glob('*.csv')), words[words.index('--jobs') + 1])\n"
    done = wrapped(tmp_path, told, "--jobs", "8", "--channels", "*.npy", own=("--jobs", "1"))
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == [f"did ['B^{plate}#illum_calc.csv'] 1" for plate in ("P1", "P2")]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_one_of_several_that_fails_ends_the_others(tmp_path: Path) -> None:
    """Those would go on for hours with what is thrown away."""
    fails = TOOL + "if list(load.glob('B^P2*')): sys.exit('no licence')\ntime.sleep(600)\n"
    done = wrapped(tmp_path, fails, "--jobs", "2")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == "starrynight cp failed: no licence"
