"""The emitted profiles, read by Snakemake itself and by the executor plugins that they are for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sncompile.api import check_text, compile_graph, graph_of
from sncompile.runner.engine.profiles import find_profile, works_elsewhere
from sncompile.targets.snakemake.profiles import PROFILES

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: sized
tables: {t: {key: [k], rows: [{k: a, m: 1}, {k: b, m: 2}]}}
steps:
  plain:
    module:
      outputs: {o: {type: file}}
      shell: touch ${outputs.o}
      resources: {cpus: 4, memory: 8GB, disk: 20GB, time: 3d}
      container: docker://debian:12
  varied:
    module:
      outputs: {o: {type: file}}
      params: {m: {type: integer}}
      shell: touch ${outputs.o}
      resources: {memory: "${params.m}GB"}
    by: [k]
    with: {m: "${t.m}"}
"""
EXECUTORS = {name: {"sge": "cluster-generic"}.get(name, name) for name in PROFILES}
_OPTION = re.compile(r"(?m)^(\s*)# ([a-z_]+[-_][a-z_-]+: )")

READ = """
import json, sys
from snakemake.cli import parse_args
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry
_, args = parse_args(["--snakefile", "Snakefile", "--profile", sys.argv[1]])
told = {name: str(value) for name, value in vars(args).items()}
plugin = ExecutorPluginRegistry().get_plugin(args.executor or "local")
settings = plugin.get_settings(args)
plugin.validate_settings(settings)
told["settings"] = {name: str(value) for name, value in vars(settings).items()} if settings else {}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of every profile of a pipeline."""
    folder = tmp_path_factory.mktemp("sized")
    program = check_text("spec.yaml", SPEC, folder).require()
    files = compile_graph(graph_of(program), out=folder / "out").files
    found = {str(Path(n).parent.name): t.decode() for n, t in files.items() if n.startswith("profiles/")}
    assert set(found) == set(PROFILES)
    return found


