"""`${…}` is evaluated or told of wherever a text may stand in a spec; nowhere it stays text without a word."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sncompile.api import check, graph_of
from sncompile.ir.jobs.expansion import jobs
from sncompile.syntax.schema import load_schema

from .test_workbooks import row
from .test_workbooks import write as write_workbook

Pathway = tuple[str | int, ...]
Schema = dict[str, Any]

MODULE: dict[str, Any] = {
    "sncompile": 1,
    "module": "tool",
    "title": "A tool",
    "description": "What it does",
    "version": "1",
    "license": "MIT",
    "citations": ["A paper"],
    "inputs": {
        "i": {
            "type": "file",
            "format": ["csv"],
            "description": "An input",
            "default": "in.csv",
            "as": "in.csv",
            "companions": [".idx"],
        },
        "many": {
            "type": "file[]",
            "format": "csv",
            "description": "Inputs",
            "default": ["a.csv", "b.csv"],
            "companions": ".idx",
        },
    },
    "outputs": {
        "o": {
            "type": "file",
            "format": "txt",
            "description": "An output",
            "path": "out/o.txt",
            "from": "o.txt",
            "companions": ".idx",
            "report": {"category": "Quality", "caption": "What it shows", "labels": {"kind": "text"}},
        },
        "l": {
            "type": "file[]",
            "format": ["txt"],
            "path": ["out/1.txt", "out/2.txt"],
            "from": ["1.txt", "2.txt"],
            "companions": [".idx"],
        },
        "d": {"type": "directory", "path": "out/d"},
        "part": {"type": "file", "in": "d", "path": "part.txt"},
    },
    "params": {
        "x": {"type": "string", "default": "MARK"},
        "e": {"enum": ["a", "b"], "default": "a", "description": "A choice"},
        "p": {"type": "string", "pattern": "[a-zA-Z/]+", "default": "pp"},
        "ps": {"type": "string[]", "default": ["one", "two"]},
    },
    "let": {"named": "${params.x}", "several": ["one more"]},
    "checks": ["${params.e == 'a'}", {"that": "${len(params.x) < 100}", "message": "It is too long"}],
    "command": [
        "tool",
        "${let.named}",
        "${let.several}",
        {"option": "--x", "value": "a value", "when": "${params.x == 'MARK'}"},
        {"flag": "--flag", "when": "${params.e == 'a'}"},
        {"option": "--p=", "value": "${params.p}", "joined": True},
        {"option": "--p", "value": "${params.p}"},
        {"list_file": "${params.ps}", "option": "--l", "prefix": "@"},
        {"list_file": ["a value"]},
        {"option": "--e", "value": "${params.e}"},
        "${params.ps}",
        "${params.x}",
        "${inputs.i}",
        "${inputs.many}",
        "${outputs.o}",
        "${outputs.l}",
        "${outputs.d}",
    ],
    "container": {"image": "org/image:1", "env": {"A": "text", "B": {"value": "another"}}},
    "conda": "env.yaml",
    "version_command": ["tool", "--version"],
    "resources": {"cpus": "${1 + 1}", "memory": "4GB", "disk": "1GB", "time": "5m", "gpus": "${0 + 1}"},
    "success": {"non_empty": ["o"], "sha256": {"o": "0" * 64}, "min_files": {"d": 1}},
    "annotations": {"other": {"said": "something"}},
}

PIPELINE: dict[str, Any] = {
    "sncompile": 1,
    "pipeline": "main",
    "title": "A pipeline",
    "description": "What it does",
    "version": "1",
    "license": "MIT",
    "citations": ["A paper"],
    "data": {"workspace": "results", "images": "images"},
    "inputs": {"given": {"type": "file", "default": "given.csv"}},
    "params": {
        "x": {"type": "string", "default": "MARK"},
        "e": {"enum": ["a"], "default": "a"},
        "g": {"params": {"y": {"type": "string", "default": "in a group"}}, "description": "A group"},
        "m": {"type": "map", "items": {"c": {"type": "string"}}, "default": {"m1": {"c": "in a map"}}},
    },
    "tables": {
        "m": {"key": "mk", "params": "m"},
        "t": {"key": ["k"], "rows": [{"k": "k1", "c": "cell"}, {"k": "k2", "c": "other"}], "description": "Rows"},
        "f": {
            "key": "fk",
            "file": "f.csv",
            "delimiter": ",",
            "comment": "#",
            "columns": {"a": {"type": "string", "default": "a text", "description": "A column"}},
        },
        "h": {"key": "hk", "file": "h.tsv", "header": False, "columns": ["hk", "hc"]},
        "b": {"key": "bk", "file": "b.xlsx", "sheet": "Plates"},
        "g": {"key": ["gk"], "glob": "${data.images}/{gk}.tif"},
        "s": {"key": ["sk"], "sql": "select k as sk, c from t"},
        "l": {"key": "lk", "from": "${one.o}"},
    },
    "let": {"named": "${params.x}", "several": ["one more"]},
    "moved": [{"from": "before", "to": "three"}],
    "checks": ["${params.x != 'no'}", {"that": "${t.c != 'no'}", "over": "t", "message": "Not that"}],
    "infer": {
        "v": {
            "sql": "select c from t",
            "holds": ["at least 1", "contains ${'cell'}"],
            "type": "string[]",
            "description": "What is there",
            "pattern": "[a-zA-Z]+",
            "enum": ["cell", "other", "MARK"],
        },
        "w": {"sql": "select 'w'", "holds": "one value"},
    },
    "modules": {"tool": "./tool.yaml"},
    "steps": {
        "one": {
            "module": "tool",
            "title": "A step",
            "by": ["k"],
            "over": "t",
            "where": "${t.c != 'nothing'}",
            "with": {
                "i": "${inputs.given}",
                "p": "${t.c}",
                "ps": [
                    "three",
                    "${infer.w}",
                    "${s.c}",
                    "${g.path}",
                    "${f.a}",
                    "${m.c}",
                    "${params.g.y}",
                    "${let.named}",
                    "${let.several}",
                ],
            },
            "sha256": {"i": "0" * 64},
            "outputs": {
                "o": "o/${k}.txt",
                "l": ["l/${k}_1.txt", "l/${k}_2.txt"],
                "d": {"path": "d/${k}", "temp": False},
            },
            "when": "${params.e == 'a'}",
            "after": ["two"],
            "resources": {"cpus": 1},
            "container": "org/image:2",
            "env": {"C": "text"},
            "tags": ["tag"],
        },
        "two": {
            "module": {
                "outputs": {"q": {"type": "file"}, "r": {"type": "file[]"}},
                "shell": "echo ${infer_v} ${args} > ${outputs.q}; touch ${outputs.r}".replace("${infer_v}", "hello"),
                "args": ["an argument", {"option": "-o", "value": "a value"}],
                "container": "org/image:3",
            },
            "outputs": {"r": {"path": ["r1_${sk}", "r2_${sk}"]}},
            "by": "sk",
            "over": "s",
            "where": "${s.sk == 'k1'}",
            "after": "four",
        },
        "three": {"module": {"params": {"x": {"type": "string", "default": "MARK"}}, "python": "os.path:join"}},
        "four": {"module": {"params": {"x": {"type": "string", "default": "MARK"}}, "script": "run.py"}},
        "five": {"module": {"params": {"x": {"type": "string", "default": "MARK"}}, "notebook": "run.ipynb"}},
        "seven": {
            "module": {
                "params": {"x": {"type": "string", "default": "MARK"}},
                "script": {"file": "run.py", "object": "snakemake"},
            }
        },
        "six": {"module": "./inner.yaml", "override": {"in_*": {"container": "org/image:4", "env": {"E": "text"}}}},
    },
    "flow": {"seq": ["three", {"parallel": ["four", "five"]}]},
    "outputs": {"o": "${one.o}", "l": "${one.l}", "d": "${one.d}", "q": "${two.q}", "r": "${two.r}"},
}

WITHOUT_QUERIES: dict[str, Any] = copy.deepcopy(PIPELINE)
"""The same with no query, of which each takes a process: for the texts that have nothing to do with them."""
del WITHOUT_QUERIES["infer"]
del WITHOUT_QUERIES["tables"]["s"]["sql"]
WITHOUT_QUERIES["tables"]["s"]["rows"] = [{"sk": "k1", "c": "cell"}, {"sk": "k2", "c": "other"}]
WITHOUT_QUERIES["steps"]["one"]["with"]["ps"][1] = "w"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that the specs name, to stand in."""
    monkeypatch.chdir(tmp_path)
    inner = {"outputs": {"o": {"type": "file"}}, "command": ["touch", "${outputs.o}"]}
    nested = {"sncompile": 1, "pipeline": "inner", "steps": {"in_one": {"module": inner}}}
    (tmp_path / "inner.yaml").write_text(json.dumps(nested))
    for name in ("in.csv", "a.csv", "b.csv", "given.csv", "run.py", "env.yaml"):
        (tmp_path / name).write_text("")
    (tmp_path / "f.csv").write_text("fk,a\n1,fa\n")
    (tmp_path / "h.tsv").write_text("h1\tx\n")
    write_workbook(tmp_path / "b.xlsx", {"Plates": [row("bk"), row("b1")]})
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "g1.tif").write_text("")
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    notebook["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    notebook["cells"] = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "x = 1", "outputs": [], "id": "a",
         "execution_count": None},
    ]  # fmt: skip
    (tmp_path / "run.ipynb").write_text(json.dumps(notebook))
    return tmp_path


