"""Formats that give themselves away at once: TFLite, gradient-boosted trees, old llama.cpp files, and LFS pointers."""

import re
from pathlib import PurePosixPath

from petguard.blobs import Blob
from petguard.errors import UnreadableInput
from petguard.parsers._model_file import Description, Format, named

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>\d{1,15})\n?"
)
_LIKELY = re.compile(
    r"(?i).*\.(?:safetensors|gguf|ggml|onnx|pt|pth|ckpt|keras|h5|tflite|mlmodel|joblib|cbm|sav)"
    r"|(?:pytorch_model|model|adapter_model|diffusion_pytorch_model|training_args|saved_model)[\w.-]*\.(?:bin|pkl|pb|json|txt)"
)


def _nothing(_: Blob) -> Description:
    return Description()


def _lightgbm(blob: Blob) -> Description:
    head = blob.part(0, 4_000).decode("utf-8", "replace")
    found = dict(re.findall(r"(?m)^(version|objective|num_class|max_feature_idx)=(.{1,80})$", head))
    return Description(named(found))


def _xgboost(blob: Blob) -> Description:
    tail = blob.part(max(0, blob.size - 200), 200).decode("utf-8", "replace")
    found = re.search(r'"version": ?\[(\d+), ?(\d+), ?(\d+)\]', tail)
    return Description(named({"library_version": ".".join(found.groups()) if found else None}))


def _is_pointer(blob: Blob) -> bool:
    """Whether a pointer stands for a model can only be told by its name: the content is elsewhere."""
    return _LIKELY.fullmatch(PurePosixPath(blob.path).name) is not None and blob.size < 1_024


def _pointer(blob: Blob) -> Description:
    found = _POINTER.fullmatch(blob.part(0, 1_024))
    if found is None:
        raise UnreadableInput("a Git LFS pointer that names no content")
    stands_for = PurePosixPath(blob.path).suffix.lower().removeprefix(".")
    return Description(
        {
            "lfs": True,
            "stands_for": stands_for,
            "sha256": found["oid"].decode(),
            "size_bytes": int(found["size"]),
        }
    )


FORMATS = (
    Format("TFLite", r".{4}TFL3", _nothing),
    Format("CatBoost", r"CBM1", _nothing),
    Format("LightGBM", r"tree\nversion=v\d", _lightgbm),
    Format("XGBoost", r'\{"learner": ?\{|\{[iUIlL]\0*\x07learner\{', _xgboost),
    Format("GGML", r"lmgg|fmgg|tjgg|algg", _nothing),
    Format("Git LFS pointer", r"version https://git-lfs\.github\.com/spec/", _pointer, _is_pointer),
)
