"""Which files a scan sees, and in which state each of them ends.

Every entry that is not a folder ends in exactly one state with a reason, so the counts add up. A file that nobody
here can judge, but that may matter, is a gap.
"""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from posixpath import splitext

from petguard import contents, telltales
from petguard.blobs import HEAD, Blob, opened
from petguard.errors import ConfigurationError, NothingToScan, UnreadableInput
from petguard.globs import glob
from petguard.model import Gap, State
from petguard.telltales import Told
from petguard.walk import Walk, shown

MAX_BYTES = 10_000_000  # of one file
MAX_TOTAL_BYTES = 512_000_000  # of all files that parsers read; their text is kept until the scan ends


class Interest(Enum):
    """What a parser makes of a candidate after one look at its bytes."""

    NONE = 0  # not this parser's kind of file
    CLEAR = 1  # its kind of file, and nothing in it needs a closer look: analysed
    READ = 2  # to be parsed


@dataclass(frozen=True)
class Candidate:
    """A file that was read once: its path relative to the scan root and its whole content.

    UTF-16 and UTF-32 stand here as UTF-8, so that a search for literals is not fooled.
    """

    path: str
    data: bytes

    @cached_property
    def name(self) -> str:
        """The file name without its folders."""
        return self.path.rpartition("/")[2]

    @cached_property
    def suffix(self) -> str:
        """The lower-case extension with its dot, or an empty string."""
        return splitext(self.path)[1].lower()

    @property
    def is_binary(self) -> bool:
        """Whether it begins like no text. One stray NUL byte does so too: what holds literals of AI is no less AI."""
        return b"\0" in self.data[:4096]

    @cached_property
    def told(self) -> frozenset[Told]:
        """Which kinds of literals that give AI use away stand in the content: the first filter of most parsers."""
        return telltales.told(self.data)


@dataclass(frozen=True)
class Input:
    """A decoded file that at least one parser wants to read; lines end with a plain line feed."""

    path: str
    text: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text in UTF-8, in hex."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


Sniff = Callable[[Candidate], Interest]
Probe = Callable[[Blob], bool]


@dataclass(frozen=True)
class FileState:
    """What became of one file: `reason` is `read` or `clear` when it was analysed, else why it was not."""

    path: str
    state: State
    reason: str


@dataclass(frozen=True)
class Collection:
    """Everything below the scan root.

    `inputs` and `blobs` hold what each parser wants to read, `files` every file in path order (gaps that a parser
    adds later change its state), `excluded` the patterns that kept files or folders out, with how many.
    """

    root: Path
    inputs: Mapping[str, tuple[Input, ...]]
    blobs: Mapping[str, tuple[Blob, ...]]
    files: tuple[FileState, ...]
    gaps: tuple[Gap, ...]
    excluded: tuple[str, ...]


def collect(
    roots: Sequence[Path],
    sniffs: Mapping[str, Sniff],
    exclude: Sequence[str] = (),
    probes: Mapping[str, Probe] | None = None,
) -> Collection:
    """Read every file below `roots` once and offer it to every sniff and probe; named files are never excluded.

    A sniff sees text files up to a size, whole; a probe sees every file, of any size, and reads what it needs.

    A source file in a language that no sniff takes is a gap when it holds a literal that gives AI use away. When no
    file could be analysed and none is a gap, that is NothingToScan, not a clean result.
    """
    starts = sorted({_existing(path) for path in roots})
    root = _common(starts)
    walk = Walk(root, [glob(pattern) for pattern in exclude])
    walk.visit(starts)
    desk = _Desk(sniffs, probes or {})
    for path in sorted(walk.files):
        desk.file(path, shown(walk.relative(path)))
    for path in sorted(walk.links):
        desk.link(shown(walk.relative(path)), walk.target(path))
    for path in sorted(walk.unreadable):
        desk.unreadable(shown(walk.relative(path)), walk.unreadable[path])
    return _something(desk.collection(root, walk.excluded))


def scan_root(roots: Sequence[Path]) -> Path:
    """The folder that report paths are relative to: the deepest one that holds all `roots`."""
    return _common(sorted({_existing(path) for path in roots}))


def _existing(path: Path) -> str:
    real = os.path.realpath(path)
    if not os.path.lexists(real):
        raise ConfigurationError(f"{path} does not exist; name a file or folder to scan")
    return real


def _common(starts: Sequence[str]) -> Path:
    if not starts:
        raise ConfigurationError("no path to scan; name a file or folder")
    return Path(os.path.commonpath([start if Path(start).is_dir() else str(Path(start).parent) for start in starts]))


def _something(collection: Collection) -> Collection:
    if collection.gaps or any(file.state is State.ANALYSED for file in collection.files):
        return collection
    reasons = Counter(file.reason for file in collection.files)
    counted = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items())) or "none at all"
    kept_out = f"; excluded: {', '.join(collection.excluded)}" if collection.excluded else ""
    raise NothingToScan(f"{collection.root} holds no file that petguard reads ({counted}{kept_out})")


