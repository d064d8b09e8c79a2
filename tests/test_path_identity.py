"""Paths are compared by what they are: with real folders and links, and with volumes that fold names.

The oracle for `Identity` is the system itself: files are made by the paths, and asked whether they are the same.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sncompile.api import check, compile_graph, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.faults import graph as faults
from sncompile.faults.tables import LOOK_ALIKES
from sncompile.semantics.checking.checks import look_again
from sncompile.semantics.paths.folding import probed
from sncompile.semantics.paths.identity import Identity
from sncompile.semantics.paths.system import DISK, Kind, Seen, Volume
from sncompile.semantics.program import Options, ParamsFile
from sncompile.syntax.source import Source
from tests.command_line import sncompile

# --- Identity, with the system as the oracle --------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "link", "ring"])
PARTS = st.lists(st.one_of(NAMES, st.sampled_from([".", "..", ""])), min_size=1, max_size=6)


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[str, str | None]]:
    """Folders and links to be made, in order: a path below the root, and where it leads (None: a folder)."""
    made: list[tuple[str, str | None]] = []
    for _ in range(draw(st.integers(0, 6))):
        path = "/".join(draw(st.lists(NAMES, min_size=1, max_size=3)))
        target = draw(st.one_of(st.none(), PARTS.map("/".join).filter(bool)))
        made.append((path, target))
    return made


def plant(root: Path, tree: list[tuple[str, str | None]]) -> None:
    """Make what can be made of a tree."""
    for path, target in tree:
        with contextlib.suppress(OSError):
            if target is None:
                (root / path).mkdir(parents=True)
            else:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                # An absolute target starts at the tree.
                (root / path).symlink_to(f"{root}{target}" if target.startswith("/") else target)


def spelled(root: Path, parts: list[str], absolute: bool) -> str:
    """A spelling of a path that stays in the tree, which is 6 folders deep."""
    return "/".join([str(root), *parts] if absolute else parts) or "."


def has_a_ring(root: Path, tree: list[tuple[str, str | None]]) -> bool:
    """Whether a link leads in a circle, so that what lies behind it is nowhere: Python then tells any place for it.

    The system gives up on it only where all folders on the way are there.
    """
    for path, _ in tree:
        real = Path(os.path.realpath(root / path))
        if any(map(os.path.islink, (real, *real.parents))):
            return True
        try:
            os.stat(root / path)
        except OSError as error:
            if error.errno == errno.ELOOP:
                return True
    return False


@settings(max_examples=400, deadline=None)
@example([("link", "a"), ("a", None)], [["link", "..", "a", "x"], ["a", "x"]], [True, False])
@example([("b", "a/../b/a")], [["a"], ["b"]], [False, False])
@example([("link", "nowhere/deep")], [["link", "..", "x"], ["nowhere", "x"]], [True, False])
@given(trees(), st.lists(PARTS, min_size=2, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_folders_are_where_the_system_has_them(
    tree: list[tuple[str, str | None]], several: list[list[str]], absolute: list[bool]
) -> None:
    """Every spelling of a folder has the key of its real path, whether it is there or not."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(os.path.realpath(made)).joinpath(*"123456")
        root.mkdir(parents=True)
        plant(root, tree)
        assume(not has_a_ring(root, tree))
        with contextlib.chdir(root):
            identity = Identity(".")
            for parts, flag in zip(several, absolute, strict=False):
                path = spelled(root, parts, flag)
                assert identity.folder(path).key == os.path.realpath(path).rstrip("/")


