"""Model files by content: kind, size, hash, metadata, and whether loading them runs code; tiny files made here."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import pickle
import struct
import tempfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.blobs import Blob
from petguard.collect import collect
from petguard.errors import NothingToScan, UnreadableInput
from petguard.model import Facts, Gap, Node, Trait
from petguard.parsers._model_formats import _opcodes
from petguard.parsers._source import together
from petguard.parsers.model_files import PARSER


def blobs(folder: Path) -> tuple[Blob, ...]:
    """The model files below a folder, as a scan takes them."""
    assert PARSER.recognises is not None
    try:
        return collect([folder], {}, probes={PARSER.name: PARSER.recognises}).blobs[PARSER.name]
    except NothingToScan:
        return ()


def examined(files: Mapping[str, bytes]) -> tuple[tuple[Node, ...], list[Gap]]:
    """The model files among these files, and what could not be read of them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        results = list(PARSER.examine(blobs(Path(folder))))
    facts = together(each for each in results if isinstance(each, Facts))
    return facts.nodes, [each for each in results if isinstance(each, Gap)]


def only(content: bytes, name: str = "picture.png") -> Node:
    """The one model file that these bytes are, whatever they are called, with nothing odd about it."""
    (node,), gaps = examined({name: content})
    assert gaps == []
    return node


def safetensors(header: object, numbers: bytes = b"") -> bytes:
    """A safetensors file."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


SAFETENSORS = safetensors(
    {
        "__metadata__": {"format": "pt", "license": "mit"},
        "w": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]},
        "b": {"dtype": "F32", "shape": [], "data_offsets": [12, 16]},
    },
    bytes(16),
)


def gguf_text(text: str) -> bytes:
    """A text as GGUF writes it."""
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf(pairs: Mapping[str, tuple[int, bytes]], tensors: bytes = b"", count: int = 0) -> bytes:
    """A GGUF file of version 3."""
    body = b"".join(gguf_text(key) + struct.pack("<I", kind) + value for key, (kind, value) in pairs.items())
    return b"GGUF" + struct.pack("<IQQ", 3, count, len(pairs)) + body + tensors


GGUF = gguf(
    {
        "general.architecture": (8, gguf_text("llama")),
        "general.name": (8, gguf_text("Tiny")),
        "general.license": (8, gguf_text("apache-2.0")),
        "general.file_type": (4, struct.pack("<I", 15)),
        "tokenizer.ggml.tokens": (9, struct.pack("<IQ", 8, 2) + gguf_text("a") + gguf_text("b")),
        "tokenizer.ggml.scores": (9, struct.pack("<IQ", 6, 2) + bytes(8)),
        "tokenizer.chat_template": (8, gguf_text("{{ messages }}")),
    },
    gguf_text("w") + struct.pack("<IQQIQ", 2, 4, 5, 0, 0),
    count=1,
)


def varint(value: int) -> bytes:
    """A number of protocol buffers."""
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def field(number: int, value: int | bytes | str) -> bytes:
    """A field of protocol buffers."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


ONNX = (
    field(1, 8)
    + field(2, "pytorch")
    + field(3, "2.5")
    + field(7, field(1, field(4, "Relu")) + field(2, "main"))
    + field(8, field(1, "") + field(2, 17))
    + field(8, field(1, "com.acme") + field(2, 1))
)
CORE_ML = field(1, 7) + field(2, field(100, field(1, "Detects cats") + field(4, "MIT"))) + field(502, b"")
SAVED_MODEL = field(1, 1) + field(2, field(1, field(4, "serve") + field(5, "2.18.0")) + field(2, b""))
TFLITE = struct.pack("<I", 28) + b"TFL3" + bytes(40)


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def calls(function: str, argument: str = "id") -> bytes:
    """A pickle of protocol 0 that calls a function when it is loaded."""
    module, _, name = function.rpartition(".")
    return f"c{module}\n{name}\n(S'{argument}'\ntR.".encode()


