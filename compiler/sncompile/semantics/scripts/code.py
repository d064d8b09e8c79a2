"""Where a script hands a value to what would take it for code: the shell's own builtins, and programs that run text.

A variable keeps a value from being code where the shell reads it. What `eval`, `trap`, `bash -c` and the like are given
is read once more, and there it would be. Numbers can stand anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Fault
from sncompile.faults import values as faults
from sncompile.lazy_regex import regex
from sncompile.semantics.scripts.scanner import DECLARING
from sncompile.semantics.scripts.script import NUMBER, UNKNOWN, VALUE, Command, Scan, Taken, Word


class Finding(NamedTuple):
    """What is said of the value that stands at `where`; `numbers`: of a number, too."""

    where: int
    fault: Fault
    message: str
    help: str
    numbers: bool = False


_BEFORE = "put it into a variable before: `x=${…}`, and use `$x` here"
_NUMBER = "only a number can stand here: make the parameter an `integer`, or convert it (`int(…)`)"
_LEXICAL = {
    Taken.ARITHMETIC: (_NUMBER, False),
    Taken.SUBSCRIPT: (_NUMBER, False),
    Taken.NAME: ("write the name out", True),
    Taken.ESCAPE: ("take the backslash away; a literal `${` is written `$${`", True),
    Taken.QUOTED_EXPANSION: (_BEFORE, True),
    Taken.VERBATIM_DOCUMENT: (
        "take the quotes off the delimiter, and write `\\$` for every `$` that is to stay",
        False,
    ),
    Taken.DELIMITER: ("write the delimiter out", True),
}


def findings(scan: Scan) -> Iterator[Finding]:
    """What is to be said of the places of a script's values; of one there may be several."""
    maps = {word.name for command in scan.commands for word in _declared(command, "A")}
    for where, place in scan.places.items():
        if place.taken is not None and not (place.taken is Taken.SUBSCRIPT and place.array in maps):
            hint, numbers = _LEXICAL[place.taken]
            yield Finding(where, faults.IN_QUOTES, f"a value inside {place.taken.value}", hint, numbers)
    for word in scan.evaluated:
        if word.name and word.name in maps:
            continue  # The subscripts of an associative array are texts.
        for where in _printed(word.commands):
            hint = "let the command read it as a file (`< ${…}`), or give a number"
            yield Finding(where, faults.IN_CODE, "a value in a command whose output is computed as arithmetic", hint)
    yield from _computed_later(scan, maps)
    integers = {word.name for command in scan.commands for word in _declared(command, "i")}
    shared, held = _shared(scan), _held(scan)
    for command in scan.commands:
        yield from _Judging(command, integers, shared, held).findings()


def _variables(scan: Scan, *, arrays: bool) -> dict[str, list[int]]:
    """The values that a script's variables hold; with `arrays` also those of lists."""
    given: dict[str, list[int]] = {}
    for command in scan.commands:
        words = _own(command)
        name = words[0].text if words else ""
        for word in (*command.assigned, *(words[1:] if name in DECLARING else ())):
            if word.name and (arrays or not word.array):
                given.setdefault(word.name, []).extend(word.values)
        if name == "for" and len(words) > 3:
            given.setdefault(words[1].text, []).extend(value for word in words[3:] for value in word.values)
    return given


def _computed_later(scan: Scan, maps: set[str]) -> Iterator[Finding]:
    """Values that a variable of the script takes into what is computed."""
    given = _variables(scan, arrays=False)
    computed = [word for word in scan.evaluated if word.name not in maps or not word.name]
    for command in scan.commands:
        words = _own(command)
        name = words[0].text if words else ""
        for number, word in enumerate(words if name == "[[" else ()):
            computed += words[max(number - 1, 1) : number + 2] if word.text in _COMPARISONS else []
    for word in computed:
        for name in re.findall(r"[A-Za-z_]\w*", re.sub(r"\$\([^()]*\)", "", word.raw)):
            for where in given.pop(name, ()):
                message = f"a text that is computed as arithmetic further on, as `{name}`"
                yield Finding(where, faults.COMPUTED_LATER, message, _NUMBER)


def _printed(commands: Iterable[Command]) -> Iterator[int]:
    """The values that some commands may print: all but the files that they are led to, and what `%q` quotes anew."""
    for command in commands:
        words = command.words
        quoting = len(words) > 1 and words[0].text == "printf" and re.fullmatch(r"(?:[^%]|%q)+", words[1].text)
        printed = words[1:2] if quoting else words
        for word in (*printed, *command.input):
            yield from word.values
        for word in (*command.words, *command.assigned, *command.input):
            yield from _printed(word.commands)


