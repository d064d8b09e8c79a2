"""The three pipelines: what they order, and that they run, all steps, with the test double."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sncompile.ir.jobs.expansion import jobs
from sncompile.semantics.program import Options
from tests.engines.snakemake_jobs import dry_run, emit
from tests.starrynight.dataset import make_dataset
from tests.starrynight.folders import CONFIG
from tests.starrynight.library import (
    FACTS,
    MODULES,
    PIPELINES,
    calls,
    jobs_of,
    nested,
    old_names,
    pipeline_text,
    run,
    sncompile,
    step_text,
    true_command,
)
from tests.starrynight.test_modules import new_name

ASSAYS = ("cp", "sbs")
LEGACY = ("--set", "use_legacy=true", "--set", "plugin=plugins")
GENERIC = old_names(FACTS["pipelines"]["pcp_generic"])


def prepared(folder: Path, **size: int) -> Path:
    """A folder with a data set, its index, barcodes and an experiment, as a user has them before the main pipeline."""
    make_dataset(folder, **{"cycles": 3, **size})  # type: ignore[arg-type]
    (folder / "barcodes.csv").write_text("barcode,gene\n")
    (folder / "workspace" / "experiment").mkdir(parents=True)
    channels = {f"{assay}_config": {"custom_channel_map": CONFIG[f"{assay}_custom_channel_map"]} for assay in ASSAYS}
    channels["cp_config"] |= {"img_overlap_pct": 10}
    (folder / "workspace" / "experiment" / "experiment.json").write_text(json.dumps(channels))
    (folder / "plugins").mkdir()
    for plugin in ("callbarcodes", "compensatecolors"):
        (folder / "plugins" / f"{plugin}.py").touch()
    for pipeline in PIPELINES.glob("*.yaml"):
        shutil.copy(pipeline, folder)
    run(folder, "index.yaml")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One plate with three cycles, as the older pipelines have them, two wells and two sites, indexed."""
    return prepared(tmp_path_factory.mktemp("small"))


RELATIVE = pytest.mark.xfail(
    strict=True, reason="the tool looks for relative folders of images where the dataset is, and not in the project"
)


def copied(small: Path, folder: Path) -> Path:
    """A copy of the small project; the index names the images by their absolute paths, which stay."""
    shutil.copytree(small, folder / "project", ignore=shutil.ignore_patterns("images", "runs", "calls"))
    (folder / "project" / "images").symlink_to(small / "images")
    return folder / "project"


def test_the_index_pipeline_writes_an_index(small: Path) -> None:
    """A row for every image, told apart by cycle; what is no image is left out."""
    query = "SELECT is_sbs_image, count(*), count(DISTINCT cycle_id) FROM read_parquet(?) GROUP BY ALL ORDER BY ALL"
    index = small / "workspace" / "index" / "index.parquet"
    assert duckdb.connect().execute(query, [str(index)]).fetchall() == [(False, 4, 0), (True, 12, 3)]
    assert [call[:2] for call in calls(small)] == [["inventory", "gen"], ["index", "gen"]]


@RELATIVE
def test_pcp_generic_runs(small: Path, tmp_path: Path) -> None:
    """CellProfiler runs for each plate, cycle and site by itself, and all of it is there in the end."""
    folder = copied(small, tmp_path)
    told = run(
        folder, "pcp_generic.yaml", "--set", "barcode_csv=barcodes.csv", "--set", "cp_nuclei_channel=DAPI", *LEGACY
    )
    assert "62 of 62 jobs done" in told
    units = [call for call in calls(folder) if call[0] == "cp"]
    assert len(units) == 1 + 4 + 4 + 3 + 4 + 4 + 4
    sites = {f"Batch1-Plate1-{well}-{site:04d}" for well in ("A1", "B2") for site in range(2)}
    assert {p.name for p in (folder / "workspace" / "analysis").iterdir()} == sites
    assert {p.name for p in (folder / "workspace" / "illum" / "sbs" / "illum_calc").iterdir()} == {
        f"Batch1-Plate1-{cycle}" for cycle in (1, 2, 3)
    }
    assert [c for c in calls(folder) if "--nuclei" in c and "DAPI" in c]


