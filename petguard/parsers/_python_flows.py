"""Follows personal data through the Python of a scan: every file is read, because any may call one that asks an AI."""

from collections.abc import Iterator, Mapping
from functools import partial

from petguard import model
from petguard.collect import Input
from petguard.flows.follow import Asked, Tree
from petguard.flows.form import Form, Place, place
from petguard.flows.knowledge import table
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.model import Gap
from petguard.parsers._noted import Noted
from petguard.parsers._places import Places
from petguard.parsers._python_asks import Asks, data_of
from petguard.parsers._python_form import form
from petguard.parsers._python_modules import Modules
from petguard.parsers._python_project import Project
from petguard.parsers._python_syntax import module
from petguard.parsers._remembered import remembered
from petguard.parsers._summaries import summarised

_DIALECT = "python"


def followed(project: Project, told: Told = NOTHING_TOLD) -> Iterator[model.Facts | Gap]:
    """Where personal data goes in all files of a project whose detectors have run."""
    matches = ([each.match for each in file.found] for file in project.files.values())
    given = (*matches, project.gaps)
    items, cache = tuple(project.inputs.values()), project.program.cache
    yield from remembered(items, cache, told.dialect(_DIALECT), partial(_followed, project, told), given)


def _followed(project: Project, told: Told) -> Iterator[model.Facts | Gap]:
    known = tuple(project.gaps)
    asked = _asked(project)
    uses_ai = bool(asked or project.clients.made)
    if not uses_ai and not table().matters(item.text for item in project.inputs.values()):
        return
    items, cache = project.inputs.values(), project.program.cache
    summaries, unread = summarised(items, partial(_lowered, project), cache, told.dialect(_DIALECT), told)
    places = Places({path: item.text for path, item in project.inputs.items()})
    noted = Noted(places.at)
    modules = Modules(project.importable)
    recognise = Asks(project, noted).recognise
    tree = Tree(summaries, modules.located, places.at, asked, recognise, ecosystem="pypi", told=told, uses_ai=uses_ai)
    facts, lost = tree.follow()
    yield model.Facts(nodes=(*facts.nodes.values(), *noted.nodes), edges=(*facts.edges, *noted.edges))
    yield from lost
    gaps = (*project.gaps[len(known) :], *(unread if uses_ai else ()))
    yield from (gap for gap in dict.fromkeys(gaps) if gap not in known)


def _lowered(project: Project, item: Input) -> Form:
    opened = project.opened(item.path)
    return form(module(item.text) if opened is None else opened.tree)


def _asked(project: Project) -> Mapping[tuple[str, Place, Place], Asked]:
    """The calls that ask an AI, with the arguments that carry data."""
    found = {}
    for path, file in project.files.items():
        for each in project.facts[path].calls:
            key = path, place(*each.match.start), place(*each.match.end)
            found[key] = Asked(file.call_id(each.match.start), data_of(each.detector), each.detector.contains)
    return found
