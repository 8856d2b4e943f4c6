"""Hugging Face `config.json` and PEFT `adapter_config.json`: which model lies here, and which one it builds on."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_json
from petguard.model import Asset, Facts, Gap, Node, NodeKind, Origin, Trait
from petguard.parsers import Parser
from petguard.parsers._source import Source, each

_TRANSFORMERS = (b'"transformers_version"', b'"architectures"', b'"_name_or_path"', b'"auto_map"')
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    if candidate.suffix != ".json":
        return Interest.NONE
    adapter = b'"base_model_name_or_path"' in data and b'"peft_type"' in data
    named = candidate.name.endswith("config.json")
    model = named and b'"model_type"' in data and any(word in data for word in _TRANSFORMERS)
    custom = named and b'"auto_map"' in data and b'"architectures"' in data
    return Interest.READ if adapter or model or custom else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


def _read(source: Source) -> Facts:
    config = source.mapping(source.document.value)
    if "peft_type" in config or "base_model_name_or_path" in config:
        return Facts(nodes=(_model(source, config, "base_model_name_or_path"),))
    if "model_type" in config or "architectures" in config:
        return Facts(nodes=(_model(source, config, "_name_or_path"),))
    return Facts()


def _model(source: Source, config: dict[str, Any], key: str) -> Node:
    named = source.string(config.get(key), key)
    revision = source.string(config.get("revision"), "revision")
    name = named or PurePosixPath(source.path).parent.name or source.path
    mutable = named is not None and revision is None and _HUB_ID.fullmatch(named) is not None
    traits = [Trait.MUTABLE_REFERENCE] if mutable else []
    return Node(
        id=f"model:{named or source.path}",
        kind=NodeKind.MODEL,
        asset=Asset.MODEL,
        name=name,
        version=revision,
        origin=Origin.DECLARED,
        traits=(*traits, Trait.REMOTE_CODE) if _runs_code(source, config) else tuple(traits),
        locations=(source.at(*((key,) if named else ())),),
    )


def _runs_code(source: Source, config: dict[str, Any]) -> bool:
    """Whether `auto_map` names classes in the model's own files; PEFT's map names classes of installed libraries."""
    mapped = source.mapping(config.get("auto_map"), "auto_map")
    return any(key.startswith("Auto") for key in mapped)


PARSER = Parser.of_configs("hf_config", _interest, _parse)
