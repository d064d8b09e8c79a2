"""Which of Snakemake's options a run may be given, after `--` or by a profile.

`done` must mean that all was done. Snakemake has some 150 options, and many make its end say less: it tells what it
would do, touches files, leaves steps out. So those that are known to leave the meaning of `done` alone are listed, and
all others are refused, also ones that a later version may bring.

Snakemake's own parser reads them, once without and once with what is judged. What differs then is what was asked for,
however it was spelt: `-n`, `-nq`, `--dry-run`, `--dry`. The engine's process judges again what it is about to do.

Run as `python -m sncompile.runner.engine.options`, with a request as JSON at its standard input, it prints a verdict.

Decision 0049.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.faults import runs as faults
from sncompile.targets.snakemake.engine.surroundings import python

ADMITTED: Mapping[str, str] = {
    # How much at once, and what jobs ask for.
    "cores": "cores to use at once",
    "jobs": "jobs to have at once",
    "local_cores": "cores for jobs that stay on this machine",
    "max_threads": "threads that a job has at most",
    "resources": "what all jobs together may use",
    "set_threads": "threads of a rule's jobs",
    "set_resources": "what a rule's jobs ask for",
    "set_resource_scopes": "which resources count where",
    "default_resources": "what jobs ask for that do not say it",
    "groups": "which jobs are submitted together",
    "group_components": "how many jobs are submitted together",
    "preemptible_rules": "rules whose machines may be taken away",
    "preemptible_retries": "tries on such machines",
    # When, and in what order.
    "keep_going": "goes on with what does not need a failed job",
    "forceall": "makes everything again",
    "prioritize": "makes some files first",
    "retries": "tries of a job that fails",
    "scheduler": "how it is decided which job is next",
    "scheduler_solver_path": "what the scheduler computes with",
    "scheduler_subsample": "how many jobs the scheduler looks at",
    "scheduler_greediness": "how hard the scheduler looks",
    "max_jobs_per_second": "jobs that start in a second",
    "max_jobs_per_timespan": "jobs that start in a time",
    "max_status_checks_per_second": "how often a cluster is asked",
    "seconds_between_status_checks": "how often a cluster is asked",
    "latency_wait": "seconds that a file system may need until a file is seen",
    "max_inventory_time": "seconds to look at files before they are looked at one by one",
    # Where jobs run, and with what software.
    "executor": "what runs the jobs",
    "software_deployment_method": "how software comes to the jobs",
    "use_conda": "how software comes to the jobs",
    "use_apptainer": "how software comes to the jobs",
    "use_envmodules": "how software comes to the jobs",
    "conda_prefix": "where environments are kept",
    "conda_base_path": "where conda is",
    "conda_frontend": "what installs environments",
    "conda_cleanup_pkgs": "what is kept of packages",
    "conda_not_block_search_path_envvars": "variables of tools in environments",
    "apptainer_prefix": "where images are kept",
    "apptainer_args": "options of Apptainer",
    "container_image": "the image that jobs of a cloud run in",
    "envvars": "variables that go with jobs",
    "jobname": "what jobs are called in a queue",
    "jobscript": "the script that a cluster is given",
    "job_deploy_sources": "whether the emitted files go with jobs",
    "precommand": "what comes before a job of a cloud",
    "default_storage_provider": "where files are stored",
    "default_storage_prefix": "where files are stored",
    "local_storage_prefix": "where copies of stored files are",
    "remote_job_local_storage_prefix": "where copies of stored files are",
    "shared_fs_usage": "what all machines see",
    "keep_storage_local_copies": "keeps copies of stored files",
    "runtime_source_cache_path": "where copies of emitted files are",
    # What stays behind, always more than without it.
    "notemp": "keeps temporary files",
    "keep_incomplete": "keeps what a failed job wrote; the next run makes it again",
    "rerun_incomplete": "makes half-written files again, as every run does",
    "strict_dag_evaluation": "refuses more",
    "benchmark_extended": "measures more",
    # What is said.
    "quiet": "says less; events are written all the same",
    "printshellcmds": "says more",
    "show_failed_logs": "says more",
    "verbose": "says more",
    "debug_dag": "says more",
    "nocolor": "colours",
    "force_use_threads": "how jobs of this machine are started",
}
"""Members of Snakemake's settings that a run heeds, with what each means to it; none makes `done` say less."""

