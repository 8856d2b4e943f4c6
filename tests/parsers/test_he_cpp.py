"""Parameters of homomorphic encryption in C++: what is read, what is left open, and files that are cut off."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.hazards import Hazard
from petguard.model import Claim, Facts, Gap
from petguard.parsers import Parser, he_cpp

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_SEAL = """\
// parms.set_poly_modulus_degree(1024);
void run()
{
    EncryptionParameters parms(scheme_type::ckks);
    size_t poly_modulus_degree = 8192;
    parms.set_poly_modulus_degree(poly_modulus_degree);
    parms.set_coeff_modulus(CoeffModulus::Create(poly_modulus_degree, { 60, 40, 40, 60 }));
    SEALContext context(parms);
}
"""
_OPENFHE = """\
int main() {
    CCParams<CryptoContextCKKSRNS> parameters;
    parameters.SetSecurityLevel(HEStd_NotSet);
    parameters.SetRingDim(1 << 10);
    uint32_t depth = 6;
    parameters.SetScalingModSize(59);
    parameters.SetFirstModSize(60);
    parameters.SetMultiplicativeDepth(depth);
}
"""


def _one(read: Read, text: str, name: str = "main.cpp") -> Claim:
    facts, gaps = read(he_cpp.PARSER, {name: text})
    assert gaps == []
    (claim,) = facts.claims
    assert facts.nodes[0].claim == claim.id
    return claim


def test_parameters_of_seal_are_read(read: Read) -> None:
    """By name where the name was given one number; a comment states nothing."""
    claim = _one(read, _SEAL)
    assert claim.stated == {"bits": 128}
    assert claim.parameters == {"scheme": "ckks", "poly_modulus_degree": 8192, "coeff_mod_bit_sizes": [60, 40, 40, 60]}
    assert claim.location.line == 6


@pytest.mark.parametrize(
    ("call", "log_q"), [("BFVDefault(8192)", 218.0), ("BFVDefault(8192, sec_level_type::tc192)", 152.0)]
)
def test_the_default_modulus_of_seal_is_that_of_the_table(read: Read, call: str, log_q: float) -> None:
    """At the level that is asked for."""
    text = f"void f() {{ p.set_poly_modulus_degree(8192); p.set_coeff_modulus(CoeffModulus::{call}); }}"
    assert _one(read, text).parameters["log_q"] == log_q


def test_no_level_is_a_hazard_and_states_no_bits(read: Read) -> None:
    """The parameters are still read."""
    claim = _one(read, _SEAL.replace("context(parms)", "context(parms, true, sec_level_type::none)"))
    assert claim.stated == {}
    assert [(each.hazard, each.location.line) for each in claim.dangers] == [(Hazard.SECURITY_CHECK_OFF, 8)]


@pytest.mark.parametrize(
    "change",
    [
        ("size_t poly_modulus_degree = 8192;", "size_t poly_modulus_degree = 8192; poly_modulus_degree = read();"),
        (
            "size_t poly_modulus_degree = 8192;",
            "size_t poly_modulus_degree = 4096; if (big) { poly_modulus_degree = 8192; }",
        ),
        ("size_t poly_modulus_degree = 8192;", ""),
        ("(poly_modulus_degree);", "(argv[1]);"),
    ],
)
def test_a_number_that_is_not_certain_is_left_open(read: Read, change: tuple[str, str]) -> None:
    """A later assignment, one of a branch, a parameter and an expression are no constants."""
    claim = _one(read, _SEAL.replace(*change))
    assert "poly_modulus_degree" in claim.unresolved
    assert "poly_modulus_degree" not in claim.parameters


def test_each_set_of_parameters_is_its_own_claim(read: Read) -> None:
    """Two in one function, and one in the next."""
    modulus = "    parms.set_coeff_modulus(CoeffModulus::Create(4096, {36, 37}));\n}\n"
    again = "    parms.set_poly_modulus_degree(4096);\n" + modulus
    facts, _ = read(he_cpp.PARSER, {"a.cc": _SEAL.rstrip("}\n") + "\n" + again + _SEAL})
    assert [claim.parameters["poly_modulus_degree"] for claim in facts.claims] == [8192, 4096, 8192]


def test_parameters_of_openfhe_are_read(read: Read) -> None:
    """What CKKS surely needs of the modulus, and that the check is switched off."""
    claim = _one(read, _OPENFHE)
    assert claim.stated == {}
    assert claim.parameters == {
        "scheme": "ckks", "poly_modulus_degree": 1024, "log_q_at_least": 414.0, "secret": "ternary",
    }  # fmt: skip
    assert [each.hazard for each in claim.dangers] == [Hazard.SECURITY_CHECK_OFF]


def test_openfhe_has_a_level_of_its_own(read: Read) -> None:
    """128 bits where none is set; another, or one that is no constant, as it is set."""
    line = "    parameters.SetSecurityLevel(HEStd_NotSet);\n"
    assert _one(read, _OPENFHE.replace(line, "")).stated == {"bits": 128}
    assert _one(read, _OPENFHE.replace("HEStd_NotSet", "HEStd_256_classic")).stated == {"bits": 256}
    assert "bits" in _one(read, _OPENFHE.replace("HEStd_NotSet", "level")).unresolved


@pytest.mark.parametrize("degree", ["0", "9999999999999999", "-4096", "8192.5"])
def test_absurd_degrees_are_no_claim_and_no_crash(read: Read, degree: str) -> None:
    """They are left open, or a gap."""
    facts, gaps = read(he_cpp.PARSER, {"a.cpp": _SEAL.replace("8192", degree)})
    assert gaps or "poly_modulus_degree" in facts.claims[0].unresolved


@pytest.mark.parametrize("name", ["notes.md", "main.rs", "a.py"])
def test_other_files_are_not_read(read: Read, name: str) -> None:
    """Only C++ is."""
    assert read(he_cpp.PARSER, {name: _SEAL}) == (Facts(), [])


@pytest.mark.parametrize("end", range(0, len(_SEAL), 9))
def test_a_file_that_is_cut_off_ends(read: Read, end: int) -> None:
    """Whatever is left of it."""
    facts, _ = read(he_cpp.PARSER, {"a.cpp": _SEAL[:end]})
    assert len(facts.claims) <= 1


def test_a_file_with_too_many_is_a_gap(read: Read) -> None:
    """It would take long, and nobody reads it."""
    facts, (gap,) = read(he_cpp.PARSER, {"a.cpp": "p.set_poly_modulus_degree(8);\n" * 201})
    assert (facts.claims, gap.reason) == ((), "too_large")


@given(st.text(alphabet='{}()/*"\n;=<,. p1', max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    """Braces that do not match, comments that do not end."""
    he_cpp._Code(text + " p.set_poly_modulus_degree(8);" + text)
