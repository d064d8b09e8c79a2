"""The pages: what they show is what happens, what is generated is up to date, and links lead somewhere."""

from __future__ import annotations

import html
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sncompile.api import check, graph_of
from sncompile.cli.options import SpecOptions
from sncompile.drawing.families import family_picture

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
EXAMPLES = REPOSITORY / "specs" / "examples"
OTHER_PAGES = sorted([*DOCS.rglob("*.md"), EXAMPLES / "README.md", *EXAMPLES.glob("*/README.md")])
ALL_PAGES = ("README.md", "CHANGELOG.md", *(str(p.relative_to(REPOSITORY)) for p in OTHER_PAGES))

_LINK = re.compile(r"\]\(([^)#\s]+)?(#[^)\s]+)?\)")
_FENCED = re.compile(r"(?ms)^```.*?^```")


def _script(name: str) -> ModuleType:
    """A script of `docs/`, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


pages = _script("pages")


@pytest.mark.parametrize("name", pages.PAGES)
def test_what_a_page_shows_is_what_happens(name: str, request: pytest.FixtureRequest) -> None:
    """Every command is run and its output compared; `--accept` writes outputs that have changed into the page."""
    page = pages.try_page(name)
    if page.faults and request.config.getoption("--accept"):
        page.accept()
    assert not page.faults, "\n".join(page.faults)


def test_generated_pages_are_up_to_date() -> None:
    """The tables of keys and the page of diagnostics say what schemas and catalogue say."""
    ended = subprocess.run(
        [sys.executable, DOCS / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("name", ALL_PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Links to files and headings of the repository."""
    page = REPOSITORY / name
    broken = []
    for match in _LINK.finditer(_FENCED.sub("", page.read_text("utf-8"))):
        target, heading = match[1], match[2]
        if target and "://" in target:
            continue
        place = (page.parent / target).resolve() if target else page
        if not place.exists() or (heading and heading not in _headings(place)):
            broken.append(match[0])
    assert not broken


def _headings(page: Path) -> set[str]:
    found = re.findall(r"(?m)^#+ (.*)$", _FENCED.sub("", page.read_text("utf-8")))
    return {"#" + re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def test_every_folder_of_the_package_is_in_the_architecture() -> None:
    """A newcomer finds each folder named, and none that is not there."""
    text = (DOCS / "architecture.md").read_text("utf-8")
    package = REPOSITORY / "compiler" / "sncompile"
    folders = {p.name for p in package.iterdir() if (p / "__init__.py").exists()}
    table = text[text.index("## The folders") : text.index("## The stages")]
    named = set(re.findall(r"(?m)^\| `(\w+)/` \|", table))
    assert named == folders
    files = re.findall(r"`(?:compiler/sncompile/)?((?:\w+/)+\w+\.\w+)`", text)
    missing = [f for f in files if not (package / f).exists() and not (REPOSITORY / f).exists()]
    assert not missing


def test_every_decision_is_listed() -> None:
    """The list of decisions names each page once, with the page's own title."""
    listed = re.findall(r"\[(\d{4})\]\(([^)]+)\) \| (.+?) \|", (DOCS / "decisions" / "README.md").read_text("utf-8"))
    there = sorted((DOCS / "decisions").glob("0*.md"))
    assert [name for _, name, _ in listed] == [p.name for p in there]
    for number, name, title in listed:
        first = (DOCS / "decisions" / name).read_text("utf-8").splitlines()[0]
        assert first == f"# {number}: {title}"


def test_every_decision_is_named_in_the_code_that_it_rules() -> None:
    """And says since when it holds. The other way round, the code names none that is not there."""
    there = {p.name[:4]: p.read_text("utf-8") for p in (DOCS / "decisions").glob("0*.md")}
    assert [n for n, text in there.items() if not re.match(r"# .*\n\n\*20\d\d-\d\d-\d\d, in force\*\n", text)] == []
    named = set()
    for folder in ("compiler", "specs", "templates", "tests"):
        for file in (REPOSITORY / folder).rglob("*"):
            if file.suffix in (".py", ".j2", ".sh") and file.is_file():
                text = file.read_text("utf-8")
                for found in re.findall(r"[Dd]ecisions? ((?:\d{4}(?:, )?)+)|decisions/(\d{4})", text):
                    named |= set(re.findall(r"\d{4}", "".join(found)))
    assert named == there.keys()


def test_every_example_is_in_the_gallery() -> None:
    """Each has a page of its own, a row that leads to it, and a command to run it."""
    text = (EXAMPLES / "README.md").read_text("utf-8")
    there = sorted(p.parent.name for p in EXAMPLES.glob("*/*.yaml") if p.stem == p.parent.name)
    assert re.findall(r"(?m)^\| \[([\w-]+)\]\(\1/README\.md\) \|", text) == there
    assert re.findall(r"(?m)^\| ([\w-]+) \| `.*sncompile run \1\.yaml.*` \|$", text) == there
    assert [name for name in there if not (EXAMPLES / name / "README.md").exists()] == []


def test_every_command_is_in_the_readme() -> None:
    """The status names all commands that there are."""
    from sncompile.cli.main import COMMANDS

    text = (REPOSITORY / "README.md").read_text("utf-8")
    there = text[text.index("## Status") : text.index("Planned,")]
    assert [c for c in COMMANDS if f"`{c}`" not in there] == []


def test_every_function_is_in_the_language_reference() -> None:
    """The table of functions is complete."""
    from sncompile.ir.language.functions import FUNCTIONS

    text = (DOCS / "language.md").read_text("utf-8")
    names = [name for name in FUNCTIONS if name.isalpha()] + ["lookup", "file"]
    assert [name for name in names if f"`{name}(" not in text] == []


def test_the_picture_is_of_the_example() -> None:
    """The README's picture shows every step of the pipeline beside it."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    steps = re.findall(r"(?m)^  (\w+): +#|^  (\w+):$", text[text.index("\nsteps:") : text.index("\noutputs:")])
    picture = (DOCS / "images" / "illumination.svg").read_text("utf-8")
    names = [a or b for a, b in steps]
    assert len(names) == 5
    assert [name for name in names if not re.search(rf">\s*{name}\s*</text>", picture)] == []


@pytest.mark.parametrize("name", ["dna-seq", "rna-seq", "variants"])
def test_pictures_of_examples_show_their_steps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `sncompile graph` drew of an example has the boxes that it would have today."""
    folder = REPOSITORY / "specs" / "examples" / name
    monkeypatch.chdir(folder)
    params = Path("config/config.yaml")
    given = SpecOptions((), (), params if params.exists() else None, None, False).read()
    program = check(f"{name}.yaml", given).require()
    found = family_picture(graph_of(program.whole[0] if program.whole is not None else program))
    drawn = (DOCS / "images" / f"{name}.svg").read_text("utf-8")
    assert drawn.count('class="node"') == len(found.nodes)
    texts = {html.unescape(text).strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", drawn)}
    assert {node.title for node in found.nodes} <= texts


def test_the_architecture_names_files_that_are_there() -> None:
    """A page that leads a stranger through the code must not lead past it."""
    named = set(re.findall(r"`([a-z_0-9/]+\.py)`", (DOCS / "architecture.md").read_text("utf-8")))
    there = [str(path) for path in (REPOSITORY / "compiler").rglob("*.py")]
    there += [str(path) for path in (REPOSITORY / "tests").rglob("*.py")]
    assert named
    assert sorted(name for name in named if not any(path.endswith(f"/{name}") for path in there)) == []
