"""Sessions of an editor with the server, over standard input and output, as pages: what is done, and what comes of it.

A line with `> ` is something that an editor does; what follows, up to the next one, is what it is answered. `pytest
tests/lsp/test_sessions.py --accept` writes the answers anew.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from .client import Editor, editor

HERE = Path(__file__).parent
SESSIONS = sorted((HERE / "sessions").glob("*.txt"))
ILLUMINATION = HERE.parents[1] / "specs" / "examples" / "illumination"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the example of illumination correction, and a few images."""
    folder = tmp_path / "specs"
    shutil.copytree(ILLUMINATION, folder, ignore=shutil.ignore_patterns("images", "results", "build"))
    (folder / ".git").mkdir()
    for name in ("A01_s1", "A01_s2", "B02_s1"):
        (folder / "images").mkdir(exist_ok=True)
        (folder / "images" / f"{name}.tif").touch()
    return folder


@pytest.mark.parametrize("page", SESSIONS, ids=lambda path: path.stem)
def test_session(page: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text()
    heading, *commands = [line for line in text.splitlines() if line.startswith(("# ", "> "))]
    played = "\n".join([heading, "", *asyncio.run(_play(commands, folder))]) + "\n"
    if request.config.getoption("--accept"):
        page.write_text(played)
    assert played == text


async def _play(commands: list[str], folder: Path) -> list[str]:
    lines: list[str] = []
    async with editor(folder) as session:
        for command in commands:
            lines.append(command)
            name, *words = shlex.split(command[2:])
            try:
                answer = [line async for line in _do(session, name, words)]
            except JsonRpcException as refusal:
                answer = [f"refused: {refusal.message}"]
            lines += [line.replace(str(folder), "FOLDER").rstrip() for each in answer for line in each.split("\n")]
            lines += [""] if answer else []
    return lines


async def _do(session: Editor, name: str, words: list[str]) -> Any:
    """What an editor is answered."""
    file = getattr(session, "file", "illumination.yaml")
    client = session.client
    document = session.document(file)
    if name == "open":
        session.file = words[0]  # type: ignore[attr-defined]
        session.open(words[0])
        await session.diagnostics(words[0])
        return
    words = [word.replace("\\n", "\n") for word in words]
    if name == "replace":
        old, new = words
        assert old in session.texts[file], old
        session.change(file, session.texts[file].replace(old, new, 1))
        return
    if name == "make":
        (session.folder / words[0]).mkdir(parents=True)
        return
    if name == "diagnostics":
        for each in await session.diagnostics(file):
            yield f"{_where(each.range)} {each.code} {each.severity.name if each.severity else ''}: {each.message}"
        return
    position = session.position(file, words[0], int(words[1])) if words else lsp.Position(0, 0)
    await session.read(file)
    if name == "complete":
        found = await session.completions(file, words[0], int(words[1]))
        for item in found[:12]:
            assert isinstance(item.text_edit, lsp.TextEdit)
            yield f"{item.label} | {item.detail} | {item.text_edit.new_text!r} at {_where(item.text_edit.range)}"
    elif name == "hover":
        yield await session.hover(file, words[0], int(words[1]))
    elif name == "definition":
        for line in _locations(await client.text_document_definition_async(lsp.DefinitionParams(document, position))):
            yield line
    elif name == "references":
        params = lsp.ReferenceParams(lsp.ReferenceContext(True), document, position)
        for line in _locations(await client.text_document_references_async(params)):
            yield line
    elif name == "rename":
        edit = await client.text_document_rename_async(lsp.RenameParams(document, position, words[2]))
        for line in _edits(edit):
            yield line
    elif name == "hints":
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))
        for hint in await client.text_document_inlay_hint_async(lsp.InlayHintParams(document, whole)) or ():
            yield f"{hint.position.line + 1}:{hint.position.character + 1} {hint.label!r} {hint.tooltip or ''}"
    elif name == "lenses":
        for lens in await client.text_document_code_lens_async(lsp.CodeLensParams(document)) or ():
            yield f"{_where(lens.range)} {lens.command.title if lens.command else ''}"
    elif name == "symbols":
        for symbol in await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document)) or ():
            assert isinstance(symbol, lsp.DocumentSymbol)
            inner = ", ".join(each.name for each in symbol.children or ())
            yield f"{_where(symbol.range)} {symbol.name}: {inner or symbol.detail or ''}"
    elif name == "actions":
        told = await session.diagnostics(file)
        context = lsp.CodeActionContext(told)
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))
        for action in (
            await client.text_document_code_action_async(lsp.CodeActionParams(document, whole, context)) or ()
        ):
            assert isinstance(action, lsp.CodeAction)
            yield f"{action.title} ({action.kind})"
            for line in _edits(action.edit):
                yield f"  {line}"
    elif name == "format":
        options = lsp.FormattingOptions(2, True)
        edits = await client.text_document_formatting_async(lsp.DocumentFormattingParams(document, options))
        before = session.texts[file].splitlines()
        after = edits[0].new_text.splitlines() if edits else before
        for number, (one, other) in enumerate(zip(before, after, strict=False), 1):
            if one != other:
                yield f"{number}: {other}"
        yield f"{len(after)} lines"
    else:
        raise AssertionError(f"no such command: {name}")


def _where(found: lsp.Range) -> str:
    start, end = found.start, found.end
    return f"{start.line + 1}:{start.character + 1}-{end.line + 1}:{end.character + 1}"


def _locations(found: Any) -> list[str]:
    return sorted(f"{each.uri.rpartition('/specs/')[2]} {_where(each.range)}" for each in found or ())


def _edits(edit: lsp.WorkspaceEdit | None) -> Iterator[str]:
    changes = (edit.changes if edit is not None else None) or {}
    for uri, edits in sorted(changes.items()):
        for each in edits:
            yield f"{uri.rpartition('/specs/')[2]} {_where(each.range)} → {each.new_text!r}"
