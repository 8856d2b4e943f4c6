"""What petguard knows about calls that leave the scanned tree: who receives what they get, and what protects it.

The tables stand in `rules/code/flows/`. A call is known by its dotted path, as the imports of the file spell it:
`sentry_sdk.capture_message` in Python, `@sentry/node.captureException` in JavaScript, `io.sentry.Sentry.captureMessage`
in Java. What is called on an object that a library made has its maker in the path: `posthog.Posthog().capture`,
`posthog-node.default().capture`. `*` in a pattern stands for any text.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache, cached_property, lru_cache
from itertools import takewhile
from typing import Protocol, TypeVar

from ahocorasick_rs import AhoCorasick
from pydantic import Field

from petguard import _shipped, tables
from petguard.claims import Name
from petguard.model import EvidenceLevel, Frozen, SinkKind

_SPEAKS_OF_PROMPTS = ("prompt=", "messages=", "prompt:", "messages:", '"messages"', "'messages'")
_SENDS = ("requests.post", "requests.put", "httpx.post", "session.post", "aiohttp", "axios.post", "request.Request(")
_DOMAINS = frozenset({"com", "org", "net", "io", "dev", "de", "cn"})  # where packages of Java begin
_SHORTEST_ROOT = 4
_INSIDE = frozenset({SinkKind.LOG, SinkKind.FILE, SinkKind.DATABASE, SinkKind.RESPONSE})


class Data(Frozen):
    """Which arguments carry data: by name (also a field of an object that is passed), by position, or all of them."""

    data: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    receiver_too: bool = False  # what the object was made with counts, too: `(prompt | llm).invoke(...)`
    itself: bool = False  # only what the object holds: `frame.to_csv(path)`
    results: bool = False  # what the functions that are passed give back, and not they: the tools of an agent

    @property
    def all(self) -> bool:
        """Whether every argument counts."""
        return not self.data and not self.positions and not self.itself and not self.results


class Calls(Data):
    """Calls by their path. `receiver` and `method` (whole-word expressions) tell those on objects nobody could resolve.

    `needs`: names of which one must be among the arguments, for methods that others have too; `given`: literal texts
    that arguments must have.
    """

    id: Name
    calls: tuple[str, ...] = ()
    receiver: str | None = None
    method: str | None = None
    needs: tuple[str, ...] = ()
    given: dict[str, str] = Field(default_factory=dict)

    @cached_property
    def paths(self) -> re.Pattern[str]:
        """What the whole path must match."""
        return re.compile("|".join(translate(each) for each in self.calls) or r"(?!)")

    @cached_property
    def _named(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return re.compile(self.receiver or r"(?!)"), re.compile(self.method or r"(?!)")

    def names(self, receiver: str, method: str) -> bool:
        """Whether a call on an unknown object of this name is one of these."""
        objects, methods = self._named
        return bool(methods.fullmatch(method) and objects.fullmatch(receiver))


class Ask(Calls):
    """A call that asks an AI service or a model: chat, completion, embedding, transcription, an agent's run."""

    contains: bool = False  # what it gives back is the data in another form: an embedding
    provider: Name | None = None  # who answers, where neither a client in the tree nor the catalogue says it


class Recipient(Calls):
    """Who or what gets the data: a third party, a log, a file, a vector store, a training run."""

    name: Name
    sink: SinkKind
    local: bool = False  # stays on this machine
    ours: bool = False  # told by its name also where the tree itself defines what is called


class Safeguard(Calls):
    """A call that gives something less personal back than it got.

    `named` is an expression for the own names of functions that only call themselves so. `entities` are the taxonomy
    keys that it can take out, where it cannot take out all that its technique stands for. `maximum`: numeric arguments
    (of the call or of the maker of its object) above which it protects nothing: `epsilon: 10`.
    """

    technique: Name
    evidence: EvidenceLevel = EvidenceLevel.STATIC
    named: str | None = None
    entities: tuple[Name, ...] = ()
    maximum: dict[str, float] = Field(default_factory=dict)

    @cached_property
    def says(self) -> re.Pattern[str]:
        """What a function's own name must match to count as one that calls itself so."""
        return re.compile(self.named or r"(?!)")


