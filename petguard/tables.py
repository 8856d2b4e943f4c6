"""The shipped YAML files as values, without the time that reading YAML takes.

`rules/packed.json` holds what each file said when it was packed, with the digest of its bytes. A file that has
changed since then is read anew, so an edit in a checkout counts at once and a forgotten build costs time, not truth.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from petguard import _shipped
from petguard.documents import Document, read_yaml

PACKED = "packed.json"


def read(path: Path) -> Document:
    """A shipped YAML file; UnreadableInput when it is not even YAML. One that is packed has no line numbers left."""
    raw = path.read_bytes()
    entry = _packed().get(digest(raw))
    return read_yaml(raw.decode("utf-8")) if entry is None else Document(entry)


def digest(raw: bytes) -> str:
    """The name under which the content of a file is packed."""
    return hashlib.sha256(raw).hexdigest()


@cache
def _packed() -> Mapping[str, Any]:
    path = _shipped.folder("rules") / PACKED
    packed: Mapping[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return packed