def read(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What Snakemake's own command line and the plugin's settings make of a profile."""
    (folder / "profile").mkdir(exist_ok=True)
    (folder / "profile" / "config.yaml").write_text(text)
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ, str(folder / "profile")], cwd=folder,
        capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )  # fmt: skip


def installed(name: str) -> str:
    """The executor of a profile. Skips where its plugin is not installed."""
    executor = EXECUTORS[name]
    if executor != "local" and find_spec(f"snakemake_executor_plugin_{executor.replace('-', '_')}") is None:
        pytest.skip(f"snakemake-executor-plugin-{executor} is not installed; `make test-engines` does so")
    return executor


@pytest.mark.parametrize("name", PROFILES)
def test_snakemake_and_the_plugin_read_it(name: str, profiles: dict[str, str], tmp_path: Path) -> None:
    """With everything filled in, each option is one that they know; what is not filled in is what they ask for."""
    executor = installed(name)
    text = _OPTION.sub(r"\1\2", profiles[name])
    done = read(text, tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["executor"] in (executor, "None")
    if name == "local":
        return
    assert told["jobs"] == "100"
    assert int(told["retries"]) >= 1
    assert "mem_mb" in told["default_resources"] or name in ("googlebatch", "azure-batch")
    assert "APPTAINER" in told["software_deployment_method"]
    misspelt = read(text.replace("latency-wait", "latency-weight"), tmp_path)
    assert misspelt.returncode != 0


@pytest.mark.parametrize("name", ["aws-batch", "googlebatch", "azure-batch"])
def test_what_must_be_filled_in_is_asked_for(name: str, profiles: dict[str, str], tmp_path: Path) -> None:
    """As it is emitted, the plugin names what is missing."""
    installed(name)
    done = read(profiles[name], tmp_path)
    assert done.returncode != 0
    assert "required" in done.stderr or "specified" in done.stderr or "missing" in done.stderr.lower()


def test_sizes_that_plugins_call_otherwise(profiles: dict[str, str]) -> None:
    """Plain numbers are repeated under the plugins' own names; what depends on the key cannot be."""
    rules = profiles["htcondor"].partition("set-resources:\n")[2]
    assert rules == "  plain:\n    htcondor_request_mem_mb: 8000\n    htcondor_request_disk_mb: 20000\n"
    assert "  plain:\n    googlebatch_memory: 8000\n    googlebatch_cpu_milli: 4000\n" in profiles["googlebatch"]
    assert "googlebatch-max-run-duration: 259200s" in profiles["googlebatch"]
    assert "aws-batch-task-timeout: 259200" in profiles["aws-batch"]


def test_a_job_of_slurm_has_room_for_snakemake(tmp_path: Path) -> None:
    """Where a step asks for less than Snakemake itself takes on a node, SLURM would end every job of it."""
    program = check_text("spec.yaml", SPEC.replace("memory: 8GB", "memory: 200MB"), tmp_path).require()
    text = compile_graph(graph_of(program), out=tmp_path / "out").files["profiles/slurm/config.yaml"].decode()
    assert "set-resources:\n  plain:\n    mem_mb: 500\n\n" in text
    assert (
        "set-resources"
        not in compile_graph(graph_of(check_text("spec.yaml", SPEC, tmp_path).require()))
        .files["profiles/slurm/config.yaml"]
        .decode()
    )


def test_which_profiles_work_elsewhere(
    profiles: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but `local`: where others run the jobs, this machine's cores are no limit."""
    for name, text in profiles.items():
        (tmp_path / "config.yaml").write_text(text)
        assert works_elsewhere(tmp_path) == (name != "local")
    (tmp_path / "snakemake" / "ours").mkdir(parents=True)
    (tmp_path / "snakemake" / "ours" / "config.v8+.yaml").write_text("executor: local\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert find_profile("ours", tmp_path / "emitted") == tmp_path / "snakemake" / "ours" / "config.v8+.yaml"


@pytest.mark.parametrize(
    ("known", "accounting", "told"),
    [
        (True, "", "running"),
        (False, "", "running"),
        (False, "jobname x\nfailed       0\nexit_status  0\n", "success"),
        (False, "jobname x\nfailed       0\nexit_status  3\n", "failed"),
        (False, "jobname x\nfailed       37 : qmaster enforced h_rt\nexit_status  0\n", "failed"),
    ],
)
def test_the_state_of_a_job_of_grid_engine(
    known: bool, accounting: str, told: str, profiles: dict[str, str], tmp_path: Path
) -> None:
    """The command that reads `qstat` and `qacct`, as the plugin calls it, with what these print."""
    from ruamel.yaml import YAML

    command = YAML(typ="safe").load(profiles["sge"])["cluster-generic-status-cmd"]
    (tmp_path / "accounting").write_text(accounting)
    for name, text in (
        ("qstat", f"exit {0 if known else 1}"),
        ("qacct", f"test -s {tmp_path}/accounting && cat {tmp_path}/accounting"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        f"{command} '17'", shell=True, capture_output=True, text=True, check=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.stdout == f"{told}\n"


def test_what_is_lacking_is_told(tmp_path: Path) -> None:
    """A profile that there is none of, and one whose plugin is not installed, before anything is run."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "moon").mkdir()
    (tmp_path / "moon" / "config.yaml").write_text("executor: moon\n")
    for name, told in (
        ("slrum", "error[SN704]: there is no profile `slrum`"),
        ("moon", "error[SN704]: the profile `moon` needs the package snakemake-executor-plugin-moon, which is not"),
    ):
        done = sncompile(tmp_path, "run", "spec.yaml", "--profile", name)
        assert done.returncode == 3
        assert told in done.stderr
        assert "did you mean `slurm`" in done.stderr or name == "moon"
    assert not list(tmp_path.glob("runs/*"))
