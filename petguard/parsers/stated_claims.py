"""Claims written by hand: the `claims:` list of `petguard.yaml` and of `*.petguard.yaml` beside an artefact.

Whoever writes a claim by hand can mend it, so a mistake here stops the scan with its place; in foreign files the
same mistake would be a gap.
"""

import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from petguard.claims import BY_TECHNIQUE, STATEMENT, Statement
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Step, read_yaml_all
from petguard.errors import ConfigurationError, UnreadableInput
from petguard.handwritten import mistake, nearest, unambiguous, unreadable
from petguard.model import Claim, Facts, Gap, Origin
from petguard.parsers import Parser
from petguard.parsers._source import Source
from petguard.policy import PolicyFile

Pointer = tuple[Step, ...]

_NAMES = re.compile(r"(?:^|\.)petguard\.ya?ml$")
_BESIDE = re.compile(r"[^/]\.petguard\.ya?ml$")  # beside an artefact, where no policy is looked for
_FILES = ("artefact", "config", "checkpoint", "private", "context", "evidence", "collateral")
_FILES_OR_TEXT = ("signature", "public_key", "trust_root")  # may also be the value itself
_PATH_LIKE = re.compile(r"[^\s:]*/[^\s:]+(?::[\w.<>]+)?|[\w.-]+\.[A-Za-z]\w{0,5}(?::[\w.<>]+)?")


def _interest(candidate: Candidate) -> Interest:
    named = _NAMES.search(candidate.name) is not None
    return Interest.READ if named and candidate.data.strip() else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        try:
            documents = read_yaml_all(item.text)
        except UnreadableInput as error:
            raise unreadable(item.path, error) from error
        claims = (_claims(Source(item.path, item.text, document)) for document in documents)
        yield Facts(claims=tuple(claim for each in claims for claim in each))


def _claims(source: Source) -> Iterator[Claim]:
    document = unambiguous(source.document, source.path)
    if document.value is None:
        return
    if not isinstance(document.value, dict):
        raise mistake(source.path, document, (), "must be a mapping; write claims: followed by a list")
    known = ["claims"] if _BESIDE.search(source.path) else list(PolicyFile.model_fields)
    for key in sorted(document.value.keys() - known):
        raise mistake(source.path, document, (key,), f"no such key; {nearest(key, known)}")
    stated = document.value.get("claims")
    if stated is not None and not isinstance(stated, list):
        raise mistake(source.path, document, ("claims",), "must be a list of claims")
    for index, entry in enumerate(stated or ()):
        yield _claim(source, entry, ("claims", index))


def _claim(source: Source, entry: Any, pointer: Pointer) -> Claim:
    line = source.document.line(*pointer)
    statement = _statement(source.path, source.document, entry, pointer)
    named = statement.subject or statement.artefact or getattr(statement, "config", None)
    place = source.at(*pointer)
    return Claim(
        id=f"{statement.technique}:{source.path}:{line}:{place.column}",
        statement=statement,
        location=place,
        subject=named or f"{source.path}:{line}",
        origin=Origin.DECLARED,
    )


def _statement(path: str, document: Document, entry: Any, pointer: Pointer) -> Statement:
    if not isinstance(entry, dict):
        raise mistake(path, document, pointer, "must be a mapping with a technique")
    if "technique" not in entry:
        raise mistake(path, document, pointer, "technique is missing")
    technique = entry["technique"]
    if not isinstance(technique, str) or technique not in BY_TECHNIQUE:
        text = f"{technique!r} is no technique; {nearest(str(technique), BY_TECHNIQUE)}"
        raise mistake(path, document, (*pointer, "technique"), text)
    rooted = _rooted(path, document, entry, pointer)
    try:
        # As JSON and strictly: a list may fill a tuple and a text a date, but true is not 1 and "3" is not 3.
        return STATEMENT.validate_json(json.dumps(rooted), strict=True)
    except ValidationError as error:
        raise _slip(path, document, pointer, BY_TECHNIQUE[technique], error) from error


def _slip(
    path: str, document: Document, pointer: Pointer, kind: type[Statement], error: ValidationError
) -> ConfigurationError:
    first = error.errors(include_url=False)[0]
    steps: Pointer = tuple(first["loc"])[1:]  # the first step is the technique that chose the model
    text = str(first["msg"])
    if first["type"] == "extra_forbidden":
        known = kind.model_fields if len(steps) == 1 else _inner_fields(kind, str(steps[0]))
        text = f"no such key; {nearest(str(steps[-1]), known)}"
    return mistake(path, document, (*pointer, *steps), text[:1].lower() + text[1:])


def _inner_fields(kind: type[Statement], name: str) -> list[str]:
    schema = kind.model_json_schema().get("$defs", {})
    reference = json.dumps(kind.model_json_schema()["properties"].get(name, {}))
    return [key for model, inner in schema.items() if f"/{model}" in reference for key in inner.get("properties", {})]


def _rooted(path: str, document: Document, entry: dict[str, Any], pointer: Pointer) -> dict[str, Any]:
    """The entry with its file names relative to the scan root instead of to the file that states the claim."""
    rooted = dict(entry)
    for key, value in entry.items():
        is_file = key in _FILES or (key in _FILES_OR_TEXT and _is_file_name(value))
        is_path = is_file or (key == "subject" and isinstance(value, str) and _PATH_LIKE.fullmatch(value))
        if is_path and isinstance(value, str):
            rooted[key] = _from_root(path, document, value, (*pointer, key))
    others = entry.get("also_released")
    if isinstance(others, list):
        places = [(each, (*pointer, "also_released", index)) for index, each in enumerate(others)]
        rooted["also_released"] = [
            _from_root(path, document, each, place) if isinstance(each, str) else each for each, place in places
        ]
    expected = entry.get("expect")
    if isinstance(expected, dict) and isinstance(expected.get("nonce_of"), str):
        name = _from_root(path, document, expected["nonce_of"], (*pointer, "expect", "nonce_of"))
        rooted["expect"] = {**expected, "nonce_of": name}
    return rooted


def _is_file_name(value: Any) -> bool:
    return isinstance(value, str) and _PATH_LIKE.fullmatch(value) is not None


def _from_root(path: str, document: Document, value: str, pointer: Pointer) -> str:
    if value.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", value):
        raise mistake(path, document, pointer, f"{value} is not relative to this file")
    joined = posixpath.normpath(posixpath.join(PurePosixPath(path).parent.as_posix(), value.replace("\\", "/")))
    if joined == ".." or joined.startswith("../"):
        raise mistake(path, document, pointer, f"{value} leaves the scanned folder")
    return joined


PARSER = Parser.of_configs("stated_claims", _interest, _parse, claims=True)
