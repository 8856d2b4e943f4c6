"""MPC, secret sharing, intersection and aggregation: claims against the published models of the protocols."""

from pathlib import Path
from typing import Any

import pytest

from petguard import protocols, verifiers
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from tests.benches import NOWHERE, bench

V, R, U = Outcome.VERIFIED, Outcome.REFUTED, Outcome.UNVERIFIABLE


def judge(technique: str, root: Path = NOWHERE, conflicts: dict[str, Any] | None = None, **said: Any) -> Verdict:
    """The verdict on a claim with these fields."""
    fields = {name: value for name, value in said.items() if value is not None}
    statement = STATEMENT.validate_python({"technique": technique, **fields})
    place = Location(path="a.sh")
    claim = Claim(id="c", statement=statement, location=place, subject="a.sh", conflicts=conflicts or {})
    return verifiers.judge_all([claim], bench(root=root))[0]


# --- MPC ------------------------------------------------------------------------------------------------------------

# The README of MP-SPDZ, written down a second time: adversary, and how many of how many parties may be corrupted.
_PUBLISHED = [
    *[("MP-SPDZ", name, "malicious", 4, 3) for name in ("mascot", "mama", "spdz2k", "lowgear", "highgear", "tinier")],
    *[("MP-SPDZ", name, "covert", 4, 3) for name in ("cowgear", "chaigear")],
    *[("MP-SPDZ", name, "semi_honest", 4, 3) for name in ("semi", "semi2k", "hemi", "temi", "soho", "semi-bin")],
    *[("MP-SPDZ", name, "malicious", 5, 2) for name in ("mal-shamir", "sy-shamir", "malicious-ccd")],
    *[("MP-SPDZ", name, "semi_honest", 5, 2) for name in ("shamir", "atlas", "ccd")],
    *[("MP-SPDZ", name, "malicious", 3, 1) for name in ("brain", "ps-rep-ring", "sy-rep-field", "malicious-rep-bin")],
    *[("MP-SPDZ", name, "semi_honest", 3, 1) for name in ("ring", "replicated-bin", "rep-field", "astra", "trio")],
    ("MP-SPDZ", "rep4-ring", "malicious", 4, 1),
    ("MP-SPDZ", "yao", "semi_honest", 2, 1),
    ("MP-SPDZ", "dealer-ring", "semi_honest", 4, 2),
    ("MPyC", "shamir", "semi_honest", 5, 2),
    ("CrypTen", "TTP", "semi_honest", 3, 2),
    ("SPU", "ABY3", "semi_honest", 3, 1),
    ("SPU", "CHEETAH", "semi_honest", 2, 1),
    ("PETAce", "duet", "semi_honest", 2, 1),
    (None, "spdz", "malicious", 3, 2),
    (None, "malicious shamir", "malicious", 7, 2),
]


