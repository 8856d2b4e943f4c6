"""The graph: merging, models and their services, flows and cuts."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.graph import Cut, Passage, SystemGraph
from petguard.model import Edge, EdgeKind, Facts, Location, Node, NodeKind, Origin, SinkKind, Trait


def at(path: str = "a.py", line: int = 1) -> Location:
    """A place."""
    return Location(path=path, line=line)


def node(key: str, kind: NodeKind = NodeKind.CODE, origin: Origin = Origin.DETECTED, **fields: object) -> Node:
    """A node called by its id."""
    values = {"id": key, "kind": kind, "name": key, "origin": origin, "locations": (at(),), **fields}
    return Node.model_validate(values)


def data(key: str, *categories: str) -> Node:
    """A data node with an e-mail address unless told otherwise."""
    return node(key, NodeKind.DATA, categories=categories or ("user.contact.email",))


def service(key: str, provider: str | None = None) -> Node:
    """An AI service, where flows end."""
    return node(key, NodeKind.AI_SERVICE, sink=SinkKind.AI_SERVICE, provider=provider)


def flow(source: str, target: str, kind: EdgeKind = EdgeKind.FLOWS_TO, line: int = 1) -> Edge:
    """An edge that carries data unless told otherwise."""
    return Edge(kind=kind, source=source, target=target, origin=Origin.DETECTED, location=at(line=line))


def graph(*parts: Node | Edge) -> SystemGraph:
    """A graph out of nodes and edges in any order."""
    nodes = tuple(part for part in parts if isinstance(part, Node))
    return SystemGraph([Facts(nodes=nodes, edges=tuple(part for part in parts if isinstance(part, Edge)))])


def ways(found: SystemGraph) -> list[list[str]]:
    """All flows as rows of ids."""
    return [[hop.node.id for hop in path.hops] for path in found.flows()]


def test_nodes_with_one_id_become_one_node() -> None:
    """Locations, categories and traits are united in order; the first value that is known is taken."""
    seen = node("m", NodeKind.MODEL, locations=(at("b.py"), at("a.py", 9)), traits=(Trait.REMOTE_CODE,))
    said = node("m", NodeKind.MODEL, Origin.DECLARED, locations=(at("a.py", 9), at("c.yaml")), provider="openai")
    for order in ([seen, said], [said, seen]):
        merged = graph(*order).node("m")
        assert [(place.path, place.line) for place in merged.locations] == [("a.py", 9), ("b.py", 1), ("c.yaml", 1)]
        assert (merged.provider, merged.origin, merged.traits) == ("openai", Origin.DETECTED, (Trait.REMOTE_CODE,))


def test_what_was_seen_is_believed_before_what_was_declared() -> None:
    """Two providers for one thing: the detected one wins, whatever the order of the facts."""
    seen, said = node("m", provider="azure"), node("m", origin=Origin.DECLARED, provider="openai")
    assert graph(said, seen).node("m").provider == graph(seen, said).node("m").provider == "azure"


def test_an_edge_into_nowhere_is_an_error() -> None:
    """A parser that forgets to describe a node must not lose a flow."""
    with pytest.raises(ValueError, match="unknown node gone"):
        graph(node("a"), flow("a", "gone"))


def test_equal_edges_become_one() -> None:
    """The same relation seen twice is kept once, at its first place."""
    found = graph(node("a"), node("b"), flow("a", "b", line=7), flow("a", "b", line=3)).edges()
    assert [edge.location.line for edge in found] == [3]


def test_a_model_takes_the_provider_of_its_only_service() -> None:
    """A LiteLLM model name and the same name in code are one node, and the config knows the provider."""
    parts = (node("model:x", NodeKind.MODEL), service("s", provider="azure"), flow("model:x", "s"))
    assert graph(*parts).node("model:x").provider == "azure"


def test_a_model_behind_two_providers_has_none() -> None:
    """A guess would be wrong half of the time."""
    parts = (node("m", NodeKind.MODEL), service("s", provider="azure"), service("t", provider="openai"))
    assert graph(*parts, flow("m", "s"), flow("m", "t")).node("m").provider is None


def test_a_model_that_data_enters_and_never_leaves_is_unresolved() -> None:
    """Where the data goes is unknown, and the flow says so."""
    found = graph(data("d"), node("m", NodeKind.MODEL), flow("d", "m"))
    assert found.node("m").traits == (Trait.UNRESOLVED,)
    assert ways(found) == [["d", "m"]]


def test_a_model_that_runs_here_is_resolved() -> None:
    """Data in a local model stays where it is."""
    assert ways(graph(data("d"), node("m", NodeKind.MODEL, traits=(Trait.LOCAL,)), flow("d", "m"))) == []


def test_only_flow_edges_carry_data() -> None:
    """A function that uses a service does not send it this data."""
    assert ways(graph(data("d"), service("s"), flow("d", "s", EdgeKind.USES))) == []


def test_a_flow_ends_at_its_first_sink() -> None:
    """What a vector store does with the data is another flow."""
    store = node("v", NodeKind.SINK, sink=SinkKind.VECTOR_STORE)
    assert ways(graph(data("d"), store, service("s"), flow("d", "v"), flow("v", "s"))) == [["d", "v"]]


def test_a_flow_takes_the_shortest_way() -> None:
    """One witness per source, call and sink is enough, and the shortest is the easiest to read."""
    parts = (data("d"), node("x"), node("y"), node("z"), service("s"))
    edges = (flow("d", "x"), flow("x", "y"), flow("y", "z"), flow("x", "z"), flow("z", "s"))
    assert ways(graph(*parts, *edges)) == [["d", "x", "z", "s"]]


def test_every_call_by_which_data_leaves_is_a_flow() -> None:
    """The second call of the same logger does not hide behind the first."""
    parts = (data("d"), node("x"), node("y"), service("s"))
    edges = (flow("d", "x"), flow("d", "y"), flow("x", "s"), flow("y", "s"))
    assert ways(graph(*parts, *edges)) == [["d", "x", "s"], ["d", "y", "s"]]


def test_a_protection_that_can_be_walked_around_is_not_listed() -> None:
    """The way without protection is the witness, even when it is longer."""
    parts = (data("d"), node("p", NodeKind.PROTECTION), node("x"), node("y"), service("s"))
    edges = (flow("d", "p"), flow("p", "y"), flow("d", "x"), flow("x", "y"), flow("y", "s"))
    assert ways(graph(*parts, *edges)) == [["d", "x", "y", "s"]]


def test_a_cut_names_all_four_results() -> None:
    """Bare, claimed, verified and lost ways are told apart."""
    protections = (node("v", NodeKind.PROTECTION), node("c", NodeKind.PROTECTION))
    ends = (service("bare"), service("claimed"), service("safe"), service("far"))
    edges = (flow("d", "bare"), flow("d", "c"), flow("c", "claimed"), flow("d", "v"), flow("v", "safe"))
    found = graph(data("d"), *protections, *ends, *edges).cut({"d"}, {end.id for end in ends}, {"v"}, {"c"})
    assert {key: cut.passage.value for key, cut in found.items()} == {
        "bare": "violation",
        "claimed": "unverified",
        "safe": "pass",
    }


def test_a_lost_way_makes_the_answer_unknown() -> None:
    """The target may lie behind the gap, so its absence from the reached nodes proves nothing."""
    found = graph(data("d"), node("m", NodeKind.MODEL), service("s"), flow("d", "m")).cut({"d"}, {"s"}, (), ())
    assert {key: cut.passage for key, cut in found.items()} == {"m": Passage.UNKNOWN}


def test_a_lost_way_behind_a_verified_protection_is_harmless() -> None:
    """What leaves a verified protection may go anywhere."""
    parts = (data("d"), node("p", NodeKind.PROTECTION), node("m", NodeKind.MODEL), flow("d", "p"), flow("p", "m"))
    assert graph(*parts).cut({"d"}, (), {"p"}, ()) == {}


def test_a_command_line_does_not_pay_for_networkx() -> None:
    """Importing the graph module leaves networkx alone until a graph is built."""
    code = "import sys, petguard.graph, petguard.rules; sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code


NAMES = tuple("abcdefg")


@st.composite
def small_graphs(draw: st.DrawFn) -> tuple[frozenset[tuple[str, str]], frozenset[str], frozenset[str], frozenset[str]]:
    """Edges over seven names, which of them are sinks, verified and claimed; `a` is the source."""
    edges = draw(st.frozensets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=16))
    sinks, verified, claimed = (draw(st.frozensets(st.sampled_from(NAMES[1:]), max_size=3)) for _ in range(3))
    return edges, sinks, verified - sinks, claimed - sinks - verified


def simple_paths(edges: frozenset[tuple[str, str]], sinks: frozenset[str], so_far: list[str]) -> list[list[str]]:
    """Every simple path that starts with `so_far` and does not go on behind a sink."""
    longer = [
        path
        for source, target in sorted(edges)
        if source == so_far[-1] and target not in so_far and (source not in sinks)
        for path in simple_paths(edges, sinks, [*so_far, target])
    ]
    return [so_far, *longer]


def expected(paths: list[list[str]], verified: frozenset[str], claimed: frozenset[str]) -> Passage:
    """What the table of the design says about all paths to one target."""
    if any(not {*path} & (verified | claimed) for path in paths):
        return Passage.VIOLATION
    return Passage.UNVERIFIED if any(not {*path} & verified for path in paths) else Passage.PASS


@settings(max_examples=300, deadline=None)
@given(small_graphs())
def test_a_cut_equals_brute_force_over_all_simple_paths(
    drawn: tuple[frozenset[tuple[str, str]], frozenset[str], frozenset[str], frozenset[str]],
) -> None:
    """Two searches decide what enumerating every path would, and the witness is one of these paths."""
    edges, sinks, verified, claimed = drawn
    nodes = [data("a"), *(service(name) if name in sinks else node(name) for name in NAMES[1:])]
    found = graph(*nodes, *(flow(*edge) for edge in edges)).cut({"a"}, sinks, verified, claimed)
    every = simple_paths(edges, sinks, ["a"])
    by_target = {end: [path for path in every if path[-1] == end] for end in sinks}
    assert {key: cut.passage for key, cut in found.items()} == {
        end: expected(paths, verified, claimed) for end, paths in by_target.items() if paths
    }
    for end, cut in found.items():
        keys = [hop.node.id for hop in cut.path.hops]
        assert set(pairwise(keys)) <= edges
        assert keys in by_target[end]
        assert cut.passage is not Passage.VIOLATION or not {*keys} & (verified | claimed)


def shortest_of_the_worst(cuts: list[Cut]) -> tuple[Passage, int]:
    """The worst result of all calls on the way to one target, and the fewest nodes of a way that shows it."""
    passages = {cut.passage for cut in cuts}
    worst = next(each for each in (Passage.VIOLATION, Passage.UNVERIFIED, Passage.UNKNOWN) if each in passages)
    return worst, min(len(cut.path.hops) for cut in cuts if cut.passage is worst)


@settings(max_examples=300, deadline=None)
@given(small_graphs(), st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=3), st.sampled_from(NAMES))
def test_cutting_each_source_equals_one_cut_per_source(
    drawn: tuple[frozenset[tuple[str, str]], frozenset[str], frozenset[str], frozenset[str]],
    sources: frozenset[str],
    lost: str,
) -> None:
    """Searching backwards from the targets finds what searching forwards from each source finds."""
    edges, sinks, verified, claimed = (drawn[0], drawn[1], drawn[2] - sources, drawn[3] - sources)
    traits = {lost: (Trait.UNRESOLVED,)}
    nodes = [service(name) if name in sinks else node(name, traits=traits.get(name, ())) for name in NAMES]
    found = graph(*nodes, *(flow(*edge) for edge in edges))
    together: dict[tuple[str, str], list[Cut]] = {}
    for cut in found.cut_each(sources, sinks, verified, claimed):
        together.setdefault((cut.path.source.id, cut.path.target.id), []).append(cut)
    assert {ends: shortest_of_the_worst(cuts) for ends, cuts in together.items()} == {
        (source, end): (cut.passage, len(cut.path.hops))
        for source in sources
        for end, cut in found.cut({source}, sinks, verified, claimed).items()
        if cut.passage is not Passage.PASS
    }


@settings(max_examples=200, deadline=None)
@given(small_graphs())
def test_flows_are_the_sinks_that_some_simple_path_reaches(
    drawn: tuple[frozenset[tuple[str, str]], frozenset[str], frozenset[str], frozenset[str]],
) -> None:
    """A flow to each sink that can be reached, over a path that is as short as any."""
    edges, sinks, _, _ = drawn
    nodes = [data("a"), *(service(name) if name in sinks else node(name) for name in NAMES[1:])]
    every = simple_paths(edges, sinks, ["a"])
    shortest = {path[-1]: len(path) for path in sorted(every, key=len, reverse=True) if path[-1] in sinks}
    found = sorted(ways(graph(*nodes, *(flow(*edge) for edge in edges))), key=len, reverse=True)
    assert {way[-1]: len(way) for way in found} == shortest
