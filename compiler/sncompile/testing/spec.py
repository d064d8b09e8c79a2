"""A spec as plain data, and as files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Any
Row = Mapping[str, Any]


class Plain(str):
    """A text that is written into YAML as it is, without quotes: `01`, `1e3`, `true`."""


@dataclass(frozen=True)
class Spec:
    """A spec as plain data.

    `documents` are the modules and nested pipelines by the path they are referred to with; `files` are the rows of
    CSV and TSV files, by path, their cells text. `assets` are the texts of files that belong to modules.
    """

    pipeline: Json
    documents: Mapping[str, Json] = field(default_factory=dict)
    files: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    assets: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Everything that would be written, one file after the other: what a failing test should show."""
        texts = {"pipeline.yaml": document_text(self.pipeline)}
        texts |= {name: document_text(document) for name, document in self.documents.items()}
        texts |= {name: "\n".join(map(str, rows)) + "\n" for name, rows in self.files.items()}
        return "\n".join(f"--- {name}\n{text}" for name, text in texts.items())


def yaml_of(value: Any) -> str:
    """Plain data as YAML on one line; strings are quoted, so that nothing in them means anything.

    >>> print(yaml_of({"key": ["a", Plain("01")], "n": 1.5}))
    {"key": ["a", 01], "n": 1.5}
    """
    if isinstance(value, Plain):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{yaml_of(k)}: {yaml_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml_of, value)) + "]"
    if isinstance(value, str):
        letters = json.dumps(value, ensure_ascii=False)
        return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in letters)
    return json.dumps(value)


def document_text(document: Mapping[str, Any]) -> str:
    """A document with one line for every key, and one for every step."""
    lines = ["sncompile: 1"]
    for key, value in document.items():
        if key == "steps":
            lines += ["steps:", *(f"  {name}: {yaml_of(step)}" for name, step in value.items())]
        elif key != "sncompile":
            lines.append(f"{key}: {yaml_of(value)}")
    return "\n".join(lines) + "\n"


def write_spec(spec: Spec, folder: Path) -> Path:
    """Write a spec and everything it refers to into a folder; returns the pipeline's file."""
    for name, rows in spec.files.items():
        with _place(folder, name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if name.endswith(".tsv") else ",")
            writer.writeheader()
            writer.writerows(rows)
    for name, document in spec.documents.items():
        _place(folder, name).write_text(document_text(document), encoding="utf-8")
    for name, text in spec.assets.items():
        _place(folder, name).write_text(text, encoding="utf-8")
    main = folder / "pipeline.yaml"
    main.write_text(document_text(spec.pipeline), encoding="utf-8")
    return main


def _place(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