def _given(word: Word) -> Iterator[int]:
    """The values of which a word may be made."""
    yield from word.values
    yield from _printed(word.commands)


# --- Builtins -------------------------------------------------------------------------------------------------------


class _Builtin(NamedTuple):
    """What a builtin takes: options with an argument, those of which it is evaluated, and which operands are."""

    taking: str = ""
    evaluated: str = ""
    first: int = 0
    last: int = 0


_ALL = 1_000_000
_NAMES = {
    "read": _Builtin("adinNptu", "a", 0, _ALL),
    "mapfile": _Builtin("dnOsucC", "", 0, _ALL),
    "readarray": _Builtin("dnOsucC", "", 0, _ALL),
    "unset": _Builtin("", "", 0, _ALL),
    "getopts": _Builtin("", "", 1, 2),
    "printf": _Builtin("v", "v"),
    "wait": _Builtin("p", "p"),
}
"""Builtins that take names of variables, in which the shell computes subscripts."""

_CODE = {
    "eval": _Builtin("", "", 0, _ALL),
    "trap": _Builtin("", "", 0, 1),
    "alias": _Builtin("", "", 0, _ALL),
    "mapfile": _Builtin("dnOsucC", "C"),
    "readarray": _Builtin("dnOsucC", "C"),
    "compgen": _Builtin("oAGWFCXPS", "WFC"),
    "complete": _Builtin("oAGWFCXPS", "WFC"),
    "bind": _Builtin("mqurfx", "x", 0, _ALL),
}
"""Builtins that take code."""

_SPECIAL = frozenset(("PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT_COMMAND", "BASH_ENV", "ENV"))
"""Variables whose values the shell expands."""

_COMPARISONS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_IN_SHELL = "put it into a variable before (`x=${…}`), and name that in single quotes here: `'… \"$x\" …'`"


def _operands(words: list[Word], builtin: _Builtin) -> Iterator[Word]:
    """Those of a builtin's words that it evaluates; `words` begins with its name."""
    rest = words[1:]
    while rest and rest[0].text.startswith("-") and rest[0].text != "-":
        option = rest.pop(0)
        if option.text == "--":
            break
        letter = next((c for c in option.text[1:] if c in builtin.taking), "")
        if letter:
            argument = option if not option.text.endswith(letter) else rest.pop(0) if rest else option
            if letter in builtin.evaluated:
                yield argument
    yield from rest[builtin.first : builtin.last]


def _declared(command: Command, attribute: str) -> list[Word]:
    """What a command declares to have an attribute."""
    words = _own(command)
    if not words or words[0].text not in DECLARING:
        return []
    options = [word.text for word in words[1:] if word.text.startswith("-")]
    return [_named(word) for word in words[1:]] if any(attribute in text for text in options) else []


def _named(word: Word) -> Word:
    """A word of a declaration, with the name that it declares even where it assigns nothing."""
    return word if word.name else Word(word.start, text=word.text, name=word.text)


def _own(command: Command) -> list[Word]:
    """A command's words without those that only say how it is run."""
    words = command.words
    while words and words[0].text in ("command", "builtin", "exec", "-p", "-v", "-V"):
        words = words[1:]
    return words


# --- Programs -------------------------------------------------------------------------------------------------------


class _Program(NamedTuple):
    """A program that runs text: what it is called, the option before the text, and how a value is handed over.

    `attached`: the text may stand in the option's own word. `stdin`: without a file it runs what it reads. `anywhere`:
    the option may stand after other words.
    """

    name: str
    option: str
    help: str
    attached: bool = True
    stdin: bool = True
    anywhere: bool = False