@dataclass
class _Desk:
    """Opens each file once, asks the sniffs, and writes down what became of it."""

    sniffs: Mapping[str, Sniff]
    probes: Mapping[str, Probe]
    inputs: dict[str, list[Input]] = field(default_factory=lambda: defaultdict(list))
    blobs: dict[str, list[Blob]] = field(default_factory=lambda: defaultdict(list))
    states: list[FileState] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    kept: int = 0

    def collection(self, root: Path, excluded: tuple[str, ...]) -> Collection:
        """All that was written down, in path order."""
        return Collection(
            root=root,
            inputs={name: tuple(self.inputs[name]) for name in self.sniffs},
            blobs={name: tuple(self.blobs[name]) for name in self.probes},
            files=tuple(sorted(self.states, key=lambda file: file.path)),
            gaps=tuple(sorted(self.gaps, key=lambda gap: (gap.path, gap.reason))),
            excluded=excluded,
        )

    def link(self, path: str, target: str | None) -> None:
        """A link to something scanned is the same thing; any other leads to something nobody looks at."""
        if target is None:
            self.states.append(FileState(path, State.SKIPPED, "symlink"))
        else:
            detail = f"the link leads to {shown(target)}, which is not scanned; name that path as well"
            self._gap(path, State.SKIPPED, "symlink_outside", detail)

    def unreadable(self, path: str, why: str) -> None:
        """Something that could not be opened."""
        self._gap(path, State.FAILED, "unreadable", why)

    def file(self, real: str, path: str) -> None:
        """Read a regular file and sort it."""
        try:
            blob, data = _read(real, path)
            takers = [name for name, probe in self.probes.items() if probe(blob)]
        except OSError as error:
            self.unreadable(path, error.strerror or str(error))
            return
        except UnreadableInput as error:
            self.unreadable(path, error.detail)
            return
        for name in takers:
            self.blobs[name].append(blob)
        if blob.size > MAX_BYTES:
            self._large(blob, taken=bool(takers))
        else:
            self._sort(path, data, taken=bool(takers))

    def _large(self, blob: Blob, *, taken: bool) -> None:
        if taken:
            self.states.append(FileState(blob.path, State.ANALYSED, "read"))
        elif contents.looks_binary(blob.head) or contents.is_made(blob.path):
            self.states.append(FileState(blob.path, State.SKIPPED, "binary"))
        else:
            detail = f"{blob.size:,} bytes of text, more than {MAX_BYTES:,}; exclude the file or split it"
            self._gap(blob.path, State.SKIPPED, "too_large", detail)

    def _sort(self, path: str, data: bytes, *, taken: bool) -> None:
        candidate = Candidate(path, contents.as_utf8(data))
        interests = {name: sniff(candidate) for name, sniff in self.sniffs.items()}
        readers = [name for name, interest in interests.items() if interest is Interest.READ]
        if taken and not readers:
            self.states.append(FileState(path, State.ANALYSED, "read"))
            return
        if not readers and Interest.CLEAR not in interests.values():
            self._unwanted(candidate)
            return
        try:
            text = contents.decode(path, data)
        except UnreadableInput as error:
            self._gap(path, State.FAILED, error.reason, error.detail, line=error.line)
            return
        if readers:
            self._keep(Input(path, text), readers, size=len(data))
            self._doubt_nul(candidate, text)
        else:
            self.states.append(FileState(path, State.ANALYSED, "clear"))

    def _doubt_nul(self, candidate: Candidate, text: str) -> None:
        """No format allows a NUL byte, and what a reader leaves out around it may be the AI that is told of."""
        at = text.find("\0")
        if at >= 0 and candidate.told:
            detail = "a NUL byte: what stands around it may not have been read"
            line = text.count("\n", 0, at) + 1
            self.gaps.append(Gap(path=candidate.path, state=State.PARTIAL, reason="nul_byte", detail=detail, line=line))

    def _unwanted(self, candidate: Candidate) -> None:
        reason = contents.unread_because(candidate.path, candidate.data)
        told = telltales.first(candidate.data) if reason == contents.LANGUAGE else None
        if told is None:
            self.states.append(FileState(candidate.path, State.SKIPPED, reason))
            return
        literal, line = told
        detail = f"mentions {literal}, but petguard does not read this language; review the file by hand"
        self._gap(candidate.path, State.SKIPPED, reason, detail, line=line)

    def _keep(self, item: Input, readers: Iterable[str], *, size: int) -> None:
        self.kept += size
        if self.kept > MAX_TOTAL_BYTES:
            detail = f"more than {MAX_TOTAL_BYTES:,} bytes of text in one scan; scan parts of the tree one by one"
            self._gap(item.path, State.SKIPPED, "too_much", detail)
            return
        self.states.append(FileState(item.path, State.ANALYSED, "read"))
        for name in readers:
            self.inputs[name].append(item)

    def _gap(self, path: str, state: State, reason: str, detail: str, *, line: int | None = None) -> None:
        self.states.append(FileState(path, state, reason))
        self.gaps.append(Gap(path=path, state=state, reason=reason, detail=detail, line=line))


def _read(real: str, path: str) -> tuple[Blob, bytes]:
    """The file and its bytes; of one over the cap only the head, so that a huge one costs nothing."""
    with opened(real) as file:
        status = os.fstat(file.fileno())
        large = status.st_size > MAX_BYTES
        data = file.read(HEAD if large else status.st_size + 1)
    if not large and len(data) != status.st_size:
        raise OSError("changed while it was read; scan again")
    return Blob.of(real, path, data, status), data
