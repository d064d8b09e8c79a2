"""What was built in Python, written as a document, so that it goes through the same checks as any other.

Decision 0031.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any


def yaml_text(content: Mapping[str, Any]) -> str:
    """Plain data as YAML."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = 1_000_000
    text = StringIO()
    yaml.dump(content, text)
    return text.getvalue()
