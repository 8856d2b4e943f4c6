"""safetensors: eight bytes with the length of a JSON header, the header, and the numbers."""

import struct
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from petguard.blobs import Blob
from petguard.documents import read_json
from petguard.errors import UnreadableInput
from petguard.model import Detail
from petguard.parsers._model_file import Description, Format, named, origins, shown

_LARGEST = 100_000_000  # of a header; the library takes no larger one


def _length(blob: Blob) -> int:
    return int(struct.unpack("<Q", blob.part(0, 8))[0])


def _confirm(blob: Blob) -> bool:
    """A header that begins like JSON of this shape; whether it is whole is seen later."""
    start = blob.part(8, 600)
    return _length(blob) <= _LARGEST and (b'"__metadata__"' in start or (b'"dtype"' in start and b'"shape"' in start))


def _describe(blob: Blob) -> Description:
    length = _length(blob)
    if 8 + length > blob.size:
        raise UnreadableInput(f"the header of {length:,} bytes is cut off", reason="truncated")
    header = read_json(blob.part(8, length).decode("utf-8", "replace")).value
    said = header.pop("__metadata__", {})
    tensors = [each for each in header.values() if isinstance(each, dict)]
    end = max((_end(each) for each in tensors), default=0)
    cut = (f"{8 + length + end - blob.size:,} bytes are missing at the end",) if 8 + length + end > blob.size else ()
    texts = {key: value for key, value in said.items() if isinstance(value, str)} if isinstance(said, dict) else {}
    datasets, bases = origins(texts)
    return Description(_details(tensors, texts), doubts=cut, datasets=datasets, bases=bases)


def _end(tensor: Mapping[str, Any]) -> int:
    offsets = tensor.get("data_offsets")
    return max((each for each in offsets if isinstance(each, int)), default=0) if isinstance(offsets, list) else 0


def _details(tensors: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> dict[str, Detail]:
    shapes = [each["shape"] for each in tensors if isinstance(each.get("shape"), list)]
    counted = sum(prod(shape) for shape in shapes if all(isinstance(size, int) for size in shape))
    return named(
        {
            "tensors": len(tensors),
            "parameters": counted,
            "dtypes": tuple(sorted({shown(str(each.get("dtype"))) for each in tensors})[:20]),
            "architecture": texts.get("modelspec.architecture"),
            "license": texts.get("license") or texts.get("modelspec.license"),
            "metadata": tuple(shown(f"{key}={value}") for key, value in sorted(texts.items())[:20]),
        }
    )


FORMATS = (Format("safetensors", r".{4}\0{4}\{", _describe, _confirm),)