@settings(max_examples=400, deadline=None)
@example([("link", "a"), ("a", None)], [["link", "x"], ["a", "x"]])
@example([("link", "x")], [["link"], ["x"]])
@given(trees(), st.lists(PARTS, min_size=2, max_size=3))
def test_files_are_the_same_if_the_system_says_so(tree: list[tuple[str, str | None]], several: list[list[str]]) -> None:
    """Two paths share a key exactly if a file made by one is found by the other."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(os.path.realpath(made)).joinpath(*"123456")
        root.mkdir(parents=True)
        plant(root, tree)
        assume(not has_a_ring(root, tree))
        with contextlib.chdir(root):
            identity = Identity(".")
            paths = ["/".join(parts) for parts in several if parts[-1] not in ("", ".", "..")]
            found = {path: {place.key for place in identity.keys(path)} for path in paths}
            for path in paths:
                with contextlib.suppress(OSError):
                    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
                    open(path, "x").close()
            there = [path for path in paths if os.path.isfile(path)]
            for one in there:
                for other in there:
                    assert bool(found[one] & found[other]) == os.path.samefile(one, other)


def test_a_folder_under_two_names_is_known_by_its_number(tmp_path: Path) -> None:
    """What is mounted in two places is one folder, and lies in both of those around it."""
    (tmp_path / "one").mkdir()

    class Mounted:
        """A disk on which `two/at` is `one`."""

        presumed = Volume()

        def look(self, place: str) -> Seen | None:
            mount = f"{tmp_path}/two"
            if place == mount:
                return Seen(Kind.FOLDER, (1, 10**9))
            return DISK.look(place.replace(f"{mount}/at", f"{tmp_path}/one"))

        def entries(self, folder: str) -> Iterator[tuple[str, Kind]]:
            return DISK.entries(folder)

    identity = Identity(tmp_path, Mounted())
    one, two = identity.place("one/x/y"), identity.place("two/at/x/y")
    assert one.key == two.key
    around = {folder.key for folder in two.folder.around()}
    assert {str(tmp_path / "one"), str(tmp_path / "two")} <= around


# --- Volumes that fold names ------------------------------------------------------------------------------------------


class Folding:
    """A volume without a machine: folders that take other spellings for the same name, as macOS and Windows do."""

    presumed = Volume()

    def __init__(self, volume: Volume, *folders: str) -> None:
        self.volume = volume
        self._folders = {"/": 2} | {folder: number for number, folder in enumerate(folders, 3)}
        self._numbers = {self._same(folder): number for folder, number in self._folders.items()}

    def _same(self, place: str) -> str:
        if self.volume.forms:
            place = unicodedata.normalize("NFC", place)
        return place.casefold() if self.volume.case else place

    def look(self, place: str) -> Seen | None:
        number = self._numbers.get(self._same(place))
        return None if number is None else Seen(Kind.FOLDER, (1, number))

    def entries(self, folder: str) -> Iterator[tuple[str, Kind]]:
        start = folder.rstrip("/") + "/"
        for place in self._folders:
            if place.startswith(start) and "/" not in place[len(start) :] and place != "/":
                yield place[len(start) :], Kind.FOLDER


COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


@pytest.mark.parametrize(
    ("volume", "case", "forms"),
    [
        (Volume(), False, False),
        (Volume(case=True), True, False),
        (Volume(case=True, forms=True), True, True),
        (Volume(forms=True), False, True),
    ],
)
def test_what_a_volume_takes_for_one_name_is_one(volume: Volume, case: bool, forms: bool) -> None:
    """What is there is found by any spelling, and what is to come is compared as the volume will."""
    system = Folding(volume, "/data", f"/data/{COMPOSED}", "/data/Results")
    assert probed("/data", system) == (case, forms)
    identity = Identity("/data", system)
    assert (identity.place("results/x.txt").key == identity.place("Results/x.txt").key) == case
    assert (identity.place("new/A.txt").key == identity.place("NEW/a.txt").key) == case
    assert (identity.place(f"{COMPOSED}/x").key == identity.place(f"{DECOMPOSED}/x").key) == forms
    assert (identity.place(f"new/{COMPOSED}").key == identity.place(f"new/{DECOMPOSED}").key) == forms


def test_a_volume_of_its_own_is_tried_out_by_itself() -> None:
    """A volume may fold names, and the one around it not."""

    class Stick(Folding):
        """A volume that folds, mounted at `/mnt` of one that does not."""

        def look(self, place: str) -> Seen | None:
            if not place.startswith("/mnt"):
                return Seen(Kind.FOLDER, (2, 1)) if place in ("/", "/home") else None
            return super().look(place)

    identity = Identity("/home", Stick(Volume(case=True), "/mnt", "/mnt/Data"))
    assert identity.place("/mnt/new/X").key == identity.place("/mnt/new/x").key
    assert identity.place("/srv/new/X").key != identity.place("/srv/new/x").key


# --- What a check says ------------------------------------------------------------------------------------------------

MAKE = '{outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}'
FOLDER = '{outputs: {o: {type: directory}}, command: [mkdir, "${outputs.o}"]}'
READ = '{inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder `w` beside a link `link` to it; in there `plate` with images, and a link `alias` to it."""
    work = tmp_path / "w"
    (work / "plate").mkdir(parents=True)
    for name in "AB":
        (work / "plate" / f"{name}.tif").write_text(f"raw {name}", "utf-8")
    (tmp_path / "link").symlink_to("w")
    (work / "alias").symlink_to("plate")
    (work / "dangling").symlink_to("nowhere")
    monkeypatch.chdir(work)
    return work


