"""Says what the real command takes, read from the command itself, as `command_line.json` has it.

Run it with the Python that the real `starrynight` is installed for, and with the commit that is installed:

    …/bin/python tests/starrynight/read_command_line.py COMMIT > tests/starrynight/command_line.json
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any


def commands_of(group: Any, words: tuple[str, ...] = ()) -> dict[str, list[dict[str, Any]]]:
    """Every command below a group of click's, by its words, with its options in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            found |= commands_of(command, (*words, name))
        else:
            found[" ".join((*words, name))] = [option_of(option) for option in command.params]
    return found


def option_of(option: Any) -> dict[str, Any]:
    """An option's names, the variable it sets, and what it takes."""
    told = option.to_info_dict()
    default = option.default if isinstance(option.default, (str, int, bool)) else None
    return {
        "names": told["opts"],
        "variable": told["name"],
        "type": "flag" if told["is_flag"] else told["type"]["name"],
        "required": told["required"],
        "default": default,
    }


def main() -> None:
    """Print what the command that is installed here takes."""
    from starrynight.cli.main import main as command  # type: ignore[import-not-found]

    facts = {
        "source": "broadinstitute/starrynight",
        "commit": "".join(sys.argv[1:]),
        "version": version("starrynight"),
        "commands": commands_of(command),
    }
    print(_laid_out(facts))


def _laid_out(facts: dict[str, Any]) -> str:
    """JSON with a line for each option."""
    commands = [
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"   {json.dumps(option)}" for option in options) + "\n  ]"
        for name, options in facts["commands"].items()
    ]
    heads = [f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in facts.items() if key != "commands"]
    return "{\n" + "".join(heads) + ' "commands": {\n' + ",\n".join(commands) + "\n }\n}"


if __name__ == "__main__":
    main()
