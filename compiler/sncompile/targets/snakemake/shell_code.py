"""A task's command or script, with what stands around it → what stands under `shell:`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sncompile.diagnostics import Span
from sncompile.faults import targets as faults
from sncompile.faults.values import LONG_LINE
from sncompile.ir.language.encoding import length
from sncompile.ir.language.limits import MOST_WORD
from sncompile.lazy_regex import regex
from sncompile.lowering.jobs import Words, script_text
from sncompile.lowering.model import Task
from sncompile.targets.snakemake.commands import CommandLowering, literal, quoted
from sncompile.targets.snakemake.containers import docker_name
from sncompile.targets.snakemake.context import TaskContext
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import WIDTH, flat, string

# Pieces of a `shell:` string are filled up to here; with indent, quotes and a comma they stay within the line.
_SHELL_WIDTH = 74


def shell_entries(context: TaskContext, commands: CommandLowering) -> list[Entry]:
    """The pieces of a task's `shell:` string."""
    task = context.task
    places = _places(context, commands) if task.name not in context.around.marks.batched else {}
    # Batches see to their paths themselves.
    marks = context.around.marks
    marked = task.name in marks.tasks - marks.batched
    before = [*(_room(" ".join(places.values())) if marked else []), *_folders(context, places), *commands.list_files()]
    before = [*commands.sums(), *before]
    checks = [*(_promises(context, places) if marked else []), *_counts(context, places)]
    # Last of all: what counts files must not count this one.
    checks += _values(context, places)
    checks += _stamps(context, places) if marked else []
    span = task.module_span
    boxed = _container(context, commands)
    log = "&> {log:q}" + ("" if task.name in marks.tasks else _note(task))
    if task.command is not None:
        words = [*_exports(context, commands, join=" "), *boxed, *commands.command()]
        if not before and not checks:
            return _strings(_filled([*words, log]), span)
        return _strings([f"exec {log}\n", *before, *_with_breaks(_filled(words)), *checks], span)
    script = commands.script()
    script = _ended(script) if checks else script
    if boxed:
        _tell_long(context)
        # The words of the script, whatever they are, get into the container's own shell.
        call = " ".join([*boxed, "bash", "-euo", "pipefail", "-c"])
        script = [literal("script() {\n"), *_ended(script), literal("}\n"), f'{call} "$(declare -f script); script"\n']
    elif (marked or checks) and not _is_one_program(script):
        # What the script does to its own shell (`cd`, `exit`, a trap) must not reach what comes after it.
        script = ["(\n", *script, ")\n"]
    return _strings([f"exec {log}\n", *before, *_exports(context, commands, join="\n"), *script, *checks], span)


def promised(non_empty: Iterable[str], sums: Mapping[str, str]) -> str:
    """A comment of what is promised of outputs.

    Snakemake looks for it (`ensure`), but would not run a job again for its being another; for another command it does.
    """
    told = [*(f"{port}: not empty" for port in non_empty), *(f"{port}: {total}" for port, total in sums.items())]
    return f" # {', '.join(told)}" if told else ""


def _note(task: Task) -> str:
    of_kind = {kind: [c for c in task.checks if c.kind == kind] for kind in ("non_empty", "sha256")}
    return promised([c.port for c in of_kind["non_empty"]], {c.port: c.wanted for c in of_kind["sha256"]})


def _tell_long(context: TaskContext) -> None:
    """Warn of a script that is too long to go into a container as one argument."""
    task = context.task
    if not any(word.each for part in task.script or () if not isinstance(part, str) for word in part):
        return
    words = Words(context.around.lowered, task)
    for number in range(len(task)):
        size = sum(length(script_text(part)) for part in words.script(number) or ())
        if size > MOST_WORD:
            told = f"the script of `{task.ids[number]}` has {size:,} bytes, and goes into its container as one argument"
            help = "have it read its lists from files: `${list_file(…)}`"
            message = f"{told}, of which Linux takes {MOST_WORD:,}"
            context.around.tell(LONG_LINE.at(task.module_span, message, help=help))
            return


def _ended(script: list[str]) -> list[str]:
    """A script's lines, the last of them with a line break, too."""
    return script if not script or script[-1].endswith("\n") else [*script[:-1], script[-1] + "\n"]