def written(steps: str, head: str = "") -> Path:
    """A spec of some steps; `@` stands for the working folder."""
    text = f"sncompile: 1\npipeline: s\n{head}steps:\n{steps}"
    path = Path("s.yaml")
    path.write_text(text.replace("@", os.getcwd()), "utf-8")
    return path


def told(steps: str, head: str = "", **options: object) -> list[str]:
    """The codes of what a check says."""
    found = check(written(steps, head), Options(**options)).diagnostics  # type: ignore[arg-type]
    assert all(d.help for d in found)
    return [d.code for d in found]


SPELLINGS = ["out/x", "@/out/x", "../w/out/x", "../link/out/x", "./out//x", "@/../link/./out/x", "plate/../out/x"]


@pytest.mark.parametrize("one", SPELLINGS)
@pytest.mark.parametrize("other", SPELLINGS)
def test_two_writers_of_one_file(place: Path, one: str, other: str) -> None:
    """Two outputs are the same file in whatever way they are spelled."""
    steps = f"  a: {{module: {MAKE}, outputs: {{o: {one}}}}}\n  b: {{module: {MAKE}, outputs: {{o: {other}}}}}\n"
    assert told(steps) == [faults.TWO_WRITERS.code]


@pytest.mark.parametrize("one", ["dangling/x", "nowhere/x", "@/nowhere/x", "dangling/sub/../x"])
def test_what_a_link_will_lead_to(place: Path, one: str) -> None:
    """A link that leads to nothing yet leads there all the same."""
    steps = f"  a: {{module: {MAKE}, outputs: {{o: {one}}}}}\n  b: {{module: {MAKE}, outputs: {{o: ../w/nowhere/x}}}}\n"
    assert told(steps) == [faults.TWO_WRITERS.code]


@pytest.mark.parametrize("spelling", ["@/results/a/o", "../link/results/a/o", "../w/results/a/o"])
def test_a_derived_path_is_met_by_any_spelling(place: Path, spelling: str) -> None:
    """Derived paths are compared by what they are as well."""
    steps = f"  a: {{module: {MAKE}}}\n  b: {{module: {MAKE}, outputs: {{o: {spelling}}}}}\n"
    assert told(steps) == [faults.TWO_WRITERS.code]


def test_two_instances_that_meet_through_a_link(place: Path) -> None:
    """Also the instances of one step."""
    head = "tables: {t: {key: [k], rows: [{k: plate}, {k: alias}]}}\n"
    assert told(f"  a: {{by: [k], module: {MAKE}, outputs: {{o: '${{k}}/x'}}}}\n", head) == [faults.TWO_WRITERS.code]


def test_derived_folders_that_a_link_brings_together(place: Path) -> None:
    """A link in the place of a step's folder, or of one of its instances', is seen."""
    (place / "results").mkdir()
    (place / "results" / "a").symlink_to("b")
    assert told(f"  a: {{module: {MAKE}}}\n  b: {{module: {MAKE}}}\n") == [faults.TWO_WRITERS.code]
    (place / "results" / "a").unlink()
    (place / "results" / "a").mkdir()
    (place / "results" / "a" / "1").symlink_to("2")
    head = "tables: {t: {key: [k], rows: [{k: '1'}, {k: '2'}]}}\n"
    assert told(f"  a: {{by: [k], module: {MAKE}}}\n", head) == [faults.TWO_WRITERS.code]


@pytest.mark.parametrize("inner", ["@/out/x", "../link/out/sub/x", "../w/out/x"])
def test_an_output_inside_another(place: Path, inner: str) -> None:
    """What lies in a folder that another step writes is found by what it is."""
    steps = f"  a: {{module: {FOLDER}, outputs: {{o: out}}}}\n  b: {{module: {MAKE}, outputs: {{o: {inner}}}}}\n"
    assert told(steps) == [faults.NESTED_PATHS.code]


@pytest.mark.parametrize("around", ["@/results", "../link/results", "@/results/b"])
def test_an_output_around_derived_ones(place: Path, around: str) -> None:
    """And so is what holds the folders of other steps."""
    steps = f"  a: {{module: {FOLDER}, outputs: {{o: {around}}}}}\n  b: {{module: {MAKE}}}\n"
    assert told(steps) == [faults.NESTED_PATHS.code]


