"""How long the language server takes to answer while a long spec is typed: `python -m tests.lsp.latency [LINES]`.

Every question is asked right behind a change, as editors do. What is measured is the whole way, from the question until
the answer was read; nothing of it is held against any number.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from .connection import Connection

LINES = 5_000
ROUNDS = 40

MODULE = """\
sncompile: 1
module: work
inputs: {image: {type: file, format: tiff, description: A field of view}}
outputs: {out: {type: file, format: tiff}}
params: {percentile: {type: number, default: 1.0}}
command: [work, "${inputs.image}", --percentile, "${params.percentile}", "${outputs.out}"]
"""


def long_spec(lines: int) -> str:
    """A spec of so many lines, of steps that feed each other in chains."""
    found = [
        "sncompile: 1", "pipeline: large", "data: {images: images, workspace: results}", "params:",
        "  percentile: {type: number, default: 99.0}", "tables:", "  fields:", "    key: [plate, well, site]",
        "    rows:",
        *(f"      - {{plate: p{i // 4}, well: A{i % 4}, site: 1, path: images/{i}.tif}}" for i in range(8)),
        "modules: {tools: ./modules}", "steps:",
    ]  # fmt: skip
    number = 0
    while len(found) < lines - 1:
        before = f"${{step_{number - 1}.out}}" if number % 50 else "${fields.path}"
        found += [
            f"  step_{number}:", "    module: tools/work", "    by: [plate, well, site]", "    with:",
            f'      image: "{before}"', '      percentile: "${params.percentile}"',
        ]  # fmt: skip
        number += 1
    return "\n".join([*found, f'outputs: {{last: "${{step_{number - 1}.out}}"}}']) + "\n"


class _Question(NamedTuple):
    name: str
    method: str
    params: dict[str, Any]


def _place(text: str, mark: str, offset: int) -> dict[str, int]:
    before = text[: text.index(mark) + offset]
    return {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}


def _measure(lines: int, folder: Path) -> None:
    text = long_spec(lines)
    (folder / "modules").mkdir()
    (folder / "modules" / "work.yaml").write_text(MODULE)
    (folder / "large.yaml").write_text(text)
    uri = (folder / "large.yaml").as_uri()
    connection = Connection()
    hello = {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}}
    connection.send({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
    connection.answer(0)
    connection.notify("initialized", {})
    started = time.perf_counter()
    item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
    connection.notify("textDocument/didOpen", {"textDocument": item})
    connection.told(uri, 1)
    print(f"{lines} lines: {time.perf_counter() - started:.2f} s from opening to the first diagnostics")
    document = {"textDocument": {"uri": uri}}
    inside, step = _place(text, "${step_70.out", 10), _place(text, "  step_71:", 4)
    shown = {"start": {"line": 400, "character": 0}, "end": {"line": 460, "character": 0}}
    questions = [
        _Question("completion", "completion", {**document, "position": inside}),
        _Question("hover", "hover", {**document, "position": step}),
        _Question("symbols", "documentSymbol", document),
        _Question("definition", "definition", {**document, "position": inside}),
        _Question("inlay hints", "inlayHint", {**document, "range": shown}),
    ]
    version, number = 1, 0

    def change() -> None:
        """A character behind the last line but one, told as editors do: only what has changed."""
        nonlocal version
        version += 1
        place = {"line": lines - 1, "character": 0}
        changes = [{"range": {"start": place, "end": place}, "text": "#"}]
        connection.notify(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        )

    for question in questions:
        taken = []
        for _ in range(ROUNDS):
            change()
            number += 1
            message = {
                "jsonrpc": "2.0",
                "id": number,
                "method": f"textDocument/{question.method}",
                "params": question.params,
            }
            started = time.perf_counter()
            connection.send(message)
            connection.answer(number)
            taken.append((time.perf_counter() - started) * 1000)
            time.sleep(0.15)  # Somebody who types fast.
        taken.sort()
        p95 = taken[int(len(taken) * 0.95) - 1]
        print(f"{question.name:12} p50 {taken[len(taken) // 2]:6.1f} ms  p95 {p95:6.1f} ms  most {taken[-1]:6.1f} ms")
    told = []
    for _ in range(5):
        change()
        started = time.perf_counter()
        connection.told(uri, version)
        told.append(time.perf_counter() - started)
    print(f"diagnostics  {min(told):.2f} to {max(told):.2f} s behind the last change, with 0.2 s of waiting for more")
    connection.end()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        _measure(int(sys.argv[1]) if len(sys.argv) > 1 else LINES, Path(place))
