"""The data flows of a CycloneDX bill: what goes into and out of its services, and what its models were trained on.

A bill only says these things. So nothing in it is an asset of the inventory: it would prove its own entries.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from petguard import catalog, taxonomy
from petguard.documents import Step
from petguard.model import Detail, Edge, EdgeKind, Facts, Location, Node, NodeKind, Origin, Trait
from petguard.parsers import _assets
from petguard.parsers._classification import Meaning, described, meaning, together
from petguard.parsers._declared import column, flow, recipient
from petguard.parsers._names import host, is_local
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]

_HOME = "cyclonedx"
_INTO = frozenset({"inbound", "bi-directional", "unknown"})
_OUT_OF = frozenset({"outbound", "bi-directional", "unknown"})
_DIRECTIONS = _INTO | _OUT_OF
_MODEL = "machine-learning-model"


@dataclass
class _Bill:
    """What is found, and everything that can be referred to, by its reference or address."""

    source: Source
    services: dict[str, Node] = field(default_factory=dict)
    datasets: dict[str, list[Node]] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def flows(source: Source, top: Mapping[str, Any]) -> Facts:
    """The services that say which data they get, the data sets of models, and the edges between them."""
    bill = _Bill(source)
    services = [(service, place) for service, place in _services(source, top, ()) if service.get("data")]
    for service, place in _services(source, top, ()):
        _know(bill, service, place)
    for service, place in services:
        _data_of(bill, service, place)
    components = list(_components(source, top, ()))
    for component, place in components:
        for entry, at in _mappings(source, component.get("data"), (*place, "data")):
            _dataset(bill, entry, at, component)
    for component, place in components:
        _trained(bill, component, place)
    return Facts(nodes=tuple(bill.nodes), edges=tuple(bill.edges))


def _mappings(source: Source, value: Any, pointer: Pointer) -> Iterator[tuple[dict[str, Any], Pointer]]:
    for index, entry in enumerate(source.items(value, *pointer)):
        yield source.mapping(entry, *pointer, index), (*pointer, index)


def _services(source: Source, top: Mapping[str, Any], pointer: Pointer) -> Iterator[tuple[dict[str, Any], Pointer]]:
    """Every service, also those behind another one."""
    for service, place in _mappings(source, top.get("services"), (*pointer, "services")):
        yield service, place
        yield from _services(source, service, place)


def _components(source: Source, top: Mapping[str, Any], pointer: Pointer) -> Iterator[tuple[dict[str, Any], Pointer]]:
    for component, place in _mappings(source, top.get("components"), (*pointer, "components")):
        yield component, place
        yield from _components(source, component, place)


# --- services -----------------------------------------------------------------------------------------------------


def _know(bill: _Bill, service: dict[str, Any], pointer: Pointer) -> None:
    name = bill.source.string(service.get("name"), *pointer, "name")
    if name is None:
        return
    addresses = bill.source.strings(service.get("endpoints"), *pointer, "endpoints")
    hosts = [found for address, _ in addresses if (found := host(address))]
    node = _service(name, hosts, bill.source.at(*pointer), crosses=service.get("x-trust-boundary") is True)
    reference = bill.source.string(service.get("bom-ref"), *pointer, "bom-ref")
    for key in (reference, *(address for address, _ in addresses), *hosts):
        if key:
            bill.services.setdefault(key, node)
    bill.services[str(pointer)] = node


def _service(name: str, hosts: list[str], location: Location, *, crosses: bool) -> Node:
    """An AI provider by its name or host; of others, what is beyond a trust boundary is somebody else's."""
    known = next((found for found in hosts if catalog.provider_by_host(found)), hosts[0] if hosts else None)
    node = recipient(name, location, endpoint=known)
    if node.kind is NodeKind.AI_SERVICE:
        return node.model_copy(update={"asset": None})
    return node if crosses else node.model_copy(update={"sink": None})


def _data_of(bill: _Bill, service: dict[str, Any], pointer: Pointer) -> None:
    """Each kind of data that a service says it gets or gives, and where it goes."""
    node = bill.services.get(str(pointer))
    if node is None:
        bill.source.doubt("a service with data but without a name", *pointer, reason="unresolved")
        return
    bill.nodes.append(node)
    for entry, place in _mappings(bill.source, service.get("data"), (*pointer, "data")):
        direction = bill.source.string(entry.get("flow"), *place, "flow")
        if direction not in _DIRECTIONS:
            bill.source.doubt("the flow of this data is not stated: taken as unknown", *place, reason="unresolved")
            direction = "unknown"
        data = _data(bill, entry, place, node.name, direction)
        ends = [node] if direction in _INTO else []
        ends += _partners(bill, entry, place) if direction in _OUT_OF else []
        for end in ends:
            bill.nodes.append(end)
            bill.edges.append(flow(data.id, end.id, bill.source.at(*place)))