@pytest.mark.parametrize("reads", ["out/x", "@/out/x", "../link/out/x", "shortcut"])
def test_reading_what_a_step_writes_by_another_spelling(place: Path, reads: str) -> None:
    """The edge is asked for as if the path were spelled the same; also where a link leads to it."""
    (place / "shortcut").symlink_to("out/x")
    steps = f"  a: {{module: {MAKE}, outputs: {{o: out/x}}}}\n  b: {{module: {READ}, with: {{i: {reads}}}}}\n"
    assert told(steps) == [faults.UNDECLARED_EDGE.code]


def test_an_input_that_is_set_on_the_command_line(place: Path) -> None:
    """The pipeline's own inputs, too, may name what a step writes."""
    head = "inputs: {f: {type: file}}\n"
    steps = f"  a: {{module: {MAKE}, outputs: {{o: out/x}}}}\n  b: {{module: {READ}, with: {{i: '${{inputs.f}}'}}}}\n"
    for given_path in ("out/x", "../link/out/x", str(place / "out/x")):
        assert told(steps, head, sets={"f": given_path}) == [faults.UNDECLARED_EDGE.code]


@pytest.mark.parametrize("writes", ["results/list.csv", "@/results/list.csv", "../link/results/list.csv"])
def test_what_is_taken_by_convention_is_an_edge(place: Path, writes: str) -> None:
    """An input by convention is taken from the step that writes the place, by whatever spelling."""
    reader = (
        '{inputs: {i: {type: file, default: "${data.workspace}/list.csv"}}, outputs: {o: {type: file}}, '
        'command: [cp, "${inputs.i}", "${outputs.o}"]}'
    )
    steps = f"  b: {{module: {reader}}}\n  a: {{module: {MAKE}, outputs: {{o: {writes}}}}}\n"
    checked = check(written(steps, "data: {workspace: results}\n"))
    assert not checked.diagnostics
    assert [(e.source, e.target) for e in graph_of(checked.require()).edges] == [("a", "b")]


# --- Data, and the pipeline's own files -------------------------------------------------------------------------------

IMAGES = 'tables: {t: {glob: "plate/{k}.tif", key: [k]}}\n'
PLATE = ["plate", "@/plate", "../w/plate", "../link/plate", "alias", "../link/alias", "./plate", "plate/../plate"]


def over(path: str, kind: str = "directory") -> str:
    """A step that reads the images, and writes to a path."""
    ports = f'inputs: {{i: {{type: "file[]"}}}}, outputs: {{o: {{type: {kind}}}}}'
    module = f'{{{ports}, shell: "cat ${{inputs.i}} > ${{outputs.o}}"}}'
    return f"  a: {{module: {module}, with: {{i: '${{t.path}}'}}, outputs: {{o: '{path}'}}}}\n"


@pytest.mark.parametrize("path", PLATE)
def test_raw_data_is_not_deleted(place: Path, path: str) -> None:
    """The folder of the images is no output, however it is spelled: neither a check nor a run does anything to it."""
    assert told(over(path), IMAGES) == [faults.OVER_DATA.code]
    done = sncompile(place, "run", "s.yaml", "-c", "1")
    assert done.returncode == 1
    assert sorted(p.read_text("utf-8") for p in (place / "plate").iterdir()) == ["raw A", "raw B"]


@pytest.mark.parametrize("path", PLATE)
def test_raw_data_that_is_named_one_by_one(place: Path, path: str) -> None:
    """Without a pattern, inputs say where the data is."""
    module = '{inputs: {i: {type: "file[]"}}, outputs: {o: {type: directory}}, shell: "ls ${inputs.i} > ${outputs.o}"}'
    steps = f"  a: {{module: {module}, with: {{i: [plate/A.tif, '@/plate/B.tif']}}, outputs: {{o: '{path}'}}}}\n"
    assert told(steps) == [faults.OVER_DATA.code]


@pytest.mark.parametrize("path", ["plate/A.tif", "@/plate/A.tif", "alias/A.tif", "../link/plate/A.tif"])
def test_a_job_that_would_write_over_what_it_reads(place: Path, path: str) -> None:
    """A file is not made from itself, whatever it is called."""
    assert told(f"  a: {{module: {READ}, with: {{i: plate/A.tif}}, outputs: {{o: '{path}'}}}}\n") == [
        faults.OVER_DATA.code
    ]


def test_data_that_is_a_link(place: Path) -> None:
    """Data is kept where its link is, and where the link leads."""
    (place / "data.txt").symlink_to("plate/A.tif")
    for path in ("data.txt", "@/data.txt", "plate/A.tif", "alias/A.tif"):
        steps = f"  a: {{module: {READ}, with: {{i: data.txt}}, outputs: {{o: '{path}'}}}}\n"
        assert told(steps) == [faults.OVER_DATA.code], path


