"""Puts the values of a shell script where nothing can make them code.

A script begins with lines that assign its values to variables of the shell: there the context is known. In the text, a
value is named by its variable:

    echo "${params.title}" > ${outputs.o}   =>   params_title='it'\\''s'
                                                 outputs_o=results/a/o
                                                 echo "${params_title}" > "${outputs_o}"

Two kinds of values stay where they are written. A number or a boolean holds nothing that a shell could take for more.
And in a script of plain words (`_PLAIN`) every argument stands outside of quotes, whatever else may be said of it.

Decision 0045.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sncompile.diagnostics import Report, Span
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Argument, ShellPart
from sncompile.ir.language.types import READ, STRING, Type
from sncompile.ir.values.model import Apply, Local, ModuleFile, Value, children
from sncompile.lazy_regex import regex
from sncompile.semantics.scripts.code import findings
from sncompile.semantics.scripts.scanner import scan
from sncompile.semantics.scripts.script import NUMBER, UNKNOWN, VALUE, Place, Quotes, Scan, TooLarge
from sncompile.semantics.typing import Typer
from sncompile.syntax.expressions import Name, Template

ARGS = "args"
"""What a script calls the arguments that its module lists."""


class Inside(NamedTuple):
    """What a script has to know of its scratch folder: the inputs that have names there, and how words are told.

    `words` puts before each word of an argument whether it is a path, for `sncompile_spell` (`scratch.sh`).
    """

    linked: Set[str]
    words: Callable[[Argument], list[Argument]]


class _Use(NamedTuple):
    """A value in a script, and where it stands there; without a place it stays as it is."""

    value: Value
    place: Place | None


@dataclass(frozen=True)
class Script:
    """A script whose values are typed: its texts and the uses of values between them."""

    pieces: tuple[str | _Use, ...]
    args: tuple[Argument, ...] = ()
    """What `ARGS` stands for, which is a list of as many words as they have."""

    @property
    def values(self) -> list[Value]:
        """The values in it."""
        return [use.value for use in self.pieces if isinstance(use, _Use)]

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names of the variables that hold values, as long as nobody else has them."""
        return frozenset(self._named(frozenset()).values())

    def parts(self, taken: Set[str] = frozenset(), inside: Inside | None = None) -> tuple[ShellPart, ...]:
        """The script with its values in variables, of which none is called as one of `taken`.

        In a scratch folder paths are made absolute, and it goes there.
        """
        names = self._named(taken)
        found: list[str | Argument] = []
        assigned = {_form(u.value): u.value for u in self.pieces if isinstance(u, _Use) and u.place is not None}
        for form, value in assigned.items():
            name = names[form]
            words = self._words(value, inside)
            found += [f"{name}=(", *words, ")\n"] if _several(value.type) else [f"{name}=", *words, "\n"]
        if inside is not None:
            found += _going(assigned, names, inside.linked)
        for piece in self.pieces:
            if isinstance(piece, str):
                found.append(piece)
            elif piece.place is None:
                found += self._words(piece.value)
            else:
                found.append(_reference(names[_form(piece.value)], piece.value.type, piece.place.quotes))
        return tuple(_joined(found))

    def _words(self, value: Value, inside: Inside | None = None) -> list[str | Argument]:
        """A value where words stand: the arguments of a module one after the other, any other as it is."""
        if not _is_args(value):
            return [value]
        words = self.args if inside is None else [word for each in self.args for word in inside.words(each)]
        return [part for word in words for part in (" ", word)][1:]

    def _named(self, taken: Set[str]) -> dict[Any, str]:
        """A name for each value that is assigned."""
        text = "".join(piece for piece in self.pieces if isinstance(piece, str))
        used = {*taken, *re.findall(r"[A-Za-z_]\w*", text, re.ASCII)}
        names: dict[Any, str] = {}
        for use in self.pieces:
            if isinstance(use, str) or use.place is None or _form(use.value) in names:
                continue
            name = wanted = _wanted(use.value)
            number = 1
            while name in used:
                number += 1
                name = f"{wanted}_{number}"
            used.add(name)
            names[_form(use.value)] = name
        return names


def _is_args(value: Value) -> bool:
    return isinstance(value, Local) and value.space == ARGS