class Places:
    """The places of texts, as the schemas have them."""

    def resolved(self, schema: Schema, document: str) -> tuple[Schema, str]:
        """A schema without its reference, and the document that it stands in."""
        while "$ref" in schema:
            name, _, pointer = schema["$ref"].partition("#")
            document = name.removesuffix(".schema.json") or document
            schema = load_schema(document)
            for part in filter(None, pointer.split("/")):
                schema = schema[part]
        return schema, document

    def all(self, kind: str) -> Iterator[Schema]:
        """Every schema that takes a text, once."""
        seen: set[int] = set()
        pending = [(load_schema(kind), kind)]
        while pending:
            schema, document = self.resolved(*pending.pop())
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            if takes_text(schema):
                yield schema
            inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("then")]
            inner.append(schema.get("additionalProperties"))
            pending += [(one, document) for one in inner if isinstance(one, dict)]

    def of(self, held: Any, schema: Schema, document: str, path: Pathway = ()) -> Iterator[tuple[Pathway, Schema]]:
        """Every text in a document, with its path and its schema."""
        schema, document = self.resolved(schema, document)
        if isinstance(held, dict):
            if "then" in schema:
                schema, document = self.resolved(schema["then"], document)
            for name, value in held.items():
                below = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
                if isinstance(below, dict):
                    yield from self.of(value, below, document, (*path, name))
        elif isinstance(held, list):
            for number, value in enumerate(held):
                yield from self.of(value, schema.get("items", schema), document, (*path, number))
        elif isinstance(held, str):
            yield path, schema


