"""Keras models: what their configuration says, in the new archive and in HDF5. A Lambda layer is Python code."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from petguard.blobs import Blob
from petguard.documents import read_json
from petguard.errors import UnreadableInput
from petguard.parsers._model_file import Description, Format, named, shown

_WINDOW = 8_000_000  # bytes at the start of an HDF5 file, where the attributes stand
_TAIL = 1_000_000
_MARKS = re.compile(rb"keras_version|model_config|layer_names|_layer_checkpoint_dependencies")
_CONFIG = re.compile(rb'\{"(?:class_name|module|name)": ?"')
_LAMBDA = re.compile(rb'"class_name": ?"Lambda"')
_VERSION = re.compile(rb"\d{1,4}+\.\d{1,6}+\.\d{1,9}+[\w.-]{0,40}")
_CODE = ("Lambda", "__lambda__")
_OWN = ("keras", "builtins", "tensorflow.keras", "tf_keras")


def described(config: bytes, keras_version: str | None) -> Description:
    """The layers of a configuration, and which of them are code."""
    found = list(_objects(read_json(config.decode("utf-8", "replace")).value))
    classes = {shown(str(each["class_name"])) for each in found}
    modules = {str(each.get("module") or "") for each in found}
    custom = {shown(each) for each in modules if each and not each.startswith(_OWN)}
    details = named(
        {
            "keras_version": keras_version,
            "layers": tuple(sorted(classes)[:30]),
            "custom_modules": tuple(sorted(custom)[:30]),
        }
    )
    # Loading imports what a custom module names; a Lambda layer brings its code along.
    return Description(details, runs_code=not classes.isdisjoint(_CODE) or bool(custom))


def version(metadata: bytes) -> str | None:
    """What `metadata.json` says about the version that wrote the model."""
    said = read_json(metadata.decode("utf-8", "replace")).value
    found = said.get("keras_version") if isinstance(said, dict) else None
    return found if isinstance(found, str) else None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a configuration that names its class."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            pending += each.values()
            if isinstance(each.get("class_name"), str):
                yield each
        elif isinstance(each, list):
            pending += each


def _attributes(blob: Blob) -> bytes:
    start = blob.part(0, _WINDOW)
    return start + blob.part(max(_WINDOW, blob.size - _TAIL), _TAIL)


def _is_keras(blob: Blob) -> bool:
    return _MARKS.search(_attributes(blob)) is not None


def _hdf5(blob: Blob) -> Description:
    """HDF5 is not read as such: the configuration is one long JSON text in it."""
    raw = _attributes(blob)
    after = raw.find(b"keras_version")
    number = _VERSION.search(raw, after, after + 500) if after >= 0 else None
    said = number[0].decode("ascii", "replace") if number else None
    for found in islice(_CONFIG.finditer(raw), 5):
        try:
            _, end = json.JSONDecoder().raw_decode(text := raw[found.start() :].decode("latin-1"))
        except (ValueError, RecursionError):
            continue
        return described(text[:end].encode("latin-1"), said)
    if _LAMBDA.search(raw):
        return Description(named({"keras_version": said, "layers": ("Lambda",)}), runs_code=True)
    if b"model_config" in raw:
        raise UnreadableInput("the model's configuration is there but could not be read")
    return Description(named({"keras_version": said, "holds": "weights only"}))


FORMATS = (Format("Keras (HDF5)", r"\x89HDF\r\n\x1a\n", _hdf5, _is_keras, unsafe=True),)
