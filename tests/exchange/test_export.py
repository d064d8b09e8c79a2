"""Modules → Bilayers specs: of modules written by hand, and of imported ones that were changed since."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from . import bilayers

HAND = """\
sncompile: 1
module: illum_apply
title: Apply illumination correction
description: Divides a field by the light
license: MIT
citations: ["doi:10.1000/182", A paper on light]
inputs:
  image: {type: file, format: tiff, description: One raw field}
  function: {type: file, format: npy}
  mask: {type: "file?", format: npy}
outputs:
  corrected: {type: file, format: tiff}
  checks: {type: directory}
params:
  clip: {type: number, default: 1.0}
  method: {enum: [mean, median], default: mean}
  name: {type: "string?"}
  fast: {type: boolean, default: false}
container: {image: "ghcr.io/example/illum:1.4.0"}
command:
  - illum
  - apply
  - --clip
  - "${params.clip}"
  - {flag: --fast, when: "${params.fast}"}
  - --quiet
  - {option: --mask, value: "${inputs.mask}"}
  - "--method=${params.method}"
  - {option: --name, value: "${params.name}"}
  - {option: --out, value: "${outputs.corrected}"}
  - --checks
  - "${outputs.checks}"
  - --function
  - "${inputs.function}"
  - "${inputs.image}"
"""


def test_a_module_written_by_hand(tmp_path: Path) -> None:
    """The spec has all that Bilayers needs, and makes the same module again."""
    found = bilayers.exported(HAND)
    assert found.diagnostics == ()
    spec = yaml.safe_load(found.text or "")
    assert spec["exec_function"]["cli_command"] == "illum apply"
    assert [h["cli_tag"] for h in spec["exec_function"]["hidden_args"]] == [""]
    needed = {"name", "type", "label", "cli_tag", "default", "optional", "section_id", "mode"}
    for section in ("inputs", "outputs", "parameters"):
        for item in spec[section]:
            assert needed <= item.keys(), item["name"]
            assert section == "parameters" or "unique_string" in item
    values = {"image": "i.tiff", "function": "f.npy", "name": "n"}
    jobs = [bilayers.job_of(text, tmp_path, values) for text in (HAND, bilayers.module_of(found.text or ""))]
    assert jobs[0].command == jobs[1].command
    assert jobs[0].outputs == jobs[1].outputs
    assert jobs[0].container == jobs[1].container


def test_bilayers_would_run_the_same(tmp_path: Path) -> None:
    """By Bilayers' own rule, with the folders that the spec names."""
    spec = bilayers.spec_of(HAND)
    values = {"image": "i.tiff", "function": "f.npy", "name": "n", "method": "mean", "clip": 1.0, "fast": True}
    job = bilayers.job_of(HAND, tmp_path, {k: v for k, v in values.items() if k != "method"})
    folders = {p["name"]: p["default"] for p in spec["parameters"] if "/bilayers" in str(p["default"])}
    named = {"results/tool/corrected.tiff": folders["corrected"], "results/tool/checks": folders["checks"]}
    expected = [named.get(word, word) for word in job.command or []]
    assert bilayers.words(spec, values | folders) == expected


def test_another_command_is_never_given_out() -> None:
    """Each argument has a form in Bilayers, yet the tool would be called in another way: `x` would be passed."""
    name = 'value: "${params.name}"'
    found = bilayers.exported(HAND.replace(name, name + ", when: \"${params.name != 'x'}\""))
    assert found.text is None
    (told,) = found.diagnostics
    assert (told.code, bilayers.at(told, HAND)) == ("SN822", "module: illum_apply")
    assert told.message.startswith("Bilayers would make another command of `illum_apply`: `--name ${params.name}`")


def changed(old: str, new: str, name: str = "nuclei") -> str:
    """The module of an example, changed by hand before its annotations."""
    module = bilayers.module_of(bilayers.load(name))
    head, mark, notes = module.partition("\nannotations:")
    assert old in head
    return head.replace(old, new) + mark + notes


def told(module: str) -> tuple[bilayers.Spec, list[str]]:
    """The spec of a module, and what is told of it."""
    found = bilayers.exported(module)
    assert found.text is not None, found.diagnostics
    return yaml.safe_load(found.text), [f"{d.code} {d.message}" for d in found.diagnostics]


def item(spec: bilayers.Spec, section: str, name: str) -> dict[str, object]:
    """An item by its name."""
    (found,) = [i for i in spec[section] if i["name"] == name]
    return found


def test_a_changed_default_is_exported() -> None:
    spec, messages = told(changed("default: 15", "default: 20"))
    assert item(spec, "parameters", "min_size")["default"] == 20
    assert messages == []


def test_a_default_that_bilayers_spelt_its_own_way() -> None:
    """An empty text was Bilayers' word for no default; there is one now, and the annotation says otherwise."""
    spec, messages = told(changed('pattern: {type: "string?"}', 'pattern: {type: "string?", default: x}'))
    assert item(spec, "parameters", "pattern")["default"] == "x"
    assert messages == ["SN825 the annotations differ from the module: the default of `pattern`"]


def test_new_options_win_over_the_labels_that_were_kept() -> None:
    spec, messages = told(changed("enum: [0, 1]", "enum: [0, 1, 2]"))
    options = item(spec, "parameters", "channel")["options"]
    assert [o["value"] for o in options] == [0, 1, 2]  # type: ignore[index]
    assert messages == ["SN825 the annotations differ from the module: the allowed values of `channel`"]
    assert item(spec, "parameters", "channel")["label"] == "Channel"


def test_a_changed_tag_is_exported() -> None:
    spec, messages = told(changed("option: --dir", "option: --input-dir"))
    assert item(spec, "inputs", "images")["cli_tag"] == "--input-dir"
    assert item(spec, "inputs", "images")["label"] == "Raw images"
    assert [m[:5] for m in messages] == ["SN825"]


def test_a_parameter_that_was_taken_out() -> None:
    module = changed("  fast: {type: boolean, default: true}\n", "")
    spec, messages = told(module.replace('  - {flag: --fast, when: "${params.fast}"}\n', ""))
    assert "fast" not in [p["name"] for p in spec["parameters"]]
    assert "SN825 the annotations know `fast` of `parameters`, which the module does not have" in messages


def test_a_parameter_that_was_added() -> None:
    fast = "  fast: {type: boolean, default: true}\n"
    module = changed(fast, fast + "  more: {type: integer, default: 1}\n")
    more = '  - {option: --more, value: "${params.more}"}\n'
    spec, _ = told(module.replace("  - --plots\n", "  - --plots\n" + more))
    assert item(spec, "parameters", "more")["cli_tag"] == "--more"
    assert more in bilayers.module_of(spec)


def test_an_output_port_that_was_renamed() -> None:
    module = changed("counts", "tables")
    spec, messages = told(module)
    assert any(m.startswith("SN825") for m in messages)
    assert [o["name"] for o in spec["outputs"]] == ["masks", "outlines", "tables"]


@pytest.mark.parametrize("junk", ["{}", "{inputs: 1}", "{inputs: {images: 2}, parameters: []}", "{exec_function: {}}"])
def test_broken_annotations(junk: str) -> None:
    """They are somebody else's: whatever stands there, the module is exported."""
    spec, _ = told(HAND + f"annotations: {{bilayers: {junk}}}\n")
    assert bilayers.module_of(spec)


def test_annotations_of_others_are_left_alone() -> None:
    plain = bilayers.spec_of(HAND)
    assert bilayers.spec_of(HAND + "annotations: {other: {x: [1, {y: 2}]}}\n") == plain