def link_script(
    script: Template, typer: Typer, report: Report, args: tuple[Argument, ...] | None = None, *, named: bool = False
) -> Script:
    """A script with its values typed, of a module with `args` or without. What cannot stand where it does is told.

    `named`: paths stand in variables.
    """
    typed = [
        _args(span) if args is not None and isinstance(part, Name) and part.id == ARGS else
        part if isinstance(part, str) else typer.part(part, span)
        for part, span in zip(script.parts, script.spans, strict=True)
    ]  # fmt: skip
    if args is not None and not any(isinstance(part, Local) and _is_args(part) for part in typed):
        message, hint = "the script never names its `args`", "write `${args}` where they belong"
        report.add(faults.UNUSED_ARGS.at(script.span, message, help=hint))
    at: dict[int, tuple[Value, Span]] = {}
    text = ""
    for part, span in zip(typed, script.spans, strict=True):
        if isinstance(part, str):
            text += re.sub(f"[{VALUE}{NUMBER}{UNKNOWN}]", "_", part)
        else:
            at[len(text)] = part, span
            text += NUMBER if _plain_number(part.type) else VALUE
    try:
        scanned = scan(text)
    except TooLarge as error:
        report.add(faults.LARGE_SCRIPT.at(script.span, str(error), help="write it as a file: `script`"))
        return Script(tuple(part if isinstance(part, str) else _Use(part, None) for part in typed), args or ())
    _tell(scanned, at, script.span, report)
    # What is absent would leave a redirection to the next word.
    stays = _is_plain(text) and not any(p.one_word and _several(at[i][0].type) for i, p in scanned.places.items())
    pieces: list[str | _Use] = []
    places = iter(at)
    for part in typed:
        if isinstance(part, str):
            pieces.append(part)
            continue
        place = scanned.places.get(next(places), Place(Quotes.PLAIN))
        written = (stays and not (named and (part.type.of_paths or _is_args(part)))) or (
            _plain_number(part.type) and place.digits
        )
        pieces.append(_Use(part, None if written else place))
    return Script(tuple(pieces), args or ())


def _args(span: Span) -> Value:
    """All arguments, as a value of a script."""
    return Local(ARGS, "", STRING._replace(many=True), span)


def _tell(scanned: Scan, at: dict[int, tuple[Value, Span]], span: Span, report: Report) -> None:
    """What is wrong with the places of values; of each value one thing."""
    told: set[int] = set()
    for finding in findings(scanned):
        value, where = at[finding.where]
        number = value.type.base in READ and (finding.fault is not faults.IN_QUOTES or not value.type.many)
        if value.type.base == "unknown" or (number and not finding.numbers) or finding.where in told:
            continue
        told.add(finding.where)
        report.add(finding.fault.at(where, finding.message, help=finding.help))
    for position, place in scanned.places.items():
        value, where = at[position]
        if place.one_word and value.type.many and position not in told:
            hint = 'make it an array, `x=(${…})`, and use it as `"$${x[@]}"`'
            if place.one_word != "an assignment":
                hint = "join it (`join(list, ' ')`), or write it with `printf`"
            message = f"a list in {place.one_word}, which takes one word"
            report.add(faults.IN_QUOTES.at(where, message, help=hint))
    if scanned.unclosed:
        hint = "end it with a line of its own: the delimiter, and no blanks around it"
        if not scanned.unclosed.startswith("the here-document"):
            hint = "close it; a backslash before it makes it a sign as any other"
        message = f"{scanned.unclosed} is still open at the end of the script"
        report.add(faults.UNCLOSED_SCRIPT.at(span, message, help=hint))


# --- Values that stay ---------------------------------------------------------------------------------------------

_PLAIN = regex(
    r"""
      [A-Za-z0-9_./:@%+,=\-|&;<>()?*^!\0\1\ \t\n]++  # words, and what stands between them
    | (?P<comment>(?:\A|(?<=[ \t])|(?<=\n)(?<!\\\n))\#[^\n\0]*+)(?=\n|\Z)  # a comment that holds no text of others
    | \\\n                                         # a line that goes on
    | \$(?:[A-Za-z_]\w*(?![\w\0\1\\])|(?=\())      # a variable, or the output of commands
    | \{(?=[ \t\n]) | \}(?=[ \t\n;|&>)]|\Z)        # commands that belong together
    | '[^'\0]*' | "[^"$`\\\0]*"                    # quotes that hold neither values nor expansions
    | "\$[A-Za-z_]\w*"                             # a variable of the script's own as one word
    """,
    re.VERBOSE | re.ASCII,
)
_MEANS_MORE = regex(r"<<|\(\(|\bcase\b|=\(|[@?*+!]\(")
_QUOTED = regex(r"'[^']*'|\"[^\"]*\"")
_BETWEEN = regex(r"[\n;(){}]|(?<!>)\||(?<![<>])&(?!>)")
_LEADING = regex(
    r"[ \t]*(?:(?:if|then|else|elif|do|while|until|time|!)[ \t]+)*"
    r"(?!(?:if|then|else|elif|do|while|until|time|for|select|function|coproc|in)[ \t])"
    r"[A-Za-z0-9_./][A-Za-z0-9_./+:@%,-]*[ \t]"
)

