"""The register: what the organisation says it uses, in `petguard.yaml` or in a bill of materials of the repository.

A CycloneDX or SPDX file counts as a register of AI when it lists a model, a data set or an AI service, or is called
one (`ai-bom.json`). A bill of ordinary software says nothing about AI, also when one of its libraries is an SDK.
What a bill says about data, and who gets it, is read along with it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json, read_yaml_all
from petguard.model import Asset, Facts, Gap, Node, NodeKind, Origin, Trait
from petguard.parsers import Parser, _cyclonedx_flows, _cyclonedx_xml, _spdx_data
from petguard.parsers._names import host
from petguard.parsers._source import Source, each, together
from petguard.registers import REGISTER

Pointer = tuple[Step, ...]
Entry = tuple[Asset, str, Pointer]

_POLICY = re.compile(r"petguard\.yaml$")
_NAMED = re.compile(r"(?i)(?:ai|ml)[-_.]?bom(?:\.cdx|\.spdx)?\.(?:json|xml)$")
_SHAPES = (b'"bomFormat"', b'"spdxVersion"', b"spdx.org/rdf/3", b'"SPDXID"')
_XML = b"cyclonedx.org/schema/bom"
_HEAD = 2_000  # bytes in which the root element of an XML file names its format
_PURL = re.compile(r"pkg:(?P<ecosystem>[a-z]+)/(?P<name>[^@?#]+)")
_COMPONENTS = {"machine-learning-model": Asset.MODEL, "data": Asset.DATASET}
_SPDX_3 = {"ai_AIPackage": Asset.MODEL, "AIPackage": Asset.MODEL, "dataset_DatasetPackage": Asset.DATASET}
_PURPOSES = {"MODEL": Asset.MODEL, "DATA": Asset.DATASET}
_LIBRARIES = frozenset({Asset.AI_SDK, Asset.VECTOR_STORE, Asset.PET})


def _interest(candidate: Candidate) -> Interest:
    if _POLICY.search(candidate.name):
        return Interest.READ if b"ai_register:" in candidate.data else Interest.NONE
    if candidate.suffix == ".xml":
        return Interest.READ if _XML in candidate.data[:_HEAD] else Interest.NONE
    bill = candidate.suffix in (".json", ".jsonld") and any(shape in candidate.data for shape in _SHAPES)
    return Interest.READ if bill else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    policies = [item for item in inputs if _POLICY.search(item.path)]
    bills = [item for item in inputs if item.path.lower().endswith((".json", ".jsonld"))]
    written = [item for item in inputs if item.path.lower().endswith(".xml")]
    yield from each(policies, read_yaml_all, _from_policy)
    yield from each(bills, lambda text: [read_json(text)], _from_bill)
    yield from each(written, lambda text: [_cyclonedx_xml.read(text)], _from_bill)


def _from_policy(source: Source) -> Facts:
    """The entries of a policy; that their shape is right is checked where the policy is read."""
    top = source.document.value
    entries = top.get("ai_register") if isinstance(top, dict) else None
    if not isinstance(entries, list):
        return Facts()
    kinds = {str(kind): kind for kind in Asset}
    said = (
        (kinds[entry["kind"]], entry["name"], ("ai_register", index))
        for index, entry in enumerate(entries)
        if isinstance(entry, dict) and entry.get("kind") in kinds and isinstance(entry.get("name"), str)
    )
    return _register(source, ("ai_register",), said)


def _from_bill(source: Source) -> Facts:
    top = source.mapping(source.document.value)
    entries = [*_cyclonedx(source, top), *_spdx(source, top)]
    about_ai = any(kind not in _LIBRARIES for kind, _, _ in entries)
    register = _register(source, (), entries) if about_ai or _NAMED.search(source.path) else Facts()
    return together([register, _cyclonedx_flows.flows(source, top), _spdx_data.data(source, top)])


def _cyclonedx(source: Source, top: dict[str, Any]) -> Iterator[Entry]:
    for pointer, item in _listed(source, top, "components"):
        yield from _component(item, pointer)
    for pointer, item in _listed(source, top, "services"):
        key = _service(item)
        if key is not None:
            yield Asset.AI_SERVICE, key, pointer


def _component(item: dict[str, Any], pointer: Pointer) -> Iterator[Entry]:
    said = _said_kind(item)
    kind = said or _COMPONENTS.get(str(item.get("type")))
    name = item.get("name")
    package = _package(item.get("purl"))
    if package is not None:
        yield said or Asset.AI_SDK, package.name, pointer
    elif kind is not None and isinstance(name, str):
        group = item.get("group")
        yield kind, f"{group}/{name}" if isinstance(group, str) and group else name, pointer


def _said_kind(item: dict[str, Any]) -> Asset | None:
    """The inventory kind, when the bill was written by petguard."""
    properties = item.get("properties")
    for entry in properties if isinstance(properties, list) else ():
        if isinstance(entry, dict) and entry.get("name") == "petguard:kind":
            return next((kind for kind in Asset if kind == entry.get("value")), None)
    return None


def _service(item: dict[str, Any]) -> str | None:
    """Who answers: the host of an endpoint, else the service's name when it was said, or is known, to be AI."""
    endpoints = item.get("endpoints")
    hosts = [host(url) for url in endpoints if isinstance(url, str)] if isinstance(endpoints, list) else []
    for known in filter(None, (catalog.provider_by_host(name) for name in hosts if name)):
        return known.id
    name = item.get("name")
    if not isinstance(name, str):
        return None
    ids = {known.name.lower(): known.id for known in catalog.providers()}
    known_id = ids.get(name.lower()) or (name.lower() if catalog.provider(name.lower()) else None)
    return known_id or (name if _said_kind(item) is not None else None)


