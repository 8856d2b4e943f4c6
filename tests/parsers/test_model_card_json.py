"""Model cards in JSON: the data that a model was trained on, and whether it is said to be sensitive."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import EdgeKind, Facts, Gap, Node, State, Trait
from petguard.parsers import Parser, model_card_json

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]


def _toolkit(data: Any) -> str:
    return json.dumps({"model_details": {"name": "Triage"}, "model_parameters": {"data": data}}, indent=1)


def _sagemaker(datasets: Any) -> str:
    job = {"training_job_details": {"training_datasets": datasets}}
    uses = {"risk_rating": "High", "purpose_of_model": "Triage of patients"}
    top = {"model_overview": {"model_name": "triage"}, "intended_uses": uses, "training_details": job}
    return json.dumps(top, indent=1)


def _trained_on(facts: Facts) -> dict[str, Node]:
    nodes = {node.id: node for node in SystemGraph([facts]).nodes()}
    return {edge.target: nodes[edge.target] for edge in facts.edges if edge.kind is EdgeKind.TRAINED_ON}


def test_a_list_of_data_sets_with_their_sensitive_data(read: Read) -> None:
    """A kind that is named counts as it; what is described without one is personal at all."""
    data = [
        {"name": "people", "sensitive": {"sensitive_data": ["age"]}},
        {"name": "other", "sensitive": {"sensitive_data": ["things we keep to ourselves"]}},
        {"name": "cats", "link": "https://huggingface.co/datasets/org/cats/tree/main"},
        {"graphics": {}},
    ]
    facts, gaps = read(model_card_json.PARSER, {"card.json": _toolkit(data)})
    assert gaps == []
    found = _trained_on(facts)
    assert set(found) == {"dataset:people", "dataset:other", "dataset:org/cats"}
    assert found["dataset:people"].categories == ("user.demographic.age",)
    assert found["dataset:other"].categories == ("user",)
    assert found["dataset:org/cats"].categories == ()


@pytest.mark.parametrize(("sensitive", "trait"), [(True, Trait.SAID_PERSONAL), (False, Trait.SAID_CLEAN)])
def test_older_cards_only_say_whether(read: Read, *, sensitive: bool, trait: Trait) -> None:
    """What a model was measured on it was not trained on."""
    data = {"train": {"sensitive": sensitive}, "eval": {"name": "x", "sensitive": True}}
    facts, _ = read(model_card_json.PARSER, {"c.json": _toolkit(data)})
    assert {key: node.traits for key, node in _trained_on(facts).items()} == {"dataset:c.json#train": (trait,)}


def test_a_sagemaker_card_names_places(read: Read) -> None:
    """The place of the data tells what they are; the card keeps how risky the model is said to be."""
    facts, gaps = read(model_card_json.PARSER, {"c.json": _sagemaker(["s3://bucket/patients/diagnosis.csv"])})
    assert gaps == []
    (node,) = _trained_on(facts).values()
    assert node.name == "s3://bucket/patients/diagnosis.csv"
    assert node.categories == ("user.health_and_medical",)
    assert facts.nodes[0].details["risk_rating"] == "High"


@pytest.mark.parametrize(
    "text",
    [_toolkit(5), _toolkit([7]), _toolkit([{"name": "x", "sensitive": 7}]), _sagemaker(7), _sagemaker([7])],
)
def test_wrong_types_are_gaps(read: Read, text: str) -> None:
    """Each part of another type is named."""
    _, gaps = read(model_card_json.PARSER, {"c.json": text})
    assert [(gap.path, gap.state) for gap in gaps] == [("c.json", State.PARTIAL)]


def test_a_cut_off_card_is_a_gap(read: Read) -> None:
    """A file that ends in the middle is named."""
    _, gaps = read(model_card_json.PARSER, {"c.json": _toolkit([])[:-3]})
    assert [(gap.path, gap.state) for gap in gaps] == [("c.json", State.FAILED)]


@pytest.mark.parametrize(
    "text", ['["model_details", "model_parameters"]', '{"x": {"model_details": 1, "model_parameters": 2}}', "{}"]
)
def test_other_files_say_nothing(read: Read, text: str) -> None:
    """A schema or a list that speaks of these keys is no card."""
    assert read(model_card_json.PARSER, {"c.json": text}) in ((Facts(), []), (Facts(nodes=()), []))


@given(cut=st.integers(0, 500), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", '"', ","]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, a card crashes nothing, and every edge has two ends."""
    for text in (_toolkit([{"name": "a", "sensitive": {"sensitive_data": ["b"]}}]), _sagemaker(["s3://a/b"])):
        for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
            SystemGraph([read(model_card_json.PARSER, {"c.json": damaged})[0]]).flows()
