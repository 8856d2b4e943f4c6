"""Who is said to get which personal data, by manifests, contracts, bills, forms and the policy, and what was found.

A record (a Fides system, a bill with the data of services, the privacy form of an app) claims to list what leaves; the
rest, such as the exposures of a warehouse, only knows some flows. So only where a record, or a declaration of AI that
gets data, stands at or above the code, something is missing when a flow is not declared. Only recipients outside
count: a record names who gets data, not which log or database of one's own holds it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import PurePosixPath

from petguard import taxonomy
from petguard.graph import Path, SystemGraph
from petguard.model import Edge, EdgeKind, Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.policy import Policy
from petguard.recipients import home, known_as

# Formats in which people say things about data. What a configuration only wires up is in use, and found.
SAYING = frozenset(
    {
        *("android", "apple", "contract", "croissant", "cyclonedx", "dataset", "dataset card", "dbt", "fides"),
        *("model card", "openapi", "openlineage", "prisma", "spdx"),
    }
)
RECORDS = frozenset({"cyclonedx", "fides"})
# The forms of app stores tell which data leaves the app, not for whom; each speaks of the code of its platform.
_FORMS: Mapping[str, frozenset[str]] = {
    "apple": frozenset({".swift", ".m", ".mm", ".dart"}),
    "android": frozenset({".kt", ".kts", ".java", ".dart"}),
}
_PARTIES = frozenset({NodeKind.AI_SERVICE, NodeKind.SYSTEM})
_OUTSIDE = frozenset({SinkKind.AI_SERVICE, SinkKind.THIRD_PARTY, SinkKind.VECTOR_STORE})
POLICY = "petguard policy"
LIMITED = "only to "  # how the details of a system begin that tell which categories one recipient gets; none is all


@dataclass(frozen=True)
class Declaration:
    """One file in one format, and how much of what is compared it holds."""

    format: str
    location: Location
    flows: int
    columns: int


@dataclass(frozen=True, eq=False)
class Said:
    """A category of data that is said to go to a recipient; None is anybody. `within` bounds the code it speaks of."""

    category: str
    recipient: Node | None
    location: Location
    format: str
    within: tuple[str, frozenset[str]] = ("", frozenset())

    def speaks_of(self, path: str) -> bool:
        """Whether this is said of what the code of a file does."""
        return lies_within(path, *self.within)


@dataclass(frozen=True)
class Scene:
    """What is compared. `code` are the source files that were read, `recognised` the names calls to whom are known."""

    graph: SystemGraph
    flows: Sequence[Path]
    policy: Policy
    code: Collection[str] = ()
    recognised: frozenset[str] = frozenset()

    @cached_property
    def edges(self) -> Mapping[tuple[str, str], Edge]:
        """The edges that carry data."""
        return {(edge.source, edge.target): edge for edge in self.graph.edges(EdgeKind.FLOWS_TO)}

    @cached_property
    def found(self) -> tuple[Path, ...]:
        """The flows that were seen in code or in a configuration, and are not only said to be there."""
        return tuple(flow for flow in self.flows if not self.is_said(flow))

    @cached_property
    def leaving(self) -> tuple[Path, ...]:
        """The found flows to recipients outside, whoever they are."""
        return tuple(flow for flow in self.found if is_outside(flow.target))

    @cached_property
    def said(self) -> tuple[Said, ...]:
        """All that is said about who gets which data."""
        return (*_declared_flows(self), *_forms(self.graph), *_allowed(self.policy))

    def said_to(self, recipient: Node) -> tuple[Said, ...]:
        """What is said to go to a recipient, by any of its names, or to anybody."""
        known = (each for name in ("", *sorted(known_as(recipient))) for each in self._by_name.get(name, ()))
        return tuple(dict.fromkeys(known))

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Said]]:
        found: defaultdict[str, list[Said]] = defaultdict(list)
        for each in self.said:
            for name in {""} if each.recipient is None else known_as(each.recipient):
                found[name].append(each)
        return found

    @cached_property
    def records(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The folders, with the suffixes of files in them, for which something claims to list who gets data."""
        whole = {home(edge.location.path) for edge in self.edges.values() if _is_of_record(edge, self.graph)}
        whole |= {home(each.location.path) for each in self.said if _names_ai(each)}
        forms = {each.within for each in self.said if each.format in _FORMS}
        return (*((folder, frozenset[str]()) for folder in sorted(whole)), *sorted(forms, key=repr))

    def is_said(self, flow: Path) -> bool:
        """Whether a flow stands only in what people wrote about their data."""
        keys = [hop.node.id for hop in flow.hops]
        only_declared = all(self.edges[step].origin is Origin.DECLARED for step in pairwise(keys))
        return only_declared and any(format_of(hop.node) in SAYING for hop in flow.hops)


def format_of(node: Node) -> str:
    """The format that declares a node; nothing for what was only seen."""
    declared = node.details.get("declared_in")
    if isinstance(declared, str):
        return declared.partition("/")[0]
    home, slash, _ = node.id.removeprefix("data:").partition("/")
    return home if slash and node.id.startswith("data:") and home in SAYING else ""


