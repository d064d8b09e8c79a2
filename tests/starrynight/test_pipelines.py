"""The three pipelines: what they order, and that they run, all steps, with the test double (decisions 0023, 0085)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sncompile.api import check
from sncompile.ir.jobs.expansion import jobs
from sncompile.semantics.program import Options
from tests.engines.snakemake_jobs import dry_run, emit, misformatted
from tests.starrynight.dataset import CP_CHANNELS, SBS_CHANNELS, make_dataset
from tests.starrynight.library import (
    FACTS,
    HERE,
    MODULES,
    PIPELINES,
    called,
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

GENERIC = old_names(FACTS["pipelines"]["pcp_generic"])


SETTINGS = f"""\
barcode_csv: barcodes.csv
plugin: plugins
cp_nuclei_channel: {CP_CHANNELS[2]}
cp_cell_channel: {CP_CHANNELS[0]}
cp_mito_channel: {CP_CHANNELS[1]}
sbs_nuclei_channel: {SBS_CHANNELS[4]}
"""
GIVEN = ("--params", "set.yaml")


def prepared(folder: Path, **size: Any) -> Path:
    """A folder with a data set, its index, barcodes and an experiment, as a user has them before the main pipeline."""
    make_dataset(folder, **{"cycles": 3, **size})
    (folder / "barcodes.csv").write_text("barcode,gene\n")
    (folder / "plugins").mkdir()
    for name in ("callbarcodes", "compensatecolors"):
        (folder / "plugins" / f"{name}.py").write_text("")
    (folder / "set.yaml").write_text(SETTINGS)
    for pipeline in PIPELINES.glob("*.yaml"):
        shutil.copy(pipeline, folder)
    run(folder, "index.yaml")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One plate with three cycles, as the older pipelines have them, two wells and two sites, indexed."""
    return prepared(tmp_path_factory.mktemp("small"))


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


def test_pcp_generic_runs(small: Path, tmp_path: Path) -> None:
    """CellProfiler runs for each plate, cycle and site by itself, and all of it is there in the end."""
    folder = copied(small, tmp_path)
    told = run(folder, "pcp_generic.yaml", *GIVEN)
    assert "41 of 41 jobs done" in told
    units = [call for call in calls(folder) if call[0] == "cp"]
    assert len(units) == 1 + 4 + 4 + 3 + 4 + 4 + 4
    assert all(call[call.index("--jobs") + 1] == "1" for call in units)
    sites = {f"Batch1-Plate1-{well}-{site:04d}" for well in ("A1", "B2") for site in range(2)}
    assert {p.name for p in (folder / "workspace" / "analysis").iterdir()} == sites
    assert len(list((folder / "workspace" / "illum" / "sbs" / "illum_calc").iterdir())) == 3
    experiment = json.loads((folder / "workspace" / "experiment" / "experiment.json").read_text())
    assert experiment["cp_config"]["nuclei_channel"] == CP_CHANNELS[2]
    assert experiment["sbs_config"]["n_cycles"] == 3


def test_pcp_stitchcrop_runs(small: Path, tmp_path: Path) -> None:
    """The stitching waits for the images of its well and its script, and for no file that nobody writes."""
    folder = copied(small, tmp_path)
    told = run(folder, "pcp_stitchcrop.yaml", *GIVEN)
    assert "48 of 48 jobs done" in told
    cropped = folder / "workspace" / "stitchcrop" / "cp" / "cropped"
    assert sorted(p.name for p in cropped.iterdir()) == ["Batch1-Plate1-A1", "Batch1-Plate1-B2"]
    assert all(any(well.iterdir()) for well in cropped.iterdir())


def test_images_may_lie_elsewhere(small: Path, tmp_path: Path) -> None:
    """The tool joins relative paths with the folder of the images: the pipeline's own are absolute to it."""
    folder = copied(small, tmp_path)
    run(folder, "pcp_generic.yaml", *GIVEN, "--until", "cp_segcheck_cp")
    (csv,) = (folder / "workspace/cellprofiler/loaddata/cp/segcheck").rglob("*A1^0000#segcheck.csv")
    assert str(folder / "workspace" / "illum" / "cp" / "illum_apply") in csv.read_text()


def test_raw_images_are_inputs(small: Path, tmp_path: Path) -> None:
    """So containers see them, and a change is a reason to run again."""
    folder = copied(small, tmp_path)
    graph = emit(folder / "pcp_generic.yaml", options(folder))
    found = {job.id: job for job in jobs(graph)}
    images = found["sbs_illum_apply_cp/Batch1/Plate1/A1/0000"].inputs["images"]
    assert isinstance(images, list)
    assert len(images) == 3
    assert all(Path(image).is_absolute() and Path(image).is_file() for image in images)


