"""`python -m tests.code_mutants [--seed N] [--count N] [FOLDER…]`: put faults into the code, and see who notices.

Of all mutants of each folder (`ir`, `passes`, `lowering` and `targets` unless told otherwise) so many are tried as
`--count` says, chosen by the seed. Each is written into its file, the tests are run until one fails, and the file is
put back, whatever ends the run. A line says of each what stood where, what stands there instead, and which test
noticed; or that it SURVIVED. A mutant that does not end in time is noticed too. The last lines count, by folder.

Survivors are read by a person: some cannot be told from the code as it is (a shortcut that only saves time), some are
code that nothing needs, and the rest are what the tests do not see yet. The goal is one in ten at most.

Of the libraries for this, mutmut 3 changes nothing but bodies of functions, and knows no modules in a folder such as
`compiler/`; cosmic-ray deletes no statements, arguments or elements, and does not leave types alone.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .kinds import Mutant, mutants, mutated

ROOT = Path(__file__).parents[2]
FOLDERS = tuple(f"compiler/sncompile/{name}" for name in ("ir", "passes", "lowering", "targets"))
TESTS = (
    "test_docstrings.py", "test_scalars.py", "test_operands.py", "test_types.py", "test_keys.py",
    "properties/test_examples.py", "test_cases.py", "test_verify.py", "test_images.py", "test_declared.py",
    "test_golden.py", "test_structure.py", "test_absent.py",
    "test_infer.py", "test_graph.py", "test_shared_files.py", "test_stored_tables.py", "test_written.py", "test_cli.py",
    "diff/test_graphs.py",
    "diff/test_reasons.py", "diff/test_command.py", "properties/test_whole_columns.py",
    "properties/test_dotted_names.py", "properties/test_oracle.py", "properties/test_passes.py",
)  # fmt: skip
"""Tests that see most in little more than a minute, those first that notice soonest."""
TESTS_OF = {
    "diff": (
        "test_docstrings.py", "diff/test_graphs.py", "diff/test_reasons.py", "diff/test_command.py", "test_declared.py",
        "properties/test_digests.py",
    ),
    "passes": (
        "test_docstrings.py", "test_batch.py", "test_cases.py", "test_structure.py", "properties/test_prioritise.py",
        "test_declared.py", "test_golden.py", "properties/test_passes.py", "properties/test_branches.py",
    ),
    "lowering": (
        "test_docstrings.py", "test_forms.py", "test_job_words.py", "test_golden.py", "test_cases.py",
        "test_targets.py", "properties/test_lowered.py", "test_declared.py", "engines/test_bash.py",
        "engines/test_cwl_documents.py",
    ),
    "targets": (
        "test_docstrings.py", "test_golden.py", "test_cases.py", "test_targets.py", "test_read_back.py",
        "engines/test_bash.py",
        "engines/test_cwl_documents.py", "test_declared.py", "properties/test_lowered.py",
        "properties/test_branches.py", "properties/test_encoders.py", "test_security_commands.py",
    ),
    "state": (
        "test_docstrings.py", "state", "test_declared.py", "engines/test_what_runs.py", "engines/test_elsewhere.py",
        "engines/test_module_files.py", "engines/test_state_edits.py",
    ),
}  # fmt: skip
"""The same for folders that less has to do with."""

PATIENCE = 3
"""How many times as long as without a fault the tests may take."""
MEMORY = 8 * 2**30
"""What a process of the tests may have: some mutants would take all there is."""
SHOWN = 80
"""How many characters of a place are shown, around where it differs."""


class Chosen(NamedTuple):
    """A mutant of a file."""

    file: Path
    tree: ast.Module
    mutant: Mutant

    def __str__(self) -> str:
        texts = [" ".join(ast.unparse(node).split()) for node in (self.mutant.old, self.mutant.new)]
        differs = next((at for at, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), 0)
        start = max(0, differs - SHOWN // 2) if len(texts[0]) > SHOWN else 0
        old, new = (f"{'…' * bool(start)}{text[start : start + SHOWN]}" for text in texts)
        return f"{self.file.relative_to(ROOT)}:{self.mutant.old.lineno} {self.mutant.kind}: {old} → {new}"


def chosen(folder: Path, count: int, seed: int) -> list[Chosen]:
    """So many mutants of the folder's files, each as likely as any other."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_bytes())
        found += [Chosen(file, tree, mutant) for mutant in mutants(tree)]
    return random.Random(seed).sample(found, min(count, len(found)))


@contextmanager
def written(file: Path, text: str) -> Iterator[None]:
    """The file with another text, as long as it takes."""
    before, times = file.read_bytes(), file.stat()
    try:
        file.write_text(text, encoding="utf-8")
        yield
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def noticed(tests: tuple[str, ...], limit: float | None) -> str:
    """Which of the tests fails; nothing if all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    command += ["--hypothesis-profile", "hasty"]
    running = subprocess.Popen(
        [*command, *(f"tests/{name}" for name in tests)],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_alone,
    )
    try:
        said = running.communicate(timeout=limit)[0]
    except subprocess.TimeoutExpired:
        return "the time limit"
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
    return "" if running.returncode == 0 else failed[1] if failed else said.strip().rpartition("\n")[2]


def _alone() -> None:
    """In the process of the tests, before they start: nothing it inherits makes them fail."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # Whoever starts this in the background has a shell that ignores it, and tests send it to runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Judge:
    """Has the tests of a file say whether they notice a fault, in a few times as long as they take without one."""

    def __init__(self) -> None:
        self._limits: dict[tuple[str, ...], float] = {}

    def noticed(self, each: Chosen) -> str:
        """Which test notices a mutant; nothing if none does."""
        tests = next((TESTS_OF[name] for name in each.file.parts if name in TESTS_OF), TESTS)
        if tests not in self._limits:
            began = time.monotonic()
            if failing := noticed(tests, None):
                sys.exit(f"The tests fail without a fault: {failing}")
            self._limits[tests] = PATIENCE * (time.monotonic() - began)
            print(f"The tests take {self._limits[tests] / PATIENCE:.0f} s.", flush=True)
        with written(each.file, mutated(each.tree, each.mutant)):
            return noticed(tests, self._limits[tests])


def main() -> None:
    """Try the mutants of each folder, and count."""
    parser = argparse.ArgumentParser(prog="python -m tests.code_mutants")
    parser.add_argument("--seed", type=int, default=0, help="another choice of mutants")
    parser.add_argument("--count", type=int, default=20, help="how many mutants of each folder are tried")
    parser.add_argument("folder", nargs="*", default=FOLDERS, type=Path)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    judge, summary = Judge(), []
    for folder in given.folder:
        tried = chosen(ROOT / folder, given.count, given.seed)
        survived = 0
        for number, each in enumerate(tried, 1):
            began = time.monotonic()
            test = judge.noticed(each)
            survived += not test
            end = f"killed by {test}" if test else "SURVIVED"
            print(f"{number} {each}: {end} ({time.monotonic() - began:.1f} s)", flush=True)
        summary.append(f"{folder}: {len(tried)} mutants, {len(tried) - survived} killed, {survived} survived")
    print("\n".join(summary))


if __name__ == "__main__":
    main()
