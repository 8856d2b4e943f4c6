"""Model cards and Hugging Face configurations: which model, what it builds on, what it was trained on."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from petguard.model import EdgeKind, Facts, Gap, NodeKind, State, Trait
from petguard.parsers import Parser, hf_config, model_card

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_CARD = """\
---
license: apache-2.0
base_model: google/gemma-2-9b-it
datasets:
  - acme/patient-emails
  - imdb
pipeline_tag: text-generation
---
# A model
"""
_CONFIG = """\
{
 "_name_or_path": "org/name",
 "architectures": ["X"],
 "auto_map": {"AutoModel": "m.M"},
 "model_type": "x"
}
"""


def test_a_card_names_model_and_datasets(read: Read) -> None:
    """The base model and each data set are nodes, related to the card, each at its own line."""
    facts, gaps = read(model_card.PARSER, {"m/README.md": _CARD})
    assert gaps == []
    assert [(node.id, node.kind, node.locations[0].line) for node in facts.nodes] == [
        ("model_card:m/README.md", NodeKind.ARTIFACT, 2),
        ("model:google/gemma-2-9b-it", NodeKind.MODEL, 3),
        ("dataset:acme/patient-emails", NodeKind.DATA, 5),
        ("dataset:imdb", NodeKind.DATA, 6),
    ]
    assert [edge.kind for edge in facts.edges] == [EdgeKind.DERIVED_FROM, EdgeKind.TRAINED_ON, EdgeKind.TRAINED_ON]


def test_a_blog_post_is_no_card(read: Read) -> None:
    """Front matter alone makes no model card, and the words in the prose do not either."""
    blog = "---\ntitle: x\ntags: [a]\nlicense: mit\nlanguage: en\n---\nbase_model: y\n"
    assert read(model_card.PARSER, {"post.md": blog}) == (Facts(), [])


def test_a_card_cut_off_in_its_front_matter_is_a_gap(read: Read) -> None:
    """Without the closing fence nothing is known for sure."""
    _, gaps = read(model_card.PARSER, {"README.md": _CARD[: _CARD.index("- imdb")]})
    assert [(gap.state, gap.line) for gap in gaps] == [(State.FAILED, 1)]


def test_wrong_types_in_a_card_are_gaps(read: Read) -> None:
    """A mapping where names are expected is a gap with its line; the rest counts."""
    facts, gaps = read(model_card.PARSER, {"README.md": "---\nbase_model: {a: b}\ndatasets: [x, 3]\n---\n"})
    assert [node.id for node in facts.nodes][1:] == ["dataset:x"]
    assert [gap.line for gap in gaps] == [2, 3]


def test_a_config_names_its_model(read: Read) -> None:
    """A hub id without revision may change, and auto_map runs the repository's own code."""
    facts, gaps = read(hf_config.PARSER, {"m/config.json": _CONFIG})
    (node,) = facts.nodes
    assert gaps == []
    assert (node.id, node.traits) == ("model:org/name", (Trait.MUTABLE_REFERENCE, Trait.REMOTE_CODE))
    assert node.locations[0].line == 2


def test_an_adapter_names_its_base(read: Read) -> None:
    """A pinned base model is not mutable, and PEFT's auto_map runs nothing from the hub."""
    text = (
        '{"peft_type": "LORA", "base_model_name_or_path": "a/b", "revision": "abc", '
        '"auto_map": {"base_model_class": "X", "parent_library": "transformers"}}'
    )
    (node,) = read(hf_config.PARSER, {"adapter_config.json": text})[0].nodes
    assert (node.id, node.version, node.traits) == ("model:a/b", "abc", ())


def test_any_other_config_is_left_alone(read: Read) -> None:
    """Only a model's own keys make a model configuration."""
    assert read(hf_config.PARSER, {"config.json": '{"model_type": 1, "port": 2}'}) == (Facts(), [])


def test_wrong_types_in_a_config_are_gaps(read: Read) -> None:
    """A list for a name is a gap; the model is still listed under its path."""
    text = '{"model_type": "x", "_name_or_path": [], "auto_map": "y"}'
    facts, gaps = read(hf_config.PARSER, {"m/config.json": text})
    assert [node.id for node in facts.nodes] == ["model:m/config.json"]
    assert len(gaps) == 2


@given(cut=st.integers(0, 200), put=st.text(max_size=8))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, cards and configurations crash nothing."""
    for parser, path, text in (
        (model_card.PARSER, "README.md", _CARD),
        (hf_config.PARSER, "config.json", _CONFIG),
    ):
        read(parser, {path: text[:cut] + put})
        read(parser, {path: text[:cut] + put + text[cut:]})
