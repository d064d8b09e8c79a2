"""Every fault of an exchange: its code, where it stands, and whether there is a result all the same."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from sncompile.diagnostics import Fault, Severity
from sncompile.faults import exchange as faults

from . import bilayers

SPEC = """\
citations:
  - name: Small
docker_image: {org: lab, name: small, tag: "1.0"}
algorithm_folder_name: small
exec_function:
  name: generate_cli_command
  cli_command: tool --run
  hidden_args:
    - {cli_tag: --quiet, value: "1"}
inputs:
  - name: images
    type: image
    cli_tag: --in
    default: directory
    optional: False
    format: [tiff]
outputs:
  - name: table
    type: measurement
    cli_tag: --out
    default: single
    optional: False
    folder_name: /out/table.csv
parameters:
  - name: size
    type: integer
    default: 5
    cli_tag: --size
    optional: True
  - name: mode
    type: radio
    options: [{label: A, value: a}, {label: B, value: b}]
    default: a
    cli_tag: --mode
    optional: False
"""

MODULE = """\
sncompile: 1
module: small
title: Small
inputs:
  images: {type: directory}
outputs:
  table: {type: file, format: csv}
params:
  size: {type: integer, default: 5}
container: {image: "lab/small:1.0"}
command:
  - tool
  - {option: --size, value: "${params.size}"}
  - {option: --in, value: "${inputs.images}"}
  - {option: --out, value: "${outputs.table}"}
