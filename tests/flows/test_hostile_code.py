"""Files made to be slow, deep or endless: the engine ends, its work grows with the file, and what it gave up is a gap."""

import sys
from collections.abc import Callable, Mapping
from types import FrameType

import pytest

from petguard.errors import UnreadableInput
from petguard.flows.scopes import Names
from tests.flows.small import HEAD, Followed, followed, summary

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


def _chain(count: int) -> str:
    return "".join(f"def g{n + 1}(x):\n    return g{n}(x)\n" for n in range(count))


_GROW: dict[str, tuple[int, Make]] = {
    "functions": (1000, lambda n: "".join(f"def g{i}(x):\n    ask(x)\n    return x\n" for i in range(n))),
    "branches": (500, lambda n: "def f(user):\n    x = ''\n" + "    if user:\n        x += user.email\n" * n + "    ask(x)\n"),
    "branches that are left": (
        500,
        lambda n: "def f(user):\n    for u in user:\n" + "".join(f"        x{i} = user.email\n        if u:\n            continue\n" for i in range(n)),
    ),
    "arms": (500, lambda n: "def f(user, x):\n    if x:\n        y = 1\n" + "".join(f"    elif x == {i}:\n        y = user.email\n" for i in range(n)) + "    ask(y)\n"),
    "assignments in a try": (1000, lambda n: "def f(user):\n    try:\n" + "        x = user.email\n" * n + "    except E:\n        ask(x)\n"),
    "aliases": (1000, lambda n: "a0 = user.email\n" + "".join(f"a{i + 1} = a{i}\n" for i in range(n)) + f"ask(a{n})\n"),
    "aliases of a list": (1000, lambda n: "a0 = []\n" + "".join(f"a{i + 1} = a{i}\n" for i in range(n)) + "a0.append(user.email)\n"),
    "appends": (1000, lambda n: "x = []\n" + "x.append(user.email)\n" * n + "ask(x)\n"),
    "appends under many names": (300, lambda n: "x = y = z = []\n" + "x.append(user.email)\ny.append(1)\n" * n + "ask(z)\n"),
    "keys": (1000, lambda n: "x = {}\n" + "".join(f"x['k{i}'] = user.email\n" for i in range(n)) + "ask(x)\n"),
    "a dict of dicts": (500, lambda n: "x = {}\n" + "x = {'k': x, 'e': user.email}\n" * n + "ask(x)\n"),
    "a long sum": (400, lambda n: f"ask({' + '.join(['user.email'] * n)})\n"),
    "a long list": (2000, lambda n: f"ask([{', '.join(['user.email'] * n)}])\n"),
    "a long call": (1000, lambda n: f"ask({', '.join(['user.email'] * n)})\n"),
    "a chain of functions": (150, lambda n: f"def g0(x):\n    return x\n{_chain(n)}ask(g{n}(user.email))\n"),
    "returns that double": (
        20,
        lambda n: "def g0(x):\n    return x\n"
        + "".join(f"def g{i + 1}(x):\n    return g{i}(x) + g{i}(x)\n" for i in range(n))
        + f"ask(g{n}(user.email))\n",
    ),
    "safeguards that double": (
        10,
        lambda n: "def g0(x):\n    return redact(x)\n"
        + "".join(f"def g{i + 1}(x):\n    return redact(g{i}(x) + g{i}(x))\n" for i in range(n))
        + f"ask(g{n}(user.email))\n",
    ),
    "functions that all call each other": (
        8,
        lambda n: "".join(f"def g{i}(x):\n    return {' + '.join(f'g{j}(x)' for j in range(n))} + x\n" for i in range(n))
        + "ask(g0(user.email))\n",
    ),
    "a wrapper that many call": (500, lambda n: "".join(f"def g{i}(user):\n    ask(user.email)\n" for i in range(n))),
    "a helper that many call": (500, lambda n: "def h(x):\n    return x\n" + "".join(f"def g{i}(user):\n    ask(h(user.email))\n" for i in range(n))),
    "functions that are handed on": (
        100,
        lambda n: "def g0(h, x):\n    h(x)\n"
        + "".join(f"def g{i + 1}(h, x):\n    g{i}(h, x)\n" for i in range(n))
        + f"g{n}(ask, user.email)\n",
    ),
    "decorators": (100, lambda n: "def d(fn):\n    def i(*a):\n        return fn(*a)\n    return i\n" + "@d\n" * n + "def g(x):\n    ask(x)\ng(user.email)\n"),
    "classes in a line": (100, lambda n: "class A0:\n    def go(self, x):\n        ask(x)\n" + "".join(f"class A{i + 1}(A{i}):\n    pass\n" for i in range(n)) + f"A{n}().go(user.email)\n"),
    "classes of one base": (
        200,
        lambda n: "class B:\n    def go(self, x):\n        self.hook(x)\n    def hook(self, x):\n        pass\n"
        + "".join(f"class A{i}(B):\n    def hook(self, x):\n        ask(x)\n" for i in range(n)),
    ),
    "attributes": (300, lambda n: "class A:\n" + "".join(f"    def s{i}(self, user):\n        self.x{i} = user.email\n        ask(self.x{i})\n" for i in range(n))),
    "closures": (200, lambda n: "def f(user):\n    x = []\n" + "".join(f"    def g{i}():\n        x.append(user.email)\n    g{i}()\n" for i in range(n)) + "    ask(x)\n"),
    "lambdas": (300, lambda n: "def f(user):\n" + "    g = lambda x: ask(x + user.email)\n    g(1)\n" * n),
    "imports": (300, lambda n: {"app.py": HEAD + "from m0 import ask as q\ndef f(user):\n    q(user.email)\n", **{f"m{i}.py": f"from m{(i + 1) % n} import ask\n" for i in range(n)}}),
    "stars": (100, lambda n: {"app.py": HEAD + "from m0 import *\ndef f(user):\n    q(user.email)\n", **{f"m{i}.py": f"from m{(i + 1) % n} import *\n" for i in range(n)}}),
    "comprehension clauses": (60, lambda n: "ask([x " + "for x in [user.email] " * n + "])\n"),
    "a name that is long": (20_000, lambda n: f"{'x' * n} = user.email\nask({'x' * n})\n"),
    "a text that is long": (20_000, lambda n: f"ask('{'select ' * n}' + user.email)\n"),
}  # fmt: skip


def _length(files: str | Mapping[str, str]) -> int:
    return len(files) if isinstance(files, str) else sum(len(text) for text in files.values())


@pytest.mark.parametrize("name", _GROW)
def test_work_grows_with_the_file(name: str) -> None:
    """Twice as much of it is about twice as much work, not four times."""
    size, make = _GROW[name]
    small, large = make(size), make(2 * size)
    longer = _length(large) / _length(small)
    assert _steps(large) < 1.5 * longer * _steps(small) + 20_000
