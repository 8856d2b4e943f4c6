"""Run configurations of PETAce-SetOps: private set intersection, and joining and computing on what is joined.

Bound by the schema, `common` with a scheme beside `network`. The `epsilon` in the sections for KKRT and circuit PSI
sizes a cuckoo hash table; it is no privacy budget and never becomes one.
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from petguard.claims import Psi
from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_json
from petguard.hazards import Hazard
from petguard.model import Danger, Facts, Gap
from petguard.parsers import Parser, one_by_one
from petguard.parsers._crypto_claims import danger, protected
from petguard.parsers._source import Source
from petguard.unprotected import Reach, reach

_SECTIONS = {
    "ecdh": ("ecdh_params",),
    "kkrt": ("kkrt_psi_params", "kkrt_params"),
    "circuit": ("circuit_psi_params",),
}
_BY_SECTION = {section: scheme for scheme, sections in _SECTIONS.items() for section in sections}
_SOCKET = 0  # network.scheme: a plain TCP connection


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    named = b'"psi_scheme"' in data or b'"pjc_scheme"' in data
    return Interest.READ if candidate.suffix == ".json" and named and b'"common"' in data else Interest.NONE


@dataclass(frozen=True)
class _Config:
    """One party's configuration; `obtains` says whether it learns the result, where that is told for it alone."""

    source: Source
    scheme: str
    pointer: tuple[str, ...]
    sender: bool | None
    ports: tuple[Any, Any]
    obtains: bool | None = None
    result_to: str | None = None
    dangers: tuple[Danger, ...] = ()


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    """All files at once: whether both parties learn the result stands in two of them."""
    configs: list[_Config] = []
    for found in one_by_one(inputs, _read):
        if isinstance(found, Gap):
            yield found
        else:
            source, config = found
            configs += [config] if config else []
            yield from dict.fromkeys(source.gaps)
    for config in configs:
        yield _facts(_with_peer(config, configs))


def _read(item: Input) -> tuple[Source, _Config | None]:
    source = Source(item.path, item.text, read_json(item.text))
    return source, _config(source)


def _config(source: Source) -> _Config | None:
    config = source.document.value
    common = source.mapping(config.get("common"), "common") if isinstance(config, dict) else {}
    key = "pjc_scheme" if "pjc_scheme" in common and "psi_scheme" not in common else "psi_scheme"
    scheme = source.string(common.get(key), "common", key)
    if scheme is None:
        return None
    network = source.mapping(config.get("network"), "network")
    sender = common.get("is_sender")
    found = _Config(
        source, scheme.lower(), ("common", key), sender if isinstance(sender, bool) else None,
        (network.get("local_port"), network.get("remote_port")),
    )  # fmt: skip
    return _results(replace(found, dangers=(*_plain(source, network), *_contradiction(found, config))), config)


def _plain(source: Source, network: dict[str, Any]) -> Iterator[Danger]:
    """A plain socket; on one machine nobody is on the way, until the parties run where they belong."""
    address = network.get("address")
    when = "" if not isinstance(address, str) or reach(address) is not Reach.LOCAL else ", once it is another machine"
    if network.get("scheme") == _SOCKET and not isinstance(network.get("scheme"), bool):
        detail = f"network scheme 0 is a plain socket, so whoever is on the way reads what the parties send{when}"
        yield danger(source, Hazard.PLAIN_CHANNEL, detail, "network", "scheme")


def _contradiction(found: _Config, config: dict[str, Any]) -> Iterator[Danger]:
    """Parameters of another scheme than the one that is named, and none of its own."""
    given = [section for section in _BY_SECTION if section in config]
    if given and found.scheme not in {_BY_SECTION[section] for section in given}:
        detail = f"the scheme is {found.scheme}, and the only parameters are {', '.join(given)}"
        yield danger(found.source, Hazard.CONTRADICTING_SETTINGS, detail, given[0])


def _results(found: _Config, config: dict[str, Any]) -> _Config:
    """Who learns the result, by the section of the scheme, or by the only section that there is."""
    sections = [name for name in _BY_SECTION if name in config]
    own = [name for name in sections if _BY_SECTION[name] == found.scheme] or sections
    if not own:
        return found
    section = found.source.mapping(config[own[0]], own[0])
    for key in ("obtain_result", "sender_obtain_result"):
        if key in section and not isinstance(section[key], bool):
            found.source.doubt(f"{own[0]}.{key} is not true or false", own[0], key)
    if isinstance(section.get("sender_obtain_result"), bool):
        return replace(found, result_to="both" if section["sender_obtain_result"] else "one")
    obtains = section.get("obtain_result")
    return replace(found, obtains=obtains) if isinstance(obtains, bool) else found


def _with_peer(config: _Config, configs: Sequence[_Config]) -> _Config:
    """With what the other party's file, in the same folder and with the ports crossed, says of the result."""
    if config.result_to is None and config.obtains is not None:
        peers = [other for other in configs if other.obtains is not None and _talks_to(config, other)]
        if len(peers) == 1 and (config.obtains or peers[0].obtains):
            both = config.obtains and peers[0].obtains
            config = replace(config, result_to="both" if both else "one")
    if config.result_to != "both":
        return config
    detail = "each party learns the result"
    told = danger(config.source, Hazard.RESULT_TO_BOTH, detail, *config.pointer)
    return replace(config, dangers=(*config.dangers, told))


def _talks_to(config: _Config, other: _Config) -> bool:
    folders = {posixpath.dirname(each.source.path) for each in (config, other)}
    crossed = config.ports == other.ports[::-1] and None not in config.ports
    roles = config.sender is not None and other.sender is not None and config.sender is not other.sender
    return other is not config and len(folders) == 1 and crossed and roles and config.scheme == other.scheme


def _facts(config: _Config) -> Facts:
    said = {"framework": "PETAce-SetOps", "scheme": config.scheme[:1000], "config": config.source.path}
    statement = Psi.model_validate({**said, "result_to": config.result_to}, strict=True)
    return protected(config.source, statement, "PETAce-SetOps", *config.pointer, dangers=config.dangers)


PARSER = Parser.of_configs("petace_setops", _interest, _parse, claims=True)
