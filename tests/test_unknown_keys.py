"""A key that is not known is told, wherever it stands, also in a document that others use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sncompile import api

EXAMPLES = Path(__file__).parents[1] / "specs" / "examples"
SPECS = {path.stem: path for path in sorted(EXAMPLES.glob("*/*.yaml"))}


def mappings(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The ways to all mappings of a document."""
    if isinstance(node, dict):
        yield path
        for key, held in node.items():
            yield from mappings(held, (*path, key))
    elif isinstance(node, list):
        for number, held in enumerate(node):
            yield from mappings(held, (*path, number))


def with_key(text: str, path: tuple[str | int, ...]) -> str:
    """A document with a key more in the mapping at a path."""
    document = node = yaml.safe_load(text)
    for part in path:
        node = node[part]
    node["surprise"] = 4
    return yaml.safe_dump(document, sort_keys=False)


@pytest.mark.parametrize("name", SPECS)
def test_no_key_more_in_a_module_is_a_fault_of_the_compiler(name: str, tmp_path: Path) -> None:
    """What its schema refuses must not be looked for later."""
    folder = tmp_path / name
    left = shutil.ignore_patterns("build", "images", "logs", "results", "runs", ".snakemake")  # of runs in place
    shutil.copytree(SPECS[name].parent, folder, ignore=left)
    tried = 0
    for module in sorted(folder.rglob("modules/*.yaml")):
        text = module.read_text("utf-8")
        for path in mappings(yaml.safe_load(text)):
            module.write_text(with_key(text, path), "utf-8")
            checked = api.check(folder / SPECS[name].name)  # An exception is a fault.
            assert checked.failed or path[:1] == ("annotations",), (module.name, path)
            tried += 1
        module.write_text(text, "utf-8")
    assert tried > 20