def _data(bill: _Bill, entry: dict[str, Any], pointer: Pointer, service: str, direction: str) -> Node:
    stated = bill.source.string(entry.get("classification"), *pointer, "classification")
    name = bill.source.string(entry.get("name"), *pointer, "name") or stated or "data"
    meant = meaning(stated) if stated else Meaning()
    node = column(
        _HOME,
        service,
        f"{name} #{pointer[-1]}",
        bill.source.at(*pointer),
        said=meant.said,
        categories=meant.specific or _named(name, meant),
    )
    details: dict[str, Detail] = {"flow": direction, **({"classification": stated} if stated else {})}
    details = {**node.details, "column": name, **details}
    node = node.model_copy(update={"name": f"{service}.{name}", "details": details})
    bill.nodes.append(node)
    return node


def _named(name: str, meant: Meaning) -> tuple[str, ...]:
    """What the name of data says of its kind, where the classification leaves it open; it may be a taxonomy key."""
    if meant.said is Trait.SAID_CLEAN:
        return ()
    named = meaning(name)
    return (name,) if taxonomy.is_known(name) else named.specific if meant.said else named.categories


def _partners(bill: _Bill, entry: dict[str, Any], pointer: Pointer) -> Iterator[Node]:
    """Where data is sent to: a service of the bill, or the host of an address."""
    for name, place in bill.source.strings(entry.get("destination"), *pointer, "destination"):
        key = name.rpartition("#")[2] if name.startswith("urn:cdx:") else name
        address = host(name) if "://" in name else None
        known = bill.services.get(key) or bill.services.get(address or "")
        if known is not None:
            yield known
        elif address is not None:
            yield _service(address, [address], bill.source.at(*place), crosses=not is_local(address))
        else:
            bill.source.doubt(f"{name} is nothing in this bill", *place, reason="unresolved")


# --- models -------------------------------------------------------------------------------------------------------


def _dataset(bill: _Bill, entry: dict[str, Any], pointer: Pointer, component: Mapping[str, Any]) -> Node | None:
    """A data set that is described in place; without a name of its own it has that of its component."""
    source = bill.source
    stated = source.string(entry.get("classification"), *pointer, "classification")
    sensitive = tuple(text for text, _ in source.strings(entry.get("sensitiveData"), *pointer, "sensitiveData"))
    contents = source.mapping(entry.get("contents"), *pointer, "contents")
    names = (entry.get("name"), component.get("name"), contents.get("url"))
    name = next((each for each in names if isinstance(each, str) and each.strip()), None)
    if name is None:
        source.doubt("a data set without name and address", *pointer, reason="unresolved")
        return None
    meant = together(*([meaning(stated)] if stated else []), *map(described, sensitive))
    details: dict[str, Detail] = {
        "declared_in": _HOME,
        **({"classification": stated} if stated else {}),
        **({"sensitive_data": sensitive} if sensitive else {}),
    }
    traits = (meant.said,) if meant.said else ()
    said = {"asset": None, "categories": meant.categories, "traits": traits, "details": details}
    node = _assets.dataset(name, source.at(*pointer)).model_copy(update=said)
    bill.nodes.append(node)
    for reference in {entry.get("bom-ref"), component.get("bom-ref")}:
        if isinstance(reference, str):
            bill.datasets.setdefault(reference, []).append(node)
    return node


def _trained(bill: _Bill, component: dict[str, Any], pointer: Pointer) -> None:
    card_at = (*pointer, "modelCard")
    card = bill.source.mapping(component.get("modelCard"), *card_at)
    parameters_at = (*card_at, "modelParameters")
    parameters = bill.source.mapping(card.get("modelParameters"), *parameters_at)
    name = component.get("name")
    if component.get("type") != _MODEL or not isinstance(name, str) or not name.strip():
        return
    group = component.get("group")
    full = f"{group}/{name}" if isinstance(group, str) and group else name
    model = Node(
        id=_assets.model_id(full),
        kind=NodeKind.MODEL,
        name=full,
        origin=Origin.DECLARED,
        locations=(bill.source.at(*pointer),),
    )
    bill.nodes.append(model)
    for entry, at in _mappings(bill.source, parameters.get("datasets"), (*parameters_at, "datasets")):
        found = _referred(bill, entry, at) if "ref" in entry else [_dataset(bill, entry, at, {})]
        bill.edges.extend(_trained_on(model, data, bill.source.at(*at)) for data in found if data is not None)


def _referred(bill: _Bill, entry: dict[str, Any], pointer: Pointer) -> Sequence[Node]:
    reference = bill.source.string(entry["ref"], *pointer, "ref") or ""
    found = bill.datasets.get(reference.rpartition("#")[2] if reference.startswith("urn:cdx:") else reference)
    if not found:
        bill.source.doubt(f"the data set {reference} is nothing in this bill", *pointer, reason="unresolved")
    return found or ()


def _trained_on(model: Node, data: Node, location: Location) -> Edge:
    return Edge(kind=EdgeKind.TRAINED_ON, source=model.id, target=data.id, origin=Origin.DECLARED, location=location)