@pytest.mark.parametrize("path", ["alias", "@/plate", "@/plate/../plate"])
def test_a_data_root_that_only_a_parameter_names(place: Path, path: str) -> None:
    """A root that is handed to a tool as a parameter is read there."""
    reader = '{params: {p: {type: path}}, outputs: {o: {type: file}}, command: [ls, "${params.p}", "${outputs.o}"]}'
    head = "data: {images: plate, workspace: results}\n"
    steps = f"  r: {{module: {reader}, with: {{p: '${{data.images}}'}}}}\n"
    steps += f"  a: {{module: {FOLDER}, outputs: {{o: '{path}'}}}}\n"
    assert told(steps, head) == [faults.OVER_DATA.code]


def test_a_folder_around_a_data_root(place: Path) -> None:
    """No output holds a data root."""
    head = "data: {images: plate/day1, workspace: results}\n"
    assert told(f"  a: {{module: {FOLDER}, outputs: {{o: '@/plate'}}}}\n", head) == [faults.OVER_DATA.code]


def test_a_root_that_is_only_written_may_be_an_output(place: Path) -> None:
    """A root is a place for outputs, too."""
    head = "data: {scratch: tmp, workspace: results}\n"
    assert told(f"  a: {{module: {FOLDER}, outputs: {{o: '${{data.scratch}}'}}}}\n", head) == []


@pytest.mark.parametrize("path", ["@", ".", "..", "@/..", "/", "/x.txt", "/tmp", "~", "../link", "../w"])
def test_places_where_no_output_is(place: Path, path: str) -> None:
    """The working folder, folders around it, what stands in `/`, and the home folder."""
    path = os.path.expanduser(path)
    assert told(f"  a: {{module: {FOLDER}, outputs: {{o: '{path}'}}}}\n") == [faults.BAD_PATH.code]


OWN = [
    "s.yaml", "m.yaml", "s.py", "modules", "modules/n.yaml", "t.csv", "sncompile.lock", "image.sif", "params.yaml",
    ".git", ".git/config", "sub/.git/config", ".snakemake/x", ".sncompile/x", "runs",
    "runs/s-20260101T000000Z/run.json", "build", "build/s", "build/s/Snakefile", "build/other/Snakefile",
    "logs", "logs/a.log", "logs/by/1.log",
]  # fmt: skip


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("way", ["{}", "@/{}", "../link/{}"])
def test_own_files_are_no_outputs(place: Path, path: str, way: str) -> None:
    """What the pipeline is made of, and what sncompile keeps, is told with both places."""
    (place / "modules").mkdir()
    start = "sncompile: 1\nmodule: m\noutputs: {o: {type: file}}\n"
    (place / "m.yaml").write_text(start + 'command: [python, "${file(\'s.py\')}", "${outputs.o}"]\n', "utf-8")
    (place / "modules" / "n.yaml").write_text(start + 'command: [x, "${outputs.o}"]\n', "utf-8")
    (place / "s.py").write_text("", "utf-8")
    (place / "t.csv").write_text("k\n1\n", "utf-8")
    (place / "params.yaml").write_text("x: 1\n", "utf-8")
    (place / "build" / "other").mkdir(parents=True)
    (place / "build" / "other" / ".sncompile.json").write_text("{}", "utf-8")
    head = "params: {x: {type: integer}}\ntables: {t: {file: t.csv, key: [k]}}\n"
    takes = '{params: {x: {type: integer}}, outputs: {o: {type: file}}, command: [x, "${params.x}", "${outputs.o}"]}'
    steps = (
        "  m: {module: ./m.yaml, container: {image: ./image.sif}}\n  n: {module: ./modules/n.yaml}\n"
        f"  by: {{by: [k], module: {MAKE}}}\n  a: {{module: {MAKE}, outputs: {{o: '{way.format(path)}'}}}}\n"
        f"  p: {{module: {takes}, with: {{x: '${{params.x}}'}}}}\n"
    )
    options = {"params": {"x": 1}, "params_file": ParamsFile(Path("params.yaml"), Source("params.yaml", None, ""), {})}
    assert told(steps, head, **options) == [faults.OVER_OWN_FILE.code]


