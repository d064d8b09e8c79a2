"""StarryNight's experiment: what is inferred from an index, and where that stops."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sncompile.api import Checked, check, graph_of
from sncompile.ir.jobs.expansion import jobs
from sncompile.semantics.program import Options

EXPERIMENT = Path(__file__).parents[2] / "specs" / "starrynight" / "experiments" / "pcp_generic.yaml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


ROLES = {
    "nuclear_channel": "DAPI", "cell_channel": "CellMask", "mito_channel": "MitoTracker", "barcode_csv_path": "b.csv",
}  # fmt: skip


def write_index(folder: Path, where: str = "true", channels: str = "['DAPI', 'CellMask', 'MitoTracker']") -> None:
    """An index as StarryNight has it: 2 batches, 3 plates, 6 wells, 4 sites, 12 cycles."""
    (folder / "ws" / "index").mkdir(parents=True, exist_ok=True)
    duckdb.sql(
        f"""copy (
        select 'ds/' || b.range || '/' || p.range || '/' || c.range || '/' || w.range || '_' || s.range as key,
          'ds' as dataset_id, 'Batch' || b.range as batch_id, 'Plate' || p.range as plate_id,
          case when c.range = 0 then null else c.range::varchar end as cycle_id, 'A' || w.range as well_id,
          s.range::varchar as site_id, c.range > 0 as is_sbs_image, true as is_image,
          case when c.range = 0 then {channels} else ['DAPI', 'A', 'T', 'G', 'C'] end as channel_dict
        from range(2) b, range(3) p, range(13) c, range(6) w, range(4) s
        where {where}
        union all
        select 'ds/notes.txt', null, null, null, null, null, null, false, false, null
        ) to '{folder}/ws/index/index.parquet'"""
    )


def experiment(folder: Path, **sets: str) -> Checked:
    """The experiment over an index in `ws`."""
    return check(EXPERIMENT, Options(data={"workspace": "ws"}, sets={**ROLES, **sets}, invoked_from=folder))


def values(checked: Checked) -> dict[str, Any]:
    return {name: inferred.value for name, inferred in checked.inferred.items()}


def test_the_experiment_of_an_even_index(folder: Path) -> None:
    write_index(folder)
    checked = experiment(folder)
    assert checked.diagnostics == ()
    assert values(checked) == {
        "dataset_id": "ds",
        "channels": ("A", "C", "CellMask", "DAPI", "G", "MitoTracker", "T"),
        "cp_im_per_well": 4,
        "cp_channel_list": ("DAPI", "CellMask", "MitoTracker"),
        "cp_custom_channels": (),
        "sbs_im_per_well": 4,
        "sbs_n_cycles": 12,
        "sbs_channel_list": ("DAPI", "A", "T", "G", "C"),
        "sbs_custom_channels": (),
    }


@pytest.mark.parametrize(
    ("where", "code", "told"),
    [
        (
            "not (b.range = 1 and p.range = 2 and c.range = 0 and w.range = 3 and s.range = 1)",
            "SN441",
            "cp_im_per_well",
        ),
        (
            "not (b.range = 1 and p.range = 2 and c.range = 7 and w.range = 3 and s.range = 1)",
            "SN441",
            "sbs_im_per_well",
        ),
        ("not (b.range = 1 and p.range = 2 and c.range = 7 and w.range = 3)", "SN441", "sbs_n_cycles"),
    ],
)
def test_uneven_wells_stop_with_evidence(folder: Path, where: str, code: str, told: str) -> None:
    """Never a number at random: the message names the well that differs."""
    write_index(folder, where)
    found = [d for d in experiment(folder).diagnostics if f"`{told}`" in d.message]
    assert [d.code for d in found] == [code]
    if code == "SN441":
        assert "batch_id=Batch1, plate_id=Plate2, well_id=A3" in found[0].message


def test_wells_with_other_channels_stop_with_evidence(folder: Path) -> None:
    other = "case when w.range = 5 then ['DAPI', 'CellMask'] else ['DAPI', 'CellMask', 'MitoTracker'] end"
    write_index(folder, channels=other)
    (found,) = experiment(folder).diagnostics
    assert found.code == "SN441"
    assert "DAPI, CellMask: 6 rows, at well_id=A5" in found.message.replace("batch_id=Batch0, plate_id=Plate0, ", "")


def test_an_unknown_channel_is_refused(folder: Path) -> None:
    write_index(folder)
    checked = experiment(folder, cp_mito_channel="MitoTraker", sbs_cell_channel="DAPIS")
    assert [(d.code, d.help and d.help.split("?")[0]) for d in checked.diagnostics] == [
        ("SN443", "did you mean `DAPI`"),
        ("SN443", "did you mean `MitoTracker`"),
    ]
    assert [d.code for d in experiment(folder, cp_custom_channel_map="DAPY=DNA").diagnostics] == ["SN443"]
    assert experiment(folder, cp_custom_channel_map="DAPI=DNA,CellMask=x").diagnostics == ()


def written(checked: Checked, folder: Path) -> dict[str, Any]:
    """What the step writes."""
    (folder / "b.csv").write_text("barcode\n")
    (job,) = jobs(graph_of(checked.require()))
    assert job.command is not None
    script = EXPERIMENT.parent / "experiment_json.py"
    place = job.command.index("--experiment") + 1
    command = [sys.executable, script, *job.command[2:place], folder / "experiment.json", *job.command[place + 1 :]]
    subprocess.run(command, check=True, cwd=folder)
    found: dict[str, Any] = json.loads((folder / "experiment.json").read_text())
    return found


def test_the_experiment_is_written_as_starrynight_reads_it(folder: Path) -> None:
    """The step runs, and what it writes has StarryNight's names, and its defaults for what nobody said."""
    write_index(folder)
    told = written(experiment(folder, cp_custom_channel_map="DAPI=DNA", image_overlap_percentage="15"), folder)
    assert told["dataset_id"] == "ds"
    assert told["cp_config"] == {
        "im_per_well": 4, "img_overlap_pct": 15, "img_frame_type": "round", "acquisition_order": "snake",
        "channel_list": ["DAPI", "CellMask", "MitoTracker"], "nuclei_channel": "DAPI", "cell_channel": "CellMask",
        "mito_channel": "MitoTracker", "custom_channel_map": {"DAPI": "DNA"},
    }  # fmt: skip
    assert told["sbs_config"]["n_cycles"] == 12
    assert told["sbs_config"]["cell_channel"] == "CELL"
    # StarryNight puts the two maps together where there is one of Cell Painting, so there is one then.
    assert told["sbs_config"]["custom_channel_map"] == {"DAPI": "DNA", "A": "A", "T": "T", "G": "G", "C": "C"}


def test_nuclei_may_have_another_name_in_each_assay(folder: Path) -> None:
    """The older pipelines call them DNA in both, which StarryNight knows by the two maps alone."""
    write_index(folder, channels="['Hoechst', 'CellMask', 'MitoTracker']")
    told = written(experiment(folder, cp_nuclei_channel="Hoechst"), folder)
    assert told["cp_config"]["custom_channel_map"] == {"Hoechst": "DNA", "CellMask": "Phalloidin", "MitoTracker": "ZO1"}
    assert told["sbs_config"]["custom_channel_map"] == {"DAPI": "DNA", "A": "A", "T": "T", "G": "G", "C": "C"}
    # A map of Cell Painting's channels is taken as it is.
    told = written(experiment(folder, cp_nuclei_channel="Hoechst", cp_custom_channel_map="Hoechst=Nuclei"), folder)
    assert told["cp_config"]["custom_channel_map"] == {"Hoechst": "Nuclei"}
    assert told["sbs_config"]["custom_channel_map"]["DAPI"] == "DNA"
    told = written(experiment(folder, cp_nuclei_channel="Hoechst", use_legacy="false"), folder)
    assert told["cp_config"]["custom_channel_map"] is None
