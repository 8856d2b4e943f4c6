"""Python code that hashes a personal column of a data frame and writes the frame to a file: a claim about that file.

Only what is certain counts: a column that is replaced, or made, by a hash of a personal one, and a file whose name is a
text in the same function. Whether the pseudonyms hold is tried on the file, where it lies in the scanned folder.
"""

import ast
import posixpath
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from petguard.claims import Pseudonymisation
from petguard.collect import Candidate, Input, Interest
from petguard.model import Claim, Facts, Gap, Location
from petguard.parsers import Parser, one_by_one
from petguard.parsers import _python_syntax as syntax
from petguard.parsers.pseudonym_columns import is_personal

_WRITERS = frozenset({"to_csv", "to_parquet", "to_json"})
_KEYED = frozenset({"hmac.new", "hmac.digest", "hmac.HMAC"})
_SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".csv.gz")
_LONGEST = 300

Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class _Hashed:
    """A column of a frame that code made by hashing: where, and how."""

    frame: str
    column: str
    method: str
    line: int
    at: int


def _interest(candidate: Candidate) -> Interest:
    writes = any(f".{name}(".encode() in candidate.data for name in _WRITERS)
    hashes = b"hashlib" in candidate.data or b"hmac" in candidate.data
    return Interest.READ if candidate.suffix == ".py" and writes and hashes else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    yield from one_by_one(inputs, _read)


def _read(item: Input) -> Facts:
    tree = syntax.module(item.text)
    hashers = _hashers(tree)
    scopes: list[Scope] = [tree, *(node for node in ast.walk(tree) if isinstance(node, _FUNCTION))]
    return Facts(claims=tuple(claim for scope in scopes for claim in _claims(item.path, scope, hashers)))


_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def _hashers(tree: ast.Module) -> dict[str, str]:
    """The functions of the file that hash what they are given: name and method."""
    return {
        node.name: method
        for node in ast.walk(tree)
        if isinstance(node, _FUNCTION) and len(node.body) <= 12 and (method := _hashing(node, {}))
    }


def _hashing(node: ast.AST, hashers: dict[str, str]) -> str | None:
    """How an expression or a function hashes, None where it does not."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name | ast.Attribute) and syntax.spelled(each) in _KEYED:
            return "hmac"
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and syntax.spelled(each).startswith("hashlib."):
            return "hash"
        if isinstance(each, ast.Name) and each.id in hashers:
            return hashers[each.id]
    return None


def _claims(path: str, scope: Scope, hashers: dict[str, str]) -> Iterator[Claim]:
    own = list(_own(scope))
    made = [found for node in own if isinstance(node, ast.Assign) and (found := _column(node, hashers))]
    for call in (node for node in own if isinstance(node, ast.Call)):
        frame, file = _written(call)
        for each in made:
            if file is not None and each.frame == frame and each.line <= call.lineno:
                yield _claim(path, each, file)


def _own(scope: Scope) -> Iterator[ast.AST]:
    """What stands in a scope and in no function inside it."""
    pending: deque[ast.AST] = deque(scope.body)
    while pending:
        node = pending.popleft()
        yield node
        if not isinstance(node, _FUNCTION):
            pending.extend(ast.iter_child_nodes(node))


def _column(node: ast.Assign, hashers: dict[str, str]) -> _Hashed | None:
    """`frame["column"] = ...` where the right side hashes a personal column of a frame."""
    target = node.targets[0]
    if len(node.targets) != 1 or not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        return None
    column, method = syntax.last_name(target), _hashing(node.value, hashers)
    sources = [syntax.last_name(each) for each in ast.walk(node.value) if isinstance(each, ast.Subscript)]
    if not column or method is None or not any(map(is_personal, filter(None, sources))):
        return None
    return _Hashed(target.value.id, column, method, node.lineno, node.col_offset + 1)


def _written(call: ast.Call) -> tuple[str, str | None]:
    """The frame that a call writes, and the file where that is a text."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in _WRITERS:
        return "", None
    named = [each.value for each in call.keywords if each.arg in {"path_or_buf", "path"}]
    given = next(iter([*call.args[:1], *named]), None)
    frame = function.value
    while isinstance(frame, ast.Call | ast.Attribute | ast.Subscript):
        frame = frame.func if isinstance(frame, ast.Call) else frame.value
    name = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
    return frame.id if isinstance(frame, ast.Name) else "", _inside(name)


def _inside(name: str) -> str | None:
    """A file name that stays in the folder and is of a kind that can be read."""
    plain = posixpath.normpath(name)
    outside = plain.startswith(("/", "..", "~")) or "://" in name or len(name) > _LONGEST
    return plain if plain.lower().endswith(_SUFFIXES) and not outside else None


def _claim(path: str, hashed: _Hashed, file: str) -> Claim:
    said = {"artefact": file, "column": hashed.column, "method": hashed.method}
    return Claim(
        id=f"pseudonymisation:{path}:{hashed.line}:{hashed.at}:{file}",
        statement=Pseudonymisation.model_validate(said),
        location=Location(path=path, line=hashed.line, column=hashed.at, evidence=f"{hashed.frame}[{hashed.column!r}]"),
        subject=f"{file}:{hashed.column}",
    )


PARSER = Parser.of_configs("hashed_columns", _interest, _parse)