def test_what_is_like_own_files_and_is_none(place: Path) -> None:
    """People have folders of these names, too."""
    (place / "modules").mkdir()
    text = 'sncompile: 1\nmodule: m\noutputs: {o: {type: file}}\ncommand: [touch, "${outputs.o}"]\n'
    (place / "modules" / "m.yaml").write_text(text, "utf-8")
    paths = ["runs/sample1/x.txt", "logs/summary.txt", "logs/abc/x", "build/report.html", "modules/x.txt", "x.git"]
    steps = "".join(f"  a{n}: {{module: ./modules/m.yaml, outputs: {{o: '{p}'}}}}\n" for n, p in enumerate(paths))
    assert told(steps) == []


def test_the_folder_that_is_asked_for_is_kept_too(place: Path) -> None:
    """With `-o`, or from Python, the files may go anywhere; no job writes in there."""
    spec = written(f"  a: {{module: {MAKE}, outputs: {{o: elsewhere/files/x}}}}\n")
    graph = optimize(graph_of(check(spec).require())).graph
    with pytest.raises(CompileError, match=faults.OVER_OWN_FILE.code):
        compile_graph(graph, out=Path("../link/elsewhere"))
    done = sncompile(place, "s.yaml", "-o", "elsewhere")
    assert (done.returncode, faults.OVER_OWN_FILE.code in done.stderr + done.stdout) == (1, True)
    assert not (place / "elsewhere").exists()


# --- Patterns that catch outputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("glob", "path", "code"),
    [
        ("plate/{k}.tif", "plate/${k}_corr.tif", "SN513"),
        ("plate/{k}.tif", "@/plate/${k}_corr.tif", "SN513"),
        ("plate/{k}.tif", "alias/${k}_corr.tif", "SN513"),
        ("alias/{k}.tif", "../link/plate/${k}_corr.tif", "SN513"),
        ("**/{k}.tif", "corrected/${k}.tif", "SN513"),
        ("*/{k}.tif", "corrected/${k}.tif", "SN513"),
        ("plate/{k}.tif", "plate/${k}_corr.png", None),
        ("plate/{k}.tif", "plate/sub/${k}.tif", None),
        ("plate/{k,[A-Z]}.tif", "plate/${k}_corr.tif", None),
        ("plate/{k}.tif", "corrected/${k}.tif", None),
    ],
)
def test_a_pattern_that_catches_outputs(place: Path, glob: str, path: str, code: str | None) -> None:
    """It is told at the first compile, when nothing was written yet."""
    if "*" in glob:
        (place / "alias").unlink()
    head = f"tables: {{t: {{glob: '{glob}', key: [k]}}}}\n"
    steps = f"  a: {{by: [k], module: {READ}, with: {{i: '${{t.path}}'}}, outputs: {{o: '{path}'}}}}\n"
    assert told(steps, head) == ([code] if code else [])


def test_a_pattern_that_catches_derived_outputs(place: Path) -> None:
    """So it is for the paths that are derived; what the help says works."""
    (place / "alias").unlink()
    module = READ.replace("{o: {type: file}}", "{o: {type: file, format: tif}}")
    steps = f"  a: {{by: [k], module: {module}, with: {{i: '${{t.path}}'}}}}\n"
    assert told(steps, "tables: {t: {glob: '**/{k}.tif', key: [k]}}\n") == [faults.CAUGHT_BY_PATTERN.code]
    assert told(steps, "tables: {t: {glob: '*/{k}.tif', key: [k]}}\n") == []
    assert told(steps, "tables: {t: {glob: 'plate/{k}.tif', key: [k]}}\n") == []


# --- Names that some volumes take for one -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "warns"),
    [("a", "A", True), (COMPOSED, DECOMPOSED, True), ("straße", "STRASSE", True), ("a", "b", False)],
)
def test_outputs_that_differ_by_case(place: Path, one: str, other: str, warns: bool) -> None:
    """They cannot be copied to most volumes of macOS and Windows, which is a warning: here they are two files.

    The keys are told as well.
    """
    wanted = [LOOK_ALIKES.code, faults.DIFFER_BY_CASE.code] if warns else []
    head = f"tables: {{t: {{key: [k], rows: [{{k: {one}}}, {{k: {other}}}]}}}}\n"
    assert told(f"  s: {{by: [k], module: {MAKE}, outputs: {{o: 'out/${{k}}.txt'}}}}\n", head) == wanted
    assert told(f"  s: {{by: [k], module: {MAKE}}}\n", head) == wanted
    steps = "".join(f"  s{n}: {{module: {MAKE}, outputs: {{o: out/{name}}}}}\n" for n, name in enumerate((one, other)))
    assert told(steps) == wanted[1:]


# --- What jobs themselves made ----------------------------------------------------------------------------------------


