"""The words of commands and scripts → `shell:`, with the `params:` and `input:` entries that they need.

A word that is known at compile time is quoted here and written out; one that varies is named (`{input.image:q}`) and
quoted by Snakemake. Snakemake's `:q` drops empty texts, so where one may be empty it comes quoted from the sidecar.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from sncompile.diagnostics import Span
from sncompile.ir.language.functions import to_text
from sncompile.lazy_regex import regex
from sncompile.lowering.files import listed_cell
from sncompile.lowering.model import Column
from sncompile.lowering.pieces import (
    Amount,
    Cell,
    Constant,
    Given,
    Key,
    Late,
    ModuleFile,
    Object,
    Piece,
    Port,
    ScriptPart,
    Word,
)
from sncompile.targets.snakemake.context import TaskContext
from sncompile.targets.snakemake.inputs import gathered_cells, own_cell, rows_code, table_cell, there_code
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import RESOURCES, item_name, unique
from sncompile.targets.snakemake.patterns import Hole
from sncompile.targets.snakemake.python_code import Atom, Call, Code, string
from sncompile.targets.snakemake.records import record_code
from sncompile.targets.snakemake.row_lists import texts_code
from sncompile.targets.snakemake.run_time import late_words


def literal(text: str) -> str:
    """Text as it stands in a `shell:` string: Snakemake formats it, so braces are doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def quoted(text: str) -> str:
    """A constant word of the shell, in a `shell:` string."""
    return literal(shlex.quote(text))


_PLAIN = regex(r"[\w@%+=:,./^-]+", re.ASCII)
"""What means itself to bash in a command; `shlex` quotes `^` as well, which means something in `[[ … =~ … ]]`."""


LOOK = (
    'sum=${sums[n++]}; test "$sum" = - || sha256sum < "$path" | grep -qxF "$sum  -" '
    '|| { echo "not the file that was meant, by its sha256: ${path#.snakemake/storage/*/}"; exit 1; }'
)
"""Looks at a file, and tells of the engine's copy of one from elsewhere by where that is."""

PRINTED: Mapping[str, str] = {"\n": r"%s\n", "\0": r"%s\0"}
"""The format by which an item is printed that something stands behind."""


