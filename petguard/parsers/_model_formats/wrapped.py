"""Pickles inside something else: members of zip and tar archives, and what was compressed twice.

An archive counts as a model when a pickle in it does. Only its list and the first bytes of its members are read, and
of members that begin like a pickle what they hold, up to bounds; nothing is unpacked to disk.
"""

import bz2
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO, cast

from petguard.blobs import Blob
from petguard.errors import UnreadableInput
from petguard.parsers._model_file import MAX_READ, Description, Format
from petguard.parsers._model_formats._opcodes import Scan, scan

_DEEPEST = 3  # wrappers in wrappers
_MOST_MEMBERS = 1_000
_TOO_MANY = "more members than are looked at"
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_PICKLE_NAME = re.compile(r"(?i)(?:.*/)?(?:[^/]*\.(?:pkl|pickle|joblib|dill|sav)|pickle)")
_MODEL_NAME = re.compile(r"(?i)(?:.*/)?(?:[^/]*\.nemo|model[\w.-]*\.tar(?:\.gz)?|[^/]*\.(?:pt|pth|ckpt)(?:\.tar)?)")
_NEVER = re.compile(r"(?i).*\.(?:docx|xlsx|pptx|jar|war|apk|whl|egg|odt|ods|epub|nupkg|vsix)")
_ZIP, _TAR = rb"PK\x03\x04", rb".{257}ustar"
_PACKED: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (rb"\x1f\x8b\x08", lambda raw: zlib.decompressobj(47).decompress(raw, MAX_READ)),
    (rb"\x78[\x01\x5e\x9c\xda]", lambda raw: zlib.decompressobj().decompress(raw, MAX_READ)),
    (rb"BZh[1-9]", lambda raw: bz2.BZ2Decompressor().decompress(raw, MAX_READ)),
    (rb"\xfd7zXZ\0", lambda raw: lzma.LZMADecompressor(memlimit=MAX_READ * 4).decompress(raw, MAX_READ)),
)
_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, ValueError, RuntimeError, NotImplementedError),
)


@dataclass(frozen=True)
class _Found:
    """The pickles of an archive together, in which members, and whether all of it was looked at."""

    scan: Scan
    members: tuple[str, ...]
    whole: bool


@lru_cache(maxsize=64)
def _found(blob: Blob) -> _Found:
    scans: list[tuple[str, Scan]] = []
    whole = True
    try:
        with blob.opened() as file:
            for name, each in _inside(blob.path.rpartition("/")[2], cast("IO[bytes]", file), 0):
                scans.append((name, each))
    except _BROKEN:
        whole = False
    risky = [(name, each) for name, each in scans if each.is_model(name.rpartition("/")[2])]
    imports = frozenset(one for _, each in risky for one in each.imports)
    complete = whole and all(each.complete for _, each in risky)
    return _Found(Scan(imports, complete=complete), tuple(name for name, _ in risky), whole)


def _inside(name: str, file: IO[bytes], depth: int) -> Iterator[tuple[str, Scan]]:
    """Every pickle in a file, with the name of the member that it is."""
    head = file.read(512)
    file.seek(0)
    if re.match(_ZIP, head) and depth < _DEEPEST:
        yield from _in_zip(file, depth)
    elif re.match(_TAR, head, re.DOTALL) and depth < _DEEPEST:
        yield from _in_tar(file, depth)
    elif _PICKLE.match(head) or (depth and _PICKLE_NAME.fullmatch(name) and head):
        content = file.read(MAX_READ)
        yield name, scan(io.BytesIO(content), len(content))
    elif depth < _DEEPEST and (unpack := next((way for magic, way in _PACKED if re.match(magic, head)), None)):
        yield from _inside(name, io.BytesIO(unpack(file.read(MAX_READ))), depth + 1)


def _in_zip(file: IO[bytes], depth: int) -> Iterator[tuple[str, Scan]]:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for member in members[:_MOST_MEMBERS]:
            if not member.is_dir() and not member.flag_bits & 1:
                with archive.open(member) as held:
                    yield from _member(member.filename, held, depth)
        if len(members) > _MOST_MEMBERS:
            raise ValueError(_TOO_MANY)


def _in_tar(file: IO[bytes], depth: int) -> Iterator[tuple[str, Scan]]:
    with closing(tarfile.open(fileobj=file, mode="r:")) as archive:
        for count, member in enumerate(archive):
            held = archive.extractfile(member) if member.isreg() else None
            if held is not None:
                yield from _member(member.name, held, depth)
            if count >= _MOST_MEMBERS:
                raise ValueError(_TOO_MANY)


def _member(name: str, held: IO[bytes], depth: int) -> Iterator[tuple[str, Scan]]:
    """The pickles of one member; only what begins like one, or is called like one, is read any further."""
    head = held.read(512)
    begins = _PICKLE.match(head) or re.match(_ZIP, head) or _PICKLE_NAME.fullmatch(name)
    if begins:
        yield from _inside(name, io.BytesIO(head + held.read(MAX_READ)), depth + 1)


def _is_model(blob: Blob) -> bool:
    if _NEVER.fullmatch(blob.path):
        return False
    found = _found(blob)
    return bool(found.members) or (not found.whole and _MODEL_NAME.fullmatch(blob.path) is not None)


def _is_packed_model(blob: Blob) -> bool:
    """A compressed tar, or what is compressed again: a pickle that is compressed once is told elsewhere."""
    unpack = next((way for magic, way in _PACKED if re.match(magic, blob.head)), None)
    try:
        begins = unpack(blob.part(0, 1_000_000))[:512] if unpack else b""
    except _BROKEN:
        return False
    again = any(re.match(magic, begins) for magic, _ in _PACKED)
    return (again or re.match(_TAR, begins, re.DOTALL) is not None) and _is_model(blob)


def _describe(blob: Blob) -> Description:
    found = _found(blob)
    described = found.scan.description(serialisation="pickle in an archive")
    if found.members:
        return replace(described, details={**described.details, "members": found.members[:30]})
    raise UnreadableInput("an archive that could not be read to its end")


_FOREIGN = re.compile(r"(?i).*\.(?:pkl|pickle|joblib|dill|pt|pth|ckpt|sav)(?:\.(?:lz4|zstd?))?")


def _is_foreign(blob: Blob) -> bool:
    return _FOREIGN.fullmatch(blob.path) is not None


def _foreign(_: Blob) -> Description:
    raise UnreadableInput("compressed with LZ4 or Zstandard, which is not read here")


FORMATS = (
    Format("archive of pickles (zip)", r"PK\x03\x04", _describe, _is_model, unsafe=True),
    Format("archive of pickles (tar)", r".{257}ustar", _describe, _is_model, unsafe=True),
    Format(
        "pickles, compressed more than once or in an archive",
        "|".join(f"(?:{magic.decode('latin-1')})" for magic, _ in _PACKED),
        _describe,
        _is_packed_model,
        unsafe=True,
    ),
    Format("pickle (compressed)", r"\x04\x22\x4d\x18|\x28\xb5\x2f\xfd", _foreign, _is_foreign, unsafe=True),
)
