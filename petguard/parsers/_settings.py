"""Settings of any format as one thing: names, values and what stands around them, judged by position.

A document becomes spots (a key, its text, its company), and every spot is asked the same questions: is it a model, a
data set, the address of a service, a key, a vector store? What is a record of something that happened (a response, a
row of chat data), a list of what is denied, or a price list of models says nothing about what is in use.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from petguard import catalog, secrets
from petguard.documents import Step
from petguard.model import Asset, Edge, EdgeKind, Facts, Node, Origin
from petguard.parsers import _assets
from petguard.parsers._company import provider_in, spaced, speaks_of_models, trains
from petguard.parsers._credentials import credential, from_variable
from petguard.parsers._positions import Named, literal, named
from petguard.parsers._services import Service, routed, service_at
from petguard.parsers._source import Source, together

Pointer = tuple[Step, ...]

# Recorded traffic, fixtures, translations and other people's code.
_MENTIONS = re.compile(
    r"(?i)(?:^|/)(?:(?:vcr_?|test_?)?cassettes?|__snapshots__|snapshots|recordings?|recorded|fixtures?|__fixtures__|testdata|"
    r"test_data|mocks?|__mocks__|_?locales?|i18n|l10n|translations?|lang|langs|node_modules|\.git)/"
    r"|(?:^|/)tests?/resources/.*\.json$"
)
_CALLS = frozenset(["provider", "providers", "id", "grader"])
_CALLED = re.compile(
    r"(?P<who>[a-z][\w-]{1,30}):(?:(?:chat|messages|completion|embeddings?|responses|realtime|image|text-generation|"
    r"text|converse|feature-extraction):)?(?P<model>[\w.:/@-]{3,120})"
)
_KEYED = re.compile(r"(?:\w+ )?(?P<what>models|data ?sets|data ?set mixer)")
_CATALOGUE = 100  # distinct models in one document: a list of what exists, not of what is in use
_PRICED = 20  # the same where prices stand beside
_RECORDS = 200
_PRICES = re.compile(r"(?i)cost_per_|price_per_|_price\b|\"?pricing\"?\s*[:=]|\"cost\"\s*:")

# `model: {name: x}`: the text belongs to the key above.
_SELF = re.compile(
    r"name|id|path|repo|repo id|default|value|primary|main|slug|identifier|model|model name|model id|hf id|checkpoint|"
    r"key|label|code|source|"
)
_NAMES_WHOSE = re.compile(
    r"(?:.* )?(?:provider|vendor|api type|service|platform|llm type|embedder type)|type|_type|kind|class|framework|"
    r"backend|engine|integration|component|implementation|client"
)
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
_ADDRESS = re.compile(
    r"(?:.* )?(?:base ?url|base ?uri|api ?base|api ?url|api ?host|api ?endpoint|endpoints?|url|uri|host|server|address|"
    r"base path|api base url|base)"
)
_BASE = re.compile(r"(?:.* )?(?:base ?ur[li]|api ?base|base path|api ?url|api ?host|endpoint|server ?url|base)")
_FOR_MODELS = re.compile(
    r"(?:.* )?(?:openai|llm|ollama|anthropic|vllm|litellm|embeddings?|lm ?studio|chat completion|inference|ai)(?: .*)"
)
_REFERENCE = re.compile(
    r"\"?(?:os\.environ/|env[.:]|\$\{?\{?\s*(?:env[.:]|secrets\.|vars\.)?|\{\{-?\s*(?:env\.|secrets\.)?|%|\$env:|ENV\[['\"]|"
    r"<%=\s*ENV(?:\.fetch)?[\[(]['\"])?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:[:}\]%'\"\s|,)].*)?"
)
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_VECTOR_KEY = re.compile(r"(?:.* )?vector ?(?:store|db|database|search)s?(?: type| provider| backend| name| kind)?")
_VECTOR_STORES = re.compile(
    r"(?i)(?P<name>qdrant|chroma(?:db)?|pinecone|weaviate|milvus|pgvector|faiss|lancedb|turbopuffer|marqo|vespa)"
    r"(?:[-_ ]?\w*)"
)


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


@dataclass(frozen=True)
class _Hit:
    """A model or data set at a spot."""

    spot: Spot
    found: Named
    router: str | None  # the provider that the value itself names (`openai/gpt-4o`)


def judged(source: Source, value: Any = ..., pointer: Pointer = ()) -> Facts:
    """The assets of a document, or of the part `value` of it at `pointer`."""
    found = list(spots(source.document.value if value is ... else value, pointer))
    source.hidden.update(spot.value for spot in found if _is_secret(spot))
    hits = _in_use(source, [hit for spot in found for hit in _hits(spot)])
    parts = [_facts(source, hit) for hit in hits]
    others = (node for spot in found for node in _others(source, spot, hits))
    return together([*parts, Facts(nodes=tuple(others))])


@dataclass(frozen=True)
class _Scope:
    """What a part of a document lies in: the keys above, the names around, the providers that are named there."""

    above: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()

    def within(self, key: str, value: Mapping[str, Any]) -> "_Scope":
        """The scope of what stands under `key` of a mapping; the words of a recipe hold for everything below them."""
        return _Scope((*self.above, key), frozenset(value) | _of_recipe(self.names), _said(value) or self.said)

    def spot(self, pointer: Pointer, key: str, text: str, beside: Mapping[str, Any]) -> Spot:
        """A text in this scope."""
        said = _said(beside) or self.said
        company = self.names | frozenset(self.above) | frozenset(beside) | said
        return Spot(pointer, key, text, beside, self.above, company, said)


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
    name, text = value.get("name"), value.get("value")
    if isinstance(name, str) and isinstance(text, str):  # Kubernetes' and others' way to write a variable
        yield scope.spot((*pointer, "value"), name, text, value)
    for key, item in value.items():
        if _ELSEWHERE.fullmatch(spaced(key)):
            continue
        if isinstance(item, str):
            yield scope.spot((*pointer, key), key, item, value)
        elif isinstance(item, dict | list):
            yield from _names_in_keys(key, item, (*pointer, key), scope)
            yield from spots(item, (*pointer, key), scope.within(key, value))


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


@cache
def _of_recipe(names: frozenset[str]) -> frozenset[str]:
    """The names that say that a model is trained."""
    return frozenset(name for name in names if trains([name]))


def _is_secret(spot: Spot) -> bool:
    told = secrets.names_secret(spot.key) or secrets.find(spot.value)
    return bool(told) and not _CONSTANT.fullmatch(spot.value) and secrets.looks_secret(spot.value, name=spot.key)


def _are_records(items: list[Any]) -> bool:
    """Whether a list is data: rows of a conversation or of results, or simply too many to be settings."""
    rows = [item for item in items if isinstance(item, dict)]
    return len(rows) > _RECORDS or (len(rows) > 5 and all(not _RECORD.isdisjoint(row) for row in rows))


def _said(value: Mapping[str, Any]) -> frozenset[str]:
    """The providers that the values beside name: `provider: openai`, `type: haystack…openai.OpenAIGenerator`."""
    texts = [(key, text) for key, text in value.items() if isinstance(text, str) and len(text) < 200]
    found = ((key, provider_said(text)) for key, text in texts if _NAMES_WHOSE.fullmatch(spaced(key)))
    # A back end called `huggingface` is its library: the model runs here.
    return frozenset(each for key, each in found if each and (each != "huggingface" or "provider" in key))


@cache
def provider_said(text: str) -> str | None:
    """The id of the provider in a value: one of its parts, or the first or last words of one (`lmChatOpenAi`)."""
    for part in reversed(re.split(r"[/.:\s@]+", text)):
        words = spaced(part).split()
        cuts = [" ".join(cut) for size in (3, 2, 1) for cut in (words[-size:], words[:size])]
        found = next((provider for cut in cuts if (provider := provider_in([cut]))), None)
        if found and (found != "azure" or len(words) == 1 or "openai" in words):  # not `azure-storage`
            return found
    return None


def _hits(spot: Spot) -> Iterator[_Hit]:
    call = _called(spot)
    if call is not None:
        yield call
        return
    for key in _keys(spot):
        found = [(text, each) for text in _texts(key, spot.value) if (each := named(key, text, spot.company))]
        if found:
            for text, each in found:
                router = routed(literal(text)).provider if each.name != literal(text) else None
                yield _Hit(spot, each, router)
            return


def _called(spot: Spot) -> _Hit | None:
    """Promptfoo's way to name a model: `providers: [openai:chat:gpt-4o]`."""
    call = _CALLED.fullmatch(spot.value) if spaced(spot.key) in _CALLS else None
    provider = provider_said(call["who"]) if call else None
    found = named("llm model", call["model"], [provider]) if call and provider else None
    return _Hit(spot, found, provider) if found else None