def imports(*names: str, protocol: int = 2) -> bytes:
    """A pickle that imports these names and does nothing with them."""
    parts = [name.rpartition(".") for name in names]
    if protocol < 4:
        body = b"".join(f"c{module}\n{name}\n0".encode() for module, _, name in parts)
    else:
        texts = [(module.encode(), name.encode()) for module, _, name in parts]
        body = b"".join(
            b"\x8c" + bytes([len(module)]) + module + b"\x94\x8c" + bytes([len(name)]) + name + b"\x94\x930"
            for module, name in texts
        )
    return b"\x80" + bytes([protocol]) + body + b"N."


STATE_DICT = imports("collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch.FloatStorage")
TORCH = zipped({"m/data.pkl": STATE_DICT, "m/data/0": bytes(8), "m/version": b"3\n"})
MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
LEGACY = MAGIC + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2) + STATE_DICT + pickle.dumps(["0"], 2)
FOREST = imports("sklearn.ensemble._forest.RandomForestClassifier", "numpy.ndarray", protocol=4)
KERAS_CONFIG = {"module": "keras", "class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}
LAMBDA = {"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": {"function": ["4wEAAAA"]}}]}
KERAS = zipped({"config.json": json.dumps(KERAS_CONFIG).encode(), "metadata.json": b'{"keras_version": "3.6.0"}'})
HDF5 = (
    b"\x89HDF\r\n\x1a\n"
    + bytes(40)
    + b"keras_version\0\0\x002.15.0\0model_config\0"
    + json.dumps(KERAS_CONFIG).encode()
)
XGBOOST = b'{"learner":{"objective":{"name":"reg"}},"version":[2,1,0]}'
LIGHTGBM = b"tree\nversion=v4\nnum_class=1\nobjective=binary\n"
EVERY = {
    "safetensors": SAFETENSORS,
    "GGUF": GGUF,
    "ONNX": ONNX,
    "Core ML": CORE_ML,
    "TensorFlow SavedModel": SAVED_MODEL,
    "TFLite": TFLITE,
    "PyTorch": TORCH,
    "PyTorch (legacy)": LEGACY,
    "pickle": FOREST,
    "pickle (compressed)": zlib.compress(FOREST),
    "Keras": KERAS,
    "Keras (HDF5)": HDF5,
    "XGBoost": XGBOOST,
    "LightGBM": LIGHTGBM,
    "CatBoost": b"CBM1" + bytes(20),
    "GGML": b"tjgg" + bytes(20),
    "XGBoost (binary)": b"{L" + bytes(7) + b"\x07learner{}",
}


@pytest.mark.parametrize("kind", EVERY)
def test_a_model_is_told_by_its_content(kind: str) -> None:
    """Kind, size and hash, under the name of a picture."""
    node = only(EVERY[kind])
    assert (node.id, node.name) == ("model_file:picture.png", "picture.png")
    assert node.details["format"] == kind.removesuffix(" (binary)")
    assert node.details["size_bytes"] == len(EVERY[kind])
    assert node.details["sha256"] == hashlib.sha256(EVERY[kind]).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"a plain text",
        b'{"learner": "a person"}',
        b"tree\nhouse\n",
        b"cat\ndog\nfish\n",
        b"GGUF" + b"\xff" * 4,
        b"\x08\x07hello",
        b"\x08\x07\x12" + b"\xff" * 20,
        b"\x08\x07\x12\0" + b"\xff" * 20,
        b"\x08\x07\x12\0\x18" + b"\xff" * 20,
        b"\x08\x07\x12\0\x59" + bytes(8) + b"\x5d" + bytes(4),
        b"\x93NUMPY\x01\0\x10\0{'descr': '<f8'}",
        zipped({"x.npy": b"", "notes.txt": b""}),
        zipped({"m/data.pkl": b"", "m/more.txt": b""}),
        b"\x89HDF\r\n\x1a\n" + bytes(100) + b"temperature",
        pickle.dumps({"a": [1, 2.5, None], "b": {"c"}}),
        pickle.dumps(np.arange(3)),
        zipped({"word/document.xml": b"<w/>"}),
        zipped({"a.npy": b"\x93NUMPY\x01\0\x10\0{'descr': '<f8'}"}),
        zipped({"config.json": b"{}"}),
        gzip.compress(b"log"),
        bz2.compress(pickle.dumps([1])),
        b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b\xff\xff",
        field(1, 3) + field(2, "a name") + field(3, "mail@example.org"),
    ],
)
@pytest.mark.parametrize("name", ["model.pt", "notes.txt"])
def test_what_is_no_model_is_none(content: bytes, name: str) -> None:
    """A name makes no model, nor does a pickle, archive, array or message of plain data."""
    assert examined({name: content}) == ((), [])


