"""What infrastructure settings say about enclaves: hardware that is asked for, and who gets keys and data.

The same words stand in Terraform, CloudFormation, Kubernetes and resource manager files with other capitals, so one
table reads all of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from petguard.documents import Step
from petguard.hazards import Hazard
from petguard.parsers._infrastructure import texts
from petguard.parsers._source import mappings

Pointer = tuple[Step, ...]

TOKENS_OF_GOOGLE = re.compile(r"confidentialcomputing\.googleapis\.com|CONFIDENTIAL_SPACE")
PINNED_BY_MEMBER = re.compile(r"attribute\.image_digest/|subject/gcpcs::sha256")
WHOLE_POOL = re.compile(r"principalSet://[^\s'\"]{0,300}?workloadIdentityPools/[^/\s'\"]{1,100}/\*")
DEBUG_IMAGE = "confidential-space-debug"
_DEBUG_IMAGE = re.compile(rf"(?:.*/)?{DEBUG_IMAGE}[\w-]*")
_RUNTIME = re.compile(r"kata-(?:cc|remote|qemu-(?:snp|sev|tdx|se|coco))[\w-]*")
RUNTIME_OF_TEMPLATE = re.compile(rf"(?m)^\s*(?:- )?runtimeClassName:\s*[\"']?(?P<name>{_RUNTIME.pattern})")
_KINDS = {"sev_snp": "sev_snp", "snp": "sev_snp", "tdx": "tdx"}
_ENCRYPTED_STATE = frozenset({"vmgueststateonly", "diskwithvmgueststate"})
_RECIPIENT = "kms:RecipientAttestation:"
_PROGRAM = frozenset({"imagesha384", "pcr0", "pcr2"})
_AZURE_PROGRAM = re.compile(r"(?i)launchmeasurement|hostdata|mrenclave")
_ZEROS = re.compile(r"0{16,}")
_READS_STORAGE = re.compile(r"roles/(?:storage\.(?:admin|object\w+|legacyObject\w+)|owner|editor)")
_WORKLOAD = "roles/confidentialcomputing.workloadUser"


@dataclass(frozen=True)
class Declared:
    """Hardware that a setting asks for; `kind` None where it does not say which."""

    pointer: Pointer
    kind: str | None


@dataclass(frozen=True)
class Weakness:
    """A known way to fail that a setting shows."""

    hazard: Hazard
    pointer: Pointer
    detail: str


def declared(value: Any) -> Iterator[Declared]:
    """Every setting that asks for confidential hardware."""
    for pointer, mapping in mappings(value, ()):
        said = {_plain(key): inner for key, inner in mapping.items() if isinstance(key, str)}
        block = next((_plain(step) for step in reversed(pointer) if isinstance(step, str)), "")
        kind = _by_block(block, said)
        kind = _by_key(said) if kind is None else kind
        if kind is not None:
            yield Declared(pointer, kind or None)


def _by_block(block: str, said: Mapping[str, Any]) -> str | None:
    """The kind, an empty text where it is open, None where the block asks for nothing."""
    on = _is_on(said.get("enabled"))
    if block == "enclaveoptions":
        return "nitro" if on else None
    if block == "cpuoptions":
        return "sev_snp" if said.get("amdsevsnp") == "enabled" else None
    if block == "confidentialnodes":
        return _kind(said.get("confidentialinstancetype")) if on else None
    if block == "confidentialinstanceconfig":
        stated = said.get("confidentialinstancetype")
        return _kind(stated) if _is_on(said.get("enableconfidentialcompute")) or isinstance(stated, str) else None
    return None


def _by_key(said: Mapping[str, Any]) -> str | None:
    """As `_by_block`, for settings that stand among others."""
    runtime = said.get("runtimeclassname")
    if isinstance(runtime, str) and _RUNTIME.fullmatch(runtime):
        return kind_of(runtime)
    encrypted = str(said.get("securityencryptiontype")).lower() in _ENCRYPTED_STATE
    measured = _is_on(said.get("vtpmenabled")) and _is_on(said.get("securebootenabled"))
    return "" if encrypted or measured or said.get("securitytype") == "ConfidentialVM" else None


def kind_of(runtime: str) -> str:
    """The kind that a runtime class names, or an empty text."""
    return _kind(runtime.rpartition("-")[2])


def _kind(stated: Any) -> str:
    return _KINDS.get(str(stated).lower(), "")


def _is_on(value: Any) -> bool:
    return value is True or value == "true"


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def weaknesses(value: Any, around: str) -> Iterator[Weakness]:
    """Every weak condition, image and member; `around` is the text of the files that belong together."""
    google = TOKENS_OF_GOOGLE.search(around) is not None
    for pointer, mapping in mappings(value, ()):
        yield from _provider(pointer, mapping, pinned=PINNED_BY_MEMBER.search(around) is not None)
        yield from _recipient(pointer, mapping)
        yield from _release_policy(pointer, mapping)
    for pointer, text, _ in texts(value):
        if _DEBUG_IMAGE.fullmatch(text):
            yield Weakness(Hazard.DEBUG_ENCLAVE, pointer, "the debug image of Confidential Space is started")
        if google and WHOLE_POOL.search(text):
            why = "everybody in the identity pool acts as the enclave, whatever program runs"
            yield Weakness(Hazard.ANYBODY_IN_POOL, pointer, why)
        if pointer and pointer[-1] == "tee-image-reference" and "@sha256:" not in text and "${" not in text:
            yield Weakness(Hazard.ENCLAVE_IMAGE_NOT_PINNED, pointer, f"the enclave runs {text[:100]}, by a tag")


def _provider(pointer: Pointer, mapping: Mapping[str, Any], *, pinned: bool) -> Iterator[Weakness]:
    """An identity provider for tokens of Confidential Space."""
    said = {_plain(key): (key, inner) for key, inner in mapping.items() if isinstance(key, str)}
    key, condition = said.get("attributecondition", (None, ""))
    issuer = any("confidentialcomputing.googleapis.com" in text for _, text, _ in texts(mapping.get("oidc")))
    if not isinstance(condition, str) or not (issuer or TOKENS_OF_GOOGLE.search(condition)):
        return
    place = (*pointer, key) if key is not None else pointer
    for hazard, why in of_condition(condition, pinned=pinned):
        yield Weakness(hazard, place, why)


def of_condition(condition: str, *, pinned: bool) -> Iterator[tuple[Hazard, str]]:
    """What a condition on Google's tokens leaves open; what stands in a variable is given the benefit of the doubt."""
    if "${" in condition:
        return
    if "image_digest" not in condition and "image_signatures" not in condition and not pinned:
        yield Hazard.KEY_RELEASED_TO_ANY_PROGRAM, "the condition does not name the image_digest that may have the key"
    if "dbgstat" not in condition and "support_attributes" not in condition:
        yield (
            Hazard.KEY_RELEASED_TO_DEBUG,
            "the condition excludes no debugging: neither dbgstat nor STABLE is asked for",
        )


