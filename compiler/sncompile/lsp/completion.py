"""What may be typed at a cursor: keys, modules, ports, names in expressions, values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.lsp import names as scope
from sncompile.lsp import nearby
from sncompile.lsp.names import Offered
from sncompile.lsp.outcome import Outcome
from sncompile.lsp.place import Place, Role, place_at
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.schemas import keys_at, values_at
from sncompile.lsp.symbols import Kind
from sncompile.lsp.texts import Text
from sncompile.lsp.tokens import cursor_in
from sncompile.semantics.modules.locating import SUFFIXES, shipped
from sncompile.syntax.document import ModuleDoc, PipelineDoc

MAX_ITEMS = 500
"""So many are offered at once; who types on sees the others."""

FORMATS = ("bam", "bed", "csv", "fasta", "fastq.gz", "h5", "html", "json", "npy", "ome.zarr", "parquet", "png", "tiff",
           "tsv", "txt", "vcf.gz", "zarr")  # fmt: skip
"""Common formats, beside those of the documents here."""


class Item(NamedTuple):
    """Something that may be typed: its text takes the place of `span`."""

    label: str
    kind: str
    detail: str
    description: str
    span: Span
    text: str


def complete(snapshot: Snapshot, outcome: Outcome | None, text: Text, line: int, column: int) -> list[Item]:
    """What may stand at a cursor of a text, of which a snapshot is known. Never raises for what the text is."""
    place = place_at(text, line, column)
    cursor = cursor_in(place.expression or "")
    if cursor.mute and cursor.call == "file":
        # Paths have signs at which words end: the whole text is replaced.
        span = place.span._replace(column=column - len(cursor.word))
        beside = nearby.beside(snapshot)
        return [Item(each.name, each.kind.value, each.detail, "", span, each.name) for each in beside]
    if place.expression is not None:
        offered = list(_in_expression(snapshot, outcome, place))
    elif place.role is Role.KEY:
        offered = [*_keys(snapshot, outcome, place), *_items(snapshot, outcome, place)]
    elif place.role is Role.VALUE:
        offered = list(_values(snapshot, outcome, place))
    else:
        return []
    unique = {(each.name, each.kind): each for each in offered}
    return [_item(each, place, snapshot) for each in unique.values()][:MAX_ITEMS]


def _item(offered: Offered, place: Place, snapshot: Snapshot) -> Item:
    text = offered.name
    if place.role is Role.KEY and place.expression is None and offered.kind in _AS_KEYS and not place.ended:
        text = f"{offered.name}: "
    elif offered.kind is Kind.FUNCTION:
        text = f"{offered.name}("
    elif place.expression is None and place.role is Role.VALUE and not place.quote and not _is_plain(text):
        text = f'"{text}"'
    return Item(offered.name, offered.kind.value, offered.detail, offered.description, place.span, text)


_AS_KEYS = frozenset((Kind.WORD, Kind.INPUT, Kind.PARAM, Kind.OUTPUT))


def _is_plain(text: str) -> bool:
    """Whether a text can stand in YAML without quotes."""
    return not text.startswith(("$", "{", "[", "*", "&", "!", "%", "@", "`")) and ": " not in text


def kind_at(snapshot: Snapshot, place: Place, text: Text | None = None) -> str:
    """The kind of the document: what it says, or would say."""
    if snapshot.reading.kind:
        return snapshot.reading.kind
    lines = (text or snapshot.text).lines
    return next((kind for kind in ("pipeline", "module") for line in lines if line.startswith(f"{kind}:")), "pipeline")


def _keys(snapshot: Snapshot, outcome: Outcome | None, place: Place) -> Iterator[Offered]:
    """The keys that may stand in the mapping of a place."""
    kind = kind_at(snapshot, place)
    for key in keys_at(kind, place.path):
        if key.name not in place.siblings:
            detail = "required" if key.required else " or ".join(key.types)
            yield Offered(key.name, Kind.WORD, detail, key.description)
    if not place.path and not snapshot.reading.kind:
        yield from (Offered(name, Kind.WORD, "document", f"A {name}.") for name in ("module", "pipeline"))
    match place.path:
        case ("steps", str(step), "with" | "sha256" as section):
            found = snapshot.module_of(step)
            if found is None:
                return
            document = found[1]
            yield from _free(scope.ports(document.inputs.values(), Kind.INPUT), place)
            if section == "with":
                yield from _free(scope.params(document), place)
        case ("steps", str(step), "outputs"):
            found = snapshot.module_of(step)
            yield from _free(scope.outputs_of(found[1]) if found is not None else [], place)
        case ("tables", str(table), "columns") if snapshot.pipeline is not None and table in snapshot.pipeline.tables:
            columns = scope.columns(snapshot.pipeline, outcome, table)
            yield from _free((each._replace(kind=Kind.WORD) for each in columns), place)
        case (*_, "success", "sha256" | "min_files"):
            document_, _ = scope.document_at(snapshot, place.path)
            if isinstance(document_, ModuleDoc):
                yield from _free(scope.outputs_of(document_), place)


def _free(offered: Iterable[Offered], place: Place) -> list[Offered]:
    return [each for each in offered if each.name not in place.siblings]


def _items(snapshot: Snapshot, outcome: Outcome | None, place: Place) -> Iterator[Offered]:
    """What may be an item of a list in block style, where a key could stand as well."""
    if place.path and place.path[-1] == 0:
        yield from _values(snapshot, outcome, place)


def _values(snapshot: Snapshot, outcome: Outcome | None, place: Place) -> Iterator[Offered]:
    """The values that may stand at a place."""
    kind, path = kind_at(snapshot, place), place.path
    pipeline = snapshot.pipeline
    for value in values_at(kind, path):
        yield Offered(value, Kind.VALUE, "value")
    if (path and path[-1] == "format") or (len(path) > 1 and path[-2] == "format"):
        yield from (Offered(name, Kind.VALUE, "format") for name in _formats(snapshot))
    yield from nearby.files(snapshot, path)
    yield from nearby.of_the_declaration(snapshot, path)
    if pipeline is None:
        if path[:1] == ("success",):
            yield from _outputs_here(snapshot, place)
        return
    match path:
        case ("steps", str(), "module") | ("modules", str()):
            yield from _modules(snapshot, pipeline, path[0] == "steps")
        case ("steps", str(), "by") | ("steps", str(), "by", int()):
            yield from _all_keys(pipeline)
        case ("steps", str(), "over"):
            yield from (Offered(n, Kind.TABLE, "table", t.description) for n, t in pipeline.tables.items())
        case ("steps", str(own), "after") | ("steps", str(own), "after", int()):
            yield from (Offered(name, Kind.STEP) for name in pipeline.steps if name != own)
        case ("steps", str(own), "with", str(port)) | ("steps", str(own), "with", str(port), int()):
            yield from _for_port(snapshot, outcome, pipeline, own, port)
        case ("flow", *_) | ("moved", int(), "to"):
            yield from (Offered(name, Kind.STEP) for name in pipeline.steps)
        case ("tables", str(table), "key") | ("tables", str(table), "key", int()) if table in pipeline.tables:
            yield from scope.columns(pipeline, outcome, table)
        case ("tables", str(), "from") | ("outputs", str()):
            yield from _every_output(snapshot, pipeline, "")
        case (*_, "success", "non_empty", int()):
            yield from _outputs_here(snapshot, place)


def _outputs_here(snapshot: Snapshot, place: Place) -> Iterator[Offered]:
    document, _ = scope.document_at(snapshot, place.path)
    if isinstance(document, ModuleDoc) and place.path[-2:-1] == ("non_empty",):
        yield from scope.outputs_of(document)


def _formats(snapshot: Snapshot) -> list[str]:
    """The formats of the documents at hand, and common ones."""
    documents = [document for _, document in snapshot.modules.values()]
    if snapshot.document is not None:
        documents.append(snapshot.document)
    found: set[str] = set()
    for document in documents:
        both = (document.inputs, document.outputs if isinstance(document, ModuleDoc) else {})
        found.update(name for held in both for port in held.values() for name in port.formats)
    return sorted(found.union(FORMATS))


def _all_keys(pipeline: PipelineDoc) -> Iterator[Offered]:
    found: dict[str, list[str]] = {}
    for name, table in pipeline.tables.items():
        for key in table.key:
            found.setdefault(key.name, []).append(f"`{name}`")
    for key_name, tables in found.items():
        yield Offered(key_name, Kind.KEY, f"key of {', '.join(tables)}")


def _every_output(snapshot: Snapshot, pipeline: PipelineDoc, own: str) -> Iterator[Offered]:
    """References to every output of other steps."""
    for name in pipeline.steps:
        module = snapshot.module_of(name) if name != own else None
        for output in scope.outputs_of(module[1]) if module is not None else ():
            yield output._replace(name=f"${{{name}.{output.name}}}")


def _for_port(
    snapshot: Snapshot, outcome: Outcome | None, pipeline: PipelineDoc, own: str, name: str
) -> Iterator[Offered]:
    """What may be given to a port: what shares a format comes first. To a parameter: the values that it takes."""
    found = snapshot.module_of(own)
    if found is None:
        return
    document = found[1]
    port, param = document.inputs.get(name), document.params.get(name)
    if param is not None:
        yield from (Offered(str(value), Kind.VALUE, "value") for value in param.enum)
        if param.base == "boolean" and not param.many:
            yield from (Offered(value, Kind.VALUE, "value") for value in ("true", "false"))
        yield from (p._replace(name=f"${{params.{p.name}}}") for p in scope.params(pipeline))
    if port is None:
        return
    outputs = list(_every_output(snapshot, pipeline, own))
    fits = [each for each in outputs if not port.formats or any(form in each.detail for form in port.formats)]
    yield from fits
    yield from (each for each in outputs if each not in fits)
    yield from (p._replace(name=f"${{inputs.{p.name}}}") for p in scope.ports(pipeline.inputs.values(), Kind.INPUT))
    for table in pipeline.tables:
        # Files stand in columns that are no keys.
        for column in sorted(scope.columns(pipeline, outcome, table), key=lambda each: each.kind is Kind.KEY):
            yield column._replace(name=f"${{{table}.{column.name}}}", kind=Kind.COLUMN)


def _modules(snapshot: Snapshot, pipeline: PipelineDoc, short_ones: bool) -> Iterator[Offered]:
    """References to modules: by short names, files near the document, and the library."""
    folder = snapshot.path.parent
    if short_ones:
        for name, (_, reference) in pipeline.modules.items():
            target = folder / reference.name
            if target.is_dir():
                yield from (Offered(f"{name}/{stem}", Kind.MODULE, reference.name) for stem in _documents_in(target))
            else:
                yield Offered(name, Kind.SHORT, reference.name)
    else:
        yield from (Offered(f"./{each}", Kind.MODULE, "folder") for each in _folders_in(folder))
    for near in (folder, *(folder / each for each in _folders_in(folder))):
        for name in _named_documents(near):
            relative = os.path.relpath(near / name, folder)
            if near / name != snapshot.path:
                yield Offered(f"./{relative}", Kind.MODULE, "file")
    library = shipped()
    for each in _folders_in(library):
        if each != "examples" and each != "conformance":
            yield from (Offered(f"{each}/{stem}", Kind.MODULE, "library") for stem in _documents_in(library / each))


def _folders_in(folder: Path) -> list[str]:
    try:
        return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "_")))[:100]
    except OSError:
        return []


def _named_documents(folder: Path) -> list[str]:
    try:
        return sorted(p.name for p in folder.iterdir() if p.name.endswith(SUFFIXES) and not p.name.startswith("."))[
            :200
        ]
    except OSError:
        return []


def _documents_in(folder: Path) -> list[str]:
    return [os.path.splitext(name)[0] for name in _named_documents(folder)]


def _in_expression(snapshot: Snapshot, outcome: Outcome | None, place: Place) -> Iterator[Offered]:
    cursor = cursor_in(place.expression or "")
    if cursor.mute:
        return
    if cursor.chain:
        if cursor.chain[:2] == ("keys", "()"):
            yield from _all_keys(snapshot.pipeline) if snapshot.pipeline is not None else ()
            return
        yield from scope.members_at(snapshot, outcome, place.path, cursor.chain)
        return
    if cursor.call == "lookup" and cursor.first and snapshot.pipeline is not None:
        for each in scope.members_at(snapshot, outcome, place.path, cursor.first[:1]):
            if each.kind is not Kind.OUTPUT:
                yield each._replace(name=f"{each.name}=")
    yield from scope.names_at(snapshot, outcome, place.path)
