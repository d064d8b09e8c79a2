"""Steps over rows that other steps write: in plain Snakemake, where sncompile is not installed, and in runs.

What the rows are stands in files that the steps copy, so that a test says them, and changes them between runs.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sncompile.diagnostics import CompileError
from sncompile.notebook.pipeline import LoadedPipeline

from ..command_line import snakemake_without_us, sncompile
from .calls import planned, run

SPEC = """\
sncompile: 1
pipeline: late
data: {store: store}
tables:
  slides: {key: slide, rows: [{slide: s1, dose: 3}, {slide: s2, dose: 2}]}
  cores: {key: core, from: "${dearray.cores}", glob: "{core}.tif"}
  chunks: {key: size, from: "${split.list}", columns: {count: {type: integer}, text: {type: string}, f: {type: file}}}
steps:
  dearray:
    by: slide
    with: {cores: "${data.store}/${slide}"}
    module:
      inputs: {cores: {type: directory}}
      outputs: {cores: {type: directory}}
      shell: cp -R ${inputs.cores} ${outputs.cores}
  segment:
    by: [slide, core]
    with: {image: "${cores.path}", core: "${core}", dose: "${slides.dose}"}
    module:
      inputs: {image: {type: file}}
      params: {core: {type: string}, dose: {type: integer}}
      outputs: {table: {type: file}}
      shell: "(echo ${params.core} ${params.dose}; cat ${inputs.image}) > ${outputs.table}"
  report:
    by: slide
    with: {tables: "${segment.table}", cores: "${segment.core}"}
    module:
      inputs: {tables: {type: "file[]?"}}
      params: {cores: {type: "string[]"}}
      outputs: {out: {type: file}}
      shell: "(echo ${params.cores}; cat ${inputs.tables} /dev/null) > ${outputs.out}"
  split:
    with: {list: "${data.store}/list"}
    module:
      inputs: {list: {type: file}}
      outputs: {list: {type: file}}
      shell: cp ${inputs.list} ${outputs.list}
  count:
    by: size
    with: {n: "${chunks.count}", text: "${chunks.text}", f: "${chunks.f}"}
    module:
      inputs: {f: {type: file}}
      params: {n: {type: integer}, text: {type: string}}
      outputs: {o: {type: file}}
      shell: "(echo ${params.n} ${params.text}; cat ${inputs.f}) > ${outputs.o}"
  total:
    with: {reports: "${report.out}", counts: "${count.o}", sizes: "${chunks.count}"}
    module:
      inputs: {reports: {type: "file[]"}, counts: {type: "file[]?"}}
      params: {sizes: {type: "integer[]"}}
      outputs: {o: {type: file}}
      shell: "(echo ${params.sizes}; cat ${inputs.reports} ${inputs.counts}) > ${outputs.o}"
