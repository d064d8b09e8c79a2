"""What bash makes of an emitted script, compared with the graph, job by job."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.graph.settings import resources_taken
from sncompile.ir.jobs.expansion import Job, job_id, jobs
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Attempt, Content, Size
from sncompile.ir.values.relating import UNIT
from sncompile.ir.values.run_time import dynamic
from sncompile.lowering.columns import leaves
from sncompile.lowering.lower import wanted_jobs
from sncompile.targets.bash.script import PRINTED

SCRIPT = "run.sh"
_TAIL = "# --- What follows is the same for every pipeline."

_TELL = r"""
amount() { awk "$functions"' BEGIN { printf "%.0f", '"$1"' }'; }
truth() { awk "$functions"' BEGIN { print ('"$1"') ? "true" : "false" }'; }
cores=1000000
size() { echo 0; }
attempt=1
there() { # As if all were there.
  local -n told_found=$1; local before=$2 lead=$3 path; shift 3
  told_found=()
  for path; do told_found+=(${before:+"$before"} "$path"); done
  if [[ -n $lead ]] && ((${#told_found[@]})); then told_found=("$lead" "${told_found[@]}"); fi
}
content() { local -n told_content=$1; told_content=0; }
contents() { local -n told_contents=$1; told_contents=(0); }
numeral() { echo 1; }
add_member() {
  local -n told_object=$1; local key=$2 many=$3 items=; shift 3
  while (($#)); do items+="${items:+, }$2"; shift 2; done
  if ((many)); then items="[$items]"; fi
  if [[ -n $items ]]; then told_object+="${told_object:+, }$key: $items"; fi
}
words() { # As Python quotes them.
  local word all=
  for word; do
    if [[ $word =~ ^[A-Za-z0-9@%+=:,./_-]+$ ]]; then all+=" $word"; else all+=" '${word//\'/\'\"\'\"\'}'"; fi
  done
  printf %s "${all# }"
}
list() { local path=$1 form=$2; shift 2; lists+=("$path" "$form" "$#" "$@"); }
tell() { printf '%s\0' "$#" "$@"; }
for ((n = 1; n <= jobs; n++)); do
  after=() inputs=() values=() made=() given=() outputs=() folders=() temporary=() protected=() create=()
  variables=() secrets=() optional=() checks=() command=() lists=() script= cpus=1 retries=0 priority=0
  "job_$n"; "command_$n"
  printf '%s\0' "$name" "$digest" "$cpus" "$retries" "$priority" "$script"
  tell "${command[@]}"; tell "${after[@]}"; tell "${inputs[@]}"; tell "${outputs[@]}"; tell "${temporary[@]}"
  tell "${protected[@]}"; tell "${create[@]}"; tell "${variables[@]}"; tell "${secrets[@]}"; tell "${checks[@]}"
  tell "${lists[@]}"; tell "${optional[@]}"; tell "${folders[@]}"
done
"""
_TOLD = ("name", "digest", "cpus", "retries", "priority", "script")
_LISTS = (
    "command", "after", "inputs", "outputs", "temporary", "protected", "create", "variables", "secrets", "checks",
    "lists", "optional", "folders",
)  # fmt: skip


def differences(graph: Graph, out: Path) -> list[str]:
    """What differs between a graph and the script that stands in the folder `out`; each line names its job."""
    head = (out / SCRIPT).read_bytes().decode("utf-8", "surrogateescape").partition(_TAIL)[0]
    done = subprocess.run(
        ["/bin/bash", "--norc"], input=f"set -eu\n{head}{_TELL}".encode("utf-8", "surrogateescape"),
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return [f"bash cannot read the script: {done.stderr.decode('utf-8', 'replace').strip()}"]
    read = list(_records(done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]))
    return list(_compared(graph, read, out))


def _records(words: list[str]) -> Iterator[dict[str, Any]]:
    rest = iter(words)
    for first in rest:
        found: dict[str, Any] = {_TOLD[0]: first} | {name: next(rest) for name in _TOLD[1:]}
        for name in _LISTS:
            found[name] = [next(rest) for _ in range(int(next(rest)))]
        yield found


def _compared(graph: Graph, read: list[dict[str, Any]], out: Path) -> Iterator[str]:
    place = os.path.relpath(out / "files", graph.folder)
    expected = {job.digest: job for job in jobs(graph, files=place)}
    family_of = {job_id(f, n): f for f in graph.families.values() for n in range(len(f.keys))}
    wanted = {job_id(graph.families[name], n) for name, found in wanted_jobs(graph).items() for n in found}
    evaluator = Evaluator(graph.families)
    asked = set(_paths({name: _listed(evaluator.closure(v, UNIT)(0)) for name, v in graph.outputs.items()}))
    names = {str(number): found["digest"] for number, found in enumerate(read, 1)}
    seen = {found["digest"] for found in read}
    for job in expected.values():
        if job.id in wanted and job.digest not in seen:
            yield f"{job.id}: the script has no such job"
    for found in read:
        job_here = expected.get(found["digest"])
        if job_here is None:
            yield f"{found['name']}: the pipeline has no such job"
            continue
        before = {expected[d].id for n in found["after"] if (d := names.get(n, "")) in expected}
        for told in _one(found, job_here, family_of[job_here.id], before, asked):
            yield f"{job_here.id}: {told}"


def _one(found: Mapping[str, Any], job: Job, family: Family, before: set[str], asked: set[str]) -> Iterator[str]:
    """What differs in one job."""
    by_size = any(isinstance(job.resources.get(RESOURCES[name].job), str) for name in resources_taken(family))
    written = any(map(dynamic, family.params.values()))
    if not by_size and not written:  # What hangs on files is known when the job runs.
        yield from _differ("command", list(map(_in_order, found["command"])), list(map(_in_order, job.command or [])))
        yield from _differ("script", found["script"], job.shell or "")
    yield from _differ("lists", list(_as_texts(found["lists"])), list(_lists(job, family)))
    yield from _differ("inputs", found["inputs"], list(_paths(job.inputs)))
    yield from _differ("outputs", found["outputs"], list(_paths(job.outputs)))
    for flag in ("temp", "protected", "create"):
        paths = [p for n, o in family.outputs.items() if getattr(o, flag) for p in _paths({n: job.outputs[n]})]
        paths = [path for path in paths if flag != "temp" or path not in asked]
        yield from _differ(flag, found["temporary" if flag == "temp" else flag], paths)
    need_not = [p for n, o in family.outputs.items() if o.optional for p in _paths({n: job.outputs[n]})]
    yield from _differ("outputs that may be absent", found["optional"], need_not)
    folders = [p for n, o in family.outputs.items() if o.base == "directory" for p in _paths({n: job.outputs[n]})]
    yield from _differ("directories", found["folders"], folders)
    secret = [v.name for v in family.env if v.secret]
    variables = [f"{name}={value}" for name, value in job.env.items() if name not in secret]
    yield from _differ("variables", found["variables"], variables)
    yield from _differ("secrets", found["secrets"], secret)
    yield from _differ("checks", found["checks"], list(_checks(job, family)))
    yield from _differ("retries", found["retries"], str(family.retries))
    yield from _differ("priority", found["priority"], str(family.priority or int(family.urgent)))
    cpus = family.resources.get("cpus")
    if cpus is None or not any(isinstance(each, (Attempt, Content, Size)) for each in leaves(cpus, family)):
        yield from _differ("cpus", found["cpus"], str(job.resources.get("cpus", 1)))
    lacking = set(job.after) - before
    if lacking:
        yield f"it does not wait for {', '.join(sorted(lacking))}"


def _lists(job: Job, family: Family) -> Iterator[tuple[str, str, str]]:
    for (path, text), file in zip(job.lists.items(), family.lists.values(), strict=True):
        yield path, PRINTED[file.ended_by], text


def _as_texts(found: list[str]) -> Iterator[tuple[str, str, str]]:
    """Each list file that is written: its path, the format of an item, and the text that comes of it."""
    ends = {form: end for end, form in PRINTED.items()}
    rest = found
    while rest:
        path, form, count, *rest = rest
        items, rest = rest[: int(count)], rest[int(count) :]
        yield path, form, "".join(f"{item}{ends.get(form, '')}" for item in items)


def _checks(job: Job, family: Family) -> Iterator[str]:
    success = family.success
    for port in success.non_empty:
        for path in _paths({port: job.outputs[port]}):
            yield from ("non_empty", path, "")
    for port, total in success.sha256.items():
        for path in _paths({port: job.outputs[port]}):
            yield from ("sha256", path, total)
    for port, output in family.outputs.items():
        for path in _paths({port: job.outputs[port]}) if output.value else ():
            yield from ("value", path, output.value)
    for port, count in success.min_files.items():
        for path in _paths({port: job.outputs[port]}):
            yield from ("min_files", path, str(count))


def _paths(ports: Mapping[str, Any]) -> Iterator[str]:
    for value in ports.values():
        if value is not None:
            yield from (p for p in (value if isinstance(value, list) else [value]) if p is not None)


def _in_order(word: str) -> str:
    """A word; of one that is a JSON object the members in order, as those that may not be there stand last."""
    try:
        return json.dumps(json.loads(word), sort_keys=True) if word.startswith("{") else word
    except ValueError:
        return word


def _listed(paths: Any) -> Any:
    return list(paths) if isinstance(paths, tuple) else paths


def _differ(what: str, found: Any, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r} instead of {wanted!r}"