def personal(categories: Iterable[str]) -> tuple[str, ...]:
    """Those of the categories that are personal data: Fides also knows data of systems."""
    return tuple(each for each in categories if taxonomy.covers("user", each))


def is_outside(node: Node) -> bool:
    """Whether whoever gets data there is somebody else; a vector store counts when it is known to run elsewhere."""
    if node.sink not in _OUTSIDE or Trait.LOCAL in node.traits:
        return False
    return node.sink is not SinkKind.VECTOR_STORE or Trait.EXTERNAL in node.traits


def lies_within(path: str, folder: str, suffixes: frozenset[str]) -> bool:
    """Whether a file is below a folder, and of one of these suffixes if there are any."""
    inside = not folder or path.startswith(f"{folder}/")
    return inside and (not suffixes or PurePosixPath(path).suffix.lower() in suffixes)


# --- what is declared ---------------------------------------------------------------------------------------------


def _is_of_record(edge: Edge, graph: SystemGraph) -> bool:
    """Whether a record says that data gets to a system; a manifest of data alone says nothing of where it goes."""
    kind = edge.source.partition(":")[2].partition("/")[0]
    return edge.origin is Origin.DECLARED and kind in RECORDS and graph.node(edge.target).kind in _PARTIES


def _names_ai(said: Said) -> bool:
    outside = said.recipient is not None and said.recipient.kind is NodeKind.AI_SERVICE
    return outside and said.format != POLICY


def _declared_flows(scene: Scene) -> Iterator[Said]:
    """Each category that declared edges lead to a recipient, found backwards from the recipients: they are few."""
    back: defaultdict[str, list[Edge]] = defaultdict(list)
    for edge in scene.edges.values():
        if edge.origin is Origin.DECLARED:
            back[edge.target].append(edge)
    for key in sorted(back):
        node = scene.graph.node(key)
        if node.kind in _PARTIES or is_outside(node):
            yield from _said_to(node, back, scene.graph)


def _said_to(recipient: Node, back: Mapping[str, Sequence[Edge]], graph: SystemGraph) -> Iterator[Said]:
    """What is said to get to one recipient; the place is where the recipient is named as such."""
    seen = {recipient.id}
    queue: list[tuple[str, Location]] = []
    told: set[tuple[str, Location]] = set()
    for edge in back[recipient.id]:
        stated = _stated(graph.node(edge.source), recipient)
        if stated is None:
            queue.append((edge.source, edge.location))
        for category in stated or ():
            told.add((category, edge.location))
            yield Said(category, recipient, edge.location, "fides")
    while queue:
        key, location = queue.pop()
        node = graph.node(key)
        if key in seen or node.sink is not None:
            continue
        seen.add(key)
        queue += [(edge.source, location) for edge in back.get(key, ())]
        if node.kind is NodeKind.DATA and format_of(node) in SAYING:
            for category in personal(node.categories):
                if (category, location) not in told:
                    told.add((category, location))
                    yield Said(category, recipient, location, format_of(node))


def _stated(system: Node, recipient: Node) -> tuple[str, ...] | None:
    """The only categories that a system is said to pass on to a recipient; None where nothing bounds them."""
    prefix = f"{LIMITED}{recipient.id}#"
    lists = [value for key, value in sorted(system.details.items()) if key.startswith(prefix)]
    if not lists or not all(lists):
        return None
    return personal(dict.fromkeys(each for value in lists if isinstance(value, tuple) for each in value))


def _forms(graph: SystemGraph) -> Iterator[Said]:
    for node in graph.nodes(kind=NodeKind.DATA):
        suffixes = _FORMS.get(format_of(node))
        for category in personal(node.categories) if suffixes else ():
            place = node.locations[0]
            yield Said(category, None, place, format_of(node), (home(place.path), suffixes or frozenset()))


def _allowed(policy: Policy) -> Iterator[Said]:
    """A provider that the policy lets get a category is declared; the policy does not claim that it gets it."""
    place = Location(path=policy.source)
    for category, rule in policy.data.items():
        for provider in rule.providers or ():
            node = Node(
                id=f"ai_service:{provider}",
                kind=NodeKind.AI_SERVICE,
                name=provider,
                provider=provider,
                origin=Origin.DECLARED,
                locations=(place,),
            )
            yield Said(category, node, place, POLICY)


def declarations(scene: Scene) -> Iterator[Declaration]:
    """Every file that says something about data, by format and path."""
    flows: defaultdict[tuple[str, str], list[Location]] = defaultdict(list)
    held: defaultdict[tuple[str, str], list[Location]] = defaultdict(list)
    for said in scene.said:
        flows[said.format, said.location.path].append(said.location)
    for node in scene.graph.nodes(kind=NodeKind.DATA):
        kind = format_of(node)
        if kind in SAYING:
            for place in node.locations:
                held[kind, place.path].append(place)
    for node in scene.graph.nodes(trait=Trait.REGISTERED):
        held["register", node.locations[0].path].append(node.locations[0])
    for key in sorted(flows.keys() | held.keys()):
        first = min((*flows[key], *held[key]), key=lambda place: place.line)
        yield Declaration(key[0], first, len(flows[key]), len(held[key]))
