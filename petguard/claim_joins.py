"""Joins what is said about one protection in several places: code, hand, cards, checkpoints and configurations.

What was found where the protection is applied decides, what is stated elsewhere fills in the rest with its place, and
where both speak and differ, the claim carries a conflict. Where it is not plain what belongs together, nothing is
joined: the number stays missing, and the claim unverifiable.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from posixpath import dirname
from typing import Any

from pydantic import ValidationError

from petguard.claims import DpQuery, DpSgd, Statement
from petguard.model import Claim, Facts, Origin, Setting

# Where a claim points to, rather than what it says about the protection.
_POINTERS = frozenset({"technique", "subject", "artefact", "config", "at"})
_MAY_BE_ELSEWHERE = frozenset({"epsilon", "delta", "dataset_size"})  # code often does not say them at all
_METADATA = "smartnoise-sql"  # the package whose claims a file of metadata speaks of


def joined(facts: Sequence[Facts]) -> tuple[tuple[Claim, ...], frozenset[str]]:
    """The claims as they are to be judged, in reading order, and the ids of those that went into others.

    A declared claim that speaks of nothing detected stays a claim of its own. One about a file or function with
    several detected claims speaks of each: judged by itself, it could come out as verified from stated numbers alone,
    next to code that contradicts them.
    """
    claims = [claim for part in facts for claim in part.claims]
    detected = {claim.id: claim for claim in claims if claim.origin is Origin.DETECTED}
    alone = []
    for claim in (claim for claim in claims if claim.origin is Origin.DECLARED):
        spoken_of = _spoken_of(claim, tuple(detected.values()))
        detected |= {found.id: _merged(found, claim) for found in spoken_of}
        alone += [] if spoken_of else [claim]
    detected, ledgers = _with_ledgers(detected)
    known = {node.claim for part in facts for node in part.nodes if node.name == _METADATA}
    pairs = list(_of_projects([*detected.values()], alone, known))
    for found, stated in pairs:
        detected[found.id] = _merged(detected[found.id], stated)
    settings = [setting for part in facts for setting in part.settings]
    kept = [claim for claim in alone if claim.id not in {stated.id for _, stated in pairs} and _says_something(claim)]
    homes = [dirname(claim.location.path) for claim in detected.values()]
    whole = (*(_with_settings(claim, _of_its_own(claim, settings, homes)) for claim in detected.values()), *kept)
    left = {claim.id for claim in whole}
    answered = frozenset(claim.id for claim in claims if claim.id not in left)
    return tuple(sorted(whole, key=_order)), answered | ledgers


def _order(claim: Claim) -> tuple[str, int, int, str]:
    return claim.location.path, claim.location.line, claim.location.column, claim.id


def _says_something(claim: Claim) -> bool:
    """Whether it is worth a verdict; metadata of a table without a hazard states nothing by itself."""
    return bool(claim.stated or claim.dangers) or not (isinstance(claim.statement, DpQuery) and _of_project(claim))


def _spoken_of(declared: Claim, detected: Sequence[Claim]) -> list[Claim]:
    """The detected claims of the same technique that have the declared one's subject, else those in its file.

    A function that holds no detected claim, but whose file does, leads to the file: it may call the one that does.
    """
    same = [claim for claim in detected if claim.technique == declared.technique]
    said = declared.statement
    pointers = {declared.subject, getattr(said, "config", None), getattr(said, "checkpoint", None)}
    exact = [claim for claim in same if claim.subject in pointers]
    files = pointers | {declared.subject.partition(":")[0]}
    return exact or [claim for claim in same if claim.location.path in files]


def _with_ledgers(detected: Mapping[str, Claim]) -> tuple[dict[str, Claim], frozenset[str]]:
    """Where a claim names the checkpoint whose ledger was read, it gets that; and which claims these were."""
    ledgers = {claim.subject: claim for claim in detected.values() if _is_ledger(claim)}
    named = {claim.id: _checkpoint(claim) for claim in detected.values() if not _is_ledger(claim)}
    used = {claim.id for path, claim in ledgers.items() if path in named.values()}
    whole = {
        key: _merged(claim, ledgers[path]) if (path := named.get(key)) in ledgers else claim
        for key, claim in detected.items()
        if key not in used
    }
    return {key: _against_ledger(claim) for key, claim in whole.items()}, frozenset(used)


def _is_ledger(claim: Claim) -> bool:
    return isinstance(claim.statement, DpSgd) and claim.statement.checkpoint == claim.location.path == claim.subject


def _checkpoint(claim: Claim) -> str:
    return getattr(claim.statement, "checkpoint", None) or ""


def _against_ledger(claim: Claim) -> Claim:
    """The claim with a conflict where it states another noise than every step of its ledger had."""
    said = claim.statement
    if not isinstance(said, DpSgd) or not said.ledger or said.noise_multiplier is None:
        return claim
    noises = {step.noise_multiplier for step in said.ledger}
    if said.noise_multiplier in noises:
        return claim
    place = claim.stated_in.get("ledger", said.checkpoint or claim.location.path)
    found = {"found": said.noise_multiplier, "stated": min(noises), "stated_in": place}
    return claim.model_copy(update={"conflicts": {**claim.conflicts, "noise_multiplier": found}})


def _of_project(claim: Claim) -> bool:
    """Whether it speaks of the project that its file lies in, and not of a place."""
    return claim.origin is Origin.DECLARED and claim.subject == claim.location.path


def _of_projects(
    detected: Sequence[Claim], alone: Sequence[Claim], metadata: set[str | None]
) -> Iterator[tuple[Claim, Claim]]:
    """The one claim of a project with what the one card of the project says about it.

    The project of a claim is the nearest folder above it with a card that speaks of its technique.
    """
    cards = [claim for claim in alone if _of_project(claim)]
    at: dict[tuple[str, str], list[Claim]] = {}
    for claim in detected:
        if isinstance(claim.statement, DpQuery) and claim.id not in metadata:
            continue
        folders = {dirname(card.location.path) for card in cards if card.technique == claim.technique}
        above = [folder for folder in folders if _lies_in(claim.location.path, folder)]
        if above:
            at.setdefault((max(above, key=len), claim.technique), []).append(claim)
    for (folder, technique), found in at.items():
        here = [card for card in cards if card.technique == technique and dirname(card.location.path) == folder]
        if len(found) == len(here) == 1:
            yield found[0], here[0]


def _lies_in(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _merged(found: Claim, declared: Claim) -> Claim:
    ours, theirs = _fields(found.statement), _fields(declared.statement)
    place = f"{declared.location.path}:{declared.location.line}"
    conflicts = {
        name: {"found": ours[name], "stated": theirs[name], "stated_in": declared.stated_in.get(name, place)}
        for name in sorted(ours.keys() & theirs.keys())
        if ours[name] != theirs[name]
    }
    new = {name: value for name, value in theirs.items() if name not in ours}
    unresolved = {name: why for name, why in declared.unresolved.items() if name not in ours} | dict(found.unresolved)
    return found.model_copy(
        update={
            "statement": found.statement.model_copy(update=new),
            "conflicts": {**found.conflicts, **conflicts},
            "stated_in": {**found.stated_in, **{name: declared.stated_in.get(name, place) for name in new}},
            "unresolved": {name: why for name, why in unresolved.items() if name not in new},
            "doubts": tuple(dict.fromkeys((*found.doubts, *declared.doubts))),
            "dangers": tuple(dict.fromkeys((*found.dangers, *declared.dangers))),
        }
    )


def _fields(statement: Statement) -> dict[str, Any]:
    """What a statement says, by field."""
    return {
        name: getattr(statement, name)
        for name in type(statement).model_fields
        if name not in _POINTERS and getattr(statement, name) not in (None, ())
    }


def _with_settings(claim: Claim, settings: Sequence[Setting]) -> Claim:
    """The claim with the numbers that it lacks, from the one configuration or card of its project that has them."""
    if not claim.technique.endswith(("_dp", "dp_sgd", "secure_aggregation")):
        return claim
    for name in type(claim.statement).model_fields:
        setting = _setting(claim, name, settings)
        claim = claim if setting is None else _set(claim, setting)
    return claim


def _of_its_own(claim: Claim, settings: Sequence[Setting], homes: Sequence[str]) -> list[Setting]:
    """The settings to which no other claim is nearer: what lies in the folder of another project is about that one."""
    home = dirname(claim.location.path)
    return [
        setting
        for setting in settings
        if _shared(setting.location.path, home) >= max(_shared(setting.location.path, each) for each in homes)
    ]


def _shared(path: str, folder: str) -> int:
    """How many folders a file has in common with a folder."""
    pairs = zip(dirname(path).split("/"), folder.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] != "", pairs))


def _setting(claim: Claim, name: str, settings: Sequence[Setting]) -> Setting | None:
    """The setting of a field that the claim lacks; one that the code computes only under its name there."""
    if getattr(claim.statement, name) not in (None, ()):
        return None
    fitting = [each for each in settings if each.field == name and each.location.path != claim.location.path]
    if name in claim.unresolved:
        fitting = [each for each in fitting if _is_named(each.key, str(claim.unresolved[name]))]
    elif name not in _MAY_BE_ELSEWHERE:
        return None
    return _nearest(claim, fitting)


def _is_named(key: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text) is not None


def _nearest(claim: Claim, settings: Sequence[Setting]) -> Setting | None:
    """The one setting at the nearest folder above the claim below which there is any; of two files neither."""
    folder = dirname(claim.location.path)
    while True:
        here = [each for each in settings if _lies_in(each.location.path, folder)]
        if here or not folder:
            return here[0] if len({(each.location.path, each.value) for each in here}) == 1 else None
        folder = dirname(folder)


def _set(claim: Claim, setting: Setting) -> Claim:
    """The claim with a setting; one that its field cannot hold leaves it as it is."""
    said = claim.statement.model_dump()
    whole = isinstance(setting.value, float) and setting.value.is_integer()
    value = int(setting.value) if whole else setting.value
    try:
        statement = type(claim.statement).model_validate({**said, setting.field: value})
    except ValidationError:
        return claim
    place = f"{setting.location.path}:{setting.location.line}"
    return claim.model_copy(
        update={
            "statement": statement,
            "stated_in": {**claim.stated_in, setting.field: place},
            "unresolved": {name: why for name, why in claim.unresolved.items() if name != setting.field},
        }
    )
