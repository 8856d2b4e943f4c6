"""Follows personal data through the files of one ecosystem, JavaScript and TypeScript for one."""

from collections.abc import Iterator
from functools import partial

from petguard.cache import Cache
from petguard.catalog import Ecosystem
from petguard.collect import Input
from petguard.flows.follow import Tree
from petguard.flows.knowledge import table
from petguard.flows.told import Told
from petguard.model import Facts, Gap
from petguard.parsers._code import bundles, flow_languages, flow_modules
from petguard.parsers._code.asks import Asks
from petguard.parsers._code.project import Project
from petguard.parsers._noted import Noted
from petguard.parsers._places import Places
from petguard.parsers._remembered import remembered
from petguard.parsers._summaries import summarised
from petguard.telltales import told

_HEAD = 200


def followed(project: Project, cache: Cache, ecosystem: Ecosystem, told_by: Told) -> Iterator[Facts | Gap]:
    """Where personal data goes in all files of an ecosystem, once the calls of AI in them are known."""
    items = tuple(project.inputs.values())
    dialect = told_by.dialect(ecosystem)
    if items:
        yield from remembered(items, cache, dialect, partial(_followed, project, cache, ecosystem, told_by))


def _followed(project: Project, cache: Cache, ecosystem: Ecosystem, told_by: Told) -> Iterator[Facts | Gap]:
    inputs = {path: item for path, item in project.inputs.items() if _is_of(item, ecosystem)}
    texts = [item.text for item in inputs.values()]
    uses_ai = any(path in inputs for path, _, _ in project.answering) or table().asks_any(texts)
    if not uses_ai and not table().matters(texts) and not any(map(_speaks, inputs.values())):
        return
    summaries, unread = summarised(inputs.values(), flow_languages.form, cache, told_by.dialect(ecosystem), told_by)
    places = Places({path: item.text for path, item in inputs.items()})
    noted = Noted(places.at)
    recognise = Asks(project, ecosystem, noted, summaries).recognise
    located = flow_modules.locate(project, summaries, ecosystem)
    tree = Tree(summaries, located, places.at, recognise=recognise, ecosystem=ecosystem, told=told_by, uses_ai=uses_ai)
    facts, lost = tree.follow()
    yield Facts(nodes=(*facts.nodes.values(), *noted.nodes), edges=(*facts.edges, *noted.edges))
    yield from lost
    if uses_ai:
        yield from (gap for gap in unread if gap.reason != "parse_error" or not _speaks(inputs[gap.path]))


def _speaks(item: Input) -> bool:
    """Whether a file was read for what it says of AI, so that what is not valid in it was said then."""
    return bool(told(item.text.encode("utf-8", "replace")))


def _is_of(item: Input, ecosystem: Ecosystem) -> bool:
    head = item.text[:_HEAD].encode("utf-8", "replace")
    return flow_languages.tree_of(item.path, head) == ecosystem and not bundles.is_one(item.text)