@RELATIVE
def test_pcp_stitchcrop_runs(small: Path, tmp_path: Path) -> None:
    """The stitching waits for the images of its well and its script, and for no file that nobody writes."""
    folder = copied(small, tmp_path)
    told = run(folder, "pcp_stitchcrop.yaml", "--set", "barcode_csv=barcodes.csv", *LEGACY)
    assert "67 of 67 jobs done" in told
    cropped = folder / "workspace" / "stitchcrop" / "cp" / "cropped"
    assert sorted(p.name for p in cropped.iterdir()) == ["Batch1-Plate1-A1", "Batch1-Plate1-B2"]
    assert all((well / "Corr.tiff").is_file() for well in cropped.iterdir())
    assert all("--exp_config" in call for call in calls(folder) if call[-1] == "--use_legacy" and "loaddata" in call)


def by_convention(names: list[str], **values: Any) -> str:
    """A pipeline of the modules, one job each, with nothing said of who reads what; `values` go to who takes them."""

    def taken(old: str) -> dict[str, Any]:
        options = {"use_legacy": "--use_legacy", "plugin": "--plugin_dir", "jobs": "--jobs"}
        return {name: value for name, value in values.items() if options[name] in MODULES[old]["optional"]}

    return pipeline_text(step_text(new_name(old), old, **taken(old)) for old in names).replace(
        "ws, images: dataset", "workspace"
    )


def closure(direct: dict[str, set[str]]) -> dict[str, set[str]]:
    """Of everything what comes before it."""
    found: dict[str, set[str]] = {}
    for name in direct:
        pending, found[name] = list(direct[name]), set()
        while pending:
            other = pending.pop()
            if other not in found[name]:
                found[name].add(other)
                pending += direct[other]
    return found


def true_order() -> dict[str, set[str]]:
    """What comes before each module of `pcp_generic`: who writes what it reads, and whom these need in their turn."""

    def paths(old: str, kind: str) -> list[str]:
        facts = MODULES[old]
        found = [*facts[kind], *facts["undeclared"].get(kind, ())]
        return [path.partition("/*")[0].partition("/{Batch")[0] for path in found]

    direct: dict[str, set[str]] = {old: set() for old in GENERIC}
    for reader in GENERIC:
        for writer in GENERIC:
            pairs = [(r, w) for r in paths(reader, "reads") for w in paths(writer, "writes")]
            if writer != reader and any(nested(read, written) for read, written in pairs):
                direct[reader].add(writer)
    # The facts name a folder above the index for what lies beside it.
    return {new_name(old): {new_name(o) for o in found} for old, found in closure(direct).items()}


def test_conventions_order_all_that_depends_and_no_more(tmp_path: Path) -> None:
    """With no binding between the 21 steps, each waits for those that write what it reads."""
    found = jobs_of(by_convention(GENERIC), tmp_path)
    assert closure({name: set(job.after) for name, job in found.items()}) == true_order()


def test_pcp_generic_orders_all_that_depends_and_no_more(small: Path, tmp_path: Path) -> None:
    """The same order holds between the jobs of the pipeline, which range over units of work."""
    folder = copied(small, tmp_path)
    graph = emit(folder / "pcp_generic.yaml", Options(sets={"barcode_csv": "barcodes.csv"}, invoked_from=folder))
    direct: dict[str, set[str]] = {}
    for job in jobs(graph):
        direct.setdefault(job.step, set()).update(other.partition("/")[0] for other in job.after)
    before = closure(direct)
    wanted = true_order()
    assert {name: {b for b in before[name] if b in wanted} for name in wanted} == wanted


@RELATIVE
def test_one_job_for_all_runs_too(small: Path, tmp_path: Path) -> None:
    """The same modules without keys, wired by conventions alone: 21 jobs, and the same units in the end."""
    folder = copied(small, tmp_path)
    (folder / "main.yaml").write_text(by_convention(GENERIC, use_legacy=True, plugin="plugins", jobs=1))
    told = run(folder, "main.yaml")
    assert "21 of 21 jobs done" in told
    assert len(list((folder / "workspace" / "analysis").glob("Batch1-*/MyExpt_Image.csv"))) == 4


