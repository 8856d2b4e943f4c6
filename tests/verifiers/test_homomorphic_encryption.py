"""Homomorphic encryption: the table cell by cell, the estimate beside it, Paillier, and keys that are shipped along."""

import base64
import json
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard import he_files, he_standard, verifiers
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _lattice
from tests.benches import NOWHERE, bench

# The standard's table, written down a second time: degree, then the largest log2 q for 128, 192 and 256 bits.
_TABLE = {
    1024: (27, 19, 14), 2048: (54, 37, 29), 4096: (109, 75, 58), 8192: (218, 152, 118), 16384: (438, 305, 237),
    32768: (881, 611, 476), 65536: (1747, 1199, 929), 131072: (3523, 2411, 1866),
}  # fmt: skip
_CELLS = [
    (degree, bits, most) for degree, row in _TABLE.items() for bits, most in zip((128, 192, 256), row, strict=True)
]
_GOOD: dict[str, Any] = {
    "scheme": "ckks",
    "poly_modulus_degree": 8192,
    "coeff_mod_bit_sizes": [60, 40, 40, 60],
    "bits": 128,
}
_UNIFORM: dict[str, Any] = {"secret": "uniform"}
_SPARSE: dict[str, Any] = {"secret": "sparse_ternary"}


def judge(root: Path = NOWHERE, unresolved: dict[str, str] | None = None, **said: Any) -> Verdict:
    """The verdict on a claim with these fields."""
    fields = {name: value for name, value in said.items() if value is not None}
    statement = STATEMENT.validate_python({"technique": "homomorphic_encryption", **fields})
    claim = Claim(
        id="c", statement=statement, location=Location(path="a.py"), subject="a.py", unresolved=unresolved or {}
    )
    return verifiers.judge_all([claim], bench(root=root))[0]


@pytest.mark.parametrize(("degree", "bits", "most"), _CELLS)
def test_every_cell_of_the_table_is_verified(degree: int, bits: int, most: int) -> None:
    """A modulus that just fits gives the level, by table and estimate; one bit more is not verified any more."""
    assert he_standard.limit(degree, bits) == most
    assert judge(poly_modulus_degree=degree, log_q=most, bits=bits).outcome is Outcome.VERIFIED
    assert judge(poly_modulus_degree=degree, log_q=most + 1, bits=bits).outcome is not Outcome.VERIFIED


@pytest.mark.parametrize(("degree", "bits", "most"), _CELLS)
def test_a_modulus_half_as_long_again_is_refuted(degree: int, bits: int, most: int) -> None:
    """Then table and estimate agree that the level is not met, whatever the degree."""
    verdict = judge(poly_modulus_degree=degree, log_q=most * 1.5, bits=bits)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["log_q_at_most"] == most


@pytest.mark.parametrize(("degree", "most"), [(d, m) for d, b, m in _CELLS if b == 128])
def test_the_estimate_is_within_four_bits_at_128(degree: int, most: int) -> None:
    """The limits are whole bits of log q, so the estimate at a limit is not exactly 128."""
    assert abs(_lattice.estimate(degree, most).bits - 128) <= 4


@pytest.mark.parametrize(("degree", "bits", "most"), [cell for cell in _CELLS if cell[0] <= 32768])
def test_the_estimate_crosses_each_level_near_the_limit(degree: int, bits: int, most: int) -> None:
    """At the limit it is 0.3 bits below the level at most, and two bits of log q more take it within four bits."""
    at, beyond = (_lattice.estimate(degree, most + more).bits for more in (0, 2))
    assert at >= bits - 0.3
    assert beyond <= bits + 4


@pytest.mark.parametrize(
    ("degree", "log_q", "published"), [(1024, 27, 347), (4096, 109, 327), (8192, 218, 325), (16384, 438, 321)]
)
def test_the_block_size_agrees_with_the_lattice_estimator(degree: int, log_q: int, published: int) -> None:
    """Its block sizes for the primal attack; it prices them by a newer model, at most three bits below ours."""
    assert abs(_lattice.estimate(degree, log_q).block_size - published) <= 5