def test_links_that_jobs_made_are_no_fault(place: Path) -> None:
    """A step may link its input: at the next compile its output leads to what it was made from."""
    ports = "inputs: {i: {type: file}}, outputs: {o: {type: file}}"
    linking = f"{{{ports}, shell: 'ln -s \"$PWD\"/${{inputs.i}} ${{outputs.o}}'}}"
    steps = (
        f"  a: {{by: [k], module: {linking}, with: {{i: '${{t.path}}'}}, outputs: {{o: 'linked/${{k}}.tif'}}}}\n"
        f"  b: {{by: [k], module: {linking}, with: {{i: '${{a.o}}'}}, outputs: {{o: 'again/${{k}}.tif'}}}}\n"
    )
    assert told(steps, IMAGES) == []
    assert sncompile(place, "run", "s.yaml", "-c", "2").returncode == 0
    assert (place / "again" / "A.tif").read_text("utf-8") == "raw A"
    assert told(steps, IMAGES) == []
    again = sncompile(place, "run", "s.yaml", "-c", "2")
    assert (again.returncode, "nothing to do" in again.stderr) == (0, True)


# --- Right before a run -----------------------------------------------------------------------------------------------


def test_a_run_looks_once_more(place: Path) -> None:
    """A link that was placed since the check is seen, and nothing is deleted."""
    spec = written(over("plate2"), IMAGES)
    program = check(spec).require()
    assert look_again(program) == ()
    (place / "plate2").symlink_to("plate")
    assert [d.code for d in look_again(program)] == [faults.OVER_DATA.code]


LATE = """\
import os, sys
from pathlib import Path
from sncompile.api import check, compile_program
from sncompile.diagnostics import CompileError
from sncompile.runner.facts import facts_of
from sncompile.runner.run_options import Prepared, RunOptions
from sncompile.runner.start import start
from sncompile.semantics.program import Options
checked = check("s.yaml")
made = compile_program(checked.require())
prepared = Prepared(made, facts_of(checked.require(), Options()), checked.sources)
os.symlink("plate", "plate2")
try:
    start(prepared, RunOptions("1"))
except CompileError as error:
    sys.exit(f"refused: {error}")
"""


def test_a_run_refuses_what_changed_since_the_check(place: Path) -> None:
    """The engine is not started, and no record is left."""
    written(over("plate2"), IMAGES)
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=False)
    assert "refused: SN512" in done.stderr
    assert sorted(p.name for p in (place / "plate").iterdir()) == ["A.tif", "B.tif"]
    assert not list((place / "runs").iterdir())


def test_the_profile_of_a_run_is_kept(place: Path) -> None:
    """A job does not write over the settings that its run goes by."""
    (place / "site").mkdir()
    (place / "site" / "config.yaml").write_text("keep-going: true\n", "utf-8")
    written(f"  a: {{module: {MAKE}, outputs: {{o: site/config.yaml}}}}\n")
    done = sncompile(place, "run", "s.yaml", "-c", "1", "--profile", "site")
    assert (done.returncode, faults.OVER_OWN_FILE.code in done.stderr + done.stdout) == (3, True)
    assert (place / "site" / "config.yaml").read_text("utf-8") == "keep-going: true\n"


# --- Lengths ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [251, 252, 255])
def test_the_longest_keys_run(place: Path, length: int) -> None:
    """A key may be as long as a folder's name: its log, its mark and its measurements have names all the same."""
    key = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(4))[:length]  # No part of it repeats.
    head = f"tables: {{t: {{key: [k], rows: [{{k: {key}}}, {{k: short}}]}}}}\n"
    silent = "{command: ['true']}"
    assert told(f"  a: {{by: [k], module: {MAKE}, after: [s]}}\n  s: {{by: [k], module: {silent}}}\n", head) == []
    done = sncompile(place, "run", "s.yaml", "-c", "2", "--benchmark")
    assert done.returncode == 0, done.stderr
    assert (place / "results" / "a" / key / "o").exists()
    again = sncompile(place, "run", "s.yaml", "-c", "2", "--benchmark")
    assert "nothing to do" in again.stderr
    assert len(list((place / "logs").rglob("*.log"))) == 4


