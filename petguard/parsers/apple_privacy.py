"""Apple privacy manifests, `PrivacyInfo.xcprivacy`: which data an app or SDK collects, and who gets it for tracking."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Element, Step, read_xml
from petguard.errors import UnreadableInput
from petguard.model import Detail, Facts, Gap, Node, Trait
from petguard.parsers import Parser
from petguard.parsers._declared import ANY_PERSONAL, column, flow, recipient
from petguard.parsers._names import host
from petguard.parsers._source import Source, each

Pointer = tuple[Step, ...]

_TYPE = "NSPrivacyCollectedDataType"
_TYPES = "NSPrivacyCollectedDataTypes"
_DOMAINS = "NSPrivacyTrackingDomains"
# The document type that every property list names; one that defines anything is left in, and refused.
_DOCTYPE = re.compile(r"<!DOCTYPE\s+plist(?:\s+(?:PUBLIC|SYSTEM))?(?:\s+\"[^\"<>\[\]]*\"){0,2}\s*>")
_CATEGORIES = {
    "Name": "user.name",
    "EmailAddress": "user.contact.email",
    "PhoneNumber": "user.contact.phone_number",
    "PhysicalAddress": "user.contact.address",
    "OtherUserContactInfo": "user.contact",
    "Contacts": "user.contact",
    "Health": "user.health_and_medical",
    "Fitness": "user.health_and_medical",
    "PaymentInfo": "user.financial",
    "CreditInfo": "user.financial",
    "OtherFinancialInfo": "user.financial",
    "PreciseLocation": "user.location.precise",
    "CoarseLocation": "user.location",
    "DeviceID": "user.device",
    **dict.fromkeys(("SensitiveInfo", "UserID", "EmailsOrTextMessages", "PhotosorVideos", "AudioData"), ANY_PERSONAL),
}


def _interest(candidate: Candidate) -> Interest:
    named = candidate.suffix == ".xcprivacy"
    return (
        Interest.READ
        if named or (candidate.suffix == ".plist" and _TYPES.encode() in candidate.data)
        else Interest.NONE
    )


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [_open(text)], _read)


def _open(text: str) -> Document:
    """A property list as plain values with the line of each."""
    if text.startswith("bplist"):
        raise UnreadableInput("a binary property list", reason="unsupported")
    root = read_xml(_DOCTYPE.sub(lambda found: "\n" * found[0].count("\n"), text, count=1))
    if root.name != "plist" or not root.children:
        raise UnreadableInput("not a property list", line=root.line)
    lines: dict[Pointer, int] = {}
    value = _value(root.children[0], (), lines)
    return Document.of_lines(value, root.children[0].line, lines)


def _value(element: Element, pointer: Pointer, lines: dict[Pointer, int]) -> Any:
    if element.name in ("true", "false"):
        return element.name == "true"
    if element.name == "array":
        items = [(inner, (*pointer, index)) for index, inner in enumerate(element.children)]
        lines.update((place, inner.line) for inner, place in items)
        return [_value(inner, place, lines) for inner, place in items]
    if element.name != "dict":
        return element.text
    found: dict[str, Any] = {}
    for key, inner in zip(element.children[::2], element.children[1::2], strict=False):
        if key.name != "key":
            raise UnreadableInput("a value without a key", line=key.line)
        lines[(*pointer, key.text)] = key.line
        found[key.text] = _value(inner, (*pointer, key.text), lines)
    if len(element.children) % 2:
        raise UnreadableInput("a key without a value", line=element.children[-1].line)
    return found


def _read(source: Source) -> Facts:
    top = source.mapping(source.document.value)
    domains = [
        recipient(name, source.at(*place), endpoint=name)
        for text, place in source.strings(top.get(_DOMAINS), _DOMAINS)
        if (name := host(text)) is not None
    ]
    entries = enumerate(source.items(top.get(_TYPES), _TYPES))
    found = [_collected(source, source.mapping(entry, _TYPES, index), (_TYPES, index)) for index, entry in entries]
    collected = [node for node in found if node is not None]
    tracked = [node for node in collected if node.details.get("tracking") is True]
    if tracked and not domains:
        source.doubt(
            f"{len(tracked)} kinds of data are used for tracking, and no domain is named", _TYPES, reason="unresolved"
        )
    edges = [flow(node.id, domain.id, node.locations[0]) for node in tracked for domain in domains]
    return Facts(nodes=(*collected, *domains), edges=tuple(edges))


def _collected(source: Source, entry: dict[str, Any], pointer: Pointer) -> Node | None:
    """One kind of data. What is linked to a person is personal, also when its kind need not be."""
    name = source.string(entry.get(_TYPE), *pointer, _TYPE)
    if name is None:
        source.doubt(f"collected data without {_TYPE}", *pointer, reason="unresolved")
        return None
    kind = name.removeprefix(_TYPE)
    linked = entry.get(f"{_TYPE}Linked") is True
    purposes = source.strings(entry.get(f"{_TYPE}Purposes"), *pointer, f"{_TYPE}Purposes")
    known = _CATEGORIES.get(kind) or (ANY_PERSONAL if linked else None)
    details: dict[str, Detail] = {
        "linked": linked,
        "tracking": entry.get(f"{_TYPE}Tracking") is True,
        "purposes": tuple(text.removeprefix(f"{_TYPE}Purpose") for text, _ in purposes),
    }
    node = column(
        "apple",
        source.path,
        kind,
        source.at(*pointer, _TYPE),
        said=Trait.SAID_PERSONAL if known else None,
        categories=[known] if known else (),
    )
    return node.model_copy(update={"name": kind, "details": {**node.details, **details}})


PARSER = Parser.of_configs("apple_privacy", _interest, _parse)