outputs: {total: "${total.o}"}
"""

ROWS = {"none": ([], [], 0), "one": (["a"], ["b c"], 1), "five": ([f"c{n}" for n in range(5)], ["x", "y"], 5)}
"""Cores of each slide, and how many chunks."""
HEADER = "size,count,text,f\n"
EMITTED = "build/late/Snakefile"


def lay_out(folder: Path, one: list[str], other: list[str], chunks: int) -> None:
    """The spec, with these cores and so many chunks."""
    (folder / "spec.yaml").write_text(SPEC)
    store = folder / "store"
    shutil.rmtree(store, ignore_errors=True)
    for slide, cores in (("s1", one), ("s2", other)):
        (store / slide).mkdir(parents=True)
        (store / slide / "notes.txt").write_text("no core")
        for core in cores:
            (store / slide / f"{core}.tif").write_text(f"{slide} {core}\n")
    (store / "x.txt").write_text("x\n")
    listed(folder, *(f"k{n},{n},it's $(n) {n},store/x.txt" for n in range(chunks)))


def listed(folder: Path, *rows: str, header: str = HEADER) -> None:
    """Rows of chunks."""
    (folder / "store" / "list").write_text(header + "".join(f"{row}\n" for row in rows))


def expected(one: list[str], other: list[str], chunks: int) -> str:
    """What the last step writes."""
    found = " ".join(map(str, range(chunks))) + "\n"
    for slide, dose, cores in (("s1", 3, one), ("s2", 2, other)):
        found += " ".join(cores) + "\n" + "".join(f"{core} {dose}\n{slide} {core}\n" for core in cores)
    return found + "".join(f"{n} it's $(n) {n}\nx\n" for n in range(chunks))


def emit(folder: Path, *more: str) -> None:
    done = sncompile(folder, "compile", "spec.yaml", *more)
    assert done.returncode == 0, done.stderr


def engine(folder: Path, *more: str) -> str:
    done = snakemake_without_us(folder, EMITTED, *more)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def total(folder: Path) -> str:
    return (folder / "results/total/o").read_text()


@pytest.mark.parametrize("rows", ROWS)
def test_plain_snakemake(tmp_path: Path, rows: str) -> None:
    """Files of a directory and rows of a sheet; and a second call has nothing to do."""
    lay_out(tmp_path, *ROWS[rows])
    emit(tmp_path)
    engine(tmp_path)
    assert total(tmp_path) == expected(*ROWS[rows])
    assert "Nothing to be done" in engine(tmp_path)


def test_rows_without_a_header(tmp_path: Path) -> None:
    """`columns` names what they have: in plain Snakemake, and in a run."""
    declared = "header: false, columns: {size: {type: string}, count:"
    for folder in (tmp_path / "plain", tmp_path / "run"):
        folder.mkdir()
        lay_out(folder, *ROWS["five"])
        (folder / "spec.yaml").write_text(SPEC.replace("columns: {count:", declared))
        listed(folder, "k0,0,it's $(n) 0,store/x.txt", header="")
    emit(tmp_path / "plain")
    engine(tmp_path / "plain")
    run(tmp_path / "run")
    assert total(tmp_path / "plain") == total(tmp_path / "run") == expected(*ROWS["five"][:2], 1)


CROSSED = """\
sncompile: 1
pipeline: crossed
tables:
  samples: {key: sample, rows: [{sample: a}, {sample: b}]}
  contigs: {key: contig, from: "${index.list}"}
steps:
  index: {module: {outputs: {list: {type: file}}, shell: "printf 'contig\\nI\\nII\\n' > ${outputs.list}"}}
  call: {by: sample, module: ./call.yaml, with: {sample: "${sample}"}}
  join:
    by: contig
    with: {calls: "${call.made}"}
    module:
      inputs: {calls: {type: "file[]"}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.calls} > ${outputs.o}
"""
CALL = """\
sncompile: 1
pipeline: call
params: {sample: {type: string}}
steps:
  one:
    by: contig
    with: {sample: "${params.sample}", contig: "${contig}"}
    module:
      params: {sample: {type: string}, contig: {type: string}}
      outputs: {o: {type: file}}
      shell: echo ${params.sample} ${params.contig} > ${outputs.o}
