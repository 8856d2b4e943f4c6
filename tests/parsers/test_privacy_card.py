"""Differential privacy stated in model cards, data cards and READMEs, and everything there that is no statement."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Claim, Facts, Gap, Origin
from petguard.parsers import Parser
from petguard.parsers.privacy_card import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_CARD = """\
---
license: apache-2.0
library_name: transformers
tags:
  - dp-sgd
---
# Clinic notes model

A small model for notes, pre-trained with Differential Privacy (DP).

## Privacy

The model was trained with DP-SGD and has an (ε ≤ 2.0, δ ≤ 1.1e-10)-sequence-level DP guarantee, where a sequence
has 1024 tokens.

| Parameter | Value |
|---|---|
| Noise multiplier (\u03c3) | 0.614 |
| Expected batch size | 518,000 |
| Iterations | 100 |

Training ran for 100,000 steps.
"""


def _claims(read: Read, text: str, name: str = "README.md") -> tuple[Claim, ...]:
    facts, gaps = read(PARSER, {name: text})
    assert gaps == []
    assert [node.claim for node in facts.nodes] == [claim.id for claim in facts.claims]
    return facts.claims


def _said(read: Read, text: str) -> dict[str, object]:
    (claim,) = _claims(read, f"# Model\n\nIt has differential privacy.\n\n{text}\n")
    assert claim.origin is Origin.DECLARED
    return {**claim.stated, **claim.parameters}


def test_a_model_card_is_a_claim(read: Read) -> None:
    """The claim stands at its line; what stands once elsewhere in the card belongs to it, with its place."""
    (claim,) = _claims(read, _CARD)
    assert (claim.technique, claim.location.line, claim.subject) == ("dp_sgd", 13, "README.md")
    assert claim.stated == {"epsilon": 2.0, "delta": 1.1e-10}
    assert claim.parameters == {
        "unit": "example",
        "noise_multiplier": 0.614,
        "batch_size": 518000,
        "steps": 100000,
    }
    assert claim.stated_in == {
        "noise_multiplier": "README.md:18",
        "batch_size": "README.md:19",
        "steps": "README.md:22",
    }


@pytest.mark.parametrize(
    ("text", "epsilon", "delta"),
    [
        ("It was trained with DP-SGD (ε = 8, δ = 1e-5).", 8.0, 1e-5),
        ("It was trained with (3.0, 1e-5)-DP.", 3.0, 1e-5),
        ("The model is (ε, δ)-DP with epsilon of 3.0 and delta 1e-5.", 3.0, 1e-5),
        ("- Differential privacy at the record level (ε = 8, delta = 1.2e-06)", 8.0, 1.2e-6),
        (r"The training is DP with $\varepsilon = 0.5$ and $\delta = 10^{-6}$.", 0.5, 1e-6),
        ("The training is DP: ε=1, δ = 2.5 \u00d7 10⁻⁷.", 1.0, 2.5e-7),
        ("## Privacy (DP)\n\n- **Epsilon (ε)**: 4\n- **Delta (δ)**: 1e\u22125\n- Epochs: 3", 4.0, 1e-5),
        ("| Key | Value |\n|---|---|\n| DP guarantee | (ε=8, δ=1e-5) |\n| Layers | 12 |", 8.0, 1e-5),
    ],
)
def test_how_epsilon_and_delta_are_written(read: Read, text: str, epsilon: float, delta: float) -> None:
    """Symbols, words, pairs, powers of ten, lists and tables."""
    said = _said(read, text)
    assert (said["epsilon"], said["delta"]) == (epsilon, delta)


@pytest.mark.parametrize(
    "text",
    [
        "Optimizer: AdamW with betas=(0.9,0.999) and epsilon=1e-08, after DP pre-training.",
        "The agent explores epsilon-greedy with epsilon = 0.1, unlike DP agents.",
        "Differential privacy guarantees that, for example, ε = 1 hides a person.",
        "You can train with DP-SGD (ε = 3) yourself.",
        "We recommend ε = 1 for DP.",
        "Use DP if ε = 1 is enough.",
        "The budget of DP could be ε = 2.",
        "Prior work by Abadi et al. has DP with ε = 2.",
        "DP needs ε ∈ [0.5, 1].",
        "DP training has ε between 1 and 3.",
        "DP-SGD runs at ε = 1, ε = 3 and ε = 8.",
        "DP results: ε = 1-8.",
        "## How to use\n\nDP training with ε = 3 takes an hour.",
        "## Roadmap\n\n- DP with ε = 1",
        "```\nDP with ε = 3\n```",
        "<!-- DP with ε = 3 -->",
        "The layer norm has epsilon 1e-5 in this DP model.",
        "| ε | Accuracy | F1 |\n|---|---|---|\n| 1 | 80 | 3 |\n| 8 | 90 | 3 |",
        "The cuckoo table of the DP lookup has epsilon: 1.27.",
        "The model keeps ε = 3 marbles.",
    ],
)
def test_what_is_no_statement(read: Read, text: str) -> None:
    """Other epsilons, examples, plans, advice, several values at once, code, and results of many runs."""
    assert _claims(read, f"# Model\n\nOn differential privacy.\n\n{text}\n") == ()


def test_dp_may_be_anything_else(read: Read) -> None:
    """A document that never says differential privacy in full is about something else."""
    assert _claims(read, "# Solver\n\nThe DP has epsilon = 0.5.\n") == ()


def test_other_markdown_is_no_card(read: Read) -> None:
    """What a chapter of a manual says is said of the subject and not of a model."""
    assert _claims(read, "It has differential privacy (ε = 8, δ = 1e-5).\n", "docs/guide.md") == ()


def test_the_rows_of_a_table_with_noise_are_claims(read: Read) -> None:
    """Each has what stands beside its epsilon, and nothing of the rest of the card; a row without epsilon is none."""
    text = (
        "# Models with differential privacy\n\nBatch size: 256\n\n"
        "| Model | Noise multiplier | Number of epochs | Privacy eps |\n|---|---|---|---|\n"
        "| plain | | 20 | ∞ |\n| first | 1.3 | 15 | 1.19 |\n| second | __1.1__ | 60 | 2.96 |\n"
    )
    first, second = _claims(read, text)
    assert (first.location.line, first.subject) == (8, "README.md:8")
    assert {**second.stated, **second.parameters} == {"epsilon": 2.96, "noise_multiplier": 1.1, "epochs": 60.0}


def test_the_same_epsilon_twice_is_one_claim(read: Read) -> None:
    """The second mention fills in what the first left out."""
    said = _said(read, "Trained with DP (ε = 8).\n\nIt gives user-level DP with ε = 8 and δ = 1e-6.")
    assert said == {"epsilon": 8.0, "delta": 1e-6, "unit": "user"}


def test_different_deltas_are_different_claims(read: Read) -> None:
    """Nothing is made of two statements that contradict each other but two claims."""
    text = "# M\n\nDifferential privacy (ε = 8, δ = 1e-5).\n\nIt is DP (ε = 8, δ = 1e-6).\n"
    assert [claim.stated["delta"] for claim in _claims(read, text)] == [1e-5, 1e-6]


def test_a_parameter_in_two_ways_stays_missing(read: Read) -> None:
    """Which batch size was trained with is not guessed."""
    said = _said(read, "Trained with DP (ε = 8, δ = 1e-6).\n\nBatch size: 32\n\nIn phase two the batch size is 64.")
    assert "batch_size" not in said


@pytest.mark.parametrize("text", ["User-level DP with ε ≈ 3.", "User-level DP with epsilon of about 3."])
def test_a_rough_epsilon_is_not_judged(read: Read, text: str) -> None:
    """What it really is cannot be told from it."""
    (claim,) = _claims(read, f"# Differential privacy\n\n{text}\n")
    assert (claim.stated, dict(claim.unresolved)) == ({}, {"epsilon": "it is given as about 3"})


def test_a_document_is_no_example(read: Read) -> None:
    """A unit that the vocabulary has no word for keeps the claim from a verdict."""
    (claim,) = _claims(read, "# M\n\nDifferential privacy (ε = 8, δ = 1e-6) at the document level.\n")
    assert "document-level" in claim.unresolved["unit"]


@pytest.mark.parametrize(
    ("text", "technique"),
    [
        ("Trained with differential privacy (ε = 8).", "dp_sgd"),
        ("Each phone answers with local differential privacy (ε = 2).", "local_dp"),
        ("Federated rounds with user-level differential privacy (ε = 2).", "federated_dp"),
        ("The counts have differential privacy (ε = 2).", "dp_composition"),
    ],
)
def test_the_technique_follows_from_the_words(read: Read, text: str, technique: str) -> None:
    """Only what was trained is DP-SGD."""
    (claim,) = _claims(read, f"# Data\n\n{text}\n")
    assert claim.technique == technique


def test_front_matter_states_it_too(read: Read) -> None:
    """A section of its own, also where YAML makes a text of 1e-5; the place is that of epsilon."""
    text = "---\nlicense: mit\ndifferential_privacy:\n  epsilon: 3\n  delta: 1e-5\n  noise_multiplier: 1.1\n---\n# M\n"
    (claim,) = _claims(read, text)
    assert (claim.location.line, claim.stated) == (4, {"epsilon": 3.0, "delta": 1e-5})
    assert claim.technique == "dp_sgd"


@pytest.mark.parametrize("value", ["low", "[1]", "true", "{}"])
def test_a_wrong_type_in_front_matter_is_a_gap(read: Read, value: str) -> None:
    """It is named with its line."""
    facts, (gap,) = read(
        PARSER, {"README.md": f"---\nlicense: mit\ndp:\n  epsilon: {value}\n---\nDifferential privacy"}
    )
    assert (facts.claims, gap.reason, gap.line) == ((), "wrong_type", 4)


@pytest.mark.parametrize("numbers", ["ε = 0, δ = 1e-5", "ε = 8, δ = 2", "ε = 1e999, δ = 1e-5", "ε = -3, δ = 0.1"])
def test_absurd_numbers_are_a_gap(read: Read, numbers: str) -> None:
    """No claim is made of them."""
    facts, (gap,) = read(PARSER, {"README.md": f"# M\n\nTrained with differential privacy ({numbers}).\n"})
    assert (facts.claims, gap.reason, gap.line) == ((), "invalid_value", 3)


def test_more_epsilons_than_a_card_has_are_a_gap(read: Read) -> None:
    """The first fifty are read."""
    text = "# M\n" + "".join(f"\nDifferential privacy (ε = {count}).\n" for count in range(1, 60))
    facts, (gap,) = read(PARSER, {"README.md": text})
    assert (len(facts.claims), gap.reason) == (50, "too_large")


_DATA = (
    "---\nlicense: mit\ndataset_info:\n  splits:\n  - name: train\n    num_examples: 60000\n"
    "  - name: test\n    num_examples: 9\n---\n"
)


def test_a_data_card_gives_the_size_of_its_data(read: Read) -> None:
    """The rows of the training split, exactly; a range of sizes gives nothing."""
    facts, _ = read(PARSER, {"data/README.md": _DATA, "README.md": "---\nsize_categories:\n- 10K<n<100K\n---\n"})
    (size,) = facts.settings
    assert (size.field, size.value, size.location.path, size.location.line) == (
        "dataset_size",
        60000,
        "data/README.md",
        6,
    )


def test_the_rows_of_private_data_are_not_those_it_was_made_from(read: Read) -> None:
    """Synthetic data has any number of rows."""
    facts, _ = read(PARSER, {"README.md": _DATA + "Made with differential privacy (ε = 8)."})
    assert facts.settings == ()
    assert "dataset_size" not in facts.claims[0].parameters


def test_broken_front_matter_leaves_the_prose(read: Read) -> None:
    """The gap names its line, and what the card says below counts."""
    facts, (gap,) = read(PARSER, {"README.md": "---\nlicense: [\n---\nTrained with differential privacy (ε = 8).\n"})
    assert [claim.stated for claim in facts.claims] == [{"epsilon": 8.0}]
    assert gap.detail.startswith("front matter: ")


@given(cut=st.integers(0, 700), put=st.text(max_size=8) | st.sampled_from(["|", "```", "---", "<!--", "ε ="]))
def test_damaged_cards_end_as_they_should(read: Read, cut: int, put: str) -> None:
    """A card cut off or damaged gives claims or gaps, never a crash."""
    for rest in ("", _CARD[cut:]):
        read(PARSER, {"README.md": _CARD[:cut] + put + rest})