def _keys(spot: Spot) -> Iterator[str]:
    """The key itself, and the one above it where the key only says `name` or `path`."""
    yield spot.key
    holder = next((key for key in reversed(spot.above) if not key.isdigit()), None)
    part = spot.key == "name" and any(isinstance(spot.beside.get(key), str) for key in ("path", "id", "repo"))
    if holder and not part and _SELF.fullmatch(spaced(spot.key)):
        yield holder


def _texts(key: str, value: str) -> list[str]:
    several = "," in value and re.search(r"data ?set|models", spaced(key)) and not re.search(r"\$\{|\{\{", value)
    return [part.strip() for part in value.split(",")] if several else [value]


def _in_use(source: Source, hits: list[_Hit]) -> list[_Hit]:
    """Without the models of a catalogue: a document that names more than anybody uses is data about models."""
    models = {hit.found.name for hit in hits if hit.found.asset is Asset.MODEL}
    is_catalogue = len(models) > _CATALOGUE or (len(models) > _PRICED and _PRICES.search(source.text))
    return [hit for hit in hits if not is_catalogue or hit.found.asset is Asset.DATASET]


def _facts(source: Source, hit: _Hit) -> Facts:
    """The model, and the service that the settings say serves it."""
    place = source.at(*hit.spot.pointer)
    service = _service(hit) if hit.found.asset is Asset.MODEL else None
    found = hit.found
    if service is not None and service.provider != found.provider:
        found = Named(found.asset, found.name, service.provider, found.unlisted)
    node = found.node(place)
    if service is None:
        return Facts(nodes=(node,))
    answering = service.node(place, Origin.DECLARED)
    flow = Edge(kind=EdgeKind.FLOWS_TO, source=node.id, target=answering.id, origin=Origin.DECLARED, location=place)
    return Facts(nodes=(node, answering), edges=(flow,))


