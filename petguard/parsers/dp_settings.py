"""Configurations that a private training reads its numbers from: YAML, JSON or TOML with a noise multiplier or a delta.

They claim nothing by themselves. Each number is kept with its place, for a claim in the same project whose own number
could not be read.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_json, read_toml, read_yaml_all
from petguard.model import Facts, Gap, Setting
from petguard.parsers import Parser
from petguard.parsers._dp_flat import flat
from petguard.parsers._source import Source, each
from petguard.parsers._stated_dp import Pointer, number_of

_PRIVATE = re.compile(
    rb"(?i)[\"']?\b(?:(?:dp|target|privacy)[_-](?:epsilon|delta)|(?:dp[_-])?noise[_-]multiplier|dp[_-]sigma)[\"']?\s*[:=]"
)
_FIELDS = {
    "noise_multiplier": "noise_multiplier dp_noise_multiplier sigma dp_sigma",
    "batch_size": "batch_size train_batch_size expected_batch_size",
    "sample_rate": "sample_rate sampling_rate",
    "dataset_size": "dataset_size train_size num_examples num_train_examples number_of_examples",
    "epochs": "epochs num_epochs n_epochs num_train_epochs",
    "steps": "steps num_steps max_steps train_steps",
    "epsilon": "target_epsilon dp_epsilon privacy_epsilon epsilon",
    "delta": "delta target_delta dp_delta privacy_delta",
    "rounds": "num_server_rounds num_rounds comm_round rounds",
    "clients_per_round": "num_sampled_clients clients_per_round client_num_per_round",
    "clients_total": "num_clients clients_total client_num_in_total num_supernodes",
    "clipping_norm": "clipping_norm max_grad_norm clip_norm",
    "num_shares": "num_shares",
    "reconstruction_threshold": "reconstruction_threshold",
}
_FIELD_OF = {key: field for field, keys in _FIELDS.items() for key in keys.split()}


def _interest(candidate: Candidate) -> Interest:
    is_config = candidate.suffix in (".yaml", ".yml", ".json", ".toml")
    return Interest.READ if is_config and _PRIVATE.search(candidate.data) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    readers = {".json": lambda text: [read_json(text)], ".toml": lambda text: [read_toml(text)]}
    for item in inputs:
        open_ = readers.get(item.path[item.path.rfind(".") :].lower(), read_yaml_all)
        yield from each([item], open_, _read)


def _read(source: Source) -> Facts:
    found = flat(source, _of_flower(source.document.value))
    settings = []
    for key, given in found.values.items():
        field, value = _FIELD_OF.get(key.replace("-", "_").lower()), number_of(given)
        if field is not None and isinstance(value, int | float) and not isinstance(value, bool):
            place = source.at(*found.places[key])
            settings.append(Setting(field=field, key=key, value=value, location=place))
    return Facts(settings=tuple(settings))


def _of_flower(value: Any) -> Pointer:
    """Where to look: in a Python project the configuration of its Flower app, as the rest is about other tools."""
    is_project = isinstance(value, dict) and "tool" in value and ("project" in value or "build-system" in value)
    return ("tool", "flwr", "app", "config") if is_project else ()


PARSER = Parser.of_configs("dp_settings", _interest, _parse)