outputs: {made: "${one.o}"}
"""


def test_an_inner_pipeline_ranges_over_rows_that_its_caller_has_later(tmp_path: Path) -> None:
    """So a step of both, samples that are known and contigs that are not, is one inside of the other."""
    (tmp_path / "spec.yaml").write_text(CROSSED)
    (tmp_path / "call.yaml").write_text(CALL)
    assert "one" not in planned(tmp_path)
    run(tmp_path)
    assert (tmp_path / "results/join/II/o").read_text() == "a II\nb II\n"
    assert planned(tmp_path) == set()


def test_a_warning_is_told_once(tmp_path: Path) -> None:
    """Although the spec is checked again when the rows are there."""
    unused = "tables:\n  unused: {key: k, rows: [{k: 1}]}\n"
    (tmp_path / "spec.yaml").write_text(CROSSED.replace("tables:\n", unused))
    (tmp_path / "call.yaml").write_text(CALL)
    done = sncompile(tmp_path, "run", "spec.yaml", "--cores", "2")
    assert done.returncode == 0, done.stderr
    assert "wrote are read" in done.stderr
    assert done.stderr.count("SN431") == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("    when: ${len(contigs.contig) > 1}\n", "SN460"),
        ("    where: ${contigs.contig != 'I'}\n", "SN460"),
    ],
)
def test_an_inner_pipeline_decides_nothing_by_later_rows(tmp_path: Path, line: str, code: str) -> None:
    """They come too late for it as for its caller."""
    (tmp_path / "spec.yaml").write_text(CROSSED)
    (tmp_path / "call.yaml").write_text(CALL.replace("    by: contig\n", f"    by: contig\n{line}"))
    done = sncompile(tmp_path, "check", "spec.yaml")
    assert done.returncode == 1
    assert code in done.stderr


def test_a_query_of_an_inner_pipeline_sees_no_later_rows(tmp_path: Path) -> None:
    """Nor what stands in for them."""
    (tmp_path / "spec.yaml").write_text(CROSSED)
    more = "infer: {n: {sql: select count(*) from contigs, holds: one value}}\nsteps:\n"
    (tmp_path / "call.yaml").write_text(CALL.replace("steps:\n", more))
    done = sncompile(tmp_path, "check", "spec.yaml")
    assert done.returncode == 1
    assert "call.yaml:4" in done.stderr


def test_rows_change_in_plain_snakemake(tmp_path: Path) -> None:
    """Rows that are gone are gathered nowhere, although what was made of them lies there; new ones are made."""
    lay_out(tmp_path, ["a", "b"], ["c"], 3)
    emit(tmp_path)
    engine(tmp_path)
    lay_out(tmp_path, ["b"], ["c", "d", "e"], 1)
    engine(tmp_path)
    assert total(tmp_path) == expected(["b"], ["c", "d", "e"], 1)
    assert (tmp_path / "results/segment/s1/a/table").exists()


def test_rows_are_read_through_the_checkpoint(tmp_path: Path) -> None:
    """What lies there of an earlier call is not read where the step is to run again."""
    lay_out(tmp_path, ["a", "b"], ["c"], 1)
    emit(tmp_path)
    engine(tmp_path, "results/dearray/s1/cores", "results/dearray/s2/cores")
    lay_out(tmp_path, ["z"], ["c"], 1)
    engine(tmp_path)
    assert total(tmp_path) == expected(["z"], ["c"], 1)


def test_a_job_that_no_row_has_is_refused(tmp_path: Path) -> None:
    """Before and after its source has run; one that a row has is made with what it needs."""
    lay_out(tmp_path, ["a"], ["b"], 1)
    emit(tmp_path)
    for _ in range(2):
        for path in ("results/segment/s1/b/table", "results/count/k1/o"):
            done = snakemake_without_us(tmp_path, EMITTED, path)
            assert done.returncode != 0
            assert "has no row" in done.stderr
            assert not (tmp_path / path).exists()
    engine(tmp_path, "results/segment/s2/b/table", "results/count/k0/o")
    assert (tmp_path / "results/segment/s2/b/table").read_text() == "b 2\ns2 b\n"


HOSTILE = {
    "twice": ("k,1,t,store/x.txt", "k,2,t,store/x.txt"),
    "dash": ("-rf,1,t,store/x.txt",),
    "link that leads out": ("k,1,t,store/out.txt",),
}
"""Others are in `tests/test_late_rows.py`, which reads rows as the emitted file does."""


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_rows_are_refused(tmp_path: Path, kind: str) -> None:
    """By the emitted file, and by a run at the table's place; no job is started for any of them."""
    lay_out(tmp_path, ["a"], ["b"], 0)
    (tmp_path / "store/out.txt").symlink_to(tmp_path / "spec.yaml")
    listed(tmp_path, *HOSTILE[kind])
    emit(tmp_path)
    done = snakemake_without_us(tmp_path, EMITTED)
    assert done.returncode != 0
    assert "the rows of `chunks`" in done.stderr, done.stderr[-2000:]
    assert not (tmp_path / "results/count").exists()
    told = run(tmp_path, "--adopt", code=1)
    assert "SN463" in told
    assert "spec.yaml:7:3" in told
    assert not (tmp_path / "results/count").exists()
    plan = sncompile(tmp_path, "plan", "spec.yaml")
    assert plan.returncode == 1
    assert "spec.yaml:7:3\n7 |   chunks:" in plan.stderr


