"""What `sncompile init` writes: each template is sound, runs, and finds what lies in its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.cli.init_command import TEMPLATES
from tests.command_line import sncompile

RESULTS = {
    "plants": ("results/compare/report.md", None),
    # The cells that were drawn into the images.
    "imaging": ("results/plate.csv", "well,cells\nA01,3\nA02,5\nB01,2\nB02,6\n"),
    # 6 reads of 30 bases in each file, of which 4 and 3 files; bad ones at the ends.
    "genomics": ("results/samples.tsv", "sample\treads\tbases\tgc\ncontrol\t24\t648\t0.532\ntreated\t18\t504\t0.524\n"),
    "grid": (
        "results/models.tsv",
        "0.0503\t3 near\n0.0559\t3 equal\n0.0572\t7 near\n0.0606\t1 equal\n0.0867\t7 equal\n",
    ),
}
"""Template → its main result, and what stands there, where that is known."""


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_runs(template: str, tmp_path: Path) -> None:
    """Without any fault, and with the result that its data holds."""
    folder = tmp_path / "a project"
    assert sncompile(tmp_path, "init", folder, "--template", template).returncode == 0
    checked = sncompile(folder, "check", "--strict", "pipeline.yaml", *folder.glob("modules/*.yaml"))
    assert checked.returncode == 0, checked.stderr
    run = sncompile(folder, "run", "pipeline.yaml", "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    place, expected = RESULTS[template]
    found = (folder / place).read_text()
    assert expected is None or found == expected


def test_without_a_terminal_nothing_is_asked(tmp_path: Path) -> None:
    """And the smallest is written."""
    assert sncompile(tmp_path, "init", "p").returncode == 0
    assert (tmp_path / "p" / "plants.tsv").exists()
