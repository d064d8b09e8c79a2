"""A step with its module → a linked step: inputs and parameters bound, paths settled, settings joined."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span, did_you_mean
from sncompile.faults import graph as graph_faults
from sncompile.faults import names as name_faults
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart, Variable
from sncompile.ir.graph.rewrite import map_children
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import below
from sncompile.ir.language.types import STRING, UNKNOWN
from sncompile.ir.values.model import Apply, Const, Key, Local, Value
from sncompile.semantics.companions import with_written
from sncompile.semantics.linking.binding import port_type
from sncompile.semantics.linking.conventions import decided_argument
from sncompile.semantics.linking.data_roots import workspace_of
from sncompile.semantics.linking.with_link import Bindings, Settler, bind_ports_and_params
from sncompile.semantics.list_files import list_path, placed
from sncompile.semantics.modules.link import TypedModule, link_env, link_image
from sncompile.semantics.parts import check_step, lies_in, path_in
from sncompile.semantics.path_text import folder_of, join_text, tidy
from sncompile.semantics.program import OutputPath, Step
from sncompile.semantics.resources import link_resources
from sncompile.semantics.scope import LocalMembers, Scope
from sncompile.semantics.scratch import inside_of
from sncompile.semantics.scripts.snakemake_object import job_words
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import ContainerDoc, PortDoc, StepDoc


def _network(container: ContainerDoc | None) -> bool:
    return container is not None and container.network


def with_folders(argument: Argument, outputs: Mapping[str, OutputPath]) -> Argument:
    """An argument with the folder of an output as a text with keys, which engines fill in themselves."""
    if isinstance(argument, Flag):
        return argument
    if isinstance(argument, Option):
        return argument._replace(value=_with_folders(argument.value, outputs))
    return _with_folders(argument, outputs)


def _with_folders(value: Value, outputs: Mapping[str, OutputPath]) -> Value:
    if isinstance(value, Apply) and value.function == "dirname":
        (path,) = value.operands
        if isinstance(path, Local) and path.space == "outputs":
            return folder_of(outputs[path.name].path) or value
    return map_children(value, lambda child: _with_folders(child, outputs))


class StepLinker:
    """Links one step that runs a module. `by_default` are then the inputs that it takes by convention."""

    def __init__(
        self,
        doc: StepDoc,
        module: TypedModule,
        keys: KeySet,
        scope: Scope,
        report: Report,
        prefix: str,
        data: Mapping[str, Value],
        working: Path,
    ) -> None:
        self._doc, self._module, self._keys, self._scope = doc, module, keys, scope
        self._report, self._name, self._data = report, prefix + doc.name.name, data
        self._working = working
        self.by_default: frozenset[str] = frozenset()

    def link(self) -> Step:
        """The linked step; its faults are told."""
        doc, module = self._doc, self._module
        mdoc = module.doc
        bound = bind_ports_and_params(
            doc, mdoc, module.defaults, self._data, self._working, self._scope, self._report, self._list_path
        )
        self.by_default = frozenset(bound.by_default)
        typer = Typer(self._scope, self._report)
        image = module.container
        if doc.container is not None and doc.container.image is not None:
            image = link_image(doc.container.image, typer, self._report)
        env = self._env(typer)
        outputs = self._outputs(typer, bound)
        step = Step(
            name=self._name,
            title=doc.title or mdoc.about.title,
            module=mdoc,
            keys=self._keys,
            inputs={n: bound.sheets[n].files if n in bound.sheets else bound.inputs[n] for n in mdoc.inputs},
            params={n: bound.params[n] for n in mdoc.params},
            outputs=outputs,
            command=self._command(bound, outputs),
            shell=self._script(env),
            lists=placed(module.lists, workspace_of(self._data), self._name, self._keys),
            container=image,
            network=_network(mdoc.container) or _network(doc.container),
            conda=module.conda,
            env=env,
            resources={**module.resources, **self._resources()} if doc.resources else module.resources,
            retries=doc.retries,
            priority=doc.priority,
            batch=doc.batch,
            success=module.success,
            files=module.files,
            after=(),
            local_rule=doc.local,
            tags=doc.tags,
            span=doc.name.span,
            checks=module.checks,
            sheets=bound.sheets,
            scratch=module.scratch,
            sums={name: typer.value(value) for name, value in doc.sums.items()},
        )
        return with_written(step, self._report)

    def _list_path(self, file: str, span: Span) -> Value:
        """The path of a file that is written for a job."""
        return list_path(file, workspace_of(self._data), self._name, self._keys, span)

    def _command(self, bound: Bindings, outputs: Mapping[str, OutputPath]) -> tuple[Argument, ...] | None:
        """The module's command without what this step's values leave out, so that it reads as it was meant for them."""
        command = self._module.command
        if command and self._module.doc.object:
            asked = dict.fromkeys((*self._module.resources, *self._doc.resources))
            return (*command, *job_words(self._name, self._keys, asked, self._doc.name.span))
        if command is None or not self._module.undecided:
            return command
        names = {"params": bound.params, "inputs": bound.inputs}
        return tuple([with_folders(decided_argument(argument, names), outputs) for argument in command])

    def _script(self, env: tuple[Variable, ...]) -> tuple[ShellPart, ...] | None:
        """The module's script; its own variables are called otherwise where the step's environment has their names."""
        module = self._module
        if module.script is None or env is module.env:
            return module.shell
        names = {variable.name for variable in env}
        return (
            module.script.parts(names, inside_of(module.scratch)) if names & module.script.variables else module.shell
        )

    def _resources(self) -> dict[str, Value]:
        # A step's own resources may use the sizes of the module's inputs, which go by their names there.
        types = {n: port_type(p) for n, p in self._module.doc.inputs.items()}
        spaces = {**self._scope.spaces, "inputs": LocalMembers("the inputs", "inputs", types, set())}
        scope = Scope(spaces, keys=self._keys, elsewhere=self._scope.elsewhere, run_time=True)
        return link_resources(self._doc.resources, scope, self._report)

    def _env(self, typer: Typer) -> tuple[Variable, ...]:
        if not self._doc.env and self._doc.container is None:
            return self._module.env
        given = (*(self._doc.container.env if self._doc.container else ()), *self._doc.env)
        merged = {v.name: v for v in self._module.env}
        merged.update({v.name: v for v in link_env(given, typer, self._report)})
        return tuple(merged.values())

    def _outputs(self, typer: Typer, bound: Bindings) -> dict[str, OutputPath]:
        doc, ports = self._doc, self._module.doc.outputs
        for name, output in doc.outputs.items():
            if name not in ports:
                hint = did_you_mean(name, ports, what="its outputs") or "it has none"
                self._report.add(
                    name_faults.UNKNOWN_PORT.at(
                        output.name.span, f"`{self._module.doc.name.name}` has no output `{name}`", help=hint
                    )
                )
        found: dict[str, OutputPath] = {}
        paths: dict[str, Value] = {}
        settler = None
        if self._module.paths:
            settler = Settler(doc, self._module.doc, self._data, bound, self._report)
            settler.names["outputs"] = paths
        check_step(doc, ports, self._report)
        # Parts come after the directories that they lie in.
        for name, port in sorted(ports.items(), key=lambda each: each[1].inside is not None):
            said = doc.outputs.get(name)
            temp, protected = (said.temp, said.protected) if said is not None else (False, False)
            span = said.name.span if said is not None else port.name.span
            path, derived = self._path(name, port, typer, settler)
            if port.inside is not None and lies_in(port, path, found):
                path, derived = path_in(paths[port.inside.name], path), found[port.inside.name].derived
            paths[name] = path
            found[name] = OutputPath(port, path, temp, protected, derived, span)
        return {name: found[name] for name in ports}

    def _path(self, name: str, port: PortDoc, typer: Typer, settler: Settler | None) -> tuple[Value, bool]:
        said = self._doc.outputs.get(name)
        if said is not None and said.path is not None:
            value = typer.text(said.path)
            if (value.type != UNKNOWN and value.type.many != port.many) or (
                isinstance(value, Const) and value.value == ()
            ):
                kind = "a list of paths" if port.many else "one path"
                self._report.add(
                    faults.WRONG_TYPE.at(value.span, f"the output `{name}` takes {kind}", help=f"give {kind}")
                )
                return Const(None, UNKNOWN, value.span), False
            if value.type.base not in ("unknown", "null") and not value.type.textual:
                self._report.add(faults.WRONG_TYPE.at(value.span, f"a path is text, not {value.type}", help="quote it"))
            return tidy(value, self._working), False
        if settler is not None and name in self._module.paths:
            found = settler.take(name, self._module.paths, "outputs")
            # A fault in it is shown where it is written.
            return tidy(found._replace(span=self._module.paths[name].span), self._working), False
        if port.many:
            self._report.add(
                graph_faults.NO_PATH.at(
                    self._doc.name.span,
                    f"the output `{name}` of `{self._doc.name.name}` is a list of files, and has no paths",
                    help=f"give them: `outputs: {{{name}: [first.txt, second.txt]}}`",
                    related=(Place("the output is declared here", port.name.span),),
                )
            )  # fmt: skip
            return Const((), UNKNOWN._replace(many=True), self._doc.name.span), True
        return self._derived(name, self._doc.name.span), True

    def _derived(self, name: str, span: Span) -> Value:
        folder, file = below(workspace_of(self._data), f"{self._name}/"), self._module.outputs[name].file
        if not self._keys.by:
            return Const(folder + file, STRING, span)
        start = Const(folder, STRING, span)
        parts: list[Value] = [start]
        for key in self._keys.by:
            parts += [Key(self._keys, key, True, STRING, span), Const("/", STRING, span)]
        parts.append(Const(file, STRING, span))
        return join_text(parts, span)
