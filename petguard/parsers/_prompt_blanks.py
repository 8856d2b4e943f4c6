"""Personal data that a prompt's own blanks ask for, `{{customer.firstName}}`: it goes to the model that the file names.

Code may fill a prompt with objects that nobody can look into; what is read of them stands in the prompt.
"""

import re
from collections.abc import Iterator, Sequence

from petguard import secrets, taxonomy
from petguard.collect import Input
from petguard.model import Edge, EdgeKind, Facts, Location, Node, NodeKind, Origin

_BLANK = re.compile(
    r"\{\{[-~{]?\s{0,20}(?:#?(?:each|if|with)\s{1,20})?([A-Za-z_]\w{0,60}(?:\.\w{1,60}){0,6})[^{}\n]{0,100}\}\}"
)
_OVER = re.compile(r"\{%-?\s{0,20}for\s{1,20}\w+\s{1,20}in\s{1,20}([A-Za-z_]\w{0,60}(?:\.\w{1,60}){0,6})")
_MANY = 200  # blanks of one prompt


def asked_for(item: Input, named: Facts) -> Facts:
    """The blanks that mean personal data, each with a way to whoever answers."""
    answering = [node for node in named.nodes if node.kind is NodeKind.AI_SERVICE]
    answering = answering or [node for node in named.nodes if node.kind is NodeKind.MODEL]
    found: dict[str, Node] = {}
    for node in _blanks(item) if answering else ():
        found.setdefault(node.id, node)
    edges = [_sent(node, end) for node in found.values() for end in answering]
    return Facts(nodes=tuple(found.values()), edges=tuple(edges))


def _blanks(item: Input) -> Iterator[Node]:
    lines: Sequence[str] = item.text.split("\n")
    places = ((number, match) for number, line in enumerate(lines, 1) for match in _matches(line))
    for count, (number, match) in enumerate(places):
        if count == _MANY:
            return
        says = taxonomy.explain(*match[1].split("."))
        if says is not None:
            evidence = secrets.mask_in(lines[number - 1][:200])
            yield Node(
                id=f"data:{item.path}:blank:{match[1]}",
                kind=NodeKind.DATA,
                name=match[1],
                origin=Origin.DETECTED,
                locations=(Location(path=item.path, line=number, column=match.start(1) + 1, evidence=evidence),),
                categories=(says.category,),
                details={"because": says.because},
            )


def _matches(line: str) -> Iterator[re.Match[str]]:
    yield from _BLANK.finditer(line)
    yield from _OVER.finditer(line)


def _sent(node: Node, end: Node) -> Edge:
    place = node.locations[0]
    return Edge(kind=EdgeKind.FLOWS_TO, source=node.id, target=end.id, origin=Origin.DETECTED, location=place)