class Pattern(Frozen):
    """A regular expression that takes something out of a text, told by what stands in it: nobody runs a foreign one."""

    holds: str  # an expression for the text of the regular expression
    entities: tuple[Name, ...]

    @cached_property
    def tells(self) -> re.Pattern[str]:
        """What must be found in it."""
        return re.compile(self.holds)


class Carriage(Frozen):
    """What other calls do with the data they get; expressions for the last name of what is called.

    By default what a call of a library gives back contains all that it got.
    """

    drops: str  # gives back a number, a truth or nothing of what it got: len, isinstance
    looks_up: str  # what it is given only chooses what is given back: get, filter, find_one
    same: str  # gives back the object itself, or what is in it: fetchall, json, model_dump
    puts: str  # puts its arguments into the object it is called on: append, push, update
    elements: str  # gives back elements of its object or first argument: values, items, map
    tidies: str  # gives back what it got, but for blanks, the case of letters and the type: strip, lower, str
    keeps: tuple[str, ...] = ()  # paths of calls that give back what they got in spite of their last name
    remote: tuple[str, ...]  # paths of calls that give back what somebody else answers: requests.*


class _File(Frozen):
    ecosystem: str | None = None  # the only one whose libraries it speaks of
    asks: tuple[Ask, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    safeguards: tuple[Safeguard, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    replaces: str | None = None  # the last names of calls that replace what a regular expression matches
    carriage: Carriage | None = None


class _Known(Protocol):
    calls: tuple[str, ...]

    @property
    def paths(self) -> re.Pattern[str]: ...


_Row = TypeVar("_Row", bound=_Known)


class Table:
    """Everything in `rules/code/flows/`, with quick look-ups by path."""

    def __init__(self, files: Iterable[_File]) -> None:
        parts = tuple(files)
        self.asks = tuple(each for part in parts for each in part.asks)
        self.recipients = tuple(each for part in parts for each in part.recipients)
        self.safeguards = tuple(each for part in parts for each in part.safeguards)
        self._patterns = tuple(each for part in parts for each in part.patterns)
        self._replaces = re.compile("|".join(part.replaces for part in parts if part.replaces) or r"(?!)")
        (self.carriage,) = (part.carriage for part in parts if part.carriage is not None)
        self.remote = re.compile("|".join(translate(each) for each in self.carriage.remote) or r"(?!)")
        self._asks = _by_last_name(self.asks)
        self._recipients = _by_last_name(self.recipients)
        self._safeguards = _by_last_name(self.safeguards)
        self._recipients_by_name = tuple(each for each in self.recipients if each.method)
        self._safeguards_by_name = tuple(each for each in self.safeguards if each.method)
        self.ask = lru_cache(200_000)(self._ask)
        self.recipient = lru_cache(200_000)(self._recipient)
        self.safeguard = lru_cache(200_000)(self._safeguard)
        self.safeguard_named = lru_cache(200_000)(self._safeguard_named)
        self.safeguard_on = lru_cache(200_000)(self._safeguard_on)
        self.recipient_named = lru_cache(200_000)(self._recipient_named)

    def carries(self, name: str) -> bool:
        """Whether a call of this name is one that every container or query has."""
        return self._carriers.fullmatch(name) is not None

    def tidies(self, name: str) -> bool:
        """Whether a call of this name leaves every word of a text as it was."""
        return re.fullmatch(self.carriage.tidies, name) is not None

    @cached_property
    def _carriers(self) -> re.Pattern[str]:
        kept = self.carriage
        return re.compile("|".join([kept.drops, kept.looks_up, kept.same, kept.puts, kept.elements]))

    def matters(self, texts: Iterable[str]) -> bool:
        """Whether any text may name somebody outside who gets data: the cheap question before anything is followed.

        Logs and files alone are no reason: petguard asks where personal data meets AI and others, and then also
        lists what else it reaches.
        """
        return any(_is_in(self._outside, text) for text in texts)

    @cached_property
    def _outside(self) -> AhoCorasick:
        paths = (path for each in self.recipients if each.sink not in _INSIDE for path in each.calls)
        return AhoCorasick(sorted({*_SPEAKS_OF_PROMPTS, *_SENDS, *(root for path in paths if (root := _root(path)))}))

    def asks_any(self, texts: Iterable[str]) -> bool:
        """Whether any text names a library of which calls ask an AI: it may be given a client that others made."""
        return any(_is_in(self._asking, text) for text in texts)

    @cached_property
    def _asking(self) -> AhoCorasick:
        roots = (_root(path) for each in self.asks for path in each.calls)
        return AhoCorasick(sorted({root for root in roots if len(root) >= _SHORTEST_ROOT}))

    def _ask(self, path: str) -> Ask | None:
        return _first(self._asks, path)

    def _recipient(self, path: str) -> Recipient | None:
        return _first(self._recipients, path)

    def _safeguard(self, path: str) -> Safeguard | None:
        return _first(self._safeguards, path)

    def safeguard_by_pattern(self, name: str, texts: Iterable[str]) -> Safeguard | None:
        """A call that replaces what a regular expression matches, as far as its text tells of personal data."""
        if not self._replaces.fullmatch(name):
            return None
        found = [each for each in self._patterns if any(each.tells.search(text) for text in texts)]
        entities = tuple(dict.fromkeys(entity for each in found for entity in each.entities))
        made = Safeguard(id="pattern", technique="redaction", entities=entities, receiver_too=True)
        return made if entities else None

    def _recipient_named(self, receiver: str, method: str) -> Recipient | None:
        """Who gets the data of a call on an object that nobody could resolve, told by names alone."""
        return next((each for each in self._recipients_by_name if each.names(receiver, method)), None)

    def _safeguard_on(self, receiver: str, method: str) -> Safeguard | None:
        """What protects when it is called on an object that nobody could resolve, told by how the call reads."""
        return next((each for each in self._safeguards_by_name if each.names(receiver, method)), None)

    def _safeguard_named(self, name: str) -> Safeguard | None:
        """The protection that a function calls itself."""
        return next((each for each in self.safeguards if each.says.fullmatch(name)), None)


def _by_last_name(rows: Iterable[_Row]) -> Mapping[str, list[_Row]]:
    """The rows by the last name in each of their patterns; those that leave it open under an empty name."""
    found: dict[str, list[_Row]] = {}
    for row in rows:
        for key in dict.fromkeys(_key(pattern) for pattern in row.calls):
            found.setdefault(key, []).append(row)
    return found


def _is_in(words: AhoCorasick, text: str) -> bool:
    """Whether a text holds one of the words; half a character in it is no reason not to look."""
    try:
        return any(True for _ in words.find_matches_as_indexes(text))
    except UnicodeEncodeError:
        return any(True for _ in words.find_matches_as_indexes(text.encode("utf-8", "replace").decode("utf-8")))


def _root(pattern: str) -> str:
    """The package that a pattern begins with, as an import spells it."""
    literal = re.split(r"[*?\[(]", pattern, maxsplit=1)[0]
    folder, slash, last = literal.rpartition("/")
    if slash:
        return f"{folder}/{last.partition('.')[0]}"
    first, *rest = literal.split(".")
    if first not in _DOMAINS:
        return first
    return ".".join([first, *takewhile(lambda each: each[:1].islower(), rest[:2])])


def _key(pattern: str) -> str:
    last = pattern.rpartition(".")[2]
    return "" if set(last) & set("*?[") else last


def _first(rows: Mapping[str, list[_Row]], path: str) -> _Row | None:
    candidates = (*rows.get(path.rpartition(".")[2], ()), *rows.get("", ()))
    return next((each for each in candidates if each.paths.fullmatch(path)), None)


@cache
def table(ecosystem: str = "") -> Table:
    """The table of this installation; with an ecosystem, its own rows first and none of others.

    Libraries of two ecosystems may bear the same name, and take their data in other places.
    """
    files = [_File.model_validate(tables.read(path).value) for path in _shipped.files("rules/code/flows")]
    wanted = (each for each in files if not ecosystem or each.ecosystem in (None, ecosystem))
    return Table(sorted(wanted, key=lambda each: each.ecosystem != ecosystem) if ecosystem else wanted)
