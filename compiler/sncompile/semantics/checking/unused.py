"""What a document declares and nothing uses: warnings."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Report
from sncompile.faults import names as faults
from sncompile.faults.tables import UNUSED_TABLE
from sncompile.semantics.modules.library import Library
from sncompile.syntax.document import ModuleDoc, PipelineDoc


class Used(NamedTuple):
    """What the steps of a pipeline use of its short names of modules, its parameters and its tables.

    Tables that cannot be read count as used, as nobody knows who would have used them.
    """

    modules: Set[str]
    params: Set[str]
    tables: Set[str]


def warn_of_module(doc: ModuleDoc, used: Set[str], written: Set[str], report: Report) -> None:
    """Tell of parameters that are not among the `used`, and of outputs whose path the command does not hold."""
    for name, param in doc.params.items():
        if name not in used:
            report.add(
                faults.UNUSED_PARAM.at(
                    param.name.span,
                    f"nothing in `{doc.name.name}` uses the parameter `{name}`",
                    help="remove it, or use it in the command",
                )
            )
    # Beside errors it may be a consequence: of a slip in the output's name, say.
    for name, port in doc.outputs.items() if not report.failed else ():
        if name not in written and port.path is None and port.source is None:
            report.add(
                faults.UNUSED_OUTPUT.at(
                    port.name.span,
                    f"the command of `{doc.name.name}` never names its output `{name}`",
                    help=f"tell the tool where to write: `${{outputs.{name}}}`; or say where it writes: `path: …`",
                )
            )


def warn_of_pipeline(doc: PipelineDoc, used: Used, library: Library, report: Report) -> None:
    """Tell of a pipeline's short names, parameters and tables that no step uses, unless there are errors.

    An unused short name that leads nowhere is such an error: no step has found out.
    """
    hint = "remove it, or use it"
    unused: list[Diagnostic] = []
    for name, (named, reference) in doc.modules.items():
        if name not in used.modules:
            library.check_short(named, reference, doc.source)
            unused.append(faults.UNUSED_MODULE.at(named.span, f"no step uses the module `{name}`", help=hint))
    for name, param in doc.params.items():
        if name not in used.params:
            message = f"nothing uses the parameter `{name}`"
            unused.append(faults.UNUSED_PARAM.at(param.name.span, message, help=hint))
    of_tables = {table.params.name for table in doc.tables.values() if table.params is not None}
    for name, map_ in doc.maps.items():
        if name not in of_tables and name not in used.params:
            message = f"no table is made of the map `{name}`"
            unused.append(faults.UNUSED_PARAM.at(map_.name.span, message, help=hint))
    for name, table in doc.tables.items():
        if name not in used.tables:
            message = f"no step uses the table `{name}`"
            unused.append(UNUSED_TABLE.at(table.name.span, message, help=hint))
    # Beside an error these may be its consequence: what is misspelt uses nothing.
    report.extend(() if report.failed else unused)
