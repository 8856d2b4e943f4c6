"""Connections to data and AI that a setting leaves open: no TLS, no look at who answers, a password in the address.

Low noise before completeness: the other end must be far away by its name, and something in the lines around must say
that it is a database, a queue, a directory or an AI. What tests, examples and documentation say is left alone.
"""

import re
from collections.abc import Iterator, Sequence

from petguard import secrets
from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap, Location, Node, Trait
from petguard.parsers import Parser, one_by_one
from petguard.parsers._connections import connection
from petguard.unprotected import Reach, Setting, Weakness, may_hold, reach, settings

_CODE = r"py|js|jsx|ts|tsx|mjs|cjs|java|kt|go|cs|rb|php|rs|sh|scala"
_CONFIG = r"ya?ml|json|toml|env|ini|cfg|conf|properties|tf|tfvars|hcl|tofu|bicep"
_NAMED = re.compile(
    rf"(?i)(?:.*\.(?:{_CODE}|{_CONFIG})|(?:.*\.)?env(?:\.[\w-]+)?|dockerfile(?:\.\w+)?|[\w.-]*\.env\.\w+)"
)
_INFRASTRUCTURE = re.compile(r"(?i).*\.(?:tf|tofu|tfvars|hcl|bicep|template|ya?ml|json)")
_DESCRIBES_STORES = re.compile(
    r"AWSTemplateFormatVersion|AWS::(?:RDS|S3|EBS|EFS|EC2|DynamoDB|Redshift|Elasti|OpenSearch|Neptune|DocDB)"
    r"|resource\s+\"(?:aws|azurerm|google|alicloud|oci)_|kind:\s*StorageClass|targetScope|Microsoft\.(?:Storage|Sql|DBfor)"
)
_ELSEWHERE = re.compile(
    r"(?i)(?:^|/)(?:tests?|__tests__|specs?|e2e|testing|testdata|fixtures?|mocks?|examples?|samples?|demos?|docs?|node_modules"
    r"|vendor|third_party|dist|build|cassettes?|snapshots?|\.git|benchmarks?)/|(?:^|/)(?:test_|conftest)[^/]*$"
    r"|[._-](?:test|spec|example|sample|template|min)s?(?:\.\w+){0,2}$|lock\.(?:json|ya?ml)$|(?:^|/)package\.json$"
)
_LOGINS = (b"postgres", b"mysql", b"mongodb", b"redis", b"amqp", b"mqtt", b"ldap", b"clickhouse", b"mssql")
_DATA_SCHEMES = re.compile(r"(?:redis|amqp|mqtt|ldap|ftp|memcached|stomp)://")
_ABOUT_DATA = re.compile(
    r"""(?ix) (?<![a-z]) (?: postgres\w* | psycopg\w* | mysql | mariadb | mssql | sqlserver | mongo(?:db)? | redis
    | kafka | rabbitmq | amqp | elastic(?:search)? | opensearch | clickhouse | cassandra | neo4j | qdrant | weaviate
    | milvus | chroma(?:db)? | pgvector | influx(?:db)? | snowflake | ldap | mqtt | database
    | db_(?:host|url|uri) | datasource
    | openai | anthropic | azure_?openai | ollama | vllm | litellm | llm | bedrock | mistral | groq | embeddings?
    | chat_?completions? | inference | huggingface | langchain | http_client ) (?![a-z])"""
)
_LOGIN = re.compile(
    r"://(?P<user>[^\s:/@'\"]{0,100}):(?P<password>[^\s/@'\"]{1,200})@(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
)
_DATA_SCHEME = re.compile(
    r"(?i)(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mqtts?|ldaps?|clickhouse|mssql)(?:\+\w{1,20})?\Z"
)
# Switches of databases alone, and the one that counts for every connection of a process.
_ALWAYS = re.compile(r"(?i)trust[_-]?server[_-]?cert|tls_?allow_?invalid|NODE_TLS_REJECT|sslmode")
_AROUND = 6  # lines before and after in which the other end is looked for
_MOST = 200  # of one file
_FAR_HOST = re.compile(
    r"""(?ix) (?: [a-z][a-z0-9+.-]*://(?:[^\s/@'"]*@)? | (?:host|hostname|server|servers|broker|ip|endpoint|address)
    ["'\]]{0,2}\s{0,4}(?:=|:|=>)\s{0,4}["']? ) (?P<host>[a-z0-9][\w.-]*[a-z0-9])"""
)
_TRAITS = {
    Weakness.PLAIN: Trait.UNENCRYPTED,
    Weakness.OLD: Trait.UNENCRYPTED,
    Weakness.UNCHECKED: Trait.UNCHECKED_PEER,
    Weakness.PLAIN_STORAGE: Trait.UNENCRYPTED_STORE,
}