def test_a_required_list_needs_rows(tmp_path: Path) -> None:
    """Without rows it is told before the job starts, by both."""
    lay_out(tmp_path, [], ["b"], 0)
    (tmp_path / "spec.yaml").write_text(SPEC.replace('tables: {type: "file[]?"}', 'tables: {type: "file[]"}'))
    emit(tmp_path)
    done = snakemake_without_us(tmp_path, EMITTED)
    assert done.returncode != 0
    assert "`report.tables` has nothing to read" in done.stderr
    assert not (tmp_path / "results/report/s1").exists()
    assert "SN423" in run(tmp_path, "--adopt", code=1)


def test_what_is_emitted_is_the_same_at_each_level(tmp_path: Path) -> None:
    """No pass runs where rows are not known."""
    lay_out(tmp_path, ["a"], ["b"], 1)
    found = []
    for level in ("-O0", "-O1", "-O2"):
        emit(tmp_path, level)
        found.append((tmp_path / EMITTED).read_text())
    assert len(set(found)) == 1
    assert not any(word in found[0] for word in ("one-", "other-", "734"))


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2"])
def test_runs_after_edits_are_as_fresh_ones(tmp_path: Path, level: str) -> None:
    """Rows come, go and change, commands change: each time the results are those of a fresh run, and then all is
    current."""
    states = [
        (["a", "b"], ["c"], 2), (["a", "b"], ["c"], 2), (["b", "d"], [], 0), ([], ["c", "d"], 3), (["a"], ["c"], 3),
    ]  # fmt: skip
    for number, state in enumerate(states):
        lay_out(tmp_path, *state)
        if number == 4:
            (tmp_path / "spec.yaml").write_text(SPEC.replace("(echo ${params.n}", "(echo new ${params.n}"))
        run(tmp_path, level)
        wanted = expected(*state)
        if number == 4:
            wanted = wanted.replace("\n0 it's", "\nnew 0 it's").replace("\n1 it's", "\nnew 1 it's")
            wanted = wanted.replace("\n2 it's", "\nnew 2 it's")
        assert total(tmp_path) == wanted
        assert planned(tmp_path, level) == set()
        assert "nothing to do" in run(tmp_path, level)


def test_only_what_a_new_row_needs_runs(tmp_path: Path) -> None:
    """A run decides on jobs over rows as on any others: those whose row and files are the same stay."""
    lay_out(tmp_path, ["a", "b"], ["c"], 1)
    run(tmp_path)
    (tmp_path / "store/s2/d.tif").write_text("s2 d\n")
    assert {"dearray/s2"} == {job for job in planned(tmp_path) if job.startswith(("dearray", "segment"))}
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "results/segment").rglob("table")}
    run(tmp_path)
    assert total(tmp_path) == expected(["a", "b"], ["c", "d"], 1)
    assert {p for p in before if p.stat().st_mtime_ns != before[p]} == set()


