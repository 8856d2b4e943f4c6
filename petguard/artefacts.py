"""The files that claims can be checked against: read below the scanned folder, and nowhere else.

A released table or an attestation may be far larger than what a scan collects, so verifiers open it themselves, through
here: a path that leaves the folder, a device, a link to elsewhere or a file that is not there ends as a claim that
nobody could judge, with the reason.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from types import ModuleType

from petguard.model import Reason

_SMALL = 64 * 1024 * 1024  # bytes of a file that is read as a whole
_MOST_FILES = 100_000  # of a folder, or looked at for their endings
_NOT_OWN = frozenset({"node_modules", "site-packages", "__pycache__", "venv"})


class Undecided(Exception):
    """A claim cannot be judged; whoever judges claims turns this into a verdict with this reason."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Artefacts:
    """The scanned folder, for verifiers; every name is relative to it, with forward slashes."""

    root: Path

    def path(self, name: str) -> Path:
        """Where the file is; Undecided (artefact_absent) when it is no regular file inside the folder."""
        try:
            found = (self.root / name).resolve(strict=True)
            regular = stat.S_ISREG(found.stat().st_mode)
        except (OSError, ValueError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or "cannot be opened"
            raise Undecided(Reason.ARTEFACT_ABSENT, f"{name}: {why}") from error
        if not found.is_relative_to(self.root.resolve()):
            raise Undecided(Reason.ARTEFACT_ABSENT, f"{name} leads out of the scanned folder")
        if not regular:
            raise Undecided(Reason.ARTEFACT_ABSENT, f"{name} is no regular file")
        return found

    def is_folder(self, name: str) -> bool:
        """Whether a folder of this name lies inside the scanned one."""
        try:
            found = (self.root / name).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return False
        return found.is_dir() and found.is_relative_to(self.root.resolve())

    def below(self, name: str) -> tuple[str, ...]:
        """Everything in a folder that is no folder, sorted, relative to it; links are listed and not followed."""
        if not self.is_folder(name):
            raise Undecided(Reason.ARTEFACT_ABSENT, f"{name} is no folder inside the scanned one")
        top = (self.root / name).resolve()
        found: list[str] = []
        for folder, folders, files in os.walk(top, onerror=_unlisted):
            linked = [each for each in folders if (Path(folder) / each).is_symlink()]
            found += ((Path(folder) / each).relative_to(top).as_posix() for each in (*files, *linked))
            if len(found) > _MOST_FILES:
                raise Undecided(Reason.GAP, f"{name} holds more than {_MOST_FILES:,} files")
        return tuple(sorted(found))

    def digest(self, name: str, algorithm: str = "sha256") -> str:
        """The hash of a file of any size, in hex."""
        with self.open(name) as file:
            try:
                return hashlib.file_digest(file, algorithm).hexdigest()
            except OSError as error:
                raise Undecided(Reason.GAP, f"{name}: {error.strerror or 'cannot be read'}") from error

    def open(self, name: str) -> BufferedReader:
        """The file, opened for reading."""
        path = self.path(name)
        try:
            return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")
        except OSError as error:
            raise Undecided(Reason.ARTEFACT_ABSENT, f"{name}: {error.strerror or 'cannot be opened'}") from error

    def ending(self, endings: tuple[str, ...]) -> Iterator[str]:
        """Names of files that end so, folder by folder in order; no links, nothing hidden or installed.

        Ends after 100,000 entries, so what is not among them may still be there.
        """
        seen = 0
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _NOT_OWN)
            seen += len(names)
            if seen > _MOST_FILES:
                return
            for name in sorted(each for each in names if each.lower().endswith(endings)):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path.relative_to(self.root).as_posix()

    def read(self, name: str, most: int = _SMALL) -> bytes:
        """The whole file; Undecided (gap) when it has more than `most` bytes."""
        with self.open(name) as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise Undecided(Reason.GAP, f"{name} is larger than {most:,} bytes")
        return content


def _unlisted(error: OSError) -> None:
    raise Undecided(Reason.GAP, f"a folder cannot be listed: {error.strerror}")


def optional(module: str, name: str) -> ModuleType:
    """A module of an optional dependency; Undecided (library_missing) that names the extra to install."""
    try:
        return import_module(module)
    except ImportError as error:
        wanted = f"{module} is not installed; install petguard[{name}]"
        raise Undecided(Reason.LIBRARY_MISSING, wanted) from error