def _service(hit: _Hit) -> Service | None:
    """Who answers, where the settings say it: an address beside, a provider beside or above, or the model's router."""
    addresses = (_address(key, text, sure=True) for key, text in hit.spot.beside.items() if isinstance(text, str))
    at = next((service for service in addresses if service), None)
    if at is not None:
        return at
    if trains(hit.spot.company):  # a recipe loads the weights
        return None
    said = provider_in(hit.spot.said) or _named_above(hit.spot) or hit.router
    known = catalog.provider(said) if said else None
    return Service(known.id) if known and known.id != "transformers" else None


def _named_above(spot: Spot) -> str | None:
    """The provider whose settings these are by the keys above: `google-ai-gemini.chat-model.model-name`."""
    found = {provider for key in (*spot.above, spot.key) if (provider := provider_said(key))}
    return provider_in([*spot.above, spot.key]) or (found.pop() if len(found) == 1 else None)


def _address(key: str, value: str, *, sure: bool) -> Service | None:
    """The service at an address under `key`; one that the catalogue does not know counts only among models."""
    url = literal(value)
    if not re.match(r"https?://", url) or not _ADDRESS.fullmatch(spaced(key)):
        return None
    service = service_at(url)
    if service is None:
        return None
    named_by_host = service.provider is not None and not service.traits
    return service if named_by_host or (sure and _BASE.fullmatch(spaced(key))) else None


def _others(source: Source, spot: Spot, hits: Iterable[_Hit]) -> Iterator[Node]:
    """Services, keys and vector stores at a spot."""
    with_models = any(hit.spot.beside is spot.beside for hit in hits) or speaks_of_models(spot.company)
    sure = with_models or _FOR_MODELS.fullmatch(spaced(spot.key)) is not None
    service = _address(spot.key, spot.value, sure=sure or ":11434" in spot.value) or _by_variable(spot)
    if service is not None:
        yield service.node(source.at(*spot.pointer), Origin.DECLARED)
    yield from _credentials(source, spot)
    store = _VECTOR_STORES.fullmatch(spot.value)
    holder = spot.above[-1] if spot.above and _NAMES_WHOSE.fullmatch(spaced(spot.key)) else ""
    if store and any(_VECTOR_KEY.fullmatch(spaced(key)) for key in (spot.key, holder)):
        name = store["name"].lower()
        yield _assets.declared(Asset.VECTOR_STORE, name, name, source.at(*spot.pointer))


def _by_variable(spot: Spot) -> Service | None:
    """`OLLAMA_HOST=localhost:11434`: a variable of a provider that holds its address."""
    known = catalog.provider_by_env(spot.key)
    if known is None or secrets.names_secret(spot.key) or not spot.value:
        return None
    return Service(known.id) if re.search(r"(?:HOST|URL|BASE|ENDPOINT)$", spot.key) else None


def _credentials(source: Source, spot: Spot) -> Iterator[Node]:
    is_secret = _is_secret(spot)
    known = from_variable(spot.key, source.at(*spot.pointer), literal=is_secret)
    reference = _REFERENCE.fullmatch(spot.value) if len(spot.value) < 200 else None
    referred = from_variable(reference["name"], source.at(*spot.pointer), literal=False) if reference else None
    if known is not None:
        yield known
    elif referred is not None:
        yield referred
    elif is_secret and secrets.names_secret(spot.key):
        yield from _literal_key(source, spot)


def _literal_key(source: Source, spot: Spot) -> Iterator[Node]:
    """A key in clear text whose shape or company says that it is an AI provider's."""
    issuers = [catalog.provider(issuer) for issuer, _ in secrets.find(spot.value)]
    issuer = next((each.id for each in issuers if each), None)
    provider = issuer or provider_in(spot.said) or _named_above(spot)
    if provider:
        place = source.at(*spot.pointer)
        key = f"{source.path}:{place.line}"
        yield credential(key, secrets.mask(spot.value), place, provider=provider, literal=True)
