"""Writes the configuration of a pooled Cell Painting experiment as StarryNight reads it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NUMBERS = ("cp_im_per_well", "cp_img_overlap_pct", "sbs_im_per_well", "sbs_n_cycles", "sbs_img_overlap_pct")
LISTS = ("cp_channel_list", "cp_custom_channel_map", "sbs_channel_list", "sbs_custom_channel_map")
TEXTS = (
    "dataset_id", "index_path", "barcode_csv_path", "data_production_contact", "data_processing_contact",
    "cp_nuclei_channel", "cp_cell_channel", "cp_mito_channel", "cp_img_frame_type", "cp_acquisition_order",
    "sbs_nuclei_channel", "sbs_cell_channel", "sbs_mito_channel", "sbs_img_frame_type", "sbs_acquisition_order",
    "experiment",
)  # fmt: skip

DEFAULTS = {"sbs_cell_channel": "CELL", "sbs_mito_channel": "MITO"}
"""StarryNight wants a text for these, though nothing reads it."""
LEGACY = {"nuclei": "DNA", "cell": "Phalloidin", "mito": "ZO1"}
"""What the older pipelines call the channels of Cell Painting."""


def main() -> None:
    """Read the arguments and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in NUMBERS:
        parser.add_argument(f"--{name}", type=int, default=0)
    for name in LISTS:
        parser.add_argument(f"--{name}", nargs="*", default=[])
    for name in TEXTS:
        parser.add_argument(f"--{name}", default=DEFAULTS.get(name))
    parser.add_argument("--use_legacy", action="store_true")
    given = vars(parser.parse_args())
    for name in ("index_path", "barcode_csv_path"):
        # StarryNight reads it from wherever it is started.
        given[name] = os.path.abspath(given[name] or ".")
    both_maps(given)
    text = json.dumps(experiment(given), indent=2, ensure_ascii=False)
    Path(given["experiment"]).write_text(text + "\n", "utf-8")


def experiment(given: dict[str, Any]) -> dict[str, Any]:
    """The configuration, under StarryNight's names."""
    return {
        "dataset_id": given["dataset_id"],
        "index_path": given["index_path"],
        "inventory_path": None,
        "data_production_contact": given["data_production_contact"],
        "data_processing_contact": given["data_processing_contact"],
        "init_config_": None,
        "use_legacy": given["use_legacy"],
        "cp_config": assay(given, "cp"),
        "sbs_config": {
            **assay(given, "sbs"),
            "n_cycles": given["sbs_n_cycles"],
            "barcode_csv_path": given["barcode_csv_path"],
        },
    }


def both_maps(given: dict[str, Any]) -> None:
    """StarryNight puts the two maps together where there is one of Cell Painting, so there must be the other then.

    Without maps its older pipelines know the channels of Cell Painting and the bases, and nuclei of the sequencing only
    by the name that they have in Cell Painting.
    """
    nuclei, channels = given["sbs_nuclei_channel"], given["sbs_channel_list"]
    if given["use_legacy"] and channels and not given["cp_custom_channel_map"] and nuclei != given["cp_nuclei_channel"]:
        given["cp_custom_channel_map"] = [f"{given[f'cp_{role}_channel']}={name}" for role, name in LEGACY.items()]
    known = dict(entry.split("=", 1) for entry in given["cp_custom_channel_map"])
    if known and not given["sbs_custom_channel_map"]:
        if given["use_legacy"]:
            known = {nuclei: LEGACY["nuclei"], **known}
        given["sbs_custom_channel_map"] = [f"{name}={known.get(name, name)}" for name in channels]


def assay(given: dict[str, Any], prefix: str) -> dict[str, Any]:
    """What both assays have; `prefix` is `cp` or `sbs`."""
    names = (
        "im_per_well", "img_overlap_pct", "img_frame_type", "channel_list", "acquisition_order", "nuclei_channel",
        "cell_channel", "mito_channel",
    )  # fmt: skip
    found: dict[str, Any] = {name: given[f"{prefix}_{name}"] for name in names}
    return {**found, "custom_channel_map": channel_map(given[f"{prefix}_custom_channel_map"])}


def channel_map(entries: Sequence[str]) -> dict[str, str] | None:
    """`CHANNEL=NAME` entries as a mapping."""
    return dict(entry.split("=", 1) for entry in entries) if entries else None


if __name__ == "__main__":
    main()