class CommandLowering:
    """Prints the command or script of one task; gathers `params` and the module files among the inputs."""

    def __init__(self, context: TaskContext, taken_inputs: set[str]) -> None:
        self._context = context
        self.params: list[Entry] = []
        self.file_inputs: list[Entry] = []
        self._param_names: set[str] = set()
        self._input_names = set(taken_inputs)
        self._known: dict[tuple[object, ...], str] = {}

    def command(self) -> list[str]:
        """The words of the command, as pieces of a `shell:` string."""
        return [self.word(word) for word in self._context.task.command or ()]

    def script(self) -> list[str]:
        """The lines of the script, as pieces of a `shell:` string, each with its line break."""
        text = "".join(map(self._part, self._context.task.script or ()))
        return re.findall(r".*\n|.+$", text)

    def list_files(self) -> list[str]:
        """What writes the list files, as pieces of a `shell:` string: the shell itself does, whatever their length."""
        found = []
        folder = literal(' mkdir -p -- "${list%/*}"')
        for name, file in self._context.task.lists.items():
            path, form = self.word(file.path, f"{name}_list"), quoted(PRINTED[file.ended_by])
            items = " ".join(self.word(word, name) for word in file.words)
            # In a shell of its own, as its variables are.
            found.append(f"(list={path};{folder}\n")
            found.append(f'for item in {items}; do printf {form} "$item"; done > "$list")\n')
        return found

    def _part(self, part: ScriptPart) -> str:
        return literal(part) if isinstance(part, str) else " ".join(map(self.word, part))

    def sums(self) -> list[str]:
        """What looks at input files of which it is said what they hold, as pieces of a `shell:` string.

        A job's sums stand in the order of its paths; `-` is that of a file of which nothing is said.
        """
        found, known = [], self._context.around.lowered.sums
        for name, port in self._context.task.inputs.items() if known else ():
            cells = [" ".join(known.get(str(path), "-") for path in listed_cell(cell)) for cell in port.files.cells]
            if not any(set(cell) - {"-", " "} for cell in cells):
                continue
            # A rule must not grow with the rows of a table.
            same = (
                cells[0]
                if len(set(cells)) == 1 and not port.data
                else f"{{params.{self._cells(cells, f'{name}_sha256', port.span)}}}"
            )
            found.append(f"(sums=({same}) n=0\n")
            found.append(f"for path in {{input.{item_name(name)}:q}}; do {literal(LOOK)}; done)\n")
        return found

    # --- Words --------------------------------------------------------------------------------------------------

    def word(self, word: Word, hint: str = "") -> str:
        """A word of a `shell:` string, or a name that Snakemake makes several of; `hint` names what has no name."""
        if word.each:
            return self._list(word)
        return "".join(self._piece(piece, word.span, hint) for piece in word.pieces)

    def _piece(self, piece: Piece, span: Span, hint: str = "") -> str:
        match piece:
            case Constant():
                plain = self._context.task.command is not None and _PLAIN.fullmatch(piece.text)
                return piece.text if plain else quoted(piece.text)
            case Port() if piece.space == "lists":
                return self.word(self._context.task.lists[piece.name].path, piece.name)
            case Port() if piece.space == "inputs" and self._context.task.inputs[piece.name].may_lack:
                return self._perhaps(Word((piece,), span, each=True), piece)
            case Port():
                return f"{{{'input' if piece.space == 'inputs' else 'output'}.{item_name(piece.name)}:q}}"
            case ModuleFile():
                return f"{{input.{self.module_file(piece)}:q}}"
            case Amount():
                return "{threads}" if piece.resource == "cpus" else f"{{resources.{RESOURCES[piece.resource]}}}"
            case Object():
                return self._object(piece)
            case Key():
                return self._key(piece, span, hint or piece.name)
            case Cell():
                return self._cell(self._context.columns[piece.column])
            case Late():
                return self._late(piece, hint, span)
            case Given():
                raise AssertionError("what is given as it is stands in an object")

    def _key(self, key: Key, span: Span, hint: str) -> str:
        """The wildcard that holds a key in the form that is wanted; else what it is for each job."""
        context = self._context
        for encoded in (True, False):
            name = context.names.get(Hole(key.name, encoded))
            if name is not None and (encoded == key.encoded or context.around.plainness.plain(context.keys, key.name)):
                return f"{{wildcards.{name}:q}}"
        cells = context.hole_cells(Hole(key.name, key.encoded))
        if "" in cells:
            return f"{{params.{self._cells([shlex.quote(cell) for cell in cells], hint, span)}}}"
        return f"{{params.{self._cells(cells, hint, span)}:q}}"

    def _cell(self, column: Column) -> str:
        """A single value that differs between jobs."""
        cells = column.cells
        made = texts_code(column.texts, self._context) if column.texts is not None else None
        if made is not None:
            return f"{{params.{self._param(column, made)}:q}}"
        if any(cell in ("", None) for cell in cells):
            quoted_cells = [shlex.quote(to_text(cell)) if cell is not None else "" for cell in cells]
            return f"{{params.{self._cells(quoted_cells, column.name, column.span)}}}"
        code = table_cell(column.origin, self._context) if column.origin is not None else None
        if code is None:
            return f"{{params.{self._cells(list(map(to_text, cells)), column.name, column.span)}:q}}"
        return f"{{params.{self._param(column, code)}:q}}"

    def _list(self, word: Word) -> str:
        """A word that is as many arguments as a list has items, or none where it is absent."""
        piece = word.pieces[0]
        if isinstance(piece, Port):
            if piece.space == "inputs" and self._context.task.inputs[piece.name].may_lack:
                return self._perhaps(word, piece)
            return self._repeated(word, piece) if word.before else self._piece(piece, word.span)
        if isinstance(piece, Late):
            return self._late(piece, word.before, word.span, before=word.before)
        assert isinstance(piece, Cell)
        column = self._context.columns[piece.column]
        lists = [listed_cell(cell) for cell in _different(column.cells)]
        if column.words or not all(isinstance(cell, tuple) for cell in column.cells):
            return self._written(word, column)
        if any(item in ("", None) for found in lists for item in found):
            return self._written(word, column)
        if word.before:
            return f"{{params.{self._repeated_column(word, column)}}}"
        return f"{{params.{self._param(column, self._list_code(column))}:q}}"

    def _written(self, word: Word, column: Column) -> str:
        """Words that stand quoted in the sidecar, as there may be none, or empty ones."""
        before = [word.before] if word.before else []
        lists = [
            [text for item in listed_cell(cell) for text in (*before, "" if item is None else to_text(item))]
            for cell in column.cells
        ]
        written = [" ".join(map(shlex.quote, found)) for found in lists]
        return f"{{params.{self._cells(written, column.name, column.span)}}}"

    def _late(self, piece: Late, hint: str, span: Span, *, before: str = "") -> str:
        """What steps have written, quoted when the job is about to run; an option may stand before each."""
        known = ("late", piece, before)
        if known not in self._known:
            code = late_words(piece.expression, self._context)
            if before:
                self._context.around.functions.add("options")
                assert isinstance(code, Call)
                option = string(shlex.quote(before))
                code = Call("lambda wildcards, input: options", (option, *code.arguments))
            name = self._name(hint or "value")
            self.params.append(Entry(name, code, span))
            self._known[known] = f"{{params.{name}}}"
        return self._known[known]

    def _perhaps(self, word: Word, port: Port) -> str:
        """The files of a port that are there when the job is about to run, with what stands before them."""
        context = self._context
        known = ("perhaps", port.name, word.before, word.lead)
        if known not in self._known:
            code = there_code(port.name, context)
            if word.lead or word.before:
                function = "option" if word.lead else "options"
                context.around.functions.add(function)
                code = Call(function, (string(shlex.quote(word.lead or word.before)), code))
            name = self._name(word.lead or word.before or port.name)
            # As a function of the inputs it is what it is when the job runs, and nothing that Snakemake compares.
            self.params.append(Entry(name, Call(f"lambda wildcards, input: {code.head}", code.arguments), word.span))
            self._known[known] = f"{{params.{name}{'' if word.lead or word.before else ':q'}}}"
        return self._known[known]

    def _repeated(self, word: Word, port: Port) -> str:
        """An option in front of each file of a port."""
        context = self._context
        context.around.functions.add("options")
        name = self._name(word.before)
        option = string(shlex.quote(word.before))
        # Snakemake does not compare what is made of inputs or outputs; the option's name is, by itself.
        self._add_param(self._name(f"{name}_option"), Atom(f"lambda wildcards: {option.text}"), word.span)
        space = "input" if port.space == "inputs" else "output"
        code = Call(f"lambda wildcards, {space}: options", (option, Atom(f"{space}.{item_name(port.name)}")))
        self._add_param(name, code, word.span)
        return f"{{params.{name}}}"

    def _repeated_column(self, word: Word, column: Column) -> str:
        context = self._context
        context.around.functions.add("options")
        name = self._name(word.before)
        code = self._list_code(column)
        assert isinstance(code, Call)
        start, separator, head = code.head.rpartition(": ")
        start = f"{start}: " if separator else context.wildcards()
        options = Call(f"{start}options", (string(shlex.quote(word.before)), Call(head, code.arguments)))
        self._add_param(name, options, word.span)
        return name

    def _list_code(self, column: Column) -> Code:
        """A list that differs between jobs: by the rows of its table, or written out in a sidecar of its own."""
        context = self._context
        code = gathered_cells(column.origin, context) if column.origin is not None and column.origin.gathers else None
        if code is None and column.texts is not None:
            code = texts_code(column.texts, context)
        return code or rows_code([listed_cell(cell) for cell in column.cells], column.name, context)

    def _object(self, piece: Object) -> str:
        """The one argument of `python` and `notebook` steps: a JSON object that is made when the job is."""
        entry = self._name("arguments")
        code = record_code(piece, self._context)
        if code.values is not None:
            self._add_param(self._name("values"), code.values, piece.span)
        self._add_param(entry, code.arguments, piece.span)
        return f"{{params.{entry}:q}}"

    def own_word(self, cells: list[str], hint: str, span: Span) -> str:
        """A word that is another text for each job."""
        return f"{{params.{self._cells(cells, hint, span)}:q}}"

    # --- Parameters ---------------------------------------------------------------------------------------------

    def _cells(self, cells: list[str], hint: str, span: Span) -> str:
        """A parameter whose texts are written out in the sidecar; gives its name."""
        known = ("cells", tuple(cells))
        if known not in self._known:
            name = self._name(hint)
            self._add_param(name, own_cell(cells, name, self._context), span)
            self._known[known] = name
        return self._known[known]

    def _param(self, column: Column, code: Code) -> str:
        """A parameter for a column; gives its name."""
        known = ("column", column.name)
        if known not in self._known:
            name = self._name(column.name)
            self._add_param(name, code, column.span)
            self._known[known] = name
        return self._known[known]

    def _add_param(self, name: str, code: Code, span: Span) -> None:
        # Snakemake looks for wildcards in every text under `params:`, but not in what a function gives.
        if isinstance(code, Call) and not code.head.startswith("lambda "):
            code = Call(f"lambda wildcards: {code.head}", code.arguments)
        self.params.append(Entry(name, code, span))

    def _name(self, hint: str) -> str:
        name = re.sub(r"\W+", "_", hint.strip("-")) or "value"
        return unique(item_name(name if not name[0].isdigit() else f"value_{name}"), self._param_names)

    def module_file(self, file: ModuleFile) -> str:
        """The input of a module's file, so that a changed file makes its jobs run again; gives the input's name."""
        emitted = file.name
        known = ("file", emitted)
        if known not in self._known:
            word = re.sub(r"\W+", "_", PurePosixPath(emitted).name, flags=re.ASCII)
            name = unique(item_name(word if word[:1].isalpha() else f"file_{word}"), self._input_names)
            self.file_inputs.append(Entry(name, Atom(f'f"{{FILES}}/{emitted}"'), file.span))
            self._context.around.uses_files = True
            self._known[known] = name
        return self._known[known]


def _different(column: Sequence[Any]) -> Iterable[Any]:
    """The values of a column, of one that several instances share only one: a list may be long."""
    return {id(value): value for value in column}.values()
