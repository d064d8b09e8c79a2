"""Commands compared: what the module says, apart from what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sncompile.ir.diff.comparison import Comparison
from sncompile.ir.diff.model import Kind
from sncompile.ir.diff.settings import amount
from sncompile.ir.diff.tally import Tally
from sncompile.ir.graph.model import Family
from sncompile.ir.graph.settings import command_values, resources_taken
from sncompile.ir.jobs.words import argument_words, list_text, shell_text
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Closure
from sncompile.ir.values.model import Local, Plain, Value, is_constant, walk

ToClosure = Callable[[Value], Closure]


def compare_command(comparison: Comparison) -> None:
    """Where the module's command itself differs, whatever it is given."""
    sides, old, new = comparison.sides, comparison.old, comparison.new
    if sides.alike.values((old.command, old.shell, _held(old)), (new.command, new.shell, _held(new))):
        return
    tally = Tally(Kind.COMMAND, "", next((value.span for value in command_values(new)), new.module_span))
    try:
        before = _command_of(old, comparison.before)
        swapped = _in_place_of(old, new)
        if swapped is None:
            comparison.each(tally, before, _command_of(new, comparison.now))
        else:
            now = _where_it_fits(_command_of(swapped, lambda v: sides.before(v, swapped)))
            comparison.each(tally, before, now, in_old=True)
    except AtRunTime:
        comparison.once(tally, None, None)
    if tally.jobs and old.module != new.module:
        changes = comparison.changes
        touched = [number for number in comparison.pair.here if changes.why[number] & tally.bit]
        changes.all(Tally(Kind.MODULE, "", new.module_span), touched, old.module, new.module)


def compare_resources_taken(comparison: Comparison) -> None:
    """Resources that jobs are told of, in their commands, variables or containers; others are mere settings."""
    old, new, changes = comparison.old, comparison.new, comparison.changes
    named = resources_taken(old) | resources_taken(new)
    unlike = [n for n in sorted(named) if n in old.resources and n in new.resources]
    unlike = [n for n in unlike if not comparison.alike(old.resources[n], new.resources[n])]
    unlike += [n for n in sorted(named) if (n in old.resources) != (n in new.resources)]
    if not unlike:
        return
    for name in unlike:
        there = (name in old.resources, name in new.resources)
        span = new.resources[name].span if there[1] else new.span
        tally = Tally(Kind.RESOURCE, name, span, there)
        try:
            told = (_told(old, comparison.before), _told(new, comparison.now))
            values = (comparison.before(old.local("resources", name)), comparison.now(new.local("resources", name)))
        except AtRunTime:
            was = amount(old.resources.get(name), comparison.before)(comparison.pair.there[0])
            comparison.once(tally, was, amount(new.resources.get(name), comparison.now)(comparison.pair.here[0]))
            continue
        for i, j in zip(comparison.pair.there, comparison.pair.here, strict=True):
            if changes.untouched(j) and told[0](i) != told[1](j):
                changes.job(tally, j, values[0](i), values[1](j))


def _told(family: Family, closure: ToClosure) -> Callable[[int], tuple[Plain, ...]]:
    """The function from an instance to all that a job is told in which a resource may stand."""
    command = _command_of(family, closure)
    rest = [closure(v.value) for v in family.env if v.value is not None and not v.secret]
    if family.container is not None:
        rest.append(closure(family.container))
    return lambda i: (command(i), *(value(i) for value in rest))


def _where_it_fits(command: Callable[[int], Plain]) -> Callable[[int], Plain]:
    """A command, or None where it cannot take what the old family gives it: a list in place of a text, say."""

    def fitting(number: int) -> Plain:
        try:
            return command(number)
        except ValueFault:
            return None

    return fitting


def _command_of(family: Family, closure: ToClosure) -> Callable[[int], Plain]:
    """The function from an instance to its command: a tuple of words, or a script. Raises `AtRunTime`."""
    files = [(closure(f.path), closure(f.value), f.ended_by) for f in family.lists.values() if f.of_module]
    if family.command is not None:
        arguments = [argument_words(argument, closure) for argument in family.command]

        def words(i: int) -> tuple[str, ...]:
            found = [word for argument in arguments for word in argument(i)]
            return (*found, *(f"{path(i)}: {list_text(value(i), end)}" for path, value, end in files))

        return words
    parts = [shell_text(part, closure) for part in family.shell or ()]

    def script(i: int) -> str:
        held = [f"# {path(i)}: {list_text(value(i), end)}\n" for path, value, end in files]
        return "".join([*held, *(part(i) for part in parts)])

    return script


def _held(family: Family) -> tuple[object, ...]:
    """What a module says of a family's list files; those that a step gives are compared as its inputs are."""
    return tuple([(name, file.value, file.ended_by) for name, file in family.lists.items() if file.of_module])


def _in_place_of(old: Family, new: Family) -> Family | None:
    """The old family with the new command; None where that takes something from the new one that differs by job."""
    added: dict[str, dict[str, Any]] = {}
    for space in ("inputs", "params", "outputs", "resources"):
        before: Mapping[str, Any] = getattr(old, space)
        now: Mapping[str, Any] = getattr(new, space)
        added[space] = {name: now[name] for name in now if name not in before}
    if any(not is_constant(new.lists[name].path) for name in new.lists if name not in old.lists):
        return None
    env = {v.name for v in old.env}
    more = tuple(v for v in new.env if v.name not in env)
    taken = {
        (leaf.space, leaf.name) for value in command_values(new) for leaf in walk(value) if isinstance(leaf, Local)
    }
    for space, names in added.items():
        if any((space, name) in taken and not is_constant(new.local(space, name)) for name in names):
            return None
    return old._replace(
        command=new.command,
        shell=new.shell,
        # A list file lies beside the results, wherever these go.
        lists={n: f._replace(path=old.lists[n].path) if n in old.lists else f for n, f in new.lists.items()},
        inputs={**old.inputs, **added["inputs"]},
        params={**old.params, **added["params"]},
        outputs={**old.outputs, **added["outputs"]},
        resources={**old.resources, **added["resources"]},
        env=(*old.env, *more),
    )
