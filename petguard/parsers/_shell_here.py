"""Here-documents: what a script feeds to another program, or writes into a file."""

import re
from collections.abc import Callable, Iterable, Iterator

from petguard import secrets, telltales
from petguard.model import Facts, Gap, Location, Node, Origin, State
from petguard.parsers import _assets, _sql
from petguard.parsers._credentials import from_variable
from petguard.parsers._names import HOLE
from petguard.parsers._positions import named
from petguard.parsers._python_snippet import python_in
from petguard.parsers._services import service_at
from petguard.parsers._shell_place import Place
from petguard.parsers._shell_syntax import Word
from petguard.parsers._shell_words import Call

_PROSE = re.compile(r"(?i)\.(?:md|markdown|rst|txt|adoc|html?|log|out|err|csv|tsv|jsonl)$|(?:^|/)(?:readme|motd|usage)")
_SHELL = re.compile(r"(?:\.(?:sh|bash|zsh|envrc)|(?:^|/)(?:\.env[\w.-]*|[\w.-]*\.env|\.(?:bash|zsh)rc|\.profile))$")
_WRITERS = frozenset({"cat", "tee"})
_READ_ELSEWHERE = frozenset({"bash", "sh", "zsh", "dash", "ksh", "ssh", "curl", "wget", "http", "xh", "claude", "llm"})
_SETTING = re.compile(
    r"""^\s*(?:-\s+)?["']?(?P<key>[\w.-]+)["']?\s*[:=]\s*["']?(?P<value>[^"'\s,]+)["']?\s*,?\s*(?:#.*)?$"""
)

_LONGEST_LINE = 400  # no setting is longer

_DATABASES = frozenset(
    {"psql", "mysql", "mariadb", "sqlcmd", "snowsql", "snow", "bq", "duckdb", "sqlplus", "databricks"}
)
_QUERIES = ("-c", "--command", "-q", "-Q", "--query", "-e", "--execute")

ReadShell = Callable[[Word], Iterable[Facts | Gap]]


def documents(call: Call, place: Place, shell: ReadShell) -> Iterator[Node | Facts | Gap]:
    """What a call reads or writes, if it is code or a configuration; text that is only printed is a mention."""
    if call.program in _DATABASES:
        yield from _queries(call, place)
    elif call.program == "python":
        code = _code(call)
        if code is not None:
            yield from python_in(code.text, place.path, code.line, place.at)
    elif call.command.stdin is not None and call.program not in _READ_ELSEWHERE:
        yield from _document(call, call.command.stdin, place, shell)


def _queries(call: Call, place: Place) -> Iterator[Facts | Gap]:
    """The SQL that a database is handed: by an option, as a last word, or in a here-document."""
    texts = [value for option, value in call.options if option in _QUERIES]
    if call.program == "bq":
        texts += [word for word in call.words if " " in word.text and not word.text.startswith("-")]
    for text in [*texts, *([call.command.stdin] if call.command.stdin else [])]:
        yield from _sql.read(text.text, place, text.line)


def _code(call: Call) -> Word | None:
    if "-c" in call.texts[:-1]:
        return call.words[call.texts.index("-c") + 1]
    return call.command.stdin if not call.words or call.texts[0] in {"-", "-u"} else None


def _document(call: Call, text: Word, place: Place, shell: ReadShell) -> Iterator[Node | Facts | Gap]:
    file = call.command.file
    if call.program == "tee":
        file = next((word.text for word in call.plain({"-a", "--append"})), None)
    if (call.program in _WRITERS and file is None) or (file and _PROSE.search(file)):
        return
    if file and _SHELL.search(file):
        yield from shell(text)
    elif file and file.endswith(".sql"):
        yield from _sql.read(text.text, place, text.line)
    elif file and file.endswith(".py"):
        yield from python_in(text.text, place.path, text.line, place.at)
    else:
        yield from _settings(text, place)


def _settings(text: Word, place: Place) -> Iterator[Node | Gap]:
    """Models, keys, addresses and images by their keys; a gap when AI is told of and none of them was found."""
    lines = [line if len(line) < _LONGEST_LINE else "" for line in text.text.split("\n")]
    rows = [(text.line + index, match) for index, line in enumerate(lines) if (match := _SETTING.match(line))]
    company = [match["key"] for _, match in rows]
    found = [node for line, match in rows for node in _setting(match["key"], match["value"], company, place.at(line))]
    yield from found
    if not found:
        yield from _unread(text, place, "this here-document holds settings that speak of AI; review it by hand")


def _setting(key: str, value: str, company: list[str], here: Location) -> Iterator[Node]:
    if HOLE in value:
        value = ""
    literal = secrets.names_secret(key) and secrets.looks_secret(value, name=key)
    service, model = service_at(value), named(key, value, company)
    by_key = from_variable(key, here, literal=literal) or from_variable(value, here, literal=False)
    image = _assets.image(value, here) if key == "image" else None
    yield from (each for each in (by_key, image, model.node(here) if model else None) if each is not None)
    if service is not None and service.provider is not None:
        yield service.node(here, Origin.DECLARED)


def _unread(text: Word, place: Place, detail: str) -> Iterator[Gap]:
    if telltales.told(text.text.encode("utf-8", "replace")):
        yield Gap(path=place.path, state=State.PARTIAL, reason="unresolved", detail=detail, line=text.line)
