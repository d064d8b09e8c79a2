"""The port of dna-seq-gatk-variant-calling has the jobs of the original, and runs with doubles of the tools.

`graphs.json` has the original's jobs as Snakemake 9 reads them once its checkpoint has run, in four configurations: of
each job, by rule and wildcards, the jobs whose files it reads.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sncompile.api import check, compile_program
from sncompile.cli.options import SpecOptions
from sncompile.compilation import CompileOptions
from sncompile.ir.jobs.expansion import jobs

from ...command_line import plain_snakemake, sncompile
from ...engines.examples import copy
from .doubles import CONTIGS, install

GRAPHS = json.loads(Path(__file__).with_name("graphs.json").read_text("utf-8"))
RULES = {"call.variants": "call_variants"}
"""Our steps that have another name than the rule."""
REGIONS = (("# restrict-regions", "restrict-regions"), ("# region-padding", "region-padding"))
EDITS = {
    "default": (),
    "vqsr": (("vqsr: false", "vqsr: true"),),
    "regions": REGIONS,
    "nodup": (*REGIONS, ("remove-duplicates: true", "remove-duplicates: false")),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example with reads and regions."""
    place = copy("dna-seq", tmp_path)
    (place / "data").mkdir()
    for number in "12":
        (place / f"data/reads.{number}.fq.gz").write_bytes(gzip.compress(number.encode(), mtime=0))
    (place / "captured_regions.bed").write_text("I\t0\t4\n")
    return place


@pytest.mark.parametrize("name", EDITS)
def test_the_jobs_are_those_of_the_original(folder: Path, name: str) -> None:
    """Each job, and whose files it reads. Beyond that, jobs wait for who writes the rows that they range over."""
    file = folder / "config/config.yaml"
    text = file.read_text()
    for old, new in EDITS[name]:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    options = SpecOptions((), (), file, folder, False).read()
    row = dict.fromkeys(["length", "offset", "bases", "width"], "8")
    rows = {"contigs": {(): [{"contig": contig, **row} for contig in CONTIGS]}}
    checked = check(folder / "dna-seq.yaml", replace(options, rows=rows))
    assert checked.program is not None, checked.diagnostics
    graph = compile_program(checked.program, CompileOptions()).unoptimized
    found = [job.as_object() for job in jobs(graph, files="files")]
    names = {job["id"]: "/".join([RULES.get(job["step"], job["step"]), *job["key"].values()]) for job in found}
    writers = {path: names[job["id"]] for job in found for path in _paths(job["outputs"])}
    reads = {names[job["id"]]: {writers[p] for p in _paths(job["inputs"]) if p in writers} for job in found}
    assert len(reads) == len(found)
    assert reads == {job: set(read.split()) for job, read in GRAPHS[name].items()}
    waits = {names[job["id"]]: {names[each] for each in job["after"]} - reads[names[job["id"]]] for job in found}
    assert set().union(*waits.values()) <= {"genome_faidx"}


def _paths(ports: dict[str, object]) -> Iterator[str]:
    for value in ports.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (path for path in value if path is not None)


def test_it_runs_with_doubles(folder: Path) -> None:
    """All of the default configuration, in the two stages of a run; after that there is nothing to do."""
    install(folder / "bin")
    (folder / "site.yaml").write_text("bwa_index: {resources: {memory: 1GB}}\n")
    env = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    words = ("run", "dna-seq.yaml", "--params", "config/config.yaml", "--override", "site.yaml", "--cores", "2")
    told = sncompile(folder, *words, env=env)
    assert told.returncode == 0, told.stderr[-4000:]
    assert "done: 31 jobs" in told.stderr
    assert "done: 52 jobs" in told.stderr
    results = folder / "results"
    assert gzip.decompress((results / "annotate_variants/calls.vcf.gz").read_bytes()).startswith(b"MergeVcfs\n")
    assert (results / "plot_stats/depths.svg").read_text().count("<circle") == 3
    assert sorted(path.name for path in (results / "call.variants/B").iterdir()) == sorted(CONTIGS)
    protected = results / "call.variants/A/I/gvcf.g.vcf.gz"
    assert not protected.stat().st_mode & 0o222
    assert not (results / "map_reads").exists(), "the alignments are temporary"
    again = sncompile(folder, *words, env=env)
    assert "nothing to do" in again.stdout + again.stderr


def test_its_snakefile_does_the_same_by_itself(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain Snakemake, where sncompile is not to be had, makes the same files: the contigs are a checkpoint's."""
    other = tmp_path / "plain"
    install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (folder / "site.yaml").write_text("bwa_index: {resources: {memory: 1GB}}\n")
    shutil.copytree(folder, other)
    words = ("dna-seq.yaml", "--params", "config/config.yaml", "--override", "site.yaml")
    for place, how in ((folder, ("run", "--cores", "2")), (other, ("compile", "-o", "build/dna-seq"))):
        told = sncompile(place, how[0], *words, *how[1:])
        assert told.returncode == 0, told.stderr[-4000:]
    plain_snakemake(other, "build/dna-seq/Snakefile")
    made = {place: _made(place / "results") for place in (folder, other)}
    assert len(made[folder]) > 40
    assert made[folder] == made[other]


def _made(results: Path) -> dict[str, bytes]:
    """What lies in a folder of results; of a compressed file what is in it. Our own records and logs do not count."""
    found = {path.relative_to(results): path.read_bytes() for path in results.rglob("*") if path.is_file()}
    return {
        str(path): gzip.decompress(data) if path.suffix == ".gz" else data
        for path, data in found.items()
        if ".sncompile" not in path.parts and path.suffix != ".log"
    }


@pytest.mark.parametrize(
    "line",
    [
        "samtools faidx --index x genome.fa",
        "gatk HaplotypeCallers -R x",
        "gatk ApplyBQSR -R genome.fa -I a.bam -O b.bam --nothing",
        "trimmomatic SE -threads in.fq.gz out.fq.gz LEADING:3",
        "picard MergeVcfs INPUT=a OUT=b",
        "tabix -p vcf gone.vcf.gz",
    ],
)
def test_doubles_refuse_what_the_tools_do_not_take(tmp_path: Path, line: str) -> None:
    """Else a run with them would show nothing."""
    install(tmp_path / "bin")
    program, *rest = line.split()
    done = subprocess.run(
        [tmp_path / "bin" / program, *rest], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "double: " in done.stderr