def _package(purl: Any) -> catalog.Package | None:
    match = _PURL.match(purl) if isinstance(purl, str) else None
    if match is None:
        return None
    name = match["name"].replace("%40", "@")
    return catalog.package(match["ecosystem"], name.replace("/", ":") if match["ecosystem"] == "maven" else name)


def _spdx(source: Source, top: dict[str, Any]) -> Iterator[Entry]:
    for pointer, item in _listed(source, top, "packages"):  # SPDX 2
        kind = _PURPOSES.get(str(item.get("primaryPackagePurpose")))
        references = item.get("externalRefs")
        locators = [ref.get("referenceLocator") for ref in references if isinstance(ref, dict)] if references else []
        package = next(filter(None, map(_package, locators)), None)
        if package is not None:
            yield Asset.AI_SDK, package.name, pointer
        elif kind is not None and isinstance(item.get("name"), str):
            yield kind, item["name"], pointer
    for pointer, item in _listed(source, top, "@graph"):  # SPDX 3
        kind = _SPDX_3.get(str(item.get("type")))
        if kind is not None and isinstance(item.get("name"), str):
            yield kind, item["name"], pointer


def _listed(source: Source, top: dict[str, Any], key: str) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """The entries of a list that are mappings; others are a doubt."""
    for index, item in enumerate(source.items(top.get(key), key)):
        yield (key, index), source.mapping(item, key, index)


def _register(source: Source, pointer: Pointer, entries: Iterable[Entry]) -> Facts:
    """The entries, after one node that says there is a register at all: an empty one registers nothing."""
    return Facts(nodes=(_opened(source, pointer), *(_node(source, *entry) for entry in entries)))


def _node(source: Source, kind: Asset, name: str, pointer: Pointer) -> Node:
    return Node(
        id=f"register:{kind}/{name.lower()}",
        kind=NodeKind.SYSTEM,
        name=name,
        origin=Origin.DECLARED,
        traits=(Trait.REGISTERED,),
        details={"kind": str(kind)},
        locations=(source.at(*pointer),),
    )


def _opened(source: Source, pointer: Pointer) -> Node:
    return Node(
        id=REGISTER,
        kind=NodeKind.SYSTEM,
        name=source.path,
        origin=Origin.DECLARED,
        locations=(source.at(*pointer),),
    )


PARSER = Parser.of_configs("register", _interest, _parse)
