"""A scatter over intervals that a step finds, per sample, with steps and files that need not be there.

Beside it stands a Snakefile with checkpoints as a person would write it: both have the same jobs, which read from the
same others, and the same results, and so has `sncompile run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ..command_line import snakemake_without_us, sncompile

SPEC = """\
sncompile: 1
pipeline: scatter
params: {normalize: {type: boolean, default: true}}
tables:
  samples: {key: sample, rows: [{sample: a, depth: 3}, {sample: b c, depth: 2}]}
  intervals: {key: interval, from: "${split.list}", columns: {length: {type: integer}}}
  contigs: {key: contig, from: "${index.list}"}
let: {calls: "${norm.vcf if params.normalize else call.vcf}"}
steps:
  index:
    with: {list: store/contigs}
    module:
      inputs: {list: {type: file}}
      outputs: {list: {type: file}}
      shell: cp ${inputs.list} ${outputs.list}
  split:
    by: sample
    with: {list: "store/${sample}"}
    module:
      inputs: {list: {type: file}}
      outputs: {list: {type: file}}
      shell: cp ${inputs.list} ${outputs.list}
  call:
    by: [sample, interval]
    with: {list: "${split.list}", interval: "${interval}", length: "${intervals.length}", depth: "${samples.depth}"}
    module:
      inputs: {list: {type: file}}
      params: {interval: {type: string}, length: {type: integer}, depth: {type: integer}}
      outputs: {vcf: {type: file}, warning: {type: "file?"}}
      shell: |
        echo call ${params.interval} ${params.length} ${params.depth} > ${outputs.vcf}
        if [ ${params.length} -gt 9 ]; then echo long ${params.interval} > ${outputs.warning}; fi
  norm:
    by: [sample, interval]
    when: "${params.normalize}"
    with: {vcf: "${call.vcf}"}
    module:
      inputs: {vcf: {type: file}}
      outputs: {vcf: {type: file}}
      shell: sed s/call/norm/ ${inputs.vcf} > ${outputs.vcf}
  concat:
    by: sample
    with:
      vcfs: "${let.calls}"
      sheet:
        rows: {Sample: "${intervals.sample}", Interval: "${intervals.interval}", Length: "${intervals.length}",
               Depth: "${samples.depth}", Calls: "${let.calls}"}
    module:
      inputs: {vcfs: {type: "file[]"}, sheet: {type: file, format: csv}}
      outputs: {vcf: {type: file}}
      shell: cat ${inputs.vcfs} ${inputs.sheet} > ${outputs.vcf}
  regions: {by: sample, module: ./regions.yaml, with: {vcf: "${concat.vcf}", depth: "${samples.depth}"}}
  joint:
    by: contig
    with: {parts: "${regions.part}"}
    module:
      inputs: {parts: {type: "file[]"}}
      outputs: {o: {type: file}}
      command: [sh, -c, 'o=$1; shift; for i; do echo "$i"; cat "$${i#in=}"; done > "$o"', sh, "${outputs.o}",
                {option: in=, value: "${inputs.parts}", joined: true, repeat: true}]
  summary:
    with:
      vcfs: "${concat.vcf}"
      joints: "${joint.o}"
      warnings: "${present(call.warning)}"
      sheet: {rows: {Sample: "${call.sample}", Interval: "${call.interval}", Calls: "${call.vcf}"}}
    module:
      inputs:
        vcfs: {type: "file[]"}
        joints: {type: "file[]"}
        warnings: {type: "file[]?"}
        sheet: {type: file, format: tsv}
      outputs: {o: {type: file}}
      shell: cat ${inputs.vcfs} ${inputs.joints} ${inputs.warnings} ${inputs.sheet} > ${outputs.o}
outputs: {o: "${summary.o}"}
"""
REGIONS = """\
sncompile: 1
pipeline: regions
inputs: {vcf: {type: file}}
params: {depth: {type: integer}}
steps:
  cut:
    by: contig
    with: {vcf: "${inputs.vcf}", depth: "${params.depth}", contig: "${contig}", name: "${sample}-${contig}"}
    module:
      inputs: {vcf: {type: file}}
      params: {depth: {type: integer}, contig: {type: string}, name: {type: string}}
      outputs: {part: {type: file}}
      shell: (echo ${params.contig} ${params.depth} ${params.name}; wc -l < ${inputs.vcf}) > ${outputs.part}
