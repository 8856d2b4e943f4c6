"""What an SPDX 3 document says about data sets and AI packages: personal data in them, and what was trained on which.

Nothing in it is an asset of the inventory: it would prove its own entries.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from petguard.documents import Step
from petguard.model import Detail, Edge, EdgeKind, Facts, Node, NodeKind, Origin, Trait
from petguard.parsers import _assets
from petguard.parsers._declared import ANY_PERSONAL, data_file, masked
from petguard.parsers._source import Source, together

Pointer = tuple[Step, ...]
Element = tuple[dict[str, Any], Pointer]

_SAID = {"yes": Trait.SAID_PERSONAL, "no": Trait.SAID_CLEAN}
_DATASETS = frozenset({"dataset_DatasetPackage", "DatasetPackage"})
_MODELS = frozenset({"ai_AIPackage", "AIPackage"})
_RELATED = {"trainedOn": EdgeKind.TRAINED_ON, "testedOn": EdgeKind.USES}
# The technique that a description of the method names; the first that fits.
_METHODS = (
    ("differential", "dp_query"),
    ("k-anonym", "k_anonymity"),
    ("l-diversity", "l_diversity"),
    ("t-closeness", "t_closeness"),
    ("synthetic", "synthetic_data"),
    ("pseudonym", "pseudonymisation"),
    ("hash", "pseudonymisation"),
    ("token", "pseudonymisation"),
    ("mask", "redaction"),
    ("redact", "redaction"),
    ("remov", "redaction"),
    ("suppress", "redaction"),
)


def data(source: Source, top: Mapping[str, Any]) -> Facts:
    """The data sets and models of a document, what is said of them, and how they are related."""
    elements = _elements(source, top)
    found = [_dataset(source, *each) for each in elements.values() if _type(each) in _DATASETS]
    found += [Facts(nodes=(_model(source, *each),)) for each in elements.values() if _type(each) in _MODELS]
    owners = _owners(source, elements)
    return together([*found, *_relations(source, elements, owners)])


def _elements(source: Source, top: Mapping[str, Any]) -> dict[str, Element]:
    """Every element with a name or an end, by its id."""
    found: dict[str, Element] = {}
    for index, each in enumerate(source.items(top.get("@graph"), "@graph")):
        place: Pointer = ("@graph", index)
        element = source.mapping(each, *place)
        key = element.get("spdxId") or element.get("@id")
        found[key if isinstance(key, str) else str(index)] = (element, place)
    return found


def _type(each: Element) -> str:
    return str(each[0].get("type") or each[0].get("@type"))


def _name(source: Source, element: dict[str, Any], pointer: Pointer) -> str:
    return source.string(element.get("name"), *pointer, "name") or f"{source.path}#{pointer[-1]}"


def _word(source: Source, element: dict[str, Any], pointer: Pointer, key: str) -> str | None:
    return source.string(element.get(key, element.get(key.partition("_")[2])), *pointer, key)


def _dataset(source: Source, element: dict[str, Any], pointer: Pointer) -> Facts:
    """A data set; a method that is said to make it anonymous stands behind it, as a word."""
    node = _data_node(source, element, pointer)
    key = "dataset_anonymizationMethodUsed"
    methods = source.strings(element.get(key, element.get("anonymizationMethodUsed")), *pointer, key)
    if not methods:
        return Facts(nodes=(node,))
    node = node.model_copy(update={"traits": (*node.traits, Trait.SAID_MASKED)})
    how = "; ".join(text for text, _ in methods)
    protection, edge = masked(node, how[:200], _technique(how), source.at(*methods[0][1]))
    return Facts(nodes=(node, protection), edges=(edge,))


def _data_node(source: Source, element: dict[str, Any], pointer: Pointer) -> Node:
    said = _SAID.get(_word(source, element, pointer, "dataset_hasSensitivePersonalInformation") or "")
    level = _word(source, element, pointer, "dataset_confidentialityLevel")
    details: dict[str, Detail] = {"declared_in": "spdx", **({"confidentiality": level} if level else {})}
    update = {
        "asset": None,
        "traits": (said,) if said else (),
        "categories": (ANY_PERSONAL,) if said is Trait.SAID_PERSONAL else (),
        "details": details,
    }
    return _assets.dataset(_name(source, element, pointer), source.at(*pointer)).model_copy(update=update)


def _technique(how: str) -> str | None:
    return next((technique for word, technique in _METHODS if word in how.lower()), None)


def _model(source: Source, element: dict[str, Any], pointer: Pointer) -> Node:
    said = _SAID.get(_word(source, element, pointer, "ai_useSensitivePersonalInformation") or "")
    name = _name(source, element, pointer)
    return Node(
        id=_assets.model_id(name),
        kind=NodeKind.MODEL,
        name=name,
        origin=Origin.DECLARED,
        traits=(said,) if said else (),
        locations=(source.at(*pointer),),
    )


def _relationships(source: Source, elements: Mapping[str, Element]) -> Iterator[tuple[str, str, str, Pointer]]:
    """Kind, start and end of every relationship."""
    for element, place in elements.values():
        kind = element.get("relationshipType")
        if isinstance(kind, str):
            start = source.string(element.get("from"), *place, "from") or ""
            for end, where in source.strings(element.get("to"), *place, "to"):
                yield kind, start, end, where


def _owners(source: Source, elements: Mapping[str, Element]) -> dict[str, set[str]]:
    """What contains each element directly."""
    owners: dict[str, set[str]] = {}
    for kind, start, end, _ in _relationships(source, elements):
        if kind == "contains":
            owners.setdefault(end, set()).add(start)
    return owners


def _relations(source: Source, elements: Mapping[str, Element], owners: Mapping[str, set[str]]) -> Iterator[Facts]:
    for kind, start, end, place in _relationships(source, elements):
        if kind not in _RELATED:
            continue
        if start not in elements or end not in elements:
            source.doubt(f"{kind} leads to an element that this document lacks", *place, reason="unresolved")
            continue
        model = _model(source, *elements[start])
        for target in [end, *_packages(end, elements, owners)]:
            node = _target(source, *elements[target])
            edge = Edge(
                kind=_RELATED[kind],
                source=model.id,
                target=node.id,
                origin=Origin.DECLARED,
                location=source.at(*place),
            )
            yield Facts(nodes=(model, node), edges=(edge,))


def _packages(key: str, elements: Mapping[str, Element], owners: Mapping[str, set[str]]) -> list[str]:
    """The data sets that contain a file, at any depth."""
    seen: dict[str, None] = {}
    pending = sorted(owners.get(key, ()))
    while pending:
        each = pending.pop()
        if each not in seen and each in elements:
            seen[each] = None
            pending += sorted(owners.get(each, ()))
    return [each for each in seen if _type(elements[each]) in _DATASETS]


def _target(source: Source, element: dict[str, Any], pointer: Pointer) -> Node:
    """What a model was trained on: a data set, or a file of one."""
    if _type((element, pointer)) in _DATASETS:
        return _data_node(source, element, pointer)
    return data_file(_name(source, element, pointer).lstrip("/"), source.at(*pointer))
