"""Hashes and signatures beside models, which are claims about them."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from petguard.claims import ModelSignature
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.model_hashes import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]
HASH = "ab" * 32


def claimed(read: Read, path: str, text: str) -> list[tuple[int, str | None, str | None]]:
    """Line, file and hash of each claim in one file."""
    facts, gaps = read(PARSER, {path: text})
    assert gaps == []
    assert [node.claim for node in facts.nodes] == [claim.id for claim in facts.claims]
    said = [(claim.location.line, claim.statement) for claim in facts.claims]
    return [(line, each.artefact, each.sha256) for line, each in said if isinstance(each, ModelSignature)]


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        (
            "m/SHA256SUMS",
            f"# list\n{HASH}  w.safetensors\n{HASH} *sub/a.gguf\n",
            [(2, "m/w.safetensors"), (3, "m/sub/a.gguf")],
        ),
        ("m/w.onnx.sha256", f"{HASH}\n", [(1, "m/w.onnx")]),
        ("m/w.pt.sha256", f"{HASH.upper()}  w.pt\n", [(1, "m/w.pt")]),
        ("checksums.txt", f"SHA256 (w.bin) = {HASH}\n", [(1, "w.bin")]),
        ("m/README.md", f"# Model\n\n    {HASH}  ./w.h5\n", [(3, "m/w.h5")]),
        ("m/SHA256SUMS", f"{HASH}  ../other/w.pt\r\n", [(1, "other/w.pt")]),
    ],
)
def test_a_hash_of_a_model_is_a_claim(read: Read, path: str, text: str, found: list[tuple[int, str]]) -> None:
    """In the forms that the usual tools write."""
    assert claimed(read, path, text) == [(line, name, HASH) for line, name in found]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("SHA256SUMS", f"{HASH}  petguard-1.0.tar.gz\n"),
        ("SHA256SUMS", f"{HASH[:40]}  w.pt\n"),
        ("notes.txt", f"{HASH}  w.pt\n"),
        ("README.md", f"the commit {HASH} w.pt\n"),
        ("SHA256SUMS", "x" * 100_000),
        ("SHA256SUMS", ""),
    ],
)
def test_anything_else_claims_nothing(read: Read, path: str, text: str) -> None:
    """Packages, other hashes, prose and what is no list."""
    assert claimed(read, path, text) == []


def bundle(payload: Any) -> str:
    """A signature around some payload."""
    raw = base64.b64encode(payload if isinstance(payload, bytes) else json.dumps(payload).encode()).decode()
    return json.dumps({"dsseEnvelope": {"payload": raw, "payloadType": "x", "signatures": []}})


def signing(name: Any) -> dict[str, Any]:
    """What OpenSSF model signing signs, as far as this parser looks."""
    return {"predicateType": "https://model_signing/signature/v1.0", "subject": [{"name": name}]}


@pytest.mark.parametrize(
    ("path", "subject", "artefact"),
    [
        ("m.sig", "m", "m"),
        ("m/model.sig", "m", "m"),
        ("model.sig", "model", "model"),
        ("model.sig", "", "."),
        ("a/s.sig", 3, "a"),
    ],
)
def test_a_signature_is_a_claim_about_its_model(read: Read, path: str, subject: Any, artefact: str) -> None:
    """The folder it lies in when that is called so, else what lies beside it."""
    facts, _ = read(PARSER, {path: bundle(signing(subject))})
    assert [claim.statement for claim in facts.claims] == [ModelSignature(artefact=artefact, signature=path)]


def test_a_signature_of_a_package_is_no_claim(read: Read) -> None:
    """Build provenance says nothing about a model."""
    assert read(PARSER, {"a.sig": bundle({"predicateType": "https://slsa.dev/provenance/v1"})}) == (Facts(), [])


@pytest.mark.parametrize(
    "text", [bundle(signing("m"))[:80], bundle(b"https://model_signing/"), bundle({**signing("m"), "subject": []})]
)
def test_a_signature_that_is_cut_off_is_a_gap(read: Read, text: str) -> None:
    """Nothing is known about the model it was for."""
    facts, gaps = read(PARSER, {"m.sig": text})
    assert facts == Facts()
    assert len(gaps) == 1 or '"payload"' not in text


def test_too_many_hashes_are_a_gap(read: Read) -> None:
    """Nobody reads ten thousand verdicts."""
    text = "".join(f"{HASH}  {n}.pt\n" for n in range(10_001))
    _, gaps = read(PARSER, {"SHA256SUMS": text})
    assert [gap.reason for gap in gaps] == ["too_large"]