@pytest.mark.parametrize(
    ("degree", "most"), [(1024, 29), (2048, 56), (4096, 111), (8192, 220), (16384, 440), (32768, 880)]
)
def test_uniform_secrets_have_a_row_of_their_own(degree: int, most: int) -> None:
    """It allows a little more, and only 128 bits are published."""
    verdict = judge(poly_modulus_degree=degree, log_q=most, bits=128, **_UNIFORM)
    assert verdict.outcome is Outcome.VERIFIED
    assert judge(poly_modulus_degree=degree, log_q=most, bits=192, **_UNIFORM).outcome is not Outcome.VERIFIED


@given(st.integers(1, 10**15), st.floats(1e-3, 1e15))
def test_the_estimate_is_a_number_for_any_parameters(degree: int, log_q: float) -> None:
    """Absurd parameters of a hostile file end, and give no infinity."""
    assert math.isfinite(_lattice.estimate(degree, log_q).bits)


@given(st.sampled_from([1024, 4096, 16384]), st.integers(10, 900))
def test_a_longer_modulus_is_never_harder(degree: int, log_q: int) -> None:
    """The estimate falls with log q, so a lower bound on log q bounds the security from above."""
    shorter, longer = (_lattice.estimate(degree, each).bits for each in (log_q, log_q + 1))
    assert longer <= max(shorter + 0.1, 60)  # block sizes are whole numbers, and none is below 60


def test_the_usual_parameters_are_verified() -> None:
    """TenSEAL's tutorial: 200 bits in a ring of 8192."""
    verdict = judge(**_GOOD)
    assert verdict.outcome is Outcome.VERIFIED
    assert "the standard allows 218 bits" in verdict.explanation
    assert "primal uSVP" in verdict.method


def test_too_large_a_modulus_is_refuted_with_a_larger_ring() -> None:
    """200 bits need a ring of 8192."""
    verdict = judge(**{**_GOOD, "poly_modulus_degree": 4096})
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["log_q"] == 200
    assert verdict.remedy == {"poly_modulus_degree": 8192, "or_log_q_at_most": 109}


def test_a_little_too_large_is_left_open() -> None:
    """220 bits in a ring of 8192 are above the table, and the estimate is too near to 128 to refute."""
    verdict = judge(poly_modulus_degree=8192, log_q=220, bits=128)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.GAP)


@pytest.mark.parametrize("field", ["poly_modulus_degree", "coeff_mod_bit_sizes"])
def test_each_missing_field_is_named(field: str) -> None:
    """Nothing is assumed in its place."""
    verdict = judge(**{**_GOOD, field: None})
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.MISSING_PARAMETER)
    assert field in verdict.explanation


def test_the_highest_level_that_is_stated_counts() -> None:
    """The code asks its library for 128 bits, and the policy says 192."""
    statement = STATEMENT.validate_python({"technique": "homomorphic_encryption", **_GOOD})
    conflict = {"bits": {"found": 128, "stated": 192, "stated_in": "petguard.yaml:1"}}
    claim = Claim(id="c", statement=statement, location=Location(path="a.py"), subject="a.py", conflicts=conflict)
    assert verifiers.judge_all([claim], bench())[0].outcome is Outcome.REFUTED


def test_a_value_that_is_no_constant_is_named() -> None:
    """The report shows what stands there instead."""
    verdict = judge(poly_modulus_degree=8192, bits=128, unresolved={"coeff_mod_bit_sizes": "sizes is not a constant"})
    assert verdict.reason is Reason.DYNAMIC_VALUE
    assert "sizes is not a constant" in verdict.explanation


def test_a_claim_without_a_level_means_the_least_that_is_allowed() -> None:
    """112 bits: encryption that protects anything has as many, and the report says so."""
    verdict = judge(**{**_GOOD, "bits": None})
    assert verdict.outcome is Outcome.VERIFIED
    assert "no level is claimed, and NIST asks for 112" in verdict.explanation


def test_parameters_that_protect_nothing_need_no_level_to_be_refuted() -> None:
    """OpenFHE's example with 1024 coefficients: less than 112 bits is disallowed for any protection."""
    verdict = judge(poly_modulus_degree=1024, log_q=414)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["wanted"] == 112


def test_a_part_of_the_modulus_can_refute_and_not_verify() -> None:
    """OpenFHE adds primes of its own."""
    assert judge(poly_modulus_degree=1024, log_q_at_least=414, bits=128).outcome is Outcome.REFUTED
    verdict = judge(poly_modulus_degree=32768, log_q_at_least=414, bits=128)
    assert (verdict.outcome, verdict.interval and verdict.interval[0]) == (Outcome.UNVERIFIABLE, None)


