"""What an expression may be as a text, told from the text alone: nothing is run, and what is not known is a HOLE."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from petguard.parsers._code.form import (
    Call,
    Code,
    Either,
    Expr,
    Joined,
    Member,
    Name,
    Nothing,
    Opaque,
    Text,
    chain,
    within,
)
from petguard.parsers._code.names import behind
from petguard.parsers._code.project import Project
from petguard.parsers._names import HOLE

_STEPS = 20  # from a name to its text
_MOST = 6  # alternatives of one text
_PARTS = 40  # of one text; no address has more
_LONGEST = 10_000
_OR_ELSE = re.compile(r"(?i)unwrap_?or(?:_?else)?|(?:get_?)?or_?else|value_?or|if_?blank|if_?empty|tap_?or")
_FORMATS = re.compile(r"(?i)(?:\w+\.)*(?:sprintf|printf|format|formatted)!?")
_SLOT = re.compile(r"%[-+ 0-9.]*[a-zA-Z@]|\{\w*(?::[^}]*)?\}")
_KEEPS = re.compile(
    r"(?i)to_?string|to_?str|to_?owned|into|as_?str|as_?ref|clone|freeze|dup|trim\w*|r?strip|replace(?:_?all)?|to_?ur[li]|"
    r"absolute_?string|unwrap|expect|ok|presence|to_s|chomp|delete_?suffix"
)
_MAKES = re.compile(
    r"(?i)(?:(?:\w+\.)*(?:ns|http)?ur[li](?:\.(?:create|parse|new|init|https?))?|(?:\w+\.)*string(?:\.(?:from|new|init|format))?|"
    r"(?:\w+\.)*(?:some|optional\.of|ok|just|format|sprintf|ptr|string|f|azurekeycredential|\w*model(?:_?id|_?name)?(?:\.(?:of|from|new|init|parse))?)!?)"
)
_FALLBACK = re.compile(
    r"(?i)(?:.*\.)?(?:\w*get_?env\w*|env(?:_?\w+)?|get_?or_?default|fetch|get_?property|property|config|get_?string|"
    r"get_?value|from_?environment|lookup_?env|get_?or_?else|default_?if_?empty|string_?or|optional)"
)


def texts(project: Project, code: Code, expr: Expr, steps: int = _STEPS) -> list[str | None]:
    """The texts that an expression may be, with a HOLE for each unknown part; None where it is nothing at all.

    What is known is preferred: of `process.env.URL ?? "https://..."` only the second is a text.
    """
    return project.once("texts", expr, lambda: _preferred(_texts(project, code, expr, steps)), [HOLE])


def _preferred(found: list[str | None]) -> list[str | None]:
    certain = [each for each in found if each is None or each.strip(HOLE)]
    return list(dict.fromkeys(certain or found))[:_MOST]


def known(found: Iterable[str | None]) -> Iterator[str]:
    """The texts of which every part is known."""
    yield from (each for each in found if each and HOLE not in each)


def _texts(project: Project, code: Code, expr: Expr, steps: int) -> list[str | None]:
    found: list[str | None] = []
    if isinstance(expr, Text | Nothing):
        found = [expr.value if isinstance(expr, Text) else None]
    elif steps <= 0:
        pass
    elif isinstance(expr, Either):
        found = [each for option in within(expr) for each in texts(project, code, option, steps - 1)]
    elif isinstance(expr, Joined):
        found = _joined(project, code, expr.parts, steps)
    elif isinstance(expr, Call):
        found = _called(project, code, expr, steps)
    elif isinstance(expr, Name | Member):
        sources = behind(project, code, expr)[:_MOST]
        found = [each for file, value in sources for each in texts(project, file, value, steps - 1)]
        if not found and isinstance(expr, Member) and _KEEPS.fullmatch(expr.name):
            found = list(texts(project, code, expr.of, steps - 1))
    return found or [HOLE]


def kept(expr: Expr) -> Expr:
    """The expression behind calls that give back the same text: `"...".to_string()`."""
    for _ in range(_STEPS):
        member = expr.callee if isinstance(expr, Call) else expr
        if not isinstance(member, Member) or not _KEEPS.fullmatch(member.name):
            break
        expr = member.of
    return expr


def _joined(project: Project, code: Code, parts: tuple[Expr, ...], steps: int) -> list[str | None]:
    """Every combination of what the parts may be, while there are few."""
    count, options = 1, []
    for part in parts[:_PARTS]:
        found = [text or "" for text in texts(project, code, part, steps - 1)]
        found = found[: max(1, _MOST // count)]
        count *= len(found)
        options.append(found)
    return ["".join(one)[:_LONGEST] for one in product(*options)]


def _called(project: Project, code: Code, call: Call, steps: int) -> list[str | None]:
    """`new URL("...")`, `"...".trim()`, `getenv("X", "default")`: what they give back is one of their parts."""
    root, links = chain(call)
    path = ".".join(filter(None, [root.name if isinstance(root, Name) else "", *(link.name for link in links)]))
    given = [*call.arguments, *(value for _, value in call.named)]
    parts: list[Expr] = []
    if isinstance(call.callee, Member) and _OR_ELSE.fullmatch(call.callee.name) and len(given) == 1:
        parts = [call.callee.of, given[0]]
    elif _FALLBACK.fullmatch(path) and len(given) > 1:
        parts = [given[-1]]
    elif isinstance(call.callee, Member) and _KEEPS.fullmatch(call.callee.name):
        parts = [call.callee.of]
    elif _FORMATS.fullmatch(path) and len(given) > 1 and isinstance(given[0], Text):
        parts = [_filled(given[0], given[1:])]
    elif given and _MAKES.fullmatch(path):
        parts = [given[0]]
    return [each for part in parts for each in texts(project, code, part, steps - 1)]


def _filled(pattern: Text, given: Sequence[Expr]) -> Expr:
    """A format's text with its slots filled in their order."""
    parts: list[Expr] = []
    rest, end = list(given), 0
    for slot in _SLOT.finditer(pattern.value):
        parts += [
            Text(pattern.start, pattern.value[end : slot.start()]),
            rest.pop(0) if rest else Opaque(pattern.start),
        ]
        end = slot.end()
    return Joined(pattern.start, (*parts, Text(pattern.start, pattern.value[end:])))
