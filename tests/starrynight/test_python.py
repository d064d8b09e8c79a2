"""StarryNight's names in Python: the notebook of its execution system runs as it stands, with the test double."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sncompile as sn
from sncompile.notebook.settings import Settings
from sncompile.starrynight.modules import class_names, module_class
from tests.starrynight.dataset import CP_CHANNELS, SBS_CHANNELS, make_dataset
from tests.starrynight.library import HERE
from tests.waiting import PATIENCE

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "starrynight.ipynb"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a data set and barcodes, where `starrynight` is the test double."""
    make_dataset(tmp_path, cycles=3)
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "barcodes.csv").write_text("barcode,gene\n")
    (tmp_path / "workspace" / "plugins").mkdir()
    for name in ("callbarcodes", "compensatecolors"):
        (tmp_path / "workspace" / "plugins" / f"{name}.py").write_text("")
    places = (str(HERE / "double"), str(Path(sys.executable).parent), os.environ["PATH"])
    monkeypatch.setenv("PATH", os.pathsep.join(places))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_notebook_runs(project: Path) -> None:
    """Every cell, in a kernel of its own; and its results can be seen without looking into files."""
    papermill = pytest.importorskip("papermill", reason="papermill is not installed")
    done = papermill.execute_notebook(
        str(NOTEBOOK), str(project / "done.ipynb"), progress_bar=False, cwd=str(project), start_timeout=PATIENCE
    )
    shown = {cell["id"]: _shown(cell) for cell in done.cells if cell.cell_type == "code"}
    assert "Parses every path" in shown["cell-05"]
    assert "PhalloAF750" in shown["cell-09"]
    assert "<svg" in shown["cell-11"]
    assert "analysis_cp" in shown["cell-13"]
    assert (project / "workspace" / "index" / "index.parquet").stat().st_size > 0
    assert list((project / "scratch" / "runs" / "complete_pipeline" / "runs").iterdir())


def _shown(cell: Any) -> str:
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts += [str(output.get("text", "")), *(str(text) for text in data.values())]
    return "".join(parts)


def test_every_module_is_a_class() -> None:
    """StarryNight's registry, by its classes' names: each is made, and nine could not be."""
    assert len(class_names()) >= 36
    for name in class_names():
        found = module_class(name)
        assert found is not None
        assert found().spec.command or found().spec.script


def test_an_unknown_channel_is_refused_with_the_channels_there(project: Path) -> None:
    """An experiment whose roles name no channel of the index stops, and says which there are."""
    from sncompile.starrynight import DataConfig, GenIndexModule, PCPGenericExperiment

    config = DataConfig("workspace", "images", "scratch")
    sn.SnakemakeBackend(print_exec=False).run(
        GenIndexModule.from_config(config).pipeline, working_dir=config.scratch_path / "runs" / "index"
    )
    given = {"nuclear_channel": "DAPY", "cell_channel": "PhalloAF750", "mito_channel": "ZO1AF488"}
    with pytest.raises(sn.CompileError, match="`DAPY` is not in `cp_channel_list`") as caught:
        PCPGenericExperiment.from_index(
            config.workspace_path / "index.yaml", {**given, "barcode_csv_path": "workspace/barcodes.csv"}
        )
    assert any("DAPI" in str(d.help) for d in caught.value.diagnostics)


def test_a_module_takes_what_the_experiment_knows(project: Path) -> None:
    """And keeps what is set of it afterwards."""
    from sncompile.starrynight import DataConfig

    made = module_class("CPIllumCalcGenLoadDataModule")
    assert made is not None
    module = made.from_config(DataConfig("workspace"), use_legacy=True)
    assert module.params["use_legacy"] is True
    module.params["use_legacy"] = False
    assert module.params["use_legacy"] is False
    with pytest.raises(sn.CompileError, match="use_legcy"):
        made.from_config(DataConfig("workspace"), use_legcy=True)


@pytest.fixture
def config(project: Path) -> Any:
    """The project's places, with its index made."""
    from sncompile.starrynight import DataConfig, create_index_pipeline

    made = DataConfig(workspace_path="workspace", dataset_path="images", scratch_path="scratch")
    modules, pipeline = create_index_pipeline(made)
    assert [module.library_name for module in modules] == ["inventory", "index"]
    sn.SnakemakeBackend(print_exec=False, containers="none").run(pipeline, working_dir=made.scratch_path / "index")
    return made


MITO = CP_CHANNELS[1].replace("-", "")


def initial(**more: Any) -> dict[str, Any]:
    """An initial configuration as StarryNight's documents have it."""
    return {
        "barcode_csv_path": Path("workspace/barcodes.csv"), "cp_nuclei_channel": CP_CHANNELS[2],
        "cp_cell_channel": CP_CHANNELS[0], "cp_mito_channel": MITO, "sbs_nuclei_channel": SBS_CHANNELS[4],
        "sbs_cell_channel": CP_CHANNELS[0], "sbs_mito_channel": MITO, "cp_custom_channel_map": None,
        "sbs_custom_channel_map": "", **more,
    }  # fmt: skip


def test_the_initial_configuration_has_all_its_forms(config: Any) -> None:
    """`None`, the empty text of a form, mappings, enumerations, and StarryNight's own class."""
    from enum import Enum

    from sncompile.starrynight import PCPGenericExperiment, PCPGenericInitConfig

    class Frame(Enum):
        ROUND = "round"

    index = config.workspace_path / "index" / "index.parquet"
    found = PCPGenericExperiment.from_index(index, initial(cp_img_frame_type=Frame.ROUND))
    assert found.cp_custom_channel_map == []
    assert found.sbs_cell_channel == CP_CHANNELS[0]
    mapped = PCPGenericInitConfig(**initial(cp_custom_channel_map={CP_CHANNELS[2]: "DNA"}))
    found = PCPGenericExperiment.from_index(index, mapped)
    assert found.cp_custom_channel_map == [f"{CP_CHANNELS[2]}=DNA"]


