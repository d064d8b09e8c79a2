"""Which of a spec's items become inputs, outputs and parameters of the module, and what says where each output goes.

Bilayers leaves outputs out of the command: a textbox or a hidden argument holds the folder that they are written to, or
the tool knows it. A module's paths are derived, so the command must name each. What Bilayers passes for a folder
becomes the output, or the input, that stands for the folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics import Related as Place
from sncompile.exchange.bilayers.arguments import Ref
from sncompile.exchange.bilayers.names import module_name
from sncompile.exchange.bilayers.spec import Item, Spec, is_none
from sncompile.faults import exchange as faults


@dataclass(frozen=True, slots=True)
class OutPort:
    """An output of the module: the Bilayers outputs that are written there.

    `how` says what tells the tool: an argument that holds the `folder`, an output's own `tag`, the folder of the input
    `staged` that is copied first, or nothing (`fixed`).
    """

    name: str
    is_file: bool
    members: tuple[Item, ...]
    how: str
    folder: str | None = None
    staged: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Items by the module's names for them; `bound` are parameters that only say where something is."""

    inputs: Mapping[str, Item]
    params: Mapping[str, Item]
    outputs: Mapping[str, OutPort]
    bound: Mapping[str, Ref]
    unpassed: frozenset[str]
    folders: Mapping[str, Ref]

    def name_of(self, item: Item, space: str) -> str | None:
        """The module's name for an item of Bilayers."""
        items = self.inputs if space == "inputs" else self.params
        return next((name for name, one in items.items() if one is item), None)

    def mention(self, text: str) -> tuple[str, Ref, str] | None:
        """A folder that a text names: what stands before it, whose folder it is, and what stands after it."""
        return find_folder(text, self.folders)


def find_folder(text: str, folders: Mapping[str, Ref]) -> tuple[str, Ref, str] | None:
    """The first folder that stands in a word, whole or as the start of a path, at its start or after a `=`."""
    for folder in sorted(folders, key=len, reverse=True):
        before, found, after = text.partition(folder)
        if found and (not before or before.endswith("=")) and (not after or after.startswith("/")):
            return before, folders[folder], "" if after == "/" else after
    return None


def is_file(item: Item) -> bool:
    """Whether an input or output is one file, and not a folder of them."""
    if item.kind == "dir":
        return False
    default, count = item.fields.get("default"), item.fields.get("file_count")
    if default == "directory" or count == "multiple":
        return False
    return default == "single" or count == "single" or item.kind == "notebook"


def lay_out(spec: Spec, words: Iterable[str]) -> tuple[Layout, list[Diagnostic]]:
    """The layout of a spec; `words` are those of its command, and of hidden arguments."""
    return _Layouter(spec, tuple(words)).layout()


