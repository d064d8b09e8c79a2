"""StarryNight's names in Python, over the module library.

    from sncompile.starrynight import DataConfig, GenIndexModule

Every module of the library is a class, by StarryNight's name of it; the classes are made from the YAML documents when
they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sncompile.starrynight.backend import SnakeMakeBackend, SnakeMakeConfig
    from sncompile.starrynight.config import DataConfig
    from sncompile.starrynight.experiments import (
        AcquisitionOrderType,
        ImageFrameType,
        PCPGenericExperiment,
        PCPGenericInitConfig,
    )
    from sncompile.starrynight.pipelines import (
        create_index_pipeline,
        create_pcp_generic_pipeline,
        create_pcp_stitchcrop_pipeline,
    )

__all__ = [
    "AcquisitionOrderType",
    "DataConfig",
    "ImageFrameType",
    "PCPGenericExperiment",
    "PCPGenericInitConfig",
    "SnakeMakeBackend",
    "SnakeMakeConfig",
    "create_index_pipeline",
    "create_pcp_generic_pipeline",
    "create_pcp_stitchcrop_pipeline",
]

_PLACES = {
    "AcquisitionOrderType": "sncompile.starrynight.experiments",
    "DataConfig": "sncompile.starrynight.config",
    "ImageFrameType": "sncompile.starrynight.experiments",
    "SnakeMakeBackend": "sncompile.starrynight.backend",
    "SnakeMakeConfig": "sncompile.starrynight.backend",
    "PCPGenericExperiment": "sncompile.starrynight.experiments",
    "PCPGenericInitConfig": "sncompile.starrynight.experiments",
    "create_index_pipeline": "sncompile.starrynight.pipelines",
    "create_pcp_generic_pipeline": "sncompile.starrynight.pipelines",
    "create_pcp_stitchcrop_pipeline": "sncompile.starrynight.pipelines",
}


def __getattr__(name: str) -> Any:
    # Importing the package must cost nothing: names are fetched, and classes made, when they are used.
    from importlib import import_module

    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    if name.endswith("Module"):
        found = import_module("sncompile.starrynight.modules").module_class(name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from sncompile.starrynight.modules import class_names

    return sorted({*globals(), *_PLACES, *class_names()})