def _recipient(pointer: Pointer, mapping: Mapping[str, Any]) -> Iterator[Weakness]:
    """A statement of an AWS key policy that looks at an enclave."""
    key = next((name for name in ("Condition", "condition") if name in mapping), None)
    if key is None:
        return
    asked = dict(_asked(mapping[key]))
    place = (*pointer, key)
    if asked and not asked.keys() & _PROGRAM:
        why = f"the key is released by {', '.join(sorted(asked))}, which do not say which image runs"
        yield Weakness(Hazard.KEY_RELEASED_TO_ANY_PROGRAM, place, why)
    if any(_ZEROS.fullmatch(text) for values in asked.values() for text in values):
        yield Weakness(
            Hazard.KEY_RELEASED_TO_DEBUG, place, "a measurement of zeros is that of an enclave in debug mode"
        )
    if any("*" in text for name in asked.keys() & _PROGRAM for text in asked[name]):
        yield Weakness(Hazard.KEY_RELEASED_TO_ANY_PROGRAM, place, "the measurement that is asked for has a wildcard")


def _asked(condition: Any) -> Iterator[tuple[str, list[str]]]:
    """The measurements that a condition compares, with the values that it allows."""
    for _, mapping in mappings(condition, ()):
        for key, inner in mapping.items():
            if isinstance(key, str) and key.startswith(_RECIPIENT):
                yield key.removeprefix(_RECIPIENT).lower(), [text for _, text, _ in texts(inner)]
        variable = mapping.get("variable")
        if isinstance(variable, str) and variable.startswith(_RECIPIENT):
            yield variable.removeprefix(_RECIPIENT).lower(), [text for _, text, _ in texts(mapping.get("values"))]


def _release_policy(pointer: Pointer, mapping: Mapping[str, Any]) -> Iterator[Weakness]:
    """One authority of an Azure key release policy."""
    authority = mapping.get("authority")
    if not isinstance(authority, str) or "attest.azure.net" not in authority:
        return
    asked = [str(inner.get("claim")) for _, inner in mappings(mapping, ()) if "claim" in inner]
    if not any(_AZURE_PROGRAM.search(claim) for claim in asked):
        why = "the release policy asks for no launch measurement, host data or enclave hash"
        yield Weakness(Hazard.KEY_RELEASED_TO_ANY_PROGRAM, pointer, why)
    if not any("is-debuggable" in claim for claim in asked):
        yield Weakness(
            Hazard.KEY_RELEASED_TO_DEBUG, pointer, "the release policy does not ask that is-debuggable is false"
        )


@dataclass(frozen=True)
class Grant:
    """Somebody may do something: a project-wide right has no bucket."""

    path: str
    pointer: Pointer
    role: str
    member: str
    bucket: str | None


def grants(path: str, value: Any) -> Iterator[Grant]:
    """The roles that Terraform's resources for Google give, one member each."""
    for pointer, mapping in mappings(value, ()):
        role, member = mapping.get("role"), mapping.get("member")
        if isinstance(role, str) and isinstance(member, str):
            bucket = mapping.get("bucket")
            yield Grant(path, pointer, role, member, bucket if isinstance(bucket, str) else None)


def around_the_enclave(all_grants: Iterable[Grant]) -> Iterator[tuple[str, Weakness]]:
    """The grants by which somebody else reads what the enclave's own account reads, each with its file."""
    known = tuple(all_grants)
    enclaves = {each.member for each in known if each.role == _WORKLOAD}
    reading = [each for each in known if _READS_STORAGE.fullmatch(each.role)]
    open_to = {each.bucket for each in reading if each.member in enclaves}
    for each in reading:
        if open_to and each.member not in enclaves and (each.bucket is None or {each.bucket, None} & open_to):
            why = f"{each.member[:120]} has {each.role} on data that the enclave's account reads"
            yield each.path, Weakness(Hazard.PATH_AROUND_ENCLAVE, (*each.pointer, "member"), why)
