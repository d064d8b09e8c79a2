"""WfCommons' translators: `wf_translate.py NAME TRACE.jsonl FOLDER`.

They are given a workflow in memory, as reading one from a file looks up its schema on the web. Files have no size, so
that no time goes into making them.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    """Translate a trace into a folder, which must not be there."""
    from wfcommons.common import File, Task, Workflow
    from wfcommons.wfbench import translator

    name, trace, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    workflow = Workflow(name="bench")
    with trace.open() as lines:
        for line in lines:
            told = json.loads(line)
            files = [[File(file, 0) for file in told[side]] for side in ("inputs", "outputs")]
            program, *words = told["command"].split()
            task = Task(
                name=told["type"], task_id=told["name"], runtime=told["runtime_s"], program=program, args=words,
                input_files=files[0], output_files=files[1],
            )  # fmt: skip
            workflow.add_task(task)
            for parent in told["parents"]:
                workflow.add_dependency(parent, told["name"])
    getattr(translator, f"{name}Translator")(workflow).translate(folder)


main()