def test_safetensors_say_what_they_hold() -> None:
    """Tensors, parameters, types and the metadata of the author."""
    details = only(SAFETENSORS).details
    assert (details["tensors"], details["parameters"], details["dtypes"]) == (2, 7, ("F16", "F32"))
    assert (details["license"], details["metadata"]) == ("mit", ("format=pt", "license=mit"))


def test_gguf_says_what_it_holds() -> None:
    """Name, architecture, licence and quantisation; lists are passed over."""
    details = only(GGUF).details
    names = ("name", "architecture", "license", "quantisation", "parameters", "chat_template")
    assert tuple(details[name] for name in names) == ("Tiny", "llama", "apache-2.0", "Q4_K_M", 20, True)


def test_a_long_text_in_gguf_is_passed_over() -> None:
    """A template of megabytes is no reason to stop."""
    content = gguf({"a": (8, gguf_text("x" * 1_000_001)), "general.name": (8, gguf_text("Tiny"))})
    assert only(content).details["name"] == "Tiny"


def test_onnx_says_what_it_needs() -> None:
    """Producer, versions, and the operators that no standard defines."""
    details = only(ONNX).details
    assert (details["producer"], details["ir_version"]) == ("pytorch 2.5", 8)
    assert (details["operator_sets"], details["custom_operator_sets"]) == (("ai.onnx 17", "com.acme 1"), ("com.acme",))


def test_a_message_of_very_many_fields_is_read_in_part() -> None:
    """What a model says of itself stands at the start; a row without end ends the reading."""
    assert only(ONNX + field(14, b"") * 10_000).details["producer"] == "pytorch 2.5"


def test_core_ml_and_tensorflow_say_where_they_come_from() -> None:
    """Description and licence of one, version and tags of the other."""
    assert (only(CORE_ML).details["license"], only(CORE_ML).details["specification_version"]) == ("MIT", 7)
    saved = only(SAVED_MODEL).details
    assert (saved["tensorflow_version"], saved["tags"]) == ("2.18.0", ("serve",))


def test_trees_say_their_version() -> None:
    """XGBoost at its end, LightGBM at its start."""
    assert only(XGBOOST).details["library_version"] == "2.1.0"
    assert only(LIGHTGBM).details["objective"] == "binary"


@pytest.mark.parametrize("content", [TORCH, LEGACY, zipped({"data.pkl": STATE_DICT, "byteorder": b"little"})])
def test_tensors_alone_are_harmless(content: bytes) -> None:
    """A pickle that builds nothing but tensors is said to, and is not unsafe."""
    node = only(content)
    assert (node.traits, node.details["loads"]) == ((), "only tensors and containers")


