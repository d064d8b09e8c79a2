"""The example `rna-seq` has the jobs of the workflow that it is a port of, and runs with doubles of its tools."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from sncompile.api import check, graph_of
from sncompile.cli.options import SpecOptions
from sncompile.ir.jobs.expansion import Job, jobs

from ...command_line import sncompile
from ...sums import sums
from .doubles import GENES, install

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[2] / "specs" / "examples" / "rna-seq"
CONFIGURATIONS = ("basic", "complex", "sra")

RULES = {
    "symbols_counts": "gene_2_symbol",
    "symbols_norm": "gene_2_symbol",
    "symbols_diffexp": "gene_2_symbol",
    "gtf2bed": "rseqc_gtf2bed",
    "rseqc.junction_annotation": "rseqc_junction_annotation",
    "rseqc.junction_saturation": "rseqc_junction_saturation",
    "rseqc.bam_stat": "rseqc_stat",
    "rseqc.infer_experiment": "rseqc_infer",
    "rseqc.inner_distance": "rseqc_innerdis",
    "rseqc.read_distribution": "rseqc_readdis",
    "rseqc.read_duplication": "rseqc_readdup",
    "rseqc.read_GC": "rseqc_readgc",
}
"""What the rules of the workflow are called, where our steps are not called so."""
WILDCARDS = {"sample_name": "sample", "unit_name": "unit", "sra": "accession"}
PREFIXES = {
    "symbols_counts": "results/counts/all",
    "symbols_norm": "results/deseq2/normcounts",
    "symbols_diffexp": "results/diffexp/{contrast}.diffexp",
}
"""The wildcard `prefix` of `gene_2_symbol` is most of a path; we have a step for each kind of table."""

Name = tuple[str, frozenset[tuple[str, str]]]


def named(rule: str, wildcards: Mapping[str, str]) -> Name:
    """What tells the jobs of the workflow apart."""
    return rule, frozenset(wildcards.items())


def name_of(job: Job) -> Name:
    """What a job of ours is called there."""
    keys = {WILDCARDS.get(key, key): value for key, value in job.key.items()}
    if job.step in PREFIXES:
        keys = {"prefix": PREFIXES[job.step].format(**keys)}
    return named(RULES.get(job.step, job.step), keys)


def paths(value: str | list[str] | None) -> list[str]:
    """The files of a port."""
    return value if isinstance(value, list) else [] if value is None else [value]


def lay_out(folder: Path) -> Path:
    """The example with the configurations of the workflow, in the folder where their paths start."""
    left = shutil.ignore_patterns("results", "build", "runs", "logs", ".snakemake", ".sncompile", "__pycache__")
    shutil.copytree(EXAMPLE, folder / "rna-seq", ignore=left)
    for name in CONFIGURATIONS:
        shutil.copytree(HERE / f"config_{name}", folder / "rna-seq" / f"config_{name}")
    reads = folder / "rna-seq" / "ngs-test-data" / "reads"
    reads.mkdir(parents=True)
    for sample in "abc":
        for read in "12":
            (reads / f"{sample}.scerevisiae.{read}.fq").write_text(f"@{sample}/{read}\nACGT\n+\nIIII\n")
    return folder / "rna-seq"


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_jobs_are_those_of_the_workflow(name: str, tmp_path: Path) -> None:
    """The same rules, the same wildcards, and the same edges."""
    folder = lay_out(tmp_path)
    options = SpecOptions((), (), folder / f"config_{name}" / "config.yaml", None, False, params_extra="ignore").read()
    checked = check(folder / "rna-seq.yaml", options)
    ours = list(jobs(graph_of(checked.require())))
    theirs = json.loads((HERE / "graphs" / f"{name}.json").read_text("utf-8"))
    names = [named(rule, wildcards) for rule, wildcards in theirs["jobs"]]
    assert len(set(names)) == len(names) == len(ours)
    assert {name_of(job) for job in ours} == set(names)
    makers = {path: job for job in ours for made in job.outputs.values() for path in paths(made)}
    read = {job.id: {path for held in job.inputs.values() for path in paths(held)} & set(makers) for job in ours}
    edges = {(name_of(makers[path]), name_of(job)) for job in ours for path in read[job.id]}
    assert edges == {(names[a], names[b]) for a, b in theirs["edges"]}
    assert not [d for d in checked.diagnostics if d.severity != "remark"]


def test_its_own_configuration_can_be_planned(tmp_path: Path) -> None:
    """It needs no file that is not there: reads come from the SRA."""
    done = sncompile(lay_out(tmp_path), "plan", "rna-seq.yaml", "--params", "config/config.yaml")
    assert done.returncode == 0, done.stderr
    assert "to run   100 jobs" in done.stdout
    assert "inputs   1 file, all there" in done.stdout


def test_reads_of_the_sheet_have_to_be_there(tmp_path: Path) -> None:
    """Also where others come from a step."""
    folder = lay_out(tmp_path)
    (folder / "ngs-test-data" / "reads" / "a.scerevisiae.2.fq").unlink()
    told = ("--params", "config_basic/config.yaml", "--params-extra", "ignore")
    done = sncompile(folder, "plan", "rna-seq.yaml", *told)
    assert "inputs   7 files, 1 not there" in done.stdout
    assert "a.scerevisiae.2.fq  for fastp_pe.reads_2" in done.stdout


def test_it_runs_with_doubles_of_the_tools(tmp_path: Path) -> None:
    """From reads to named genes; the same again where all is made anew, and nothing is left to do afterwards."""
    folder = lay_out(tmp_path)
    install(tmp_path / "tools")
    env = {**os.environ, "PATH": f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}"}
    words = ("run", "rna-seq.yaml", "--params", "config_basic/config.yaml", "--params-extra", "ignore", "--cores", "2")
    done = sncompile(folder, *words, env=env)
    assert done.returncode == 0, done.stderr[-4000:]
    with (folder / "results" / "count_matrix" / "matrix.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["gene"] for row in rows] == sorted(GENES)
    assert list(rows[0]) == ["gene", "A1", "B1", "A2", "B2"]
    assert (folder / "results" / "gtf2bed" / "genes.bed").read_text().count("\n") == len(GENES)
    assert (folder / "results" / "multiqc" / "report.html").read_text().startswith("multiqc ")
    assert (folder / "results" / "symbols_diffexp" / "treated-vs-untreated" / "named.tsv").is_file()
    assert not list(folder.glob("*.out"))
    again = sncompile(folder, *words, env=env)
    assert again.returncode == 0, again.stderr[-4000:]
    first = results(folder)
    shutil.rmtree(folder / "results")
    assert sncompile(folder, *words, env=env).returncode == 0
    assert results(folder) == first


def results(folder: Path) -> dict[str, str]:
    """The sums of what the tools wrote."""
    return {path: sum for path, sum in sums(folder / "results").items() if ".sncompile" not in path}