def options(folder: Path, **sets: str) -> Options:
    """The settings of a small project, for a compile."""
    words = dict(line.split(": ", 1) for line in SETTINGS.splitlines())
    return Options(sets={**words, **sets}, invoked_from=folder)


def indexed(folder: Path, where: str, name: str) -> str:
    """An index of some rows of the project's own."""
    whole = folder / "workspace" / "index" / "index.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{whole}' WHERE {where}) TO '{folder / name}' (FORMAT PARQUET)")
    return name


@pytest.mark.parametrize(
    ("where", "counts"),
    [
        ("NOT is_sbs_image", {"cp_segcheck_cp": 4, "sbs_illum_calc_cp": 0, "analysis_cp": 0}),
        ("is_sbs_image", {"cp_illum_calc_cp": 0, "sbs_preprocess_cp": 4, "analysis_cp": 0}),
        ("NOT is_sbs_image OR site_id = '0000'", {"cp_segcheck_cp": 4, "sbs_preprocess_cp": 2, "analysis_cp": 2}),
    ],
)
def test_assays_stand_for_themselves(where: str, counts: dict[str, int], small: Path, tmp_path: Path) -> None:
    """One assay alone, or other sites in one than in the other: what has images is done, and both where both are."""
    folder = copied(small, tmp_path)
    index = indexed(folder, where, "part.parquet")
    graph = emit(folder / "pcp_generic.yaml", options(folder, index=index))
    steps = [job.step for job in jobs(graph)]
    assert {step: steps.count(step) for step in counts} == counts


@pytest.mark.parametrize(
    ("where", "jobs", "writes"),
    [
        ("NOT is_sbs_image AND site_id = '0000' AND well_id = 'A1'", 11, "segmentation/cp/segcheck"),
        ("is_sbs_image AND site_id = '0000' AND well_id = 'A1'", 13, "preprocess/sbs"),
    ],
)
def test_each_assay_runs(where: str, jobs: int, writes: str, small: Path, tmp_path: Path) -> None:
    """Cell Painting alone and sequencing alone come to their end."""
    folder = copied(small, tmp_path)
    index = indexed(folder, where, "part.parquet")
    told = run(folder, "pcp_generic.yaml", *GIVEN, "--set", f"index={index}")
    assert f"{jobs} of {jobs} jobs done" in told
    assert "SN753" not in told
    (site,) = {p.name.rpartition("-")[2] for p in (folder / "workspace" / writes).glob("*-0000")}
    assert site == "0000"


def test_what_cellprofiler_writes_is_counted(small: Path, tmp_path: Path) -> None:
    """All that StarryNight's own pipelines write of a site; of one's own nobody knows more than that there is some."""
    folder = copied(small, tmp_path)
    (folder / "mine.cppipe").write_text("own\n")
    found = {job.step: job for job in jobs(emit(folder / "pcp_generic.yaml", options(folder)))}
    own = {
        job.step: job for job in jobs(emit(folder / "pcp_generic.yaml", options(folder, analysis_cppipe="mine.cppipe")))
    }
    saved = json.loads((HERE / "cellprofiler.json").read_text("utf-8"))["saved"]
    for step, kind in (("sbs_preprocess_cp", "preprocess_sbs"), ("analysis_cp", "analysis")):
        command = found[step].command or []
        # The overlay is there for every twentieth site alone.
        of_each = [name for name in saved[kind] if not name.startswith("overlay/")]
        assert command[command.index("--least") + 1] == str(len(of_each))
    command = own["analysis_cp"].command or []
    assert command[command.index("--least") + 1] == "2"


def test_nuclei_of_the_sequencing_may_have_a_name_of_their_own(small: Path, tmp_path: Path) -> None:
    """Channels that the older pipelines have no name for are named by the message."""
    folder = copied(small, tmp_path)
    other = "[replace(c, 'DAPI', 'DAPI2') for c in channel_dict]"
    whole = folder / "workspace" / "index" / "index.parquet"
    rows = f"SELECT * REPLACE (CASE WHEN is_sbs_image THEN {other} ELSE channel_dict END AS channel_dict)"
    duckdb.sql(f"COPY ({rows} FROM '{whole}') TO '{folder / 'other.parquet'}' (FORMAT PARQUET)")
    found = check(folder / "pcp_generic.yaml", options(folder, index="other.parquet", sbs_nuclei_channel="DAPI2"))
    assert found.diagnostics == ()
    told = check(
        folder / "pcp_generic.yaml", options(folder, index="other.parquet", sbs_nuclei_channel="A")
    ).diagnostics
    assert [d.code for d in told] == ["SN355"]
    assert told[0].message.endswith("(`infer.unnamed_channels` is `DAPI2`)")