def test_what_is_told_before_rows_are_known(tmp_path: Path) -> None:
    """A plan names the step that has to run before; a selection of what is not known is refused, one of that step runs
    that step."""
    lay_out(tmp_path, ["a"], ["c"], 1)
    plan = sncompile(tmp_path, "plan", "spec.yaml").stdout
    assert "known after dearray" in plan
    told = json.loads(sncompile(tmp_path, "plan", "spec.yaml", "--json").stdout)
    assert {"name": "count", "title": "", "by": ["size"], "known_after": ["split"]} in told["late"]
    assert "known after `dearray` has run" in run(tmp_path, "--select", "segment", code=2)
    dry = sncompile(tmp_path, "run", "spec.yaml", "--dry-run").stdout
    assert "\nlater    segment" in dry
    assert "known after dearray" in dry
    assert plan.endswith(dry)
    assert "known after dearray" in sncompile(tmp_path, "plan", "spec.yaml", "--markdown").stdout
    told = run(tmp_path, "--select", "dearray")
    assert "not among what was asked for" in told
    assert "segment" in told
    run(tmp_path, "--select", "segment")
    assert (tmp_path / "results/segment/s1/a/table").exists()
    assert not (tmp_path / "results/total/o").exists()


def test_a_failed_source_ends_the_run(tmp_path: Path) -> None:
    """Nothing is read of what a failed step left, and nothing runs after it."""
    lay_out(tmp_path, ["a"], ["c"], 1)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("shell: cp ${inputs.list} ${outputs.list}",
                                                     "shell: cp ${inputs.list} ${outputs.list}; exit 3"))  # fmt: skip
    run(tmp_path, code=3)
    assert not (tmp_path / "results/count").exists()
    run(tmp_path, code=3)


def test_all_jobs_cannot_be_asked_for_over_read_rows(tmp_path: Path) -> None:
    """Their source would run again beside them."""
    lay_out(tmp_path, ["a"], ["c"], 1)
    run(tmp_path)
    assert "SN741" in run(tmp_path, "--", "--forceall", code=3)


NESTED = """\
sncompile: 1
pipeline: nested
tables:
  slides: {key: slide, rows: [{slide: s1}, {slide: s2}]}
  cores: {key: core, from: "${dearray.cores}", glob: "{core}.tif"}
steps:
  dearray:
    by: slide
    with: {cores: "store/${slide}"}
    module:
      inputs: {cores: {type: directory}}
      outputs: {cores: {type: directory}}
      shell: cp -R ${inputs.cores} ${outputs.cores}
  each: {by: [slide, core], module: ./inner.yaml, with: {image: "${cores.path}"}}
  all:
    with: {made: "${each.made}"}
    module:
      inputs: {made: {type: "file[]"}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.made} > ${outputs.o}
  names:
    by: slide
    with: {cores: "${cores.core}"}
    module:
      params: {cores: {type: "string[]"}}
      outputs: {o: {type: file}}
      shell: echo ${params.cores} > ${outputs.o}
"""
INNER = """\
sncompile: 1
pipeline: inner
inputs: {image: {type: file}}
steps:
  first: {module: ./copy.yaml, with: {f: "${inputs.image}"}}
  second: {module: ./copy.yaml, with: {f: "${first.o}"}}
outputs: {made: "${second.o}"}
"""
COPY = """\
sncompile: 1
module: copy
inputs: {f: {type: file}}
outputs: {o: {type: file}}
command: [cp, "${inputs.f}", "${outputs.o}"]
"""


