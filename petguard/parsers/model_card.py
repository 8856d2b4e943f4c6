"""Hugging Face model cards: what a model was made from and trained on, as the front matter of its README says."""

import re
from collections.abc import Iterator, Sequence

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Step, front_matter
from petguard.errors import UnreadableInput
from petguard.model import Asset, Edge, EdgeKind, Facts, Gap, Node, NodeKind, Origin
from petguard.parsers import Parser
from petguard.parsers._names import categories_of_path
from petguard.parsers._source import Source, each

# One of these makes a card; `datasets` alone could be anybody's, and needs one of the others beside it.
_TELLING = ("base_model", "pipeline_tag", "library_name", "model-index")
_BESIDE = ("license", "language", "tags", "metrics")
_KEY = re.compile(rb"(?m)^(base_model|pipeline_tag|library_name|model-index|datasets)[ \t]*:")
_FENCE = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n")


def _interest(candidate: Candidate) -> Interest:
    is_card = candidate.suffix == ".md" and _FENCE.match(candidate.data) and _KEY.search(candidate.data)
    return Interest.READ if is_card else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [_open(text)], _read)


def _open(text: str) -> Document:
    """The front matter; without a closing fence it is not known where the card ends and the prose begins."""
    document = front_matter(text)
    if document is not None:
        return document
    head = text.split("\n\n", 1)[0]
    if _KEY.search(head.encode("utf-8", "replace")):
        raise UnreadableInput("the front matter has no closing ---", line=1)
    return Document({})


def _read(source: Source) -> Facts:
    card = source.mapping(source.document.value)
    if not _is_card(card):
        return Facts()
    subject = _node(source, f"model_card:{source.path}", NodeKind.ARTIFACT, source.path, ())
    facts = [
        *_relations(source, card, "base_model", EdgeKind.DERIVED_FROM),
        *_relations(source, card, "datasets", EdgeKind.TRAINED_ON),
    ]
    return Facts(nodes=(subject, *(node for node, _ in facts)), edges=tuple(edge for _, edge in facts))


def _is_card(card: dict[str, object]) -> bool:
    return any(key in card for key in _TELLING) or ("datasets" in card and any(key in card for key in _BESIDE))


def _relations(source: Source, card: dict[str, object], key: str, kind: EdgeKind) -> Iterator[tuple[Node, Edge]]:
    for name, pointer in source.strings(card.get(key), key):
        if kind is EdgeKind.TRAINED_ON:
            node = _node(source, f"dataset:{name}", NodeKind.DATA, name, pointer)
        else:
            node = _node(source, f"model:{name}", NodeKind.MODEL, name, pointer)
        location = source.at(*pointer)
        card_id = f"model_card:{source.path}"
        yield node, Edge(kind=kind, source=card_id, target=node.id, origin=Origin.DECLARED, location=location)


def _node(source: Source, key: str, kind: NodeKind, name: str, pointer: tuple[Step, ...]) -> Node:
    assets = {NodeKind.DATA: Asset.DATASET, NodeKind.MODEL: Asset.MODEL}
    return Node(
        id=key,
        kind=kind,
        asset=assets.get(kind),
        name=name,
        origin=Origin.DECLARED,
        categories=categories_of_path(name) if kind is NodeKind.DATA else (),
        locations=(source.at(*pointer),),
    )


PARSER = Parser.of_configs("model_card", _interest, _parse)
