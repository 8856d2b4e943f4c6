"""Follows small Python projects with the engine alone: no semgrep, no files, and one AI service that it knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from petguard import model
from petguard.flows.follow import Asked, Tree
from petguard.flows.form import line_and_column
from petguard.flows.interpret import Interpreter
from petguard.flows.knowledge import Data
from petguard.flows.summary import Site, Summary
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.graph import Path, SystemGraph
from petguard.model import Facts, Gap, Location, Node, NodeKind, Origin, SinkKind
from petguard.parsers._python_form import form
from petguard.parsers._python_modules import Modules
from petguard.parsers._python_syntax import module

HEAD = """\
from openai import OpenAI
client = OpenAI()
def ask(prompt):
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])
"""
_ASKS = {
    "openai.OpenAI().chat.completions.create": Data(data=("messages",)),
    "openai.AsyncOpenAI().chat.completions.create": Data(data=("messages",)),
    "openai.OpenAI().responses.create": Data(data=("input", "instructions")),
}


@dataclass(frozen=True)
class Followed:
    """What the engine says of a project."""

    facts: Facts
    gaps: tuple[Gap, ...]

    @property
    def flows(self) -> tuple[Path, ...]:
        """The ways of personal data to whoever gets it."""
        return SystemGraph([self.facts]).flows()

    @property
    def sent(self) -> set[tuple[str, str, int]]:
        """What reaches the AI, with the file and the line that ask it."""
        ways = [path for path in self.flows if path.target.kind is NodeKind.AI_SERVICE]
        return {(path.source.name, *_spot(path.target.locations[0])) for path in ways}

    @property
    def sources(self) -> set[str]:
        """What reaches the AI, by name."""
        return {name for name, _, _ in self.sent}

    @property
    def protections(self) -> set[tuple[str, ...]]:
        """The techniques on each way to the AI."""
        ways = [path for path in self.flows if path.target.kind is NodeKind.AI_SERVICE]
        return {tuple(node.technique or "" for node in path.protections) for path in ways}

    @property
    def unresolved(self) -> set[str]:
        """The calls that it could not follow, in its own words."""
        return {gap.detail for gap in self.gaps if gap.reason == "unresolved"}


@dataclass
class _Services:
    """The calls that ask the AI, noted while the tree is followed."""

    nodes: list[Node] = field(default_factory=list)

    def recognise(self, path: str, site: Site, dotted: str) -> Asked | None:
        data = _ASKS.get(dotted)
        if data is None:
            return None
        line, column = line_and_column(site.at)
        here = _here(path, line, column)
        key = f"ai:{path}:{line}:{column}"
        made = Node(
            id=key,
            kind=NodeKind.AI_SERVICE,
            sink=SinkKind.AI_SERVICE,
            name="OpenAI",
            origin=Origin.DETECTED,
            locations=(here,),
        )
        self.nodes.append(made)
        return Asked(key, data)


def _here(path: str, line: int, column: int) -> Location:
    return Location(path=path, line=line, column=column)


def _spot(location: model.Location) -> tuple[str, int]:
    return location.path, location.line


def summary(text: str, path: str = "app.py", told: Told = NOTHING_TOLD) -> Summary:
    """What one file does with its values."""
    return Interpreter(path, form(module(text)), told).run()


def followed(files: str | Mapping[str, str], told: Told = NOTHING_TOLD) -> Followed:
    """Follow a project; a single text is a file with `ask` and a client in it."""
    whole = {"app.py": HEAD + files} if isinstance(files, str) else dict(files)
    summaries = {path: summary(text, path, told) for path, text in whole.items()}
    services = _Services()
    modules = Modules(tuple(whole)).located
    facts, gaps = Tree(summaries, modules, _here, recognise=services.recognise, told=told).follow()
    return Followed(Facts(nodes=(*facts.nodes.values(), *services.nodes), edges=tuple(facts.edges)), tuple(gaps))