UNITS = """\
sncompile: 1
pipeline: units
data: {workspace: workspace}
tables:
  cycles:
    key: [batch, plate, cycle]
    rows: [{batch: Batch1, plate: Plate1, cycle: "1"}, {batch: Batch1, plate: Plate1, cycle: "2"}]
steps:
  part:
    module: starrynight/index_unit
    by: [batch, plate, cycle]
    with: {unit: ["${batch}", "${plate}", "${cycle}"], columns: [batch_id, plate_id, cycle_id]}
    container: {image: "docker://none"}
  load:
    module: starrynight/sbs_illum_calc_loaddata
    by: [batch, plate, cycle]
    with: {index: "${part.part}", unit: ["${batch}", "${plate}", "${cycle}"], uow: [batch_id, plate_id, cycle_id]}
  pipe:
    module: starrynight/sbs_illum_calc_cppipe
    with: {loaddata: "${load.loaddata[0]}"}
  cp:
    module: starrynight/sbs_illum_calc_cp
    by: [batch, plate, cycle]
    with: {cppipe: "${pipe.cppipe}", loaddata: "${load.loaddata}", unit: ["${batch}", "${plate}", "${cycle}"]}
"""


def test_load_data_can_range_over_units_too(small: Path, tmp_path: Path) -> None:
    """Each unit from its part of the index to CellProfiler; a unit that the index does not have fails by itself."""
    folder = copied(small, tmp_path)
    (folder / "units.yaml").write_text(UNITS)
    run(folder, "units.yaml")
    loads = [call for call in calls(folder) if call[:3] == ["illum", "calc", "loaddata"]]
    assert sorted(call[call.index("-o") + 1].rpartition("/")[2] for call in loads) == [
        "Batch1^Plate1^1",
        "Batch1^Plate1^2",
    ]
    found = sorted(p.relative_to(folder).as_posix() for p in folder.glob("workspace/cellprofiler/loaddata/**/*.csv"))
    place = "workspace/cellprofiler/loaddata/sbs/illum_calc/Batch1^Plate1"
    assert found == [f"{place}^{c}/Batch1^Plate1^{c}#illum_calc.csv" for c in (1, 2)]
    (folder / "units.yaml").write_text(UNITS.replace('cycle: "2"', 'cycle: "4"'))
    assert "the index has no rows" in run(folder, "units.yaml", fails=True)


def write_index(path: Path) -> None:
    """The index of a realistic experiment: 2 batches, 3 plates each, 12 cycles, 6 wells, 20 sites."""
    path.parent.mkdir(parents=True)
    one = (
        "SELECT concat_ws('/', b, p, w, s, {0}, {1}) AS key, 'Batch' || b AS batch_id, 'Plate' || p AS plate_id, "
        "{2} AS cycle_id, 'A' || w AS well_id, s::VARCHAR AS site_id, {0} AS is_sbs_image, true AS is_image "
        "FROM range(1, 3) t(b), range(1, 4) u(p), range(1, 7) v(w), range(1, 21) x(s)"
    )
    query = f"{one.format('false', '0', 'NULL')} UNION ALL {one.format('true', 'c', 'c::VARCHAR')}, range(1, 13) y(c)"
    duckdb.connect().execute(f"COPY ({query}) TO '{path}' (FORMAT PARQUET)")


def test_a_realistic_index_makes_a_short_snakefile(tmp_path: Path) -> None:
    """7,370 jobs in a Snakefile whose length does not follow from them, and Snakemake accepts each."""
    shutil.copy(PIPELINES / "pcp_generic.yaml", tmp_path)
    (tmp_path / "barcodes.csv").write_text("barcode,gene\n")
    write_index(tmp_path / "workspace" / "index" / "index.parquet")
    graph = emit(tmp_path / "pcp_generic.yaml", Options(sets={"barcode_csv": "barcodes.csv"}, invoked_from=tmp_path))
    mine = {(job.step, *sorted(job.outputs.values())): job for job in jobs(graph)}  # type: ignore[type-var]
    assert len(mine) == 7 + 7 + 2 * (6 + 720 + 720 + 72 + 720 + 720 + 720)
    lines = len((tmp_path / "build" / "pcp_generic" / "Snakefile").read_text().splitlines())
    assert 400 <= lines <= 800, "some 500"
    events = dry_run(graph)
    assert len(events) == len(mine)
    assert {o for e in events for o in e["output"]} == {o for job in mine.values() for o in job.outputs.values()}
    # Nothing is waited for that nobody writes.
    written = {o for e in events for o in e["output"]}
    waited: set[Any] = {i for e in events for i in e["input"]} - written
    assert waited == {"workspace/index/index.parquet", "barcodes.csv"}