def test_memory_and_time_are_estimates_that_can_be_scaled(small: Path, tmp_path: Path) -> None:
    """By a factor for all of CellProfiler's jobs."""
    folder = copied(small, tmp_path)
    twice = {job.step: job for job in jobs(emit(folder / "pcp_generic.yaml", options(folder, memory_factor="1.5")))}
    assert twice["cp_illum_calc_cp"].resources["memory_mb"] == 3000
    emit(folder / "pcp_generic.yaml", options(folder, memory_factor="2", time_factor="3"))
    text = (folder / "build" / "pcp_generic" / "Snakefile").read_text("utf-8")
    assert "2000000000 + 60 * size(input.corrected_images)" in text
    assert "(5400 + 6" in text


def test_cell_painting_needs_no_barcodes(small: Path, tmp_path: Path) -> None:
    """They are asked for where there are sequencing images, and so are the plugins."""
    folder = copied(small, tmp_path)
    words = {name: value for name, value in options(folder).sets.items() if name not in ("barcode_csv", "plugin")}
    index = indexed(folder, "NOT is_sbs_image", "part.parquet")
    assert not check(folder / "pcp_generic.yaml", Options(sets={**words, "index": index}, invoked_from=folder)).failed
    found = check(folder / "pcp_generic.yaml", Options(sets=words, invoked_from=folder))
    assert [d.code for d in found.diagnostics] == ["SN355"]


def test_a_new_plate_runs_its_own_jobs(tmp_path: Path) -> None:
    """And a new cycle those of its plate's sequencing; what was done of other plates stays."""
    folder = prepared(tmp_path, plates=2, wells=("A1",), sites=1)
    second = "NOT is_image OR plate_id = 'Plate1'"
    index = indexed(folder, second, "now.parquet")
    run(folder, "pcp_generic.yaml", *GIVEN, "--set", f"index={index}")
    before = len(calls(folder))
    indexed(folder, "true", "now.parquet")
    run(folder, "pcp_generic.yaml", *GIVEN, "--set", f"index={index}")
    new = calls(folder)[before:]
    assert new
    assert all("Plate2" in " ".join(call) for call in new if call[0] != "cp")
    assert len([call for call in new if call[0] == "cp"]) == 1 + 1 + 1 + 3 + 1 + 1 + 1


def test_more_cycles_than_the_tool_knows_are_told(small: Path, tmp_path: Path) -> None:
    """Its own CellProfiler pipelines are for three; with those of one's own there may be more."""
    folder = copied(small, tmp_path)
    whole = folder / "workspace" / "index" / "index.parquet"
    more = f"SELECT * REPLACE ('4' AS cycle_id, key || '4' AS key) FROM '{whole}' WHERE cycle_id = '1'"
    duckdb.sql(f"COPY (SELECT * FROM '{whole}' UNION ALL {more}) TO '{folder / 'more.parquet'}' (FORMAT PARQUET)")
    found = check(folder / "pcp_generic.yaml", options(folder, index="more.parquet"))
    assert [d.code for d in found.diagnostics if d.code == "SN355"] == ["SN355"]
    own = {}
    for name in ("sbs_illum_apply_cppipe", "sbs_preprocess_cppipe", "analysis_cppipe"):
        (folder / f"{name}.cppipe").write_text("own\n")
        own[name] = f"{name}.cppipe"
    graph = emit(folder / "pcp_generic.yaml", options(folder, index="more.parquet", **own))
    found_jobs = {job.id: job for job in jobs(graph)}
    job = found_jobs["sbs_preprocess_cp/Batch1/Plate1/A1/0000"]
    assert job.inputs["cppipe"] == "sbs_preprocess_cppipe.cppipe"
    assert not [name for name in found_jobs if name.startswith("sbs_preprocess_cppipe/")]


def test_the_image_is_one_parameter(small: Path, tmp_path: Path) -> None:
    """Without it nothing is said of containers, and nothing is invented."""
    folder = copied(small, tmp_path)
    called = {"image": "example/starrynight:1"}
    boxed = [job for job in jobs(emit(folder / "pcp_generic.yaml", options(folder, **called))) if job.container]
    assert {job.container for job in boxed} == {"example/starrynight:1"}
    assert {job.step for job in boxed} >= {"index_plate", "cp_illum_calc_loaddata", "analysis_cp"}
    assert not [job for job in jobs(emit(folder / "pcp_generic.yaml", options(folder))) if job.container]