@pytest.mark.parametrize(("framework", "protocol", "adversary", "parties", "most"), _PUBLISHED)
def test_each_protocol_covers_what_is_published(
    framework: str | None, protocol: str, adversary: str, parties: int, most: int
) -> None:
    """Its adversary and as many parties as its paper says; not one party more, and no stronger adversary."""
    claimed = "semi_honest" if adversary == "covert" else adversary
    said: dict[str, Any] = {"framework": framework, "protocol": protocol, "parties": parties}
    assert judge("mpc", **said, adversary=claimed, threshold=most).outcome is V
    over = judge("mpc", **said, adversary=claimed, threshold=most + 1)
    if protocol == "malicious shamir" and framework is None:  # others of this name withstand fewer than half
        assert over.reason is Reason.GAP
        over = judge("mpc", **said, adversary=claimed, threshold=(parties + 1) // 2)
    assert (over.outcome, over.witness["threshold_at_most"]) == (R, most)
    assert judge("mpc", **said, adversary="malicious").outcome is (V if adversary == "malicious" else R)


@pytest.mark.parametrize(
    ("framework", "protocol"),
    [
        ("CrypTen", "TFP"), ("CrypTen", "HE"), ("SPU", "REF2K"), ("SPU", "SEMI2K TrustedFirstParty"),
        ("MP-SPDZ", "Fake-Offline.x"), ("MP-SPDZ", "emulate.x"),
    ],
)  # fmt: skip
def test_mocks_are_refuted_whatever_is_claimed(framework: str, protocol: str) -> None:
    """Even where no adversary is named."""
    verdict = judge("mpc", framework=framework, protocol=protocol)
    assert (verdict.outcome, verdict.witness["adversary"]) == (R, "none")


def test_a_name_may_be_spelled_as_the_program_or_the_script() -> None:
    """All three are the same protocol."""
    rows = {protocols.computation("mp_spdz", name) for name in ("Semi2k", "semi2k-party.x", "semi2k.sh")}
    assert len(rows) == 1
    assert None not in rows


@pytest.mark.parametrize("field", ["protocol", "adversary", "parties"])
def test_each_missing_field_is_named(field: str) -> None:
    """A threshold needs the number of parties."""
    said: dict[str, Any] = {
        "framework": "MP-SPDZ",
        "protocol": "mascot",
        "adversary": "malicious",
        "parties": 3,
        "threshold": 2,
    }
    verdict = judge("mpc", **{**said, field: None})
    assert (verdict.outcome, verdict.reason) == (U, Reason.MISSING_PARAMETER)
    assert field in verdict.explanation


def test_an_unknown_protocol_is_left_open() -> None:
    """No model is made up for it, nor taken from another framework."""
    assert judge("mpc", framework="MP-SPDZ", protocol="best", adversary="malicious").reason is Reason.UNKNOWN_TECHNIQUE
    assert judge("mpc", framework="Other", protocol="mascot", adversary="malicious").reason is Reason.UNKNOWN_TECHNIQUE


def test_a_protocol_for_three_is_not_judged_for_five() -> None:
    """It cannot be run so, and nothing is known about what would be run instead."""
    assert judge("mpc", framework="SPU", protocol="ABY3", adversary="semi_honest", parties=5).reason is Reason.GAP


def test_statistical_security_beyond_the_field_is_left_open() -> None:
    """A check modulo a short prime must be repeated to be that good."""
    said: dict[str, Any] = {
        "framework": "MP-SPDZ",
        "protocol": "mascot",
        "adversary": "malicious",
        "statistical_security": 80,
    }
    assert judge("mpc", **said, field_bits=64).reason is Reason.GAP
    verdict = judge("mpc", **said, field_bits=128)
    assert verdict.outcome is V
    assert any("80 bits" in line for line in verdict.assumptions)


# --- secret sharing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "adversary", "parties", "threshold", "outcome"),
    [
        ("shamir", "semi_honest", 5, 2, V), ("shamir", "semi_honest", 5, 3, U), ("shamir", "semi_honest", 4, 2, U),
        ("shamir", "semi_honest", 5, 5, R), ("shamir storage", "semi_honest", 5, 4, V),
        ("shamir storage", "semi_honest", 5, 5, R), ("verifiable secret sharing", "malicious", 5, 2, U),
        ("malicious shamir", "malicious", 7, 2, V), ("malicious shamir", "malicious", 7, 3, U),
        ("malicious shamir", "malicious", 7, 7, R), ("shamir", "malicious", 7, 2, U),
        ("additive", "semi_honest", 3, 2, V), ("additive", "semi_honest", 3, 3, R),
    ],
)  # fmt: skip
def test_thresholds_of_secret_sharing(
    protocol: str, adversary: str, parties: int, threshold: int, outcome: Outcome
) -> None:
    """Fewer than half against parties that look, a third against cheats; what is only stored withstands more."""
    said: dict[str, Any] = {"protocol": protocol, "adversary": adversary, "parties": parties, "threshold": threshold}
    assert judge("secret_sharing", **said).outcome is outcome


def test_a_secret_that_is_only_stored_may_have_any_threshold() -> None:
    """Any number below all shares; it must be stated."""
    said: dict[str, Any] = {"framework": "PyCryptodome", "protocol": "shamir", "adversary": "semi_honest", "parties": 5}
    assert judge("secret_sharing", **said, threshold=4).outcome is V
    assert judge("secret_sharing", **said, threshold=5).outcome is R
    assert judge("secret_sharing", **said).reason is Reason.MISSING_PARAMETER


