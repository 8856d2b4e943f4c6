"""Settings of any format as a row of spots: each a text, the key it stands under, and what stands around it.

What is a record of something that happened (a response, a row of chat data), or a list of what is denied, says nothing
about what is in use and gives no spots.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from petguard.documents import Step
from petguard.parsers._company import provider_called, provider_in, spaced, trains
from petguard.parsers._company import said as as_said

Pointer = tuple[Step, ...]

_RECORDS = 200
NAMES_WHOSE = re.compile(
    r"(?:.* )?(?:provider|vendor|api type|service|platform|llm type|embedder type)|type|_type|kind|class|framework|"
    r"backend|engine|integration|component|implementation|client"
)
_ASKS = re.compile(r"(?:.* )?(?:provider|vendor|api type)|model service|llm type")
_ELSEWHERE = re.compile(
    r"(?:.* )?(?:deny|denied|denylist|block|blocked|blocklist|disallow|disallowed|excluded?|excludes|forbidden|"
    r"ignored?|deprecated|removed|unsupported|pricing|prices|costs|changelog|examples?|enum|expected|snapshots?|cassettes?)"
)
_RECORDED = (
    {"choices", "usage"},
    {"choices", "created"},
    {"object", "created"},
    {"stop_reason", "usage"},
    {"candidates", "usageMetadata"},
    {"model", "created_at", "done"},
    {"interactions", "recorded_with"},
    {"http_interactions"},
    {"response", "request"},
)
_RECORD = frozenset(
    ["messages", "conversations", "response", "responses", "answer", "completion", "prediction", "output"]
)
# Recorded traffic, fixtures, translations and other people's code.
_MENTIONS = re.compile(
    r"(?i)(?:^|/)(?:(?:vcr_?|test_?)?cassettes?|__snapshots__|snapshots|recordings?|recorded|fixtures?|__fixtures__|testdata|"
    r"test_data|mocks?|__mocks__|_?locales?|i18n|l10n|translations?|lang|langs|node_modules|\.git)/"
    r"|(?:^|/)tests?/resources/.*\.json$"
)
_KEYED = re.compile(r"(?:\w+ )?(?P<what>models|data ?sets|data ?set mixer)")


@dataclass(frozen=True)
class Spot:
    """A text in a document: under which key, in which mapping, and beside which names."""

    pointer: Pointer
    key: str
    value: str
    beside: Mapping[str, Any]
    above: tuple[str, ...]
    company: frozenset[str]
    said: frozenset[str] = frozenset()  # the providers that values beside it, or beside what it lies in, name
    around: Mapping[str, Any] = field(default_factory=dict)  # what stands beside the list or mapping that it lies in


@dataclass(frozen=True)
class _Scope:
    """What a part of a document lies in: the keys above, the names around, the providers that are named there."""

    above: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()
    around: Mapping[str, Any] = field(default_factory=dict)

    def spot(self, pointer: Pointer, key: str, text: str, beside: Mapping[str, Any]) -> Spot:
        """A text in this scope."""
        return _Inside(self, beside).spot(pointer, key, text)


_COMPANY = 500  # keys; a mapping of more is a table, and says nothing about what one entry holds


class _Inside:
    """One mapping in its scope. What holds for all its entries is found out once: it may have thousands."""

    def __init__(self, scope: _Scope, value: Mapping[str, Any]) -> None:
        self._scope = scope
        self._value = value
        self._said = _said(value) or scope.said
        spoken = frozenset(map(as_said, self._said))
        self._company = scope.names | frozenset(scope.above) | frozenset(value) | spoken
        around = frozenset(value) if len(value) <= _COMPANY else frozenset()
        self._names = around | _of_recipe(scope.names)

    def spot(self, pointer: Pointer, key: str, text: str) -> Spot:
        """A text of the mapping."""
        return Spot(pointer, key, text, self._value, self._scope.above, self._company, self._said, self._scope.around)

    def under(self, key: str) -> _Scope:
        """The scope of what stands under `key`; the words of a recipe hold for everything below them."""
        return _Scope((*self._scope.above, key), self._names, self._said, self._value)


def is_mention(path: str) -> bool:
    """Whether what lies at this place only speaks of things: what a test recorded, or a translator wrote."""
    return _MENTIONS.search(path) is not None


def spots(value: Any, pointer: Pointer = (), scope: _Scope = _Scope()) -> Iterator[Spot]:
    """Every text of a document that may say what is in use, in its order."""
    if isinstance(value, dict):
        yield from _in_mapping(value, pointer, scope)
    elif isinstance(value, list) and not _are_records(value):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield from _item(item, (*pointer, index), scope)
            else:
                yield from spots(item, (*pointer, index), scope)


def _in_mapping(value: dict[str, Any], pointer: Pointer, scope: _Scope) -> Iterator[Spot]:
    if any(keys <= value.keys() for keys in _RECORDED):
        return
    inside = _Inside(scope, value)
    name, text = value.get("name"), value.get("value")
    if isinstance(name, str) and isinstance(text, str):  # Kubernetes' and others' way to write a variable
        yield inside.spot((*pointer, "value"), name, text)
    for key, item in value.items():
        if _ELSEWHERE.fullmatch(spaced(key)):
            continue
        if isinstance(item, str):
            yield inside.spot((*pointer, key), key, item)
        elif isinstance(item, dict | list):
            yield from _names_in_keys(key, item, (*pointer, key), scope)
            yield from spots(item, (*pointer, key), inside.under(key))


def _item(item: str, pointer: Pointer, scope: _Scope) -> Iterator[Spot]:
    """A text in a list stands under the list's key; `NAME=value` is a variable."""
    variable = re.fullmatch(r"(?P<name>[A-Z][A-Z0-9_]+)=(?P<value>.*)", item)
    if variable:
        yield scope.spot(pointer, variable["name"], variable["value"], {})
    elif scope.above:
        yield scope.spot(pointer, scope.above[-1], item, {})