def test_settings_from_outside_reach_the_steps(small: Path, tmp_path: Path) -> None:
    """What a lab's cluster needs, without a copy of the library."""
    folder = copied(small, tmp_path)
    given = "".join(f"      {line}\n" for line in SETTINGS.splitlines())
    (folder / "main.yaml").write_text(
        "sncompile: 1\npipeline: mine\ndata: {workspace: workspace}\nsteps:\n  pcp:\n"
        f"    module: starrynight/pipelines/pcp_generic\n    with:\n{given}"
        '    override: {"*_cp": {resources: {memory: 8GB}, retries: 2}}\n'
    )
    found = {job.step: job for job in jobs(emit(folder / "main.yaml"))}
    assert found["pcp.cp_segcheck_cp"].resources["memory_mb"] == 8000
    assert found["pcp.cp_segcheck_cp"].settings["retries"] == 2
    assert found["pcp.cp_segcheck_loaddata"].resources["memory_mb"] == 1000


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
    graph = emit(folder / "pcp_generic.yaml", options(folder))
    direct: dict[str, set[str]] = {}
    for job in jobs(graph):
        direct.setdefault(job.step, set()).update(other.partition("/")[0] for other in job.after)
    before = closure(direct)
    wanted = true_order()
    assert {name: {b for b in before[name] if b in wanted} for name in wanted} == wanted


def test_one_job_for_all_runs_too(small: Path, tmp_path: Path) -> None:
    """The same modules without keys, wired by conventions alone: 21 jobs, and the same units in the end."""
    folder = copied(small, tmp_path)
    given = "".join(f"      {line}\n" for line in SETTINGS.splitlines() if line.partition("_")[0] in ("cp", "sbs"))
    experiment = f"  experiment:\n    module: starrynight/experiments/pcp_generic\n    with:\n{given}"
    text = by_convention(GENERIC, use_legacy=True, plugin="plugins", jobs=1)
    (folder / "main.yaml").write_text(text.replace("steps:\n", "steps:\n" + experiment, 1))
    told = run(folder, "main.yaml")
    assert "22 of 22 jobs done" in told
    assert len(list((folder / "workspace" / "analysis").glob("Batch1-*/Image.csv"))) == 4


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
    with:
      index: "${part.part}"
      unit: ["${batch}", "${plate}", "${cycle}"]
      uow: [batch_id, plate_id, cycle_id]
      use_legacy: false
  pipe:
    module: starrynight/sbs_illum_calc_cppipe
    with: {loaddata: "${load.loaddata[0]}", use_legacy: false}
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
        "SELECT concat_ws('_', b, p, w, s, {0}, {1}) AS key, '{{images}}' AS prefix, 'data' AS dataset_id, "
        "'Batch' || b AS batch_id, 'Plate' || p AS plate_id, {2} AS cycle_id, 'A' || w AS well_id, "
        "s::VARCHAR AS site_id, {0} AS is_sbs_image, true AS is_image, {3} AS channel_dict "
        "FROM range(1, 3) t(b), range(1, 4) u(p), range(1, 7) v(w), range(1, 21) x(s)"
    )
    cp = one.format("false", "0", "NULL", "['DNA', 'CELL', 'MITO']")
    images = path.parents[2] / "images"
    images.mkdir()
    sbs = one.format("true", "c", "c::VARCHAR", "['DNA', 'A', 'C', 'G', 'T']")
    rows = f"{cp} UNION ALL {sbs}, range(1, 13) y(c)".replace("{images}", str(images))
    connection = duckdb.connect()
    connection.execute(f"COPY ({rows}) TO '{path}' (FORMAT PARQUET)")
    for (key,) in connection.execute("SELECT key FROM read_parquet(?)", [str(path)]).fetchall():
        (images / key).touch()


