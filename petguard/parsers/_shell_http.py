"""Calls of AI services over HTTP from a command line: who answers, which model, which key."""

import re
from collections.abc import Iterator

from petguard import secrets
from petguard.model import Node, Trait
from petguard.parsers import _assets
from petguard.parsers._credentials import credential
from petguard.parsers._names import HOLE
from petguard.parsers._positions import is_name
from petguard.parsers._services import Service, service_at
from petguard.parsers._shell_place import Place
from petguard.parsers._shell_syntax import Word
from petguard.parsers._shell_words import Call

_FETCHERS = frozenset({"curl", "wget", "http", "https", "xh", "xhs", "curlie", "httpie", "grpcurl", "hey", "ab", "wrk"})
_PRINTERS = frozenset({"echo", "printf", "cat", "grep", "rg", "sed", "awk", "open", "xdg-open", "test", "[", "[["})
_URL = re.compile(rf"(?:https?|wss?)://[^\s\"'<>\\]+|[{HOLE}][\w./:{HOLE}-]*/[^\s\"'<>\\]*")
_BARE = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/\S*)?|:\d+/\S+")
_AI_PATH = re.compile(
    r"/chat/completions\b|:(?:stream)?[gG]enerateContent\b|:(?:batch)?[eE]mbedContents?\b|/v\d/(?:completions|embeddings|"
    r"images/generations|audio/(?:transcriptions|speech)|rerank)\b|/api/(?:generate|chat|embed|embeddings|pull)\b"
)
_MODEL = re.compile(r"(?<![\w-])[\"']?(?:model|modelId|model_id|model_name)[\"']?\s*:\s*[\"']([^\"'\s\\]{1,120})[\"']")
_FORM = re.compile(r"model:?=\"?([^\"'\s]{1,120})\"?")
_IN_URL = re.compile(
    r"/(?:models|model|deployments|engines)/([\w.:/-]+?)(?=:\w+(?:\?|$)|/(?:chat|invoke|converse|completions|embeddings)|$)"
)
_HUB = re.compile(
    r"https?://(?:huggingface\.co|hf-mirror\.com|hf\.co)/(datasets/|spaces/)?([\w.-]+/[\w.-]+?)(?:\.git)?(?:/(\w+)/|/?$)"
)
_INSTALLER = re.compile(r"https?://(?:www\.)?ollama\.(?:com|ai)/(?:install|download)")
_OPEN_PORT = 11434  # of Ollama: no other program listens there by habit, as many do on 8000 and 8080
_LONGEST_URL = 2_000
_HEADERS = frozenset({"-H", "--header"})
_HEADER = re.compile(
    r"(?is)(?P<name>authorization|x-api-key|api-key|x-goog-api-key|xi-api-key)\s*:\s*(?:bearer |token )?(?P<key>\S+)"
)


def called(call: Call, place: Place) -> Iterator[Node]:
    """The services that a command line speaks to, with the model that it asks for."""
    if call.program in _PRINTERS:
        return
    texts = [*call.words, *([call.command.stdin] if call.command.stdin and call.program in _FETCHERS else [])]
    model = _model(texts)
    for word in call.words:
        for url in _addresses(call, word):
            yield from _hub(url, word, place)
            service = _service(url, fetched=call.program in _FETCHERS, asked=model is not None)
            if service is not None:
                yield service.node(place.at(word.line))
                yield from _asked(service, url, model, word, place)
                yield from _keys(call, service, place)


def service_of(url: str) -> Service | None:
    """The provider of the catalogue that an address names, unless it is this machine."""
    at = service_at(url)
    return at if at is not None and at.provider is not None and Trait.LOCAL not in at.traits else None


def _addresses(call: Call, word: Word) -> list[str]:
    if len(word.text) > _LONGEST_URL:
        return []
    value = word.text.partition("=")[2] if re.match(r"--?[\w-]+=", word.text) else word.text
    if _URL.fullmatch(value):
        return [value]
    if call.program in _FETCHERS and _BARE.fullmatch(value):
        return [f"http://localhost{value}" if value.startswith(":") else f"http://{value}"]
    return []


def _service(url: str, *, fetched: bool, asked: bool) -> Service | None:
    """Who answers at an address; an unknown host counts when its path, or the model in the body, is plainly AI's."""
    at, plainly = service_at(url), _AI_PATH.search(url) is not None
    if _INSTALLER.match(url):
        return Service("ollama", traits=(Trait.LOCAL,))
    if at is None:
        return Service(None) if fetched and plainly and HOLE in url else None
    if at.provider is not None and Trait.LOCAL not in at.traits:
        return at
    if at.provider is not None and f":{_OPEN_PORT}" in url:
        return at
    return at if fetched and plainly and (asked or "/chat/completions" in url or "enerateContent" in url) else None


def _asked(service: Service, url: str, model: Word | None, word: Word, place: Place) -> Iterator[Node]:
    in_url = _IN_URL.search(url.partition("?")[0])
    found = model or (Word(in_url[1], word.line) if in_url else None)
    if found is not None and is_name(found.text):  # not `printf '{"model": "%s"}'`
        yield _assets.model(found.text, place.at(found.line), provider=service.provider)


def _model(texts: list[Word]) -> Word | None:
    for word in texts:
        match = _MODEL.search(word.text) or _FORM.fullmatch(word.text)
        if match:
            return Word(match[1], word.line + word.text.count("\n", 0, match.start(1)))
    return None


def _hub(url: str, word: Word, place: Place) -> Iterator[Node]:
    """A model or data set that is fetched from the hub by its address."""
    found = _HUB.match(url)
    if found is None or found[1] == "spaces/" or HOLE in found[2] or found[3] not in {None, "resolve", "tree", "raw"}:
        return
    if found[1] == "datasets/":
        yield _assets.dataset(found[2], place.at(word.line), provider="huggingface")
    elif found[2].partition("/")[0] not in {"api", "docs", "settings", "blog", "join", "papers", "collections"}:
        traits = (Trait.LOCAL, Trait.MUTABLE_REFERENCE)
        yield _assets.model(found[2], place.at(word.line), provider="huggingface", traits=traits)


def _keys(call: Call, service: Service, place: Place) -> Iterator[Node]:
    """A key that stands in a header as it is, without the shape of any issuer's keys."""
    for option, word in call.options:
        found = _HEADER.fullmatch(word.text) if option in _HEADERS else None
        key = found["key"] if found else ""
        if found and HOLE not in key and not secrets.find(key) and secrets.looks_secret(key, name="authorization"):
            place.hide(key)
            name = f"{found['name']} {secrets.mask(key)}"
            where = f"{place.path}:{word.line}"
            yield credential(where, name, place.at(word.line), provider=service.provider, literal=True)
