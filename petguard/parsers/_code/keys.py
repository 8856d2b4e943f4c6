"""Keys of AI providers: the names of the variables that hold them, and keys that stand in the code."""

import re
from collections.abc import Iterable, Iterator

from petguard import catalog, secrets
from petguard.model import Node, Origin
from petguard.parsers._code.clients import Setting
from petguard.parsers._code.form import Call, Code, Either, Expr, Member, Name, Text
from petguard.parsers._code.names import behind
from petguard.parsers._code.project import Project
from petguard.parsers._credentials import credential, names_key

_PUBLIC = re.compile(r"^(?:VITE|NEXT_PUBLIC|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|NUXT|PUBLIC|VUE_APP|GATSBY|STORYBOOK)_")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_DEEP = 8  # expressions between a client and the variable that holds its key
_SHORTEST_KEY = 16  # what tests give for one is shorter than any provider's


def keys(code: Code) -> Iterator[Node]:
    """Names of environment variables that hold AI keys, and keys that stand in the code."""
    for start, word in code.words.items():
        known_as = _PUBLIC.sub("", word)
        provider = catalog.provider_by_env(known_as)
        if provider is not None and names_key(known_as):
            node = credential(word, word, code.at(start), provider=provider.id, literal=False)
            yield node.model_copy(update={"origin": Origin.DETECTED})
    if not secrets.find(code.data.decode("utf-8", "replace")):
        return
    for text in code.texts:
        for issuer, masked in secrets.find(text.value):
            if catalog.provider(issuer) is not None:
                here = code.at(text.start)
                name = f"{issuer} {masked}"
                node = credential(f"{code.path}:{here.line}", name, here, provider=issuer, literal=True)
                yield node.model_copy(update={"origin": Origin.DETECTED})


def given_keys(given: Iterable[Setting], provider: str | None) -> Iterator[Node]:
    """Literals without the shape of any issuer's keys that are given to a client under a key's name."""
    for key, code, value in given:
        text = value.value if isinstance(value, Text) else ""
        if len(text) < _SHORTEST_KEY or secrets.find(text) or not secrets.names_secret(key):
            continue
        if secrets.looks_secret(text, name=key):
            here = code.at(value.start)
            place = here.model_copy(update={"evidence": here.evidence.replace(text, secrets.mask(text))})
            name = f"{key} {secrets.mask(text)}"
            node = credential(f"{code.path}:{here.line}", name, place, provider=provider, literal=True)
            yield node.model_copy(update={"origin": Origin.DETECTED})


def key_names(
    project: Project, code: Code, links: Iterable[Call], given: Iterable[Setting], provider: str | None
) -> Iterator[Node]:
    """Variables that hold a key because a client is given what they hold, whatever they are called."""
    values = [(code, each) for link in links for each in link.arguments]
    values += [(file, value) for key, file, value in given if secrets.names_secret(key)]
    for file, value in values:
        for start, name in _variables(project, file, value, _DEEP):
            if secrets.names_secret(name):
                node = credential(name, name, file.at(start), provider=provider, literal=False)
                yield node.model_copy(update={"origin": Origin.DETECTED})


def _variables(project: Project, code: Code, expr: Expr, deep: int) -> Iterator[tuple[int, str]]:
    """The names of environment variables that an expression reads: `process.env.X`, `ENV["X"]`, `getenv("X")`."""
    if deep <= 0:
        return
    if isinstance(expr, Member) and _CONSTANT.fullmatch(expr.name):
        yield expr.start, expr.name
    elif isinstance(expr, Either):
        for option in expr.options:
            yield from _variables(project, code, option, deep - 1)
    elif isinstance(expr, Call):
        named = (each for each in expr.arguments[:1] if isinstance(each, Text) and _CONSTANT.fullmatch(each.value))
        yield from ((each.start, each.value) for each in named)
        inner = expr.callee.of if isinstance(expr.callee, Member) else None
        if isinstance(inner, Call):
            yield from _variables(project, code, inner, deep - 1)
    elif isinstance(expr, Name):
        for file, value in behind(project, code, expr):
            if file is code:
                yield from _variables(project, file, value, deep - 1)
