"""Judges the configuration of a guardrail: it can show that something passes, and never that nothing does."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from petguard.artefacts import Undecided
from petguard.claims import Redaction
from petguard.documents import Document, read_hcl, read_json, read_yaml_all
from petguard.errors import UnreadableInput
from petguard.model import Claim, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench
from petguard.verifiers._entities import entity
from petguard.verifiers._guardrail_formats import Guard, guards

_METHOD = "the configuration, read without running anything"
_MOST_BYTES = 4 * 1024 * 1024
_FORMATS = "LiteLLM, NeMo Guardrails, Amazon Bedrock, Presidio and Guardrails AI"
_NEEDED = "how much it misses only a probe can show: state probe: module:function and max_leak"


def judge(claim: Claim, said: Redaction, bench: Bench) -> Verdict:
    """Refuted when what is claimed to be redacted passes, by the file alone."""
    name = said.config or ""
    read = [guard for document in _documents(bench, name) for guard in guards(document)]
    found = [_completed(guard, bench, name) for guard in _meant(claim, read)]
    if not found:
        raise Undecided(Reason.GAP, f"{name} configures no guardrail of {_FORMATS} that petguard can read")
    kinds = list(dict.fromkeys(map(entity, said.entities)))
    passed = dict(_passed(found, kinds))
    if passed:
        return _refuted(claim, name, passed)
    listed = ", ".join(f"{guard.name} (line {guard.line})" for guard in found if guard.idle is None)
    why = f"{name}: {listed} stands before the call{_about(kinds)}; {_NEEDED}"
    return unverifiable(claim, Reason.NOT_SUFFICIENT, why, method=_METHOD)


def _documents(bench: Bench, name: str) -> list[Document]:
    try:
        text = bench.files.read(name, _MOST_BYTES).decode("utf-8-sig")
        if name.endswith((".tf", ".tofu", ".hcl")):
            document, broken = read_hcl(text)
            if broken:
                raise Undecided(Reason.GAP, f"{name}:{broken[0]} is no HCL that can be read")
            return [document]
        return [read_json(text)] if name.endswith(".json") else read_yaml_all(text)
    except UnreadableInput as error:
        raise Undecided(Reason.GAP, f"{name}: {error.detail}") from error
    except UnicodeDecodeError as error:
        raise Undecided(Reason.GAP, f"{name} is no text") from error


def _completed(guard: Guard, bench: Bench, name: str) -> Guard:
    """A guardrail of which the file does not say everything, when others of the folder are read with it."""
    folder = PurePosixPath(name).parent
    beside = (each for each in bench.files.ending((".yml", ".yaml")) if PurePosixPath(each).parent == folder)
    if not guard.split or not any(each != PurePosixPath(name).as_posix() for each in beside):
        return guard
    return replace(guard, idle=None, others=None)


def _meant(claim: Claim, found: list[Guard]) -> list[Guard]:
    """The one that the claim names as `path#name`, or else all of them."""
    _, _, name = claim.subject.rpartition("#")
    return [guard for guard in found if guard.name == name] or found


def _passed(found: Sequence[Guard], kinds: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What passes all guardrails, with the reasons; without stated entities, whatever is personal."""
    if all(guard.idle is not None for guard in found):
        yield "everything", _reasons((guard, guard.idle or "") for guard in found)
        return
    for kind in kinds or [each for guard in found for each in guard.actions]:
        left = [(guard, guard.leaves(kind)) for guard in found]
        if all(why is not None for _, why in left):
            yield kind, _reasons((guard, why or "") for guard, why in left)


def _reasons(left: "Iterator[tuple[Guard, str]] | Sequence[tuple[Guard, str]]") -> str:
    return "; ".join(f"{guard.name} (line {guard.line}): {why}" for guard, why in left)


def _refuted(claim: Claim, name: str, passed: dict[str, str]) -> Verdict:
    first = next(iter(passed.items()))
    more = f"; and {len(passed) - 1:,} more" if len(passed) > 1 else ""
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, explanation=f"{name}: {first[0]} passes: {first[1]}{more}",
        witness={"config": name, "passes": passed}, method=_METHOD,
    )  # fmt: skip


def _about(kinds: Sequence[str]) -> str:
    return f" and is configured for {', '.join(kinds)}" if kinds else ""