# --- private set intersection ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "reveals", "runs", "outcome"),
    [
        ("circuit", "shares", None, V), ("circuit", "cardinality", None, V), ("kkrt", "intersection", None, V),
        ("kkrt", "cardinality", None, R), ("ecdh", "shares", None, R), ("psi-ca", "cardinality", None, U),
        ("psi-ca", "cardinality", 1, U), ("psi-ca", "cardinality", 2, R), ("psi-ca", "shares", 1, R),
        ("psi-ca", "intersection", 30, R), ("kkrt", None, None, U), ("homemade", "shares", None, U),
    ],
)  # fmt: skip
def test_intersections_reveal_what_their_protocol_reveals(
    scheme: str, reveals: str | None, runs: int | None, outcome: Outcome
) -> None:
    """An exact size that is told again and again tells who is in it; shares tell nothing."""
    assert judge("psi", scheme=scheme, reveals=reveals, runs=runs).outcome is outcome


def test_the_claimed_adversary_counts_for_intersections_too() -> None:
    """ECDH-PSI is for parties that follow the protocol."""
    said: dict[str, Any] = {"scheme": "ecdh", "reveals": "intersection", "adversary": "malicious"}
    verdict = judge("psi", framework="PETAce-SetOps", **said)
    assert judge("psi", **said).reason is Reason.MISSING_PARAMETER
    assert (verdict.outcome, verdict.witness["claimed"]) == (R, "malicious")
    malicious: dict[str, Any] = {
        "framework": "SecretFlow PSI",
        "scheme": "RR22_MALICIOUS_PSI_2PC",
        "adversary": "malicious",
    }
    assert judge("psi", **malicious, reveals="intersection").outcome is V


def test_an_epsilon_without_noise_is_refuted() -> None:
    """A cuckoo-hash factor is no privacy, whoever calls it epsilon."""
    assert judge("psi", framework="PETAce-SetOps", scheme="kkrt", epsilon=1.27, reveals="intersection").outcome is R


def test_why_a_scheme_is_not_known_stands_in_brackets() -> None:
    """It is no part of what is missing."""
    statement = STATEMENT.validate_python({"technique": "psi", "reveals": "shares"})
    why = {"scheme": "reveal is not a constant"}
    claim = Claim(id="c", statement=statement, location=Location(path="a.sh"), subject="a.sh", unresolved=why)
    verdict = verifiers.judge_all([claim], bench())[0]
    assert verdict.explanation == "not stated: scheme (reveal is not a constant)"


def test_noise_on_shares_may_come_later() -> None:
    """Shares are computed on, and what is added to them there nobody sees here."""
    assert judge("psi", scheme="circuit", epsilon=1.0, reveals="shares").reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize(("protocol", "parties", "threshold"), [("bgw", 7, 2), ("yao", 2, 1), ("aby3", 3, 1)])
def test_a_name_of_papers_alone_is_not_refuted(protocol: str, parties: int, threshold: int) -> None:
    """The papers have variants of it that withstand cheats."""
    said: dict[str, Any] = {"protocol": protocol, "parties": parties, "threshold": threshold}
    assert judge("mpc", **said, adversary="malicious").reason is Reason.MISSING_PARAMETER
    assert judge("mpc", **said, adversary="semi_honest").outcome is V


def test_both_parties_learning_is_refuted_against_the_claim() -> None:
    """The configuration is what runs."""
    conflict = {"result_to": {"found": "both", "stated": "one", "stated_in": "petguard.yaml:1"}}
    verdict = judge("psi", conflicts=conflict, scheme="ecdh", reveals="intersection", result_to="both")
    assert (verdict.outcome, verdict.witness["result_to"]) == (R, "both")


