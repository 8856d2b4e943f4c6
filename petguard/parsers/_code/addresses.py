"""Addresses of known services that code calls, or keeps to call them, without any SDK.

An address that is only spoken of is none of these: in a list of hosts, in a comparison, in a link to a page.
"""

import re
from collections.abc import Iterable, Iterator

from petguard.model import Node, Trait
from petguard.parsers._code import sdks
from petguard.parsers._code.form import Call, Code, Expr, Items, Joined, Member, Name, Record, Text, chain, within
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import kept, texts
from petguard.parsers._company import spaced
from petguard.parsers._names import HOLE
from petguard.parsers._services import Service, is_host, service_at

_URL = re.compile(r"(?:https?|wss?)://[^\s\"'<>]+")
_TALKS_ABOUT = re.compile(
    r"(?i)includes|(?:starts|ends)_?with|has_?(?:prefix|suffix)|(?:last)?index_?of|test|match(?:es)?|contains|equals?|it|"
    r"describe|context|log|warn(?:ing)?|"
    r"error|info|debug|trace|print(?:f|ln)?|puts|fmt\.\w+|expect|to(?:Be|Equal|Contain|Match|StrictEqual)|assert\w*|nock|"
    r"(?:mutable_?)?(?:array_?)?(?:hash_?)?(?:list|set|array)_?of|as_?list|(?:\w*list|\w*set|stream)\.of|"
    r"has|throw|raise|open_?(?:url|external)|push|redirect|navigate|describe|should\w*|stub_?request|url_?launcher|launch\w*"
)
_LINKS = re.compile(
    r"(?:.* )?(?:docs?|documentation|links?|home ?page|web ?site|help|href|pricing|console|dashboard|sign ?up|log ?in|"
    r"logo|icon|image|referr?er|origin|terms|privacy|blog|learn|read ?me|portal|manage|get key|key url|api key|"
    r"description|title|label|message|text|placeholder|hint|tooltip|examples?|comment|license|author|issuer|scopes?|"
    r"audience)(?: .*)?|src|name|id|expected|want"
)
_PAGES = re.compile(
    r"(?i)/(?:docs?|keys|settings|pricing|blog|login|console|dashboard|account|terms|privacy|legal|about|signup|help|"
    r"support|playground|apikeys?|api-keys|app|models(?:/.*)?|activity|credits|rankings|user|users|org|organization)(?:[/?#].*)?"
)
_AI_PATH = re.compile(
    r"(?i).*/(?:chat/completions|completions?|embeddings|v1/messages|api/(?:generate|chat|embed|tags)|responses|generate)(?:[/?#].*)?"
)
_RESERVED = re.compile(
    r"(?:^|\.)(?:test|example|invalid|localhost|example\.(?:com|org|net))$|\N{REPLACEMENT CHARACTER}"
)
_SLOT = re.compile(rf"{HOLE}|\$?\{{\w*\}}|%s")  # what a format or template fills in
_COMMON_PORTS = frozenset({1234, 3000, 5000, 8000, 8001, 8080, 8081, 8888, 9000})
_HOSTS = frozenset({"host", "hostname", "domain", "authority", "apihost", "basehost", "server", "apidomain"})


def addresses(project: Project, code: Code) -> Iterator[Node]:
    """Addresses of known services that are called, or kept in a name to be called, without any SDK."""
    for key, value in _given(code):
        for option in map(kept, within(value)):
            service = _addressed(project, code, key, option)
            if service is not None:
                yield service.node(code.at(option.start))


def _given(code: Code) -> Iterator[tuple[str, Expr]]:
    """Each expression with the name it is given to, or the function that it is handed to."""
    for each in code.bindings:
        yield each.name.rpartition(".")[2], each.value
    for record in code.records:
        yield from record.pairs
    for call in code.calls:
        for link in chain(call)[1]:
            if link.call is not None:
                if not _TALKS_ABOUT.fullmatch(_called(link.call)):
                    yield from (("", each) for each in link.call.arguments)
                yield from link.call.named


def _called(call: Call) -> str:
    """The name of a function, with what it is a method of where that is a plain name of a class."""
    callee = call.callee
    if isinstance(callee, Member):
        return f"{callee.of.name}.of" if callee.name == "of" and isinstance(callee.of, Name) else callee.name
    return callee.name if isinstance(callee, Name) else ""


def _addressed(project: Project, code: Code, key: str, expr: Expr) -> Service | None:
    if isinstance(expr, Items | Record) or is_spoken_of(key):
        return None
    if sdks.squashed(key) in _HOSTS:
        return next(_at_hosts(texts(project, code, expr)), None)
    literal = expr.parts[0] if isinstance(expr, Joined) else expr
    if not isinstance(literal, Text) or "://" not in literal.value[:8]:
        return _at_path(project, code, expr) if isinstance(expr, Joined) else None
    urls = (text for text in texts(project, code, expr) if text and _URL.match(text))
    return next((service for service in map(called_at, urls) if service), None)


def _at_path(project: Project, code: Code, expr: Joined) -> Service | None:
    """`${base}/chat/completions`: an AI service by its path, whoever `base` turns out to be."""
    last = expr.parts[-1]
    if not isinstance(last, Text) or not last.value.partition("?")[0].endswith("/chat/completions"):
        return None
    urls = [text for text in texts(project, code, expr) if text]
    known = next((service for service in map(called_at, urls) if service), None)
    return known or (Service(None) if all(url.startswith(HOLE) for url in urls) else None)


def _at_hosts(found: Iterable[str | None]) -> Iterator[Service]:
    """The services at hosts that are written without a scheme, as the options of HTTP clients take them."""
    for text in found:
        host = _SLOT.sub("region", text or "")
        service = service_at(f"https://{host}") if is_host(host) else None
        if service is not None and service.provider and Trait.LOCAL not in service.traits:
            yield service


def is_spoken_of(key: str) -> bool:
    """Whether what stands under this name is an address for people, or a text."""
    return _LINKS.fullmatch(spaced(key)) is not None


def called_at(url: str) -> Service | None:
    """The service behind an address, when the address is one that programs call."""
    service = service_at(url)
    path = "/" + url.partition("://")[2].partition("/")[2]
    if service is None:
        return None
    if Trait.LOCAL in service.traits:
        port = re.match(r"\w+://[^/:]+:(\d+)", url)
        common = port is not None and int(port[1]) in _COMMON_PORTS
        return service if service.provider and (not common or _AI_PATH.fullmatch(path)) else None
    if service.provider is None:
        speaks_openai = "/chat/completions" in path and not _RESERVED.search(service.endpoint or "")
        return service if speaks_openai else None
    return None if _PAGES.fullmatch(path) else service