_AT_LEAST_ONE = (
    "cores",
    "jobs",
    "local_cores",
    "max_threads",
    "group_components",
    "max_jobs_per_second",
    "max_jobs_per_timespan",
)
"""With less of them no job ever starts."""

PRETENDERS = ("dryrun", "touch")
"""Executors that run nothing."""

HERE = "local"
"""The executor that runs jobs on this machine, and that Snakemake takes where nobody names one."""

_PLAN = "`sncompile plan SPEC` tells what would be done"
_TARGET = "`--target NAME` makes an output or a step, with all that it needs"
_AGAIN = "delete what is to be made again, or make everything again by `--forceall`"
_OURS = {
    "snakefile": "a run makes that itself, from the spec",
    "directory": "`--directory DIR` before the `--` says it to sncompile",
    "profile": "`--profile NAME|DIR` before the `--` says it to sncompile",
    "workflow_profile": "`--profile NAME|DIR` before the `--` says it to sncompile",
    "config": "`--set NAME=VALUE` sets parameters",
    "configfile": "`--params FILE` sets parameters",
    "logger": "a run hears its engine by a logger of its own; `--telemetry` sends events elsewhere",
}
_INSTEAD: Mapping[str, str] = {
    **_OURS,
    **dict.fromkeys(("dryrun", "summary", "detailed_summary", "list_rules", "list_target_rules", "list_changes",
                     "list_input_changes", "list_params_changes", "list_untracked"), _PLAN),
    **dict.fromkeys(("targets", "until", "omit_from", "allowed_rules", "batch", "target_jobs"), _TARGET),
    **dict.fromkeys(("dag", "rulegraph", "filegraph", "d3dag"), "`sncompile graph SPEC` draws it"),
    **dict.fromkeys(("report", "reporter", "report_after_run"), "`sncompile report RUN` makes a page about a run"),
    **dict.fromkeys(("force", "forcerun"), f"Snakemake loses jobs that come after forced ones; {_AGAIN}"),
    **dict.fromkeys(("rerun_triggers", "consider_ancient", "trust_io_cache", "max_checksum_file_size", "drop_metadata"),
                    "it would call results done that are out of date"),
    **dict.fromkeys(("ignore_incomplete", "nolock"), "it would take half-written files for results"),
    **dict.fromkeys(("unlock", "cleanup_metadata"), "a run takes away what dead runs left by itself"),
    **dict.fromkeys(("all_temp", "unneeded_temp_files"), "`temp: true` at an output has it deleted once it was read"),
    "immediate_submit": "a run waits for its jobs, or could not say how they ended",
    "touch": "it would call files new that nobody made",
}  # fmt: skip
"""What to do instead of a refused option; for any other: Snakemake itself."""


@dataclass(frozen=True, slots=True)
class Request:
    """A run's options for Snakemake: our `own`, a profile's file, the user's `extra` ones, and what is to be made.

    `shared` is what all jobs together may use of resources, by Snakemake's names, of which nobody else says how much.
    """

    own: tuple[str, ...]
    profile: str | None = None
    extra: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    shared: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def from_object(found: Mapping[str, Any]) -> Request:
        """A request as a record has it."""
        return Request(
            tuple(found["own"]), found["profile"], tuple(found["extra"]), tuple(found["targets"]), found["shared"]
        )

    def as_object(self) -> dict[str, Any]:
        """The form of a record."""
        return asdict(self)

    def asks_for(self, option: str) -> bool:
        """Whether the user names an option after `--`, be it with the value that it has anyway."""
        return any(word.partition("=")[0] == option for word in self.extra)

    @property
    def words(self) -> list[str]:
        """The same as a command line."""
        return [*self.own, *_profile(self.profile), *self.extra, *(["--", *self.targets] if self.targets else [])]


