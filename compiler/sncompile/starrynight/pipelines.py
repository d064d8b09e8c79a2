"""StarryNight's pipelines for an experiment."""

from __future__ import annotations

from collections.abc import Iterator
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


def create_index_pipeline(data_config: DataConfig) -> tuple[list[LibraryModule], LoadedPipeline]:
    """The pipeline that lists the files of a dataset and reads what their paths say, and its modules."""
    spec = files("sncompile.specs") / "starrynight" / "pipelines" / "index.yaml"
    modules = [library_class(name)(data_config) for name in ("inventory", "index")]
    return modules, load(str(spec), data=data_config)


_OWN = ("unit", "index_unit", "well_images", "experiments/pcp_generic")
"""What the pipelines use that is no module of StarryNight's."""


def _created(
    name: str, data_config: DataConfig, experiment: PCPGenericExperiment
) -> tuple[list[LibraryModule], LoadedPipeline]:
    spec = files("sncompile.specs") / "starrynight" / "pipelines" / f"{name}.yaml"
    pipeline = load(str(spec), data=data_config)
    values = experiment.pipeline_values()
    pipeline.params.update({n: v for n, v in values.items() if n in pipeline.params and v is not None})
    inputs = {"index": experiment.index_path, "barcode_csv": experiment.params.get("barcode_csv_path")}
    pipeline.inputs.update({n: v for n, v in inputs.items() if n in pipeline.inputs and v is not None})
    used: dict[str, None] = {}
    for reference in _references(pipeline):
        if reference.startswith("starrynight/") and reference.removeprefix("starrynight/") not in _OWN:
            used.setdefault(reference.removeprefix("starrynight/"))
    modules = [library_class(each).from_config(data_config, experiment) for each in used]
    for module in modules:
        # What is set of them would have no effect on the pipeline.
        module.inputs.closed = module.params.closed = (
            "set it of the pipeline (`pipeline.params`), or make a module of its own: `….from_config(…)`"
        )
    return modules, pipeline


def _references(pipeline: LoadedPipeline) -> Iterator[str]:
    """The modules that a pipeline of the library uses, those of pipelines in it too."""
    for step in pipeline._document().steps.values():
        reference = getattr(step.module, "name", "")
        if reference.startswith("starrynight/pipelines/"):
            yield from _references(load(str(files("sncompile.specs").joinpath(*f"{reference}.yaml".split("/")))))
        else:
            yield reference
