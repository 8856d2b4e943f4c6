"""Minified bundles: made by a program for a program, so only what stands in them word for word is told.

Their names mean nothing and one line may hold a thousand libraries, but an address that is called, a key that was
built in or a package that is loaded by its name is there as it was written. What else they hold is in the sources they
were made from.
"""

import re
from collections.abc import Iterator

from petguard import catalog, secrets
from petguard.collect import Input
from petguard.model import Facts, Gap, Location, Node, Origin, State
from petguard.parsers import _assets
from petguard.parsers._credentials import credential
from petguard.parsers._services import service_at

_LONG_LINE = 5_000  # characters; nobody writes them
_NEAR = 600  # characters on either side of a place that its evidence is taken from
_LOADS = re.compile(r"\b(?:require\(|import\(|from|import)\s{0,3}[\"']([@\w][\w./@-]{0,80})[\"']")
_URL = re.compile(r"[\"'`](https://[\w.-]+(?:/[\w./-]*)?)")


def is_one(text: str) -> bool:
    """Whether most of a text stands in lines that nobody writes."""
    if len(text) < _LONG_LINE:
        return False
    return sum(len(line) for line in text.split("\n") if len(line) > _LONG_LINE) > len(text) / 2


def read(item: Input) -> Iterator[Facts | Gap]:
    """Addresses, keys and packages of AI in a bundle; with one of them, the rest of it is a gap."""
    nodes = tuple({(node.id, node.locations[0].line): node for node in _found(item)}.values())
    if nodes:
        yield Facts(nodes=nodes)
        detail = "minified: only addresses, keys and loaded packages were looked for; scan the sources it was made from"
        line = nodes[0].locations[0].line
        yield Gap(path=item.path, state=State.PARTIAL, reason="minified", detail=detail, line=line)


def _found(item: Input) -> Iterator[Node]:
    first = {match[1]: match for match in reversed(list(_URL.finditer(item.text)))}  # one address may stand there often
    for url, match in first.items():
        service = service_at(url)
        if service is not None and service.provider is not None and _is_called(url):
            yield service.node(_at(item, match.start(1)))
    yield from _loaded(item)
    if secrets.find(item.text):
        for number, line in enumerate(item.text.split("\n"), 1):
            for issuer, masked in secrets.find(line):
                if catalog.provider(issuer) is not None:
                    here = Location(path=item.path, line=number, evidence=masked)
                    node = credential(
                        f"{item.path}:{number}", f"{issuer} {masked}", here, provider=issuer, literal=True
                    )
                    yield node.model_copy(update={"origin": Origin.DETECTED})


def _loaded(item: Input) -> Iterator[Node]:
    """The packages of AI that are loaded by their names, and are not in the bundle themselves."""
    first = {match[1]: match for match in reversed(list(_LOADS.finditer(item.text)))}
    for name, match in first.items():
        package = catalog.module(name, "npm")
        if package is not None:
            yield _assets.imported(package, _at(item, match.start(1)))


def _is_called(url: str) -> bool:
    """Whether the address is an interface's and not a page's: it has a version in it, or a host called `api`."""
    return re.search(r"://(?:[\w-]+\.)*api[\w-]*\.|/(?:v\d|api)\b", url) is not None


def _at(item: Input, start: int) -> Location:
    first = item.text.rfind("\n", 0, start) + 1
    near = item.text[max(first, start - _NEAR) : start]
    evidence = secrets.mask_near(near + item.text[start : start + _NEAR].split("\n", 1)[0], len(near), code=True)
    return Location(
        path=item.path, line=item.text.count("\n", 0, start) + 1, column=start - first + 1, evidence=evidence
    )
