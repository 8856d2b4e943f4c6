"""Models in protocol buffers, which have no magic number: ONNX, Core ML and TensorFlow's SavedModel.

Only the outermost fields are walked; what they hold is passed over by its length, however large it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from petguard.blobs import Blob
from petguard.parsers._model_file import Description, Format, named, origins, shown

_MOST = 10_000  # fields of one message
_LONGEST = 10_000  # of a text that is read
_ONNX = frozenset({*range(1, 9), 14, 20, 25, 26, 30})
_IN_GRAPH = (b"\x0a", b"\x12", b"\x2a", b"\x5a", b"\x62")  # node, name, initializer, input or output comes first
_CORE_ML = frozenset({*range(200, 203), *range(300, 305), *range(400, 405), *range(500, 503), 550, 555, 556, 560}) | {
    *range(600, 611), 900, *range(2000, 2006), 3000,
}  # fmt: skip
_OWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"})


@dataclass
class _Message:
    """The fields of one message: numbers by their value, everything else by where it lies."""

    numbers: dict[int, int] = field(default_factory=dict)
    parts: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    cut: bool = False  # the last part goes on behind the end
    sound: bool = True  # not only by chance like a message

    @property
    def fields(self) -> frozenset[int]:
        """The numbers of the fields that are there."""
        return frozenset(self.numbers) | frozenset(self.parts)


def _message(blob: Blob, start: int, end: int) -> _Message:
    found = _Message()
    at = start
    for _ in range(_MOST):
        if not 0 <= at < end:
            break
        key, at = _varint(blob, at)
        number, kind = key >> 3, key & 7
        if at < 0 or number == 0 or kind not in (0, 1, 2, 5):
            found.sound = False
            return found
        if kind == 0:
            found.numbers[number], at = _varint(blob, at)
        elif kind == 2:
            length, at = _varint(blob, at)
            found.parts[number].append((at, min(length, end - at)))
            at += length
        else:
            at += 8 if kind == 1 else 4
    found.sound, found.cut = at >= 0, at > end
    return found


def _varint(blob: Blob, at: int) -> tuple[int, int]:
    """A number of seven bits a byte; -1 as its end when it does not end."""
    value = 0
    for index, byte in enumerate(blob.part(at, 10)):
        value |= (byte & 127) << (7 * index)
        if byte < 128:
            return value, at + index + 1
    return value, -1


def _whole(blob: Blob) -> _Message:
    return _message(blob, 0, blob.size)


def _texts(blob: Blob, message: _Message, number: int) -> Iterator[str]:
    for start, length in message.parts.get(number, ()):
        yield blob.part(start, min(length, _LONGEST)).decode("utf-8", "replace")


def _text(blob: Blob, message: _Message, number: int) -> str:
    return next(_texts(blob, message, number), "")


def _is_onnx(blob: Blob) -> bool:
    found = _whole(blob)
    told = found.sound and found.fields <= _ONNX and {1, 7} <= found.fields and (8 in found.fields or found.cut)
    return told and all(
        blob.part(start, 1) in (b"\x0a", b"\x12", b"\x2a", b"\x5a", b"\x62") for start, _ in found.parts[7]
    )


def _onnx(blob: Blob) -> Description:
    found = _whole(blob)
    sets = [_message(blob, start, start + length) for start, length in found.parts.get(8, ())]
    versions = {_text(blob, each, 1): each.numbers.get(2, 0) for each in sets}
    listed = (f"{domain or 'ai.onnx'} {version}" for domain, version in sorted(versions.items()))
    own = tuple(sorted(shown(domain) for domain in versions if domain not in _OWN_DOMAINS))
    details = named(
        {
            "producer": " ".join(filter(None, (_text(blob, found, 2), _text(blob, found, 3)))),
            "ir_version": found.numbers[1],
            "operator_sets": tuple(map(shown, listed)),
            "custom_operator_sets": own,
            "description": _text(blob, found, 6),
        }
    )
    entries = [_message(blob, start, start + length) for start, length in found.parts.get(14, ())]
    datasets, bases = origins({_text(blob, each, 1): _text(blob, each, 2) for each in entries})
    doubts = ("the graph is cut off",) if found.cut else ()
    return Description(details, doubts=doubts, datasets=datasets, bases=bases)


def _is_core_ml(blob: Blob) -> bool:
    found = _whole(blob)
    kinds = found.fields & _CORE_ML
    return found.sound and {1, 2} <= found.fields and len(kinds) == 1 and found.fields <= kinds | {1, 2, 10}


def _core_ml(blob: Blob) -> Description:
    found = _whole(blob)
    start, length = found.parts[2][0] if found.parts.get(2) else (0, 0)
    description = _message(blob, start, start + length)
    said = [_message(blob, at, at + size) for at, size in description.parts.get(100, ())]
    details: dict[str, object] = {"specification_version": found.numbers.get(1, 0)}
    for each in said[:1]:
        names = {1: "description", 2: "version", 3: "author", 4: "license"}
        details |= {name: _text(blob, each, number) for number, name in names.items()}
    # A custom model or layer is code of the application that loads it; none comes with the file.
    return Description(named(details), doubts=("the model is cut off",) if found.cut else ())


def _is_saved_model(blob: Blob) -> bool:
    found = _whole(blob)
    if not found.sound or found.fields != {1, 2} or found.numbers.get(1) != 1 or not found.parts.get(2):
        return False
    start, length = found.parts[2][0]
    graph = _message(blob, start, start + length)
    return graph.sound and {1, 2} <= graph.fields <= frozenset(range(1, 9))


def _saved_model(blob: Blob) -> Description:
    found = _whole(blob)
    graphs = [_message(blob, start, start + length) for start, length in found.parts[2]]
    metas = [_message(blob, start, start + length) for each in graphs for start, length in each.parts.get(1, ())]
    details = named(
        {
            "tensorflow_version": next((_text(blob, each, 5) for each in metas), ""),
            "tags": tuple(shown(tag) for each in metas for tag in _texts(blob, each, 4)),
        }
    )
    return Description(details, doubts=("the graph is cut off",) if found.cut else ())


FORMATS = (
    Format("ONNX", r"\x08[\x01-\x1e][\x12\x1a\x22\x28\x32\x3a\x42]", _onnx, _is_onnx),
    Format("Core ML", r"\x08[\x01-\x1e]\x12", _core_ml, _is_core_ml),
    Format("TensorFlow SavedModel", r"\x08\x01\x12", _saved_model, _is_saved_model),
)