_PROGRAMS = [
    _Program(r"(?:ba|da|k|z|a|fi|mk)?sh", r"[-+][A-Za-z]*c[A-Za-z]*", "{0} -c '… \"$1\" …' _ ${{…}}", attached=False),
    _Program(r"(?:python|pypy)[0-9.]*", r"-[A-Za-z]*c", "{0} -c '… sys.argv[1] …' ${{…}}"),
    _Program(r"perl[0-9.]*", r"-[A-Za-z0-9]*[eE]", "{0} -e '… $ARGV[0] …' ${{…}}"),
    _Program(r"ruby[0-9.]*", r"-[A-Za-z0-9]*e", "{0} -e '… ARGV[0] …' ${{…}}"),
    _Program(r"node(?:js)?", r"-[A-Za-z]*[ep]|--eval|--print", "{0} -e '… process.argv[1] …' ${{…}}"),
    _Program(r"php[0-9.]*", r"-r", "{0} -r '… $argv[1] …' ${{…}}"),
    _Program(r"lua[0-9.]*", r"-e", "set it as a variable: `x=${{…}} {0} -e '… os.getenv(\"x\") …'"),
    _Program(r"Rscript|R", r"-e", "{0} -e '… commandArgs(TRUE)[1] …' --args ${{…}}"),
    _Program(r"julia", r"-[eE]|--eval|--print", "{0} -e '… ARGS[1] …' ${{…}}"),
    _Program(r"octave(?:-cli)?", r"--eval", "set it as a variable: `x=${{…}} {0} --eval '… getenv(\"x\") …'"),
    _Program(r"matlab", r"-(?:batch|r)", "set it as a variable: `x=${{…}} {0} -batch '… getenv(\"x\") …'"),
    _Program(r"tclsh[0-9.]*|gnuplot|m4|qsub|bsub", r"(?!)", ""),
    _Program(r"psql|sqlite3|mysql|gdb|ftp|lftp|sftp|at|batch", r"(?!)", "", anywhere=True),
    _Program(r"dc|ed|ex|n?vim?", r"-[ce]", "", anywhere=True),
    _Program(r"su|runuser|flock|script", r"-[A-Za-z]*c|--command|--session-command", "", stdin=False, anywhere=True),
    _Program(r"sbatch", r"--wrap", "", anywhere=True),
    _Program(r"env", r"-[A-Za-z]*S|--split-string", "", stdin=False),
]
_PATTERNS = [(re.compile(program.name), re.compile(program.option), program) for program in _PROGRAMS]
_SCRIPTED = regex(r"(?:[gmn]|busybox )?awk|g?sed|bioawk")
_WRAPPED = regex(
    r"sudo|env|nohup|nice|timeout|stdbuf|setsid|srun|time|xargs|sshpass|-.*|[0-9.]+[smhd]?|\w+=.*", re.DOTALL
)
_SSH_ARGUMENT = regex(r"-[A-Za-z0-9]*[bcDEeFIiJLlmOopQRSWw]")


def _shared(scan: Scan) -> list[Word]:
    """What any command of a script may read: what a group, a loop or a branch is given, or a command with others in it.

    `{ bash; } <<END` and `tee >(bash) <<END` hand on what they are given to whatever stands inside.
    """
    return [
        word
        for command in scan.commands
        if not command.words or any(inner.commands for inner in command.words)
        for word in command.input
    ]


class _Held(NamedTuple):
    """The values that variables and files of the script have been given, by their names."""

    variables: dict[str, list[int]]
    files: dict[str, list[int]]


def _is_known(word: Word) -> bool:
    """Whether a word is the same in every job, so that it can be told from another one."""
    return not set(word.text) & {VALUE, NUMBER, UNKNOWN}


def _held(scan: Scan) -> _Held:
    files: dict[str, list[int]] = {}
    for command in scan.commands:
        values = [where for each in (command, *command.pipes) for where in _echoed([each])]
        words = [*command.targets, *(command.words[1:] if command.words and command.words[0].text == "tee" else ())]
        for target in filter(_is_known, words) if values else ():
            files.setdefault(target.text.removeprefix("./"), []).extend(values)
    return _Held(_variables(scan, arrays=True), files)