def _interest(candidate: Candidate) -> Interest:
    if not _NAMED.fullmatch(candidate.name) or _ELSEWHERE.search(candidate.path):
        return Interest.NONE
    lowered = candidate.data.lower()
    if b"anylog_" in lowered:  # read by `edgelake`, which knows what is switched on
        return Interest.NONE
    if not may_hold(candidate.data) and not any(each in lowered for each in _LOGINS):
        return Interest.NONE
    found = _found(candidate.path, candidate.data.decode("utf-8", "replace"))
    return Interest.READ if next(found, None) is not None else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    yield from one_by_one(inputs, lambda item: Facts(nodes=tuple(_found(item.path, item.text))[:_MOST]))


def _found(path: str, text: str) -> Iterator[Node]:
    lines = text.split("\n")
    stores = _INFRASTRUCTURE.fullmatch(path) is not None and _DESCRIBES_STORES.search(text) is not None
    for weak in settings(text):
        stored = weak.weakness is Weakness.PLAIN_STORAGE
        if stores if stored else _matters(weak, lines):
            yield _node(path, weak.line, lines, secrets.mask_in(weak.text), (_TRAITS[weak.weakness],), weak.host)
    yield from _logins(path, text, lines)


def _logins(path: str, text: str, lines: Sequence[str]) -> Iterator[Node]:
    for login in _LOGIN.finditer(text):
        scheme = _DATA_SCHEME.search(text, max(0, login.start() - 40), login.start())
        if scheme and reach(login["host"]) is Reach.FAR and not secrets.is_placeholder(login["password"]):
            name = f"the password of {scheme[0].lower()}://{login['host']}"
            yield _node(path, text.count("\n", 0, login.start()) + 1, lines, name, (Trait.SECRET,), login["host"])


def _matters(weak: Setting, lines: Sequence[str]) -> bool:
    """Whether the setting is about data or AI that is far away, as far as the lines around say."""
    around = lines[max(0, weak.line - 1 - _AROUND) : weak.line + _AROUND]
    if weak.reach in (Reach.LOCAL, Reach.NEAR):
        return False
    if weak.reach is Reach.UNKNOWN and weak.weakness is Weakness.UNCHECKED and _ALWAYS.match(weak.text):
        return True
    if weak.reach is Reach.UNKNOWN:
        hosts = (found["host"] for line in around for found in _FAR_HOST.finditer(line[:2_000]))
        if not any(reach(host) is Reach.FAR and "." in host for host in hosts):
            return False
    line = lines[weak.line - 1]
    about = (line,) if weak.weakness is Weakness.PLAIN and weak.reach is Reach.FAR else around
    return _DATA_SCHEMES.match(weak.text.lower()) is not None or any(_ABOUT_DATA.search(each[:2_000]) for each in about)


def _node(path: str, line: int, lines: Sequence[str], name: str, traits: Sequence[Trait], host: str | None) -> Node:
    place = Location(path=path, line=line, evidence=secrets.mask_in(lines[line - 1]))
    node = connection(name, place, traits, endpoint=host)
    return node.model_copy(update={"id": f"{node.id}:{traits[0]}"})


PARSER = Parser.of_configs("connections", _interest, _parse)
