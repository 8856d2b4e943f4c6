"""Keys of AI providers: the names of the variables that hold them, and keys that stand in the code."""

from collections.abc import Iterable, Iterator

from petguard import catalog, secrets
from petguard.model import Node, Origin
from petguard.parsers._code.clients import Setting
from petguard.parsers._code.form import Code, Text
from petguard.parsers._credentials import credential, from_variable

_SHORTEST_KEY = 16  # what tests give for one is shorter than any provider's


def keys(code: Code) -> Iterator[Node]:
    """Names of environment variables that hold AI keys, and keys that stand in the code."""
    for start, word in code.words.items():
        node = from_variable(word, code.at(start), literal=False) if catalog.provider_by_env(word) else None
        if node is not None:
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
