"""Finds what lies below the paths to scan, without opening any of it."""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from petguard import git
from petguard.globs import Glob

# Version control, installed packages and caches; never `dist`, `build`, `vendor` or `tests`, which hold own code.
_NEVER = re.compile(
    r"\.(git|hg|svn|bzr|venv|mypy_cache|pytest_cache|ruff_cache|hypothesis|tox|nox|eggs|terraform|gradle|idea|cache|"
    r"ipynb_checkpoints)|node_modules|bower_components|venv|site-packages|__pycache__|__pypackages__"
)


class Walk:
    """The entries below the roots; symbolic links are noted and never followed."""

    def __init__(self, root: Path, exclude: Sequence[Glob]) -> None:
        self.files: set[str] = set()
        self.links: set[str] = set()
        self.unreadable: dict[str, str] = {}
        self._prefix = str(root).rstrip(os.sep) + os.sep
        self._exclude = exclude
        self._ignored: set[str] = set()
        self._walked: set[str] = set()
        self._kept_out: dict[str, str] = {}

    @property
    def excluded(self) -> tuple[str, ...]:
        """The patterns that kept something out, each with the number of files and folders."""
        outside = (reason for path, reason in self._kept_out.items() if path not in self.files | self._walked)
        return tuple(f"{reason} ({count})" for reason, count in sorted(Counter(outside).items()))

    def relative(self, path: str) -> str:
        """`path` as seen from the scan root."""
        return path.removeprefix(self._prefix)

    def visit(self, starts: Iterable[str]) -> None:
        """Take named files as they are, and all that lies below named folders."""
        for start in starts:
            if not Path(start).is_dir():
                self._note(start, Path(start).lstat().st_mode)
            elif start not in self._walked:
                self._ignored |= {str(Path(start) / path) for path in git.ignored(Path(start))}
                self._descend(start)

    def target(self, link: str) -> str | None:
        """None when the link only repeats what is scanned anyway, else where it leads."""
        real = os.path.realpath(link)
        inside = real.startswith(self._prefix)
        known = real in self.files or real in self._walked or real in self.unreadable
        return None if known or (inside and not Path(real).exists()) else real

    def _descend(self, start: str) -> None:
        pending = [start]
        while pending:
            folder = pending.pop()
            if folder in self._walked:
                continue
            self._walked.add(folder)
            try:
                with os.scandir(folder) as entries:
                    pending += self._folders(entries)
            except OSError as error:
                self.unreadable[folder] = error.strerror or "cannot be listed"

    def _folders(self, entries: Iterable[os.DirEntry[str]]) -> Iterator[str]:
        for entry in entries:
            folder = entry.is_dir(follow_symlinks=False)
            reason = self._kept_out_by(entry, folder=folder)
            if reason is not None:
                self._kept_out[entry.path] = reason
            elif folder:
                yield entry.path
            elif entry.is_file(follow_symlinks=False):
                self.files.add(entry.path)
            else:
                self._note(entry.path, entry.stat(follow_symlinks=False).st_mode)

    def _note(self, path: str, mode: int) -> None:
        if stat.S_ISREG(mode):
            self.files.add(path)
        elif stat.S_ISLNK(mode):
            self.links.add(path)
        else:
            self.unreadable[path] = "not a regular file (a pipe, socket or device), so it was not opened"

    def _kept_out_by(self, entry: os.DirEntry[str], *, folder: bool) -> str | None:
        if folder and _NEVER.fullmatch(entry.name):
            return f"{entry.name}/"
        if entry.path in self._ignored:
            return ".gitignore"
        if not self._exclude:
            return None
        path = shown(self.relative(entry.path))
        return next((each.pattern for each in self._exclude if each.matches(path, folder=folder)), None)


def shown(relative: str) -> str:
    """A path that is a valid string whatever bytes the file system holds."""
    return os.fsencode(relative).decode("utf-8", "backslashreplace").replace(os.sep, "/")