def test_stages_are_put_together_without_wiring(tmp_path: Path) -> None:
    """`starrynight/cp_illum_calc` is the three modules of a stage; stages meet at their usual places."""
    channels = {"cp": ["nuclei", "cell"], "sbs": ["nuclei"], "analysis": ["nuclei", "cell", "mito"]}
    steps = []
    for stage in dict.fromkeys(new_name(old).rpartition("_")[0] for old in GENERIC):
        assay = stage.partition("_")[0]
        named = {f"{role}_channel": f"<{'sbs' if assay == 'sbs' else 'cp'}.{role}>" for role in channels[assay]}
        given = {} if stage.endswith("illum_calc") else named
        given |= {"barcode_csv": "barcodes.csv"} if stage in ("sbs_preprocess", "analysis") else {}
        steps.append(f"  {stage}: {{module: starrynight/{stage}, with: {json.dumps(given)}}}\n")
    found = jobs_of(pipeline_text(steps), tmp_path)
    commands = {name.replace(".", "_"): job.command for name, job in found.items()}
    assert commands == {new_name(old): true_command(old) for old in GENERIC}
    order = closure({name: set(job.after) for name, job in found.items()})
    assert {n.replace(".", "_"): {b.replace(".", "_") for b in before} for n, before in order.items()} == true_order()


KEYED = """\
sncompile: 1
pipeline: keyed
tables: {plates: {key: [batch, plate], rows: %s}}
steps:
  cp:
    module: starrynight/cp_illum_calc_cp
    by: [batch, plate]
    with: {loaddata: load, cppipe: pipe.cppipe, unit: ["${batch}", "${plate}"]}
"""


@pytest.mark.parametrize(
    ("rows", "pattern"),
    [
        ("[{batch: B1, plate: P1}, {batch: B2, plate: P1}]", "results/illum/cp/illum_calc/{batch}-{plate}"),
        ("[{batch: 2024-01, plate: P-1}, {batch: '2024', plate: 02-P}]", "results/illum/cp/illum_calc/{part}"),
    ],
)
def test_units_with_dashes_in_their_names_stay_apart(rows: str, pattern: str, tmp_path: Path) -> None:
    """The tool joins a unit's keys by dashes; where a key holds one, Snakemake must not cut there."""
    (tmp_path / "keyed.yaml").write_text(KEYED % rows)
    (tmp_path / "load").mkdir()
    (tmp_path / "pipe.cppipe").touch()
    graph = emit(tmp_path / "keyed.yaml")
    snakefile = (tmp_path / "build" / "keyed" / "Snakefile").read_text("utf-8")
    assert pattern in snakefile
    assert all(job.command is not None and job.command[7] == "results/illum/cp/illum_calc" for job in jobs(graph))
    events = dry_run(graph)
    assert sorted(e["output"][0] for e in events) == sorted(str(job.outputs["illum"]) for job in jobs(graph))


def test_the_library_is_used_from_a_project(small: Path, tmp_path: Path) -> None:
    """A pipeline of the library as a step of one's own, in one's own workspace."""
    folder = copied(small, tmp_path)
    (folder / "main.yaml").write_text(
        "sncompile: 1\npipeline: mine\ndata: {workspace: workspace}\nsteps:\n"
        "  pcp: {module: starrynight/pipelines/pcp_generic, with: {barcode_csv: barcodes.csv}}\n"
    )
    told = sncompile(folder, "plan", "main.yaml", "--json")
    plan = json.loads(told[told.index("{") :])
    assert plan["jobs"] == 62
    assert not plan["warnings"]
    # Without data roots of its own the pipeline's are beside the spec, and not where the library is installed.
    (folder / "main.yaml").write_text((folder / "main.yaml").read_text().replace("data: {workspace: workspace}\n", ""))
    told = sncompile(folder, "plan", "main.yaml", "--json")
    assert json.loads(told[told.index("{") :])["inputs"] == plan["inputs"]