class Setting(NamedTuple):
    """A member of Snakemake's settings that was changed: its option, and whether `profile` or `--` says so."""

    member: str
    option: str
    origin: str


class Asked(NamedTuple):
    """What Snakemake is asked for that bears on how many jobs there may be at once.

    `cores` is None where that was left open. `shared` is what all jobs together may use of a resource; `own` are the
    rules that were given other threads or resources than they ask for.
    """

    executor: str = HERE
    cores: int | None = None
    shared: Mapping[str, int] = MappingProxyType({})
    own: frozenset[str] = frozenset()

    @staticmethod
    def from_parsed(asked: Any) -> Asked:
        """What Snakemake's parser has found."""
        numbers = {name: held.value for name, held in asked.resources.items() if isinstance(held.value, int)}
        own = frozenset((*asked.set_threads, *asked.set_resources))
        return Asked(asked.executor or HERE, asked.cores, numbers, own)


class Verdict(NamedTuple):
    """What was changed and is heeded, what is refused, and what the parser could not read."""

    settings: tuple[Setting, ...]
    refused: tuple[Setting, ...]
    error: str | None = None
    asked: Asked = Asked()

    def as_object(self) -> dict[str, Any]:
        """The same as JSON has it."""
        asked = {**self.asked._asdict(), "shared": dict(self.asked.shared), "own": sorted(self.asked.own)}
        return {**self._asdict(), "asked": asked}

    @staticmethod
    def from_object(found: Mapping[str, Any]) -> Verdict:
        """A verdict from JSON."""
        settings, refused = (tuple(Setting(*each) for each in found[kind]) for kind in ("settings", "refused"))
        asked = {**found["asked"], "own": frozenset(found["asked"]["own"])}
        return Verdict(settings, refused, found["error"], Asked(**asked))


PROFILE, ARGUMENTS = "profile", "--"


def judge(request: Request) -> tuple[Verdict, Any, Any]:
    """A verdict on a request, with Snakemake's parser and what it makes of it; these are None where it cannot be read.

    Imports Snakemake.
    """
    words = [*request.own, *_profile(None)]
    try:
        _, before = _parse(words)
        words = [*request.own, *_profile(request.profile)]
        _, between = _parse(words)
        parser, asked = _parse([*words, *request.extra])
    except ValueError as error:
        return Verdict((), (), str(error)), None, None
    options = {action.dest: action.option_strings[0] for action in parser._actions if action.option_strings}
    for member in _AT_LEAST_ONE:
        value = getattr(asked, member, None)
        number = getattr(value, "max_jobs", value)
        if isinstance(number, (int, float)) and number <= 0:
            return Verdict((), (), f"{options[member]} {number:g} lets no job start"), None, None
    mine = tuple(f"{name}_" for name in _plugins())
    changed = [
        *(Setting(name, options.get(name, name), PROFILE) for name in _changed(before, between)),
        *(Setting(name, options.get(name, name), ARGUMENTS) for name in _changed(between, asked)),
    ]
    # How the profile was asked for is our own doing, as long as nothing else was asked for.
    changed = [s for s in changed if not (s.member == "profile" and s.origin == PROFILE)]
    refused = [s for s in changed if not _is_admitted(s.member, asked, mine)]
    settings = tuple(s for s in changed if s not in refused)
    return Verdict(settings, tuple(refused), None, Asked.from_parsed(asked)), parser, asked


def share(asked: Any, shared: Mapping[str, int]) -> None:
    """Have what Snakemake was asked for hold all jobs together to some amounts, beside those that it has."""
    for name, amount in shared.items():
        asked.resources[name] = amount


def _profile(profile: str | None) -> list[str]:
    """The profile, and what keeps Snakemake from those that it would take by itself."""
    # Last is an option without a value, so that none takes the user's first word for its own.
    return [*(["--profile", profile] if profile else []), "--workflow-profile", "none", "--rerun-incomplete"]


