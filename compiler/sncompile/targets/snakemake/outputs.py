"""Output ports → what stands under `output:` and `log:`, and the wildcards of the rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.faults import targets as faults
from sncompile.ir.language.encoding import repeats
from sncompile.ir.language.locations import is_url, location
from sncompile.lowering.files import Differing, Files, path_text
from sncompile.lowering.model import Output
from sncompile.targets.snakemake.context import TaskContext, texts
from sncompile.targets.snakemake.marking import MARKER, mark_start
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import ending, item_name, unique
from sncompile.targets.snakemake.patterns import Hole, Part, filled, items_of, joined, pattern_regex
from sncompile.targets.snakemake.python_code import Atom, Call, Code, Keyword, listed, string
from sncompile.targets.snakemake.report import caption_file, reported
from sncompile.targets.snakemake.storage import fetched, providers_of

DEFAULT_CONSTRAINT = "[^/]+"
# Tried in turn where keys meet without a slash between them.
_CONSTRAINTS = (DEFAULT_CONSTRAINT, "[A-Za-z0-9]+", "[A-Za-z]+", "[0-9]+", "[^/_]+", "[^/.]+", "[^/-]+", ".+")


_SEPARATE = "separate keys by `/`, or leave the path out: it is derived then"


class OutputPatterns:
    """The patterns of a task's outputs; `constraints` are those wildcards that need more than the usual one."""

    def __init__(self, context: TaskContext) -> None:
        self._context = context
        self.constraints: dict[str, str] = {}
        self.patterns: dict[str, list[str]] = {}
        self.marked = not context.task.outputs or context.name in context.around.marks.tasks
        """Whether the rule's output is a mark and no path of the spec."""
        self.differ: tuple[str, str] | None = None
        """Two outputs whose paths do not vary in the same parts, where there are any."""
        self.mixed = False
        """Whether the paths do not tell the jobs, or their logs, apart."""
        self._find_wildcards()

    def _paths(self, output: Output) -> Sequence[Files]:
        return (items_of(output.files) or []) if output.many else [output.files]

    def _find_wildcards(self) -> None:
        context = self._context
        declared = {} if self.marked else context.task.outputs
        split = {n: [self._settled(p) for p in self._paths(o)] for n, o in declared.items()}
        everything = [parts for found in split.values() for parts in found]
        used: set[str] = set()
        for parts in everything:
            for part in parts:
                if isinstance(part, Hole) and part not in context.names:
                    context.names[part] = unique(item_name(part.name), used)
        if not everything:
            context.names = {Hole(name, True): item_name(name) for name in context.keys.by}
        context.cells = {name: context.hole_cells(hole) for hole, name in context.names.items()}
        values = self._name_values(everything, used)
        self._check_same({n: [[values.get(id(p), p) for p in parts] for parts in found] for n, found in split.items()})
        for name, found in split.items():
            self.patterns[name] = [self._pattern([values.get(id(p), p) for p in parts], name) for parts in found]
        self._check_cuts()
        self._check_logs()

    def _settled(self, files: Files) -> list[Part]:
        """A path's parts, with values that are the same for every instance written out."""
        parts: list[Part] = []
        for part in self._context.parts(files):
            if isinstance(part, Differing):
                cells = set(part.column.cells)
                if len(cells) == 1:
                    part = path_text(cells.pop())
            parts.append(part)
        return parts

    def _name_values(self, everything: list[list[Part]], used: set[str]) -> dict[int, Part]:
        """Give the parts that are neither text nor keys a wildcard each; equal columns share one."""
        context = self._context
        found: dict[int, Part] = {}
        known: dict[tuple[str, ...], Hole] = {}
        for parts in everything:
            for part in parts:
                if not isinstance(part, Differing):
                    continue
                cells = texts(part.column.cells)
                hole = known.get(tuple(cells))
                if hole is None:
                    name = unique(part.column.name, used)
                    hole = known[tuple(cells)] = Hole(f"={name}", True)
                    context.names[hole] = item_name(re.sub(r"\W", "_", name))
                    context.cells[context.names[hole]] = cells
                found[id(part)] = hole
        return found

    def _pattern(self, parts: list[Part], port: str) -> str:
        for part in parts:
            if isinstance(part, str):
                self._context.check_braces(part, self._context.task.outputs[port].span)
        for hole in parts:
            if isinstance(hole, Hole):
                cells = set(self._context.cells[self._context.names[hole]])
                signs = "".join(cells)
                for cell in cells if any(sign in signs for sign in "{}<") else ():
                    self._context.check_braces(cell, self._context.task.outputs[port].span)
        return joined(parts, self._context.names) or ""

    def _check_same(self, split: dict[str, list[list[Part]]]) -> None:
        """Snakemake wants the same wildcards in every output."""
        kinds = {
            name: frozenset(part for part in parts if isinstance(part, Hole))
            for name, found in split.items()
            for parts in found
        }
        if len(set(kinds.values())) <= 1:
            return
        names = list(kinds)
        self.differ = (names[0], next(n for n in names if kinds[n] != kinds[names[0]]))

    def tell_mark(self, report: Report) -> None:
        """Tell that the step is known by a mark, as its paths do not vary in the same parts."""
        if self.differ is None:
            return
        task = self._context.task
        first, other = self.differ
        message = (
            f"Snakemake knows the jobs of `{task.name}` by a mark, and misses none of their files that is deleted: the "
            f"paths of `{first}` and `{other}` do not vary in the same parts"
        )
        hint = "have the same keys and columns in every path, or give none by hand; `sncompile run` misses such files"
        place = Place("the other path", task.outputs[first].path_span)
        report.add(faults.KNOWN_BY_MARK.at(task.outputs[other].path_span, message, help=hint, related=(place,)))

    def tell_difference(self) -> None:
        """Refuse paths that do not vary in the same parts."""
        if self.differ is None:
            return
        task = self._context.task
        first, other = self.differ
        self._context.around.tell(
            faults.WILDCARDS_DIFFER.at(
                task.outputs[other].path_span,
                f"the paths of `{task.name}.{first}` and `{task.name}.{other}` do not vary in the same parts",
                help="Snakemake wants the same wildcards in every output: give all paths by hand, or none",
                related=(Place("the other path", task.outputs[first].path_span),),
            )
        )

    def _check_cuts(self) -> None:
        """Make sure that every path is cut into the right wildcards, with tighter constraints where it is not."""
        context = self._context
        if any(repeats(cell) for cells in context.cells.values() for cell in set(cells)):
            self._by_mark_or_refused("Snakemake takes no part of a path that repeats itself 20 times", by_mark=True)
            return
        flat = [p for found in self.patterns.values() for p in found]
        slashed = any("/" in "".join(cells) for cells in context.cells.values())
        if not slashed and all("{" not in piece.replace("{", "", 1) for p in flat for piece in p.split("/")):
            return
        for constraint in _CONSTRAINTS:
            trial = self._trial(constraint)
            if all(self._cuts_right(pattern, trial) for pattern in flat):
                self.constraints = {n: c for n, c in trial.items() if c != DEFAULT_CONSTRAINT}
                return
        told = f"Snakemake cannot tell the keys of `{context.name}` apart in its paths"
        # Where a pass made the family, each step's own paths were clear.
        self._by_mark_or_refused(told, by_mark=bool(context.task.made_of))

    def _check_logs(self) -> None:
        """Make sure that each job has a log of its own, in the step's folder, where parts of paths tell jobs apart."""
        context = self._context
        if self.marked or self.mixed or self.differ or not any("/" in "".join(c) for c in context.cells.values()):
            return
        logs = filled(self._keyed(".log"), context.cells)
        folders = {log[:at] for log in set(logs) for at in _slashes(log)}
        astray = any(".." in log.split("/") for log in logs)
        if astray or len(set(logs)) < len(logs) or not folders.isdisjoint(logs):
            name = context.name
            help = "have a folder for each key, or let it be neither `temp` nor `protected`: then the logs lie by keys"
            self._by_mark_or_refused(
                f"the logs of `{name}`, which lie by its paths, would not be each in a place of its own", True, help
            )

    def _by_mark_or_refused(self, message: str, by_mark: bool, help: str = _SEPARATE) -> None:
        """Have a mark tell the jobs apart, where that is wanted and loses nothing, or refuse the paths."""
        outputs = self._context.task.outputs
        if by_mark and not any(o.temp or o.protected for o in outputs.values()):
            self.mixed = True
            return
        place = next(iter(outputs.values())).path_span
        self._context.around.tell(faults.AMBIGUOUS_PATH.at(place, message, help=help))

    def _trial(self, constraint: str) -> dict[str, str]:
        """The constraint for every wildcard whose values all keep it, the usual one for the others."""
        found = {}
        for name, cells in self._context.cells.items():
            fits = all(re.fullmatch(constraint, c) for c in set(cells))
            usual = DEFAULT_CONSTRAINT if not any("/" in c for c in set(cells)) else ".+"
            found[name] = constraint if fits else usual
        return found

    def _cuts_right(self, pattern: str, constraints: dict[str, str]) -> bool:
        cells = self._context.cells
        if {"{", "}"} & set(re.sub("|".join("{%s}" % re.escape(name) for name in cells), "", pattern)):
            return True  # A brace of the path itself, which is told as such.
        regex = pattern_regex(pattern, constraints)
        for number in range(len(self._context.keys)):
            here = {name: column[number] for name, column in cells.items()}
            match = regex.fullmatch(pattern.format_map(here))
            if match is None or any(match[n] != here[n] for n in match.groupdict()):
                return False
        return True

    def known_by(self) -> list[str]:
        """The patterns of the files by which Snakemake knows a job: those of its outputs, or that of its mark."""
        if self.marked:
            start = mark_start(self._context.around.lowered.workspace, self._context.name, self._context.keys)
            return [start + self._keyed(MARKER)]
        return [pattern for patterns in self.patterns.values() for pattern in patterns]

    def entries(self) -> list[Entry]:
        """What stands under `output:`."""
        task = self._context.task
        if self.marked:
            for name, output in task.outputs.items():
                if output.remote:
                    self._refuse_marked(name, output)
            # A step that writes nothing still has to be known as done.
            (mark,) = self.known_by()
            return [Entry("done", Call("touch", (string(mark),)), task.span)]
        found = []
        for name, output in task.outputs.items():
            code = [
                self._flagged(name, output, self._sent(name, output, p) if output.remote else string(p))
                for p in self.patterns[name]
            ]
            body = listed(code) if output.many else code[0] if code else string("")
            found.append(Entry(item_name(name), body, output.span))
        return found

    def _refuse_marked(self, name: str, output: Output) -> None:
        step = self._context.name
        message = f"the output `{name}` of `{step}` is sent elsewhere, and Snakemake knows its jobs by a mark alone"
        help = "have the same keys in every path of the step, or leave the paths out: they are derived then"
        self._context.around.tell(faults.NOT_SENT.at(output.span, message, help=help))

    def _sent(self, name: str, output: Output, pattern: str) -> Code:
        """The code of a pattern that leads elsewhere: Snakemake keeps, deletes and makes nothing there."""
        task, around = self._context.task, self._context.around
        flags = ("temporary", output.temp), ("protected", output.protected)
        wrong = next((f"is {what}" for what, asked in flags if asked), None)
        if any(check.port == name for check in task.checks):
            wrong = "is looked at (`success`)"
        if not is_url(pattern) or "{" in location(pattern).host:
            wrong = "differs between jobs in the server that it is sent to"
        if wrong is not None:
            message = (
                f"the output `{name}` of `{task.name}` is sent elsewhere and {wrong}, which Snakemake cannot express"
            )
            help = "write it to this machine, or send it as it is"
            around.tell(faults.NOT_SENT.at(output.span, message, help=help))
            return string(pattern)
        around.providers |= providers_of((output,))
        return fetched(string(pattern))[0]

    def _flagged(self, name: str, output: Output, path: Code) -> Code:
        wanted = {check.kind: check.wanted for check in self._context.task.checks if check.port == name}
        if output.base == "directory":
            path = Call("directory", (path,))
        criteria: list[Code] = []
        if "non_empty" in wanted:
            criteria.append(Keyword("non_empty", Atom("True")))
        if "sha256" in wanted:
            criteria.append(Keyword("sha256", string(wanted["sha256"])))
        if criteria:
            path = Call("ensure", (path, *criteria))
        if output.temp:
            path = Call("temp", (path,))
        if output.protected:
            path = Call("protected", (path,))
        if output.report is None:
            return path
        wildcards = {hole.name: wildcard for hole, wildcard in self._context.names.items()}
        keys = {key: wildcards[key] for key in self._context.keys.by if key in wildcards}
        return reported(path, output.report, caption_file(self._context.name, name), keys)

    def cells(self) -> dict[str, list[str]]:
        """The value of every wildcard, for every instance."""
        return self._context.cells

    def beside(self, folder: str, suffix: str) -> str:
        """A path for what every job has, such as its log: `logs/<step>/<key…>.log` (see `ending`)."""
        return f"{folder}/{self._context.name}{self._keyed(suffix)}"

    def _keyed(self, suffix: str) -> str:
        """The keys of a job as folders, and what stands after them: `/<key…>.log`."""
        context = self._context
        by_name = {hole.name: name for hole, name in context.names.items()}
        names = [by_name[k] for k in context.keys.by if k in by_name]
        names += [n for n in context.names.values() if n not in names]
        tail = "".join(f"/{{{name}}}" for name in names)
        end = ending(set(context.cells[names[-1]]), suffix) if names else suffix
        return f"{tail}{end}"


def _slashes(path: str) -> Iterator[int]:
    """Where slashes stand in a path, after its first character."""
    at = path.find("/", 1)
    while at > 0:
        yield at
        at = path.find("/", at + 1)