_INSIDE = r"[^;&|`<>(\n]*(?:\$\([^;&|`<>()\n]*\)[^;&|`<>(\n]*)*"
_CALL = regex(rf"(?:[a-z][a-z0-9_]*=(?! ){_INSIDE}\n)*(?P<program>[A-Za-z0-9][\w.+-]*)(?: {_INSIDE})?\n")
_BASH = frozenset((
    "alias", "bg", "bind", "break", "builtin", "caller", "case", "cd", "command", "continue", "coproc", "declare",
    "dirs", "disown", "do", "done", "elif", "else", "enable", "esac", "eval", "exec", "exit", "export", "fc", "fg",
    "fi", "for", "function", "getopts", "hash", "history", "if", "in", "jobs", "let", "local", "logout", "mapfile",
    "popd", "pushd", "read", "readarray", "readonly", "return", "select", "set", "shift", "shopt", "source", "suspend",
    "then", "time", "times", "trap", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
))  # fmt: skip
"""Words that bash sees to itself, and that could do something to it."""


def _is_one_program(script: Iterable[str]) -> bool:
    """Whether a script is no more than a call of one program, perhaps with variables of its own.

    That can do nothing to the shell which calls it.

    >>> _is_one_program(["images=$(realpath ws)\\n", "tool -c \\"$images\\" \\\\\\n", "  --all\\n"])
    True
    >>> [_is_one_program([text]) for text in ("cd x\\n", "tool; exit\\n", "PATH=x\\ntool\\n", "tool() { exit\\n")]
    [False, False, False, False]
    """
    match = _CALL.fullmatch("".join(script).replace("\\\n", " "))
    return match is not None and match["program"] not in _BASH


MADE = ".snakemake_timestamp"
"""Snakemake leaves a file of this name in every directory that a job has made."""


def _container(context: TaskContext, commands: CommandLowering) -> list[str]:
    """The words before a command that is to run in a container of the task's image."""
    task, engine = context.task, context.around.containers
    if engine is None or task.image is None:
        return []
    images, span = context.images(), task.spans["container"]
    names = [docker_name(image) or image for image in images]
    for image in dict.fromkeys(images):
        if docker_name(image) is None:
            message = f"{engine} cannot run the image `{image}`"
            context.around.tell(faults.NOT_DOCKER.at(span, message, help="use `--containers apptainer`"))
    word = quoted(names[0]) if len(names) == 1 else commands.own_word(names, "container", span)
    variables = [word for v in task.variables for word in ("--env", v.name)]
    inputs = [r"--inputs <(printf '%s\0' {input:q})"] if task.inputs else []
    return ["bash {CONTAINER:q}", *inputs, *variables, *(["--network"] if task.network else []), word]


def _places(context: TaskContext, commands: CommandLowering) -> dict[str, str]:
    """Every output's paths as words of the shell."""
    found = {}
    for name, output in context.task.outputs.items():
        if context.around.marks.spelled_out(context.name, "outputs", name):
            found[name] = " ".join(commands.word(word, name) for word in output.words)
        else:
            found[name] = f"{{output.{item_name(name)}:q}}"
    return found


def _room(paths: str) -> list[str]:
    """What Snakemake does before a job and after a failure for the outputs that it knows."""
    return [
        literal("undo() { rm -rf -- ") + paths + literal("; }\n"),
        "trap 'test $? -eq 0 || undo' EXIT\n",
        "undo\n",
        f'for path in {paths}; do mkdir -p -- "$(dirname -- "$path")"; done\n',
    ]


def _folders(context: TaskContext, places: dict[str, str]) -> list[str]:
    """What makes the directories that the tool wants to be there; Snakemake makes only those above an output."""
    made = [place for name, place in places.items() if context.task.outputs[name].create]
    return [f"mkdir -p {' '.join(made)}\n"] if made else []


def promised_by(optional: bool, not_empty: bool) -> list[str]:
    """The tests that an output has to pass, without the path at their end."""
    if not optional:
        return ["test -s" if not_empty else "test -e"]
    return [f"{_IF_THERE}test -s"] if not_empty else []