@pytest.mark.parametrize(
    ("runs", "epsilon", "outcome", "reason"),
    [(1, 3.0, U, Reason.NOT_SUFFICIENT), (2, 3.0, R, None), (4, None, U, Reason.NOT_SUFFICIENT)],
)
def test_runs_of_randomised_response_add_up(
    runs: int, epsilon: float | None, outcome: Outcome, reason: Reason | None
) -> None:
    """Each run spends its epsilon again; the other party is only sampled, so nothing is verified."""
    said: dict[str, Any] = {"framework": "SecretFlow PSI", "scheme": "DP_PSI_2PC", "epsilon_per_run": 3.0}
    verdict = judge("psi", **said, runs=runs, epsilon=epsilon)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_an_intersection_that_tells_more_is_refuted() -> None:
    """Iterated two-party runs tell the intersection of two of many parties."""
    said: dict[str, Any] = {"framework": "SecretFlow PSI", "scheme": "KKRT_PSI_NPC", "reveals": "intersection"}
    assert judge("psi", **said).witness["also"]


_POINT = b"\x12\x21" + bytes(33)


@pytest.mark.parametrize(
    ("raw", "outcome", "scheme"),
    [
        (b"\x08\x01" + _POINT * 3, R, "ecdh intersection"), (_POINT * 3, U, "ecdh cardinality"),
        (b"\x08\x00" + _POINT, U, "ecdh cardinality"), (b"", U, None), (b"\x08\x02" + _POINT, U, None),
        (_POINT[:-1], U, None), (b"\x12\xff\xff\xff\xff\xff", U, None), (b"PK\x03\x04", U, None),
        (_POINT + b"\x08\x01", U, None),
    ],
)  # fmt: skip
def test_a_request_says_what_it_asks_for(tmp_path: Path, raw: bytes, outcome: Outcome, scheme: str | None) -> None:
    """Its flag decides; a file that is cut off, or another one, is a gap."""
    (tmp_path / "request.bin").write_bytes(raw)
    verdict = judge("psi", tmp_path, artefact="request.bin", reveals="cardinality", runs=None)
    assert verdict.outcome is outcome
    assert (scheme or "no request of OpenMined PSI") in verdict.explanation


# --- secure aggregation ---------------------------------------------------------------------------------------------

_FLOWER: dict[str, Any] = {
    "num_clients": 10, "num_shares": 5, "reconstruction_threshold": 3,
    "quantization_range": 1 << 22, "modulus_range": 1 << 32, "max_weight": 1000.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, V), ({"reconstruction_threshold": 2}, R), ({"reconstruction_threshold": 5}, U),
        ({"reconstruction_threshold": 1}, U), ({"reconstruction_threshold": 0.5}, R),
        ({"reconstruction_threshold": 0.6}, V), ({"reconstruction_threshold": 1.0}, U),
        ({"num_shares": 0.5}, V), ({"num_shares": 4, "reconstruction_threshold": 2}, R),
        ({"num_clients": 1023}, V), ({"num_clients": 1024}, U), ({"num_clients": 1025}, R), ({"num_clients": 4}, U),
        ({"num_shares": 3, "reconstruction_threshold": 0.5}, V),
        ({"num_shares": 7, "reconstruction_threshold": 0.5}, V), ({"modulus_range": (1 << 32) - 1}, U),
        ({"largest_weight": 5000.0}, R), ({"largest_weight": 1000.0}, V),
    ],
)  # fmt: skip
def test_each_inequality_of_secure_aggregation(change: dict[str, Any], outcome: Outcome) -> None:
    """A majority of shares, room for the sum, and weights that fit."""
    assert judge("secure_aggregation", **{**_FLOWER, **change}).outcome is outcome


@pytest.mark.parametrize(
    "field", ["num_clients", "num_shares", "reconstruction_threshold", "quantization_range", "modulus_range"]
)
def test_each_missing_number_of_secure_aggregation_is_named(field: str) -> None:
    """Nothing is assumed in its place."""
    verdict = judge("secure_aggregation", **{**_FLOWER, field: None})
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert field in verdict.explanation


def test_remedies_of_secure_aggregation_meet_it() -> None:
    """The threshold that is named, and the modulus that is named, are verified."""
    low = judge("secure_aggregation", **{**_FLOWER, "reconstruction_threshold": 2})
    assert judge("secure_aggregation", **{**_FLOWER, **low.remedy}).outcome is V
    full = judge("secure_aggregation", **{**_FLOWER, "num_clients": 5000})
    assert judge("secure_aggregation", **{**_FLOWER, "num_clients": 5000, **full.remedy}).outcome is V
