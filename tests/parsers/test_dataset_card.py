"""Dataset cards: the columns of the front matter, and what the prose plainly says about people."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Asset, EdgeKind, Facts, Gap, Node, State, Trait
from petguard.parsers import Parser, _prose, dataset_card, model_card

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_CARD = """\
---
license: mit
pretty_name: Visits
source_datasets:
- original
- extended|clinic/raw_patients
task_categories:
- text-classification
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train.csv
  - split: test
    path: [data/*.parquet]
dataset_info:
- config_name: default
  features:
  - name: text
    dtype: string
  - name: people
    list:
    - name: email
      dtype: string
    - name: birthdate
      dtype: string
---

# Dataset Card for Visits

### Personal and Sensitive Information

{}

## Considerations
"""


def _nodes(facts: Facts) -> dict[str, Node]:
    return {node.id: node for node in SystemGraph([facts]).nodes()}


def test_the_columns_of_the_front_matter_are_read(read: Read) -> None:
    """Nested features are columns; one that is about nobody makes no node."""
    facts, gaps = read(dataset_card.PARSER, {"ds/README.md": _CARD})
    nodes = _nodes(facts)
    assert gaps == []
    assert nodes["data:dataset/Visits.people.email"].categories == ("user.contact.email",)
    assert nodes["data:dataset/Visits.people.email"].locations[0].line == 23
    assert "data:dataset/Visits.text" not in nodes
    assert nodes["dataset:Visits"].asset is Asset.DATASET
    assert nodes["dataset:Visits"].details["license"] == "mit"


def test_files_and_columns_flow_into_the_data_set(read: Read) -> None:
    """A file that is named exactly is part of the data set; a pattern names none."""
    facts, _ = read(dataset_card.PARSER, {"ds/README.md": _CARD})
    into = {edge.source for edge in facts.edges if edge.kind is EdgeKind.FLOWS_TO and edge.target == "dataset:Visits"}
    assert "data:file/ds/data/train.csv" in into
    assert "data:dataset/Visits.people.birthdate" in into
    assert not any("*" in node.id for node in facts.nodes)


def test_where_the_data_come_from_is_told(read: Read) -> None:
    """`original` is no data set; the name behind the bar is one."""
    facts, _ = read(dataset_card.PARSER, {"README.md": _CARD})
    derived = [edge.target for edge in facts.edges if edge.kind is EdgeKind.DERIVED_FROM]
    assert derived == ["dataset:clinic/raw_patients"]


def test_the_name_on_the_hub_wins(read: Read) -> None:
    """What the text loads is what code and model cards call the data set; two names are none."""
    one = _CARD + "\nfrom datasets import load_dataset\nload_dataset('clinic/visits')\n"
    assert "dataset:clinic/visits" in _nodes(read(dataset_card.PARSER, {"README.md": one})[0])
    two = one + "load_dataset('clinic/other')\n"
    assert "dataset:Visits" in _nodes(read(dataset_card.PARSER, {"README.md": two})[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No personal or sensitive information is included in this dataset.", Trait.SAID_CLEAN),
        ("The data doesn't contain any personal information.", Trait.SAID_CLEAN),
        ("None.", Trait.SAID_CLEAN),
        ("The dataset contains personal data of patients.", Trait.SAID_PERSONAL),
        ("It includes phone numbers and e-mail addresses.", Trait.SAID_PERSONAL),
        ("User names are not anonymized.", Trait.SAID_PERSONAL),
        ("The dataset may contain personal information.", None),
        ("To the best of our knowledge, there is no personal information.", None),
        ("No personal data, with the exception of names of officials.", None),
        ("No personal data is stored. However, reviews could name people.", None),
        ("All personal information was removed before the release.", None),
        ("[More Information Needed]", None),
        ("{{ personal_and_sensitive_information_section }}", None),
        ("<!-- contains personal data? -->", None),
        ("", None),
    ],
)
def test_only_plain_prose_counts(text: str, said: Trait | None) -> None:
    """A reservation anywhere makes a denial none, and says nothing."""
    assert _prose.stated(text).traits == ({said} if said else set())


def test_the_section_speaks_of_the_data_set(read: Read) -> None:
    """A statement makes the data set personal, with the line of the heading; columns that tell more stay."""
    card = _CARD.replace("{}", "The dataset contains personal information.")
    node = _nodes(read(dataset_card.PARSER, {"README.md": card})[0])["dataset:Visits"]
    assert node.traits == (Trait.SAID_PERSONAL,)
    assert node.categories == ()  # the columns are it
    assert [place.line for place in node.locations] == [2, 31]
    bare = "# Dataset Card for Visits\n\n## [Personal and Sensitive Information](#x)\n\nIt contains personal data.\n"
    assert _nodes(read(dataset_card.PARSER, {"README.md": bare})[0])["dataset:Visits"].categories == ("user",)


def test_a_model_card_is_none(read: Read) -> None:
    """Each kind of card has its own parser."""
    text = "---\npipeline_tag: text-classification\ntask_categories: [x]\n---\n"
    assert read(dataset_card.PARSER, {"README.md": text})[0].nodes == ()
    assert read(model_card.PARSER, {"README.md": _CARD})[0].nodes == ()


@pytest.mark.parametrize("text", ["# A project\n", "---\nlicense: mit\n---\n", "---\ntitle: x\nsdk: gradio\n---\n"])
def test_other_readmes_are_not_read(read: Read, text: str) -> None:
    """A licence in the front matter makes no data set."""
    assert read(dataset_card.PARSER, {"README.md": text}) == (Facts(), [])


def test_a_missing_fence_is_a_gap(read: Read) -> None:
    """Cut off in the front matter, the file is named."""
    _, gaps = read(dataset_card.PARSER, {"README.md": _CARD[:200]})
    assert [(gap.path, gap.state) for gap in gaps] == [("README.md", State.FAILED)]


def test_wrong_types_are_gaps(read: Read) -> None:
    """Each part of another type is named with its line; the rest counts."""
    text = (
        "---\nsource_datasets: 5\nconfigs: {}\ndataset_info:\n  features:\n  - 7\n  - name: email\n---\n"
        "# Dataset Card for X\n"
    )
    facts, gaps = read(dataset_card.PARSER, {"README.md": text})
    assert [gap.line for gap in gaps] == [6, 2, 3]
    assert "data:dataset/X.email" in _nodes(facts)


@given(cut=st.integers(0, 900), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "- x:", "features: 1"]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, a card crashes nothing, and every edge has two ends."""
    for damaged in (_CARD[:cut] + put, _CARD[:cut] + put + _CARD[cut:]):
        SystemGraph([read(dataset_card.PARSER, {"d/README.md": damaged})[0]]).flows()


@given(st.text(max_size=300))
def test_any_prose_is_read(text: str) -> None:
    """No paragraph crashes the reader, or makes it say both."""
    assert len(_prose.stated(text).traits) <= 1


@pytest.mark.parametrize("files", ["people.csv", "[people.csv]", "[{split: train, path: [people.csv]}]"])
def test_files_are_named_in_several_ways(read: Read, files: str) -> None:
    """One path, a list, or a list of splits; `data_dir` stands before them."""
    text = f"---\ntask_ids: [x]\nconfigs:\n- older\n- data_dir: d\n  data_files: {files}\n---\n# Dataset Card for X\n"
    facts, gaps = read(dataset_card.PARSER, {"README.md": text})
    assert gaps == []
    assert "data:file/d/people.csv" in _nodes(facts)


def test_a_sequence_of_plain_values_has_no_columns(read: Read) -> None:
    """What a list holds may be a type and nothing more."""
    text = "---\ndataset_info:\n  features:\n  - {name: email, sequence: string}\n---\n# Dataset Card for X\n"
    facts, gaps = read(dataset_card.PARSER, {"README.md": text})
    assert gaps == []
    assert "data:dataset/X.email" in _nodes(facts)


def test_tags_speak_unless_the_data_are_made_up(read: Read) -> None:
    """A set for finding personal data is tagged so, and synthetic ones hold nobody's."""
    for tags, traits in (("[pii]", (Trait.SAID_PERSONAL,)), ("[pii, Synthetic]", ())):
        text = f"---\ntask_ids: [x]\ntags: {tags}\n---\n# Dataset Card for X\n"
        assert _nodes(read(dataset_card.PARSER, {"README.md": text})[0])["dataset:X"].traits == traits


def test_prose_that_only_mentions_a_template_is_no_card(read: Read) -> None:
    """A placeholder for a name is none."""
    assert read(dataset_card.PARSER, {"t.md": "# Dataset Card for {{ pretty_name }}\n"})[0].nodes == ()