class _Layouter:
    def __init__(self, spec: Spec, words: tuple[str, ...]) -> None:
        self._spec, self._words = spec, words
        self._found: list[Diagnostic] = []
        self._inputs: dict[str, Item] = {}
        self._ports: dict[str, OutPort] = {}
        self._bound: dict[str, Ref] = {}
        self._folders: dict[str, Ref] = {}

    def layout(self) -> tuple[Layout, list[Diagnostic]]:
        """The layout, and what could not be placed."""
        for item in self._spec.inputs:
            name = module_name(item.name, self._inputs)
            self._inputs[name] = item
        self._group_outputs()
        self._bind_inputs()
        params = self._params()
        return (
            Layout(
                self._inputs, params, self._ports, self._bound,
                frozenset(p.name for p in self._spec.parameters if p.tag is None), self._folders,
            ),
            self._found,
        )  # fmt: skip

    def _params(self) -> dict[str, Item]:
        params: dict[str, Item] = {}
        shared = {item.name: item for item in self._inputs.values()}
        for item in self._spec.parameters:
            if item.name in shared:
                message = f"`{item.name}` is an input and a parameter; Bilayers passes one of the two"
                place = Place("the input", shared[item.name].at("name"))
                told = faults.SHARED_NAME.at(item.at("name"), message, help="rename one of them", related=(place,))
                self._found.append(told)
            if item.name not in self._bound and item.tag is not None:
                tail = "_param" if module_name(item.name) in self._inputs else ""
                params[module_name(item.name, {*self._inputs, *params}, tail=tail)] = item
        return params

    # --- Outputs --------------------------------------------------------------------------------------------------

    def _group_outputs(self) -> None:
        """Make a port of each folder that is said somewhere, and of each output that no other shares its place with."""
        spec = self._spec
        tags = {i.tag for i in (*spec.inputs, *spec.parameters)} | {h.tag for h in spec.hidden}
        choosers = [p for p in spec.parameters if _chooses(p)]
        own_folders = {o.folder for o in spec.outputs if o.folder is not None}
        free = [p for p in choosers if _default_folder(p) not in own_folders]
        groups: dict[tuple[str, str], list[Item]] = {}
        for item in spec.outputs:
            groups.setdefault(self._place_of(item, tags, free), []).append(item)
        for chooser in free:
            if _default_folder(chooser) is not None:
                groups.setdefault(("chosen", chooser.name), [])
        for (how, what), members in groups.items():
            self._add_port(how, what, members)

    def _place_of(self, item: Item, tags: set[str | None], free: list[Item]) -> tuple[str, str]:
        tag = item.tag if "cli_tag" in item.fields else None
        if item.folder is not None and self._is_said(item.folder):
            return "argument", item.folder
        if tag is not None and (not tag or tag not in tags):
            return "tag", tag or item.name
        if free:
            return "chosen", free[0].name
        if item.folder is not None and self._input_of(item.folder) is not None:
            return "staged", item.folder
        return "fixed", item.folder or f"?{item.name}"

    def _is_said(self, folder: str) -> bool:
        """Whether an argument that Bilayers passes holds the folder."""
        one = {folder: Ref("", "")}
        return any(_says(p, folder) for p in self._spec.parameters) or any(find_folder(w, one) for w in self._words)

    def _input_of(self, folder: str) -> str | None:
        for name, item in self._inputs.items():
            if item.folder == folder and not is_file(item) and not item.optional and item.tag is not None:
                return name
        return None

    def _add_port(self, how: str, what: str, members: list[Item]) -> None:
        folder = members[0].folder if members else None
        within = any((m := find_folder(w, {folder: Ref("", "")})) and m[2] for w in self._words) if folder else False
        alone = len(members) == 1 and is_file(members[0]) and how != "staged" and not within
        shared = len(members) > 1 and how != "staged"
        wanted = PurePosixPath(folder or what).name if shared else members[0].name if members else what
        name = module_name(wanted, self._ports)
        staged = self._input_of(what) if how == "staged" else None
        ref = Ref("outputs", name)
        if how == "chosen":
            self._bound[what] = ref
        if how in ("argument", "fixed") and folder is not None:
            self._bound |= {p.name: ref for p in self._spec.parameters if _says(p, folder)}
            self._folders[folder] = ref
        if how == "fixed":
            self._tell_fixed(members, folder)
        self._ports[name] = OutPort(name, alone, tuple(members), "argument" if how == "chosen" else how, folder, staged)

    def _tell_fixed(self, members: list[Item], folder: str | None) -> None:
        first = members[0]
        names = " and ".join(f"`{m.name}`" for m in members)
        span = first.at("cli_tag")
        if folder is None:
            hint = "give it a `cli_tag`, or add a textbox with `output_dir_set: True` and a `cli_tag`"
            self._found.append(faults.NOWHERE.at(span, f"nothing tells the tool where to write {names}", help=hint))
            return
        hint = "give it a `cli_tag`; or add a textbox or hidden argument whose value is the folder"
        message = f"nothing tells the tool where to write {names}: the module says `{folder}`, for every job"
        self._found.append(faults.FIXED_FOLDER.at(span, message, help=hint))

    # --- Inputs ---------------------------------------------------------------------------------------------------

    def _bind_inputs(self) -> None:
        """Find what says where inputs without a tag are; a staged one is where it was copied to."""
        staged = {port.staged: Ref("outputs", port.name) for port in self._ports.values() if port.staged}
        for name, item in self._inputs.items():
            ref = staged.get(name, Ref("inputs", name))
            said = False
            if item.folder is not None and item.folder not in self._folders:
                sayers = [p for p in self._spec.parameters if _says(p, item.folder) and p.name not in self._bound]
                self._bound |= dict.fromkeys((p.name for p in sayers), ref)
                self._folders[item.folder] = ref
                said = bool(sayers) or any(find_folder(w, {item.folder: ref}) for w in self._words)
            if item.tag is None and not said:
                message = f"nothing tells the tool where the input `{item.name}` is"
                hint = "give it a `cli_tag`, or name its folder in the command"
                self._found.append(faults.NOWHERE.at(item.at("cli_tag"), message, help=hint))


def _default_folder(item: Item) -> str | None:
    found = item.fields.get("default")
    return None if not isinstance(found, str) or is_none(found) else found.rstrip("/") or None


def _chooses(item: Item) -> bool:
    """Whether a parameter is there to say where outputs go; that a user may not change it does not matter."""
    return item.kind == "textbox" and item.tag is not None and "output_dir_set" in item.fields


def _says(item: Item, folder: str) -> bool:
    """Whether a parameter is a text that holds a folder."""
    return item.kind == "textbox" and item.tag is not None and _default_folder(item) == folder