def takes_text(schema: Schema) -> bool:
    """Whether a text may stand somewhere."""
    kinds = schema.get("type", ())
    return "string" in ([kinds] if isinstance(kinds, str) else kinds)


def with_text(document: dict[str, Any], path: Pathway, text: str) -> dict[str, Any]:
    """A document with another text at a path."""
    found = copy.deepcopy(document)
    inner: Any = found
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = text
    return found


def pipeline_for(path: Pathway) -> dict[str, Any]:
    """The pipeline in which a text of it is changed."""
    asked = path[0] == "infer" or path[:2] == ("tables", "s") or path[:4] == ("steps", "one", "with", "ps")
    return PIPELINE if asked else WITHOUT_QUERIES


def outcome(folder: Path, module: dict[str, Any], pipeline: dict[str, Any]) -> tuple[list[Any], str]:
    """What is wrong with a pipeline, and what its jobs are."""
    (folder / "tool.yaml").write_text(json.dumps(module))
    (folder / "main.yaml").write_text(json.dumps(pipeline))
    checked = check("main.yaml")
    if checked.failed:
        return [d for d in checked.diagnostics if d.severity == "error"], ""
    told = [str(job) for job in jobs(graph_of(checked.require()))]
    told += [str(dict(t.columns)) for t in checked.require().tables.values()]
    return [], "\n".join(told) + str([i.value for i in checked.require().inferred.values()])


def test_the_documents_have_a_text_at_every_place(folder: Path) -> None:
    """The documents that the other test changes are valid, and leave out no place that takes a text."""
    assert outcome(folder, MODULE, PIPELINE)[0] == outcome(folder, MODULE, WITHOUT_QUERIES)[0] == []
    places, kinds = Places(), (("module", MODULE), ("pipeline", PIPELINE))
    used = {id(schema) for kind, held in kinds for _, schema in places.of(held, load_schema(kind), kind)}
    new = [schema.get("title", schema) for kind, _ in kinds for schema in places.all(kind) if id(schema) not in used]
    assert not new, f"let `MODULE` or `PIPELINE` of this test say a text for {new}"


PLACES = [
    (kind, path, schema.get("$comment"))
    for kind, document in (("module", MODULE), ("pipeline", PIPELINE))
    for path, schema in Places().of(document, load_schema(kind), kind)
]


@pytest.mark.parametrize(
    ("kind", "path", "declared"), PLACES, ids=lambda v: ".".join(map(str, v)) if isinstance(v, tuple) else ""
)
@pytest.mark.parametrize("text", ["${params.x}", "x${params.x}"])
def test_an_expression_is_evaluated_or_told(
    folder: Path, kind: str, path: Pathway, declared: str | None, text: str
) -> None:
    """Prose alone takes `${…}` as it stands."""
    module, pipeline = MODULE, WITHOUT_QUERIES
    if kind == "module":
        module = with_text(MODULE, path, text)
    else:
        pipeline = with_text(pipeline_for(path), path, text)
    errors, told = outcome(folder, module, pipeline)
    if declared == "prose":
        assert errors == []
        return
    if errors:
        assert all(error.help for error in errors)
        assert declared == "template" or any(error.code in ("SN113", "SN104", "SN105", "SN106") for error in errors)
        return
    assert declared == "template"
    assert text not in told
    assert "MARK" in told.replace("params.x", "")


@pytest.mark.parametrize("path", [path for kind, path, comment in PLACES if kind == "pipeline" and comment is None])
def test_a_literal_sign_is_escaped(folder: Path, path: Pathway) -> None:
    """In plain text `$${` is a literal `${`, and no expression."""
    errors, _ = outcome(folder, MODULE, with_text(pipeline_for(path), path, "$${params.x}"))
    assert not any(error.code == "SN113" for error in errors)
