"""Runs a script that was written for Snakemake: `snakemake_object.py SCRIPT WORD…`, with the object `snakemake`.

A word names an item and its type (`input.reads:file[]`); those after it that begin with `=` are its values, one for
each item of a list. What Snakemake leaves to the position, `snakemake.input[0]`, goes by the order of the words.
"""

import os
import shutil
import sys
import tempfile
import types

SPACES = ("input", "output", "params", "wildcards", "resources")


class Namedlist(list):
    """Items by position and by name; files that are a list are items of their own by position."""

    def __init__(self, items=(), *, flat=False):
        super().__init__()
        self._names = {}
        for name, value in items:
            self._names[name] = value
            several = flat and isinstance(value, list)
            self.extend(value if several else [] if flat and value is None else [value])

    def __getattr__(self, name):
        try:
            return self.__dict__["_names"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, key):
        return self._names[key] if isinstance(key, str) else super().__getitem__(key)

    def get(self, key, default=None):
        return self._names.get(key, default)

    def keys(self):
        return self._names.keys()

    def items(self):
        return self._names.items()

    def __str__(self):
        return " ".join(map(str, self))


class Snakemake:
    """What a script finds under the name `snakemake`."""

    def __init__(self, found, script, log):
        for space in SPACES:
            flat = space in ("input", "output")
            setattr(self, space, Namedlist(found.get(space, {}).items(), flat=flat))
        self.config = nested(found.get("params", {}))
        self.params = Namedlist(self.config.items())
        self.threads = found.get("job", {}).get("threads", 1)
        self.rule = found.get("job", {}).get("rule", "")
        self.log = Namedlist()
        self.log.append(log)
        self.scriptdir = os.path.dirname(os.path.abspath(script))
        self.bench_iteration = None

    def log_fmt_shell(self, stdout=True, stderr=True, append=False):
        """How a shell writes to the log."""
        if not (stdout or stderr):
            return ""
        sign = ">>" if append else ">"
        to = f"{sign} '{self.log[0]}'"
        return f" {to} 2>&1" if stdout and stderr else f" {to}" if stdout else f" 2{to}"


def nested(params):
    """Parameters by their names, those of groups in mappings: `ref.species`."""
    found = {}
    for name, value in params.items():
        *groups, last = name.split(".")
        inside = found
        for group in groups:
            inside = inside.setdefault(group, {})
        inside[last] = value
    return found


def read(words):
    """What words name, by space and name."""
    found, at = {}, None
    for word in words:
        if word.startswith("="):
            space, name, kind, many = at
            value = typed(word[1:], kind)
            if many:
                found[space][name].append(value)
            else:
                found[space][name] = value
            continue
        full, _, kind = word.rpartition(":")
        space, _, name = full.partition(".")
        many = kind.endswith("[]")
        at = space, name, kind[:-2] if many else kind, many
        found.setdefault(space, {})[name] = Namedlist() if many else None
    return found


def typed(text, kind):
    """A value by its type."""
    if kind == "boolean":
        return text == "true"
    if kind == "integer":
        return int(float(text)) if "." in text or "e" in text.lower() else int(text)
    if kind == "number":
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    return text


def main(script, words):
    """Run the script as Snakemake does, in this process."""
    handle, log = tempfile.mkstemp(prefix="snakemake-log-")
    os.close(handle)
    snakemake = Snakemake(read(words), script, log)
    with open(script, "rb") as file:
        source = file.read()
    if b"snakemake.script" in source:
        lend(snakemake)
    sys.path.insert(0, snakemake.scriptdir)
    sys.argv = [script]
    error = sys.stderr
    try:
        exec(compile(source, script, "exec"), {"__name__": "__main__", "__file__": script, "snakemake": snakemake})
    finally:
        sys.stdout.flush()
        # What the script wrote to its log belongs to the log of the job.
        for stream in {sys.stderr, sys.stdout} - {error, sys.__stdout__, sys.__stderr__}:
            stream.flush()
        sys.stderr = error
        with open(log, encoding="utf-8", errors="replace") as file:
            shutil.copyfileobj(file, sys.stderr)
        os.unlink(log)


def lend(snakemake):
    """Let `from snakemake.script import snakemake` find the object."""
    try:
        import snakemake.script as module
    except ImportError:
        module = types.ModuleType("snakemake.script")
        sys.modules.setdefault("snakemake", types.ModuleType("snakemake")).script = module
        sys.modules["snakemake.script"] = module
        module.Snakemake = Snakemake
    module.snakemake = snakemake


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
