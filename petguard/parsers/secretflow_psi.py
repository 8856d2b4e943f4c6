"""Configurations of SecretFlow PSI: `protocol_config` of its second version, and `psi_type` of the first.

They are protocol buffers as JSON, so a name may be written `broadcast_result` or `broadcastResult`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from petguard.claims import Psi
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json
from petguard.errors import UnreadableInput
from petguard.hazards import Hazard
from petguard.model import Danger, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._crypto_claims import danger, protected
from petguard.parsers._source import Source, each, together

_NEW, _OLD = re.compile(rb'"protocol_?[cC]onfig"'), re.compile(rb'"psi_?[tT]ype"')
_AROUND = ("psi_config", "ub_psi_config")


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    new = _NEW.search(data) is not None and b'"PROTOCOL_' in data
    old = _OLD.search(data) is not None and b"_PSI_" in data
    return Interest.READ if candidate.suffix == ".json" and (new or old) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


def _read(source: Source) -> Facts:
    config = source.document.value
    if not isinstance(config, dict):
        return Facts()
    inner = [(_key(config, name),) for name in _AROUND if _key(config, name) in config]
    parts = [((), config), *((pointer, source.mapping(config[pointer[0]], *pointer)) for pointer in inner)]
    return together(facts for pointer, part in parts for facts in _configs(source, part, pointer))


def _key(section: dict[str, Any], name: str) -> str:
    """How a field is spelled here: as it stands in the protocol buffer, or in camel case."""
    camel = re.sub(r"_(\w)", lambda match: match[1].upper(), name)
    return camel if camel in section and name not in section else name


def _configs(source: Source, part: dict[str, Any], pointer: tuple[Step, ...]) -> Iterator[Facts]:
    key = _key(part, "protocol_config")
    if key in part:
        section = source.mapping(part[key], *pointer, key)
        yield from _claim(source, section, "protocol", (*pointer, key))
    elif _key(part, "psi_type") in part:
        yield from _claim(source, part, "psi_type", pointer)


def _claim(source: Source, section: dict[str, Any], name: str, pointer: tuple[Step, ...]) -> Iterator[Facts]:
    key = _key(section, name)
    scheme = source.string(section.get(key), *pointer, key)
    if scheme is None or not ("PSI" in scheme or scheme.startswith("PROTOCOL_")):
        return
    told = _key(section, "broadcast_result")
    broadcast = section.get(told, False)
    dp = _key(section, "dppsi_params")
    noise = source.mapping(section.get(dp), *pointer, dp)
    values = {
        "framework": "SecretFlow PSI", "scheme": scheme, "config": source.path,
        "result_to": {True: "both", False: "one"}.get(broadcast) if isinstance(broadcast, bool) else None,
        "epsilon_per_run": noise.get("epsilon"),
    }  # fmt: skip
    try:
        statement = Psi.model_validate(values, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        line = source.document.line(*pointer, dp)
        raise UnreadableInput(detail, reason="invalid_value", line=line) from error
    dangers: list[Danger] = []
    if broadcast is True:
        detail = "broadcast_result gives the result to each party"
        dangers.append(danger(source, Hazard.RESULT_TO_BOTH, detail, *pointer, told))
    yield protected(source, statement, "SecretFlow PSI", *pointer, key, dangers=dangers)


PARSER = Parser.of_configs("secretflow_psi", _interest, _parse, claims=True)