def test_a_module_of_an_experiment_writes_its_configuration(config: Any) -> None:
    """The older pipelines read it, and nobody else would write it."""
    from sncompile.starrynight import PCPGenericExperiment

    experiment = PCPGenericExperiment.from_index(config.workspace_path / "index.yaml", initial())
    made = module_class("CPCalcIllumGenLoadDataModule")
    assert made is not None
    module = made.from_config(config, experiment)
    sn.SnakemakeBackend(print_exec=False, containers="none").run(module.pipeline, working_dir="scratch/module")
    told = json.loads((config.workspace_path / "experiment" / "experiment.json").read_text())
    assert told["cp_config"]["cell_channel"] == CP_CHANNELS[0]
    assert list((config.workspace_path / "cellprofiler/loaddata/cp/illum_calc").glob("*.csv"))


def test_a_module_is_compiled_and_its_snakefile_run_by_hand(config: Any) -> None:
    """As StarryNight's documents have it: the index, the experiment, a module; and no engine of ours."""
    from sncompile.starrynight import CPIllumCalcGenLoadDataModule, PCPGenericExperiment

    given = {"nuclear_channel": "DAPI", "cell_channel": CP_CHANNELS[0], "mito_channel": MITO}
    experiment = PCPGenericExperiment.from_index(
        index_path=config.workspace_path / "index.yaml",
        init_config={**given, "barcode_csv_path": "workspace/barcodes.csv", "image_overlap_percentage": 10},
    )
    module = CPIllumCalcGenLoadDataModule.from_config(data_config=config, experiment=experiment)
    backend_config = sn.SnakemakeBackendConfig(use_opentelemetry=False, print_exec=True)
    place = config.scratch_path / "runs" / "by_hand"
    folder = sn.SnakemakeBackend(backend_config).compile(
        pipeline=module.pipeline, config=backend_config, working_dir=place
    )
    words = [sys.executable, "-m", "snakemake", "--snakefile", folder.resolve() / "Snakefile", "--cores", "4"]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list((config.workspace_path / "cellprofiler" / "loaddata" / "cp" / "illum_calc").rglob("*.csv"))


def test_a_script_prints_what_it_executes(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`print_exec` has the commands shown where is neither notebook nor terminal; and the file has its place."""
    from sncompile.starrynight import DataConfig, GenIndexModule

    made = DataConfig(workspace_path="workspace", images_path="images", scratch_path="scratch")
    here = made.scratch_path / "runs" / "index"
    backend = sn.SnakemakeBackend(sn.SnakemakeBackendConfig(print_exec=True, containers="none"))
    backend.run(GenIndexModule.from_config(made).pipeline, working_dir=here)
    told = capfd.readouterr().out
    assert f"starrynight inventory gen -d {made.images_path}" in told
    assert "2 of 2 jobs done" in told
    head = (here / "build" / "index" / "Snakefile").read_text().splitlines()[:6]
    assert head[1].endswith(" from Python")
    assert head[4:] == [
        "# Run it from the folder in which its paths begin:",
        "#     snakemake --snakefile build/index/Snakefile --cores 4",
    ]


def test_the_newer_notebooks_backend(project: Path) -> None:
    """One for each pipeline, with its folder; and the order of images by its enumeration."""
    from sncompile.starrynight import (
        AcquisitionOrderType,
        DataConfig,
        GenIndexModule,
        ImageFrameType,
        PCPGenericExperiment,
        PCPGenericInitConfig,
        SnakeMakeBackend,
        SnakeMakeConfig,
        create_pcp_generic_pipeline,
    )

    made = DataConfig(dataset_path=Path("images"), storage_path=Path("images"), workspace_path=Path("workspace"))
    config = SnakeMakeConfig(use_fluent_bit=False, print_exec=False, background=True)
    module = GenIndexModule(made)
    run = SnakeMakeBackend(module.pipe, config, "runs/run001", [], containers="none").run()
    assert run.wait() == "done"
    forms = {"cp_img_frame_type": ImageFrameType.ROUND, "cp_acquisition_order": AcquisitionOrderType.ROWS}
    experiment = PCPGenericExperiment.from_index(
        made.workspace_path / "index/index.parquet", PCPGenericInitConfig(**initial(**forms))
    )
    assert experiment.cp_acquisition_order == "rows"
    _, pipeline = create_pcp_generic_pipeline(made, experiment)
    assert (SnakeMakeBackend(pipeline, config, "runs/run002").compile() / "Snakefile").is_file()


def test_what_has_no_effect_is_refused(config: Any) -> None:
    """Settings of the modules that a pipeline was made with, and of what pipelines do not have."""
    from sncompile.starrynight import PCPGenericExperiment, create_pcp_generic_pipeline

    experiment = PCPGenericExperiment.from_index(config.workspace_path / "index.yaml", initial())
    modules, pipeline = create_pcp_generic_pipeline(config, experiment)
    with pytest.raises(sn.CompileError, match="set it of the pipeline"):
        next(m for m in modules if m.library_name == "cp_illum_calc_cp").params["jobs"] = 4
    with pytest.raises(AttributeError, match="override"):
        pipeline.resources = {"memory": "8GB"}


def test_an_error_has_its_place_and_its_help() -> None:
    """Also as a text, as loggers have it."""
    with pytest.raises(sn.CompileError, match=r"there is no parameter `x` \(there are none\)"):
        Settings("parameter", dict, {"x": 1})