outputs: {part: "${cut.part}"}
"""
BY_HAND = """\
import csv

DEPTH = {"a": 3, "b c": 2}
KEPT = "norm" if str(config.get("normalize", True)).lower() == "true" else "call"
COLUMNS = ["Sample", "Interval", "Length", "Depth", "Calls"]


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def intervals(sample):
    return rows(checkpoints.split.get(sample=sample).output.list)


def contigs():
    return [row["contig"] for row in rows(checkpoints.index.get().output.list)]


def calls(sample, step):
    return [f"results/{step}/{sample}/{row['interval']}/vcf" for row in intervals(sample)]


wildcard_constraints:
    sample="[^/]+",
    interval="[^/]+",


rule all:
    input:
        "results/summary/o",


checkpoint index:
    input:
        "store/contigs",
    output:
        list="results/index/list",
    shell:
        "cp {input} {output}"


checkpoint split:
    input:
        "store/{sample}",
    output:
        list="results/split/{sample}/list",
    shell:
        "cp {input:q} {output:q}"


rule call:
    input:
        "results/split/{sample}/list",
    output:
        "results/call/{sample}/{interval}/vcf",
    run:
        (row,) = [row for row in rows(input[0]) if row["interval"] == wildcards.interval]
        with open(output[0], "w") as file:
            print("call", row["interval"], row["length"], DEPTH[wildcards.sample], file=file)
        if int(row["length"]) > 9:
            with open(output[0].replace("/vcf", "/warning"), "w") as file:
                print("long", row["interval"], file=file)


rule norm:
    input:
        "results/call/{sample}/{interval}/vcf",
    output:
        "results/norm/{sample}/{interval}/vcf",
    shell:
        "sed s/call/norm/ {input:q} > {output:q}"


rule concat:
    input:
        lambda wildcards: calls(wildcards.sample, KEPT),
    output:
        "results/concat/{sample}/vcf",
    run:
        with open(output[0], "w") as file:
            for path in input:
                file.write(open(path).read())
            writer = csv.writer(file, lineterminator="\\n")
            writer.writerow(COLUMNS)
            sample = wildcards.sample
            for row, path in zip(intervals(sample), input):
                writer.writerow([sample, row["interval"], row["length"], DEPTH[sample], path])


rule cut:
    input:
        vcf="results/concat/{sample}/vcf",
        contigs="results/index/list",
    output:
        "results/regions.cut/{sample}/{contig}/part",
    params:
        depth=lambda wildcards: DEPTH[wildcards.sample],
    shell:
        "(echo {wildcards.contig} {params.depth} {wildcards.sample:q}-{wildcards.contig}; wc -l < {input.vcf:q})"
        " > {output:q}"


rule joint:
    input:
        parts=expand("results/regions.cut/{sample}/{{contig}}/part", sample=DEPTH),
    output:
        "results/joint/{contig}/o",
    run:
        with open(output[0], "w") as file:
            for path in input:
                print(f"in={path}", file=file)
                file.write(open(path).read())


rule summary:
    input:
        vcfs=expand("results/concat/{sample}/vcf", sample=DEPTH),
        joints=lambda wildcards: expand("results/joint/{contig}/o", contig=contigs()),
        calls=lambda wildcards: [path for sample in DEPTH for path in calls(sample, "call")],
    output:
        "results/summary/o",
    run:
        with open(output[0], "w") as file:
            for path in [*input.vcfs, *input.joints]:
                file.write(open(path).read())
            for path in input.calls:
                if os.path.exists(path.replace("/vcf", "/warning")):
                    file.write(open(path.replace("/vcf", "/warning")).read())
            print("Sample", "Interval", "Calls", sep="\\t", file=file)
            for path in input.calls:
                print(path.split("/")[2], path.split("/")[3], path, sep="\\t", file=file)
