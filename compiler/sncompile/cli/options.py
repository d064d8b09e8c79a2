"""Options that mean the same on every command, and what they set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from sncompile.cli import completing
from sncompile.cli.reporter import Reporter, write
from sncompile.diagnostics import CompileError
from sncompile.semantics.program import Options, ParamsFile

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = click.Choice(["text", "json", "sarif", "github"])

color_option = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours.")


hash_option = click.option(
    "--hash",
    "hashing",
    type=click.Choice(["always", "small", "never"]),
    default="small",
    show_default=True,
    help="Which files are read to tell whether they have changed: small ones have 16 MiB at most.",
)


defer_option = click.option(
    "--defer",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Take results of unchanged jobs from another folder: its results, or its working folder.",
)


markdown_option = click.option("--markdown", is_flag=True, help="Print Markdown, for a comment in a pull request.")


class Pair(click.ParamType):  # type: ignore[type-arg]  # Generic for type checkers only.
    """`NAME=VALUE`."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, sign, rest = str(value).partition("=")
        if not sign or not name:
            self.fail(f"`{value}` is not NAME=VALUE", param, ctx)
        return name, rest


class SpecOptions(NamedTuple):
    """What the command line says of how to read a spec."""

    data: tuple[tuple[str, str], ...]
    sets: tuple[tuple[str, str], ...]
    params: Path | None
    directory: Path | None
    locked: bool
    overrides: tuple[Path, ...] = ()
    params_extra: str = "error"

    def read(self) -> Options:
        """What the options set.

        Raises `CompileError` for a parameter file that cannot be read and for a value with an expression in it,
        `click.UsageError` for a file that holds no mapping.
        """
        data, sets = (_literal(option, pairs) for option, pairs in (("--data", self.data), ("--set", self.sets)))
        params, file = _read_params(self.params)
        return Options(
            data, sets, params, self.directory, Path.cwd(), self.locked, file, self.overrides,
            self.params_extra == "ignore",
        )  # fmt: skip


_SPEC_OPTIONS = (
    click.option(
        "--data",
        type=Pair(),
        multiple=True,
        metavar="NAME=PATH",
        help="Set a data root.",
        shell_complete=completing.root,
    ),
    click.option(
        "--set",
        "sets",
        type=Pair(),
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a parameter or input.",
        shell_complete=completing.setting,
    ),
    click.option(
        "--params",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Parameters from a YAML or JSON file.",
    ),
    click.option(
        "--params-extra",
        type=click.Choice(["error", "ignore"]),
        default="error",
        show_default=True,
        help="What becomes of names in that file which are no parameters.",
    ),
    click.option(
        "--directory",
        type=click.Path(file_okay=False, path_type=Path),
        help="The jobs' working folder; the spec's folder unless given.",
    ),
    click.option(
        "--override",
        "overrides",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        metavar="FILE",
        help="Resources, images and more for steps, from a site's YAML file, by patterns of their names.",
    ),
    click.option("--locked", is_flag=True, help="Refuse images without a digest, here or in sncompile.lock."),
)

_REPORT_OPTIONS = (
    click.option("--strict", is_flag=True, help="Make warnings errors."),
    click.option("--format", "form", type=FORMATS, default="text", show_default=True, help="Form of the diagnostics."),
    color_option,
)


def spec_options(function: F) -> F:
    """The options that change what is compiled, handed over as `given`, a `SpecOptions`."""
    return _bundled(function, _SPEC_OPTIONS, "given", SpecOptions)


_SELECTION_OPTIONS = (
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="NAME",
        help="An output of the pipeline, or a step, to make; all outputs unless given.",
        shell_complete=completing.output,
    ),
    click.option(
        "--select",
        "select",
        multiple=True,
        metavar="SELECTOR",
        help="Jobs to do, with what they need: a step, `step:cp_*`, `tag:qc`, `key:well=A01`, `state:modified+` …",
        shell_complete=completing.selector,
    ),
    click.option(
        "--from",
        "start",
        multiple=True,
        metavar="SELECTOR",
        help="These jobs and all that follows.",
        shell_complete=completing.selector,
    ),
    click.option(
        "--until",
        "until",
        multiple=True,
        metavar="SELECTOR",
        help="These jobs and what they need.",
        shell_complete=completing.selector,
    ),
    click.option(
        "--only",
        "only",
        multiple=True,
        metavar="SELECTOR",
        help="These jobs, and not what they need.",
        shell_complete=completing.selector,
    ),
)


