"""Settings of any format as one thing: names, values and what stands around them, judged by position.

Every spot of a document (a key, its text, its company) is asked the same questions: is it a model, a data set, the
address of a service, a key, a vector store? A price list of models says nothing about what is in use.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from petguard import catalog, secrets
from petguard.model import Asset, Edge, EdgeKind, Facts, Node, Origin
from petguard.parsers import _assets
from petguard.parsers._company import provider_called, provider_in, said, spaced, speaks_of_models, trains
from petguard.parsers._credentials import credential, from_variable
from petguard.parsers._positions import Named, is_model_name, literal, named
from petguard.parsers._services import Service, routed, service_at
from petguard.parsers._source import Source, together
from petguard.parsers._spots import NAMES_WHOSE, Spot, provider_said, spots

_CALLS = frozenset(["provider", "providers", "id", "grader"])
_CALLED = re.compile(
    r"(?P<who>[a-z][\w-]{1,30}):(?:(?:chat|messages|completion|embeddings?|responses|realtime|image|text-generation|"
    r"text|converse|feature-extraction):)?(?P<model>[\w.:/@-]{3,120})"
)
_CATALOGUE = 100  # distinct models in one document: a list of what exists, not of what is in use
_PRICED = 20  # the same where prices stand beside
_PRICES = re.compile(r"(?i)cost_per_|price_per_|_price\b|\"?pricing\"?\s*[:=]|\"cost\"\s*:")

# `model: {name: x}`: the text belongs to the key above.
_SELF = re.compile(
    r"name|id|path|repo|repo id|default|value|primary|main|slug|identifier|model|model name|model id|hf id|checkpoint|"
    r"key|label|code|source|component|"
)
_ADDRESS = re.compile(
    r"(?:.* )?(?:base ?url|base ?uri|api ?base|api ?url|api ?host|api ?endpoint|endpoints?|url|uri|host|server|address|"
    r"base path|api base url|base)"
)
_BASE = re.compile(r"(?:.* )?(?:base ?ur[li]|api ?base|base path|api ?url|api ?host|endpoint|server ?url|base)")
_SETS = frozenset({"default", "value"})
_IS = frozenset({"name", "id", "slug"})
_CHOSEN = re.compile(r"(?:.* )?(?:default|selected|active|current) models?(?: names?| ids?)?")
_LISTED = re.compile(r"(?:.* )?models")
_FOR_MODELS = re.compile(
    r"(?:.* )?(?:openai|llm|ollama|anthropic|vllm|litellm|embeddings?|lm ?studio|chat completion|inference|ai)(?: .*)"
)
_REFERENCE = re.compile(
    r"\"?(?:os\.environ/|env[.:]|\$\{?\{?\s*(?:env[.:]|secrets\.|vars\.)?|\{\{-?\s*(?:env\.|secrets\.)?|%|\$env:|ENV\[['\"]|"
    r"<%=\s*ENV(?:\.fetch)?[\[(]['\"])?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:[:}\]%'\"\s|,)].*)?"
)
_GENERIC_KEY = re.compile(r"(?:[A-Z0-9]+_)*(?:LLM|AI|GPT|GENAI|EMBEDDINGS?|CHATBOT|MODEL)_(?:API_)?(?:KEY|TOKEN)")
_SECRET_REFERENCE = re.compile(r"(?:.* )?secret (?:name|ref|reference|key ref|key name|id|arn|path|version)")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_VECTOR_KEY = re.compile(r"(?:.* )?vector ?(?:store|db|database|search)s?(?: type| provider| backend| name| kind)?")
_VECTOR_STORES = re.compile(
    r"(?i)(?P<name>qdrant|chroma(?:db)?|pinecone|weaviate|milvus|pgvector|faiss|lancedb|turbopuffer|marqo|vespa)"
    r"(?:[-_ ]?\w*)"
)


@dataclass(frozen=True)
class _Hit:
    """A model or data set at a spot."""

    spot: Spot
    found: Named
    router: str | None  # the provider that the value itself names (`openai/gpt-4o`)


def judged(source: Source) -> Facts:
    """The models, data sets, services, keys and vector stores that a document says are in use."""
    found = list(spots(source.document.value))
    source.hidden.update(spot.value for spot in found if _is_secret(spot))
    hits = _in_use(source, [hit for spot in found for hit in _hits(spot)])
    parts = [_facts(source, hit) for hit in hits]
    beside = frozenset(id(hit.spot.beside) for hit in hits)  # neighbours share one mapping, which `found` keeps alive
    others = (node for spot in found for node in _others(source, spot, has_model=id(spot.beside) in beside))
    return together([*parts, Facts(nodes=tuple(others))])


def _is_secret(spot: Spot) -> bool:
    named = secrets.names_secret(spot.key) and not _refers(spot)
    told = named or secrets.find(spot.value)
    return bool(told) and not _CONSTANT.fullmatch(spot.value) and secrets.looks_secret(spot.value, name=spot.key)


def _refers(spot: Spot) -> bool:
    """Whether the text is what a secret is called somewhere else, as clusters and charts write it."""
    if _SECRET_REFERENCE.fullmatch(spaced(spot.key)) or "secretKeyRef" in spot.above:
        return True
    return spaced(spot.key) == "secret key" and any(spaced(key).endswith("secret name") for key in spot.beside)


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
    """The way of promptfoo to name a model: `providers: [openai:chat:gpt-4o]`."""
    call = _CALLED.fullmatch(spot.value) if spaced(spot.key) in _CALLS else None
    provider = provider_called(call["who"]) or provider_said(call["who"]) if call else None
    found = named("llm model", call["model"], [said(provider)]) if call and provider else None
    return _Hit(spot, found, provider) if found else None


def _keys(spot: Spot) -> Iterator[str]:
    """The key itself, and the one above it where the key only says `name` or `path`."""
    yield spot.key
    holder = _holder(spot)
    if spaced(spot.key) in _IS and _is_said(spot):
        yield "model"
    part = spot.key == "name" and any(isinstance(spot.beside.get(key), str) for key in ("path", "id", "repo"))
    if holder and not part and _SELF.fullmatch(spaced(spot.key)):
        yield holder


def _is_said(spot: Spot) -> bool:
    """Whether a well-known model stands as a name beside who answers for it: `{name: gpt-4o, provider: openai}`."""
    return is_model_name(spot.value) and (_said_beside(spot) or _address_beside(spot) is not None)


def _said_beside(spot: Spot) -> bool:
    return any(
        isinstance(text, str) and NAMES_WHOSE.fullmatch(spaced(key)) and provider_said(text)
        for key, text in spot.beside.items()
    )


def _texts(key: str, value: str) -> list[str]:
    several = "," in value and re.search(r"data ?set|models", spaced(key)) and not re.search(r"\$\{|\{\{", value)
    return [part.strip() for part in value.split(",")] if several else [value]


def _in_use(source: Source, hits: list[_Hit]) -> list[_Hit]:
    """Without the models of a catalogue: a document that names more than anybody uses is data about models."""
    models = {hit.found.name for hit in hits if hit.found.asset is Asset.MODEL}
    is_catalogue = len(models) > _CATALOGUE or (len(models) > _PRICED and _PRICES.search(source.text))
    return [hit for hit in hits if not is_catalogue or hit.found.asset is Asset.DATASET or _is_chosen(hit.spot)]


def _is_chosen(spot: Spot) -> bool:
    """Whether the one of many models stands here that is used unless somebody asks for another."""
    return _CHOSEN.fullmatch(spaced(spot.key)) is not None


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
    at = _address_beside(hit.spot)
    if at is not None:
        return at
    if trains(hit.spot.company):  # a recipe loads the weights
        return None
    provider = provider_in(map(said, hit.spot.said)) or _named_above(hit.spot) or hit.router
    known = catalog.provider(provider) if provider else None
    return Service(known.id) if known and known.id != "transformers" else None


def _address_beside(spot: Spot) -> Service | None:
    beside = [(key, text) for key, text in spot.beside.items() if isinstance(text, str)]
    if spot.above and _LISTED.fullmatch(spaced(_holder(spot))):  # `{base_url: …, models: [{name: …}]}`
        beside += [(key, text) for key, text in spot.around.items() if isinstance(text, str) and _is_base(key)]
    found = (_address(key, text, sure=True) for key, text in beside)
    return next((service for service in found if service), None)


def _holder(spot: Spot) -> str:
    return next((key for key in reversed(spot.above) if not key.isdigit()), "")


def _is_base(key: str) -> bool:
    return _BASE.fullmatch(spaced(key)) is not None


def _named_above(spot: Spot) -> str | None:
    """The provider whose settings these are by the keys above: `google-ai-gemini.chat-model.model-name`."""
    keys = [*spot.above, spot.key]
    found = {provider for key in keys if (provider := provider_said(key))}
    in_two = provider_in([f"{first} {second}" for first, second in pairwise(keys)])  # `spring.ai.google.genai.chat`
    return provider_in(keys) or (found.pop() if len(found) == 1 else in_two)


def _address(key: str, value: str, *, sure: bool) -> Service | None:
    """The service at an address under `key`; one that the catalogue does not know counts only among models."""
    url = literal(value)
    if not re.match(r"https?://", url) or not _ADDRESS.fullmatch(spaced(key)):
        return None
    service = service_at(url)
    if service is None:
        return None
    named_by_host = service.provider is not None and not service.traits
    return service if named_by_host or (sure and (service.provider or _is_base(key))) else None


def _others(source: Source, spot: Spot, *, has_model: bool) -> Iterator[Node]:
    """Services, keys and vector stores at a spot; `has_model` says that a model is named beside it."""
    service = _by_variable(spot)
    if "://" in spot.value and not _VECTOR_STORES.fullmatch(_holder(spot)):
        key = _holder(spot) if spaced(spot.key) in _SETS else spot.key  # `api_url: {default: …}`
        service = _address(key, spot.value, sure=has_model or _speaks_of_models(spot)) or service
    if service is not None:
        yield service.node(source.at(*spot.pointer), Origin.DECLARED)
    yield from _credentials(source, spot)
    store = _store(spot)
    if store is not None:
        name = store["name"].lower()
        yield _assets.declared(Asset.VECTOR_STORE, name, name, source.at(*spot.pointer))


def _store(spot: Spot) -> re.Match[str] | None:
    """The vector store that a value names, or whose address stands below its name, among the settings of models."""
    if "://" in spot.value and _is_base(spot.key) and speaks_of_models(spot.company):
        return _VECTOR_STORES.fullmatch(_holder(spot))
    holder = spot.above[-1] if spot.above and NAMES_WHOSE.fullmatch(spaced(spot.key)) else ""
    named_there = any(_VECTOR_KEY.fullmatch(spaced(key)) for key in (spot.key, holder))
    return _VECTOR_STORES.fullmatch(spot.value) if named_there else None


def _speaks_of_models(spot: Spot) -> bool:
    named_so = _FOR_MODELS.fullmatch(spaced(spot.key)) is not None
    return named_so or ":11434" in spot.value or speaks_of_models(spot.company)


def _by_variable(spot: Spot) -> Service | None:
    """`OLLAMA_HOST=localhost:11434`: a variable of a provider that holds its address."""
    known = catalog.provider_by_env(spot.key)
    if known is None or secrets.names_secret(spot.key) or not spot.value:
        return None
    return Service(known.id) if re.search(r"(?:HOST|URL|BASE|ENDPOINT)$", spot.key) else None


def _credentials(source: Source, spot: Spot) -> Iterator[Node]:
    is_secret = _is_secret(spot)
    reference = _REFERENCE.fullmatch(spot.value) if len(spot.value) < 200 else None
    names = [spot.key, reference["name"]] if reference else [spot.key]
    variable = next((name for name in names if catalog.provider_by_env(name)), None)
    if variable is not None:
        place = source.at(*spot.pointer)
        known = from_variable(variable, place, literal=is_secret and variable == spot.key)
        yield from [known] if known else []
    elif _GENERIC_KEY.fullmatch(spot.key) and (at := _address_beside(spot)):
        place = source.at(*spot.pointer)
        yield credential(spot.key, spot.key, place, provider=at.provider, literal=is_secret)
    elif is_secret and secrets.names_secret(spot.key):
        yield from _literal_key(source, spot)


def _literal_key(source: Source, spot: Spot) -> Iterator[Node]:
    """A key in clear text whose shape or company says that it is an AI provider's."""
    issuers = [catalog.provider(issuer) for issuer, _ in secrets.find(spot.value)]
    issuer = next((each.id for each in issuers if each), None)
    provider = issuer or provider_in(map(said, spot.said)) or _named_above(spot)
    if provider:
        place = source.at(*spot.pointer)
        key = f"{source.path}:{place.line}"
        yield credential(key, secrets.mask(spot.value), place, provider=provider, literal=True)
