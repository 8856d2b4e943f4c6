"""Reads YAML, JSON and TOML into plain values, XML into elements, and remembers the place of every key and item.

Foreign files are hostile. Depth, text size and the size after expanding YAML aliases are bounded before anybody
walks the value; no tag ever constructs an object; whatever cannot be read is an `UnreadableInput`, nothing else.
"""

import re
from typing import Any

from petguard.documents._common import MAX_DEPTH, MAX_NODES, MAX_TEXT, Document, Place, Step
from petguard.documents._hcl import read_hcl
from petguard.documents._json import read_json
from petguard.documents._lines import read_lines, read_loosely
from petguard.documents._toml import read_toml
from petguard.documents._trees import tree_of
from petguard.documents._xml import Element, read_xml
from petguard.documents._yaml import read_yaml, read_yaml_all, yaml_parts

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_TEXT",
    "Document",
    "Element",
    "Step",
    "front_matter",
    "located",
    "read_hcl",
    "read_json",
    "read_lines",
    "read_loosely",
    "read_toml",
    "read_xml",
    "read_yaml",
    "read_yaml_all",
    "tree_of",
    "yaml_parts",
]

_FENCES = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<body>(?:.*\n)*?)(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)")


def front_matter(text: str) -> Document | None:
    """The YAML between `---` fences at the start of a Markdown file, or None; lines are those of the file."""
    found = _FENCES.match(text)
    return None if found is None else read_yaml("\n" + found["body"])


def located(value: Any, line: int, column: int) -> Document:
    """A plain value out of another kind of file: all of it stands at one place."""
    return Document(value, Place(line, column))
