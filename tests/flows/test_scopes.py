"""Which value a name has at one point: statements in order, branches, loops, what stops early."""

import pytest

from tests.flows.small import followed, summary

_SENDS = {
    "the value that stands last": "x = 'a'\nx = user.email\nask(x)",
    "one arm of a branch": "if flag:\n    x = user.email\nelse:\n    x = 'a'\nask(x)",
    "a branch without the other arm": "x = 'a'\nif flag:\n    x = user.email\nask(x)",
    "the arm that is not left": "x = user.email\nif flag:\n    return\nask(x)",
    "the second of three arms": "if a:\n    x = 1\nelif b:\n    x = user.email\nelse:\n    x = 2\nask(x)",
    "a value of the round before": "x = ''\nfor i in range(2):\n    ask(x)\n    x = user.email",
    "a value two rounds before": "x = y = ''\nfor i in range(3):\n    ask(x)\n    x = y\n    y = user.email",
    "a value that goes through three names": (
        "x = y = z = ''\nwhile True:\n    ask(x)\n    x = y\n    y = z\n    z = user.email"
    ),
    "a loop that may not run": "x = user.email\nfor i in rows:\n    x = 'a'\nask(x)",
    "a loop that is left": "x = 'a'\nfor i in rows:\n    x = user.email\n    break\nask(x)",
    "a loop that goes on": (
        "x = 'a'\nfor i in rows:\n    x = user.email\n    if i:\n        continue\n    x = 'b'\nask(x)"
    ),
    "the else of a loop": "for i in rows:\n    pass\nelse:\n    ask(user.email)",
    "the else of a while": "while flag:\n    flag = 0\nelse:\n    ask(user.email)",
    "a try that stops in between": "x = 'a'\ntry:\n    x = user.email\n    risky()\n    x = 'b'\nexcept E:\n    ask(x)",
    "a handler": "try:\n    risky()\nexcept E:\n    x = user.email\nelse:\n    x = 'a'\nask(x)",
    "a finally": "x = 'a'\ntry:\n    x = user.email\nfinally:\n    ask(x)",
    "a finally after a return": "x = 'a'\ntry:\n    x = user.email\n    return x\nfinally:\n    ask(x)",
    "a try that returns, and a handler that does not": (
        "x = user.email\ntry:\n    return risky()\nexcept E:\n    pass\nask(x)"
    ),
    "an except star": "try:\n    risky()\nexcept* E:\n    ask(user.email)",
    "an assertion": "assert user\nask(user.email)",
    "a walrus in a condition": "if (x := user.email):\n    ask(x)",
    "a walrus in a while": "while (x := user.email):\n    ask(x)",
    "a walrus in a comprehension": "ys = [y := user.email for _ in rows]\nask(y)",
    "a match case": "match user.email:\n    case str() as x:\n        ask(x)",
    "a match of a mapping": "match {'a': user.email}:\n    case {'a': x}:\n        ask(x)",
    "a match of a sequence": "match [1, user.email]:\n    case [_, x]:\n        ask(x)",
    "a match of a class": "match user.email:\n    case Text(value=x):\n        ask(x)",
    "a match with a star": "match [1, user.email]:\n    case [_, *x]:\n        ask(x)",
    "the wildcard of a match": "match flag:\n    case 1:\n        x = 'a'\n    case _:\n        x = user.email\nask(x)",
    "chained targets": "x = y = user.email\nask(y)",
    "an augmented assignment": "x = 'a'\nx += user.email\nask(x)",
    "a swap": "x, y = user.email, 'a'\nx, y = y, x\nask(y)",
    "a star that takes the rest": "a, *rest = [1, user.email]\nask(rest)",
    "a star in the middle": "a, *mid, z = [1, user.email, 2]\nask(mid)",
    "a star at the front": "*rest, z = [user.email, 2]\nask(rest)",
    "what stands after a star": "*rest, z = [1, 2, user.email]\nask(z)",
    "nested unpacking": "a, (b, c) = 1, (2, user.email)\nask(c)",
    "unpacking in a loop": "for k, v in [('a', user.email)]:\n    ask(v)",
    "a declared type": "x: str = user.email\nask(x)",
    "a declaration without a value": "x: str\nx = user.email\nask(x)",
    "a with": "with user.email as x:\n    ask(x)",
    "two items of a with": "with a() as b, user.email as x:\n    ask(x)",
    "an async with": "async with user.email as x:\n    ask(x)",
    "an async for": "async for x in [user.email]:\n    ask(x)",
    "a return": "return ask(user.email)",
    "a raise": "raise Error(ask(user.email))",
    "an await": "x = await user.email\nask(x)",
    "a lambda that closes over a name": "x = user.email\ng = lambda: ask(x)\ng()",
    "an inner function that closes over a name": "x = user.email\ndef g():\n    ask(x)\ng()",
    "an inner function that stands before the name": "def g():\n    ask(x)\nx = user.email\ng()",
    "an inner function of an inner function": "x = user.email\ndef g():\n    def h():\n        ask(x)\n    h()\ng()",
    "a nonlocal name": "x = ''\ndef g():\n    nonlocal x\n    x = user.email\ng()\nask(x)",
    "a name that is deleted elsewhere": "x = user.email\nif flag:\n    del x\nelse:\n    ask(x)",
}

