"""What a Python function does to the world: told from the calls in its body, each by the library behind it."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from petguard.model import Trait
from petguard.parsers._python_callees import Callees
from petguard.parsers._python_module import Definition, Module
from petguard.parsers._python_syntax import last_name
from petguard.parsers._python_values import UNKNOWN

_DEPTH = 3  # functions of the tree that are followed in a row
_STEPS = 400  # calls that are looked at for one function
_BEHIND = 6  # bindings from a receiver to the library that made it

_COMMANDS = (Trait.RUNS_COMMANDS,)
_FILES = (Trait.WRITES_FILES,)
_NETWORK = (Trait.REACHES_NETWORK,)
_MONEY = (Trait.SPENDS_MONEY, Trait.REACHES_NETWORK)
_EFFECTS = tuple(
    (re.compile("|".join(patterns)), grants)
    for grants, patterns in (
        (
            _COMMANDS,
            (
                r"subprocess\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)",
                r"os\.(?:system|popen|exec\w+|spawn\w+|posix_spawn)|pty\.spawn|pexpect\.\w+|runpy\.run_\w+",
                r"asyncio\.create_subprocess_\w+|anyio\.(?:run_process|open_process)",
                r"fabric\.Connection\..*|invoke\.run|plumbum\..*|e2b\w*\..*",
                r"paramiko\.SSHClient\..*exec_command|docker\.\w+\..*(?:containers\.(?:run|create)|exec_run)",
            ),
        ),
        (
            _FILES,
            (
                r"shutil\.(?:copy\w*|move|rmtree)",
                r"os\.(?:remove|unlink|rename|renames|replace|rmdir|removedirs|truncate)",
                r"pathlib\.Path\..*(?:write_text|write_bytes|unlink|rename|rmdir)",
            ),
        ),
        (_MONEY, (r"(?:stripe|paypalrestsdk|braintree|squareup|square\.client|razorpay|mollie)\..+",)),
        (
            _NETWORK,
            (
                r"(?:requests|httpx|aiohttp|urllib3|urllib\.request|smtplib|ftplib|imaplib|websockets|resend)\..+",
                r"(?:slack_sdk|twilio|sendgrid|googleapiclient|github|gitlab|jira|notion_client|discord|telegram)\..+",
                r"(?:playwright|selenium|tavily|firecrawl|serpapi|exa_py|duckduckgo_search|ddgs|wikipedia)\..+",
                r"(?:yfinance|tweepy|praw)\..+|boto3\.(?:client|resource)",
                r"socket\.(?:create_connection|socket\..*connect)",
            ),
        ),
    )
)
_DATABASES = frozenset(
    [
        "sqlite3",
        "sqlalchemy",
        "sqlmodel",
        "psycopg",
        "psycopg2",
        "asyncpg",
        "pymysql",
        "aiosqlite",
        "aiomysql",
        "pymongo",
        "motor",
        "redis",
        "duckdb",
        "snowflake",
        "mysql",
        "MySQLdb",
        "oracledb",
        "cx_Oracle",
        "pyodbc",
        "pymssql",
        "neo4j",
        "cassandra",
        "clickhouse_connect",
        "clickhouse_driver",
        "elasticsearch",
        "databases",
        "peewee",
        "supabase",
    ]
)
_QUERIES = frozenset(
    ["execute", "executemany", "executescript", "exec_driver_sql", "fetch", "fetchrow", "fetchval", "query", "run"]
)
_DATABASE_WRITES = frozenset(
    [
        "commit",
        "insert_one",
        "insert_many",
        "update_one",
        "update_many",
        "replace_one",
        "delete_one",
        "delete_many",
        "bulk_write",
        "set",
        "hset",
        "delete",
        "lpush",
        "rpush",
        "index",
        "bulk",
        "insert",
        "upsert",
        "update",
    ]
)
_READS = re.compile(r"(?is)\s*(?:--[^\n]*\n\s*)*(?:select|with|show|describe|explain|pragma)\b")
_WRITING_MODE = re.compile(r"[wax+]")
_ASKS = frozenset(
    [
        "langgraph.types.interrupt",
        "langgraph.prebuilt.interrupt.interrupt",
        "click.confirm",
        "typer.confirm",
        "rich.prompt.Confirm.ask",
        "rich.prompt.Prompt.ask",
        "questionary.confirm",
        "chainlit.AskActionMessage",
        "chainlit.AskUserMessage",
    ]
)


@dataclass
class Effects:
    """What a function does, each with the call that does it, and whether it asks a human."""

    because: dict[Trait, str] = field(default_factory=dict)
    asks: str | None = None

    def add(self, grants: Sequence[Trait], reason: str) -> None:
        """Note an effect; the first reason stays."""
        for trait in grants:
            self.because.setdefault(trait, reason)


def effects(module: Module, body: ast.AST, callees: Callees) -> Effects:
    """What a function, a lambda or a method of the tree does, also through the functions of the tree that it calls."""
    found = Effects()
    pending: list[tuple[Module, ast.AST, int]] = [(module, body, _DEPTH)]
    seen: set[int] = set()
    steps = _STEPS
    while pending and steps > 0:
        here, node, depth = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        for call in _calls(node):
            steps -= 1
            _note(here, call, found)
            if depth:
                pending += [(*each, depth - 1) for each in _called(here, call, callees)]
    return found


def _calls(body: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(body) if isinstance(node, ast.Call))


def _called(module: Module, call: ast.Call, callees: Callees) -> Iterator[tuple[Module, Definition]]:
    for path, name in callees.of(module, call.func):
        other = callees.module(path)
        definition = other.definitions.get(name) if other else None
        if other is not None and isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
            yield other, definition
            return


def _note(module: Module, call: ast.Call, found: Effects) -> None:
    name = last_name(call.func)
    if isinstance(call.func, ast.Name) and not module.bound(call.func):
        _note_builtin(module, call, name, found)
        return
    dotted = behind(module, call.func)
    if dotted is None:
        if name in ("write_text", "write_bytes") and isinstance(call.func, ast.Attribute):
            found.add(_FILES, name)
        return
    if dotted in _ASKS:
        found.asks = found.asks or dotted
    for pattern, grants in _EFFECTS:
        if pattern.fullmatch(dotted):
            found.add(grants, dotted)
    if dotted.split(".")[0] in _DATABASES:
        found.add((Trait.REACHES_DATABASE,), dotted)
        if name in _DATABASE_WRITES or (name in _QUERIES and not _only_reads(module, call)):
            found.add((Trait.WRITES_DATABASE,), dotted)
    if dotted in ("aiofiles.open", "io.open", "codecs.open") and _writes(module, call):
        found.add(_FILES, dotted)


def _note_builtin(module: Module, call: ast.Call, name: str, found: Effects) -> None:
    if name in ("exec", "eval"):
        found.add(_COMMANDS, name)
    elif name == "open" and _writes(module, call):
        found.add(_FILES, "open")
    elif name == "input":
        found.asks = found.asks or "input"


def _writes(module: Module, call: ast.Call) -> bool:
    """Whether a file is opened for writing; a mode that cannot be read counts as one that writes."""
    mode = next(
        (each.value for each in call.keywords if each.arg == "mode"), call.args[1] if len(call.args) > 1 else None
    )
    if mode is None:
        return False
    value = module.value(mode, hint=True)
    return value is UNKNOWN or (isinstance(value, str) and _WRITING_MODE.search(value) is not None)


def _only_reads(module: Module, call: ast.Call) -> bool:
    """Whether the statement is written out and only reads."""
    given = call.args[0] if call.args else None
    if isinstance(given, ast.Call) and last_name(given.func) in ("text", "select", "SQL"):
        if last_name(given.func) == "select":
            return True
        given = given.args[0] if given.args else None
    value = module.value(given, hint=True) if given is not None else UNKNOWN
    return isinstance(value, str) and _READS.match(value) is not None


def behind(module: Module, node: ast.expr) -> str | None:
    """The imported name that an expression goes back to: `cursor.execute` is `sqlite3.connect.cursor.execute`."""
    parts: list[str] = []
    for _ in range(_BEHIND * 4):
        if isinstance(node, ast.Attribute):
            dotted = module.dotted(node)
            if dotted is not None:
                return ".".join([dotted, *reversed(parts)])
            bound = module.bindings(node)
            if bound:
                node = bound[0]
                continue
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Await | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Name):
            if node.id in module.imports:
                return ".".join([module.imports[node.id], *reversed(parts)])
            bound = module.bindings(node)
            if not bound:
                return None
            node = bound[0]
        else:
            return None
    return None
