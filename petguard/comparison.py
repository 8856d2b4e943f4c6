"""Declared against detected: each flow, recipient, mask and column of one side held against the other.

Nothing is judged here: a rule may ask for any of these rows, and the report shows them all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from petguard import columns, taxonomy
from petguard.declarations import (
    RECORDS,
    Declaration,
    Said,
    Scene,
    declarations,
    format_of,
    is_outside,
    lies_within,
    personal,
)
from petguard.graph import Path
from petguard.model import Agreement, Confidence, Location, Node, NodeKind, Origin, Subject, Trait
from petguard.recipients import home, known_as, places_of


@dataclass(frozen=True)
class Compared:
    """One row of the comparison, with the flows and places that it rests on."""

    subject: Subject
    verdict: Agreement
    what: str
    why: str
    categories: tuple[str, ...]
    recipient: Node | None = None
    declared: tuple[Location, ...] = ()
    detected: tuple[Location, ...] = ()
    flows: tuple[Path, ...] = ()
    sure: Confidence = Confidence.HIGH
    doubtful: bool = False  # a way was lost on which it may be otherwise

    @property
    def about_code(self) -> bool:
        """Whether the code is what has to be looked at first."""
        return self.subject in (Subject.FLOW, Subject.MASK) and bool(self.detected)

    @property
    def order(self) -> tuple[str, str, str]:
        """By subject, then by what it says."""
        return self.subject, self.what, self.verdict


@dataclass(frozen=True)
class Comparison:
    """Everything that is declared, and how it compares."""

    lists_flows: bool = False
    declarations: tuple[Declaration, ...] = ()
    rows: tuple[Compared, ...] = ()


def compare(scene: Scene) -> Comparison:
    """The whole comparison, in the order of what is compared."""
    rows = [*_flow_rows(scene), *_recipient_rows(scene), *_column_rows(scene)]
    return Comparison(
        lists_flows=bool(scene.records),
        declarations=tuple(declarations(scene)),
        rows=tuple(sorted(rows, key=lambda row: row.order)),
    )


# --- flows and recipients -----------------------------------------------------------------------------------------


@dataclass
class _Pair:
    """One category that goes to one recipient: where it was found, and what is said of it."""

    category: str
    recipient: Node
    flows: list[Path] = field(default_factory=list)


def _pairs(flows: Iterable[Path]) -> list[_Pair]:
    found: dict[tuple[str, str], _Pair] = {}
    for flow in flows:
        for category in personal(flow.source.categories):
            pair = found.setdefault((category, flow.target.id), _Pair(category, flow.target))
            pair.flows.append(flow)
    for pair in found.values():
        pair.flows.sort(key=_by_place)
    return [found[key] for key in sorted(found)]


def _by_place(flow: Path) -> tuple[str, int, str]:
    return flow.call_site.path, flow.call_site.line, flow.source.id


def _flow_rows(scene: Scene) -> Iterator[Compared]:
    """Each found category and recipient that is declared, or that a record should have listed."""
    for pair in _pairs(scene.leaving):
        said = [each for each in scene.said_to(pair.recipient) if taxonomy.covers(each.category, pair.category)]
        known, unknown = _sorted_by(pair, said)
        if known:
            telling = [each for each in said if any(each.speaks_of(flow.call_site.path) for flow in known)]
            why = f"declared as {', '.join(dict.fromkeys(each.category for each in telling))}"
            yield _flow_row(pair, Agreement.MATCHES, why, known, telling)
        listed = [flow for flow in unknown if any(lies_within(flow.call_site.path, *each) for each in scene.records)]
        if listed and not known_as(pair.recipient):
            why = "who answers is not known, so nothing that is declared can be held against it"
            yield _flow_row(pair, Agreement.NOT_COMPARED, why, listed, ())
        elif listed:
            yield _flow_row(pair, Agreement.UNDECLARED, _nearest(scene, pair), listed, ())


def _sorted_by(pair: _Pair, said: Sequence[Said]) -> tuple[list[Path], list[Path]]:
    """The flows that something of what is said speaks of, and the others."""
    known: list[Path] = []
    unknown: list[Path] = []
    paths = {flow.call_site.path for flow in pair.flows}
    spoken_of = {path for path in paths if any(each.speaks_of(path) for each in said)}
    for flow in pair.flows:
        (known if flow.call_site.path in spoken_of else unknown).append(flow)
    return known, unknown


def _flow_row(pair: _Pair, verdict: Agreement, why: str, flows: Sequence[Path], said: Sequence[Said]) -> Compared:
    return Compared(
        subject=Subject.FLOW,
        verdict=verdict,
        what=f"{pair.category} goes to {pair.recipient.name}",
        why=why,
        categories=(pair.category,),
        recipient=pair.recipient,
        declared=places_of(each.location for each in said),
        detected=places_of(flow.call_site for flow in flows),
        flows=tuple(flows),
    )


def _nearest(scene: Scene, pair: _Pair) -> str:
    """What is declared that comes near: the recipient with other data, or its name in the register."""
    names = known_as(pair.recipient)
    to_same = [each for each in scene.said_to(pair.recipient) if each.recipient is not None]
    if to_same:
        other = ", ".join(sorted({each.category for each in to_same}))
        return f"only {other} is declared for {pair.recipient.name}"
    registered = scene.graph.nodes(trait=Trait.REGISTERED)
    if any(not names.isdisjoint(known_as(node)) for node in registered):
        return f"the register names {pair.recipient.name}, and says nothing of the data that it gets"
    return f"no declaration names {pair.recipient.name}"


def _recipient_rows(scene: Scene) -> Iterator[Compared]:
    """Each declared recipient outside to which no flow was found, and what else is declared of those that get data."""
    reached = {name for flow in scene.found for name in known_as(flow.target)}
    by_recipient: defaultdict[str, list[Said]] = defaultdict(list)
    for said in scene.said:
        if said.recipient is not None and said.format in RECORDS and is_outside(said.recipient):
            by_recipient[said.recipient.id].append(said)
    for key in sorted(by_recipient):
        node = scene.graph.node(key)
        if known_as(node).isdisjoint(reached):
            yield _recipient_row(scene, node, by_recipient[key])
        else:
            yield from _unused(scene, node, by_recipient[key])


def _recipient_row(scene: Scene, node: Node, said: Sequence[Said]) -> Compared:
    homes = {home(each.location.path) for each in said}
    code = [path for path in scene.code if any(lies_within(path, folder, frozenset()) for folder in homes)]
    verdict, why = Agreement.NEVER_FOUND, f"no flow to {node.name} was found in the {_counted(len(code))} beside it"
    if not code:
        verdict, why = Agreement.NOT_COMPARED, "no source file was read beside the declaration"
    elif known_as(node).isdisjoint(scene.recognised) and node.provider is None and node.endpoint is None:
        verdict, why = Agreement.NOT_COMPARED, f"petguard knows no call by which data gets to {node.name}"
    lost = (flow for flow in scene.found if Trait.UNRESOLVED in flow.target.traits and flow.target.sink is None)
    return Compared(
        subject=Subject.RECIPIENT,
        verdict=verdict,
        what=f"personal data goes to {node.name}",
        why=why,
        categories=tuple(sorted({each.category for each in said})),
        recipient=node,
        declared=places_of(each.location for each in said),
        doubtful=any(True for _ in lost),
    )


def _counted(files: int) -> str:
    return "source file" if files == 1 else f"{files:,} source files"


def _unused(scene: Scene, node: Node, said: Sequence[Said]) -> Iterator[Compared]:
    """The categories that are declared for a recipient who was only found to get others."""
    names = known_as(node)
    found = {each for flow in scene.found if names & known_as(flow.target) for each in flow.source.categories}
    for category in sorted({each.category for each in said}):
        if not any(taxonomy.covers(category, each) for each in found):
            yield Compared(
                subject=Subject.FLOW,
                verdict=Agreement.NEVER_FOUND,
                what=f"{category} goes to {node.name}",
                why=f"only {', '.join(sorted(found)) or 'data of no category'} was found to go there",
                categories=(category,),
                recipient=node,
                declared=places_of(each.location for each in said if each.category == category),
            )


# --- columns ------------------------------------------------------------------------------------------------------


def _column_rows(scene: Scene) -> Iterator[Compared]:
    masks = columns.declared_masks(scene)
    said = [node for node in scene.graph.nodes(kind=NodeKind.DATA) if _speaks(node) or node.id in masks]
    if not said:
        return
    reads = columns.Reads.of(flow for flow in scene.found if flow.source.origin is Origin.DETECTED)
    in_clear = {key for node in said if node.id not in masks and node.categories for key in columns.keys(node)}
    for node in said:
        flows = reads.of_column(node) if node.origin is Origin.DECLARED else ()
        if node.id in masks:
            doubt = _doubt(node, in_clear)
            yield from _mask_rows(node, [flow for flow in flows if is_outside(flow.target)], doubt)
        elif Trait.SAID_CLEAN in node.traits and Trait.SAID_MASKED not in node.traits:
            yield from _clean_rows(node, flows)
        elif flows:
            yield _column_row(node, Agreement.MATCHES, "said to be personal", node.categories, flows)


def _speaks(node: Node) -> bool:
    return not {Trait.SAID_CLEAN, Trait.SAID_PERSONAL, Trait.SAID_MASKED}.isdisjoint(node.traits)


def _doubt(node: Node, in_clear: Collection[tuple[columns.Words, columns.Words]]) -> str:
    """Why code that reads a masked column in clear may be right; nothing where there is no such reason."""
    if format_of(node) == "fides":
        return "; Fides may mask it only when somebody is to be forgotten"
    return "" if columns.keys(node).isdisjoint(in_clear) else "; another table of this name is said to hold it in clear"


def _mask_rows(node: Node, flows: Sequence[Path], doubt: str) -> Iterator[Compared]:
    """Whether every way from a column that is said to be masked to somebody outside passes a protection."""
    flows = sorted(flows, key=_by_place)
    bare = [flow for flow in flows if not any(columns.masks(each) for each in flow.protections)]
    if flows:
        recipients = ", ".join(sorted({flow.target.name for flow in bare or flows}))
        yield Compared(
            subject=Subject.MASK,
            verdict=Agreement.CONTRADICTS if bare else Agreement.MATCHES,
            what=f"{_label(node)} is masked",
            why=f"it reaches {recipients} {'without' if bare else 'through'} a protection{doubt}",
            sure=Confidence.LOW if doubt else Confidence.HIGH,
            categories=tuple(sorted({each for flow in flows for each in flow.source.categories})),
            recipient=(bare or flows)[0].target,
            declared=places_of(node.locations),
            detected=places_of(flow.call_site for flow in bare or flows),
            flows=tuple(bare or flows),
        )


def _clean_rows(node: Node, flows: Sequence[Path]) -> Iterator[Compared]:
    """Data that is said not to be personal, although its name, another declaration or the code says otherwise."""
    named = columns.named(node)
    if Trait.SAID_PERSONAL in node.traits:
        why = "another declaration says that it is personal"
        yield _column_row(node, Agreement.CONTRADICTS, why, node.categories, flows)
    elif named or personal(node.categories):
        categories = tuple(dict.fromkeys((*named, *personal(node.categories))))
        why = f"{'its name means' if named else 'what is in it means'} {', '.join(categories)}"
        yield _column_row(node, Agreement.CONTRADICTS, why, categories, flows)
    elif flows:
        categories = tuple(sorted({each for flow in flows for each in flow.source.categories}))
        yield _column_row(node, Agreement.CONTRADICTS, f"in code it is {', '.join(categories)}", categories, flows)


def _label(node: Node) -> str:
    """A column together with its table, also where its node bears only its own name."""
    table, column = node.details.get("table"), node.details.get("column")
    return node.name if table is None or node.name != column else f"{table}.{column}"


def _column_row(node: Node, verdict: Agreement, why: str, categories: Iterable[str], flows: Sequence[Path]) -> Compared:
    clean = Trait.SAID_CLEAN in node.traits
    return Compared(
        subject=Subject.COLUMN,
        verdict=verdict,
        what=f"{_label(node)} is {'no ' if clean else ''}personal data",
        why=why,
        categories=tuple(categories),
        declared=places_of(node.locations),
        detected=places_of(flow.hops[0].location for flow in flows),
        flows=tuple(flows),
    )
