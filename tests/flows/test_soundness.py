"""What a program does when it runs is what the engine says of it: no flow is missed, none is made up."""

import pytest
from hypothesis import given, settings

from tests.flows.programs import Program, programs
from tests.flows.small import followed


def _says(program: Program) -> bool:
    found = followed(program.files())
    return bool(found.sources) or bool(found.unresolved)


@given(programs())
@settings(max_examples=150)
def test_what_reaches_the_ai_in_a_run_is_reported(program: Program) -> None:
    """When the address was seen at the AI, the flow is reported, or that a call could not be followed."""
    assert not program.sends_the_mark() or _says(program)


@given(programs())
@settings(max_examples=100)
def test_a_program_that_sends_a_constant_has_no_flow(program: Program) -> None:
    """The same program, with a constant at its end, sends nothing personal."""
    assert followed(program.files(clean=True)).sources == set()


@pytest.mark.slow
@given(programs())
@settings(max_examples=5000)
def test_what_reaches_the_ai_in_many_runs_is_reported(program: Program) -> None:
    """The same for thousands of programs."""
    assert not program.sends_the_mark() or _says(program)
