"""What the shell's completion offers beside commands, options and files: names of the spec, of runs and of diagnostics.

Each is asked for with every press of a key, so it reads the one document and no table; and what is wrong is silence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem, split_arg_string

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completer(names: Callable[[click.Context, str], Iterable[str]], *, files: bool = False) -> Completer:
    """Offers those of the names that begin as what stands there; with `files` the files beside them."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            found = [name for name in names(context, incomplete) if name.startswith(incomplete)]
        except Exception:  # A traceback at a prompt helps nobody, whatever the spec is like.
            found = []
        items = [CompletionItem(name) for name in dict.fromkeys(found)]
        return [*items, CompletionItem(incomplete, type="file")] if files else items

    return complete


def _codes(_: click.Context, incomplete: str) -> Iterable[str]:
    from sncompile.faults import catalogue

    return catalogue() if incomplete[:1].isupper() or not incomplete else [code.lower() for code in catalogue()]


def _settings(context: click.Context, _: str) -> Iterator[str]:
    """`NAME=` of each parameter and input of the spec."""
    from sncompile.syntax.document import PipelineDoc

    document = _document(context)
    yield from (f"{name}=" for name in getattr(document, "params", ()))
    if isinstance(document, PipelineDoc):
        yield from (f"{name}=" for name in document.inputs)


def _roots(context: click.Context, _: str) -> Iterator[str]:
    yield from (f"{name}=" for name in getattr(_document(context), "data", ()))


def _outputs(context: click.Context, _: str) -> Iterator[str]:
    """What can be asked for by name: outputs of the pipeline, and steps."""
    document = _document(context)
    yield from getattr(document, "outputs", None) or ()
    yield from getattr(document, "steps", ())


def _selectors(context: click.Context, incomplete: str) -> Iterator[str]:
    document = _document(context)
    steps = getattr(document, "steps", {})
    yield from (f"step:{name}" for name in steps)
    yield from (f"tag:{tag}" for step in steps.values() for tag in getattr(step, "tags", ()) or ())
    yield "state:modified"


def _document(context: click.Context) -> object:
    """The document that the command is given; None where none can be read."""
    from sncompile.syntax.parse import parse
    from sncompile.syntax.source import DOCUMENT_SUFFIXES, Source, read_source

    # With an option that still lacks its value, click has not come to the arguments.
    words = [str(context.params.get("spec") or ""), *split_arg_string(os.environ.get("COMP_WORDS", ""))]
    spec = next((word for word in words if word.endswith(DOCUMENT_SUFFIXES) and Path(word).is_file()), None)
    source = None if spec is None else read_source(spec, Path(spec))
    return parse(source)[0] if isinstance(source, Source) else None


def _runs(_: click.Context, __: str) -> Iterator[str]:
    """The runs below the current folder, the newest first."""
    from sncompile.runner.find import runs_in

    yield from (path.name for path in reversed(runs_in(Path("runs"))))


def _steps_of_run(context: click.Context, _: str) -> Iterator[str]:
    from sncompile.runner.find import find_run
    from sncompile.runner.record import RunFolder, read_object

    steps = read_object(RunFolder(find_run(str(context.params["run"]))).facts).get("steps", [])
    yield from (str(step["name"]) for step in steps)


code = _completer(_codes)
setting = _completer(_settings)
root = _completer(_roots)
output = _completer(_outputs)
selector = _completer(_selectors)
run = _completer(_runs, files=True)
step_of_run = _completer(_steps_of_run)
