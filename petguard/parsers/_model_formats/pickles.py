"""Pickles under their own name, in joblib's form, compressed, behind a NumPy header, and PyTorch's older form."""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from io import BytesIO

from petguard.blobs import Blob
from petguard.parsers._model_file import MAX_READ, Description, Format
from petguard.parsers._model_formats._opcodes import JOBLIB, Scan, scan

_LONGEST_HEADER = 1_000_000
_PACKED_BLOCK = 1_000_000  # bytes without which bzip2 gives nothing
_LATER = re.compile(
    rb"c([A-Za-z_][\w.]{0,80})\n([A-Za-z_][\w.]{0,80})\n"
    rb"|\x8c.([A-Za-z_][\w.]{1,80})\x94?\x8c.(\w{1,80})\x94?\x93",
    re.DOTALL,
)


def _behind_arrays(rest: bytes) -> Iterator[str]:
    """Imports in what follows the numbers that joblib writes in between: found by their shape."""
    for found in _LATER.finditer(rest):
        module, name = found[1] or found[3], found[2] or found[4]
        yield f"{module.decode('latin-1')}.{name.decode('latin-1')}"


@lru_cache(maxsize=64)
def _scanned(blob: Blob) -> Scan:
    with blob.opened() as file:
        packed = _unpacked(blob, MAX_READ)
        found = scan(file, blob.size) if packed is None else scan(BytesIO(packed), len(packed))
        if JOBLIB in found.imports and not found.complete:
            file.seek(0)
            rest = file.read(MAX_READ) if packed is None else packed
            found = Scan(found.imports | frozenset(_behind_arrays(rest)), complete=False)
    return found


def _unpacked(blob: Blob, most: int) -> bytes | None:
    """What a compressed pickle begins with, up to a bound that no bomb passes; None when it is not compressed."""
    for magic, decompressor in _COMPRESSED:
        if re.match(magic, blob.head, re.DOTALL):
            try:
                return decompressor(blob.part(0, max(most, _PACKED_BLOCK)), most)
            except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError):
                return None
    return None


_COMPRESSED: tuple[tuple[bytes, Callable[[bytes, int], bytes]], ...] = (
    (rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", lambda packed, most: zlib.decompressobj(47).decompress(packed, most)),
    (rb"BZh[1-9]", lambda packed, most: bz2.BZ2Decompressor().decompress(packed, most)),
    (
        rb"\xfd7zXZ\0|\x5d\0\0",
        lambda packed, most: lzma.LZMADecompressor(memlimit=MAX_READ * 4).decompress(packed, most),
    ),
)


def _is_model(blob: Blob) -> bool:
    return _scanned(blob).is_model(blob.path.rpartition("/")[2])


def _is_text_model(blob: Blob) -> bool:
    found = _scanned(blob)
    return _is_model(blob) and (found.complete or bool(found.dangerous))


def _is_packed_model(blob: Blob) -> bool:
    begins = _unpacked(blob, 64)
    return begins is not None and re.match(rb"\x80[\x02-\x05]", begins) is not None and _is_model(blob)


def _describe(blob: Blob) -> Description:
    found = _scanned(blob)
    if JOBLIB not in found.imports:
        return found.description(serialisation="pickle")
    # The numbers in between are no opcodes, so joblib's files never end like a pickle.
    return replace(found.description(serialisation="joblib"), doubts=())


_TORCH = rb"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def _describe_torch(blob: Blob) -> Description:
    """A number, a version, what the machine is like, the object, and the keys of the numbers that follow."""
    with blob.opened() as file:
        return scan(file, blob.size, least=5).description(serialisation="pickle")


def _object_array(blob: Blob) -> Scan | None:
    """The pickle behind the header of an array of objects; None for an array of numbers."""
    offset, length = header_of_array(blob.part(0, 12))
    if b"|O" not in blob.part(offset, length):
        return None
    with blob.opened() as file:
        file.seek(offset + length)
        return scan(file, blob.size)


def header_of_array(start: bytes) -> tuple[int, int]:
    """Where the header of a NumPy array starts, and its length, from the first twelve bytes of the file."""
    offset = 10 if start[6:7] == b"\x01" else 12
    return offset, min(int.from_bytes(start[8:offset], "little"), _LONGEST_HEADER)


def _is_object_array(blob: Blob) -> bool:
    found = _object_array(blob)
    return found is not None and found.is_model(blob.path.rpartition("/")[2])


def _describe_array(blob: Blob) -> Description:
    found = _object_array(blob)
    assert found is not None, f"{blob.path} held objects a moment ago"
    return found.description(serialisation="pickle")


FORMATS = (
    Format("PyTorch (legacy)", _TORCH.decode("latin-1"), _describe_torch, unsafe=True),
    Format("pickle", r"\x80[\x02-\x05]", _describe, _is_model, unsafe=True),
    # Older protocols are text and begin like much else.
    Format(
        "pickle",
        r"c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n|\((?:[ldt]p?\d*\n|[ic][A-Za-z_][\w.]*\n)|[\])}(](?:q|p\d*\n|c[A-Za-z_])",
        _describe,
        _is_text_model,
        unsafe=True,
    ),
    Format(
        "pickle (compressed)",
        r"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ\0|\x5d\0\0",
        _describe,
        _is_packed_model,
        unsafe=True,
    ),
    Format("NumPy array of objects", r"\x93NUMPY", _describe_array, _is_object_array, unsafe=True),
)