def _parse(words: Sequence[str]) -> tuple[Any, Any]:
    """Snakemake's parser and what it makes of words. Raises `ValueError` with its own words where it makes nothing."""
    from snakemake.cli import parse_args

    said, told = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(told):
            parser, found = parse_args(list(words))
    except SystemExit as ended:
        if not ended.code:
            raise ValueError("it has Snakemake tell something and end") from None
        raise ValueError(_last(said.getvalue()) or "Snakemake cannot read it") from None
    except Exception as error:  # Whatever a parser of values raises: the words are wrong, not we.
        raise ValueError(_last(str(error)) or type(error).__name__) from None
    return parser, found


def _last(text: str) -> str:
    """What an error says, without the usage before it."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[-1].rpartition("error: ")[2] if lines else ""


def _plugins() -> Iterator[str]:
    """The beginnings of the members that hold plugins' settings: what is not used has no effect."""
    from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry
    from snakemake_interface_scheduler_plugins.registry import SchedulerPluginRegistry
    from snakemake_interface_storage_plugins.registry import StoragePluginRegistry

    for registry in (ExecutorPluginRegistry(), StoragePluginRegistry(), SchedulerPluginRegistry()):
        for name in registry.get_registered_plugins():
            yield registry.get_plugin(name).cli_prefix.replace("-", "_")


def _changed(before: Any, after: Any) -> list[str]:
    """The members that differ."""
    old, new = vars(before), vars(after)
    return [name for name in new if name not in old or not _same(old[name], new[name])]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are; some of Snakemake's own classes do not say so themselves."""
    with contextlib.suppress(AttributeError):  # One of them compares itself with whatever it is given.
        if one == other:
            return True
    return type(one) is type(other) and hasattr(one, "__dict__") and vars(one) == vars(other)


def _is_admitted(member: str, asked: Any, plugins: tuple[str, ...]) -> bool:
    if member == "executor":
        return asked.executor not in PRETENDERS
    return member in ADMITTED or member.startswith(plugins)


def examine(request: Request, variables: Mapping[str, str], folder: str) -> Verdict:
    """What a profile and a user change, by a process of its own in the working folder, before anything has begun.

    Raises `CompileError` where something is refused.
    """
    if request.profile is None and not request.extra:
        return Verdict((), ())
    done = subprocess.run(
        python(__name__), input=json.dumps(request.as_object()), cwd=folder, env=dict(variables),
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    try:
        verdict = Verdict.from_object(json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError):
        verdict = Verdict((), (), _last(done.stderr) or "Snakemake cannot be started")
    found = list(objections(verdict, request))
    if found:
        raise CompileError(found)
    return verdict


def objections(verdict: Verdict, request: Request) -> Iterator[Diagnostic]:
    """What is to be said against a request."""
    if verdict.error is not None:
        where = "the options after `--`" if request.extra else f"the profile {request.profile}"
        help = "`snakemake --help` lists what there is" if request.extra else "mend the profile"
        yield faults.OPTION_REFUSED.at(None, f"Snakemake does not take {where}: {verdict.error}", help=help)
    for setting in verdict.refused:
        by = f"the profile {request.profile}" if setting.origin == PROFILE else "what stands after `--`"
        name = "a file to make" if setting.member == "targets" else f"`{setting.option}`"
        instead = _PLAN if setting.member == "executor" else _INSTEAD.get(setting.member)
        plain = "run plain `snakemake` on the emitted folder"
        help = plain if instead is None else instead if setting.member in _OURS else f"{instead}; or {plain}"
        yield faults.OPTION_REFUSED.at(None, f"{by} asks Snakemake for {name}, which a run does not take", help=help)


def main() -> None:
    """Judge the request at standard input."""
    verdict, _, _ = judge(Request.from_object(json.load(sys.stdin)))
    print(json.dumps(verdict.as_object()))


if __name__ == "__main__":
    main()
