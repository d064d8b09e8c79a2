"""What is wrong in StarryNight and pipecraft today, each tried here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sncompile.api import check, compile_graph, default_out
from tests.engines.snakemake_jobs import dry_run
from tests.starrynight.library import (
    FACTS,
    calls,
    graph_from,
    implied_pairs,
    old_names,
    pipeline_text,
    run,
    step_text,
)

FLOW = FACTS["pipelines"]["pcp_generic"]


def test_the_order_of_seq_is_kept(tmp_path: Path) -> None:
    """All 129 pairs that the flow implies hold in the emitted Snakefile, as Snakemake itself sees its jobs."""
    pairs = implied_pairs(FLOW)
    assert len(pairs) == 129
    steps = [step_text(old, old) for old in old_names(FLOW)]
    graph = graph_from(pipeline_text(steps, f"flow: {json.dumps(FLOW)}\n"), tmp_path)
    compile_graph(graph).write(default_out(graph))
    for needed in ("ws/index/index.parquet", "barcodes.csv", "ws/experiment/experiment.json", "plugins/one.py"):
        (tmp_path / needed).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / needed).touch()
    events = {event["rule_name"]: event for event in dry_run(graph)}
    writer = {path: name for name, event in events.items() for path in event["output"]}
    direct = {name: {writer[i] for i in event["input"] if i in writer} for name, event in events.items()}

    def before(name: str) -> set[str]:
        return direct[name].union(*(before(other) for other in direct[name]))

    assert [(a, b) for a, b in sorted(pairs) if a not in before(b)] == []


HOSTILE = 'DA\'PI "x" {y} {{z}} $HOME `id` ; touch pwned & \\ * ~ é'


def test_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    """Spaces, quotes, braces and `;` in values and in the workspace's path, really run."""
    place = tmp_path / "my 'work' space"
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "a#illum_apply.csv").write_text("Metadata_Batch\nB\n")
    text = pipeline_text([step_text("pipe", "cp_apply_illum_gen_cppipe", loaddata="load")])
    text = text.replace('"<cp.nuclei>"', json.dumps(HOSTILE)).replace('"<cp.cell>"', json.dumps("--sbs; rm -rf x"))
    (tmp_path / "main.yaml").write_text(text)
    run(tmp_path, "main.yaml", "--data", f"workspace={place}")
    (call,) = calls(tmp_path)
    assert call[call.index("--nuclei") + 1] == HOSTILE
    assert call[call.index("--cell") + 1] == "--sbs; rm -rf x"
    assert call[call.index("-w") + 1] == f"{place}/illum/cp/illum_apply"
    assert not list(tmp_path.rglob("pwned"))


def test_environment_threads_and_resources_are_emitted(tmp_path: Path) -> None:
    """Those of the module, and those that a step sets instead."""
    step = (
        "  load:\n    module: starrynight/cp_illum_calc_loaddata\n"
        "    env: {OMP_NUM_THREADS: '4'}\n    resources: {memory: 8GB, time: 2h}\n"
        "    container: example/starrynight:1\n"
    )
    graph = graph_from(pipeline_text([step]), tmp_path)
    compile_graph(graph).write(default_out(graph))
    (tmp_path / "ws" / "index").mkdir(parents=True)
    (tmp_path / "ws" / "index" / "index.parquet").touch()
    (tmp_path / "ws" / "experiment").mkdir()
    (tmp_path / "ws" / "experiment" / "experiment.json").touch()
    (event,) = dry_run(graph)
    assert event["threads"] == 1
    assert (event["resources"]["mem_mb"], event["resources"]["runtime"]) == (8000, 120)
    assert "export OMP_NUM_THREADS=4" in event["shellcmd"]
    assert 'container:\n        "docker://example/starrynight:1"' in _snakefile(tmp_path)


def _snakefile(folder: Path) -> str:
    return (folder / "build" / "main" / "Snakefile").read_text("utf-8")


