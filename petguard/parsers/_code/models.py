"""Models by the name they stand under, whoever is called with them: in constants, records, requests and addresses."""

import re
from collections.abc import Iterator, Sequence

from petguard import catalog
from petguard.model import Asset, Node
from petguard.parsers import _assets
from petguard.parsers._code import sdks
from petguard.parsers._code.addresses import called_at
from petguard.parsers._code.findings import Findings
from petguard.parsers._code.form import Call, Code, Expr, Items, Joined, Member, Name, Opaque, Text, chain, within
from petguard.parsers._code.names import origins
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import known, texts
from petguard.parsers._company import speaks_of_models
from petguard.parsers._positions import is_distinctive
from petguard.parsers._services import Service

_LISTED = frozenset({"id", "name", "value", "slug", "key"})  # of one model in a list of them
_PUTS = frozenset({"put", "of", "Add", "add", "addProperty", "set", "entry", "append", "addFormDataPart", "insert"})
_JSON_PAIR = re.compile(r'"(\w{1,60})"\s*:\s*(?:"([^"\n]{1,120})")?')
_LONGEST_BODY = 20_000
_SPEAKS = re.compile(r"(?i)model|engine|deployment|llm|data_?set|adapter|lora|embed|rerank")
_IN_AN_ADDRESS = re.compile(
    r"[?&](?:model|deployment)=(?P<asked>[\w.:@%-]+)"
    r"|/(?:models|model|deployments|engines|ai/run)/(?P<name>[@\w][\w.:/@-]*?)"
    r"(?=:\w+(?:\?|$)|/(?:chat|invoke|converse|completions|embeddings|predictions|images)|[?#]|$)"
)


def models(project: Project, found: Findings, *, speaks_of_ai: bool) -> None:
    """Models by the name they stand under, whoever is called with them; beside an AI package less need be said."""
    code = found.code
    places = (node.locations[0] for node in found.nodes.values() if node.asset is Asset.MODEL)
    told = {(place.line, place.column) for place in places}
    for group in _groups(code):
        company = [*(key for key, _ in group), *(["ai"] if speaks_of_ai else [])]
        for key, value in group:
            if not _may_name(key) or (told and code.position(value.start) in told):
                continue  # a call knows more about the latter
            for name in known(texts(project, code, value)) if _may_be_model(value) else ():
                listed = _is_listed(key, name) and (_is_routed(name) or speaks_of_models([*company, key]))
                found.add_model("model" if listed else key, name, company, code.at(value.start), None)
            for each in value.items if isinstance(value, Items) else ():
                if isinstance(each, Text) and is_distinctive(each.value) and catalog.model(each.value):
                    found.add_model(key, each.value, company, code.at(each.start), None)
    for link in (link for call in code.calls for link in chain(call)[1]):
        only = link.call.arguments[0] if link.call and len(link.call.arguments) == 1 else None
        if isinstance(only, Text) and sdks.is_builder(link.name):
            found.add_model(sdks.setting(link.name), only.value, (), code.at(only.start), None)


def _may_name(key: str) -> bool:
    """Whether a model or data set could be given under this name at all: most names need no closer look."""
    return key in _LISTED or _SPEAKS.search(key) is not None or any(char.isdigit() for char in key)


def _is_listed(key: str, name: str) -> bool:
    """Whether a name stands in a list of models: as one's id, or under its own name (`GPT_4O = "gpt-4o"`)."""
    known_ = name.islower() and is_distinctive(name) and catalog.model(name) is not None
    return known_ and (key in _LISTED or sdks.squashed(key) == sdks.squashed(name))


def _is_routed(name: str) -> bool:
    """Whether a well-known name says who answers (`anthropic/claude-haiku-4.5`): nothing else is written so."""
    prefix, _, rest = name.partition("/")
    return bool(rest) and catalog.provider_by_prefix(prefix) is not None


def _may_be_model(value: Expr) -> bool:
    """Literals, and what may fall back on one; a name is looked at where it gets its value."""
    return any(isinstance(option, Text) for option in within(value)) or isinstance(value, Call | Joined)