_IF_THERE = 'test ! -e "$path" || '


def _promises(context: TaskContext, places: dict[str, str]) -> list[str]:
    """What Snakemake does after a job: see that all is there."""
    checks, outputs = context.task.checks, context.task.outputs
    not_empty = {check.port for check in checks if check.kind == "non_empty"}
    otherwise = literal('{ echo "not as promised: $path"; exit 1; }')
    kinds: dict[str, list[str]] = {}
    for name, paths in places.items():
        for test in promised_by(outputs[name].optional, name in not_empty):
            kinds.setdefault(test, []).append(paths)
    found = [
        f'for path in {" ".join(paths)}; do {test} "$path" || {otherwise}; done\n' for test, paths in kinds.items()
    ]
    for check in checks:
        if check.kind != "sha256":
            continue
        total = quoted(f"{check.wanted}  -")
        look = f'{_IF_THERE if outputs[check.port].optional else ""}sha256sum < "$path" | grep -qxF {total}'
        found.append(f"for path in {places[check.port]}; do {look} || {otherwise}; done\n")
    return found


def _values(context: TaskContext, places: dict[str, str]) -> list[str]:
    """What sees to it that a file holds the value that it stands for."""
    otherwise = literal("{ exit 1; }")
    return [
        f'for path in {places[check.port]}; do bash {{VALUE:q}} {check.wanted} "$path" || {otherwise}; done\n'
        for check in context.task.checks
        if check.kind == "value"
    ]


VALUE = "value.sh"
"""The script that looks at a value."""


def _stamps(context: TaskContext, places: dict[str, str]) -> list[str]:
    """What Snakemake leaves in directories: by this one that a job made is told from one that somebody else did."""
    folders = [paths for name, paths in places.items() if context.task.outputs[name].base == "directory"]
    there = _IF_THERE if any(output.optional for output in context.task.outputs.values()) else ""
    return [f'for path in {" ".join(folders)}; do {there}touch -- "$path/{MADE}"; done\n'] if folders else []


HOLDS = "holds_at_least"
"""The function of the shell that counts files, in a Snakefile that does so in many places."""


def _counts(context: TaskContext, places: dict[str, str]) -> list[str]:
    """What Snakemake never looks at: how many files a directory holds."""
    found = []
    for check in context.task.checks:
        if check.kind != "min_files":
            continue
        name, count = check.port, check.wanted
        absent = f"test ! -e {places[name]} || " if context.task.outputs[name].optional else ""
        if context.around.counts_files:
            found.append(f"{absent}{HOLDS} {count} {places[name]}\n")
            continue
        otherwise = literal("{") + f" echo '{name} holds fewer than {count} files'; exit 1; " + literal("}")
        found.append(f"[[ $(find {places[name]} -type f | wc -l) -ge {count} ]] || {absent}{otherwise}\n")
    return found


def _exports(context: TaskContext, commands: CommandLowering, *, join: str) -> list[str]:
    found = []
    for variable in context.task.variables:
        if variable.value is None:
            continue  # It is in the environment already.
        word = commands.word(variable.value)
        found.append(f"export {variable.name}={word}" + (";" if join == " " else "\n"))
    return found


def _strings(pieces: list[str], span: Span) -> list[Entry]:
    """Pieces of a string, each on a line of its own; as one where they fit a line together, as a formatter has it."""
    together = " ".join(flat(string(piece)) for piece in pieces)
    if len(together) + 8 <= WIDTH:
        pieces = ["".join(pieces)]
    return [Entry("", string(piece), span) for piece in pieces]


def _filled(words: list[str]) -> list[str]:
    """Words as pieces of a string, filled up to a line's width, each word after the first with a space before it."""
    pieces: list[str] = []
    for number, word in enumerate(words):
        text = word if number == 0 else f" {word}"
        if pieces and len(pieces[-1]) + len(text) <= _SHELL_WIDTH and "\n" not in pieces[-1]:
            pieces[-1] += text
        else:
            pieces.append(text)
    return pieces


def _with_breaks(pieces: list[str]) -> list[str]:
    return [*pieces[:-1], pieces[-1] + "\n"] if pieces else []
