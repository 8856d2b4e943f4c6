"""What the tools of an MCP server can do: by its well-known name, its arguments and its settings."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from petguard import catalog
from petguard.model import Trait
from petguard.parsers import _command

_DATABASE = re.compile(
    r"(?i)(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|sqlite|mssql|sqlserver|clickhouse|neo4j(?:\+s)?"
    r"|bolt|cassandra|snowflake|jdbc:[a-z]+|oracle)(?:\+\w+)?://?\S*"
)
_READ_ONLY = re.compile(r"(?i)(?:.*[-_])?read[-_]?only(?:[-_]mode)?")
_OFF = frozenset({"false", "0", "no", "off"})
_ON = frozenset({"", "true", "1", "yes", "on"})
_GRANTED = {
    "allow-write": Trait.WRITES_FILES,
    "allow-all": Trait.RUNS_COMMANDS,
    "allow-run": Trait.RUNS_COMMANDS,
    "allow-net": Trait.REACHES_NETWORK,
    "allow-dangerous": Trait.RUNS_COMMANDS,
}
_SOCKET = "/var/run/docker.sock"
_EVERYTHING = re.compile(r"/|~/?|\$\{?HOME\}?/?|[A-Za-z]:[/\\]?|/(?:home|Users|root|etc)/?|/Users/\w+/?|/home/\w+/?")
_SCRIPTS = frozenset({"node", "python", "python3", "deno", "bun", "uv", "tsx", "ts-node"})
WRITES = frozenset({Trait.WRITES_FILES, Trait.WRITES_DATABASE, Trait.RUNS_COMMANDS, Trait.SPENDS_MONEY})


class Option(NamedTuple):
    """A value that a server is started with, and the name it is given to (an option, a variable, a header)."""

    name: str
    value: str


class Abilities(NamedTuple):
    """What a server can do, each with its reason; `read_only` names the setting that keeps it from writing."""

    known_as: str | None
    because: dict[Trait, str]
    read_only: str | None


def abilities(
    line: Sequence[str], package: _command.Package | None, host: str | None, options: Sequence[Option]
) -> Abilities:
    """What the command line, the address and the options of a server let it do."""
    known = next((found for name in _names(line, package, host) if (found := catalog.mcp_server(name))), None)
    because = dict.fromkeys(known.can, f"known as {known.id}") if known else {}
    for trait, reason in _granted(line, options, filesystem=known is not None and Trait.WRITES_FILES in known.can):
        because.setdefault(trait, reason)
    read_only = _read_only(line, package, options)
    kept = {trait: why for trait, why in because.items() if read_only is None or trait not in WRITES}
    return Abilities(known.id if known else None, kept, read_only)


def _names(line: Sequence[str], package: _command.Package | None, host: str | None) -> Iterator[str]:
    if package is not None:
        yield package.name
        yield package.name.partition(" ")[0].rpartition("/")[2]
        yield _without_registry(package.name)
    if host is not None:
        yield host
    yield _command.program(line)
    if line and _command.program(line) in _SCRIPTS:
        for word in line[1:6]:
            yield word.replace("_", "-")
            yield from (part for part in PurePosixPath(word.replace("\\", "/")).parts[-4:] if "server" in part)


def _without_registry(image: str) -> str:
    head, slash, rest = image.partition("/")
    outside = slash and ("." in head or ":" in head)
    return (rest if outside else image).partition(":")[0]


def _granted(line: Sequence[str], options: Sequence[Option], *, filesystem: bool) -> Iterator[tuple[Trait, str]]:
    for name, value in options:
        trait = _GRANTED.get(name.lower())
        if trait is not None and value.lower() not in _OFF:
            yield trait, f"--{name.lower()}"
        if _DATABASE.fullmatch(value):
            yield Trait.REACHES_DATABASE, f"a connection string in {name or 'the arguments'}"
        if _SOCKET in value:
            yield Trait.RUNS_COMMANDS, _SOCKET
    if filesystem and any(_EVERYTHING.fullmatch(word) for word in line[1:]):
        yield Trait.BROAD_RIGHTS, "a whole disk or home folder among the arguments"


def _read_only(line: Sequence[str], package: _command.Package | None, options: Sequence[Option]) -> str | None:
    """The option that takes the writing away."""
    asked = [option for option in options if _READ_ONLY.fullmatch(option.name)]
    denied = {option.name for option in asked if option.value.lower() in _OFF}
    for name, value in asked:
        if name not in denied and value.lower() in _ON and not _is_of_container(f"--{name}", line, package):
            return name
    restricted = any(option.name == "access-mode" and option.value == "restricted" for option in options)
    return "access-mode" if restricted else None


def _is_of_container(word: str, line: Sequence[str], package: _command.Package | None) -> bool:
    """Whether an option speaks to `docker run`: a container that cannot write to itself may still write elsewhere."""
    if package is None or package.runner not in _command.CONTAINERS or word not in line:
        return False
    return package.name not in line or line.index(word) < line.index(package.name)
