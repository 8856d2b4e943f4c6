"""Model cards, data cards and READMEs that state how differentially private the thing is, in front matter or prose.

What stands once in a card belongs to its one claim; where a card speaks of several epsilons, each claim has only what
stands beside it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Step, front_matter
from petguard.errors import UnreadableInput
from petguard.model import Claim, Facts, Gap, Location, Origin, Setting, State
from petguard.parsers import Parser, one_by_one
from petguard.parsers._card_text import Block, blocks, without_code
from petguard.parsers._dp_prose import (
    Said,
    column,
    epsilons,
    heads_statements,
    number,
    plain,
    said,
    speaks_of_privacy,
    states,
    surely_of_privacy,
)
from petguard.parsers._source import Source, excerpt
from petguard.parsers._stated_dp import fitting, protection, statement

_CARD = re.compile(r"(?i)(?:readme|.*(?:model|data|dataset|system)[ _-]?(?:card|sheet)|.*privacy.*)\.(?:md|markdown)$")
_FENCE = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n")
_PRIVACY = re.compile(rb"(?i)differential(?:ly)?[\s_-]+priva|\bDP-?SGD\b|\bopacus\b")
_SECTIONS = ("differential_privacy", "differential-privacy", "dp", "privacy")
_KEYS = {
    **{name: name for name in ("epsilon", "delta", "noise_multiplier", "batch_size", "epochs", "steps", "sample_rate")},
    "dataset_size": "dataset_size",
    "target_epsilon": "epsilon",
    "target_delta": "delta",
}
_TOP = {"dp_epsilon": "epsilon", "dp_delta": "delta"}
_MOST = 50  # claims of one card
_PARAMETERS = ("noise_multiplier", "batch_size", "sample_rate", "epochs", "steps", "dataset_size")


@dataclass(frozen=True)
class _Card:
    source: Source
    text: str  # plain, with the lines of the file
    prose: str  # the same without code and front matter


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix not in (".md", ".markdown"):
        return Interest.NONE
    carded = _CARD.fullmatch(candidate.name) or _FENCE.match(candidate.data)
    sized = b"num_examples" in candidate.data and b"dataset_info" in candidate.data
    return Interest.READ if carded and (sized or _PRIVACY.search(candidate.data)) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        gaps: list[Gap] = []

        def whole_card(item: Input, gaps: list[Gap] = gaps) -> Facts:
            return _read(item, gaps)

        yield from one_by_one([item], whole_card)
        yield from dict.fromkeys(gaps)


def _read(item: Input, gaps: list[Gap]) -> Facts:
    source = Source(item.path, item.text, _top(item, gaps), gaps)
    top = source.mapping(source.document.value)
    card = _Card(source, plain(item.text), plain(without_code(item.text)))
    size = _size(source, top)
    sizes = () if size is None else (size,)
    if not surely_of_privacy(card.text):
        return Facts(settings=sizes)
    found = [*_in_front_matter(source, top), *_in_prose(card)]
    claims = [claim for claim in _claims(card, _merged(found)) if claim is not None]
    nodes = tuple(protection(claim, claim.technique) for claim in claims)
    # The rows of what was made with privacy are not those of what it was made from.
    return Facts(nodes=nodes, claims=tuple(claims), settings=() if found else sizes)


def _top(item: Input, gaps: list[Gap]) -> Document:
    """The front matter; of one that cannot be read nothing counts, and the prose all the same."""
    try:
        return front_matter(item.text) or Document({})
    except UnreadableInput as error:
        detail = f"front matter: {error.detail}"
        gaps.append(Gap(path=item.path, state=State.PARTIAL, reason=error.reason, detail=detail, line=error.line))
        return Document({})


def _size(source: Source, top: Mapping[str, Any]) -> Setting | None:
    """The rows of the one training split; `size_categories` is a range and says nothing exact."""
    info = top.get("dataset_info")
    splits = info.get("splits") if isinstance(info, dict) else None
    for index, split in enumerate(splits if isinstance(splits, list) else ()):
        rows = split.get("num_examples") if isinstance(split, dict) and split.get("name") == "train" else None
        if type(rows) is int and rows > 0:
            place = source.at("dataset_info", "splits", index, "num_examples")
            return Setting(field="dataset_size", key="num_examples", value=rows, location=place)
    return None


def _in_front_matter(source: Source, top: Mapping[str, Any]) -> Iterator[Said]:
    given: list[tuple[str, Any, tuple[Step, ...]]] = [
        (field, top[key], (key,)) for key, field in _TOP.items() if key in top
    ]
    for name in _SECTIONS:
        section = top.get(name)
        if isinstance(section, dict):
            given += [(field, section[key], (name, key)) for key, field in _KEYS.items() if key in section]
    fields: dict[str, float] = {}
    for field, value, place in given:
        exact = _exact(value)
        if exact is None:
            source.doubt(f"{'.'.join(map(str, place))} is not a number", *place)
        else:
            fields[field] = exact
    if "epsilon" in fields:
        place = next(place for field, _, place in given if field == "epsilon")
        yield Said(source.document.line(*place), fields, {}, None)


def _exact(value: Any) -> float | None:
    """A number, also as YAML leaves it where it has no dot: `1e-5` is a text there."""
    if isinstance(value, str):
        value = number(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _in_prose(card: _Card) -> Iterator[Said]:
    for block in blocks(card.prose):
        if not heads_statements(block.heading):
            continue
        named = speaks_of_privacy(block.heading)
        stated = [(text, line) for text, line in block.sentences if states(text)]
        if block.rows:
            yield from _in_rows(block, named=named or "privacy" in " ".join(block.header).lower())
        elif block.whole and len(epsilons(". ".join(text for text, _ in stated))) == 1:
            yield from _in_list(stated, named=named)
        else:
            for text, line in stated:
                if len(epsilons(text)) == 1 and (named or speaks_of_privacy(text)):
                    yield said(text, line)


def _in_list(stated: Sequence[tuple[str, int]], *, named: bool) -> Iterator[Said]:
    """The items of a list with one epsilon say together what each says; the place is that of the epsilon."""
    if named or any(speaks_of_privacy(text) for text, _ in stated):
        line = next(line for text, line in stated if epsilons(text))
        yield said(". ".join(text for text, _ in stated), line)


def _in_rows(block: Block, *, named: bool) -> Iterator[Said]:
    """The rows of a table that gives the noise beside epsilon; without it, it lists results of many runs."""
    columns = [column(title) for title in block.header]
    if not named or not {"epsilon", "noise_multiplier"} <= set(columns) or not states(" ".join(block.header)):
        return
    for cells, line in block.rows:
        given = [(name, number(cell)) for name, cell in zip(columns, cells, strict=False) if name]
        fields = {name: value for name, value in given if value is not None}
        if "epsilon" in fields:
            yield Said(line, fields, {}, None)


def _merged(found: Iterable[Said]) -> list[Said]:
    """Statements of the same epsilon that do not contradict each other are one, at the place of the first."""
    kept: list[Said] = []
    for each in found:
        twin = next((index for index, other in enumerate(kept) if _agree(each, other)), None)
        if twin is None:
            kept.append(each)
        else:
            other = kept[twin]
            unit = other.unit or each.unit
            kept[twin] = replace(
                other, fields={**each.fields, **other.fields}, about={**each.about, **other.about}, unit=unit
            )
    return kept


def _agree(one: Said, other: Said) -> bool:
    same = one.fields.get("epsilon") == other.fields.get("epsilon") and one.about == other.about
    both = one.fields.keys() & other.fields.keys()
    return same and all(one.fields[name] == other.fields[name] for name in both) and _one_unit(one, other)


def _one_unit(one: Said, other: Said) -> bool:
    return one.unit is None or other.unit is None or one.unit == other.unit


def _claims(card: _Card, found: Sequence[Said]) -> Iterator[Claim | None]:
    if len(found) > _MOST:
        card.source.doubt(f"{len(found)} epsilons in one card; only {_MOST} of them were read", reason="too_large")
    elsewhere = _elsewhere(card, found[0]) if len(found) == 1 else {}
    for each in found[:_MOST]:
        yield _claim(card, each, elsewhere, alone=len(found) == 1)


def _elsewhere(card: _Card, one: Said) -> dict[str, tuple[float, int]]:
    """Parameters of the one claim that stand somewhere else in the card, each in exactly one way, with their lines."""
    given: dict[str, dict[float, int]] = {}
    for block in blocks(card.prose):
        for sentence, line in block.sentences:
            for name, value in said(sentence, line).fields.items():
                given.setdefault(name, {}).setdefault(value, line)
    once = {name: next(iter(values.items())) for name, values in given.items() if len(values) == 1}
    return {name: once[name] for name in _PARAMETERS if name in once and name not in one.fields}


def _claim(card: _Card, one: Said, elsewhere: Mapping[str, tuple[float, int]], *, alone: bool) -> Claim | None:
    path, line = card.source.path, one.line
    technique = _technique(card.text, one)
    known = {**{name: value for name, (value, _) in elsewhere.items()}, **one.fields}
    odd = one.unit if one.unit not in (None, "user", "example") else None
    fields = {**known, "unit": None if odd else one.unit}
    try:
        made = statement(card.source, technique, fitting(technique, fields), {})
    except UnreadableInput as error:
        detail = f"a stated {error.detail.lstrip(': ')}"
        gap = Gap(path=path, state=State.PARTIAL, reason=error.reason, detail=detail, line=line)
        card.source.gaps.append(gap)
        return None
    rough = {name: f"it is given as {words}" for name, words in one.about.items()}
    return Claim(
        id=f"{technique}:{path}:{line}",
        statement=made,
        location=Location(path=path, line=line, evidence=excerpt(card.source.text.split("\n")[line - 1], 1)),
        subject=path if alone else f"{path}:{line}",
        unresolved={**rough, **({"unit": f"{odd}-level, which is neither an example nor a user"} if odd else {})},
        stated_in={name: f"{path}:{at}" for name, (_, at) in elsewhere.items()},
        origin=Origin.DECLARED,
    )


_LOCAL = re.compile(r"(?i)\blocal(?:ly)? differential|\bLDP\b")
_FEDERATED = re.compile(r"(?i)\bDP-?FedAvg\b|\bDP-?FTRL\b|federated")
_TRAINED = re.compile(r"(?i)\b(?:pre-?|fine-?)?train(?:ed|ing)?\b|fine-?tun|\bDP-?SGD\b|\bopacus\b")


def _technique(text: str, one: Said) -> str:
    """What was made private, and how, by the words of the card; only a trained model is DP-SGD."""
    if _LOCAL.search(text):
        return "local_dp"
    if _FEDERATED.search(text) and one.unit == "user":
        return "federated_dp"
    return "dp_sgd" if _TRAINED.search(text) or "noise_multiplier" in one.fields else "dp_composition"


PARSER = Parser.of_configs("privacy_card", _interest, _parse, claims=True)
