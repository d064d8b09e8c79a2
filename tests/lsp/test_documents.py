"""Several documents that are open at once, in the units and line ends that editors have."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from .client import Editor, editor
from .connection import Connection

PIPELINE = """\
sncompile: 1
pipeline: main
title: "\U0001f9ea µ"
steps:
  make:
    module: ./tool.yaml
    with: {word: "\U0001f9ea ${params.wird}"}
params: {word: {type: string, default: x}}
outputs: {all: "${make.out}"}
"""
TOOL = """\
sncompile: 1
module: tool
params: {word: {type: string}}
outputs: {out: {type: file}}
command: [touch, "${params.word}", "${outputs.out}"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "main.yaml").write_text(PIPELINE)
    (tmp_path / "tool.yaml").write_text(TOOL)
    return tmp_path


async def _told(session: Editor, name: str, wanted: str) -> list[str]:
    """What is told of a document, once it has to do with something."""
    while True:
        found = [each.message for each in await session.diagnostics(name)]
        if any(wanted in each for each in found):
            return found
        session.told.pop(session.uri(name))


def test_columns_are_told_in_units_of_the_protocol(folder: Path) -> None:
    async def play() -> None:
        async with editor(folder) as session:
            session.open("main.yaml")
            (found,) = await session.diagnostics("main.yaml")
            assert "did you mean `word`?" in found.message
            # The sign before it has two units, and is one character.
            start = PIPELINE.splitlines()[6].index("wird") + 1
            assert (found.range.start.line, found.range.start.character) == (6, start)
            assert await session.hover("main.yaml", "${params", 10) == ""
            session.change("main.yaml", PIPELINE.replace("wird", "word").replace("\n", "\r\n"))
            assert await session.diagnostics("main.yaml") == []
            assert "parameter · string = x" in await session.hover("main.yaml", "${params.word", 10)

    asyncio.run(play())


def test_an_editor_gets_the_kinds_of_actions_that_it_asks_for(folder: Path) -> None:
    one, all = ["quickfix", "quickfix"], ["source.fixAll.sncompile"]
    wanted: list[tuple[list[lsp.CodeActionKind | str] | None, list[str]]] = [
        (None, one + all),
        ([lsp.CodeActionKind.Empty], one + all),
        ([lsp.CodeActionKind.QuickFix], one),
        ([lsp.CodeActionKind.Source], all),
        ([lsp.CodeActionKind.SourceFixAll], all),
        (["source.fixAll.sncompile"], all),
        ([lsp.CodeActionKind.Refactor, "quick"], []),
    ]

    async def play() -> None:
        async with editor(folder) as session:
            session.open("main.yaml", PIPELINE.replace("title:", "tilte:").replace("module:", "modul:"))
            told = await session.diagnostics("main.yaml")
            whole = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))
            for only, kinds in wanted:
                params = lsp.CodeActionParams(session.document("main.yaml"), whole, lsp.CodeActionContext(told, only))
                actions = await session.client.text_document_code_action_async(params) or ()
                assert [each.kind for each in actions if isinstance(each, lsp.CodeAction)] == kinds, only

    asyncio.run(play())


def test_who_uses_an_open_module_sees_it_as_it_is_there(folder: Path) -> None:
    async def play() -> None:
        async with editor(folder) as session:
            session.open("main.yaml", PIPELINE.replace("wird", "word"))
            session.open("tool.yaml")
            assert await session.diagnostics("main.yaml") == []
            session.change("tool.yaml", TOOL.replace("{out:", "{made:").replace("outputs.out", "outputs.made"))
            found = await _told(session, "main.yaml", "`out`")
            assert len(found) == 1
            # It is gone from the editor, and was never saved.
            session.close("tool.yaml")
            session.change("main.yaml", PIPELINE.replace("wird", "word") + "\n")
            assert await session.diagnostics("main.yaml") == []

    asyncio.run(play())


def test_a_module_that_was_never_saved_counts_while_it_is_open(folder: Path) -> None:
    async def play() -> None:
        (folder / "tool.yaml").unlink()
        async with editor(folder) as session:
            session.open("main.yaml", PIPELINE.replace("wird", "word"))
            assert "no file for `./tool.yaml`" in (await session.diagnostics("main.yaml"))[0].message
            session.told.pop(session.uri("main.yaml"))
            session.open("tool.yaml", TOOL)
            assert await session.diagnostics("main.yaml") == []
            assert await session.diagnostics("tool.yaml") == []
            session.told.pop(session.uri("main.yaml"))
            session.close("tool.yaml")
            assert "no file for `./tool.yaml`" in (await session.diagnostics("main.yaml"))[0].message

    asyncio.run(play())


def test_what_was_not_saved_of_a_module_is_gone_when_it_is_closed(folder: Path) -> None:
    async def play() -> None:
        async with editor(folder) as session:
            session.open("main.yaml", PIPELINE.replace("wird", "word"))
            session.open("tool.yaml", TOOL.replace("{out:", "{made:").replace("outputs.out", "outputs.made"))
            await _told(session, "main.yaml", "`out`")
            session.told.pop(session.uri("main.yaml"))
            session.close("tool.yaml")
            assert await session.diagnostics("main.yaml") == []

    asyncio.run(play())


def test_settings_give_what_a_spec_is_not_given(folder: Path) -> None:
    text = PIPELINE.replace("wird", "word").replace(", default: x", "")

    async def play(options: object) -> list[lsp.Diagnostic]:
        async with editor(folder, options) as session:
            session.open("main.yaml", text)
            return await session.diagnostics("main.yaml")

    (found,) = asyncio.run(play(None))
    assert found.severity is lsp.DiagnosticSeverity.Information
    assert asyncio.run(play({"set": {"word": "given"}, "data": None})) == []


def test_what_is_refused_with_a_reason_is_no_trouble_of_the_server(folder: Path) -> None:
    """Nothing of it stands on standard error, which editors show as such."""
    uri = (folder / "main.yaml").as_uri()
    opened = {"uri": uri, "languageId": "yaml", "version": 1, "text": "sncompile: 1\nmodule: [\n"}
    options = {"tabSize": 2, "insertSpaces": True}
    start = {"processId": None, "rootUri": None, "capabilities": {}}
    with (folder / "errors").open("w+b") as errors:
        server = Connection(errors)
        server.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": start})
        server.answer(1)
        server.notify("initialized", {})
        server.notify("textDocument/didOpen", {"textDocument": opened})
        wanted = {"textDocument": {"uri": uri}, "options": options}
        server.send({"jsonrpc": "2.0", "id": 2, "method": "textDocument/formatting", "params": wanted})
        assert "mend it first" in server.answer(2)["error"]["message"]
        assert server.end() == 0
        errors.seek(0)
        assert errors.read() == b""


def test_files_that_are_no_specs_are_left_alone(folder: Path) -> None:
    async def play() -> None:
        (folder / "other.yaml").write_text("services: {web: {image: x}}\n")
        async with editor(folder) as session:
            session.open("other.yaml")
            assert await session.diagnostics("other.yaml") == []
            session.change("other.yaml", "services: {\n")
            assert await session.diagnostics("other.yaml") == []

    asyncio.run(play())
