"""What stands between personal data and who gets it: protections, their bounds, and consent."""

import pytest

from petguard.model import Trait
from tests.flows.small import followed

_REDACT = "import re\ndef redact(text):\n    return re.sub('[0-9]', '', text)\n"

_PROTECTED = {
    "a redactor": ("ask(redact(user.email))", ("redaction",)),
    "a redactor in a text": ("ask(f'to {redact(user.email)}')", ("redaction",)),
    "a redactor, kept": ("x = redact(user.email)\n    ask(x)", ("redaction",)),
    "a redactor in a loop": ("for x in [user.email]:\n        ask(redact(x))", ("redaction",)),
    "a redactor in a comprehension": ("ask([redact(x) for x in [user.email]])", ("redaction",)),
    "a redactor that is mapped": ("ask(list(map(redact, [user.email])))", ("redaction",)),
    "a redactor in a function": ("ask(safe(user.email))", ("redaction",)),
    "a redactor of a library": ("ask(lib.redact_pii(user.email))", ("redaction",)),
    "a record that redacts itself": ("ask(user.email.redact())", ("redaction",)),
    "a redactor before a variable": ("x = user.email\n    x = redact(x)\n    ask(x)", ("redaction",)),
    "a redactor that is given to another": ("ask(apply(redact, user.email))", ("redaction",)),
    "a redactor with a helper": ("ask(anonymise(user.email))", ("redaction",)),
    "a redactor that keeps some of it": ("ask(mask_email(user.email))", ("redaction",)),
    "a redactor of what has a name in a function": ("ask(named(user))", ("redaction",)),
    "two of them": ("ask(redact(redact(user.email)))", ("redaction", "redaction")),
}
_BARE = {
    "nothing": "ask(user.email)",
    "a redactor elsewhere": "redact(user.email)\n    ask(user.email)",
    "a redactor on one of two ways": "x = redact(user.email) if flag else user.email\n    ask(x)",
    "a redactor in one arm": "x = user.email\n    if flag:\n        x = redact(x)\n    ask(x)",
    "a redactor that comes too late": "x = user.email\n    ask(x)\n    x = redact(x)",
    "a redactor in one of two loops": "for x in [user.email]:\n        redact(x)\n    ask(user.email)",
    "a redactor of the rest": "ask(redact('a') + user.email)",
    "a redactor that gives back what it got": "ask(scrub(user.email))",
    "a redactor that hands on to helpers": "ask(anonymize(user.email))",
    "a redactor that only tidies": "ask(redact_text(user.email))",
    "a redactor whose result is appended beside": "x = [user.email]\n    x.append(redact(user.email))\n    ask(x)",
    "strip": "ask(user.email.strip())",
    "a cleaner of texts": "ask(clean_text(user.email))",
    "a filter": "ask(list(filter(None, [user.email])))",
    "a remover": "ask(user.email.removeprefix('a'))",
}

_CONSENT = {
    "a consent": "if user.has_consent:\n        ask(user.email)",
    "a consent that is asked for first": "if not user.has_consent:\n        return\n    ask(user.email)",
    "the other arm": "if not user.opted_in:\n        pass\n    else:\n        ask(user.email)",
    "an arm after another question": "if flag:\n        pass\n    elif user.has_consent:\n        ask(user.email)",
    "a consent around a loop": "if user.has_consent:\n        for x in [user.email]:\n            ask(x)",
}
_NO_CONSENT = {
    "the other arm": "if user.has_consent:\n        pass\n    else:\n        ask(user.email)",
    "after the arm": "if user.has_consent:\n        pass\n    ask(user.email)",
    "a denial": "if not user.has_consent:\n        ask(user.email)",
    "another question": "if user.is_active:\n        ask(user.email)",
    "an arm before": "if flag:\n        ask(user.email)\n    elif user.has_consent:\n        pass",
}


def _code(body: str) -> str:
    return (
        f"import lib\n{_REDACT}def safe(x):\n    return redact(x)\ndef named(u):\n    email = u.email\n    return redact(email)\ndef apply(g, x):\n    return g(x)\n"
        f"def scrub(x):\n    return x\ndef anonymise(x):\n    return cut(x)\ndef cut(x):\n    return lib.take_out(x)\n"
        f"def mask_email(x):\n    return x[:1] + '***'\ndef clean_text(x):\n    return x.lower()\n"
        f"def third(x):\n    y = x\n    return y\ndef second(x):\n    return third(str(x))\n"
        f"def anonymize(x):\n    return second(x)\ndef redact_text(x):\n    x = x.strip()\n    return x.lower()\n"
        f"def f(user, flag):\n    {body}\n"
    )


@pytest.mark.parametrize("name", _PROTECTED)
def test_a_protection_on_every_way_counts(name: str) -> None:
    """It is listed with its technique, wherever on the way it stands."""
    body, techniques = _PROTECTED[name]
    assert followed(_code(body)).protections == {techniques}


@pytest.mark.parametrize("name", _BARE)
def test_a_protection_that_can_be_walked_around_does_not(name: str) -> None:
    """A way without it is there, and that is the one that is shown."""
    assert followed(_code(_BARE[name])).protections == {()}


@pytest.mark.parametrize("name", _CONSENT)
def test_a_question_for_consent_guards_what_it_stands_around(name: str) -> None:
    """What is only reached with consent passes it as a claimed protection."""
    assert followed(_code(_CONSENT[name])).protections == {("consent",)}


@pytest.mark.parametrize("name", _NO_CONSENT)
def test_a_question_for_consent_guards_nothing_else(name: str) -> None:
    """Neither the other arm nor what comes after it."""
    assert followed(_code(_NO_CONSENT[name])).protections == {()}


def test_a_protection_without_effect_is_told_once() -> None:
    """What it is given and what it gives back are two steps, and one thing to mend."""
    nodes = followed(_code("ask(scrub(user.email))")).facts.nodes
    assert [node.name for node in nodes if Trait.NO_EFFECT in node.traits] == ["scrub (gives back what it got)"]


def test_a_redactor_of_many_helpers_is_looked_through_once() -> None:
    """What is handed on in two ways, again and again, takes no longer for it."""
    steps = "".join(f"    x = x.strip() + x.lower() + h{n % 4}(x)\n" for n in range(60))
    helpers = "".join(f"def h{n}(x):\n    return h{n + 1}(x) + h{n + 1}(x.strip())\n" for n in range(4))
    code = f"{helpers}def h4(x):\n    return x\ndef redact(x):\n{steps}    return x\ndef f(user):\n    ask(redact(user.email))\n"
    assert followed(code).protections == {()}
