"""MLflow models: which personal columns a signature lists."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Asset, EdgeKind, Facts, Gap, State
from petguard.parsers import Parser, mlflow

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]


def _model(inputs: Any, **more: Any) -> str:
    lines = ["artifact_path: model", "flavors:", "  sklearn: {pickled_model: model.pkl}", "mlflow_version: 3.1.0"]
    lines += ["signature:", f"  inputs: '{json.dumps(inputs)}'", '  outputs: \'[{"type": "long"}]\'', "  params: null"]
    return "\n".join([*lines, *(f"{key}: {value}" for key, value in more.items())]) + "\n"


def _trained_on(facts: Facts) -> list[tuple[str, tuple[str, ...]]]:
    nodes = {node.id: node for node in SystemGraph([facts]).nodes()}
    edges = [edge for edge in facts.edges if edge.kind is EdgeKind.TRAINED_ON]
    return [(nodes[edge.target].name, nodes[edge.target].categories) for edge in edges]


def test_personal_columns_of_a_signature_are_found(read: Read) -> None:
    """The model is trained on those that are about people; the others make no node."""
    text = _model([{"name": "email", "type": "string"}, {"name": "amount", "type": "double"}, {"type": "long"}])
    facts, gaps = read(mlflow.PARSER, {"mlruns/model/MLmodel": text})
    assert gaps == []
    assert _trained_on(facts) == [("mlruns/model.email", ("user.contact.email",))]
    assert [node.locations[0].line for node in facts.nodes] == [1, 6]
    assert facts.nodes[0].asset is Asset.MODEL_FILE
    assert facts.nodes[0].details["flavors"] == ("sklearn",)
    assert SystemGraph([facts]).flows() == ()


def test_objects_and_arrays_are_looked_into(read: Read) -> None:
    """Nested properties are columns, too."""
    address = {"type": "object", "properties": {"street_address": {"type": "string"}}}
    inputs = [{"name": "people", "type": "array", "items": address}]
    facts, _ = read(mlflow.PARSER, {"m/MLmodel": _model(inputs)})
    assert _trained_on(facts) == [("m.people.street_address", ("user.contact.address.street",))]


def test_the_folder_is_context(read: Read) -> None:
    """`age` alone is nobody's; in a folder of patients it is."""
    inputs = [{"name": "age", "type": "long"}]
    assert _trained_on(read(mlflow.PARSER, {"patients/MLmodel": _model(inputs)})[0])
    assert not _trained_on(read(mlflow.PARSER, {"m/MLmodel": _model(inputs)})[0])


@pytest.mark.parametrize("text", ["flavors: {sklearn: {}}\n", "flavors: {}\nsignature: null\n", "model_uuid: x\n"])
def test_no_signature_is_no_gap(read: Read, text: str) -> None:
    """Many models have none; nothing is said, so nothing was missed."""
    facts, gaps = read(mlflow.PARSER, {"m/MLmodel": text})
    assert (len(facts.nodes), gaps) == (1, [])


def test_a_tensor_signature_is_no_gap(read: Read) -> None:
    """Tensors have shapes and no columns."""
    tensor = {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}
    facts, gaps = read(mlflow.PARSER, {"m/MLmodel": _model([tensor])})
    assert (len(facts.nodes), gaps) == (1, [])


def test_a_wrapped_model_is_named(read: Read) -> None:
    """A flavor around somebody else's model leads to it."""
    text = "flavors:\n  transformers:\n    source_model_name: org/model\n"
    facts, _ = read(mlflow.PARSER, {"m/MLmodel": text})
    assert [(edge.kind, edge.target) for edge in facts.edges] == [(EdgeKind.DERIVED_FROM, "model:org/model")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("flavors: {}\nsignature:\n  inputs: '[{'\n", 3),
        ("flavors: {}\nsignature:\n  inputs: [1]\n", 3),
        ("flavors: {}\nsignature: 5\n", 2),
        ("flavors: []\n", 1),
    ],
)
def test_a_signature_that_cannot_be_read_is_a_gap(read: Read, text: str, line: int) -> None:
    """Broken JSON within the YAML, or another type, is named with its line."""
    _, gaps = read(mlflow.PARSER, {"m/MLmodel": text})
    assert [(gap.line, gap.state) for gap in gaps] == [(line, State.PARTIAL)]


def test_other_files_of_this_name_are_not_read(read: Read) -> None:
    """The content decides, not only the name."""
    assert read(mlflow.PARSER, {"m/MLmodel": "hello\n"}) == (Facts(), [])


@given(cut=st.integers(0, 300), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "'", '"']))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, the file crashes nothing, and every edge has two ends."""
    text = _model([{"name": "email", "type": "string", "properties": {"dna": {}}, "items": {"name": "x"}}])
    for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
        SystemGraph([read(mlflow.PARSER, {"m/MLmodel": damaged})[0]])


def test_the_values_of_a_map_are_looked_into(read: Read) -> None:
    """Nobody lists the keys of a map; what its values hold is."""
    inputs = [{"name": "people", "type": "map", "values": {"type": "object", "properties": {"email": {}}}}]
    facts, _ = read(mlflow.PARSER, {"m/MLmodel": _model(inputs)})
    assert _trained_on(facts) == [("m.people.email", ("user.contact.email",))]


def test_a_model_at_the_root_has_a_name(read: Read) -> None:
    """Its columns are those of the model, and of no folder."""
    facts, _ = read(mlflow.PARSER, {"MLmodel": _model([{"name": "email", "type": "string"}])})
    assert _trained_on(facts) == [("model.email", ("user.contact.email",))]
