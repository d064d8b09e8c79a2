"""Where the data of a project lies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


class DataConfig:
    """The places of a project: its workspace, its images, and a folder for what is passing.

    They are kept as absolute paths, so that it does not matter from where things are run.
    """

    def __init__(
        self,
        workspace_path: str | os.PathLike[str],
        images_path: str | os.PathLike[str] | None = None,
        scratch_path: str | os.PathLike[str] | None = None,
        *,
        dataset_path: str | os.PathLike[str] | None = None,
        storage_path: str | os.PathLike[str] | None = None,
    ) -> None:
        # StarryNight's newer notebooks call the images the dataset; where that is stored makes no difference here.
        images_path = images_path if images_path is not None else dataset_path or storage_path
        self.workspace_path = Path(os.path.abspath(workspace_path))
        """Where StarryNight writes."""
        self.images_path = Path(os.path.abspath(images_path)) if images_path is not None else None
        """The dataset: images and what belongs to them."""
        self.scratch_path = (
            Path(os.path.abspath(scratch_path)) if scratch_path is not None else self.workspace_path / "scratch"
        )
        """Where runs have their working folders."""

    def data_roots(self) -> Mapping[str, Path]:
        """The data roots of a spec."""
        places = {"workspace": self.workspace_path, "images": self.images_path, "scratch": self.scratch_path}
        return {name: path for name, path in places.items() if path is not None}

    def __repr__(self) -> str:
        return "\n".join(f"{name:<10}{path}" for name, path in self.data_roots().items())