def test_what_is_too_long_is_told_at_its_cell(place: Path) -> None:
    """One part, or the whole path: the row is shown that makes it so."""
    Path("t.csv").write_text(f"k,l\n1,2\n{'x' * 256},3\n", "utf-8")
    head = "tables: {t: {key: [k], file: t.csv}}\n"
    found = check(written(f"  a: {{by: [k], module: {MAKE}}}\n", head)).diagnostics
    assert [(d.code, d.span and d.span.file, d.span and d.span.line) for d in found] == [("SN507", "t.csv", 3)]
    names = [f"k{n}" for n in range(20)]
    long = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(4))[:255]  # No part of it repeats.
    Path("t.csv").write_text(f"{','.join(names)}\n{','.join(['1'] * 20)}\n{','.join([long] * 20)}\n", "utf-8")
    head = f"tables: {{t: {{key: [{', '.join(names)}], file: t.csv}}}}\n"
    found = check(written(f"  a: {{by: [{', '.join(names)}], module: {MAKE}}}\n", head)).diagnostics
    assert [(d.code, d.span and d.span.file, d.span and d.span.line) for d in found] == [("SN507", "t.csv", 3)]


@pytest.mark.parametrize("length", [2900, 3100, 4000, 5000])
def test_a_path_that_no_system_holds(place: Path, length: int) -> None:
    """Up to the limit a path runs, and beyond it is told; never is it a failure of sncompile's own."""
    path = "/".join(["x" * 99] * (length // 100))
    codes = told(f"  a: {{module: {MAKE}, outputs: {{o: {path}}}}}\n")
    done = sncompile(place, "run", "s.yaml", "-c", "1")
    if codes:
        assert codes == ["SN507"]
        assert done.returncode == 1
    else:
        assert done.returncode == 0, done.stderr
    shutil.rmtree(place / ("x" * 99), ignore_errors=True)


# --- `..` behind a link -----------------------------------------------------------------------------------------------


@pytest.fixture
def far(place: Path) -> Path:
    """A folder elsewhere, with a folder `sub` that `far` leads to."""
    found = place.parent / "elsewhere" / "deep"
    (found / "sub").mkdir(parents=True)
    (place / "far").symlink_to(found / "sub")
    return found


@pytest.mark.parametrize("root", ["far/..", "@/far/..", "./far/../"])
def test_a_root_above_what_a_link_leads_to(far: Path, root: str) -> None:
    """A root is where the system has it, in the spec and on the command line."""
    (far / "x.txt").write_text("data", "utf-8")
    steps = f"  a: {{module: {READ}, with: {{i: '${{data.d}}/x.txt'}}}}\n"
    assert told(steps, f"data: {{d: '{root}'}}\n") == []
    assert told(steps, "data: {d: nowhere}\n", data={"d": root.replace("@", os.getcwd())}) == []


def test_an_output_above_what_a_link_leads_to(far: Path) -> None:
    """An output that is seen behind a link and `..` is refused, as an engine would write it elsewhere."""
    assert told(f"  a: {{module: {MAKE}, outputs: {{o: far/../x.txt}}}}\n") == [faults.BAD_PATH.code]
    assert told(f"  a: {{module: {MAKE}, outputs: {{o: plate/../x.txt}}}}\n") == []


def test_an_input_above_what_a_link_leads_to(far: Path) -> None:
    """An input is looked for where the system will find it."""
    steps = f"  a: {{module: {READ}, with: {{i: far/../x.txt}}}}\n"
    Path("x.txt").touch()
    assert told(steps) == [faults.MISSING_FILE.code]
    (far / "x.txt").touch()
    assert told(steps) == []


def test_a_path_that_is_a_parameter(place: Path) -> None:
    """What another step writes is named without an order: the edge is missing, whatever the value is called."""
    reader = '{params: {p: {type: path}}, outputs: {o: {type: file}}, command: [ls, "${params.p}", "${outputs.o}"]}'
    for path in ("out/x", "../link/out/x"):
        steps = f"  a: {{module: {MAKE}, outputs: {{o: out/x}}}}\n  b: {{module: {reader}, with: {{p: {path}}}}}\n"
        assert told(steps) == [faults.UNDECLARED_EDGE.code]
        assert told(steps.replace(f"p: {path}}}", f"p: {path}}}, after: [a]")) == []
        assert told(steps.replace(f"p: {path}}}", "p: '${a.o}'}")) == []


def test_a_path_of_many_parts(place: Path) -> None:
    """A path may have more parts than Python nests calls."""
    path = "a/" * 1300 + "x"
    head = IMAGES
    reads = f"{{module: {READ}, with: {{i: '{'b/' * 1900}x'}}}}"
    found = told(f"  a: {{module: {MAKE}, outputs: {{o: {path}}}}}\n  b: {reads}\n", head)
    assert found == ["SN431", faults.MISSING_FILE.code]
