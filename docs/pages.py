"""Tries out what the pages say: every code block of the README, the tutorial, the reference and the how-to pages.

    python docs/pages.py [--accept] [PAGE …]

A page is worked through from top to bottom in an empty folder. What a block means stands in the words after its
language:

    ```yaml pipeline.yaml              the file is written
    ```yaml pipeline.yaml appended     the text is added at the file's end
    ```python build/x/Snakefile excerpt   the lines stand in the file, in this order; a line `…` leaves some out
    ```console                         what follows `$ ` is run, and its output compared; `…` stands for anything
    ```sh, ```json, …                  not run; commands of `sncompile` and `make` must exist, data must be readable

A comment `<!-- run: COMMAND -->` is run without being shown; `$REPOSITORY` is the repository. With `--accept`, outputs
that differ are written into the page.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/tutorial.md",
    "docs/language.md",
    *sorted(f"docs/{p.name}" for p in REPOSITORY.glob("docs/coming-from-*.md")),
    *sorted(f"docs/how-to/{p.name}" for p in REPOSITORY.glob("docs/how-to/*.md")),
)

_FENCE = re.compile(r"^( *)```(.*)$")
_HIDDEN = re.compile(r"^<!-- run: (.*) -->$")
_MAKE_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A code block, or a hidden command (`info` is then `run`); `line` counts from 1, that of the fence."""

    info: str
    lines: list[str]
    line: int


@dataclass
class Page:
    """What came out of a page: what is wrong with it, and its lines with the outputs that really came."""

    name: str
    faults: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def tell(self, line: int, message: str) -> None:
        """Note what is wrong."""
        self.faults.append(f"{self.name}:{line}: {message}")

    def accept(self) -> None:
        """Write the outputs that really came into the page."""
        (REPOSITORY / self.name).write_text("\n".join(self.lines) + "\n", "utf-8")


def blocks(lines: list[str]) -> Iterator[Block]:
    """The code blocks and hidden commands of a page, in order."""
    number = 0
    while number < len(lines):
        hidden, fence = _HIDDEN.match(lines[number]), _FENCE.match(lines[number])
        start = number + 1
        if hidden:
            yield Block("run", [hidden[1]], start)
        elif fence:
            number += 1
            while not lines[number].strip().startswith("```"):
                number += 1
            indent = len(fence[1])
            yield Block(fence[2].strip(), [line[indent:] for line in lines[start:number]], start)
        number += 1


