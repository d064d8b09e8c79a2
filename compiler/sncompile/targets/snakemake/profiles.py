"""Profiles beside the Snakefile: what a scheduler or a cloud must be told, and what is left for a site to fill in.

Decision 0037.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sncompile.targets.snakemake.model import Rule, Workflow
from sncompile.targets.snakemake.names import RESOURCES
from sncompile.targets.snakemake.python_code import Atom
from sncompile.targets.snakemake.render import environment

PROFILES = (
    "local", "slurm", "lsf", "sge", "htcondor", "kubernetes", "aws-batch", "googlebatch", "azure-batch",
)  # fmt: skip
"""Their names, which `run --profile NAME` takes. All but `local` are called like the plugin, but for `sge`."""


LEAST = 500
"""Megabytes of a job of SLURM: two Snakemakes stand around the tool there, and count."""


class Sizes(NamedTuple):
    """What a rule asks for that is a plain number, by the names of resources in specs; None for the rest.

    Some plugins do not look at what rules ask for under the names that others use. Their profiles repeat it.
    """

    rule: str
    asked: Mapping[str, int | None]


def profile_files(workflow: Workflow) -> Mapping[str, bytes]:
    """The files of all profiles, by their paths."""
    directives = {directive.name for rule in workflow.rules for directive in rule.directives}
    methods = [method for name, method in (("container", "apptainer"), ("conda", "conda")) if name in directives]
    sizes = [_sizes(rule) for rule in workflow.rules]
    found = {}
    for name in PROFILES:
        template = environment().get_template(f"profiles/{name}.yaml.j2")
        text = template.render(workflow=workflow, name=name, methods=methods, sizes=sizes, least=LEAST)
        found[f"profiles/{name}/config.yaml"] = text.encode()
    return found


def _sizes(rule: Rule) -> Sizes:
    numbers = {
        f"{directive.name}.{entry.name}".rstrip("."): int(entry.code.text)
        for directive in rule.directives
        if directive.name in ("threads", "resources")
        for entry in directive.entries
        if isinstance(entry.code, Atom) and entry.code.text.isdigit()
    }
    names = {"cpus": "threads", **{name: f"resources.{theirs}" for name, theirs in RESOURCES.items()}}
    return Sizes(rule.name, {name: numbers.get(theirs) for name, theirs in names.items()})
