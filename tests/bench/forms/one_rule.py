"""One rule for each job, which is what most generators of Snakefiles emit: `one_rule.py TRACE.jsonl SNAKEFILE`.

Commands are written as a person would type them. There is no log, no check and no quoting: this is the cheapest form
that does the work.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path


def rules(trace: Path) -> Iterator[str]:
    """The texts of a Snakefile, rule after rule; the last task of the trace is what the workflow is for."""
    last = ""
    with trace.open() as tasks:
        for line in tasks:
            last = line
    yield f"rule all:\n    input:\n        {json.dumps(json.loads(last)['outputs'][0])},\n"
    with trace.open() as tasks:
        for line in tasks:
            task = json.loads(line)
            yield f"\n\nrule {task['name']}:\n"
            if task["inputs"]:
                yield "    input:\n" + "".join(f"        {json.dumps(name)},\n" for name in task["inputs"])
            yield "    output:\n" + "".join(f"        {json.dumps(name)},\n" for name in task["outputs"])
            yield f"    shell:\n        {json.dumps(task['command'])}\n"


def main() -> None:
    """Write the Snakefile."""
    trace, snakefile = map(Path, sys.argv[1:])
    with snakefile.open("w") as file:
        file.writelines(rules(trace))


main()
