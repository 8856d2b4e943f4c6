"""Data that a program is pointed at from outside: paths, buckets and databases among its arguments and settings."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from petguard import taxonomy
from petguard.model import Location, Node, NodeKind, Origin
from petguard.parsers import _command
from petguard.parsers._classification import meaning
from petguard.parsers._declared import ANY_PERSONAL, data_file
from petguard.parsers._names import categories_of_path

_FILE_DATABASES = frozenset({"sqlite", "sqlite3", "duckdb", "file"})
_DATABASES = frozenset(
    [
        *(
            "postgres",
            "postgresql",
            "mysql",
            "mariadb",
            "mongodb",
            "mssql",
            "sqlserver",
            "clickhouse",
            "neo4j",
            "redis",
        ),
        *("snowflake", "redshift", "oracle", "cassandra", "bolt", "trino", "bigquery"),
    ]
)
_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "wasbs", "az", "oci"})
_ADDRESS = re.compile(r"(?i)(?:jdbc:)?(?P<scheme>[a-z][a-z0-9]*)(?:\+[\w.]+)?://\S+")
_BUCKET = re.compile(r"^arn:aws[\w-]*:s3:::(?=[\w.-])")
_DATA = re.compile(
    r"(?i)[^\s:*?\"'<>|]*\w\.(?:csv|tsv|parquet|feather|avro|orc|xlsx?|ods|jsonl|ndjson|db|sqlite3?|duckdb|mdb|dcm|sav|dta)"
)
_LONGEST = 2_000  # characters; nothing longer is a path or an address
_FOLDERS = frozenset({"data", "dataset", "datasets", "db", "database", "dump", "dumps", "export", "exports"})
_NO_DATA = re.compile(r"(?i)\.(?:sock|json|jsonc|ya?ml|toml|ini|conf|env|lock|log|md|txt|pem|key|crt)$")
_BASE = re.compile(r"^(?:\$\{?(?:workspaceFolder|workspaceRoot|PWD|CLAUDE_PROJECT_DIR)\}?/)+")
_MOUNT = re.compile(r"(?P<outside>(?:\.{1,2}/|~/|/|\$\{?\w+\}?/)[^:,]*):/[^:]*(?::\w+)?")
_BOUND = re.compile(r"(?:^|,)(?:src|source)=(?P<outside>[^,]+)")


def data(text: str, location: Location) -> Node | None:
    """The data that a text names, by its path or address; None when it names none."""
    if len(text) > _LONGEST:
        return None
    text = _BUCKET.sub("s3://", text)
    address = _ADDRESS.fullmatch(text)
    if address is not None:
        return _at(address["scheme"].lower(), text.removeprefix("jdbc:"), location)
    mounted = _MOUNT.fullmatch(text) or _BOUND.search(text)
    path = mounted["outside"] if mounted else text
    if not (_DATA.fullmatch(path) or _command.is_data_path(path)) or _NO_DATA.search(path):
        return None
    return _file(path, location)


def personal(text: str, location: Location) -> Node | None:
    """The same, where the words of the path or address say that it is about people."""
    found = data(text, location)
    return found if found is not None and found.categories else None


def _file(path: str, location: Location) -> Node:
    plain = _BASE.sub("", path.replace("\\", "/"))
    return data_file(plain, location, categories=categories(plain))


def _at(scheme: str, text: str, location: Location) -> Node | None:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return None
    path = unquote(parts.path).rpartition("@")[2].strip("/")  # a slash in a password ends the host too early
    if scheme in _FILE_DATABASES:
        local = f"/{path}" if parts.path.startswith("//") else path
        return _file(local, location) if path else None
    kind = "database" if scheme in _DATABASES else "store" if scheme in _STORES else None
    if kind is None:
        return None
    name = f"{scheme}://{host}/{path}".rstrip("/")
    return Node(
        id=f"data:{kind}/{name}",
        kind=NodeKind.DATA,
        name=name,
        origin=Origin.DECLARED,
        categories=categories(f"{host}/{path}") if kind == "store" else categories(f"db/{path}"),
        locations=(location,),
    )


def categories(path: str) -> tuple[str, ...]:
    """The categories that a path names: by its words, by `pii` or `phi` in it, or as a table or file about people.

    A file called `patients` is one in which a column `name` is somebody's name.
    """
    parts = [part for part in path.split("/") if part not in ("", ".", "..", "~")]
    if not parts:
        return ()
    marked = {category for part in parts for word in taxonomy.tokens(part) for category in _marked(word)}
    found = set(categories_of_path(path)) | marked
    holds_data = _DATA.fullmatch(parts[-1]) or not _FOLDERS.isdisjoint(part.lower() for part in parts[:-1])
    about_people = holds_data and taxonomy.is_person(PurePosixPath(parts[-1]).stem)
    return tuple(sorted(found or ({ANY_PERSONAL} if about_people else ())))


def _marked(word: str) -> tuple[str, ...]:
    return meaning(word).categories if word in ("pii", "phi", "ephi") else ()