def test_a_sparse_secret_is_not_verified_by_the_table() -> None:
    """Attacks that guess zeros are cheaper, and the standard is silent on them."""
    assert judge(**_GOOD, **_SPARSE).reason is Reason.GAP
    assert judge(**{**_GOOD, "poly_modulus_degree": 2048}, **_SPARSE).outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("length", "bits", "outcome"),
    [
        (1024, 80, Outcome.VERIFIED), (1024, 112, Outcome.REFUTED), (2048, 112, Outcome.VERIFIED),
        (2048, 128, Outcome.REFUTED), (3072, 128, Outcome.VERIFIED), (2500, 128, Outcome.UNVERIFIABLE),
        (512, 80, Outcome.REFUTED), (7680, 192, Outcome.VERIFIED), (15360, 256, Outcome.VERIFIED),
        (16384, 300, Outcome.REFUTED), (1024, None, Outcome.REFUTED), (2048, None, Outcome.VERIFIED),
    ],
)  # fmt: skip
def test_paillier_goes_by_the_length_of_its_modulus(length: int, bits: int | None, outcome: Outcome) -> None:
    """1024 bits are worth 80, 2048 are 112, 3072 are 128; less than 112 is disallowed whatever is claimed."""
    assert judge(scheme="paillier", modulus_bits=length, bits=bits).outcome is outcome


def test_no_table_goes_beyond_256_bits() -> None:
    """A longer modulus than the longest of the table may have what is claimed; the longest has 256 bits."""
    assert judge(scheme="paillier", modulus_bits=30_000, bits=300).reason is Reason.GAP
    assert judge(scheme="paillier", modulus_bits=15_360, bits=300).outcome is Outcome.REFUTED


def test_paillier_needs_its_length() -> None:
    """And the remedy of one that is too short is the next that does."""
    assert judge(scheme="paillier", bits=112).reason is Reason.MISSING_PARAMETER
    assert judge(scheme="paillier", modulus_bits=1024, bits=112).remedy["modulus_bits"] == 2048


# --- contexts and keys ----------------------------------------------------------------------------------------------


def _seal(body: bytes, way: int = 0) -> bytes:
    packed = zlib.compress(body) if way == 1 else body
    return struct.pack("<HBBBBHQ", 0xA15E, 16, 4, 1, way, 0, 16 + len(packed)) + packed


def _primes(*sizes: int) -> bytes:
    moduli = b"".join(_seal(struct.pack("<Q", (1 << size) - 1)) for size in sizes)
    return struct.pack("<BQQ", 2, 8192, len(sizes)) + moduli


def _field(number: int, content: bytes) -> bytes:
    length, out = len(content), b""
    while length > 127:
        out, length = out + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + out + bytes([length]) + content


def _context(*, secret: bytes = b"", way: int = 0, sizes: tuple[int, ...] = (60, 40, 40, 60)) -> bytes:
    public = _field(2, _field(1, b"public" * 40) + b"\x10\x07" + b"\x19" + bytes(8))
    private = _field(3, _field(1, secret) + b"\x10\x01") if secret else b""
    return _field(1, _seal(_primes(*sizes), way)) + public + private + b"\x20\x01"


def _shipped(root: Path, content: bytes, name: str = "context.bin", **said: Any) -> Verdict:
    (root / name).write_bytes(content)
    return judge(root, context=name, **said)


@pytest.mark.parametrize("said", [{}, _GOOD])
def test_a_context_with_the_secret_key_is_refuted(tmp_path: Path, said: dict[str, Any]) -> None:
    """Whatever its parameters are; and no byte of the key is shown."""
    verdict = _shipped(tmp_path, _context(secret=b"SECRET" * 50), **said)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness == {"secret_key_in": "context.bin", "kind": "a TenSEAL context"}
    assert "SECRET" not in str(verdict)


def test_a_secret_key_is_found_in_any_part_of_the_message(tmp_path: Path) -> None:
    """An empty part that follows takes nothing back, as protocol buffers put the parts together."""
    content = _context(secret=b"k" * 20) + _field(3, b"\x10\x01")
    assert _shipped(tmp_path, content, **_GOOD).outcome is Outcome.REFUTED


