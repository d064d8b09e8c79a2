"""Words of commands and paths, and the pieces that they are made of.

A piece is what is the same for all jobs of a task, or what says where a job finds its own:

    word      blur        `Constant`
    word      [sigma]     `Cell` of the column `sigma`
    word      image       `Port`: the file of the input `image`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sncompile.ir.variant import Variant

if TYPE_CHECKING:
    from sncompile.diagnostics import Span
    from sncompile.ir.keys.key_set import KeySet
    from sncompile.lowering.expressions import Expression

Plain = str | int | float | bool | None | tuple["Plain", ...]


class Constant(Variant):
    """A text that is the same for all jobs."""

    text: str


class Key(Variant):
    """A key of the job; `encoded` as it stands in derived paths. `home` are the instances whose key it is: the job's
    own, or those of another task that it reads from."""

    name: str
    encoded: bool
    home: KeySet


class Cell(Variant):
    """What a column of the task has for the job."""

    column: str


class Port(Variant):
    """The path of a port, or its paths; `space` is `inputs`, `outputs`, or `lists` for a list file."""

    space: str
    name: str


class ModuleFile(Variant):
    """The path of a file that belongs to the module, by its name below the emitted `files/`."""

    name: str
    span: Span


class Amount(Variant):
    """What the job is given of a resource."""

    resource: str


class Late(Variant):
    """A value that is known when the job is about to run."""

    expression: Expression


class Object(Variant):
    """A JSON object, as text: the argument of functions, scripts and notebooks. What is absent is left out."""

    members: tuple[tuple[str, Piece], ...]
    span: Span


class Given(Variant):
    """A member of an object that is the same for all jobs, as it is and not as text."""

    value: Plain


Piece = Constant | Key | Cell | Port | ModuleFile | Amount | Late | Object | Given


class Word(NamedTuple):
    """An argument: the texts of its pieces, joined.

    With `each` its only piece is a list, or is absent for some jobs: as many arguments as there are items, with
    `before` in front of each where it is given, and `lead` in front of all of them where there are any.

    Where some jobs have an argument with a port or a file of the module in it, and others have not, its words stand in
    a column as texts. `meant` are the words that they are for the jobs that have them.
    """

    pieces: tuple[Piece, ...]
    span: Span
    each: bool = False
    before: str = ""
    lead: str = ""
    meant: tuple[Word, ...] = ()


ScriptPart = str | tuple[Word, ...]
"""A piece of a script: text as it stands, or arguments, quoted and with spaces between them."""