@pytest.mark.parametrize(
    "content",
    [
        calls("os.system"),
        calls("builtins.eval"),
        zipped({"m/data.pkl": calls("posix.system"), "m/version": b"3"}),
        MAGIC + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + calls("os.system"),
        imports("os.system", protocol=4),
        imports("torch.FloatStorage", "runpy.run_path", protocol=4),
        gzip.compress(calls("os.system").replace(b"cos", b"\x80\x02cos")),
        bz2.compress(b"\x80\x02" + calls("os.system")),
        lzma.compress(b"\x80\x02" + calls("os.system")),
        # The names come from the memo, or are made up where nobody looks: an import without a name is a danger.
        b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93N.",
        b"\x80\x04\x8c\x02os\x8c\x01x0\x8c\x06system\x93)R.",
        b"\x80\x02\x82\x01.",
        # Broken only after the harm is done.
        b"\x80\x02" + calls("os.system")[:-1] + b"\xff",
    ],
)
def test_a_pickle_that_runs_commands_is_named(content: bytes) -> None:
    """However it is packed or spelled, and even where it breaks off afterwards."""
    (node,), _ = examined({"data.bin": content})
    assert node.traits == (Trait.UNSAFE_SERIALISATION,)
    assert node.details["dangerous_imports"]


def test_a_trained_model_in_a_pickle_runs_code() -> None:
    """Whatever is no tensor is built by code that the file chooses; its imports are listed."""
    node = only(FOREST)
    assert node.traits == (Trait.UNSAFE_SERIALISATION,)
    assert node.details["imports"] == ("numpy.ndarray", "sklearn.ensemble._forest.RandomForestClassifier")
    assert "dangerous_imports" not in node.details


def test_a_pickle_of_unknown_classes_counts_where_its_name_says_model() -> None:
    """An own class in `model.pkl` is one; in `cache.pkl` it may be anything."""
    content = imports("acme.Thing")
    assert only(content, "churn-model.pkl").traits == (Trait.UNSAFE_SERIALISATION,)
    assert examined({"cache.pkl": content}) == ((), [])


def test_a_pickle_that_breaks_off_is_a_gap_under_its_usual_names() -> None:
    """Nobody knows what it would do; under another name it is no pickle at all."""
    (node,), (gap,) = examined({"a.pkl": b"\x80\x04\x8c\x05hello\x94", "b.png": b"\x80\x04\x8c\x05hello\x94"})
    assert (node.traits, gap.path) == ((Trait.UNSAFE_SERIALISATION,), "a.pkl")


def test_joblib_is_read_past_its_arrays() -> None:
    """The numbers that joblib writes in between are no opcodes; imports behind them are found by their shape."""
    wrapper = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b"
    content = b"\x80\x02" + imports("sklearn.svm.SVC")[2:-2] + wrapper + b"\xff" * 40 + calls("os.system")
    node = only(content, "m.joblib")
    assert (node.details["serialisation"], node.traits) == ("joblib", (Trait.UNSAFE_SERIALISATION,))
    assert node.details["dangerous_imports"] == ("os.system",)


def test_long_runs_of_bytes_are_not_loaded() -> None:
    """A pickle that carries the numbers itself is read around them."""
    content = (
        b"\x80\x04\x8e" + struct.pack("<Q", 20_000_000) + bytes(20_000_000) + b"0" + imports("torch.nn.Linear")[2:]
    )
    assert only(content).details["imports"] == ("torch.nn.Linear",)


