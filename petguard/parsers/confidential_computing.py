"""Confidential computing as it is deployed: who claims that an enclave protects something, and what makes that hollow.

A setting that asks for confidential hardware is a claim without evidence. A condition for keys, a script or code that
handles attestation is one where it shows a known way to fail. Tests are not looked at: they deploy nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from petguard.claims import TeeAttestation
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, read_hcl, read_json, read_yaml, yaml_parts
from petguard.errors import UnreadableInput
from petguard.model import Asset, Claim, Danger, Facts, Gap, Location, Node, NodeKind, Origin, State
from petguard.parsers import Parser, _enclave_settings, _enclave_text
from petguard.parsers._enclave_settings import Pointer
from petguard.parsers._infrastructure import unpacked
from petguard.parsers._lines import Lines
from petguard.parsers._source import Source

_DOCUMENTS = frozenset({".tf", ".tofu", ".json", ".yaml", ".yml", ".template"})
_TEXTS = frozenset({".go", ".py", ".sh", ".bash", ".ts", ".js", ".java", ".kt", ".rs", ".cs", ".env", ""})
_LONGEST = 300  # characters of a subject
_RECIPE = re.compile(r"(?i)(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-][\w-]+)?")
_TEST = re.compile(r"(?:^|/)(?:tests?|testdata|__tests__)/|_test\.go$|(?:^|/)test_[^/]*\.py$|\.(?:spec|test)\.[jt]s$")
_TELLING = (
    *(b"onfidential", b"nclave_options", b"nclaveOptions", b"amd_sev_snp", b"AmdSevSnp", b"RecipientAttestation"),
    *(b"attest.azure.net", b"kata-", b"vtpm_enabled", b"ecurity_encryption_type", b"ecurityEncryptionType"),
    *(b"launch_policy", b"teeserver.sock", b"TEE_BACKEND", b"teeBackend", b"mock tee token", b"principalSet://"),
    *(b"tee-image-reference", b"roles/storage."),
)


@dataclass
class _File:
    """What one file says: claims, each with where its resource stands, and ways to fail that belong to no claim."""

    path: str
    claims: list[tuple[Pointer, Claim]] = field(default_factory=list)
    dangers: list[Danger] = field(default_factory=list)

    def add(self, pointer: Pointer, danger: Danger) -> None:
        """Put a danger beside the claims of the same resource, or beside none."""
        beside = [index for index, (place, _) in enumerate(self.claims) if place and pointer[: len(place)] == place]
        for index in beside:
            place, claim = self.claims[index]
            self.claims[index] = (place, claim.model_copy(update={"dangers": (*claim.dangers, danger)}))
        if not beside:
            self.dangers.append(danger)


@dataclass(frozen=True)
class _Part:
    """One document of a file."""

    source: Source
    value: object


def _interest(candidate: Candidate) -> Interest:
    kind = candidate.suffix in _DOCUMENTS or candidate.suffix in _TEXTS or _RECIPE.fullmatch(candidate.name)
    if not kind or candidate.is_binary or _TEST.search(candidate.path):
        return Interest.NONE
    return Interest.READ if any(word in candidate.data for word in _TELLING) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    folders: dict[str, list[Input]] = defaultdict(list)
    for item in inputs:
        folders[item.path.rpartition("/")[0]].append(item)
    for folder in sorted(folders):
        yield from _folder(folders[folder])


def _folder(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    """The files of a folder belong together: a pool in one of them is joined by members in another."""
    parts: dict[str, list[_Part]] = {}
    for item in inputs:
        parts[item.path] = []
        for found in _parts(item):
            if isinstance(found, Gap):
                yield found
            else:
                parts[item.path].append(found)
    around = "\n".join(item.text for item in inputs)
    files = {item.path: _of_file(item, parts[item.path], around) for item in inputs}
    by_path = {each.source.path: each.source for held in parts.values() for each in held}
    grants = (
        grant for path, held in parts.items() for each in held for grant in _enclave_settings.grants(path, each.value)
    )
    for path, weakness in _enclave_settings.around_the_enclave(grants):
        files[path].add((), _danger(by_path[path], weakness))
    yield from (_facts(each) for each in files.values() if each.claims or each.dangers)


def _parts(item: Input) -> Iterator[_Part | Gap]:
    """The documents of a file; a template that is no YAML yet is only read line by line."""
    try:
        for document in _documents(item):
            yield _Part(Source(item.path, item.text, document), unpacked(document.value))
    except (UnreadableInput, RecursionError) as error:
        if "{{" not in item.text:
            detail = error.detail if isinstance(error, UnreadableInput) else "nested too deeply"
            line = error.line if isinstance(error, UnreadableInput) else None
            yield Gap(path=item.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=line)


def _documents(item: Input) -> Iterator[Document]:
    if item.path.endswith((".tf", ".tofu")):
        yield read_hcl(item.text)[0]
    elif item.path.endswith((".yaml", ".yml", ".template")) and not item.text.lstrip().startswith("{"):
        yield from (read_yaml(part).below(above) for above, part in yaml_parts(item.text))
    elif item.path.endswith((".json", ".template")):
        yield read_json(item.text)


def _of_file(item: Input, parts: Sequence[_Part], around: str) -> _File:
    found = _File(item.path)
    for part in parts:
        for each in _enclave_settings.declared(part.value):
            label = ".".join(str(step) for step in each.pointer if isinstance(step, str)) or "settings"
            claim = _claim(part.source.at(*each.pointer), each.kind, f"{item.path}#{label}")
            found.claims.append((_resource(each.pointer), claim))
        for weakness in _enclave_settings.weaknesses(part.value, around):
            found.add(weakness.pointer, _danger(part.source, weakness))
    if not parts and (runtime := _enclave_settings.RUNTIME_OF_TEMPLATE.search(item.text)) is not None:
        place = Lines(item.path, item.text).at(item.text.count("\n", 0, runtime.start("name")) + 1)
        found.claims.append(((), _claim(place, _enclave_settings.kind_of(runtime["name"]) or None, item.path)))
    structured = item.path.endswith((".tf", ".tofu", ".json"))
    if not structured and _enclave_text.is_about(item.text):
        lines = Lines(item.path, item.text)
        for line in _enclave_text.read(item.text):
            found.add((), Danger(hazard=line.hazard, location=lines.at(line.line), detail=line.detail))
    return found


def _resource(pointer: Pointer) -> Pointer:
    """Where the resource stands that a setting belongs to; nowhere when the file is not made of resources."""
    steps = {"resource": 3, "Resources": 2, "resources": 2}.get(str(pointer[0]) if pointer else "", 0)
    return pointer[:steps]


def _danger(source: Source, weakness: _enclave_settings.Weakness) -> Danger:
    return Danger(hazard=weakness.hazard, location=source.at(*weakness.pointer), detail=weakness.detail)


def _facts(file: _File) -> Facts:
    """A claim for each piece of hardware that is asked for, and one for a file that shows other ways to fail."""
    claims = [claim for _, claim in file.claims]
    dangers = sorted(dict.fromkeys(file.dangers), key=lambda each: (each.location.line, each.hazard))
    if dangers:
        claims.append(_claim(dangers[0].location, None, file.path).model_copy(update={"dangers": tuple(dangers)}))
    return Facts(nodes=tuple(_nodes(claims)), claims=tuple(claims))


def _claim(place: Location, kind: str | None, subject: str) -> Claim:
    return Claim(
        id=f"tee_attestation:{subject[:_LONGEST]}:{place.line}:{place.column}",
        statement=TeeAttestation.model_validate({"kind": kind}),
        location=place,
        subject=subject[:_LONGEST],
        origin=Origin.DECLARED,
    )


def _nodes(claims: Iterable[Claim]) -> Iterator[Node]:
    for claim in claims:
        yield Node(
            id=f"pet:{claim.id}",
            kind=NodeKind.PROTECTION,
            asset=Asset.PET,
            name="confidential computing",
            technique="tee_attestation",
            claim=claim.id,
            origin=Origin.DECLARED,
            locations=(claim.location,),
        )


PARSER = Parser.of_configs("confidential_computing", _interest, _parse)
