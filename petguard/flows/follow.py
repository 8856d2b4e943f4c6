"""Follows personal data through all files of one language: from summaries to nodes, edges and gaps."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from petguard.flows import unfollowed
from petguard.flows.budget import of_tree
from petguard.flows.facts import Emitter, Facts, Locate, called
from petguard.flows.form import Place, line_and_column
from petguard.flows.graph import Graph
from petguard.flows.graph import Node as Value
from petguard.flows.knowledge import Data, Recipient, table
from petguard.flows.resolve import Locate as LocateModule
from petguard.flows.resolve import Meaning, Symbols
from petguard.flows.summary import Site, Summary
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.flows.trace import End, Kinds, Trace, trace
from petguard.model import Edge, EdgeKind, Gap, Location, Node, NodeKind, Origin, SinkKind, State, Trait

_DYNAMIC = re.compile(r"\b(?:import_module|__import__|load_object|locate|import_string)\(\)")
_PICKED = re.compile(r"\A(?:getattr|eval|globals|locals|vars)\(\)")
_WHEN_IT_RUNS = "what that is is decided when the code runs"
_MANY = "it may be more than is looked at"
_TEXT_BACK = re.compile(r"\.(?:to|write)_(?:csv|json)\Z")  # without a path, `frame.to_csv()` gives the text back
_PROMPTS = frozenset({"prompt", "messages", "contents", "system_prompt", "user_prompt", "input_text", "chat_history"})


@dataclass(frozen=True)
class Asked:
    """A call that asks an AI: the id of its node, and the arguments that carry data."""

    id: str
    data: Data
    contains: bool = False  # what it gives back is the data in another form: an embedding


@dataclass
class Tree:
    """All files of a language. `asked` are calls of AI by path, start and end; `recognise` finds more by their path."""

    summaries: Mapping[str, Summary]
    modules: LocateModule
    locate: Locate
    asked: Mapping[tuple[str, Place, Place], Asked] = field(default_factory=dict)
    recognise: Callable[[str, Site, str], Asked | None] = lambda _path, _site, _dotted: None
    ecosystem: str = ""  # whose libraries are meant
    told: Told = NOTHING_TOLD  # columns that only declarations tell of
    uses_ai: bool = True  # where nothing does, only a call that looks like one that asks an AI is a doubt

    def follow(self) -> tuple[Facts, list[Gap]]:
        """Everything that personal data reaches."""
        graph = Graph(self.summaries, Symbols(self.summaries, cache(self.modules)), self.told)
        facts, ends = Facts(), []
        answers = set()
        for path, number, site in _sites(self.summaries):
            asked, recipient = self._asks(graph, path, number, site), self._receives(graph, path, number, site)
            if asked is not None:
                ends.append(_end(graph, asked.id, path, number, asked.data))
                if not asked.contains:
                    answers.add((path, number))
            # What an AI service is asked may train it, too.
            if recipient is not None and (asked is None or recipient.sink is SinkKind.TRAINING):
                ends.append(self._handed_to(graph, recipient, path, number, site, facts))
                # A trained model is not the data any more, and what a logger keeps is where it was to go.
                if recipient.sink in (SinkKind.TRAINING, SinkKind.LOG):
                    answers.add((path, number))
        graph.answers = frozenset(answers)
        kinds = Kinds(graph)
        found = trace(graph, ends, kinds)
        Emitter(graph, found, self.locate, facts).emit()
        _drop_unreached(facts, found)
        lost = list(self._lost(graph, found, kinds))
        return facts, [*lost, *unfollowed.overgrown(graph), *unfollowed.unlinked(graph)]

    def _asks(self, graph: Graph, path: str, number: int, site: Site) -> Asked | None:
        known = self.asked.get((path, site.at, site.end))
        if known is not None:
            return known
        libraries = (one.name for one in graph.links.meanings[path, number] if one.kind == "library")
        return next((asked for name in libraries if (asked := self.recognise(path, site, name))), None)

    def _receives(self, graph: Graph, path: str, number: int, site: Site) -> Recipient | None:
        """Who gets what a call is given, when the call leaves the tree."""
        found = graph.links.meanings[path, number]
        for one in found:
            if one.kind == "library":
                recipient = table(self.ecosystem).recipient(one.name)
                if recipient is not None and _is_given(recipient, site):
                    return recipient
        receiver, _, method = site.name.rpartition(".")
        named = table().recipient_named(receiver.rpartition(".")[2].removesuffix("()"), method) if receiver else None
        if named is None or not _is_given(named, site):
            return None
        is_ours = any(one.kind in ("function", "class") for one in found)
        return named if named.ours or not is_ours else None

    def _handed_to(self, graph: Graph, recipient: Recipient, path: str, number: int, site: Site, facts: Facts) -> End:
        """Note the call and the recipient; both are dropped again when no data arrives."""
        call = called(path, site, self.locate)
        here = call.locations[0]
        traits = () if recipient.local else (Trait.EXTERNAL,)
        sink = Node(
            id=f"sink:{recipient.id}",
            kind=NodeKind.SINK,
            sink=recipient.sink,
            name=recipient.name,
            origin=Origin.DETECTED,
            locations=(here,),
            traits=traits,
        )
        facts.nodes[call.id] = call
        facts.nodes[sink.id] = sink if sink.id not in facts.nodes else _seen_again(facts.nodes[sink.id], here)
        onward = Edge(kind=EdgeKind.FLOWS_TO, source=call.id, target=sink.id, origin=Origin.DETECTED, location=here)
        facts.edges.append(onward)
        return _end(graph, call.id, path, number, recipient)

    # --- calls that nobody can resolve ----------------------------------------------------------------------------

    def _lost(self, graph: Graph, found: Trace, kinds: Kinds) -> Iterator[Gap]:
        """Calls that personal data is given to and of which nobody knows what they call."""
        wrappers = {str(node[2]).rpartition(".")[2] for node in found.before if node[0] == "p"} - {"__init__"}
        doubtful = [
            (path, number, site, why)
            for path, number, site in _sites(self.summaries)
            if (why := self._doubt(graph, path, number, site, wrappers)) is not None
        ]
        ends = [_end(graph, f"{path}:{number}", path, number, Data()) for path, number, _, _ in doubtful]
        yield from unfollowed.unfinished(graph, found.unfinished())
        graph.work = of_tree(self.summaries)
        reached = trace(graph, ends, kinds)
        many = unfollowed.passed_by(graph, found)
        for end, (path, number, site, why) in zip(ends, doubtful, strict=True):
            source = reached.source_of(end.arriving)
            if source is None or not reached.sources[source]:  # of a file nobody knows yet what it holds
                continue
            if why == _MANY:
                many.append((path, number))
            else:
                yield _unresolved(graph, source, path, site, why)
        yield from unfollowed.shortened(graph, many)
        yield from unfollowed.unfinished(graph, reached.unfinished())

    def _doubt(self, graph: Graph, path: str, number: int, site: Site, wrappers: Iterable[str]) -> str | None:
        """Why nobody knows what a call calls; None for one that is resolved, or leaves the tree."""
        found = graph.links.meanings[path, number]
        if (path, number) in graph.links.short and any(each.given for each in site.arguments):
            return _MANY
        chosen = _is_chosen(site, found)
        is_known = not chosen and any(one.kind != "parameter" and not _is_dynamic(one) for one in found)
        if is_known or not any(each.given for each in site.arguments):
            return None
        if "." in site.name and not _PROMPTS.isdisjoint(each.slot for each in site.arguments):
            return "who answers there could not be found out"
        if chosen and self.uses_ai:
            return _WHEN_IT_RUNS
        return self._doubt_beside_ai(found, site, wrappers) if self.uses_ai else None

    def _doubt_beside_ai(self, found: Iterable[Meaning], site: Site, wrappers: Iterable[str]) -> str | None:
        """Why a call may be one of AI where the tree uses some."""
        receiver, _, name = site.name.rpartition(".")
        if any(one.kind == "parameter" for one in found):
            return "whoever calls this function decides what that is"
        if not site.refs and (site.name.endswith(("[]", "()")) or not receiver):
            return _WHEN_IT_RUNS
        if receiver and name in wrappers and not table().carries(name):
            return f"it may be one of the functions called {name} that send data on"
        return None


def _unresolved(graph: Graph, source: Value, path: str, site: Site, why: str) -> Gap:
    line, _ = line_and_column(site.at)
    name = graph.summaries[str(source[1])].sources[int(source[2])].label
    detail = f"{name} is given to {site.name}, and {why}"
    return Gap(path=path, state=State.PARTIAL, reason="unresolved", detail=detail, line=line)


def _sites(summaries: Mapping[str, Summary]) -> Iterator[tuple[str, int, Site]]:
    for path, summary in summaries.items():
        for number, site in enumerate(summary.sites):
            yield path, number, site


def _end(graph: Graph, key: str, path: str, number: int, data: Data) -> End:
    arriving = graph.results(path, number) if data.results else graph.arguments(path, number, data)
    return End(key, path, number, tuple(dict.fromkeys(arriving)))


def _is_given(recipient: Recipient, site: Site) -> bool:
    """Whether a call has the arguments that tell it from others of its name."""
    texts = {each.slot: each.text for each in site.arguments}
    if any(texts.get(name) != text for name, text in recipient.given.items()):
        return False
    if recipient.itself and _TEXT_BACK.search(site.name) and all(each.slot == "self" for each in site.arguments):
        return False
    given = {each.slot for each in site.arguments}.union(*(each.names for each in site.arguments))
    return not recipient.needs or not given.isdisjoint(recipient.needs)


def _is_chosen(site: Site, found: Iterable[Meaning]) -> bool:
    """Whether a call picks by name what it calls: `getattr(llm, name)(x)`, `llm[name](x)`, `globals()[name](x)`."""
    if not site.name.endswith(("[]", "()")):
        return False
    of_module = site.name.endswith("[]") and any(ref.startswith("i:") and ref.endswith("||[]") for ref in site.refs)
    return of_module or any(one.kind == "library" and _PICKED.search(one.name) for one in found)


def _is_dynamic(one: Meaning) -> bool:
    """What is chosen by its name when the code runs."""
    return one.kind == "library" and _DYNAMIC.search(one.name) is not None


def _seen_again(node: Node, here: Location) -> Node:
    return node.model_copy(update={"locations": (*node.locations, here)})


def _drop_unreached(facts: Facts, found: Trace) -> None:
    """Forget the recipients that no personal data arrives at."""
    live = found.live()
    reached = {end.id for node, ends in found.ends.items() if node in live for end in ends}
    targets = {each.target for each in facts.edges if each.source in reached}
    calls = {key for key, node in facts.nodes.items() if key.startswith("call:") and key not in reached}
    facts.edges = [each for each in facts.edges if each.source not in calls]
    dropped = calls | {key for key, node in facts.nodes.items() if node.kind is NodeKind.SINK and key not in targets}
    facts.nodes = {key: node for key, node in facts.nodes.items() if key not in dropped}
