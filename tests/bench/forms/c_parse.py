"""The C parser of YAML and nothing else: `c_parse.py events|document FILE`.

`events` reads the text to its end. `document` makes plain lists and mappings of it, as any program must that wants to
use what it read.
"""

import sys
from pathlib import Path


def main() -> None:
    """Read the file in one of the two ways, and throw away what came of it."""
    how, place = sys.argv[1:]
    text = Path(place).read_text("utf-8")
    if how == "events":
        from ruamel.yaml.cyaml import CParser

        parser = CParser(text)
        while parser.check_event():
            parser.get_event()
    else:
        from ruamel.yaml import YAML

        YAML(typ="safe").load(text)


main()
