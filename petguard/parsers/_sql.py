"""SQL text: the functions and statements that call models, read word by word.

Comments, quoted names, texts, dollar quoting and Jinja are known, so that a function in a comment is a mention. No
dialect is parsed: a name counts with all its parts, so `app.ai_query(...)` is not the function of Databricks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, takewhile

from petguard import catalog, secrets, telltales
from petguard.catalog import SqlFunction
from petguard.model import Asset, Facts, Gap, Node, State, Trait
from petguard.parsers import _assets
from petguard.parsers._credentials import credential
from petguard.parsers._names import HOLE
from petguard.parsers._positions import is_name
from petguard.parsers._python_snippet import python_in
from petguard.parsers._services import Service, routed, service_at
from petguard.parsers._shell_place import Place

MAX_TEXT = 5_000_000  # characters
_TOKEN = re.compile(
    r"""(?x)
    (?P<skip>    \s+ | --[^\n]*+ | //[^\n]*+ | /\*(?s:.*?)(?:\*/|(?P<open_comment>\Z)) | (?m:^\#[^\n]*+) | \#\s[^\n]*+
               | (?im:^COPY\s[^\n]{0,400}FROM\s+stdin;\n(?s:.*?)(?:^\\\.$|\Z)) )
  | (?P<text>    (?:[NnEeBbUuRr]|[Uu]&|[Rr][Bb])?'(?:[^'\\]|''|\\(?s:.)?+)*+(?:'|(?P<open_text>\Z)) )
  | (?P<dollar>  \$(?P<tag>\w*)\$(?P<body>(?s:.*?))(?:\$(?P=tag)\$|(?P<open_dollar>\Z)) )
  | (?P<name>    [^\W\d][\w$]* | `[^`]*+(?:`|(?P<open_name>\Z)) | "(?:[^"]|"")*+(?:"|(?P<open_quote>\Z))
               | \[[A-Za-z_][\w ]*\] )
  | (?P<number>  \d[\w.]*+ )
  | (?P<sign>    => | := | :: | . )
    """
)
_OPEN = ("open_comment", "open_text", "open_dollar", "open_name", "open_quote")
_JINJA = re.compile(
    r"(?s)\{\{(?P<value>(?:(?!\{\{|\}\}).)*+)\}\}|\{%(?P<statement>(?:(?!\{%|%\}).)*+)%\}|\{#(?:(?!\{#|#\}).)*+#\}"
)
_SET = re.compile(r"-?\s*set\s+(?P<name>\w+)\s*=\s*(?P<quote>['\"])(?P<value>[^'\"\n]*)(?P=quote)\s*-?")
_GIVEN = re.compile(r"-?\s*(?:var|env_var)\(\s*(['\"])[\w.:-]+\1\s*,\s*(['\"])(?P<value>[^'\"\n]*)\2\s*\)\s*-?")
_IN_JSON = re.compile(
    r"(?<![\w-])[\"']?(?:model|model_id|model_name|embedding_model)[\"']?\s*:\s*[\"'](?P<name>[^\"'\s]{1,120})[\"']"
)
_PROVIDER_IN_JSON = re.compile(r"[\"']provider[\"']\s*:\s*[\"'](?P<name>\w{1,40})[\"']")
_MODEL_NAMES = frozenset({"MODEL", "MODEL_NAME", "MODEL_ID", "ENDPOINT", "EMBEDDING_MODEL", "DEPLOYMENT_NAME"})
_OPTIONS = {"ENDPOINT", "MODEL", "MODEL_ID", "HUGGING_FACE_MODEL_ID", "MODEL_GARDEN_MODEL_NAME"}
_FORMATS = {"azure openai": "azure", "openai": "openai", "ollama": "ollama"}
_EXTENSIONS = {
    **dict.fromkeys(("vector", "vectorscale", "vchord", "vectors", "lantern", "pg_embedding"), Asset.VECTOR_STORE),
    **dict.fromkeys(("pgml", "ai", "azure_ai", "aws_ml", "google_ml_integration", "pg_vectorize"), Asset.AI_WORKLOAD),
}
_IS_LANGUAGE = re.compile(r"(?i)sql|pl\w+|python|java|javascript|js|scala|snowflake|c|r|internal")
_NAMES = {"vector": "pgvector"}
_LONGEST_STATEMENT = 2_000  # tokens that are looked through for the options of one statement
_MANY = 5_000  # uses of AI in one file
_DEPTH = 3  # of functions that are written inside a text


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int
    is_text: bool = False  # also what stands in double quotes: a text in some dialects, a name in others

    def says(self, *words: str) -> bool:
        return self.kind == "name" and self.text.upper() in words


def speaks(data: bytes) -> bool:
    """Whether SQL could hold anything that is found here."""
    lowered = data.lower()
    return b" model" in lowered or any(literal in lowered for literal in _literals()) or bool(telltales.told(data))


@cache
def _literals() -> tuple[bytes, ...]:
    names = {each.name.lower().encode() for each in catalog.shipped().sql_functions}
    return tuple(sorted({name.rpartition(b".")[2] for name in names} | {b"create extension"}))


@cache
def _first_words() -> frozenset[str]:
    """With which names anything begins that is looked for."""
    starts = (each.name.upper() for each in catalog.shipped().sql_functions)
    return frozenset({"MODEL", "EXTENSION", *(part for start in starts for part in (start, start.partition(".")[0]))})


def read(text: str, source: Place, first_line: int = 1, *, depth: int = 0) -> Iterator[Facts | Gap]:
    """What SQL text uses that stands in a file from `first_line` on, and a gap where a quote or comment never ends."""
    if len(text) > MAX_TEXT:
        detail = f"{len(text):,} characters of SQL are more than {MAX_TEXT:,}"
        yield Gap(path=source.path, state=State.PARTIAL, reason="too_large", detail=detail, line=first_line)
        return
    tokens, opened = _tokens(_without_jinja(text), first_line)
    if opened is not None and telltales.told(source.lines(opened, opened + len(text)).encode("utf-8", "replace")):
        detail = "a quote or comment that begins here never ends"
        yield Gap(path=source.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=opened)
    nodes = list(islice((node for index in range(len(tokens)) for node in _at(tokens, index, source)), _MANY))
    yield Facts(nodes=tuple(nodes))
    if len(nodes) == _MANY:
        yield Gap(
            path=source.path,
            state=State.PARTIAL,
            reason="too_many",
            detail=f"{_MANY:,} uses of AI in one file; what stands behind them was not looked at",
            line=nodes[-1].locations[0].line,
        )
    for index, token in enumerate(tokens):
        if token.kind == "dollar" and depth < _DEPTH:
            yield from _body(tokens, index, source, depth)


def _tokens(text: str, first_line: int) -> tuple[list[_Token], int | None]:
    """The tokens, and the line where something begins that never ends."""
    found: list[_Token] = []
    line, opened = first_line, None
    for match in _TOKEN.finditer(text):
        kind, raw = match.lastgroup or "", match[0]
        if kind == "dollar":
            found.append(_Token(kind, match["body"], line + match["tag"].count("\n")))
        elif kind != "skip":
            found.append(_Token(kind, _bare(kind, raw), line, kind == "text" or raw.startswith('"')))
        if match.end() == len(text) and any(match[name] is not None for name in _OPEN):
            opened = line
        line += raw.count("\n")
    return found, opened


def _bare(kind: str, raw: str) -> str:
    if kind == "text":
        return raw[raw.index("'") + 1 :].removesuffix("'").replace("''", "'")
    return raw.strip('`"[]') if kind == "name" and raw[:1] in '`"[' else raw


def _without_jinja(text: str) -> str:
    """Jinja becomes the text that it would, where that is written out, and a HOLE elsewhere; lines stay."""
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return text
    known = {
        match["name"]: match["value"]
        for each in _JINJA.finditer(text)
        if (match := _SET.fullmatch(each["statement"] or ""))
    }

    def filled(match: re.Match[str]) -> str:
        value = match["value"]
        given = _GIVEN.fullmatch(value) if value else None
        name = value.strip("- \n") if value else ""
        shown = "" if value is None else given["value"] if given else known.get(name, HOLE)
        return shown + "\n" * match[0].count("\n")

    return _JINJA.sub(filled, text)


def _at(tokens: Sequence[_Token], index: int, source: Place) -> Iterator[Node]:
    """What begins at a token."""
    token = tokens[index]
    if token.kind == "text":
        yield from _text(tokens, index, source)
    elif token.kind == "name" and token.text.upper() in _first_words() and not _is(tokens, index - 1, "."):
        name, after = _dotted(tokens, index)
        known = catalog.sql_function(name) if _is(tokens, after, "(") else None
        if known is not None and not _is_defined(tokens, index):
            yield from _call(known, tokens, index, after, source)
        elif token.says("MODEL") and any(_says(tokens, back, "CREATE") for back in range(index - 4, index)):
            yield from _create_model(tokens, index, source)
        elif token.says("EXTENSION") and _says(tokens, index - 1, "CREATE"):
            yield from _extension(tokens, index, source)


def _is(tokens: Sequence[_Token], index: int, text: str) -> bool:
    return 0 <= index < len(tokens) and tokens[index].kind == "sign" and tokens[index].text == text


def _says(tokens: Sequence[_Token], index: int, *words: str) -> bool:
    return 0 <= index < len(tokens) and tokens[index].says(*words)


def _dotted(tokens: Sequence[_Token], index: int) -> tuple[str, int]:
    """A name with all its parts, and the index behind it."""
    parts = [tokens[index].text]
    index += 1
    while _is(tokens, index, ".") and index + 1 < len(tokens) and tokens[index + 1].kind == "name":
        parts.append(tokens[index + 1].text)
        index += 2
    return ".".join(parts), index


def _is_defined(tokens: Sequence[_Token], index: int) -> bool:
    """`CREATE FUNCTION ai_query(...)` makes another one of this name, `DROP FUNCTION IF EXISTS` takes it away."""
    before = [index - 1]
    if _says(tokens, index - 1, "EXISTS"):
        before += [index - 3, index - 4]  # IF EXISTS, IF NOT EXISTS
    return any(_says(tokens, back, "FUNCTION", "PROCEDURE", "ROUTINE", "MACRO", "AGGREGATE") for back in before)


def _call(known: SqlFunction, tokens: Sequence[_Token], index: int, opening: int, source: Place) -> Iterator[Node]:
    here = source.at(tokens[index].line)
    arguments = _arguments(tokens, opening)
    named = {each[0].text.upper(): each[2:] for each in arguments if len(each) > 2 and each[1].text in {"=>", ":="}}
    plain = [each for each in arguments if len(each) < 2 or each[1].text not in {"=>", ":="}]
    given = next((value for name, value in named.items() if name in _MODEL_NAMES), None)
    if given is None and known.model is not None and known.model < len(plain):
        given = plain[known.model]
    texts = [token for each in arguments for token in each if token.kind == "text"]
    in_json = next(
        (
            _Token("text", found["name"], token.line, is_text=True)
            for token in texts
            if (found := _IN_JSON.search(token.text))
        ),
        None,
    )
    model = given[0] if given and len(given) == 1 and given[0].is_text else in_json
    provider = known.provider or _provider(texts)
    yield _service(known, provider).node(here)
    if model is not None and is_name(model.text):
        yield _assets.model(model.text, source.at(model.line), provider=provider or routed(model.text).provider)


def _provider(texts: Sequence[_Token]) -> str | None:
    found = next((match["name"] for each in texts if (match := _PROVIDER_IN_JSON.search(each.text))), None)
    known = catalog.provider(found.lower()) or catalog.provider_by_prefix(found) if found else None
    return known.id if known else None


def _service(known: SqlFunction, provider: str | None) -> Service:
    return Service(provider) if provider else Service(None, endpoint=known.engine, traits=(Trait.EXTERNAL,))


def _arguments(tokens: Sequence[_Token], opening: int) -> list[list[_Token]]:
    """The tokens of each argument behind an opening bracket."""
    found: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens[opening : opening + _LONGEST_STATEMENT]:
        if token.kind == "sign" and token.text in "([{":
            depth += 1
            if depth == 1:
                continue
        elif token.kind == "sign" and token.text in ")]}":
            depth -= 1
            if not depth:
                break
        if depth == 1 and token.kind == "sign" and token.text == ",":
            found.append([])
        else:
            found[-1].append(token)
    return [each for each in found if each]


def _create_model(tokens: Sequence[_Token], index: int, source: Place) -> Iterator[Node]:
    """A model that runs elsewhere: BigQuery's remote models, external models of SQL Server and Redshift."""
    statement = []
    for token in tokens[index + 1 : index + _LONGEST_STATEMENT]:
        if token.says("CREATE") or (token.kind == "sign" and token.text == ";"):
            break
        statement.append(token)
    given = _options(statement)
    remote = any(token.says("REMOTE") for token in statement)
    external = _says(tokens, index - 1, "EXTERNAL")
    if not (remote or external or "SAGEMAKER" in given):
        return
    yield from _answering(given, remote=remote, source=source, line=tokens[index].line)


def _answering(given: Mapping[str, _Token], *, remote: bool, source: Place, line: int) -> Iterator[Node]:
    location, style = given.get("LOCATION") or given.get("ENDPOINT"), given.get("API_FORMAT")
    service = service_at(location.text) if location else None
    if service is None:
        by_style = _FORMATS.get(style.text.lower()) if style else None
        bedrock = "MODEL_TYPE" in given and given["MODEL_TYPE"].text.upper() == "BEDROCK"
        own = (
            "google-vertex"
            if remote
            else "amazon-bedrock"
            if bedrock
            else "amazon-sagemaker"
            if "SAGEMAKER" in given
            else None
        )
        service = Service(by_style or own)
    yield service.node(source.at(line))
    for name in _OPTIONS & given.keys():
        model = given[name]
        if is_name(model.text) and "://" not in model.text:
            yield _assets.model(model.text, source.at(model.line), provider=service.provider)


def _options(statement: Sequence[_Token]) -> dict[str, _Token]:
    """`KEY = 'value'`, `KEY 'value'` and `KEY = WORD` of a statement, by the key in capitals."""
    found: dict[str, _Token] = {}
    for index, token in enumerate(statement):
        after = index + 2 if _is(statement, index + 1, "=") else index + 1
        if token.kind == "name" and after < len(statement) and statement[after].kind in {"text", "name"}:
            found.setdefault(token.text.upper(), statement[after])
    return found


def _extension(tokens: Sequence[_Token], index: int, source: Place) -> Iterator[Node]:
    """A database that is made to hold vectors or run models."""
    after = index + 4 if _says(tokens, index + 1, "IF") else index + 1
    name = tokens[after].text.lower() if after < len(tokens) else ""
    if name in _EXTENSIONS:
        shown = _NAMES.get(name, name)
        yield _assets.extension(_EXTENSIONS[name], shown, source.at(tokens[after].line))


def _text(tokens: Sequence[_Token], index: int, source: Place) -> Iterator[Node]:
    """An address of a provider that is called, and keys that stand in the file."""
    token = tokens[index]
    for issuer, masked in secrets.find(token.text):
        if catalog.provider(issuer) is not None:
            key = f"{source.path}:{token.line}"
            yield credential(key, f"{issuer} {masked}", source.at(token.line), provider=issuer, literal=True)
    if token.text.startswith("https://") and not re.search(r"\s", token.text):
        service = service_at(token.text)
        known = service is not None and service.provider is not None and Trait.LOCAL not in service.traits
        if known and service is not None and _is_passed(tokens, index):
            yield service.node(source.at(token.line))


def _is_passed(tokens: Sequence[_Token], index: int) -> bool:
    """Whether a text is handed to something, and no row of data."""
    for token in reversed(tokens[max(0, index - 400) : index]):
        if token.says("INSERT", "VALUES"):
            return False
        if token.kind == "sign" and token.text == ";":
            return True
    return True


def _body(tokens: Sequence[_Token], index: int, source: Place, depth: int) -> Iterator[Facts | Gap]:
    """The body of a function: Python where its language says so, else SQL."""
    language = _language(tokens[index + 1 : index + 40]) or _language(tokens[max(0, index - 60) : index][::-1]) or "sql"
    body = tokens[index]
    if "python" in language:
        found = list(python_in(body.text, source.path, body.line, source.at))
        yield Facts(nodes=tuple(each for each in found if isinstance(each, Node)))
        yield from (each for each in found if isinstance(each, Gap))
    elif language in {"sql", "plpgsql", "snowflake"}:
        yield from read(body.text, source, body.line, depth=depth + 1)
    elif telltales.told(body.text.encode("utf-8", "replace")):
        detail = f"a function in {secrets.mask_in(language)} that speaks of AI; review it by hand"
        yield Gap(path=source.path, state=State.PARTIAL, reason="unresolved", detail=detail, line=body.line)


def _language(tokens: Sequence[_Token]) -> str | None:
    """The word beside LANGUAGE, up to where the statement ends or, read backwards, begins."""
    statement = list(takewhile(lambda token: not (token.kind == "sign" and token.text == ";"), tokens))
    place = next((index for index, token in enumerate(statement) if token.says("LANGUAGE")), None)
    if place is None:
        return None
    # Backwards, the word stands before the keyword.
    beside = [each for each in (place + 1, place - 1) if 0 <= each < len(statement) and statement[each].kind == "name"]
    return next((statement[each].text.lower() for each in beside if _IS_LANGUAGE.match(statement[each].text)), None)
