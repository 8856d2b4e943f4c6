"""Files made to be slow, deep or endless: the engine ends, its work grows with them, what it gave up is a gap."""

import sys
from collections.abc import Callable, Mapping
from types import FrameType

import pytest

from petguard.errors import UnreadableInput
from petguard.flows.scopes import Names
from tests.flows.small import HEAD, followed, summary

Make = Callable[[int], str | Mapping[str, str]]


def _steps(files: str | Mapping[str, str]) -> int:
    """How many functions are called while a project is followed: the same on every machine."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        followed(files)
    finally:
        sys.setprofile(before)
    return count


def _each(count: int, text: str) -> str:
    """A text again and again, with the number in the place of `#` and the next one in that of `$`."""
    return "".join(text.replace("#", str(number)).replace("$", str(number + 1)) for number in range(count))


def _circle(count: int, text: str, app: str) -> Mapping[str, str]:
    """Files that each hold a text about the next, the last about the first."""
    return {"app.py": HEAD + app, **{f"m{n}.py": text.replace("@", str((n + 1) % count)) for n in range(count)}}


_USER = "def f(user):\n"
_DECORATED = "def d(fn):\n    def i(*a):\n        return fn(*a)\n    return i\n"
_HOOK = "class B:\n    def go(self, x):\n        self.hook(x)\n    def hook(self, x):\n        pass\n"
_GIVES = "def g0(x):\n    return x\n"
_CALLS_Q = "def f(user):\n    q(user.email)\n"
_GROW: dict[str, tuple[int, Make]] = {
    "functions": (1000, lambda n: _each(n, "def g#(x):\n    ask(x)\n    return x\n")),
    "branches": (
        500,
        lambda n: f"{_USER}    x = ''\n" + "    if user:\n        x += user.email\n" * n + "    ask(x)\n",
    ),
    "branches that are left": (
        500,
        lambda n: (
            f"{_USER}    for u in user:\n" + _each(n, "        x# = user.email\n        if u:\n            continue\n")
        ),
    ),
    "arms": (
        500,
        lambda n: (
            "def f(user, x):\n    if x:\n        y = 1\n"
            + _each(n, "    elif x == #:\n        y = user.email\n")
            + "    ask(y)\n"
        ),
    ),
    "assignments in a try": (
        1000,
        lambda n: f"{_USER}    try:\n" + "        x = user.email\n" * n + "    except E:\n        ask(x)\n",
    ),
    "aliases": (1000, lambda n: "a0 = user.email\n" + _each(n, "a$ = a#\n") + f"ask(a{n})\n"),
    "aliases of a list": (1000, lambda n: "a0 = []\n" + _each(n, "a$ = a#\n") + "a0.append(user.email)\n"),
    "appends": (1000, lambda n: "x = []\n" + "x.append(user.email)\n" * n + "ask(x)\n"),
    "appends under many names": (
        300,
        lambda n: "x = y = z = []\n" + "x.append(user.email)\ny.append(1)\n" * n + "ask(z)\n",
    ),
    "keys": (1000, lambda n: "x = {}\n" + _each(n, "x['k#'] = user.email\n") + "ask(x)\n"),
    "a dict of dicts": (500, lambda n: "x = {}\n" + "x = {'k': x, 'e': user.email}\n" * n + "ask(x)\n"),
    "a long sum": (400, lambda n: f"ask({' + '.join(['user.email'] * n)})\n"),
    "a long list": (2000, lambda n: f"ask([{', '.join(['user.email'] * n)}])\n"),
    "a long call": (1000, lambda n: f"ask({', '.join(['user.email'] * n)})\n"),
    "a chain of functions": (
        150,
        lambda n: _GIVES + _each(n, "def g$(x):\n    return g#(x)\n") + f"ask(g{n}(user.email))\n",
    ),
    "returns that double": (
        20,
        lambda n: _GIVES + _each(n, "def g$(x):\n    return g#(x) + g#(x)\n") + f"ask(g{n}(user.email))\n",
    ),
    "safeguards that double": (
        8,
        lambda n: _GIVES + _each(n, "def g$(x):\n    return redact(g#(x) + g#(x))\n") + f"ask(g{n}(user.email))\n",
    ),
    "functions that all call each other": (
        8,
        lambda n: (
            _each(n, f"def g#(x):\n    return {' + '.join(f'g{j}(x)' for j in range(n))} + x\n")
            + "ask(g0(user.email))\n"
        ),
    ),
    "a wrapper that many call": (500, lambda n: _each(n, "def g#(user):\n    ask(user.email)\n")),
    "a helper that many call": (500, lambda n: _GIVES + _each(n, "def h#(user):\n    ask(g0(user.email))\n")),
    "functions that are handed on": (
        100,
        lambda n: "def g0(h, x):\n    h(x)\n" + _each(n, "def g$(h, x):\n    g#(h, x)\n") + f"g{n}(ask, user.email)\n",
    ),
    "a decorator of everything": (
        40,
        lambda n: (
            _DECORATED + _GIVES + _each(n, "@d\ndef g$(x):\n    return g#(x) + g0(x)\n") + f"ask(g{n}(user.email))\n"
        ),
    ),
    "decorators": (100, lambda n: _DECORATED + "@d\n" * n + "def g(x):\n    ask(x)\ng(user.email)\n"),
    "classes in a line": (
        100,
        lambda n: (
            "class A0:\n    def go(self, x):\n        ask(x)\n"
            + _each(n, "class A$(A#):\n    pass\n")
            + f"A{n}().go(user.email)\n"
        ),
    ),
    "classes of one base": (200, lambda n: _HOOK + _each(n, "class A#(B):\n    def hook(self, x):\n        ask(x)\n")),
    "attributes": (
        300,
        lambda n: (
            "class A:\n" + _each(n, "    def s#(self, user):\n        self.x# = user.email\n        ask(self.x#)\n")
        ),
    ),
    "closures": (
        200,
        lambda n: (
            f"{_USER}    x = []\n"
            + _each(n, "    def g#():\n        x.append(user.email)\n    g#()\n")
            + "    ask(x)\n"
        ),
    ),
    "lambdas": (300, lambda n: _USER + "    g = lambda x: ask(x + user.email)\n    g(1)\n" * n),
    "imports": (300, lambda n: _circle(n, "from m@ import ask\n", f"from m0 import ask as q\n{_CALLS_Q}")),
    "stars": (100, lambda n: _circle(n, "from m@ import *\n", f"from m0 import *\n{_CALLS_Q}")),
    "comprehension clauses": (60, lambda n: "ask([x " + "for x in [user.email] " * n + "])\n"),
    "a name that is long": (20_000, lambda n: f"{'x' * n} = user.email\nask({'x' * n})\n"),
    "a text that is long": (20_000, lambda n: f"ask('{'select ' * n}' + user.email)\n"),
}


def _length(files: str | Mapping[str, str]) -> int:
    return len(files) if isinstance(files, str) else sum(len(text) for text in files.values())


@pytest.mark.parametrize("name", _GROW)
def test_work_grows_with_the_file(name: str) -> None:
    """Twice as much of it is about twice as much work, not four times."""
    size, make = _GROW[name]
    small, large = make(size), make(2 * size)
    longer = _length(large) / _length(small)
    assert _steps(large) < 1.5 * longer * _steps(small) + 20_000


def _nested(head: str, depth: int, last: str) -> str:
    lines = [f"{' ' * n}{head.replace('NAME', f'n{n}')}\n" for n in range(depth)]
    return f"def f(user, flag):\n{''.join(f' {line}' for line in lines)}{' ' * (depth + 1)}{last}\n"


@pytest.mark.parametrize(
    "head", ["for NAME in flag:", "while flag:", "if flag:", "with flag as NAME:", "def NAME():", "class NAME:"]
)
def test_deep_blocks_are_followed(head: str) -> None:
    """Blocks in blocks, forty deep: each is followed a few times at most, whatever is around it."""
    code = _nested(head, 40, "ask(user.email)")
    assert followed(code).sources == {"user.email"}
    assert _steps(code) < 12 * _steps(_nested(head, 10, "ask(user.email)"))


def test_deep_attempts_are_followed() -> None:
    """What runs in any case is followed twice, not once more for each block around it."""
    depth = 30
    heads = "".join(f"{' ' * (n + 1)}try:\n{' ' * (n + 2)}a()\n{' ' * (n + 1)}finally:\n" for n in range(depth))
    code = f"def f(user):\n{heads}{' ' * (depth + 1)}ask(user.email)\n"
    assert followed(code).sources == {"user.email"}
    assert _steps(code) < 1_000_000


def test_a_function_that_is_nested_too_deeply_is_a_gap() -> None:
    """Where the stack ends, the function is named; the rest of the file is followed."""
    found = summary(f"{HEAD}def deep(user):\n    g = {'lambda: ' * 150}user.email\ndef f(user):\n    ask(user.email)\n")
    assert any(detail.endswith("is nested too deeply to follow") for _, detail in found.unread)
    assert [each for each in found.sites if each.function == "f"]


@pytest.mark.parametrize("text", ["def f(:\n", "x = = 1", "ask(user.email", "\x00", "a\x00b", "\ud800", "if x:\npass"])
def test_what_is_no_python_is_said_so(text: str) -> None:
    """Such a file is a gap of its own, not the end of the scan."""
    with pytest.raises(UnreadableInput):
        summary(text)


def test_a_loop_that_hands_on_through_many_names_is_a_gap() -> None:
    """Each round hands a value on by one name; what is given up after ten is said."""
    names = 14
    lines = "".join(f"        x{n} = x{n + 1}\n" for n in range(names))
    start = "".join(f"    x{n} = ''\n" for n in range(names + 1))
    found = summary(f"def f(user):\n{start}    while True:\n        ask(x0)\n{lines}        x{names} = user.email\n")
    assert [detail for _, detail in found.unread] == [
        "the loop hands its values on through more names than are followed"
    ]


def test_a_name_of_a_hundred_thousand_characters_is_followed() -> None:
    """Its length is nothing special."""
    name = "x" * 100_000
    assert followed(f"def f(user):\n    {name} = user.email\n    ask({name})\n").sources == {"user.email"}


def test_a_layer_of_names_costs_only_what_it_changes() -> None:
    """A branch in a function of thousands of names does not copy them."""
    names = Names(lambda value: value)
    for number in range(5000):
        names.set(f"x{number}", None)
    assert names.layer().held() == {}


@pytest.mark.slow
def test_fifty_thousand_functions_are_followed() -> None:
    """A generated file of a million characters is followed like any other."""
    code = "".join(f"def g{n}(x):\n    return x\n" for n in range(50_000)) + "ask(g49999(user.email))\n"
    assert followed(code).sources == {"user.email"}


@pytest.mark.slow
def test_ten_thousand_branches_are_followed() -> None:
    """Each may leave its own value."""
    arms = "".join(f"    if x == {n}:\n        y = user.email{n}\n" for n in range(10_000))
    assert "user.email" in followed(f"def f(user, x):\n    y = user.email\n{arms}    ask(y)\n").sources


@pytest.mark.slow
def test_an_expression_of_a_megabyte_is_followed() -> None:
    """A list that long is one value."""
    assert followed(f"ask([{'user.email, ' * 90_000}])\n").sources == {"user.email"}


@pytest.mark.slow
def test_five_thousand_files_that_import_each_other_are_followed() -> None:
    """The circle ends, and what is outside of it is found."""
    files = {
        f"m{n}.py": f"from m{(n + 1) % 5000} import ask as nobody\nimport m{(n + 7) % 5000}\n" for n in range(5000)
    }
    files["app.py"] = f"{HEAD}from m0 import nobody\ndef f(user):\n    nobody(user.email)\n    ask(user.email)\n"
    assert followed(files).sources == {"user.email"}


def test_classes_that_are_members_of_each_other_end() -> None:
    """Each base is looked for in the other class, whose bases are being looked for."""
    assert followed("class A(B.C):\n    pass\n\n\nclass B(A.D):\n    pass\n\n\nA().x()\n").gaps == ()