def fits(shown: list[str], real: list[str]) -> bool:
    """Whether an output is as shown: `…` stands for any text of a line, and alone in a line for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in real)) is not None


def contains(text: str, shown: list[str]) -> bool:
    """Whether the shown lines stand in a text, in order; a line `…` leaves some out."""
    at = 0
    for piece in re.split(r"(?m)^ *…\n", "".join(f"{line}\n" for line in shown)):
        found = text.find(piece, at)
        if found < 0 or (found > 0 and text[found - 1] != "\n"):
            return False
        at = found + len(piece)
    return True


class Trial:
    """Works through one page in a folder of its own."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page, self._folder = page, folder
        self.replaced: dict[int, list[str]] = {}
        """Line of the fence of a console block → the block as it really came out."""

    def take(self, block: Block) -> None:
        """Do what a block says."""
        language, *words = block.info.split()
        if language == "run":
            ended = self._run(block.lines[0])
            if ended.returncode:
                self._page.tell(block.line, f"`{block.lines[0]}` failed: {ended.stdout}")
        elif language == "console":
            self._console(block)
        elif not words:
            self._look(language, block)
        elif words[1:] == ["excerpt"]:
            place = self._folder / words[0]
            if not place.is_file() or not contains(place.read_text("utf-8"), block.lines):
                self._page.tell(block.line, f"these lines do not stand in `{words[0]}`")
        else:
            place = self._folder / words[0]
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("a" if words[1:] == ["appended"] else "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in block.lines)

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "REPOSITORY": str(REPOSITORY), "COLUMNS": "100", "NO_COLOR": "1"}
        return subprocess.run(
            ["bash", "-c", command], cwd=self._folder, env=environment, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip

    def _console(self, block: Block) -> None:
        real: list[str] = []
        for number, command, shown in _commands(block):
            out = [line.rstrip() for line in self._run(command.replace("\\\n", "")).stdout.splitlines()]
            if fits(shown, out):
                out = shown
            else:
                came = "\n".join(f"    {line}" for line in out)
                self._page.tell(number, f"`{command}` does not print what is shown but\n{came}")
                # Neither our own faults nor what this machine is called belongs into a page.
                if "a fault of sncompile itself" in came or str(self._folder) in came:
                    out = shown
            real += [f"$ {command}".replace("\n", "\n  "), *out]
        self.replaced[block.line] = "\n".join(real).split("\n")

    def _look(self, language: str, block: Block) -> None:
        """Look at what is not run: does it parse, and are its commands commands?"""
        text = "\n".join(block.lines)
        if language == "sh":
            checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
            if checked.returncode:
                self._page.tell(block.line, checked.stderr)
            for line in text.replace("\\\n", "").splitlines():
                wrong = _wrong_command(shlex.split(line, comments=True))
                if wrong:
                    self._page.tell(block.line, wrong)
        elif language == "yaml":
            from ruamel.yaml import YAML

            YAML(typ="safe", pure=True).load(text)
        elif language == "json":
            json.loads(text)
        elif language == "python":
            compile(text, self._page.name, "exec")
        elif language == "toml":
            tomllib.loads(text)
        elif language == "lua":
            # No parser of it is at hand: a bracket too many or too few is seen, and which program is named.
            if any(text.count(one) != text.count(other) for one, other in ("()", "{}", "[]")):
                self._page.tell(block.line, "brackets are left open")
            for words in re.findall(r"cmd = \{ ([^}]*) \}", text):
                wrong = _wrong_command([word.strip('", ') for word in words.split(",")])
                if wrong:
                    self._page.tell(block.line, wrong)
        elif language not in ("text", "mermaid"):
            self._page.tell(block.line, f"nothing is known of blocks `{block.info}`")


def _commands(block: Block) -> Iterator[tuple[int, str, list[str]]]:
    """The commands of a console block, with their lines in the page and the outputs shown; `\\` goes on with one."""
    number = 0
    while number < len(block.lines):
        start, command = number, block.lines[number].removeprefix("$ ")
        number += 1
        while command.endswith("\\") and number < len(block.lines):
            command += "\n" + block.lines[number].strip()
            number += 1
        shown = []
        while number < len(block.lines) and not block.lines[number].startswith("$ "):
            shown.append(block.lines[number])
            number += 1
        yield block.line + 1 + start, command, shown


def _wrong_command(words: list[str]) -> str | None:
    """Why a command line could not be called; None if it could, or if it is none of ours."""
    if words[:1] == ["make"]:
        targets = _MAKE_TARGET.findall((REPOSITORY / "Makefile").read_text("utf-8"))
        unknown = [word for word in words[1:] if word not in targets]
        return f"make has no target {unknown}" if unknown else None
    if words[:1] != ["sncompile"]:
        return None
    import click

    from sncompile.cli.main import cli

    try:
        context = cli.make_context("sncompile", words[1:])
        name, command, rest = cli.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        command.make_context(name, [r for r in rest if r != "…"], parent=context)
    except click.exceptions.Exit:
        return None
    except click.ClickException as error:
        return None if "does not exist" in error.format_message() else f"{shlex.join(words)}: {error.format_message()}"
    return None


def try_page(name: str) -> Page:
    """Work through a page."""
    page = Page(name)
    lines = (REPOSITORY / name).read_text("utf-8").splitlines()
    with tempfile.TemporaryDirectory(prefix="sncompile-docs-") as folder:
        trial = Trial(page, Path(folder))
        for block in blocks(lines):
            trial.take(block)
    number = 0
    while number < len(lines):
        page.lines.append(lines[number])
        number += 1
        if number in trial.replaced:
            page.lines += trial.replaced[number]
            while not lines[number].strip().startswith("```"):
                number += 1
    return page


def main() -> int:
    """Try pages; gives the number of faults, at most 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="write the real outputs into the pages")
    parser.add_argument("pages", nargs="*", default=PAGES, metavar="PAGE")
    given = parser.parse_args()
    failed = False
    for name in given.pages:
        page = try_page(name)
        failed = failed or bool(page.faults)
        print(*page.faults, sep="\n", end="\n" if page.faults else "")
        if given.accept:
            page.accept()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
