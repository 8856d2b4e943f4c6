"""GGUF, the format of llama.cpp: a header, typed keys and values, and the list of tensors."""

import re
import struct
from io import BufferedReader
from math import prod
from typing import Any

from petguard.blobs import Blob
from petguard.errors import UnreadableInput
from petguard.parsers._model_file import MAX_READ, Description, Format, named, names

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_MOST = 2_000_000  # values; a vocabulary has some hundred thousand
_LONGEST = 1_000_000  # of a text that is kept
_KEPT = 100  # items of a list
# The values of `general.file_type`: how most of the weights are stored.
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip


def _describe(blob: Blob) -> Description:
    with blob.opened() as file:
        reader = _Reader(file, blob)
        tensors, pairs = reader.numbers("QQ" if reader.version > 1 else "II")
        values = dict(reader.pair() for _ in range(min(pairs, _MOST)))
        parameters = sum(reader.tensor() for _ in range(min(tensors, _MOST)))
    general = {key.removeprefix("general."): value for key, value in values.items() if key.startswith("general.")}
    kind = general.get("file_type")
    texts = ("name", "architecture", "license", "author", "organization", "size_label", "quantized_by", "repo_url")
    return Description(
        named(
            {
                **{key: general[key] for key in texts if isinstance(general.get(key), str)},
                "quantisation": _FILE_TYPES.get(kind, str(kind)) if isinstance(kind, int) else None,
                "tensors": tensors,
                "parameters": parameters,
                "format_version": reader.version,
                "chat_template": "tokenizer.chat_template" in values,
            }
        ),
        datasets=names((*_list(general.get("datasets")), *_numbered(general, "dataset"))),
        bases=names(_numbered(general, "base_model")),
    )


def _list(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _numbered(general: dict[str, Any], key: str) -> list[str]:
    """What is described by `<key>.<number>.<part>`: by its address, which says more than its name."""
    found: dict[str, str] = {}
    for part in ("name", "url", "repo_url"):
        shape = re.compile(rf"{key}\.(?P<number>\d+)\.{part}")
        told = {match["number"]: text for name, text in general.items() if (match := shape.fullmatch(name))}
        found |= {number: text for number, text in told.items() if isinstance(text, str) and text}
    return [found[number] for number in sorted(found)]


class _Reader:
    """Reads one thing after the other, and stops where the file ends or becomes absurd."""

    def __init__(self, file: BufferedReader, blob: Blob) -> None:
        self._file, self._size, self._count = file, blob.size, 0
        raw = blob.part(4, 4)
        self._order = ">" if raw[:2] == b"\0\0" else "<"
        file.seek(8)
        self.version: int = struct.unpack(self._order + "I", raw)[0]

    def numbers(self, kinds: str) -> tuple[Any, ...]:
        """As many numbers as there are letters in `kinds`."""
        wanted = struct.calcsize("=" + kinds)
        return struct.unpack(self._order + kinds, self._bytes(wanted))

    def pair(self) -> tuple[str, Any]:
        """A key and its value; of a list only the first texts."""
        key = self._text()
        return key, self._value(self.numbers("I")[0], 0)

    def tensor(self) -> int:
        """How many numbers the next tensor has."""
        self._text()
        shape = self.numbers("Q" * min(self.numbers("I")[0], 8))
        self.numbers("IQ")
        return prod(shape)

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _NUMBERS:
            return self.numbers(_NUMBERS[kind])[0]
        if kind == _TEXT:
            return self._text()
        if kind != _LIST or depth > 3:
            raise UnreadableInput(f"a value of the unknown kind {kind}")
        inner, length = self.numbers("IQ" if self.version > 1 else "II")
        if inner in _NUMBERS:
            self._skip(length * struct.calcsize("=" + _NUMBERS[inner]))
            return None
        kept: list[Any] = []
        for _ in range(self._counted(length)):
            value = self._value(inner, depth + 1)
            if len(kept) < _KEPT:
                kept.append(value)
        return kept

    def _text(self) -> str:
        length: int = self.numbers("Q" if self.version > 1 else "I")[0]
        if length > _LONGEST:
            self._skip(length)
            return ""
        return self._bytes(length).decode("utf-8", "replace")

    def _counted(self, length: int) -> int:
        self._count += length
        if self._count > _MOST:
            raise UnreadableInput(f"more than {_MOST:,} values before the tensors", reason="too_large")
        return length

    def _skip(self, length: int) -> None:
        if length > min(self._size - self._file.tell(), MAX_READ):
            raise UnreadableInput("the list of values is cut off or absurdly long", reason="truncated")
        self._file.seek(length, 1)

    def _bytes(self, length: int) -> bytes:
        found = self._file.read(length)
        if len(found) != length:
            raise UnreadableInput("the file ends within its header", reason="truncated")
        return found


FORMATS = (Format("GGUF", r"GGUF(?:[\x01-\x09]\0{3}|\0{3}[\x01-\x09])", _describe),)