@pytest.mark.parametrize("way", [0, 1])
def test_a_public_context_is_judged_by_its_own_parameters(tmp_path: Path, way: int) -> None:
    """They are what is shipped, plain or deflated."""
    assert _shipped(tmp_path, _context(way=way), bits=128).outcome is Outcome.VERIFIED
    verdict = _shipped(tmp_path, _context(way=way, sizes=(60,) * 8), **_GOOD)
    assert (verdict.outcome, verdict.witness["log_q"]) == (Outcome.REFUTED, pytest.approx(480))


def test_parameters_in_zstandard_need_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the claim is open and names the extra; with the numbers in the claim it is not needed."""
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    content = _context(way=2)
    verdict = _shipped(tmp_path, content, bits=128)
    assert verdict.reason is Reason.LIBRARY_MISSING
    assert "petguard[he]" in verdict.explanation
    assert _shipped(tmp_path, content, **_GOOD).outcome is Outcome.VERIFIED
    assert _shipped(tmp_path, _context(secret=b"k" * 20, way=2)).outcome is Outcome.REFUTED


def test_parameters_in_zstandard_are_read_with_the_extra(tmp_path: Path) -> None:
    """As SEAL compresses them by default."""
    zstandard = pytest.importorskip("zstandard")
    body = zstandard.ZstdCompressor().compress(_primes(60, 40, 40, 60))
    raw = struct.pack("<HBBBBHQ", 0xA15E, 16, 4, 1, 2, 0, 16 + len(body)) + body
    public = _field(2, _field(1, b"public" * 40) + b"\x10\x07" + b"\x19" + bytes(8))
    verdict = _shipped(tmp_path, _field(1, raw) + public + b"\x20\x01", bits=128)
    assert (verdict.outcome, "200 bits" in verdict.explanation) == (Outcome.VERIFIED, True)


@pytest.mark.parametrize("cut", range(1, 330, 7))
def test_a_context_that_is_cut_off_is_never_verified(tmp_path: Path, cut: int) -> None:
    """The secret key may have stood behind the cut."""
    content = _context(secret=b"k" * 40)
    verdict = _shipped(tmp_path, content[: len(content) - cut], **_GOOD)
    assert verdict.outcome is not Outcome.VERIFIED


@given(st.binary(max_size=200))
def test_no_file_makes_the_walk_fail(tail: bytes) -> None:
    """Whatever stands behind a good beginning."""
    import io  # noqa: PLC0415 - only this test needs it

    assert he_files.open_file("x", io.BytesIO(_context()[:120] + tail)).kind


def _jwk(*, private: bool, length: int = 2048) -> bytes:
    n = base64.urlsafe_b64encode(((1 << length) - 1).to_bytes(length // 8)).decode().rstrip("=")
    public = {"kty": "DAJ", "alg": "PAI-GN1", "n": n, "key_ops": ["encrypt"]}
    return json.dumps(
        {"kty": "DAJ", "key_ops": ["decrypt"], "p": "x", "q": "y", "pub": public} if private else public
    ).encode()


def test_a_private_key_of_python_paillier_is_refuted(tmp_path: Path) -> None:
    """It has the primes p and q in it; a public key is judged by its length."""
    assert _shipped(tmp_path, _jwk(private=True), "key.json").outcome is Outcome.REFUTED
    assert _shipped(tmp_path, _jwk(private=False), "key.json", bits=112).outcome is Outcome.VERIFIED
    assert _shipped(tmp_path, _jwk(private=False, length=1024), "key.json").outcome is Outcome.REFUTED


@pytest.mark.parametrize(("name", "secret"), [("my.sk", True), ("secret_key.bin", True), ("relin.key", None)])
def test_an_object_of_seal_is_told_by_its_name(tmp_path: Path, name: str, secret: bool | None) -> None:
    """The header is the same for ciphertexts and keys, so another name leaves it open."""
    content = _seal(b"\0" * 64)
    assert he_files.looks_like(name, content) is bool(secret)
    verdict = _shipped(tmp_path, content, name, **_GOOD)
    assert verdict.outcome is (Outcome.REFUTED if secret else Outcome.UNVERIFIABLE)


def test_a_context_that_is_not_there_leaves_the_claim_open() -> None:
    """The file is named as absent."""
    assert judge(context="gone.bin", **_GOOD).reason is Reason.ARTEFACT_ABSENT
