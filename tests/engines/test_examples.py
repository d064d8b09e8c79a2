"""The examples, really run, and the kinds of module that are no command."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path

from ..command_line import plain_snakemake, sncompile
from ..sums import sums
from .examples import copy, illumination, kinds, needs_variants, tissue


def test_illumination_counts_cells_and_plain_snakemake_does_the_same(tmp_path: Path) -> None:
    """From pixels to the report; the emitted folder gives the same bytes where sncompile cannot be imported."""
    folder = illumination(tmp_path)
    told = sncompile(folder, "run", "illumination.yaml", "--cores", "2")
    assert told.returncode == 0, told.stderr[-4000:]
    assert "report: results/illumination.html" in told.stdout
    with (folder / "results" / "wells.csv").open() as file:
        wells = list(csv.DictReader(file))
    assert [w["well"] for w in wells] == ["A01", "B02"]
    assert all(10 <= int(w["cells"]) <= 80 for w in wells)
    page = (folder / "results" / "illumination.html").read_text()
    assert page.count("data:image/") >= 6
    assert "http://" not in page.replace("http://www.w3.org", "")
    first = results_of(folder)
    shutil.rmtree(folder / "results")
    shutil.rmtree(folder / ".snakemake")
    plain_snakemake(folder, "build/illumination/Snakefile")
    assert results_of(folder) == first
    shutil.rmtree(folder / "results")
    bash_script(folder, "illumination.yaml")
    assert results_of(folder) == first


def results_of(folder: Path) -> dict[str, str]:
    """The sums of the results alone, without the marks of jobs that are done."""
    found = sums(folder / "results")
    return {path: sum for path, sum in found.items() if ".sncompile" not in Path(path).parts}


def bash_script(folder: Path, spec: str, *options: str) -> None:
    """Compile to a script of bash, and run that."""
    told = sncompile(folder, spec, "-t", "bash", "-o", "script", *options)
    assert told.returncode == 0, told.stderr
    done = subprocess.run(["bash", "script/run.sh", "-j", "2"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def test_tissue_is_cut_into_cores_and_plain_snakemake_does_the_same(tmp_path: Path) -> None:
    """As many cores and cells are found as were drawn, and as many that carry each marker."""
    folder = tissue(tmp_path)
    told = sncompile(folder, "run", "tissue.yaml", "--cores", "2")
    assert told.returncode == 0, told.stderr[-4000:]
    planted = rows_of(folder / "images" / "truth.csv")
    assert [(row["slide"], row["region"]) for row in planted] == [
        *(("ash", core) for core in ("c1", "c2", "c3", "c4")),
        *(("birch", core) for core in ("c1", "c2", "c3")),
    ]
    assert rows_of(folder / "results" / "regions.csv") == planted
    page = (folder / "README.md").read_text()
    assert [row for row in planted if f"| {' | '.join(row.values())} |\n" not in page] == []
    # One slide lay far off, and only for that there is a picture.
    assert [p.parent.name for p in (folder / "results" / "register").glob("*/overlay.png")] == ["birch"]
    assert (folder / "results" / "tissue.html").read_text().count("data:image/") == len(planted) + 1
    first = results_of(folder)
    shutil.rmtree(folder / "results")
    shutil.rmtree(folder / ".snakemake")
    compiled = sncompile(folder, "compile", "tissue.yaml", "-o", "emitted")
    assert compiled.returncode == 0, compiled.stderr
    plain_snakemake(folder, "emitted/Snakefile")
    assert results_of(folder) == first


def test_tissue_is_taken_as_a_whole(tmp_path: Path) -> None:
    """The other branch, with Snakemake and with bash, which has words for this one."""
    folder = tissue(tmp_path)
    told = sncompile(folder, "run", "tissue.yaml", "--cores", "2", "--set", "tma=false")
    assert told.returncode == 0, told.stderr[-4000:]
    planted = rows_of(folder / "images" / "truth.csv")
    found = rows_of(folder / "results" / "regions.csv")
    assert [(row["slide"], row["region"]) for row in found] == [("ash", "all"), ("birch", "all")]
    for row in found:
        own = [core for core in planted if core["slide"] == row["slide"]]
        for column in ("cells", "CD45", "PanCK", "CD8", "Ki67"):
            assert int(row[column]) == sum(int(core[column]) for core in own)
    assert not (folder / "results" / "dearray").exists()
    first = results_of(folder)
    shutil.rmtree(folder / "results")
    bash_script(folder, "tissue.yaml", "--set", "tma=false")
    assert results_of(folder) == first


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open() as file:
        return list(csv.DictReader(file))


@needs_variants
def test_variants_are_found(tmp_path: Path) -> None:
    """Reads, alignment, calling and plot; nearly all planted mutations are found again."""
    folder = copy("variants", tmp_path)
    told = sncompile(folder, "run", "variants.yaml", "--cores", "2")
    assert told.returncode == 0, told.stderr[-4000:]
    assert "vcf: results/concatenate/variants.vcf.gz" in told.stdout
    with (folder / "results" / "plot" / "summary.tsv").open() as file:
        samples = list(csv.DictReader(file, delimiter="\t"))
    assert len(samples) == 3
    assert (folder / "results" / "plot" / "figure.svg").read_text().startswith("<svg")
    # What is temporary is gone once nobody needs it.
    assert not list((folder / "results" / "simulate").glob("*/reads_1.fastq"))


def test_functions_scripts_and_notebooks(tmp_path: Path) -> None:
    """Each is handed its ports and parameters by name, with their types."""
    spec = kinds(tmp_path)
    done = sncompile(tmp_path, "run", spec, "--cores", "2")
    assert done.returncode == 0, done.stderr[-4000:]
    results = tmp_path / "results"
    assert json.loads((results / "py" / "it's" / "o.json").read_text()) == {
        "n": 3,
        "s": "it's",
        "l": ["", "{x}"],
        "f": False,
    }
    many = ["results/py/a b/o.json", "results/py/it's/o.json"]
    shown = {"many": many, "o": "results/script/o.json", "flag": True, "off": False, "maybe": None}
    assert json.loads((results / "script" / "o.json").read_text()) == shown
    assert (results / "shell" / "o.txt").read_text() == (results / "script" / "o.json").read_text()
    assert (results / "book" / "o.txt").read_text() == f"1.5 {many}"
    assert json.loads((results / "book" / "page.ipynb").read_text())["metadata"]["papermill"]
    first = {path: sum for path, sum in results_of(tmp_path).items() if not path.endswith(".ipynb")}
    shutil.rmtree(results)
    bash_script(tmp_path, spec)
    # A notebook that was run holds the times of its cells.
    assert {path: sum for path, sum in results_of(tmp_path).items() if not path.endswith(".ipynb")} == first