def test_arrays_of_objects_are_pickles() -> None:
    """In one file or in an archive; arrays of numbers are only data."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    array = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + b"\x80\x03" + calls("os.system")
    second = b"\x93NUMPY\x02\0" + struct.pack("<I", len(header)) + header + b"\x80\x03" + calls("os.system")
    for content in (array, second, zipped({"x.npy": array}), zipped({"x.npy": second}, zipfile.ZIP_DEFLATED)):
        assert only(content).details["dangerous_imports"] == ("os.system",)


@pytest.mark.parametrize(
    "content",
    [
        zipped({"config.json": json.dumps(LAMBDA).encode(), "metadata.json": b"{}"}),
        zipped({"config.json": b'{"class_name": "X", "module": "acme.layers"}', "metadata.json": b"{}"}),
        b"\x89HDF\r\n\x1a\n" + bytes(40) + b"model_config\0" + json.dumps(LAMBDA).encode(),
    ],
)
def test_keras_models_that_carry_code_are_unsafe(content: bytes) -> None:
    """A Lambda layer is code; a class of another module is imported."""
    assert only(content).traits == (Trait.UNSAFE_SERIALISATION,)


def test_keras_models_of_layers_are_safe() -> None:
    """Version and layers are listed."""
    for content, version in ((KERAS, "3.6.0"), (HDF5, "2.15.0")):
        node = only(content)
        assert (node.traits, node.details["layers"]) == ((), ("Dense", "Sequential"))
        assert node.details["keras_version"] == version


def test_a_pointer_to_a_model_is_a_model() -> None:
    """Git LFS keeps the content elsewhere; hash and size are those of the model."""
    oid = "ab" * 32
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 123456789\n".encode()
    details = only(pointer, "weights.safetensors").details
    assert (details["lfs"], details["sha256"], details["size_bytes"]) == (True, oid, 123456789)
    assert examined({"film.mp4": pointer}) == ((), [])
    (node,), (gap,) = examined({"weights.safetensors": pointer[:60]})
    assert (node.details["format"], gap.reason) == ("Git LFS pointer", "parse_error")


@pytest.mark.parametrize("kind", ["safetensors", "GGUF", "ONNX", "PyTorch", "PyTorch (legacy)", "Keras"])
def test_a_file_cut_off_is_a_model_and_a_gap(kind: str) -> None:
    """The row stays, and what could not be read is named; a pickle that cannot be read may run code."""
    name = "m.keras"  # an archive that is cut off has lost its list of members
    (node,), (gap,) = examined({name: EVERY[kind][: len(EVERY[kind]) * 2 // 3]})
    assert (node.details["format"], gap.path) == (kind, name)
    assert (Trait.UNSAFE_SERIALISATION in node.traits) == (kind in ("PyTorch", "PyTorch (legacy)", "Keras"))


def test_an_archive_without_a_usable_list_is_judged_by_its_start() -> None:
    """Too many members to be honest: what comes first says that it is PyTorch's, and the rest is a gap."""
    many = zipped({"m/data.pkl": STATE_DICT} | {f"m/data/{'x' * 200}{number}": b"" for number in range(20_000)})
    (node,), (gap,) = examined({"m.pt": many})
    assert (node.details["format"], node.traits) == ("PyTorch", (Trait.UNSAFE_SERIALISATION,))
    assert "too many members" in gap.detail
    broken = zipped({"a.npy": b"\x93NUMPY"})[:-10]
    assert examined({"a.npz": broken}) == ((), [])


def test_a_configuration_of_absurd_size_is_not_read() -> None:
    """A Keras archive whose list of layers is larger than any model's may hide code."""
    bomb = zipped({"config.json": bytes(70_000_000), "metadata.json": b"{}"}, zipfile.ZIP_DEFLATED)
    (node,), (gap,) = examined({"m": bomb})
    assert (node.traits, "larger" in gap.detail) == ((Trait.UNSAFE_SERIALISATION,), True)


def test_keras_weights_without_configuration_are_weights() -> None:
    """HDF5 that only holds numbers is safe; one whose configuration cannot be read is not known to be."""
    head = b"\x89HDF\r\n\x1a\n" + bytes(40)
    assert only(head + b"layer_names").details["holds"] == "weights only"
    assert only(head + b'model_config {"class_name": "Lambda" ').traits == (Trait.UNSAFE_SERIALISATION,)
    (node,), (gap,) = examined({"m": head + b'model_config {"class_name": "Dense" '})
    assert (node.traits, gap.reason) == ((Trait.UNSAFE_SERIALISATION,), "parse_error")


