"""Claims that files state: by hand in petguard.yaml, and in the run configuration of DPCA-PSI."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.errors import ConfigurationError
from petguard.model import Facts, Gap, State
from petguard.parsers import Parser, dpca_psi, stated_claims

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_PSI = """\
{
  "common": {"ids_num": 3},
  "paillier_params": {"paillier_n_len": 2048},
  "dp_params": {
    "epsilon": 2.0,
    "maximum_queries": 10,
    "use_precomputed_tau": true,
    "precomputed_tau": 1440,
    "input_dp": true
  }
}
"""
_STATED = """\
claims:
  - technique: k_anonymity
    artefact: patients.csv
    quasi_identifiers: [age, zip]
    k: 5
  - technique: dp_sgd
    subject: ../train.py:main
    epsilon: 3
    delta: 1e-5
"""
_CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


def test_a_psi_configuration_is_a_claim(read: Read) -> None:
    """All fields of the claim come from the file, at the line of epsilon, with an inventory node."""
    facts, gaps = read(dpca_psi.PARSER, {"psi.json": _PSI})
    (claim,) = facts.claims
    assert gaps == []
    assert (claim.id, claim.subject, claim.location.line) == ("dp_psi:psi.json", "psi.json", 5)
    assert claim.stated == {"epsilon": 2.0}
    assert claim.parameters == {
        "config": "psi.json",
        "maximum_queries": 10,
        "ids_num": 3,
        "precomputed_tau": 1440,
        "use_precomputed_tau": True,
        "input_dp": True,
    }
    assert facts.nodes[0].claim == claim.id


@pytest.mark.parametrize("value", ["NaN", "-2.0", "Infinity", "true", '"2"', "[]", "0"])
def test_an_impossible_epsilon_is_a_gap(read: Read, value: str) -> None:
    """A wrong number in a foreign file names its field and line, and no claim is made of it."""
    facts, (gap,) = read(dpca_psi.PARSER, {"psi.json": _PSI.replace("2.0", value)})
    assert facts.claims == ()
    assert (gap.state, gap.reason, gap.line) == (State.FAILED, "invalid_value", 5)
    assert "dp_params.epsilon" in gap.detail


def test_a_section_of_the_wrong_type_is_a_gap(read: Read) -> None:
    """A list where the parameters should stand is named."""
    _, (gap,) = read(dpca_psi.PARSER, {"psi.json": '{"ecc_params": {},\n "dp_params": []}'})
    assert (gap.reason, gap.line) == ("invalid_value", 2)


def test_another_epsilon_is_no_claim(read: Read) -> None:
    """A cuckoo factor named epsilon is not a privacy budget."""
    text = '{"kkrt_psi_params": {"epsilon": 1.27}, "ecdh_params": {"curve_id": 415}}'
    assert read(dpca_psi.PARSER, {"kkrt.json": text}) == (Facts(), [])


@pytest.mark.skipif(not _CORPUS.is_dir(), reason="published configurations are not at hand")
def test_published_configurations(read: Read) -> None:
    """Every PrivacyGo configuration is a claim, no PETAce one is."""
    files = {path.as_posix(): path.read_text("utf-8") for path in sorted(_CORPUS.glob("p*/*.json"))}
    facts, gaps = read(dpca_psi.PARSER, files)
    assert gaps == []
    assert {claim.subject for claim in facts.claims} == {path for path in files if "/privacygo/" in path}


def test_stated_claims(read: Read) -> None:
    """Claims are numbered by line, and their paths count from the scan root."""
    facts, _ = read(stated_claims.PARSER, {"release/petguard.yaml": _STATED})
    assert [(claim.id, claim.subject) for claim in facts.claims] == [
        ("k_anonymity:release/petguard.yaml:2:5", "release/patients.csv"),
        ("dp_sgd:release/petguard.yaml:6:5", "train.py:main"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("k: 5", "kk: 5", "x.petguard.yaml:5: claims.0.kk: no such key"),
        ("epsilon: 3", "epsilon: .nan", "x.petguard.yaml:8: claims.1.epsilon"),
        ("epsilon: 3", "epsilon: .inf", "x.petguard.yaml:8: claims.1.epsilon"),
        ("epsilon: 3", "epsilon: -1", "x.petguard.yaml:8: claims.1.epsilon"),
        ("epsilon: 3", "epsilon: '3'", "x.petguard.yaml:8: claims.1.epsilon"),
        ("epsilon: 3", "epsilom: 3", "did you mean epsilon?"),
        ("k: 5", "k: true", "x.petguard.yaml:5: claims.0.k"),
        ("k: 5", "k: 0", "x.petguard.yaml:5: claims.0.k"),
        ("delta: 1e-5", "delta: 1", "x.petguard.yaml:9: claims.1.delta"),
        ("technique: dp_sgd", "technique: dp_sdg", "did you mean dp_sgd?"),
        ("technique: dp_sgd", "x: y", "technique is missing"),
        ("patients.csv", "../../patients.csv", "x.petguard.yaml:3: claims.0.artefact: ../../patients.csv leaves"),
        ("patients.csv", "/etc/passwd", "not relative"),
        ("claims:", "claims: [", "x.petguard.yaml:"),
        ("claims:", "- claims:", "must be a mapping"),
        ("claims:", "clams:", "x.petguard.yaml:1: clams: no such key; did you mean claims?"),
        ("claims:", "fail_on: never\nclaims:", "x.petguard.yaml:1: fail_on: no such key"),
        ("k: 5", "k: 5\n    k: 2", "x.petguard.yaml:6: k: stands there twice"),
    ],
)
def test_a_slip_in_a_stated_claim_stops_the_scan(read: Read, old: str, new: str, words: str) -> None:
    """What is written by hand is mended by hand: file, line, key, what is wrong and what was meant."""
    with pytest.raises(ConfigurationError) as caught:
        read(stated_claims.PARSER, {"a/x.petguard.yaml": _STATED.replace(old, new, 1)})
    assert words in str(caught.value)


def test_a_policy_without_claims_states_none(read: Read) -> None:
    """Other keys of petguard.yaml belong to the policy; other files with claims belong to somebody else."""
    assert read(stated_claims.PARSER, {"petguard.yaml": "approved: [openai]\nclaims:\n"}) == (Facts(), [])
    assert read(stated_claims.PARSER, {"other.yaml": _STATED}) == (Facts(), [])


@given(cut=st.integers(0, 260), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "1e999"]))
def test_damaged_files_end_as_they_should(read: Read, cut: int, put: str) -> None:
    """A damaged foreign file gives facts or gaps; a damaged hand-written one at worst a configuration error."""
    for whole in ("", _PSI[cut:]):
        read(dpca_psi.PARSER, {"psi.json": _PSI[:cut] + put + whole})
    for whole in ("", _STATED[cut:]):
        with contextlib.suppress(ConfigurationError):
            read(stated_claims.PARSER, {"petguard.yaml": _STATED[:cut] + put + whole})