def test_a_realistic_index_makes_a_short_snakefile(tmp_path: Path) -> None:
    """3,777 jobs in a Snakefile whose length does not follow from them, and Snakemake accepts each."""
    shutil.copy(PIPELINES / "pcp_generic.yaml", tmp_path)
    (tmp_path / "plugins").mkdir()
    sets = {"barcode_csv": "barcodes.csv", "plugin": "plugins"}
    for name in ("sbs_illum_apply_cppipe", "sbs_preprocess_cppipe", "analysis_cppipe"):
        sets[name] = f"{name}.cppipe"
    for name in list(sets.values()):
        (tmp_path / name).exists() or (tmp_path / name).write_text("")
    write_index(tmp_path / "workspace" / "index" / "index.parquet")
    graph = emit(tmp_path / "pcp_generic.yaml", Options(sets=sets, invoked_from=tmp_path))
    mine = {(job.step, *sorted(map(str, job.outputs.values()))): job for job in jobs(graph)}
    # An index and load data for each plate, four CellProfiler pipelines that are not one's own, the experiment.
    assert len(mine) == 1 + 6 * (2 + 7 + 4) + 6 + 72 + 5 * 720
    place = tmp_path / "build" / "pcp_generic" / "Snakefile"
    snakefile = place.read_text()
    assert 400 <= len(snakefile.splitlines()) <= 605
    assert misformatted(place) == ""
    # What differs between jobs is in paths and tables of images, and not in a table for each rule.
    assert snakefile.count("= Table(") <= 5
    events = dry_run(graph)
    assert len(events) == len(mine)


def test_stages_are_put_together_without_wiring(tmp_path: Path) -> None:
    """`starrynight/cp_illum_calc` is the three modules of a stage; stages meet at their usual places."""
    channels = {"cp": ["nuclei", "cell"], "sbs": ["nuclei"], "analysis": ["nuclei", "cell", "mito"]}
    steps = []
    for stage in dict.fromkeys(new_name(old).rpartition("_")[0] for old in GENERIC):
        assay = stage.partition("_")[0]
        named = {f"{role}_channel": f"<{'sbs' if assay == 'sbs' else 'cp'}.{role}>" for role in channels[assay]}
        given = {} if stage.endswith("illum_calc") else named
        if stage in ("sbs_preprocess", "analysis"):
            given |= {"barcode_csv": "barcodes.csv", "plugin": "plugins"}
        steps.append(f"  {stage}: {{module: starrynight/{stage}, with: {json.dumps(given)}}}\n")
    found = jobs_of(pipeline_text(steps), tmp_path)
    commands = {name.replace(".", "_"): called(job, tmp_path)[:3] for name, job in found.items()}
    assert commands == {new_name(old): true_command(old)[:3] for old in GENERIC}
    order = closure({name: set(job.after) for name, job in found.items()})
    assert {n.replace(".", "_"): {b.replace(".", "_") for b in before} for n, before in order.items()} == true_order()


def test_an_edited_copy_of_the_library_is_taken_all_through(small: Path, tmp_path: Path) -> None:
    """By its name: the modules inside of its pipelines are the copy's as well."""
    folder = copied(small, tmp_path)
    shutil.copytree(PIPELINES.parent, folder / "sn")
    module = folder / "sn" / "cp_illum_calc_cp.yaml"
    module.write_text(module.read_text().replace('memory: "${2 * params.memory_factor * attempt}GB"', "memory: 7GB"))
    given = "".join(f"      {line}\n" for line in SETTINGS.splitlines())
    (folder / "main.yaml").write_text(
        "sncompile: 1\npipeline: mine\ndata: {workspace: workspace}\nmodules: {starrynight: ./sn}\nsteps:\n  pcp:\n"
        f"    module: starrynight/pipelines/pcp_generic\n    with:\n{given}"
    )
    found = {job.step: job for job in jobs(emit(folder / "main.yaml"))}
    assert found["pcp.cp_illum_calc_cp"].resources["memory_mb"] == 7000


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
    assert all(
        job.command is not None and job.command[job.command.index("-o") + 1] == "results/illum/cp/illum_calc"
        for job in jobs(graph)
    )
    events = dry_run(graph)
    assert sorted(e["output"][0] for e in events) == sorted(str(job.outputs["illum"]) for job in jobs(graph))


def test_the_library_is_used_from_a_project(small: Path, tmp_path: Path) -> None:
    """A pipeline of the library as a step of one's own, in one's own workspace."""
    folder = copied(small, tmp_path)
    (folder / "main.yaml").write_text(
        "sncompile: 1\npipeline: mine\ndata: {workspace: workspace}\nsteps:\n"
        "  pcp:\n    module: starrynight/pipelines/pcp_generic\n    with:\n"
        + "".join(f"      {line}\n" for line in SETTINGS.splitlines())
    )
    told = sncompile(folder, "plan", "main.yaml", "--json")
    plan = json.loads(told[told.index("{") :])
    assert plan["jobs"] == 41
    assert not plan["warnings"]
    # Without data roots of its own the pipeline's are beside the spec, and not where the library is installed.
    (folder / "main.yaml").write_text((folder / "main.yaml").read_text().replace("data: {workspace: workspace}\n", ""))
    told = sncompile(folder, "plan", "main.yaml", "--json")
    assert json.loads(told[told.index("{") :])["inputs"] == plan["inputs"]