def test_many_pickles_or_opcodes_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an end to reading; what lies behind it may run code."""
    (node,), (gap,) = examined({"m.pkl": imports("collections.OrderedDict") * 101})
    assert (node.traits, gap.path) == ((Trait.UNSAFE_SERIALISATION,), "m.pkl")
    monkeypatch.setattr(_opcodes, "_MOST", 3)
    assert len(examined({"m.pkl": imports("collections.OrderedDict")})[1]) == 1


def test_safetensors_that_are_no_object_are_a_gap() -> None:
    """The header has the right words and the wrong type."""
    text = b'{"__metadata__": {}, "dtype": "shape"} 1'
    _, (gap,) = examined({"m": struct.pack("<Q", len(text)) + text})
    assert "not JSON" in gap.detail


def test_a_zip_bomb_is_refused() -> None:
    """A member that unpacks to more than any model's list needs is not blown up."""
    bomb = zipped({"m/data.pkl": STATE_DICT[:-1] + bytes(70_000_000), "m/version": b"3"}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    (node,), _ = examined({"m.pt": bomb})
    assert node.traits == (Trait.UNSAFE_SERIALISATION,)


def test_absurd_numbers_in_a_header_end_in_a_gap() -> None:
    """Lengths that no file has are refused before anything is read or repeated."""
    for content in (
        b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60),
        gguf({"a": (9, struct.pack("<IQ", 9, 2**40))}),
        gguf({"a": (9, struct.pack("<IQ", 4, 2**62))}),
        gguf({"a": (77, b"")}),
        safetensors({"w": {"dtype": "F16", "shape": [2], "data_offsets": [0, 2**40]}}),
    ):
        (node,), (gap,) = examined({"m": content})
        assert node.details["format"] in ("GGUF", "safetensors")
        assert gap.reason == "parse_error"


def test_a_large_file_costs_no_memory(tmp_path: Path) -> None:
    """A file of a gigabyte that is almost all hole is hashed in passing and not held."""
    path = tmp_path / "m.bin"
    with path.open("wb") as file:
        file.write(safetensors({"w": {"dtype": "U8", "shape": [10**8], "data_offsets": [0, 10**8]}}))
        file.truncate(file.tell() + 10**8)
    (result,) = PARSER.examine(blobs(tmp_path))
    assert isinstance(result, Facts)
    assert result.nodes[0].details["parameters"] == 10**8


def test_a_file_that_changes_in_between_is_not_mixed_up(tmp_path: Path) -> None:
    """What was recognised is not what is read now: a gap, not a row."""
    (tmp_path / "m").write_bytes(SAFETENSORS)
    found = blobs(tmp_path)
    (tmp_path / "m").write_bytes(GGUF)
    (gap,) = PARSER.examine(found)
    assert isinstance(gap, Gap)
    assert gap.reason == "unreadable"
    (tmp_path / "m").unlink()
    with pytest.raises(UnreadableInput, match="No such file"):
        found[0].digest()


@pytest.mark.parametrize("kind", EVERY)
@given(data=st.data())
def test_a_damaged_file_crashes_nothing(kind: str, data: st.DataObject) -> None:
    """Cut off or changed anywhere, there are facts or gaps."""
    content = EVERY[kind]
    cut = data.draw(st.integers(0, len(content)))
    put = data.draw(st.binary(max_size=8))
    examined({"a": content[:cut] + put, "b": content[:cut] + put + content[cut:]})


@given(st.binary(max_size=60))
def test_any_bytes_after_the_start_of_a_pickle_crash_nothing(rest: bytes) -> None:
    """Opcodes in any order."""
    examined({"model.pkl": b"\x80\x04" + rest, "model.pt": b"cos\nsystem\n" + rest})


def test_real_pickles_of_tensors_and_containers_are_no_models() -> None:
    """Ordinary data of every protocol."""
    for protocol in range(6):
        assert examined({"a.pkl": pickle.dumps(OrderedDict(a=[np.float64(1), {"x"}]), protocol)}) == ((), [])
