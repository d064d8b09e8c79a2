"""StarryNight's pipelines for an experiment."""

from __future__ import annotations

from importlib.resources import files

from sncompile.notebook.pipeline import LoadedPipeline, load
from sncompile.starrynight.config import DataConfig
from sncompile.starrynight.experiments import PCPGenericExperiment
from sncompile.starrynight.modules import LibraryModule, library_class


def create_pcp_generic_pipeline(
    data_config: DataConfig, experiment: PCPGenericExperiment
) -> tuple[list[LibraryModule], LoadedPipeline]:
    """The pipeline of pooled Cell Painting, set up for a project and an experiment, and the modules that it uses.

    The modules are there to be looked at, and to be run by themselves; what is to be different in the pipeline is set
    of the pipeline (`pipeline.params`).
    """
    return _created("pcp_generic", data_config, experiment)


def create_pcp_stitchcrop_pipeline(
    data_config: DataConfig, experiment: PCPGenericExperiment
) -> tuple[list[LibraryModule], LoadedPipeline]:
    """As `create_pcp_generic_pipeline`, for the pipeline that stitches and crops."""
    return _created("pcp_stitchcrop", data_config, experiment)


def _created(
    name: str, data_config: DataConfig, experiment: PCPGenericExperiment
) -> tuple[list[LibraryModule], LoadedPipeline]:
    spec = files("sncompile.specs") / "starrynight" / "pipelines" / f"{name}.yaml"
    pipeline = load(str(spec), data=data_config)
    values = experiment.pipeline_values()
    pipeline.params.update({n: v for n, v in values.items() if n in pipeline.params})
    inputs = {"index": experiment.index_path, "barcode_csv": experiment.params.get("barcode_csv_path")}
    pipeline.inputs.update({n: v for n, v in inputs.items() if n in pipeline.inputs and v is not None})
    used: dict[str, None] = {}
    for step in pipeline._document().steps.values():
        reference = getattr(step.module, "name", "")
        if reference.startswith("starrynight/") and reference != "starrynight/unit":
            used.setdefault(reference.removeprefix("starrynight/"))
    return [library_class(each).from_config(data_config, experiment) for each in used], pipeline