_SENDS_NOTHING = {
    "a value that is replaced": "x = user.email\nx = 'a'\nask(x)",
    "a value replaced in both arms": "x = user.email\nif flag:\n    x = 'a'\nelse:\n    x = 'b'\nask(x)",
    "the arm that is left": "x = 'a'\nif flag:\n    x = user.email\n    return\nask(x)",
    "what comes after a return": "return 1\nask(user.email)",
    "what comes after a raise": "raise E\nask(user.email)",
    "what both arms keep from": "if flag:\n    return\nelse:\n    raise E\nask(user.email)",
    "a comparison": "ask(user.email == 'a')",
    "a negation": "ask(not user.email)",
    "a membership": "ask('a' in user.email)",
    "a length": "ask(len(user.email))",
    "a name that is deleted": "x = user.email\ndel x\nask(x)",
    "an arm that chooses between constants": "x = 'a' if user.email else 'b'\nask(x)",
    "a condition": "if user.email:\n    ask('a')",
    "another value of a tuple": "x, y = user.email, 'a'\nask(y)",
    "what a swap took away": "x, y = user.email, 'a'\nx, y = y, x\nask(x)",
    "an inner function that is given another name": "x = user.email\ndef g(x):\n    ask(x)\ng('a')",
    "a comprehension's own name": "x = 'a'\nys = [x for x in [user.email]]\nask(x)",
    "a finally that replaces": "x = user.email\ntry:\n    risky()\nfinally:\n    x = 'a'\nask(x)",
}


def _body(code: str) -> str:
    return "async def f(user, rows, flag, a, b):\n" + "".join(f"    {line}\n" for line in code.split("\n"))


@pytest.mark.parametrize("name", _SENDS)
def test_the_value_at_this_point_is_sent(name: str) -> None:
    """A name stands for any value that it may have where it is read."""
    assert followed(_body(_SENDS[name])).sources == {"user.email"}


@pytest.mark.parametrize("name", _SENDS_NOTHING)
def test_a_value_that_is_gone_is_not_sent(name: str) -> None:
    """A value that a name can no longer have where it is read is not reported."""
    assert followed(_body(_SENDS_NOTHING[name])).sources == set()


def test_texts_do_not_grow_without_end() -> None:
    """A text that is doubled again and again costs no more than a long one."""
    made = summary("def f():\n    a = 'x'\n" + "    a = a + a\n" * 60 + "    g(a)\n")
    (site,) = made.sites
    assert len(site.arguments[0].text or "") < 5_000
