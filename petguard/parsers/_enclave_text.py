"""What code, scripts and image recipes say about enclaves, line by line: the ways in which an attestation is hollow.

Only files that speak of attested environments are looked at, and no comments.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from petguard.hazards import Hazard
from petguard.parsers._enclave_settings import DEBUG_IMAGE, PINNED_BY_MEMBER, TOKENS_OF_GOOGLE, WHOLE_POOL, of_condition

_ABOUT = re.compile(
    r"(?i)confidential-space|confidentialcomputing\.googleapis|tee\.launch_policy|teeserver\.sock|tee_?backend"
    r"|mock tee token"
)
_COMMENT = re.compile(r"\s*(?://|#(?!!)|\*|--\s)")
_MOCK_TEXT = re.compile(r"mock tee token")
_MOCK_CHOSEN = re.compile(r"(?i)\btee_?backend[\"']?\s*[:=]\s*[\"']?mock\b")
_OTHERWISE = re.compile(r"\s*(?:\}\s*)?(?:else\s*[:{]|default\s*:|\*\)|case\s+_\s*:|_\s*=>)")
_MOCK_MADE = re.compile(
    r"(?i)mock\w{0,40}(?:tee|enclave|attest)\w{0,40}\s{0,3}\(|(?:tee|enclave|attest)\w{0,40}mock\w{0,40}\s{0,3}\("
)
_MD5 = re.compile(r"(?i)\bmd5(?:sum)?\b|\bmd5\.")
_NONCE = re.compile(r"(?i)nonce")
_STARTS = re.compile(r"\s*(?:ENTRYPOINT|CMD)\b")
_FETCHES = re.compile(
    r"git\s+clone|(?:pip3?|npm|yarn|apt-get|apt|apk|conda|cargo|go)\s+(?:install|add|get)\b|(?:curl|wget)\b[^|\n]{0,300}\|\s*(?:ba)?sh"
)
_OVERRIDE = re.compile(r"tee\.launch_policy\.allow_(?:env|cmd|mount)\w*\W{0,4}=\s*[\"'`]*(?!false)[\w%$*]")
_CONDITION = re.compile(r"--attribute-condition[= ]\s*([\"'])(?P<text>(?:\\.|(?!\1).){1,4000})\1", re.S)
_PROVIDER = re.compile(r"providers\s+create-oidc\b(?P<rest>(?:[^\n]*\\\n)*[^\n]*)")
_NEAR = 6  # lines between a hash and the nonce that it becomes
_BRANCH = 3  # lines of a branch in which a stand-in is made


@dataclass(frozen=True)
class Line:
    """A hazard in a 1-based line."""

    hazard: Hazard
    line: int
    detail: str


def is_about(text: str) -> bool:
    """Whether a file speaks of attested environments at all."""
    return _ABOUT.search(text) is not None


def read(text: str) -> Iterator[Line]:
    """The hazards of a file, each kind once for each line."""
    lines = ["" if _COMMENT.match(line) else line for line in text.split("\n")]
    for index, line in enumerate(lines):
        yield from _of_line(line, index + 1)
        if _OTHERWISE.match(line) and any(map(_MOCK_MADE.search, lines[index : index + _BRANCH])):
            why = "a mock backend is what remains when the setting is missing or misspelt"
            yield Line(Hazard.MOCK_ATTESTATION, index + 1, why)
        if _MD5.search(line) and any(map(_NONCE.search, lines[max(0, index - _NEAR) : index + _NEAR])):
            yield Line(Hazard.WEAK_NONCE, index + 1, "the result is bound to the evidence by its MD5")
        if _STARTS.match(line) and (fetched := _FETCHES.search(_command(lines, index))) is not None:
            why = f"the measured image runs {fetched[0][:40]} when it starts: what that brings nobody measured"
            yield Line(Hazard.CODE_AFTER_MEASUREMENT, index + 1, why)
    yield from _conditions("\n".join(lines))


def _of_line(line: str, number: int) -> Iterator[Line]:
    if _MOCK_TEXT.search(line):
        yield Line(Hazard.MOCK_ATTESTATION, number, "a text is written where a token should be")
    if _MOCK_CHOSEN.search(line):
        yield Line(Hazard.MOCK_ATTESTATION, number, "the mock backend is chosen")
    if DEBUG_IMAGE in line:
        yield Line(Hazard.DEBUG_SWITCH, number, "the debug image of Confidential Space can be started")
    if _OVERRIDE.search(line):
        yield Line(
            Hazard.LAUNCH_OVERRIDE, number, "the launch policy lets the operator change the measured image's settings"
        )


def _command(lines: list[str], index: int) -> str:
    """An instruction with the lines that continue it."""
    end = index
    while end < len(lines) - 1 and lines[end].rstrip().endswith("\\"):
        end += 1
    return "\n".join(lines[index : end + 1])


def _conditions(text: str) -> Iterator[Line]:
    """The conditions of identity pools in commands, where these are about tokens of Confidential Space."""
    if not TOKENS_OF_GOOGLE.search(text):
        return
    pinned = PINNED_BY_MEMBER.search(text) is not None
    for found in _PROVIDER.finditer(text):
        condition = _CONDITION.search(found["rest"])
        at = found.start("rest") + condition.start() if condition is not None else found.start()
        for hazard, why in of_condition(condition["text"] if condition is not None else "", pinned=pinned):
            yield Line(hazard, text.count("\n", 0, at) + 1, why)
    for found in _WHOLE_POOL_IN_COMMAND.finditer(text):
        why = "everybody in the identity pool acts as the enclave, whatever program runs"
        yield Line(Hazard.ANYBODY_IN_POOL, text.count("\n", 0, found.start()) + 1, why)


# In a command the address may be put together from several quoted pieces and calls.
_WHOLE_POOL_IN_COMMAND = re.compile(
    rf"{WHOLE_POOL.pattern}|principalSet://[^;]{{0,400}}?workloadIdentityPools/[^/\s]+/\*"
)
