"""Runs that keep the disk below a number of bytes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: room
data: {workspace: results}
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}, {k: d}]}}
steps:
  make:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file, format: bin}}
      shell: |
        ls -d results/make/*/o.bin > "seen.$$" 2> /dev/null || true
        wc -l < "seen.$$" >> seen.txt
        head -c 5000000 /dev/zero > ${outputs.o}
      resources: {disk: 5MB}
    by: [k]
    with: {i: "${k}.txt"}
    outputs: {o: {temp: true}}
  count:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file, format: txt}}
      shell: "wc -c < ${inputs.i} > ${outputs.o}"
      resources: {disk: 1MB}
    by: [k]
    with: {i: "${make.o}"}
outputs: {all: "${count.o}"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline that has not run."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    for name in "abcd":
        (tmp_path / f"{name}.txt").touch()
    return tmp_path


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return sncompile(folder, "run", "spec.yaml", "-c", "4", *more)


def most_at_once(folder: Path) -> int:
    """How many of the large files lay there at once, as jobs saw them before they wrote their own."""
    seen = [int(line) for line in (folder / "seen.txt").read_text().split()]
    (folder / "seen.txt").unlink()
    return 1 + max(seen)


def test_jobs_wait_until_there_is_room(folder: Path) -> None:
    """By what steps ask for, and once they ran by what they wrote; without a budget all start at once."""
    done = run(folder, "--disk", "10MB")
    assert done.returncode == 0, done.stderr
    assert "disk: job by job, it would become 9.0 MB fuller; it is kept to 10 MB" in done.stderr
    assert most_at_once(folder) == 1
    assert sorted(path.name for path in (folder / "results").rglob("*.bin")) == []
    for name in "abcd":
        (folder / f"{name}.txt").write_text("other")
    done = run(folder, "--disk", "9MB")
    assert (done.returncode, most_at_once(folder)) == (0, 1)
    assert "it would become 5.0 MB fuller" in done.stderr


def test_what_does_not_fit_does_not_start(folder: Path) -> None:
    """And is told: how much it needs in the best order, and what that is."""
    done = run(folder, "--disk", "8MB")
    assert done.returncode == 3
    assert "error[SN728]: the disk would become 9.0 MB fuller, and 8.0 MB are allowed" in done.stderr
    assert "there are then 5.0 MB of `make`, 4.0 MB of `count`" in done.stderr
    assert not (folder / "seen.txt").exists()
    assert not list((folder / "runs").iterdir())
    assert "9.0 MB fuller, and 8.9 MB are allowed" in run(folder, "--disk", "8.9MB").stderr, "it is not rounded up"
    assert run(folder, "--disk", "much").returncode == 2


def test_what_nobody_knows_does_not_start(folder: Path) -> None:
    """Until it has run, or says what it writes; and what keeps temporary files is no way to keep room."""
    (folder / "spec.yaml").write_text(SPEC.replace("      resources: {disk: 1MB}\n", ""))
    done = run(folder, "--disk", "10GB")
    assert done.returncode == 3
    assert "error[SN728]: nobody knows how much `count` writes: no job of the kind has ever ended" in done.stderr
    assert run(folder).returncode == 0
    (folder / "a.txt").write_text("other")
    assert run(folder, "--disk", "10GB").returncode == 0
    (folder / "a.txt").write_text("again")
    assert "`--notemp` keeps what would be deleted" in run(folder, "--disk", "10GB", "--", "--notemp").stderr


def test_jobs_that_write_more_than_was_expected_end_the_run(folder: Path) -> None:
    """When nothing fits any more; the next run knows better."""
    (folder / "spec.yaml").write_text(SPEC.replace("5000000", "12000000"))
    done = run(folder, "--disk", "10MB")
    assert done.returncode == 3
    assert "error[SN729]: no job fits any more into 10 MB" in done.stderr
    assert run(folder, "--disk", "10MB").returncode == 3
    assert run(folder, "--disk", "16MB").returncode == 0


def test_temporary_files_that_are_asked_for_stay(folder: Path) -> None:
    """And so they need room until the end."""
    done = run(folder, "--target", "make", "--target", "count", "--disk", "23MB")
    assert "error[SN728]: the disk would become 24 MB fuller" in done.stderr
    assert run(folder, "--target", "make", "--disk", "20MB").returncode == 0
    assert len(list((folder / "results").rglob("*.bin"))) == 4
    assert "would become 20 MB fuller" not in run(folder, "--disk", "9MB").stderr


def test_a_batch_is_one_job_to_the_engine(folder: Path) -> None:
    """What its jobs write is all there at once."""
    batched = SPEC.replace('    by: [k]\n    with: {i: "${make', '    by: [k]\n    batch: 2\n    with: {i: "${make')
    (folder / "spec.yaml").write_text(batched)
    done = run(folder, "--disk", "20MB", "-O2")
    assert done.returncode == 0, done.stderr
    assert most_at_once(folder) <= 3


LATE = """\
sncompile: 1
pipeline: later
tables: {parts: {key: part, from: "${split.list}"}}
steps:
  split:
    module:
      outputs: {list: {type: file}, big: {type: directory, create: true}}
      shell: "printf 'part\\\\na\\\\nb\\\\n' > ${outputs.list}; head -c 2000000 /dev/zero > ${outputs.big}/o"
      resources: {disk: 2MB}
  work:
    by: part
    with: {i: "${split.big}"}
    module:
      inputs: {i: {type: directory}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.i}/o > ${outputs.o}
      resources: {disk: 2MB}
"""

FROM_PYTHON = """\
import sncompile as sn
try:
    sn.SnakemakeBackend(cores=1, print_exec=False).run(sn.load("spec.yaml"), working_dir=".", disk="5MB")
except sn.CompileError as error:
    print(error.diagnostics[0].message)
"""


def test_what_a_run_wrote_before_it_knew_all_rows_is_room_that_is_used(folder: Path) -> None:
    """Each part of the run had the whole budget for itself, and the disk became fuller by more than that."""
    (folder / "spec.yaml").write_text(LATE)
    done = run(folder, "--disk", "5MB")
    assert done.returncode == 3
    assert "error[SN728]: the disk would become 4.0 MB fuller, and 3.0 MB are allowed" in done.stderr
    # What is there already fills no disk.
    assert run(folder, "--disk", "5MB").returncode == 0
    for changed in ("results", ".sncompile"):
        shutil.rmtree(folder / changed, ignore_errors=True)
    asked = subprocess.run([sys.executable, "-c", FROM_PYTHON], cwd=folder, capture_output=True, text=True, check=False)
    assert "would become 4.0 MB fuller, and 3.0 MB are allowed" in asked.stdout, asked.stderr
