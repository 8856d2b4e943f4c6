"""Zip archives that hold a model: PyTorch's, Keras's own, and NumPy's with arrays of objects.

Of an archive the list of members is read, and of the members that matter what they hold, up to bounds; nothing is
unpacked to disk.
"""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from typing import IO, cast

from petguard.blobs import Blob
from petguard.errors import UnreadableInput
from petguard.parsers._model_file import MAX_READ, Description, Format
from petguard.parsers._model_formats import keras
from petguard.parsers._model_formats._opcodes import Scan, scan
from petguard.parsers._model_formats.pickles import header_of_array

_LONGEST_LIST = 4_000_000  # bytes of the list of members; some 40,000 of them
_MOST_ARRAYS = 1_000
_BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
)


class _Capped:
    """A file that refuses to hand out more at once than the list of members of an honest archive needs."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def read(self, length: int = -1) -> bytes:
        """The bytes, or an UnreadableInput."""
        found = self._file.read(_LONGEST_LIST + 1 if length < 0 else min(length, _LONGEST_LIST + 1))
        if len(found) > _LONGEST_LIST:
            raise UnreadableInput("an archive with too many members", reason="too_large")
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """As of any file."""
        return True


@contextmanager
def _archive(blob: Blob) -> Iterator[zipfile.ZipFile]:
    with blob.opened() as file:
        try:
            with zipfile.ZipFile(cast("IO[bytes]", _Capped(file))) as archive:
                yield archive
        except _BROKEN as error:
            raise UnreadableInput(f"a broken archive: {error}") from error


def _names(blob: Blob) -> tuple[str, ...]:
    """The members; of an archive without a readable list the first, which stands at the start of the file."""
    try:
        with _archive(blob) as archive:
            return tuple(archive.namelist())
    except UnreadableInput:
        return (_first(blob),)


def _first(blob: Blob) -> str:
    return blob.part(30, int.from_bytes(blob.part(26, 2), "little")).decode("utf-8", "replace")


def _content(archive: zipfile.ZipFile, name: str) -> tuple[bytes, bool]:
    """What a member holds, and whether that is all: a bomb is not blown up."""
    with archive.open(name) as member:
        found = member.read(MAX_READ + 1)
    return found[:MAX_READ], len(found) <= MAX_READ


_MARKS = frozenset({"version", "byteorder", ".format_version", "constants.pkl", ".data/serialization_id"})


def _is_torch(blob: Blob) -> bool:
    """A pickle of the name that PyTorch gives it, beside what else PyTorch writes."""
    names = _names(blob)
    for folder in {name.removesuffix("data.pkl") for name in names if f"/{name}".endswith("/data.pkl")}:
        beside = {name.removeprefix(folder) for name in names if name.startswith(folder)}
        if len(names) == 1 or beside & _MARKS or any(name.startswith("data/") for name in beside):
            return True
    return False


def _torch(blob: Blob) -> Description:
    with _archive(blob) as archive:
        names = archive.namelist()
        found = _all(_scan(archive, name) for name in names if name.endswith(".pkl"))
    # The code of TorchScript cannot reach Python; its pickles are judged like any other.
    script = any("/code/" in name for name in names)
    return found.description(serialisation="TorchScript" if script else "pickle")


def torch_pickle(blob: Blob) -> tuple[bytes, bool] | None:
    """The pickle of a PyTorch archive, up to a bound, and whether that is all of it; None for any other file."""
    if re.match(_MAGIC.encode("latin-1"), blob.head) is None or not _is_torch(blob):
        return None
    with _archive(blob) as archive:
        name = min((name for name in archive.namelist() if f"/{name}".endswith("/data.pkl")), key=len)
        return _content(archive, name)


def _scan(archive: zipfile.ZipFile, name: str) -> Scan:
    content, complete = _content(archive, name)
    found = scan(BytesIO(content), len(content))
    return Scan(found.imports, complete=complete and found.complete)


def _all(scans: Iterable[Scan]) -> Scan:
    found = list(scans)
    imports = frozenset(each for one in found for each in one.imports)
    return Scan(imports, complete=bool(found) and all(one.complete for one in found))


def _is_keras(blob: Blob) -> bool:
    """Two members of these names; of an archive that is cut off, one of them and the usual extension."""
    both, names = {"config.json", "metadata.json"}, set(_names(blob))
    return both <= names or (len(names) == 1 and names < both and blob.path.endswith(".keras"))


def _keras(blob: Blob) -> Description:
    with _archive(blob) as archive:
        config, complete = _content(archive, "config.json")
        metadata, _ = _content(archive, "metadata.json")
    if not complete:
        raise UnreadableInput("config.json is larger than any model needs", reason="too_large")
    return keras.described(config, keras.version(metadata))


def _object_arrays(blob: Blob) -> Scan | None:
    """The pickles in an archive of NumPy arrays; None when every array is one of numbers."""
    with _archive(blob) as archive:
        names = archive.namelist()
        if not names or not all(name.endswith(".npy") for name in names):
            return None
        found = [each for name in names[:_MOST_ARRAYS] if (each := _object_array(archive, name)) is not None]
    return _all(found) if found else None


def _object_array(archive: zipfile.ZipFile, name: str) -> Scan | None:
    with archive.open(name) as member:
        start = member.read(12)
        offset, length = header_of_array(start)
        header = start[offset:] + member.read(max(length - len(start[offset:]), 0))
        content = member.read(MAX_READ) if b"|O" in header else b""
    return scan(BytesIO(content), len(content)) if content else None


def _is_npz(blob: Blob) -> bool:
    if not _first(blob).endswith(".npy"):
        return False
    try:
        found = _object_arrays(blob)
    except UnreadableInput:
        return False
    return found is not None and found.is_model(blob.path.rpartition("/")[2])


def _npz(blob: Blob) -> Description:
    found = _object_arrays(blob)
    assert found is not None, f"{blob.path} held objects a moment ago"
    return found.description(serialisation="pickle")


_MAGIC = r"PK\x03\x04"

FORMATS = (
    Format("PyTorch", _MAGIC, _torch, _is_torch, unsafe=True),
    Format("Keras", _MAGIC, _keras, _is_keras, unsafe=True),
    Format("NumPy arrays of objects", _MAGIC, _npz, _is_npz, unsafe=True),
)