def test_nested_pipelines_and_steps_that_take_columns_alone(tmp_path: Path) -> None:
    """A pipeline is used for each row; a step of early keys that reads no file of the rows follows them, too."""
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "copy.yaml").write_text(COPY)
    found = {}
    for how in ("plain", "run"):
        for cores in (["a", "b"], ["b", "c", "d"]):
            lay_out(tmp_path, cores, ["z"], 0)
            (tmp_path / "spec.yaml").write_text(NESTED)
            if how == "run":
                run(tmp_path, "--adopt")
            else:
                emit(tmp_path)
                done = snakemake_without_us(tmp_path, "build/nested/Snakefile")
                assert done.returncode == 0, done.stderr[-3000:]
            made = (tmp_path / "results/all/o").read_text(), (tmp_path / "results/names/s1/o").read_text()
            found[how, len(cores)] = made
            assert made == ("".join(f"s1 {core}\n" for core in cores) + "s2 z\n", " ".join(cores) + "\n")
        shutil.rmtree(tmp_path / "results")
    assert found["plain", 3] == found["run", 3]


def test_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is waited for reads the rows and goes on; one in the background is refused until they are there."""
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path, ["a"], ["c"], 1)
    pipeline = LoadedPipeline(Path("spec.yaml"))
    assert "known after dearray" in str(pipeline.plan())
    with pytest.raises(CompileError, match="SN742"):
        pipeline.run()
    pipeline.run(background=False)
    assert total(tmp_path) == expected(["a"], ["c"], 1)
    assert not pipeline.plan().to_run
    shutil.rmtree(tmp_path / "results")
    pipeline.run(select=["dearray", "split"]).wait()
    pipeline.run().wait()
    assert total(tmp_path) == expected(["a"], ["c"], 1)


VALUES = """\
sncompile: 1
pipeline: values
tables:
  chunks: {key: chunk, from: "${split.list}", columns: {cpus: {type: integer}, x: {type: number}, mode: {type: string}, ok: {type: boolean}}}
steps:
  split:
    module:
      outputs: {list: {type: file}}
      shell: "printf 'chunk,cpus,x,mode,ok\\\\na b,1,1.5,\\"q $(x)\\",true\\\\nc,2,-2,y,false\\\\n' > ${outputs.list}"
  count:
    by: chunk
    env: {MODE: "${chunks.mode}"}
    resources: {cpus: "${chunks.cpus}"}
    with: {m: "x-${chunks.mode}-${chunk}"}
    module:
      params: {m: {type: string}}
      outputs: {o: {type: file}}
      shell: "echo ${params.m} \\"$MODE\\" ${resources.cpus} > ${outputs.o}"
  call:
    by: chunk
    with: {n: "${chunks.cpus}", x: "${chunks.x}", m: "${chunks.mode}", ok: "${chunks.ok}", k: "${chunk}"}
    module:
      params: {n: {type: integer}, x: {type: number}, m: {type: string}, ok: {type: boolean}, k: {type: string}}
      outputs: {o: {type: file}}
      python: tool:main
  options:
    with: {n: "${chunks.cpus}", m: "${chunks.mode}"}
    module:
      params: {n: {type: "integer[]"}, m: {type: "string[]"}}
      outputs: {o: {type: file}}
      command: [sh, -c, 'o=$0; echo "$@" > "$o"', "${outputs.o}", {option: --n, value: "${params.n}", repeat: true}, "${params.m}"]
"""  # noqa: E501
TOOL = "def main(o, **more):\n    open(o, 'w').write(repr(sorted(more.items())))\n"


def test_values_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns in words, texts, variables, resources, options and JSON, as text and as what they stand for."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "tool.py").write_text(TOOL)
    (tmp_path / "spec.yaml").write_text(VALUES)
    emit(tmp_path)
    found = []
    for how in ("plain", "run"):
        if how == "run":
            run(tmp_path)
        else:
            done = snakemake_without_us(tmp_path, "build/values/Snakefile")
            assert done.returncode == 0, done.stderr[-3000:]
        found.append({str(p): p.read_text() for p in (tmp_path / "results").rglob("o")})
        shutil.rmtree(tmp_path / "results")
    assert found[0] == found[1]
    assert sorted(found[0].values()) == sorted([
        "x-q $(x)-a b q $(x) 1\n",
        "x-y-c y 2\n",
        "[('k', 'a b'), ('m', 'q $(x)'), ('n', 1), ('ok', True), ('x', 1.5)]",
        "[('k', 'c'), ('m', 'y'), ('n', 2), ('ok', False), ('x', -2)]",
        "--n 1 --n 2 q $(x) y\n",
    ])  # fmt: skip


JOINED = """\
sncompile: 1
pipeline: late
tables:
  samples: {key: sample, rows: [{sample: a, lot: x}, {sample: b, lot: y}]}
  parts: {key: part, from: "${split.list}", columns: {sample: {type: string}}}