class _Judging:
    """Looks at one command."""

    def __init__(self, command: Command, integers: set[str], shared: Sequence[Word], held: _Held) -> None:
        self._command, self._integers, self._shared = command, integers, shared
        self._held = held
        self._words = _own(command)

    def findings(self) -> Iterator[Finding]:
        """What is to be said of its values."""
        for word in self._command.assigned:
            yield from self._assignment(word)
        if not self._words:
            return
        name = self._words[0].text
        if name in _NAMES:
            for word in _operands(self._words, _NAMES[name]):
                yield from self._refused(word, f"where `{name}` takes the name of a variable", "write the name out")
        if name in _CODE:
            for word in _operands(self._words, _CODE[name]):
                yield from self._refused(word, f"in code for `{name}`", _IN_SHELL)
        if name == "let":
            for word in self._words[1:]:
                yield from self._refused(word, "inside arithmetic", _NUMBER)
        elif name in DECLARING:
            yield from self._declaration(name)
        elif name in ("for", "select", "function") and len(self._words) > 1:
            yield from self._refused(self._words[1], "in the place of a name", "write the name out")
        elif name in ("[[", "[", "test"):
            yield from self._test(name)
        elif name in ("source", "."):
            for where in (w for word in self._words[1:] for w in _echoed(word.commands)):
                yield Finding(where, faults.IN_CODE, f"a value in code for `{name}`", _IN_SHELL)
            for word in self._words[1:2]:
                yield from self._written(word, f"`{name}`")
        yield from self._written(self._words[0], "the shell")
        for word in self._words[1:]:
            if word.text.partition("=")[0] in _SPECIAL and name not in DECLARING:  # As for `env`.
                yield from self._refused(word, "in a variable that the shell expands", "write it out")
        yield from self._programs()
        yield from self._joined()

    # --- What the shell computes ----------------------------------------------------------------------------------

    def _assignment(self, word: Word) -> Iterator[Finding]:
        if word.name in _SPECIAL:
            yield from self._refused(word, f"in `{word.name}`, which the shell expands", "write it out")
        elif word.name in self._integers:
            yield from self._refused(word, "inside arithmetic", _NUMBER)

    def _declaration(self, name: str) -> Iterator[Finding]:
        attributes = "".join(word.text for word in self._words[1:] if word.text.startswith("-"))
        for word in self._words[1:]:
            if not word.name or ("n" in attributes and name not in ("export", "readonly")):
                yield from self._refused(word, f"where `{name}` takes the name of a variable", "write the name out")
            elif "i" in attributes:
                yield from self._refused(word, "inside arithmetic", _NUMBER)
            else:
                yield from self._assignment(word)

    def _test(self, name: str) -> Iterator[Finding]:
        words = self._words
        for number, word in enumerate(words):
            if word.text in ("-v", "-R") and not word.quoted and number + 1 < len(words):
                yield from self._refused(
                    words[number + 1], f"where `{name}` takes the name of a variable", "write it out"
                )
            if name == "[[" and word.text in _COMPARISONS and not word.quoted:
                for side in words[max(number - 1, 1) : number + 2]:
                    yield from self._refused(side, "inside arithmetic", f"{_NUMBER}, or compare texts: `==`")

    # --- What other programs run ----------------------------------------------------------------------------------

    def _programs(self) -> Iterator[Finding]:
        words = self._command.words
        for number, word in enumerate(words):
            if word.values or word.text.endswith("/"):
                continue
            name = word.text.rpartition("/")[2]
            for called, option, program in _PATTERNS:
                if called.fullmatch(name):
                    yield from self._program(name, option, program, words[number + 1 :])
            if _SCRIPTED.fullmatch(name):
                yield from self._scripted(name, words[number + 1 :])

    def _program(self, name: str, option: re.Pattern[str], program: _Program, words: list[Word]) -> Iterator[Finding]:
        """What a program is given after its name."""
        hint = program.help.format(name)
        hint = hint if hint.startswith("set") else f"hand it over as an argument: `{hint}`" if hint else _BY_FILE
        at = 0
        while at < len(words):
            word = words[at]
            at += 1
            match = option.match(word.text)
            if match is not None and word.text == match[0]:
                at += _skipped(words[at:]) if not program.attached else 0
                yield from (
                    f for code in words[at : at + 1] for f in self._refused(code, f"in code for `{name}`", hint)
                )
                if not program.attached:
                    return
                at += 1
            elif match is not None and program.attached:
                yield from self._refused(word, f"in code for `{name}`", hint)
            elif word.text in ("-", "-s", "/dev/stdin") or (word.text.startswith(("-", "+")) and word.text != "--"):
                at += not program.attached and word.text[-1:] in ("o", "O")
                if word.text == "-s":
                    break
            elif (word.quoted or not word.text.startswith("\2")) and not program.anywhere:
                # A file: it is run, and what follows it are arguments.
                for where in _echoed(word.commands):
                    yield Finding(where, faults.IN_CODE, f"a value in code for `{name}`", hint)
                yield from self._written(word, f"`{name}`")
                return
        if program.stdin:
            yield from self._read(name)

    def _read(self, name: str) -> Iterator[Finding]:
        """What a program reads that runs it."""
        call = f"{name} -s -- ${{…}}" if name.endswith("sh") and name != "ssh" else f"{name} - ${{…}}"
        hint = f"hand it over as an argument: `{call}`; code in a here-document has its delimiter in quotes then"
        if not name.startswith(("python", "perl", "ruby", "node", "php")) and "-s" not in call:
            hint = _BY_FILE
        for word in (*self._command.input, *self._shared):
            yield from self._refused(word, f"in code that `{name}` reads", hint)
        for command in self._command.pipes:
            printed = command.words if command.words and command.words[0].text in ("echo", "printf") else []
            for word in (*printed, *command.input):
                yield from self._refused(word, f"in code that `{name}` reads", hint)

    def _scripted(self, name: str, words: list[Word]) -> Iterator[Finding]:
        """The program of `awk` or `sed`: both can run commands, and many a text means something in them."""
        sed = name.endswith("sed")
        taking = "lE" if sed else "vF"
        given = False
        at = 0
        while at < len(words):
            word = words[at]
            at += 1
            text = word.text
            if text in ("-e", "--expression", "--source"):
                given = True
                yield from self._warned(name, words[at : at + 1])
                at += 1
            elif text in ("-f", "--file"):
                given = True
                at += 1
            elif re.match(r"-[A-Za-z]*e|--(?:expression|source)=", text) and sed:
                given = True
                bare = re.fullmatch(r"-[A-Za-z]*e", text)
                yield from self._warned(name, words[at : at + 1] if bare else [word])
                at += bool(bare)
            elif text.startswith("-") and len(text) > 1:
                at += len(text) == 2 and text[1] in taking and not (sed and text == "-E")
            elif not given:
                yield from self._warned(name, [word])
                return

    def _joined(self) -> Iterator[Finding]:
        """Programs that hand their arguments to a shell, joined to one text."""
        words = self._words
        while words and _WRAPPED.fullmatch(words[0].text):
            words = words[1:]
        name, words = (words[0].text.rpartition("/")[2] if words else ""), words[1:]
        if name == "ssh":
            while words and words[0].text.startswith("-"):
                words = words[2:] if _SSH_ARGUMENT.fullmatch(words[0].text) else words[1:]
            for word in words[1:]:
                hint = 'quote it for the shell there: `ssh host "tool $(printf %q ${…})"`'
                yield from self._refused(word, "in code for `ssh`", hint)
            if len(words) == 1:
                yield from self._read("ssh")
        elif name == "watch":
            for word in words:
                yield from self._refused(word, f"in code for `{name}`", _BY_FILE)
        elif name == "parallel" and not {"-q", "--quote"} & {word.text for word in words}:
            for word in words:
                if word.text.startswith(":::"):
                    return
                yield from self._refused(word, "in code for `parallel`", "have it quoted: `parallel --quote`")

    # --- Places that are code -------------------------------------------------------------------------------------

    def _refused(self, word: Word, what: str, hint: str) -> Iterator[Finding]:
        """A value may not stand in a word; one that a variable brings there is warned of."""
        for where in _given(word):
            yield Finding(where, faults.IN_CODE, f"a value {what}", hint)
        yield from self._brought(word, hint)

    def _warned(self, name: str, words: list[Word]) -> Iterator[Finding]:
        hint = f"give it as a variable: `{name} -v x=${{…}} '… x …'`; by `ENVIRON` where a backslash has to stay one"
        if name.endswith("sed"):
            hint = "use a tool that takes it as an argument, such as `awk -v x=${…} '… x …'`"
        for where in (w for word in words for w in _given(word)):
            yield Finding(where, faults.IN_PROGRAM, f"a text that becomes part of a program of `{name}`", hint)
        for word in words:
            yield from self._brought(word, hint)

    def _brought(self, word: Word, hint: str) -> Iterator[Finding]:
        for name in word.reads:
            for where in self._held.variables.pop(name, ()):
                yield Finding(where, faults.COMPUTED_LATER, f"a text that is run as code further on, in `{name}`", hint)

    def _written(self, file: Word, name: str) -> Iterator[Finding]:
        """A file that the script itself wrote, and that is run here."""
        for where in self._held.files.pop(file.text.removeprefix("./"), ()) if _is_known(file) else ():
            message = f"a text that becomes part of `{file.text}`, which {name} runs further on"
            yield Finding(where, faults.COMPUTED_LATER, message, "have the file take it as an argument")


_BY_FILE = "write the code into a file of the module, which takes it as an argument: `bash ${file('run.sh')} ${…}`"


def _skipped(words: list[Word]) -> int:
    """How many options of a shell stand between `-c` and its code."""
    found = 0
    while found < len(words) and words[found].text.startswith(("-", "+")):
        found += 2 if words[found].text[-1:] in ("o", "O") else 1
    return found


def _echoed(commands: Iterable[Command]) -> Iterator[int]:
    """The values that are printed as they are."""
    for command in commands:
        told = command.words if command.words and command.words[0].text in ("echo", "printf") else []
        for word in (*told, *command.input):
            yield from _given(word)
