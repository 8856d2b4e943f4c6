"""The work of following data has bounds: what lies behind them is a gap that says where, how much and what to do."""

import pytest

from petguard.parsers._code.form import Code
from tests.flows.small import HEAD, Followed, followed

_APART = "follow its parts by themselves, in scans of their folders"


def _hub(callers: int) -> str:
    """A function through which everybody passes everything."""
    return "def hub(x):\n    ask(x)\n    ask(x)\n" + "".join(
        f"def f{n}(user):\n    hub(user.email)\n" for n in range(callers)
    )


def _handlers(count: int, *, asks: int) -> Followed:
    """A class with so many made from it, of which the one with this number sends on what all are given."""
    made = "".join(
        f"class H{n}(Base):\n    def go(self, x):\n        {'ask(x)' if n == asks else 'pass'}\n" for n in range(count)
    )
    return followed(
        "class Base:\n    def go(self, x):\n        pass\n"
        f"{made}def run(handler: Base, user):\n    handler.go(user.email)\n    ask('')\n"
    )


@pytest.fixture
def tired(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees are worth very little work."""
    monkeypatch.setattr("petguard.flows.budget._ANY_TREE", 60)
    monkeypatch.setattr("petguard.flows.budget._EACH_CALL", 0)


@pytest.mark.usefixtures("tired")
def test_a_hub_that_uses_up_the_work_is_a_gap() -> None:
    """The gap names the call that more may arrive at, counts the others and says what to do."""
    assert any(
        detail.startswith("the work for this tree was used up before") and detail.endswith(_APART)
        for detail in followed(_hub(200)).unresolved
    )


@pytest.mark.usefixtures("tired")
def test_the_work_is_counted_and_not_timed() -> None:
    """Two runs that give up say the same."""
    first, second = followed(_hub(200)), followed(_hub(200))
    assert (first.gaps, first.facts) == (second.gaps, second.facts)


def test_the_same_hub_is_followed_where_there_is_work_enough() -> None:
    """No gap, and every way."""
    found = followed(_hub(200))
    assert (found.unresolved, found.sources) == (set(), {"user.email"})


def test_a_call_of_more_classes_than_are_looked_at_is_a_gap() -> None:
    """One of the others may send the data on."""
    found = _handlers(30, asks=29)
    assert found.unresolved == {
        "more may be called by handler.go than the 24 meanings that are looked at; "
        "look at the others yourself, or type what it is called on more narrowly"
    }


def test_a_call_of_a_few_classes_is_followed_into_all_of_them() -> None:
    """Nothing is cut, so nothing is a gap."""
    found = _handlers(20, asks=19)
    assert (found.unresolved, found.sources) == (set(), {"user.email"})


def test_the_result_of_a_call_of_too_many_is_a_gap() -> None:
    """What reaches the AI may come from one that was not looked at."""
    made = "".join(
        f"class H{n}(Base):\n    def get(self, user):\n        return {'user.email' if n == 29 else n}\n"
        for n in range(30)
    )
    found = followed(
        "class Base:\n    def get(self, user):\n        raise NotImplementedError\n"
        f"{made}def run(handler: Base, it):\n    ask(handler.get(it))\n"
    )
    assert {detail.partition(" than ")[0] for detail in found.unresolved} == {"more may be called by handler.get"}


def test_what_is_called_most_has_gaps_of_its_own_and_the_rest_has_one() -> None:
    """Hundreds of such names are a handful of gaps."""
    names = [f"go{n}" for n in range(100)]
    methods = "".join(f"    def {name}(self, x):\n        pass\n" for name in names)
    made = "".join(f"class H{n}(Base):\n{methods}" for n in range(30))
    calls = "".join(f"    handler.{name}(user.email)\n" for name in names)
    found = followed(f"class Base:\n{methods}{made}def run(handler: Base, user):\n{calls}    ask('')\n")
    assert len([each for each in found.unresolved if each.startswith("more may be called by")]) == 21


def test_a_class_with_more_bases_than_are_looked_through_is_a_gap() -> None:
    """Its method may stand in one of the others."""
    line = "".join(f"class A{n + 1}(A{n}):\n    pass\n" for n in range(70))
    found = followed(f"class A0:\n    def go(self, x):\n        ask(x)\n{line}def f(user):\n    A70().go(user.email)\n")
    assert "A64 has more bases than are looked through, as do 6 other classes here" in found.unresolved


def test_a_column_counts_characters_in_lines_of_any_length() -> None:
    """Also where the text is not ASCII, and far into a bundle."""
    line = "é" * 9_000 + "x"
    code = Code("a.js", "npm", f"\n{line}".encode())
    assert code.position(len(code.data) - 1) == (2, 9_001)


def test_a_line_of_sixty_classes_is_followed_to_its_beginning() -> None:
    """That many bases are looked through."""
    line = "".join(f"class A{n + 1}(A{n}):\n    pass\n" for n in range(60))
    found = followed(
        {
            "app.py": f"{HEAD}class A0:\n    def go(self, x):\n        ask(x)\n{line}def f(user):\n    A60().go(user.email)\n"
        }
    )
    assert (found.unresolved, found.sources) == (set(), {"user.email"})


def test_every_call_of_a_member_that_is_cut_is_counted() -> None:
    """What an attribute is was found out for the first of its calls; the second one is as much in doubt."""
    made = "".join(f"class H{n}:\n    def go(self, x):\n        pass\n" for n in range(30))
    found = followed(
        f"{made}class Base:\n    def make(self):\n        pass\n"
        + "".join(f"class M{n}(Base):\n    def make(self):\n        return H{n}()\n" for n in range(30))
        + "class Holder:\n    def __init__(self, base: Base):\n        self.kept = base.make()\n"
        "    def one(self, user):\n        self.kept.go(user.email)\n"
        "def two(user):\n    Holder(None).kept.go(user.email)\n    ask('')\n"
    )
    assert any("go and 1 other call than" in detail for detail in found.unresolved)