"""


class Case(NamedTuple):
    """What is changed in the text above, what is told of it, and the start of the line that it is told at."""

    old: str
    new: str
    fault: Fault
    line: str


IMPORT = [
    Case("exec_function:", "run:", faults.NOT_BILAYERS, "citations:"),
    Case(SPEC, "- a\n- b\n", faults.NOT_BILAYERS, "- a"),
    Case("cli_command: tool --run", "cli_command:", faults.BAD_FIELD, "name: generate_cli_command"),
    Case("cli_command: tool --run", "cli_command: tool 'x", faults.BAD_FIELD, "cli_command: tool 'x"),
    Case("--size\n", '"--size \'x"\n', faults.BAD_FIELD, 'cli_tag: "--size'),
    Case("type: integer", "type: number", faults.BAD_FIELD, "type: number"),
    Case("type: image", "type: integer", faults.BAD_FIELD, "type: integer"),
    Case("    type: image\n", "", faults.BAD_FIELD, "- name: images"),
    Case("- name: size", "- name:", faults.BAD_FIELD, "- name:"),
    Case("optional: True", "optional: maybe", faults.BAD_FIELD, "optional: maybe"),
    Case("cli_tag: --size", "cli_order: first", faults.BAD_FIELD, "cli_order: first"),
    Case("cli_tag: --size", "cli_tag: [--size]", faults.BAD_FIELD, "cli_tag: [--size]"),
    Case("inputs:\n", "inputs: none\nmore:\n", faults.BAD_FIELD, "inputs: none"),
    Case('value: "1"', "value: null", faults.BAD_FIELD, "- {cli_tag: --quiet"),
    Case("options: [{label: A, value: a}, {label: B, value: b}]", "options: []", faults.BAD_FIELD, "options: []"),
    Case("options: [{label: A, value: a}", "options: [{label: A}", faults.BAD_FIELD, "options: [{label: A}"),
    Case("default: 5", "default: 5\n    step: 1", faults.UNKNOWN_FIELD, "step: 1"),
    Case("citations:", "authors: me\ncitations:", faults.UNKNOWN_FIELD, "authors: me"),
    Case("- name: mode", "- name: size", faults.SAME_NAME, "- name: size"),
    Case("- name: mode", "- name: images", faults.SHARED_NAME, "- name: images"),
    Case("inputs:", "results:\ninputs:", faults.OLD_FORM, "results:"),
    Case("  name: generate", "  script: run\n  name: generate", faults.OLD_FORM, "script: run"),
    Case("citations:\n  - name: Small", "citations:\n  algorithm: [{name: S}]", faults.OLD_FORM, "algorithm:"),
    Case("cli_tag: --in", 'cli_tag: "None"', faults.NOWHERE, 'cli_tag: "None"'),
    Case("--out\n", '"None"\n', faults.FIXED_FOLDER, 'cli_tag: "None"'),
    Case(
        "optional: False\n    folder_name", "optional: True\n    folder_name", faults.OPTIONAL_OUTPUT, "optional: True"
    ),
    Case("default: 5", "default: 5.5", faults.BAD_DEFAULT, "default: 5.5"),
    Case("default: a", "default: c", faults.BAD_DEFAULT, "default: c"),
    Case("default: 5", "default: [5]", faults.BAD_DEFAULT, "default: [5]"),
    Case(
        "type: integer\n    default: 5", 'type: textbox\n    default: "*.tif"', faults.SHELL_WORDS, 'default: "*.tif"'
    ),
    Case('value: "1"', 'value: "*.tif"', faults.SHELL_WORDS, "- {cli_tag: --quiet"),
    Case('value: "1"', 'value: ""', faults.NO_EFFECT, "- {cli_tag: --quiet"),
    Case('value: "1"}', 'value: "1"}\n    - {cli_tag: --quiet, value: "2"}', faults.NO_EFFECT, "- {cli_tag: --quiet"),
    Case("type: radio", "type: dropdown\n    multiselect: True", faults.ONE_CHOICE, "multiselect: True"),
    Case('tag: "1.0"', "tag: 1.10", faults.UNQUOTED, "docker_image:"),
    Case("value: b", "value: True", faults.UNQUOTED, "options:"),
    Case("name: small, tag", "tag", faults.NEEDED, "docker_image:"),
    Case("format: [tiff]", 'format: ["a tiff"]', faults.LOST, 'format: ["a tiff"]'),
]

EXPORT = [
    Case(MODULE[MODULE.index("command:") :], "shell: tool\n", faults.NO_COMMAND, "module: small"),
    Case("${params.size}", "${params.size + 1}", faults.NO_ARGUMENT, "- {option: --size"),
    Case("${params.size}", "${resources.cpus}", faults.NO_ARGUMENT, "- {option: --size"),
    Case("${params.size}", "${params.size}x${params.size}", faults.NO_ARGUMENT, "- {option: --size"),
    Case("${params.size}", "n${params.size}", faults.NO_ARGUMENT, "size:"),
    Case("${inputs.images}", "${params.size}", faults.NO_ARGUMENT, "images:"),
    Case('"${params.size}"}', '"${params.size}", when: "${params.size > 1}"}', faults.NO_ARGUMENT, "- {option: --size"),
    Case("type: directory", 'type: "directory[]"', faults.NO_ARGUMENT, "- {option: --in"),
    Case("type: integer, default: 5", "type: boolean, default: true", faults.NO_ARGUMENT, "- {option: --size"),
    Case("default: 5", "default: 5, minimum: 1", faults.LOST, "size:"),
    Case("default: 5", 'default: 5, pattern: "[0-9]"', faults.LOST, "size:"),
    Case("container:", "resources: {cpus: 2}\ncontainer:", faults.LOST, "resources:"),
    Case("container:", "success: {non_empty: true}\ncontainer:", faults.LOST, "table:"),
    Case("container:", "version: 3\ncontainer:", faults.LOST, "module:"),
    Case("lab/small:1.0", "lab/small@sha256:abc", faults.LOST, "container:"),
    Case('small:1.0"', 'small:1.0", env: {A: "1"}', faults.LOST, "container:"),
    Case("format: csv", 'format: csv, path: "x.csv"', faults.LOST, "table:"),
    Case('container: {image: "lab/small:1.0"}\n', "", faults.NEEDED, "module: small"),
    Case("type: integer, default: 5", 'type: string, default: "a b"', faults.SHELL_WORDS, "size:"),
]


def _named(case: Case) -> str:
    return f"{case.fault.code}: {case.new.strip()[:40]}"


@pytest.mark.parametrize("case", IMPORT, ids=_named)
def test_import(case: Case) -> None:
    """One change of a correct spec: one fault, at its line, with a mend."""
    text = SPEC.replace(case.old, case.new, 1)
    assert text != SPEC
    found = bilayers.imported(text)
    _check(case, text, found.diagnostics, found.text)


@pytest.mark.parametrize("case", EXPORT, ids=_named)
def test_export(case: Case) -> None:
    """One change of a correct module."""
    text = MODULE.replace(case.old, case.new, 1)
    assert text != MODULE
    found = bilayers.exported(text)
    _check(case, text, found.diagnostics, found.text)


def _check(case: Case, text: str, found: tuple[object, ...], made: str | None) -> None:
    told = [d for d in found if d.code == case.fault.code]  # type: ignore[attr-defined]
    assert told, found
    assert case.line in [bilayers.at(d, text)[: len(case.line)] for d in told]  # type: ignore[arg-type]
    assert all(d.help for d in told)  # type: ignore[attr-defined]
    assert (made is None) == (case.fault.severity is Severity.ERROR)


def test_the_texts_above_are_correct() -> None:
    assert bilayers.imported(SPEC).diagnostics == ()
    assert bilayers.exported(MODULE).diagnostics == ()


def test_every_fault_has_a_case() -> None:
    there = {f.code for f in vars(faults).values() if isinstance(f, Fault)}
    elsewhere = {faults.OUTDATED.code}  # In `test_export.py`: it takes a module that was imported.
    assert there - elsewhere == {case.fault.code for case in (*IMPORT, *EXPORT)}
