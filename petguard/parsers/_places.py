"""Places in the files of a scan, with their masked line as evidence."""

from collections.abc import Mapping

from petguard import secrets
from petguard.model import Location

_EVIDENCE = 160  # characters of a line that a report shows


class Places:
    """Places by line and column; `texts` are the files by path."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}
        self._known: dict[tuple[str, int, int], Location] = {}

    def at(self, path: str, line: int, column: int) -> Location:
        """A 1-based line and byte column as a location."""
        key = path, line, column
        if key not in self._known:
            self._known[key] = self._found(path, line, column)
        return self._known[key]

    def _found(self, path: str, line: int, column: int) -> Location:
        if path not in self._lines:
            self._lines[path] = self._texts[path].split("\n")
        lines = self._lines[path]
        text = lines[line - 1] if line <= len(lines) else ""
        characters = len(text[:column].encode("utf-8", "replace")[: column - 1].decode("utf-8", "replace")) + 1
        evidence = secrets.mask_near(text, characters - 1, code=True)[:_EVIDENCE]
        return Location(path=path, line=line, column=characters, evidence=evidence)
