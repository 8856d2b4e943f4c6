"""Paillier keys in the run configurations of PrivacyGo and PETAce: the length of the modulus, bound by its section."""

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from petguard.claims import HomomorphicEncryption
from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_json
from petguard.errors import UnreadableInput
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._crypto_claims import protected
from petguard.parsers._source import Source, each

_POINTER = ("paillier_params", "paillier_n_len")


def _interest(candidate: Candidate) -> Interest:
    mine = candidate.suffix == ".json" and b'"paillier_n_len"' in candidate.data
    return Interest.READ if mine else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


def _read(source: Source) -> Facts:
    config = source.document.value
    section = source.mapping(config.get("paillier_params") if isinstance(config, dict) else None, "paillier_params")
    if "paillier_n_len" not in section:
        return Facts()
    values = {"scheme": "paillier", "modulus_bits": section["paillier_n_len"]}
    try:
        statement = HomomorphicEncryption.model_validate(values, strict=True)
    except ValidationError as error:
        detail = f"paillier_params.paillier_n_len: {error.errors()[0]['msg'].lower()}"
        raise UnreadableInput(detail, reason="invalid_value", line=source.document.line(*_POINTER)) from error
    return protected(source, statement, "Paillier encryption", *_POINTER)


PARSER = Parser.of_configs("paillier_params", _interest, _parse)
