"""Remembers, from one scan of a tree to the next, what was found in files that have not changed.

A cache may only save time. Whatever is odd about its file (missing, cut off, of another version, not writable) means
that nothing is remembered, and never an error. Only what the last scan used is kept, so it does not grow.
"""

import gc
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
_LARGEST = 64 * 1024 * 1024


class Cache:
    """Rows by key. `path` None is the cache that forgets everything at once."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._old = _read(path) if path else {}
        self._used: dict[str, Rows] = {}

    def recall(self, key: str) -> Rows | None:
        """What was remembered under this key."""
        rows = self._used.get(key, self._old.get(key))
        if rows is not None:
            self._used[key] = rows
        return rows

    def remember(self, key: str, rows: Rows) -> None:
        """Keep these rows for the next scan."""
        self._used[key] = rows

    def save(self) -> None:
        """Write what this scan used, as one file that appears whole or not at all."""
        if self._path is None or self._used == self._old:
            return
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self._used, file)
            Path(name).replace(self._path)


def _read(path: Path) -> dict[str, Rows]:
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        found = _loaded(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if _is_sound(found) else {}


def _loaded(text: bytes) -> Any:
    """Read without pauses for garbage: a million small lists make the collector take four fifths of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return json.loads(text)
    finally:
        if collecting:
            gc.enable()


def _is_sound(found: Any) -> bool:
    return isinstance(found, dict) and all(
        isinstance(rows, list) and all(isinstance(row, dict) for row in rows) for rows in found.values()
    )