def test_an_empty_result_does_not_count_as_done(tmp_path: Path) -> None:
    """CellProfiler finds nothing to do and is content; the job has failed, and it is done anew."""
    (tmp_path / "load").mkdir()
    (tmp_path / "pipe.cppipe").write_text(json.dumps({"kind": "illum_calc_painting", "legacy": True}))
    (tmp_path / "main.yaml").write_text(
        pipeline_text([step_text("cp", "cp_calc_illum_invoke_cp", loaddata="load", cppipe="pipe.cppipe")])
    )
    told = run(tmp_path, "main.yaml", fails=True)
    assert "starrynight cp failed: Found 0 cppipe files. No work to be done" in told
    (tmp_path / "image.tiff").touch()
    row = {"Metadata_Batch": "B", "Metadata_Plate": "P", "Metadata_Site": "1", "Metadata_Well": "A1"}
    for channel in ("DNA", "Phalloidin", "ZO1"):
        row |= {f"FileName_Orig{channel}": "image.tiff", f"PathName_Orig{channel}": str(tmp_path)}
    text = f"{','.join(row)}\n{','.join(row.values())}\n"
    (tmp_path / "load" / "B^P#illum_calc.csv").write_text(text)
    run(tmp_path, "main.yaml")
    assert (tmp_path / "ws" / "illum" / "cp" / "illum_calc" / "B-P" / "P_IllumDNA.npy").is_file()


def test_a_file_or_a_directory_is_told_by_its_type(tmp_path: Path) -> None:
    """A folder with a suffix stays a folder, a file without one a file."""
    pipe = "{module: starrynight/cp_illum_calc_cppipe, with: {loaddata: '${load.loaddata}'}, outputs: {cppipe: ws/p}}"
    steps = [
        "  load: {module: starrynight/cp_illum_calc_loaddata, outputs: {loaddata: ws/load.d}}\n",
        f"  pipe: {pipe}\n",
    ]
    graph = graph_from(pipeline_text(steps), tmp_path)
    compile_graph(graph).write(default_out(graph))
    assert 'loaddata=directory("ws/load.d")' in _snakefile(tmp_path)
    assert re.search(r'cppipe=ensure\(\s*"ws/p",\s*non_empty=True', _snakefile(tmp_path))


TWICE = [step_text("one", "cp_calc_illum_gen_loaddata"), step_text("two", "cp_calc_illum_gen_loaddata")]
RING = [
    "  load: {module: starrynight/cp_illum_calc_loaddata, after: [cp]}\n",
    step_text("pipe", "calc_illum_gen_cppipe"),
    step_text("cp", "cp_calc_illum_invoke_cp"),
]


@pytest.mark.parametrize(
    ("steps", "code", "told"),
    [
        (TWICE, "SN502", "both write `ws/cellprofiler/loaddata/cp/illum_calc`"),
        (RING, "SN501", "steps wait for each other: `load` → `cp` → `pipe` → `load`"),
    ],
)
def test_two_writers_and_cycles_are_refused(steps: list[str], code: str, told: str, tmp_path: Path) -> None:
    """Before anything is emitted, also where they follow from conventions alone."""
    (tmp_path / "main.yaml").write_text(pipeline_text(steps))
    found = check(tmp_path / "main.yaml")
    assert found.failed
    assert [d.message for d in found.diagnostics if d.code == code and told in d.message]


def test_the_stitching_waits_for_its_scripts(tmp_path: Path) -> None:
    """Not for `fiji/completed.txt`, which nobody writes: all that its jobs need is written, or said to be missing."""
    olds = ["stitchcrop_gen_pipeline", "stitchcrop_invoke_fiji"]
    (tmp_path / "main.yaml").write_text(pipeline_text(step_text(old, old) for old in olds))
    found = check(tmp_path / "main.yaml")
    missing = {d.message.split("`")[1] for d in found.diagnostics}
    assert missing == {"ws/index/index.parquet", "ws/experiment/experiment.json", "ws/illum/cp/illum_apply"}
    program = found.require()
    assert program.steps[olds[1]].inputs["pipeline"].type.base == "directory"
    assert "completed" not in str(program.steps[olds[1]].inputs)
