"""Follows personal data through the Python of a scan: every file is read, because any may call one that asks an AI."""

from collections.abc import Iterator, Mapping

from petguard import model, secrets
from petguard.errors import UnreadableInput
from petguard.flows import remember
from petguard.flows.follow import Asked, Tree
from petguard.flows.form import Place, place
from petguard.flows.interpret import Interpreter
from petguard.flows.knowledge import digest, table
from petguard.flows.summary import Summary
from petguard.model import Gap, Location, State
from petguard.parsers._python_asks import Asks, data_of
from petguard.parsers._python_form import form
from petguard.parsers._python_modules import Modules
from petguard.parsers._python_project import Project
from petguard.parsers._python_syntax import module

_EVIDENCE = 160  # characters of a line that a report shows


def followed(project: Project) -> Iterator[model.Facts | Gap]:
    """Where personal data goes in all files of a project whose detectors have run."""
    asked = _asked(project)
    uses_ai = bool(asked or project.clients.made)
    if not uses_ai and not table().matters(item.text for item in project.inputs.values()):
        return
    summaries, unread = _summaries(project)
    places = _Places(project)
    asks = Asks(project, places.at)
    modules = Modules(project.importable)
    tree = Tree(summaries, modules.located, places.at, asked, asks.recognise, uses_ai=uses_ai)
    facts, lost = tree.follow()
    yield model.Facts(nodes=(*facts.nodes.values(), *asks.nodes), edges=(*facts.edges, *asks.edges))
    yield from lost
    if uses_ai:
        yield from (gap for gap in unread if gap not in project.gaps)
        yield from (gap for summary in summaries.values() for gap in _unread(summary))


def _summaries(project: Project) -> tuple[dict[str, Summary], list[Gap]]:
    found, gaps = {}, []
    for path in project.inputs:
        try:
            found[path] = _summary(project, path)
        except UnreadableInput as error:
            gaps.append(Gap(path=path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=error.line))
        except RecursionError:
            gaps.append(Gap(path=path, state=State.PARTIAL, reason="too_deep", detail="nested too deeply to follow"))
    return found, gaps


def _summary(project: Project, path: str) -> Summary:
    """What a file does with its values, as it was found before when nothing has changed since."""
    item, cache = project.inputs[path], project.program.cache
    key = f"flows {digest()} {item.digest}"
    stored = cache.recall(key)
    known = remember.summary(path, stored[0]) if stored else None
    if known is None:
        opened = project.opened(path)
        known = Interpreter(path, form(module(item.text) if opened is None else opened.tree)).run()
        cache.remember(key, [remember.row(known)])
    return known


def _unread(summary: Summary) -> Iterator[Gap]:
    for line, detail in summary.unread:
        yield Gap(path=summary.path, state=State.PARTIAL, reason="too_deep", detail=detail, line=line)


def _asked(project: Project) -> Mapping[tuple[str, Place, Place], Asked]:
    """The calls that ask an AI, with the arguments that carry data."""
    found = {}
    for path, file in project.files.items():
        for each in project.facts[path].calls:
            key = path, place(*each.match.start), place(*each.match.end)
            found[key] = Asked(file.call_id(each.match.start), data_of(each.detector), each.detector.contains)
    return found


class _Places:
    """Places in files, with their masked line as evidence."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lines: dict[str, list[str]] = {}
        self._known: dict[tuple[str, int, int], Location] = {}

    def at(self, path: str, line: int, column: int) -> Location:
        """A 1-based line and byte column as a location."""
        key = path, line, column
        if key not in self._known:
            self._known[key] = self._found(path, line, column)
        return self._known[key]

    def _found(self, path: str, line: int, column: int) -> Location:
        if path not in self._lines:
            self._lines[path] = self._project.inputs[path].text.split("\n")
        lines = self._lines[path]
        text = lines[line - 1] if line <= len(lines) else ""
        characters = len(text.encode("utf-8", "replace")[: column - 1].decode("utf-8", "replace")) + 1
        evidence = secrets.mask_near(text, characters - 1, code=True)[:_EVIDENCE]
        return Location(path=path, line=line, column=characters, evidence=evidence)
