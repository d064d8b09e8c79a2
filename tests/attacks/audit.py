"""Compiles specs under Python's audit hooks, and tells everything that a compile must not do.

    python -m tests.attacks.audit LIST

`LIST` is a file of JSON: `[{"spec": …, "target": …, "level": …, "out": …, "data": {…}, "set": {…}}, …]`. Each line
of the answer is a JSON list of what one of them did; a hook cannot be taken out again, so this is a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sncompile.template_files

Json = Any

NEVER = frozenset({
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
    "pty.spawn", "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "socket.sendto", "urllib.Request", "http.client.connect", "ftplib.connect",
    "smtplib.connect",
    "os.putenv", "os.unsetenv", "os.kill", "os.killpg", "os.symlink", "os.link", "os.setxattr", "os.lockf",
    "pickle.find_class", "marshal.load", "webbrowser.open", "code.__new__", "sys.settrace",
    "sys.setprofile", "signal.pthread_kill", "os.mkfifo", "os.mknod",
})  # fmt: skip
"""Events that no compile may raise, whatever their arguments."""

WRITES = {
    "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.rename": (0, 1), "os.chmod": (0,), "os.chown": (0,),
    "os.utime": (0,), "os.truncate": (0,), "shutil.rmtree": (0,), "shutil.copyfile": (1,), "shutil.copymode": (1,),
    "shutil.copystat": (1,), "shutil.move": (0, 1), "shutil.copytree": (1,), "tempfile.mkdtemp": (0,),
    "tempfile.mkstemp": (0,),
}  # fmt: skip
"""Events that change a file system, and which of their arguments are paths."""

_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """What a compile did that it must not. `out` is where it may write, `folder` holds what strangers wrote."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._out: Path | None = None
        self._folder = Path()
        self._databases = False
        self._depth = 0

    def begin(self, folder: Path, out: Path, *, databases: bool = False) -> None:
        """From now on events are looked at; `databases` says that DuckDB may have its process."""
        self.told = []
        self._databases = databases
        self._folder, self._out = folder.resolve(), out.resolve()

    def end(self) -> list[str]:
        """What was done since `begin`."""
        self._out = None
        return self.told

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook; it only takes notes, for whoever raised here would change what is looked at."""
        if self._out is None or self._depth:
            return
        self._depth += 1
        try:
            told = self._judge(event, arguments)
        except Exception as error:  # An event that cannot be judged is told as well.
            told = f"{event}: {error!r}"
        finally:
            self._depth -= 1
        if told:
            self.told.append(f"{told[:300]} [{_caller()}]")

    def _judge(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        if event == "subprocess.Popen" and self._databases and is_process_of_databases(*arguments):
            return None
        if event == "marshal.load" and _is_of_a_template():
            return None
        if event in NEVER:
            return f"{event}{arguments!r}"
        if event == "open":
            path, mode, flags = arguments
            writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (mode is None and flags & _FLAGS)
            return f"open for writing: {path!r}" if writes and not self._may_write(path) else None
        for number in WRITES.get(event, ()):
            if not self._may_write(arguments[number]):
                return f"{event}: {arguments[number]!r}"
        if event == "ctypes.dlopen":
            # Python's own module of that name opens the process itself when it is imported.
            return None if arguments[0] is None else f"{event}{arguments!r}"
        if event == "import":
            return self._judge_import(*arguments[:2])
        if event in ("compile", "exec"):
            return self._judge_code(event, arguments)
        return None

    def _may_write(self, path: Any) -> bool:
        """Below `-o`, or in the folder that is to take its place and stands beside it."""
        if path is None or isinstance(path, int):
            return isinstance(path, int)  # A file that is open was judged when it was opened.
        assert self._out is not None
        found = os.path.abspath(os.fsdecode(path))
        real = os.path.join(os.path.realpath(os.path.dirname(found)), os.path.basename(found))
        name = self._out.name
        places = (str(self._out), *(str(self._out.parent / f".{name}.{kind}-") for kind in ("new",)))
        above = str(self._out).startswith(f"{real}/")  # `-o` may name folders that are not there yet.
        return above or any(real == p or real.startswith(f"{p}/" if p == places[0] else p) for p in places)

    def _judge_import(self, module: str, file: str | None) -> str | None:
        strange = file is not None and Path(file).resolve().is_relative_to(self._folder)
        return f"import of `{module}` from the spec's folder: {file}" if strange else None

    def _judge_code(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        """Code comes from files of installed packages and from what they make of themselves, never from a spec."""
        if event == "exec":
            name = getattr(arguments[0], "co_filename", "")
        else:
            name = os.fsdecode(arguments[1] or "") if not isinstance(arguments[1], str) else arguments[1]
            source = arguments[0]
            text = os.fsdecode(source) if isinstance(source, bytes | str) else ""
            if "pwned" in text and _caller_is_not_a_check():
                return f"compile of a spec's text: {text[:100]!r}"
        if name and Path(name).is_absolute() and Path(name).resolve().is_relative_to(self._folder):
            return f"{event} of {name}"
        return None


def is_process_of_databases(program: Any, command: Any, folder: Any, environment: Any) -> bool:
    """Whether a process is the one that queries and Parquet files have: Python, isolated, without a shell."""
    child = Path(sncompile.__file__).parent / "semantics" / "queries" / "duckdb_child.py"
    wanted = [sys.executable, "-I", "-S", "-B", str(child)]
    closed = environment is not None and set(environment) <= {"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
    return program == sys.executable and [*command][:5] == wanted and len(command) == 6 and folder is None and closed


def _caller() -> str:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def _is_of_a_template() -> bool:
    """Whether a template of the package is loaded, which is kept compiled beside it as Python keeps modules."""
    frame = sys._getframe(3)
    files = []
    while frame is not None and len(files) < 3:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back  # type: ignore[assignment]
    return sncompile.template_files.__file__ in files


def _caller_is_not_a_check() -> bool:
    """Whether the text is compiled to be run: what is only parsed (`ast.parse`) makes no code."""
    frame = sys._getframe(3)
    names = []
    while frame is not None and len(names) < 4:
        names.append((Path(frame.f_code.co_filename).name, frame.f_code.co_name))
        frame = frame.f_back  # type: ignore[assignment]
    return ("ast.py", "parse") not in names


def compile_one(wanted: Mapping[str, Json]) -> str:
    """Compile a spec as the command line does; gives how it ended."""
    from sncompile.api import check, compile_graph, graph_of, optimize
    from sncompile.diagnostics import CompileError
    from sncompile.semantics.program import Options

    spec = Path(wanted["spec"])
    options = Options(wanted.get("data", {}), wanted.get("set", {}), invoked_from=spec.parent)
    try:
        checked = check(spec, options)
        graph = optimize(graph_of(checked.require()), wanted["level"], check=True).graph
        out = Path(wanted["out"])
        compile_graph(graph, wanted["target"], out=out).write(out)
    except CompileError as error:
        return " ".join(sorted({d.code for d in error.diagnostics}))
    return "compiled"


def needs_databases(folder: Path) -> bool:
    """Whether a spec in this folder may have queries or Parquet files; for all others no process is started."""
    words = ("sql", "infer", ".parquet", ".pq")
    texts = (p.read_bytes().decode(errors="replace") for p in folder.rglob("*.y*ml") if p.is_file())
    return any(word in text for text in texts for word in words)


def main(list_file: str) -> None:
    """Compile all that a list names, and print for each how it ended and what it did."""
    watch = Watch()
    sys.addaudithook(watch.hook)
    tempfile.gettempdir()  # Finds a place by writing to it, once.
    for wanted in json.loads(Path(list_file).read_text("utf-8")):
        os.chdir(Path(wanted["spec"]).parent)
        place = Path(wanted.get("folder", Path(wanted["spec"]).parent))
        watch.begin(place, Path(wanted["out"]), databases=needs_databases(place))
        ended = compile_one(wanted)
        print(json.dumps([wanted["spec"], ended, watch.end()]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