def selection_options(function: F) -> F:
    """The options that say which jobs are meant, handed over as `asked`, an `Asked`."""
    from sncompile.runner.selection.selection import Asked

    return _bundled(function, _SELECTION_OPTIONS, "asked", Asked)


def report_options(function: F) -> F:
    """The options that change how diagnostics look, handed over as `reporter`, a `Reporter`."""
    return _bundled(function, _REPORT_OPTIONS, "reporter", Reporter)


class Optimizer(NamedTuple):
    """What the command line says of the optimizer: its level, whose times batches go by, and passes to leave out."""

    level: int
    times: str | None
    off: tuple[str, ...]


def _list_passes(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """Print the passes, and leave."""
    if not wanted:
        return
    from sncompile.passes.pipeline import PASSES
    from sncompile.views.columns import table, terminal_width

    rows = [["pass", "from", "what it does"], *([each.name, f"-O{each.level}", each.title] for each in PASSES)]
    write(table(rows, terminal_width()))
    ctx.exit()


def _known_passes(ctx: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        from sncompile.passes.pipeline import PASSES

        known = [each.name for each in PASSES]
        for name in names:
            if name not in known:
                raise click.BadParameter(f"there is no pass `{name}`; the passes are {', '.join(known)}")
    return names


_OPTIMIZER_OPTIONS = (
    click.option(
        "-O",
        "level",
        type=click.IntRange(0, 2),
        default=1,
        show_default=True,
        help="0: as written. 1: parallel branches merged. 2: also fused, batched, temporary files deleted.",
    ),
    click.option("--times", metavar="RUN", help="Balance batches (`-O2`) by the times of an earlier run."),
    click.option(
        "--no-pass", "off", multiple=True, metavar="NAME", callback=_known_passes, help="Leave a pass of the level out."
    ),
)


def optimizer_options(function: F) -> F:
    """`-O`, `--times`, `--no-pass`, which reach the command as one `Optimizer`; `--passes` lists the passes."""
    passes = click.option(
        "--passes", is_flag=True, is_eager=True, expose_value=False, callback=_list_passes, help="List the passes."
    )
    return passes(_bundled(function, _OPTIMIZER_OPTIONS, "optimizer", Optimizer))


def _bundled(function: F, options: Sequence[Callable[[F], F]], name: str, bundle: Any) -> F:
    """A command with these options, whose values reach `function` as one argument: the tuple `bundle` of them."""

    @functools.wraps(function)
    def command(*args: Any, **values: Any) -> Any:
        mine = {field: values.pop(field) for field in bundle._fields}
        return function(*args, **values, **{name: bundle(**mine)})

    for option in reversed(options):
        command = option(command)
    return command  # type: ignore[return-value]


def _literal(option: str, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The values of an option, in which nothing is evaluated. Raises `CompileError`."""
    from sncompile.faults.values import GIVEN_EXPRESSION
    from sncompile.syntax.templates import UNESCAPED, unescaped

    for name, text in pairs:
        if UNESCAPED.search(text):
            message, hint = f"`{option} {name}` holds `${{`, which is not evaluated here", _NO_EXPRESSION
            raise CompileError([GIVEN_EXPRESSION.at(None, message, help=hint)])
    return {name: unescaped(text) for name, text in pairs}


_NO_EXPRESSION = "give the value itself; a literal `${` is written `$${`"


def _read_params(path: Path | None) -> tuple[dict[str, object], ParamsFile | None]:
    """The values of a file of parameters, and what is known of the file."""
    if path is None:
        return {}, None
    from sncompile.diagnostics import Diagnostic
    from sncompile.faults.values import GIVEN_EXPRESSION
    from sncompile.syntax.nodes import Mapping, key_spans, scalars, to_written
    from sncompile.syntax.source import read_source
    from sncompile.syntax.templates import UNESCAPED
    from sncompile.syntax.yaml import YamlError, parse_yaml

    source = read_source(str(path), path)
    if isinstance(source, Diagnostic):
        raise CompileError([source])
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        raise CompileError([error.diagnostic], {source.name: source.text}) from None
    for scalar in scalars(node):
        if isinstance(scalar.value, str) and UNESCAPED.search(scalar.text):
            message = "a value with `${`, which is not evaluated here"
            found.append(GIVEN_EXPRESSION.at(scalar.span, message, help=_NO_EXPRESSION))
    if found:
        raise CompileError(found, {source.name: source.text})
    if not isinstance(node, Mapping):
        raise click.UsageError(f"{path}: a parameter file is a mapping of names to values")
    written: dict[str, object] = to_written(node)
    return written, ParamsFile(path, source, dict(key_spans(node)))
