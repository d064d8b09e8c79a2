"""What a real editor said to the server, said again: every request is answered, and the server ends when it is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from .connection import Connection

HERE = Path(__file__).parent
RECORDED = sorted((HERE / "recorded").glob("*.jsonl"))
ILLUMINATION = HERE.parents[1] / "specs" / "examples" / "illumination"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ILLUMINATION, tmp_path / "work", ignore=shutil.ignore_patterns("images", "results", "build"))
    (tmp_path / "work" / ".git").mkdir()
    return tmp_path / "work"


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_session_is_answered(recorded: Path, folder: Path) -> None:
    text = (folder / "illumination.yaml").read_text().replace("apply.corrected", "apply.corected")
    (folder / "broken.yaml").write_text(text)
    connection = Connection()
    answers: dict[str, Any] = {}
    for line in recorded.read_text().splitlines():
        message = json.loads(line.replace("/FOLDER", str(folder)))
        if message["method"] == "textDocument/didOpen":
            message["params"]["textDocument"]["text"] = text
        connection.send(message)
        if "id" in message:
            found = connection.answer(message["id"])
            assert "error" not in found, (message["method"], found)
            answers.setdefault(message["method"], found["result"])
    assert "apply" in answers["textDocument/hover"]["contents"]["value"]
    assert "apply" in [each["label"] for each in answers["textDocument/completion"]["items"]]
    assert answers["textDocument/rename"]["changes"]
    assert {each["name"] for each in answers["textDocument/documentSymbol"]} >= {"steps", "tables"}
    connection.send({"jsonrpc": "2.0", "method": "exit"})
    assert connection.process.wait(60) == 0


def test_what_is_no_message_ends_nothing(folder: Path) -> None:
    connection = Connection()
    assert connection.process.stdin is not None
    connection.process.stdin.write(b"Content-Length: 9\r\n\r\n{broken}}")
    hello = {"processId": None, "rootUri": None, "capabilities": {}}
    connection.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    assert "capabilities" in connection.answer(1)["result"]
    # A document that is no file, one that was never opened, and one that is no spec.
    connection.send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
    position = {"line": 70_000, "character": 99_999}
    for number, uri in enumerate(("untitled:One", "file:///nowhere/at/all.yaml", "git:/x%00y?{}"), 2):
        if number == 2:
            item = {"uri": uri, "languageId": "yaml", "version": 1, "text": "sncompile: 1\nsteps: {\n"}
            connection.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}})
        params = {"textDocument": {"uri": uri}, "position": position}
        for offset, method in enumerate(("hover", "completion", "definition")):
            asked = number * 10 + offset
            connection.send({"jsonrpc": "2.0", "id": asked, "method": f"textDocument/{method}", "params": params})
            assert "error" not in connection.answer(asked)
    assert connection.end() == 0


def test_without_its_package_the_command_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sncompile.cli.main import cli

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        cli.main(args=["lsp"], prog_name="sncompile")
    assert ended.value.code == 2
    assert capsys.readouterr().err == "sncompile lsp needs the package pygls: `pip install 'sncompile[lsp]'`\n"
