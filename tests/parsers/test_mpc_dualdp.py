"""Claims read from C++ programs that use MPC-DualDP."""

from collections.abc import Callable
from pathlib import Path

import pytest

from petguard.claims import MpcDualDp
from petguard.model import Claim, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.mpc_dualdp import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

PROGRAM = """#include "mpc-dualdp/mpc_dualdp.h"

void noise(std::size_t party) {
    auto dual = std::make_shared<privacy_go::mpc_dualdp::MPCDualDP>();
    double epsilon = 1.0;
    double delta = 0.00001;
    std::vector<int64_t> noise;
    // dual->binomial_sampling(16, 9.0, 0.5, 1.0, noise);
    dual->binomial_sampling(16, epsilon, delta, 1.0, noise);
}
"""


def claim(read: Read, text: str) -> Claim:
    """The one claim of a program."""
    facts, gaps = read(PARSER, {"noise.cpp": text})
    assert gaps == []
    (found,) = facts.claims
    return found


def test_the_numbers_of_a_call_are_read_through_constants(read: Read) -> None:
    """As in the example of PrivacyGo; what stands in a comment is no call."""
    found = claim(read, PROGRAM)
    assert found.location.line == 9
    assert found.statement == MpcDualDp(epsilon=1.0, delta=1e-5, sensitivity=1.0, calibration="privacy_go")


def test_what_is_no_constant_is_unresolved(read: Read) -> None:
    """A parameter of the function may be anything."""
    found = claim(read, PROGRAM.replace("double epsilon = 1.0;", ""))
    assert found.unresolved == {"epsilon": "epsilon is not a constant"}


def test_a_name_with_two_values_is_no_constant(read: Read) -> None:
    """Which of them counts cannot be told."""
    found = claim(read, PROGRAM.replace("double delta", "double epsilon = 2.0; double delta"))
    assert "epsilon" in found.unresolved


@pytest.mark.parametrize("absurd", ["-1.0", "0.0", "1e999"])
def test_an_absurd_number_is_a_gap(read: Read, absurd: str) -> None:
    """It is neither a claim nor overlooked."""
    facts, gaps = read(PARSER, {"noise.cpp": PROGRAM.replace("double epsilon = 1.0", f"double epsilon = {absurd}")})
    assert (facts.claims, [gap.reason for gap in gaps]) == ((), ["invalid_value"])


def test_a_call_with_other_arguments_is_a_gap(read: Read) -> None:
    """A later version may order them otherwise."""
    _, gaps = read(PARSER, {"noise.cpp": PROGRAM.replace("1.0, noise)", "noise)")})
    assert [gap.line for gap in gaps] == [9]


def test_a_file_cut_off_in_a_call_has_no_claim(read: Read) -> None:
    """There is nothing to read it from."""
    facts, _ = read(PARSER, {"noise.cpp": PROGRAM.partition("delta, 1.0")[0]})
    assert facts.claims == ()


def test_the_header_of_the_library_is_no_claim(read: Read) -> None:
    """It declares the function and calls nothing."""
    text = "namespace mpc_dualdp { class A { void binomial_sampling(const std::size_t n, const double epsilon); }; }"
    facts, gaps = read(PARSER, {"mpc_dualdp.h": text})
    assert (facts.claims, gaps, Path("mpc_dualdp.h").suffix) == ((), [], ".h")
