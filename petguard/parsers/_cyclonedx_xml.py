"""CycloneDX written as XML, as the same values that its JSON form has: what a register and data flows are read from."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from petguard.documents import Document, Element, Step, read_xml

Pointer = tuple[Step, ...]
Lines = dict[Pointer, int]
Read = Callable[[Element, Pointer, Lines], Any]


def read(text: str) -> Document:
    """A bill; an XML file of another kind is one that lists nothing."""
    root = read_xml(text)
    lines: Lines = {}
    value = _mapping(root, (), lines, _TOP) if root.name == "bom" else {}
    return Document.of_lines({"bomFormat": "CycloneDX", **value}, root.line, lines)


def _text(element: Element, _pointer: Pointer, _lines: Lines) -> Any:
    return element.text


def _boolean(element: Element, _pointer: Pointer, _lines: Lines) -> Any:
    return element.text in ("true", "1")


def _mapping(element: Element, pointer: Pointer, lines: Lines, parts: Mapping[str, Read]) -> dict[str, Any]:
    """The attributes, and the known parts inside; of a part that is there twice the last."""
    found: dict[str, Any] = {key: value for key, value in element.attributes.items() if key in _ATTRIBUTES}
    for child in element.children:
        if child.name in parts:
            place = (*pointer, child.name)
            lines[place] = child.line
            found[child.name] = parts[child.name](child, place, lines)
    return found


def _items(elements: Iterable[Element], pointer: Pointer, lines: Lines, each: Read) -> list[Any]:
    found = []
    for index, element in enumerate(elements):
        lines[(*pointer, index)] = element.line
        found.append(each(element, (*pointer, index), lines))
    return found


def _list_of(each: Read) -> Read:
    return lambda element, pointer, lines: _items(element.children, pointer, lines, each)


def _component(element: Element, pointer: Pointer, lines: Lines) -> Any:
    """A component; what it holds as data stands in elements of their own, one for each data set."""
    found = _mapping(element, pointer, lines, _COMPONENT)
    return {**found, "data": _items(element.at("data"), (*pointer, "data"), lines, _dataset)}


def _dataset(element: Element, pointer: Pointer, lines: Lines) -> Any:
    found = _mapping(element, pointer, lines, _DATASET)
    return {**found, "sensitiveData": [each.text for each in element.at("sensitiveData") if each.text]}


def _service(element: Element, pointer: Pointer, lines: Lines) -> Any:
    return _mapping(element, pointer, lines, _SERVICE)


def _flow(element: Element, pointer: Pointer, lines: Lines) -> Any:
    """A kind of data: before version 1.5 only its classification."""
    stated = element if element.name == "classification" else next(element.at("classification"), None)
    found = _mapping(element, pointer, lines, {"source": _list_of(_text), "destination": _list_of(_text)})
    if stated is not None:
        found |= {"classification": stated.text, "flow": stated.attributes.get("flow")}
    return found


def _card(element: Element, pointer: Pointer, lines: Lines) -> Any:
    return _mapping(element, pointer, lines, {"modelParameters": _parameters})


def _parameters(element: Element, pointer: Pointer, lines: Lines) -> Any:
    return _mapping(element, pointer, lines, {"datasets": _list_of(_dataset)})


def _contents(element: Element, pointer: Pointer, lines: Lines) -> Any:
    return _mapping(element, pointer, lines, {"url": _text})


def _property(element: Element, _pointer: Pointer, _lines: Lines) -> Any:
    return {"name": element.attributes.get("name"), "value": element.text}


_ATTRIBUTES = frozenset({"bom-ref", "type", "name", "ref"})
_NAMED: Mapping[str, Read] = {"group": _text, "name": _text, "properties": _list_of(_property)}
_TOP: Mapping[str, Read] = {"components": _list_of(_component), "services": _list_of(_service)}
_COMPONENT: Mapping[str, Read] = {**_NAMED, **_TOP, "purl": _text, "modelCard": _card}
_DATASET: Mapping[str, Read] = {"name": _text, "classification": _text, "contents": _contents, "ref": _text}
_SERVICE: Mapping[str, Read] = {
    **_NAMED,
    **_TOP,
    "endpoints": _list_of(_text),
    "x-trust-boundary": _boolean,
    "data": _list_of(_flow),
}
