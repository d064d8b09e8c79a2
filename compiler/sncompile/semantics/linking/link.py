"""Document → linked, typed program: the front door of this stage."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import names as name_faults
from sncompile.faults import values as faults
from sncompile.ir.language.encoding import no_option
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import STRING, UNKNOWN
from sncompile.ir.values.model import Const, Value
from sncompile.semantics.checking.checks import check_program
from sncompile.semantics.checking.joins import check_joins
from sncompile.semantics.checking.own_files import Kept, Logged, kept_for_runs, own_files
from sncompile.semantics.checking.unused_rows import check_unused_rows
from sncompile.semantics.inference.inferred import Given
from sncompile.semantics.late.parts import split, waiting_for_rows
from sncompile.semantics.late.stand_ins import StandIns
from sncompile.semantics.limits import check_value
from sncompile.semantics.linking.binding import param_type, parse_plain, parse_text, plain_path, port_type
from sncompile.semantics.linking.conventions import WORKSPACE, settle
from sncompile.semantics.linking.data_roots import clean_root, root_values, workspace_of
from sncompile.semantics.linking.default_link import link_defaults, settled_params
from sncompile.semantics.linking.groups import from_file, meant_by, nested, without_dashes
from sncompile.semantics.linking.overrides import Override, unmet
from sncompile.semantics.linking.pipeline_link import PipelineLinker
from sncompile.semantics.modules.image_lock import with_locked_images
from sncompile.semantics.modules.library import Library
from sncompile.semantics.path_text import tidy
from sncompile.semantics.paths.ups import settled
from sncompile.semantics.program import Options, Program
from sncompile.semantics.scope import MapRows, Members, Scope
from sncompile.semantics.shared import Shared
from sncompile.semantics.tables.maps import LOST, map_rows, plain_map
from sncompile.syntax.document import MapDoc, MapValue, ParamDoc, PipelineDoc, PortDoc
from sncompile.syntax.overrides import parse_overrides
from sncompile.syntax.source import read_source


def link(doc: PipelineDoc, options: Options, library: Library, report: Report) -> Program:
    """The program of a pipeline. Faults go to `report`; with errors in it the program may lack steps.

    Of tables whose rows its steps write, those that are not known yet are left out with all that follows from them:
    `Program.whole` has it, over rows that stand in for them.
    """
    program = _linked(doc, options, library, report, StandIns.ONE)
    if report.failed or all(table.late is None for table in program.tables.values()):
        return program
    return split(program, _linked(doc, options, library, Report(), StandIns.OTHER))


def _linked(doc: PipelineDoc, options: Options, library: Library, report: Report, stand_ins: StandIns) -> Program:
    folder = options.directory if options.directory is not None else doc.source.folder
    shared = Shared(library, report, folder, doc.source.folder, options.rows, stand_ins)
    given = _Given(doc, options, folder, report)
    roots = given.data()
    data = root_values(doc, roots, doc.source.folder, folder, report)
    if WORKSPACE in roots and WORKSPACE not in data:
        # Every pipeline has one.
        data[WORKSPACE] = Const(roots[WORKSPACE], STRING, doc.span)
    spaces = {"data": Members("the data roots", data, set())}
    used: set[str] = set()
    defaults = link_defaults(doc, spaces, used, report)
    params = settled_params(doc.params, given.params(), defaults.params, report)
    params |= _missing(doc, params, report)
    inputs = given.inputs(defaults.inputs, params)
    shared.given = given.inferred()
    site = _of_site(options, library, report)
    maps = given.maps()
    linker = PipelineLinker(doc, shared, data=data, inputs=inputs, params=params, maps=maps, overrides=site)
    linker.param_members.used.update(used)
    outputs = linker.link()
    report.extend(unmet(site, linker.names))
    steps = {name: shared.steps[name] for name in linker.linked}
    for name, after in shared.order.items():
        if after and name in steps:
            steps[name] = steps[name]._replace(after=tuple(dict.fromkeys(after)))
    if any(table.late is not None for table in shared.tables.values()):
        steps = waiting_for_rows(steps)
    program = Program(
        name=doc.name.name,
        about=doc.about,
        spec=_spec_name(doc, folder),
        folder=folder,
        workspace=workspace_of(data),
        params=params,
        data=data,
        tables=shared.tables,
        steps=steps,
        outputs=outputs,
        files=library.claimed,
        handed=tuple(shared.handed),
        named=tuple(shared.named),
        inferred=shared.inferred,
        documents=library.sources,
        sheets=library.sheets,
        modules=library.used,
        repositories=library.checkouts.commits,
        span=doc.span,
        kept=tuple(_kept(doc, options, library, shared)),
        moves=tuple(shared.moves),
    )
    program = check_program(program, doc, shared.by_default, report)
    if not report.failed:
        check_unused_rows(program, shared.queried, report)
        check_joins(program, report)
    if options.locked is None:
        return program
    images = library.lock.images
    return program if report.failed else with_locked_images(program, images, options.locked, report)


def _missing(doc: PipelineDoc, params: Mapping[str, Value], report: Report) -> dict[str, Value]:
    """What stands for parameters that are not given, once that is told."""
    missing = {name: param for name, param in doc.params.items() if name not in params}
    for name, param in missing.items():
        message = f"the parameter `{name}` ({param_type(param)}) is not given"
        help = f"give it with `--set {name}=…`, or give it a default"
        report.add(faults.MISSING_PARAM.at(param.name.span, message, help=help))
    return {name: Const(None, UNKNOWN, param.name.span) for name, param in missing.items()}


def _of_site(options: Options, library: Library, report: Report) -> tuple[Override, ...]:
    """What files say of steps, the last one last."""
    found: list[Override] = []
    for named in options.overrides:
        source = read_source(str(named), options.invoked_from / named)
        if isinstance(source, Diagnostic):
            report.add(source)
            continue
        library.sources[source.name] = source.text
        docs, told = parse_overrides(source)
        report.extend(told)
        found += [Override("", doc, True) for doc in docs]
    return tuple(found)


def _kept(doc: PipelineDoc, options: Options, library: Library, shared: Shared) -> Iterator[Kept]:
    """What no job of a pipeline may write over, as far as it is known once everything is linked."""
    yield from own_files(doc.source.path, doc.span, library.root, library.used.values(), shared.tables.values())
    if options.params_file is not None:
        path = options.invoked_from / options.params_file.path
        yield Kept(str(path.absolute()), "the file of parameters (`--params`)")
    for named in options.overrides:
        yield Kept(str((options.invoked_from / named).absolute()), "a file of overrides (`--override`)")
    steps = (Logged(name, bool(step.keys.by), step.span) for name, step in shared.steps.items())
    yield from kept_for_runs(doc.name.name, steps)


def _spec_name(doc: PipelineDoc, folder: Path) -> str:
    return os.path.relpath(doc.source.path, folder) if doc.source.path is not None else "-"


class _Given:
    """What the options give to a pipeline, checked against what it has."""

    def __init__(self, doc: PipelineDoc, options: Options, folder: Path, report: Report) -> None:
        self._doc, self._options, self._folder, self._report = doc, options, folder, report
        self._span = doc.span
        places = options.params_file.places if options.params_file is not None else {}
        self._places = {**{without_dashes(name): place for name, place in places.items()}, **places}
        self._file = from_file(options.params, (*doc.params, *doc.inputs, *doc.infer, *doc.maps))
        self._check_known()

    def _check_known(self) -> None:
        settable = [*self._doc.params, *self._doc.inputs, *self._doc.infer, *self._doc.maps]
        for names, known, kind, option in (
            (self._options.data, {**self._doc.data, WORKSPACE: None}, "data root", "--data"),
            (self._options.sets, settable, "parameter or input", "--set"),
            ({} if self._options.extra_params else self._file.unknown, settable, "parameter or input", "--params"),
        ):
            for name in names:
                if name not in known:
                    hint = meant_by(name, known, kind, in_file=option == "--params")
                    message = f"`{option} {name}=…`: the pipeline has no {kind} `{name}`"
                    span = self._place(name) if option == "--params" else self._span
                    # The name stands on the command line, and so no edit of a file mends it.
                    self._report.add(name_faults.UNKNOWN_OPTION.at(span, message, help=hint))
        for name in self._file.no_mapping:
            message, hint = f"`{name}` is a group of parameters, and takes a mapping", f"write `{nested(f'{name}.…')}`"
            self._report.add(faults.WRONG_TYPE.at(self._place(name), message, help=hint))

    def _place(self, name: str) -> Span:
        """Where a file of parameters names something; the pipeline where there is no file."""
        return self._places.get(name, self._span)

    def _path(self, text: str) -> str:
        """A path given on the command line, as seen from the jobs' working folder."""
        if is_url(text) or text.startswith("/"):
            return clean_root(text, "", self._folder)
        here = os.path.relpath(self._options.invoked_from, self._folder)
        return no_option(settled(posixpath.join(here, text), self._folder))

    def data(self) -> dict[str, str]:
        """The data roots that are set anew."""
        return {name: self._path(text) for name, text in self._options.data.items()}

    def inputs(self, defaults: Mapping[str, Value], params: Mapping[str, Value]) -> dict[str, Value]:
        """The pipeline's own inputs; what is not given follows from the defaults and the parameters."""
        found: dict[str, Value] = {}
        for name, port in self._doc.inputs.items():
            text = self._options.sets.get(name, self._file.values.get(name))
            if text is None and name in defaults:
                found[name] = plain_path(
                    tidy(settle(defaults[name], {"params": params, "inputs": found}), self._folder)
                )
                continue
            if text is None:
                found[name] = self._missing(name, port)
                continue
            items = text if isinstance(text, (list, tuple)) else str(text).split(",") if port.many else [text]
            paths = tuple(self._path(str(item).strip()) for item in items)
            found[name] = Const(
                paths if port.many else paths[0], port_type(port)._replace(optional=False), port.name.span
            )
        return found

    def _missing(self, name: str, port: PortDoc) -> Value:
        self._report.add(
            faults.MISSING_INPUT.at(
                port.name.span,
                f"the input `{name}` ({port_type(port)}) of the pipeline is not given",
                help=f"give it with `--set {name}=PATH`",
            )
        )
        return Const(None, UNKNOWN, port.name.span)

    def inferred(self) -> dict[str, Given]:
        """What is given for inferred values, `--set` over `--params`."""
        found = {n: Given("--params", value, self._places.get(n)) for n, value in self._file.values.items()}
        found = {n: given for n, given in found.items() if n in self._doc.infer}
        return found | {n: Given("--set", text) for n, text in self._options.sets.items() if n in self._doc.infer}

    def maps(self) -> dict[str, MapRows]:
        """The maps that are given; what one lacks that must be given is told."""
        found: dict[str, MapRows] = {}
        for name, map_ in self._doc.maps.items():
            span, held = map_.name.span, self._file.values.get(name)
            if name in self._options.sets:
                message, hint = f"`--set {name}`: it takes a mapping", "give it in a file: `--params FILE`"
                self._report.add(faults.WRONG_TYPE.at(span, message, help=hint))
                found[name] = LOST
            elif held is not None:
                found[name] = self._map(map_, held)
            elif map_.default is None and not map_.optional:
                message = f"the parameter `{name}` (map) is not given"
                hint = "give it in a file (`--params FILE`), or give it a default"
                self._report.add(faults.MISSING_PARAM.at(span, message, help=hint))
                found[name] = LOST
        return found

    def _map(self, doc: MapDoc, held: object) -> MapRows:
        name = doc.name.name
        value = plain_map(held, name, self._places, doc.name.span)
        if not isinstance(value, MapValue):
            message, hint = f"`{name}` takes a mapping of keys to rows", f"write `{nested(f'{name}.KEY.COLUMN')}`"
            self._report.add(faults.WRONG_TYPE.at(self._places.get(name, doc.name.span), message, help=hint))
            return LOST
        more = self._options.extra_params
        return map_rows(value, doc, Scope({}), self._report, may_have_more=more)

    def params(self) -> dict[str, Value]:
        """The parameters that are set, `--set` over `--params`."""
        found: dict[str, Value] = {}
        for name, param in self._doc.params.items():
            if name in self._options.sets:
                found[name] = self._param(param, self._options.sets[name], parse_text, "--set")
            elif name in self._file.values:
                found[name] = self._param(param, self._file.values[name], parse_plain, "--params")
        return found

    def _param(self, param: ParamDoc, given: Any, parse: Any, option: str) -> Value:
        name, declared = param.name.name, param.name.span
        what = f"`{option} {name}`"
        wrong: Diagnostic | None
        span = declared if option == "--set" else self._places.get(name, declared)
        try:
            value = parse(param, given)
            if param.base == "path" and value is not None:
                as_path = self._path if option == "--set" else no_option
                value = tuple(map(as_path, value)) if isinstance(value, tuple) else as_path(value)
        except ValueFault as fault:
            wrong = faults.WRONG_TYPE.at(
                span, f"{what}: {fault}", help=fault.help or f"the parameter takes {param_type(param)}",
                related=(Place("the parameter is declared here", declared),),
            )  # fmt: skip
        else:
            wrong = check_value(param, value, what, span)
        if wrong is not None:
            self._report.add(replace(wrong, related=()) if span == declared else wrong)
            return Const(None, UNKNOWN, span)
        kind = param_type(param)._replace(optional=value is None)
        return Const(value, kind, span)