def _names_in_keys(key: str, item: Any, pointer: Pointer, scope: _Scope) -> Iterator[Spot]:
    """`dataset_mixer: {a/b: 1.0}`, `models: {gpt-4o: {...}}`: the keys are the names."""
    keyed = _KEYED.fullmatch(spaced(key)) if isinstance(item, dict) else None
    if keyed is not None:
        for name, inner in item.items():
            yield scope.spot((*pointer, name), keyed["what"], name, inner if isinstance(inner, dict) else {})


@lru_cache(4096)
def _of_recipe(names: frozenset[str]) -> frozenset[str]:
    """The names that say that a model is trained."""
    return frozenset(name for name in names if trains([name]))


def _are_records(items: list[Any]) -> bool:
    """Whether a list is data: rows of a conversation or of results, or simply too many to be settings."""
    rows = [item for item in items if isinstance(item, dict)]
    return len(rows) > _RECORDS or (len(rows) > 5 and all(not _RECORD.isdisjoint(row) for row in rows))


def _said(value: Mapping[str, Any]) -> frozenset[str]:
    """The providers that the values beside name: `provider: openai`, `type: haystack…openai.OpenAIGenerator`."""
    texts = [(key, text) for key, text in value.items() if isinstance(text, str) and len(text) < 200]
    found = [provider_said(text) for key, text in texts if NAMES_WHOSE.fullmatch(spaced(key))]
    asked = [provider_called(text.rpartition("/")[2]) for key, text in texts if _ASKS.fullmatch(spaced(key))]
    return frozenset(each for each in (*found, *asked) if each)


@lru_cache(4096)
def provider_said(text: str) -> str | None:
    """The id of the provider in a value: one of its parts, or the first or last words of one (`lmChatOpenAi`)."""
    for part in reversed(re.split(r"[/.:\s@]+", text)):
        words = spaced(part).split()
        cuts = [" ".join(cut) for size in (3, 2, 1) for cut in (words[-size:], words[:size])]
        found = next((provider for cut in cuts if (provider := provider_in([cut]))), None)
        certain = found != "azure" or len(words) == 1 or "openai" in words  # not `azure-storage`
        if found and certain and found != "huggingface":  # which names a library as often as the provider
            return found
    return None