steps:
  split:
    module:
      outputs: {list: {type: file}}
      shell: printf 'part,sample\\np,b\\nq,a\\n' > ${outputs.list}
  align:
    by: sample
    with: {name: "${sample}"}
    module:
      params: {name: {type: string}}
      outputs: {bam: {type: file}}
      shell: echo ${params.name} > ${outputs.bam}
  call:
    by: part
    with: {bams: "${align.bam}", lots: "${samples.lot}"}
    module:
      inputs: {bams: {type: "file[]"}}
      params: {lots: {type: "string[]"}}
      outputs: {o: {type: file}}
      shell: (echo ${params.lots}; cat ${inputs.bams} /dev/null) > ${outputs.o}
"""
OWN_KEY = """\
sncompile: 1
pipeline: late
tables:
  lots: {key: part, rows: [{part: p, lot: x}, {part: q, lot: y}]}
  parts: {key: part, from: "${split.list}"}
steps:
  split:
    module:
      outputs: {list: {type: file}}
      shell: printf 'part\\np\\nq\\n' > ${outputs.list}
  call:
    by: part
    over: parts
    with: {lot: "${lots.lot}"}
    module:
      params: {lot: {type: string}}
      outputs: {o: {type: file}}
      shell: echo ${params.lot} > ${outputs.o}
"""


@pytest.mark.parametrize("optional", [False, True])
def test_tables_join_over_a_column_that_a_step_writes(tmp_path: Path, optional: bool) -> None:
    """A run joins them once the rows are there; an emitted file would take nothing, and is refused."""
    text = JOINED.replace("[]", "[]?") if optional else JOINED
    (tmp_path / "spec.yaml").write_text(text)
    refused = sncompile(tmp_path, "compile", "spec.yaml")
    assert refused.returncode == 1
    assert "error[SN642]" in refused.stderr
    assert "`parts` and `samples` join over `sample`, which `split` writes" in refused.stderr
    run(tmp_path)
    assert [(tmp_path / f"results/call/{part}/o").read_text() for part in "pq"] == ["y\nb\n", "x\na\n"]


def test_tables_join_over_a_key_that_a_step_writes(tmp_path: Path) -> None:
    """No row that stands in for a later one has a partner, and none is told to go with no job."""
    (tmp_path / "spec.yaml").write_text(OWN_KEY)
    assert "no fault" in sncompile(tmp_path, "check", "spec.yaml").stdout
    refused = sncompile(tmp_path, "compile", "spec.yaml")
    assert "error[SN642]" in refused.stderr
    run(tmp_path)
    assert [(tmp_path / f"results/call/{part}/o").read_text() for part in "pq"] == ["x\n", "y\n"]


def test_what_nothing_joins_is_told_once_the_rows_are_known(tmp_path: Path) -> None:
    """A column with the names of samples is hardly there for nothing; too late to look one up by it."""
    text = JOINED.replace("sample: {type", "of: {type").replace("part,sample", "part,of")
    (tmp_path / "spec.yaml").write_text(text)
    assert "no fault" in sncompile(tmp_path, "check", "spec.yaml").stdout
    done = sncompile(tmp_path, "run", "spec.yaml", "--cores", "2")
    assert done.returncode == 0
    assert "warning[SN415]" in done.stderr
    assert "call the column `sample`" in done.stderr
    assert "lookup(" not in done.stderr