def _groups(code: Code) -> Iterator[Sequence[tuple[str, Expr]]]:
    """Names with values that stand together."""
    yield from (each.pairs for each in code.records)
    put: dict[str, list[tuple[str, Expr]]] = {}
    for call in code.calls:
        root, links = chain(call)
        yield from (link.call.named for link in links if link.call and link.call.named)
        pairs = put.setdefault(root.name if isinstance(root, Name) else "", [])
        pairs += [pair for link in links if link.call and link.name in _PUTS for pair in _put(link.call)]
    for each in code.bindings:
        holder, dot, name = each.name.rpartition(".")
        put.setdefault(holder if dot else "", []).append((name, each.value))
    alone = put.pop("", ())
    yield from put.values()
    yield from ([pair] for pair in alone)
    yield from (list(_json(text)) for text in code.texts if "model" in text.value and '"' in text.value)


def _put(call: Call) -> Iterator[tuple[str, Expr]]:
    """`body.put("model", "gpt-4o")`, `Map.of("model", "gpt-4o", "stream", true)`."""
    given = call.arguments
    for key, value in zip(given[::2], given[1::2], strict=False):
        if isinstance(key, Text):
            yield key.value, value


def _json(text: Text) -> Iterator[tuple[str, Expr]]:
    """The pairs of a request body that is written out in a text."""
    for match in _JSON_PAIR.finditer(text.value[:_LONGEST_BODY]):
        yield match[1], Text(text.start, match[2]) if match[2] else Opaque(text.start)


def constants(project: Project, code: Code, *, speaks_of_ai: bool) -> Iterator[Node]:
    """Models that an SDK names by a constant: `openai.GPT4oMini`, `ChatModel.GPT_4O`, `model: .gpt4_o`."""
    for key, value in ((key, option) for key, given in _values(code) for option in within(given)):
        model = catalog.model_by_constant(value.name) if isinstance(value, Member | Name) else None
        if model is None:
            continue
        under_its_name = speaks_of_ai and "model" in key.lower()
        found = (each for each in origins(project, code, value) if each.made is None and not each.opened)
        if under_its_name or any(found):
            maker = catalog.provider_by_model(model.name)
            provider = model.providers[0] if len(model.providers) == 1 else None
            yield _assets.model(model.name, code.at(value.start), provider=maker.id if maker else provider)


def _values(code: Code) -> Iterator[tuple[str, Expr]]:
    """Every expression with what it is given to."""
    for each in code.bindings:
        yield each.name, each.value
    for record in code.records:
        yield from record.pairs
    for link in (link for call in code.calls for link in chain(call)[1] if link.call is not None):
        if link.call is not None:
            yield from ((link.name, each) for each in link.call.arguments)
            yield from link.call.named


def in_addresses(project: Project, found: Findings) -> None:
    """Models that an address names: `.../models/gemini-pro:generateContent`, `wss://...?model=...`."""
    code = found.code
    for _, value in _values(code):
        for option in within(value):
            literal = option.parts[0] if isinstance(option, Joined) else option
            if isinstance(literal, Text) and "://" in literal.value[:8]:
                for url in known(texts(project, code, option)):
                    _in_address(found, url, option)


def _in_address(found: Findings, url: str, option: Expr) -> None:
    service, match = called_at(url), _IN_AN_ADDRESS.search(url)
    if service is not None and match is not None:
        name = match["asked"] or match["name"]
        found.add_model("model", name, ["llm"], found.code.at(option.start), service.provider)


def of_workers(found: Findings) -> None:
    """Models of Cloudflare's workers, whose names begin as no other text does and which need no address."""
    for _, value in _values(found.code):
        if isinstance(value, Text) and value.value.startswith("@cf/"):
            place = found.code.at(value.start)
            found.add(Service("cloudflare").node(place))
            found.add_model("model", value.value, ["llm"], place, "cloudflare")