"""
EMITTED = "build/scatter/Snakefile"


def lay_out(folder: Path, rows: Mapping[str, str]) -> None:
    (folder / "store").mkdir(parents=True, exist_ok=True)
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "regions.yaml").write_text(REGIONS)
    (folder / "by_hand.smk").write_text("import os\n" + BY_HAND)
    for name, text in rows.items():
        (folder / "store" / name).write_text(text)


ROWS = {
    "contigs": "contig\nI\nII\n",
    "a": 'interval,length\n1-10,10\n"3""5",5\n',
    "b c": "interval,length\n1-10,10\n2-3,2\n9,1\n",
}
OTHERS = {"contigs": "contig\nII\nIII\n", "a": "interval,length\n7,70\n", "b c": "interval,length\n2-3,3\n9,1\n"}


def snakemake(folder: Path, file: str, *more: str) -> str:
    done = snakemake_without_us(folder, file, *more)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def jobs(folder: Path, file: str, *more: str) -> dict[str, set[str]]:
    """Each file that a job writes, with those that it reads; what others among these read already is left out."""
    reads: dict[str, set[str]] = {}
    for line in snakemake(folder, file, "--detailed-summary", *more).splitlines()[1:]:
        made, _, _, _, read, *_ = line.split("\t")
        plain = made.replace("/.sncompile/done", "").replace(".done", "/vcf")
        reads[plain] = {path.replace("/.sncompile/done", "").replace(".done", "/vcf") for path in read.split(",")}

    def above(path: str) -> set[str]:
        return {each for read in reads.get(path, ()) for each in (read, *above(read))}

    return {made: read - {path for other in read for path in above(other)} for made, read in reads.items()}


def results(folder: Path) -> dict[str, bytes]:
    files = (path for path in (folder / "results").rglob("*") if path.is_file())
    named = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {name: text for name, text in named.items() if "/." not in name}


@pytest.mark.parametrize("normalize", ["true", "false"])
def test_the_jobs_are_those_of_a_snakefile_by_hand(tmp_path: Path, normalize: str) -> None:
    """By the files that they read and write; and all write the same bytes, with a step more or less."""
    by_hand, plain, run = (tmp_path / name for name in ("by_hand", "plain", "run"))
    for folder in (by_hand, plain, run):
        lay_out(folder, ROWS)
    config = ["--config", f"normalize={normalize}"]
    snakemake(by_hand, "by_hand.smk", *config)
    done = sncompile(plain, "compile", "spec.yaml", "--set", f"normalize={normalize}")
    assert done.returncode == 0, done.stderr
    snakemake(plain, EMITTED)
    found, wanted = jobs(plain, EMITTED), jobs(by_hand, "by_hand.smk", *config)
    assert found == wanted
    assert len(found) == {"true": 22, "false": 17}[normalize]
    done = sncompile(run, "run", "spec.yaml", "-c", "2", "--set", f"normalize={normalize}")
    assert done.returncode == 0, done.stderr
    assert f"done: {len(wanted)} jobs" in done.stderr, "of both rounds"
    assert results(plain) == results(by_hand) == results(run)


def test_rows_change(tmp_path: Path) -> None:
    """What is gone is gathered nowhere, and what is new is made; then nothing is to be done."""
    lay_out(tmp_path, ROWS)
    assert sncompile(tmp_path, "compile", "spec.yaml").returncode == 0
    snakemake(tmp_path, EMITTED)
    lay_out(tmp_path, OTHERS)
    snakemake(tmp_path, EMITTED)
    fresh = tmp_path / "fresh"
    lay_out(fresh, OTHERS)
    snakemake(fresh, "by_hand.smk")
    now = results(tmp_path)
    assert {name: now[name] for name in results(fresh)} == results(fresh)
    assert "Nothing to be done" in snakemake_without_us(tmp_path, EMITTED).stderr


def test_a_job_that_no_row_has_is_refused(tmp_path: Path) -> None:
    """Of two tables side by side, too, and of a step that takes nothing of its row but the file with the rows."""
    lay_out(tmp_path, ROWS)
    assert sncompile(tmp_path, "compile", "spec.yaml").returncode == 0
    for path in ("results/regions.cut/a/IV/part", "results/call/.sncompile/done/a/9.done"):
        # What ran beside the job that was refused may be half-written.
        done = snakemake_without_us(tmp_path, EMITTED, "--rerun-incomplete", path)
        assert done.returncode != 0
        assert "has no row" in done.stderr
