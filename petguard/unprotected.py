"""Settings that leave data readable: TLS switched off, certificates not looked at, plain protocols, plain storage.

Looked for line by line, in files of any language: the names of these settings are the same in most. That none was
found says nothing; that one was found is exact, with its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from string import ascii_lowercase, ascii_uppercase

_LONGEST_LINE = 2_000  # characters of a line that are looked at


class Weakness(StrEnum):
    """What is missing."""

    PLAIN = "plain"  # sent without TLS
    UNCHECKED = "unchecked"  # TLS, but whoever answers is believed
    OLD = "old"  # a version of TLS that is broken
    PLAIN_STORAGE = "plain_storage"  # kept without encryption


class Reach(StrEnum):
    """How far away the other end is, as far as the line says."""

    LOCAL = "local"  # this machine
    NEAR = "near"  # a name of the same cluster or an example; something else may encrypt, or nothing is there
    FAR = "far"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Setting:
    """One weak setting: its line (from 1) and what stands there, the text that says so, and the host in that line."""

    line: int
    source: str
    weakness: Weakness
    text: str
    host: str | None
    reach: Reach


_FALSE = r"(?:false|no|off|0|none|disabled?)\b"
_TRUE = r"(?:true|yes|on|1|enabled?)\b"
_IS = r"""["'\]]{0,2}\s{0,4}(?::=|[:=]|=>|\()\s{0,4}["']?"""
_PLAIN = (
    rf"ssl[_-]?mode{_IS}(?:disabled?|allow|prefer(?:red)?)\b",
    rf"(?<![a-z])(?:use|enable|with|require)[_-]?(?:tls|ssl){_IS}{_FALSE}",
    rf"(?<![a-z])(?:tls|ssl)[_.-]?(?:enabled?|on|required){_IS}{_FALSE}",
    rf"(?<![a-z.-])(?:[a-z]+_)?(?:ssl|tls|starttls){_IS}{_FALSE}",
    rf"security[._]?protocol{_IS}(?:sasl_)?plaintext\b",
    rf"enable_nebula{_IS}{_FALSE}",
    rf"(?<![a-z])(?:allow[_-]?)?insecure[_-]?transport{_IS}{_TRUE}",
    r"\binsecure_channel\(|\busePlaintext\(|\binsecure\.NewCredentials\(|\bgrpc\.WithInsecure\(",
)
_UNCHECKED = (
    rf"(?<![\w.])verify\s?=\s?False\b|(?<![a-z])(?:verify[_-]?(?:ssl|tls|certs?|peer|host)|(?:ssl|tls)[_-]?verify){_IS}{_FALSE}",
    rf"rejectUnauthorized{_IS}false\b|NODE_TLS_REJECT_UNAUTHORIZED{_IS}0\b|PYTHONHTTPSVERIFY{_IS}0\b",
    rf"insecure[_-]?skip[_-]?(?:tls[_-]?)?verify{_IS}{_TRUE}|tls_insecure(?:_set)?{_IS}{_TRUE}",
    r"\bCERT_NONE\b|ssl_cert_reqs\W{1,4}none\b|_create_unverified_context\b",
    rf"(?:tls)?allow[_-]?invalid[_-]?(?:certificates|hostnames){_IS}{_TRUE}|trust[_-]?server[_-]?certificate{_IS}{_TRUE}",
    r"danger_accept_invalid_(?:certs|hostnames)\(true|check_hostname\s?=\s?False\b",
)
_OLD = (rf"(?:min|minimum)[\w.-]{{0,20}}version{_IS}(?:[\w.]{{0,20}}\.)?(?:ssl\w?3|tls[v_]?1(?:[._][01])?)(?![._\d])",)
_STORED = (
    rf"(?<![a-z])(?:storage[_-]?)?encrypted{_IS}{_FALSE}",
    rf"(?:encryption[_-]?at[_-]?rest|at[_-]?rest[_-]?encryption|(?:disk|volume|storage|server[_-]?side)[_-]?encryption)"
    rf"(?:[_-]?enabled)?{_IS}{_FALSE}",
    rf"enable[_-]?(?:disk[_-]?|storage[_-]?)?encryption{_IS}{_FALSE}",
)
_ALL = {
    weakness: re.compile("|".join(f"(?:{each})" for each in shapes), re.IGNORECASE)
    for weakness, shapes in (
        (Weakness.UNCHECKED, _UNCHECKED),
        (Weakness.PLAIN, _PLAIN),
        (Weakness.OLD, _OLD),
        (Weakness.PLAIN_STORAGE, _STORED),
    )
}
# One of them stands in every line that any of the expressions fits.
_LITERALS = (
    *("ssl", "tls", "useplaintext", "security.protocol", "security_protocol", "securityprotocol", "insecure", "nebula"),
    *("verify", "rejectunauthorized", "tls_reject", "cert_none", "unverified_context", "check_hostname", "encrypt"),
    *("allowinvalid", "allow_invalid", "allow-invalid", "accept_invalid"),
    *("trustserver", "trust_server", "trust-server", "1883", "security-protocol"),
    *("http://", "ws://", "mqtt://", "tcp://", "redis://", "amqp://", "ldap://", "ftp://", "telnet://", "stomp://"),
    "memcached://",
)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_HOST = r"(?:[^\s/@'\"<>]{1,200}@)?(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[\w.-]*\w)?)(?::(?P<port>\d{1,5}))?"
_ADDRESS = re.compile(rf"(?<!\w)(?P<scheme>[a-z][a-z0-9+.-]{{1,20}})://{_HOST}", re.IGNORECASE)
_NAMED_HOST = re.compile(
    rf"(?:host|server|broker|hostname|ip){_IS}(?P<host>[A-Za-z0-9][\w.-]*[A-Za-z0-9])", re.IGNORECASE
)
_PLAIN_SCHEMES = frozenset(
    {"http", "ws", "mqtt", "tcp", "redis", "amqp", "ldap", "ftp", "telnet", "memcached", "stomp"}
)
_MQTT_PORT = re.compile(r"(?i)(?:mqtt|broker)(?:(?!8883).){0,200}?(?<![\w.])1883(?![\w.])")
_ENDPOINT = re.compile(
    r"""(?ix) (?:ur[il]s?|endpoints?|host|hosts|base|server|servers|address|broker|api|connection(?:_?string)?|dsn
    |target|service|remote|webhook|redis|mqtt|amqp|ldap) ["'\]]{0,2}\s{0,4}(?::|=|:=|=>|\()"""
)
_NEAR = re.compile(
    r"(?i)[\w-]+|.*\.(?:svc|local|internal|lan|localdomain|test|invalid|example|localhost|intranet)(?:\..*)?"
)
_EXAMPLE = re.compile(
    r"(?i)(?:.*\.)?(?:example\.(?:com|org|net)|(?:your|my|some)[\w-]*\.\w+)|.*(?:your|example|placeholder).*"
)
_NAMESPACE = re.compile(
    r"(?i)(?:www\.)?(?:w3\.org|json-schema\.org|xmlsoap\.org|apache\.org|schema\.org|purl\.org|opensource\.org|gnu\.org"
    r"|openxmlformats\.org|springframework\.org|maven\.apache\.org|xmlns\.com|ns\.adobe\.com|spdx\.org)"
)
_COMMENT = re.compile(r"\s*(?:#|//|--\s|;|/?\*|<!--|rem\s)", re.IGNORECASE)

_REMARK = re.compile(r"(?<=\s)(?:#(?=\s)|//(?=\s)|<!--)")


def settings(text: str) -> Iterator[Setting]:
    """The weak settings of a file, in its order; without comments. Lines end with a line feed."""
    for number, line in _telling(text):
        if not _COMMENT.match(line):
            yield from _of_line(number, _without_remark(line))


def _without_remark(line: str) -> str:
    """The line up to a comment behind a space; a sign between quotes begins none."""
    for found in _REMARK.finditer(line):
        before = line[: found.start()]
        if all(before.count(quote) % 2 == 0 for quote in "\"'`"):
            return before
    return line


def may_hold(data: bytes) -> bool:
    """Whether a file can have any weak setting at all; quick, for files of every kind come by."""
    lowered = data.lower()
    return any(each.encode() in lowered for each in _LITERALS)


def _telling(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold one of the literals, with their numbers: most files have few."""
    lowered = text.lower() if text.isascii() else text.translate(_LOWER)
    number, before = 1, 0
    for start in sorted({start for literal in _LITERALS for start in _starts(lowered, literal)}):
        number, before = number + text.count("\n", before, start), start
        yield number, text[start : start + _LONGEST_LINE].partition("\n")[0]


def _starts(lowered: str, literal: str) -> Iterator[int]:
    """Where the lines begin in which a literal stands."""
    at = lowered.find(literal)
    while at >= 0:
        yield lowered.rfind("\n", 0, at) + 1
        end = lowered.find("\n", at)
        at = lowered.find(literal, end) if end >= 0 else -1


def _of_line(number: int, line: str) -> Iterator[Setting]:
    host = _host(line)
    for weakness, shape in _ALL.items():
        found = shape.search(line)
        if found is not None:
            yield Setting(number, line, weakness, found[0], host, reach(host))
    plain = _plain_address(line)
    if plain is not None:
        yield _plain_setting(number, line, plain)


def _plain_setting(number: int, line: str, address: re.Match[str]) -> Setting:
    """An address with a plain protocol, as a setting."""
    text = f"{address['scheme'].lower()}://{address['host']}" if "scheme" in address.groupdict() else address[0]
    host = address.groupdict().get("host")
    return Setting(number, line, Weakness.PLAIN, text, host, reach(host))


def _plain_address(line: str) -> re.Match[str] | None:
    for found in _ADDRESS.finditer(line):
        scheme = found["scheme"].lower()
        known = scheme in _PLAIN_SCHEMES and (scheme != "tcp" or found["port"] == "1883")
        web = scheme in ("http", "ws")
        if known and not (web and (_NAMESPACE.fullmatch(found["host"]) or not _ENDPOINT.search(line[: found.start()]))):
            return found
    return _MQTT_PORT.search(line)


def _host(line: str) -> str | None:
    found = _ADDRESS.search(line) or _NAMED_HOST.search(line)
    return found["host"] if found else None


def reach(host: str | None) -> Reach:
    """How far away a host is by its name; addresses of private networks are far enough to be listened to."""
    if not host:
        return Reach.UNKNOWN
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        if host.lower() in ("localhost", "host.docker.internal"):
            return Reach.LOCAL
        return Reach.NEAR if _NEAR.fullmatch(host) or _EXAMPLE.fullmatch(host) else Reach.FAR
    return Reach.LOCAL if address.is_loopback or address.is_unspecified else Reach.FAR
