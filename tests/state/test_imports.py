"""Which files of a working folder a function runs: what its module imports, however that is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.state.imports import Imports

FILES = ("main", "helper", "tools/__init__", "tools/main", "tools/one", "tools/sub/__init__", "tools/sub/two")


@pytest.mark.parametrize(
    ("code", "imported"),
    [
        ("import helper", {"helper"}),
        ("importlib.import_module('helper')", {"helper"}),
        ("import_module(name='tools.one')", {"tools/__init__", "tools/one"}),
        ("__import__('tools.sub.two')", {"tools/__init__", "tools/sub/__init__", "tools/sub/two"}),
        ("__import__('tools', fromlist=['one'])", {"tools/__init__", "tools/one"}),
        ("import_module('.one', 'tools')", {"tools/__init__", "tools/one"}),
        ("import_module('..one', package='tools.sub')", {"tools/__init__", "tools/one"}),
        ("import_module(f'tools.sub.{name}')", {"tools/__init__", "tools/sub/__init__", "tools/sub/two"}),
        ("import_module('tools.sub.' + name + 'x')", {"tools/__init__", "tools/sub/__init__", "tools/sub/two"}),
        ("import_module('tools.sub.%s' % name)", {"tools/__init__", "tools/sub/__init__", "tools/sub/two"}),
        ("import_module('tools.sub.{}'.format(name))", {"tools/__init__", "tools/sub/__init__", "tools/sub/two"}),
        ("import_module(name)", set()),
        ("import_module(*names)", set()),
        ("open('helper')", set()),
    ],
)
def test_what_a_module_imports(tmp_path: Path, code: str, imported: set[str]) -> None:
    lay_out(tmp_path)
    (tmp_path / "main.py").write_text(f"def go(o):\n    x = {code}\n" if "(" in code else code)
    assert Imports(str(tmp_path)).of("main:go") == sorted(f"{name}.py" for name in {"main", *imported})


@pytest.mark.parametrize(
    ("code", "imported"),
    [
        ("import_module('.one', __package__)", {"tools/one"}),
        ("import_module('.' + name, __package__)", {"tools/one", "tools/sub/__init__"}),
        ("import_module(f'.sub.{name}', package=__package__)", {"tools/sub/__init__", "tools/sub/two"}),
    ],
)
def test_what_a_module_of_a_package_imports(tmp_path: Path, code: str, imported: set[str]) -> None:
    lay_out(tmp_path)
    (tmp_path / "tools" / "main.py").write_text(code)
    found = Imports(str(tmp_path)).of("tools.main:go")
    assert found == sorted(f"{name}.py" for name in {"tools/__init__", "tools/main", *imported})


def test_what_a_file_that_lies_elsewhere_imports(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "helper.py").write_text("from tools import one\n")
    found = Imports(str(tmp_path)).of_text(b"import json, helper\n")
    assert found == ["helper.py", "tools/__init__.py", "tools/one.py"]


def lay_out(folder: Path) -> None:
    """Modules that import nothing."""
    for name in FILES:
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("X = 1\n")