_REDIRECTED = regex(r"[ \t]*(?:>>?|<)[ \t]*")


def _is_plain(text: str) -> bool:
    """Whether a script is made of nothing that could put a value of it anywhere else than outside of quotes.

    Every value then is an argument: a word after the name of a program, or a part of one.
    """
    told = _plain_text(text)
    if told is None or _MEANS_MORE.search(told):
        return False
    text = told
    if re.search(f"[{VALUE}{NUMBER}][<>]", text):
        return False  # It would be the number of a stream.
    for command in _BETWEEN.split(_QUOTED.sub("''", text.replace("\\\n", ""))):
        before, *after = re.split(f"[{VALUE}{NUMBER}]", command)
        led_to = len(after) == 1 and _REDIRECTED.fullmatch(before)
        if after and not _LEADING.match(before) and not led_to:
            return False
    return True


def _plain_text(text: str) -> str | None:
    """A script without its comments, if it is made of plain pieces: a comment does not decide where values stand."""
    told: list[str] = []
    at = 0
    while at < len(text):
        piece = _PLAIN.match(text, at)
        if piece is None:
            return None
        told.append("" if piece["comment"] else piece[0])
        at = piece.end()
    return "".join(told)


def _plain_number(kind: Type) -> bool:
    """Whether a value is digits and the like, and always one word."""
    return kind.base in READ and not kind.many and not kind.optional


# --- Values in variables ------------------------------------------------------------------------------------------


def _going(assigned: Mapping[Any, Value], names: Mapping[Any, str], linked: Set[str]) -> Iterator[str]:
    """What makes variables absolute and goes to the scratch folder: functions of `scratch.sh`."""
    inside = [f for f, v in assigned.items() if isinstance(v, Local) and v.space == "inputs" and v.name in linked]
    paths = [form for form, value in assigned.items() if form not in inside and value.type.of_paths]
    args = [form for form, value in assigned.items() if _is_args(value)]
    for function, forms in (("sncompile_absolute", paths), ("sncompile_inside", inside), ("sncompile_spell", args)):
        if forms:
            yield f"{function} {' '.join(names[form] for form in forms)}\n"
    yield "sncompile_go\n"


def _several(kind: Type) -> bool:
    """Whether a value may be another number of words than one."""
    return kind.many or kind.optional


def _reference(name: str, kind: Type, quotes: Quotes) -> str:
    """How a script names a variable, by the quotes around."""
    # Without `-` and `+` an array without items would be an error of old versions of bash.
    inside = f"${{{name}[@]-}}" if kind.many else f"${{{name}-}}" if kind.optional else f"${{{name}}}"
    match quotes:
        case Quotes.SINGLE:
            return f"'\"{inside}\"'"
        case Quotes.ANSI:
            return f"'\"{inside}\"$'"
        case Quotes.PLAIN if _several(kind):
            each = f"{name}[@]" if kind.many else name
            return f'${{{each}+"${{{each}}}"}}'
        case Quotes.PLAIN:
            return f'"{inside}"'
        case _:
            return inside


def _wanted(value: Value) -> str:
    """A readable name for a variable that holds a value."""
    match value:
        case Local():
            name = f"{value.space}_{value.name}"
        case ModuleFile():
            name = f"file_{value.emitted.rpartition('/')[2]}"
        case Apply() if value.function.isidentifier():
            name = f"{value.function}_{_first(value)}"
        case _:
            name = f"value_{_first(value)}"
    return re.sub(r"\W", "_", name, flags=re.ASCII).strip("_")[:60]


def _first(value: Value) -> str:
    """The first name of a module in a value."""
    if isinstance(value, Local):
        return value.name
    return next((name for child in children(value) if (name := _first(child))), "")


def _form(value: Any) -> Any:
    """A value without the places where it is written, to be compared."""
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return tuple(map(_form, value))
        return (type(value).__name__, *(_form(getattr(value, name)) for name in fields if name != "span"))
    return (type(value).__name__, value)


def _joined(found: Sequence[str | Argument]) -> list[ShellPart]:
    """Parts of a script, neighbouring texts as one."""
    parts: list[ShellPart] = []
    for piece in found:
        if not isinstance(piece, str):
            parts.append(ShellPart("", piece))
        elif parts and parts[-1].value is None:
            parts[-1] = ShellPart(parts[-1].text + piece, None)
        elif piece:
            parts.append(ShellPart(piece, None))
    return parts
