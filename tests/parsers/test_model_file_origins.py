"""What model files say that they were trained on and made from."""

import struct
import tempfile
from pathlib import Path

import pytest

from petguard.model import Facts
from petguard.parsers._model_file import names, origins
from petguard.parsers._source import together
from petguard.parsers.model_files import PARSER
from tests.parsers.test_model_file_contents import ONNX, blobs, field, gguf, gguf_text, safetensors

_BASE = "https://huggingface.co/mistralai/Mistral-7B-v0.1"


def _relations(content: bytes) -> list[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model").write_bytes(content)
        facts = together(each for each in PARSER.examine(blobs(Path(folder))) if isinstance(each, Facts))
    assert {end for edge in facts.edges for end in (edge.source, edge.target)} <= {node.id for node in facts.nodes}
    return [(str(edge.kind), edge.target) for edge in facts.edges]


def _texts(*values: str) -> tuple[int, bytes]:
    return 9, struct.pack("<IQ", 8, len(values)) + b"".join(map(gguf_text, values))


def test_gguf_names_its_data_sets_and_base_models() -> None:
    """In a list, and one by one by name or address."""
    content = gguf(
        {
            "general.datasets": _texts("clinic/visits", "https://huggingface.co/datasets/acme/chat"),
            "general.dataset.count": (4, struct.pack("<I", 1)),
            "general.dataset.0.name": (8, gguf_text("Patient Notes")),
            "general.base_model.0.name": (8, gguf_text("Mistral 7B")),
            "general.base_model.0.repo_url": (8, gguf_text(_BASE)),
        }
    )
    assert _relations(content) == [
        ("trained_on", "dataset:clinic/visits"),
        ("trained_on", "dataset:acme/chat"),
        ("trained_on", "dataset:Patient Notes"),
        ("derived_from", "model:mistralai/Mistral-7B-v0.1"),
    ]


def test_a_long_list_in_gguf_is_read_in_part() -> None:
    """A vocabulary has some hundred thousand texts."""
    content = gguf({"general.datasets": _texts(*(f"a/{number}" for number in range(150)))})
    assert len(_relations(content)) == 100


def test_safetensors_metadata_names_them() -> None:
    """Also as a list of JSON in a text."""
    content = safetensors(
        {
            "__metadata__": {"datasets": '["a/b", "c/d"]', "base_model": "e/f"},
            "w": {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]},
        }
    )
    assert _relations(content) == [
        ("trained_on", "dataset:a/b"),
        ("trained_on", "dataset:c/d"),
        ("derived_from", "model:e/f"),
    ]


def test_onnx_metadata_names_them() -> None:
    """In `metadata_props`."""
    properties = field(14, field(1, "training_data") + field(2, "claims_2024.csv"))
    assert _relations(ONNX + properties) == [("trained_on", "dataset:claims_2024.csv")]


def test_a_model_without_such_words_is_related_to_nothing() -> None:
    """A license is no data set."""
    assert _relations(ONNX) == []


@pytest.mark.parametrize("text", ["", " , ", "[]", "x" * 300])
def test_what_cannot_be_a_name_is_none(text: str) -> None:
    """Empty, or far too long."""
    assert origins({"dataset": text}) == ((), ())


def test_the_number_of_names_is_bounded() -> None:
    """A file may hold millions."""
    assert len(names(str(number) for number in range(1_000))) == 100
