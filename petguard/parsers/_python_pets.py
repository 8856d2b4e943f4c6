"""The tables of `rules/code/privacy/`: which call of which library states which field of a claim.

Calls are known by the name that they are imported under and not by a pattern of semgrep: `from lib.part import f as g`
and `lib.f` are the same call, positional arguments have names, and the method of a library's object is one word.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

from pydantic import Field

from petguard import _shipped, tables
from petguard.hazards import Hazard
from petguard.model import Frozen

Generator = Literal["secure", "numpy", "random", "torch", "tensorflow", "jax"]
_NOISES = ("laplace", "Laplace", "normal", "gauss", "Gaussian", "Normal")


class Trap(Frozen):
    """A hazard that the arguments of the call alone show: all of these are given so, and all of those are not given."""

    hazard: Hazard
    detail: str
    given: Mapping[str, bool | int | float | str] = Field(default_factory=dict)
    absent: tuple[str, ...] = ()
    unless_called: tuple[str, ...] = ()  # a function or method that, called in the same file, takes the hazard away


class Call(Frozen):
    """A kind of call that states a claim.

    A call counts when one of `names` is imported from a module below one of `roots`, or when one of `methods` is
    called on anything in a file that imports one of the roots (any file, where there are none).
    """

    technique: str
    package: str | None = None
    roots: tuple[str, ...] = ()
    within: str | None = None  # a part of the module's name: `tools` of `diffprivlib.tools.mean`
    names: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    starred: bool = False  # the names also count where `from root import *` brings them
    anywhere: bool = False  # the methods are of this library alone, and count in a file that does not import it, too
    unless_called: tuple[str, ...] = ()  # another call in the file states the same claim, and states it better
    parameters: tuple[str, ...] = ()  # in the order of positional arguments
    fields: Mapping[str, str] = Field(default_factory=dict)  # parameter: field of the claim
    fixed: Mapping[str, Any] = Field(default_factory=dict)
    defaults: Mapping[str, Any] = Field(default_factory=dict)  # field: what it is when its parameter is not given
    requires: tuple[str, ...] = ()  # without one of these parameters the call claims nothing
    reader: str | None = None  # what arguments alone do not say
    generator: Generator = "secure"  # where the noise comes from
    seeds: tuple[str, ...] = ()  # parameters that make the noise repeatable
    bounds: tuple[str, ...] = ()  # parameters that must not be read from the data
    data: tuple[str, ...] = ()  # parameters that the release is about
    uses: tuple[str, ...] = ()  # methods of the result that release something
    accounted_by: tuple[str, ...] = ()  # parameters that hand the spending to an accountant
    releases: bool = True  # false: it only computes or holds a budget, and may be called again and again
    traps: tuple[Trap, ...] = ()


class _Table(Frozen):
    package: str | None = None
    roots: tuple[str, ...] = ()
    calls: tuple[Call, ...]


@cache
def calls() -> tuple[Call, ...]:
    """Every kind of call, in the order of the files; what a file says of its library holds for each of its calls."""
    found: list[Call] = []
    for path in _shipped.files("rules/code/privacy"):
        table = _Table.model_validate(tables.read(path).value)
        common = {"package": table.package, "roots": table.roots}
        found += (each.model_copy(update={**common, **_own(each)}) for each in table.calls)
    return tuple(found)


def _own(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in ("package", "roots") if name in call.model_fields_set}


Proof = Callable[[str], bool]


def anchors() -> Mapping[str, Proof]:
    """The words of which one stands in every file with a claim, and what must then hold of the file's text."""
    roots = {root for each in calls() for root in each.roots}
    methods = {method for each in calls() if each.anywhere for method in each.methods}
    by_name = {root: _has_word(root) for root in roots}
    return {**by_name, **dict.fromkeys(methods, _surely), **dict.fromkeys(_NOISES, speaks_of_a_budget)}


def _has_word(root: str) -> Proof:
    """Whoever imports `phe` writes it as a word; `phenomenon` holds the letters only."""
    word = re.compile(rf"(?<!\w){re.escape(root)}(?!\w)")
    return lambda text: word.search(text) is not None


def _surely(_text: str) -> bool:
    return True


_BUDGET = re.compile(r"epsilon|sensitivity|\b_?eps\b")


def speaks_of_a_budget(text: str) -> bool:
    """Whether noise in this file could be meant as differential privacy."""
    return bool(_BUDGET.search(text))
