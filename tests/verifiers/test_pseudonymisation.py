"""Pseudonyms: what can be led back refutes, what cannot is not verified, and no report gives a value away."""

import base64
import gzip
import hashlib
import hmac
import json
import random
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from petguard import verifiers
from petguard.artefacts import Artefacts
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import Allowance, _code_constants, _digests, _formats, _inversion, _spaces
from tests.benches import bench

PEOPLE = [f"{name}.{number}@corp.example" for number, name in enumerate(("anna", "bo", "cy", "dee", "eli", "flo"))]


def sha(value: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(value.encode()).hexdigest()


def write(root: Path, name: str, /, **columns: Iterable[object]) -> None:
    """A CSV file with these columns."""
    rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    (root / name).write_text("\n".join(rows) + "\n", "utf-8")


def judge(root: Path, **said: Any) -> Verdict:
    """The verdict on the pseudonyms in `out.csv`."""
    fields = {"technique": "pseudonymisation", "artefact": "out.csv", "column": "code", **said}
    statement = STATEMENT.validate_python({key: value for key, value in fields.items() if value is not None})
    claim = Claim(id="c", statement=statement, location=Location(path="petguard.yaml"), subject="out.csv")
    return verifiers.judge_all([claim], bench(root=root))[0]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small budget: enough for what is small, and soon spent on what is not."""
    monkeypatch.setattr(_inversion.Search, "__init__", _bounded(_inversion.Search.__init__))


def _bounded(real: Any) -> Any:
    def init(self: Any, *given: Any, **named: Any) -> None:
        real(self, *given, **{"most_hashes": 2_000_000, "most_seconds": 60.0, **named})

    return init


# --- what is refuted


@pytest.mark.parametrize("name", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "sha3_256"])
def test_a_hash_of_a_value_in_another_file_is_led_back(tmp_path: Path, name: str) -> None:
    """Each family is told by its length, and the dictionary comes from the tables of the project."""
    write(tmp_path, "out.csv", code=[hashlib.new(name, each.encode()).hexdigest() for each in PEOPLE])
    write(tmp_path, "people.csv", email=PEOPLE)
    verdict = judge(tmp_path)
    assert verdict.outcome is Outcome.REFUTED
    assert (verdict.witness["recovered"], verdict.witness["share"]) == (6, 1.0)
    assert verdict.witness["candidates_from"] == ["people.csv: email"]


@pytest.mark.parametrize(
    "written",
    [
        lambda digest: base64.b64encode(digest).decode(),
        lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
        lambda digest: digest.hex().upper(),
        lambda digest: "0x" + digest.hex(),
        lambda digest: digest.hex()[:16],
    ],
)
def test_other_ways_to_write_a_digest_hide_nothing(tmp_path: Path, written: Any) -> None:
    """Base64, capitals, a prefix, and a digest that was cut to 64 bits."""
    write(tmp_path, "out.csv", code=[written(hashlib.sha256(each.encode()).digest()) for each in PEOPLE])
    write(tmp_path, "people.csv", email=[each.upper() for each in PEOPLE])
    assert judge(tmp_path).outcome is Outcome.REFUTED


def test_a_name_based_uuid_is_a_hash(tmp_path: Path) -> None:
    """Version 5 is SHA-1 of a public namespace and the value."""
    write(tmp_path, "out.csv", code=[uuid.uuid5(uuid.NAMESPACE_DNS, each) for each in PEOPLE])
    write(tmp_path, "people.csv", email=PEOPLE)
    assert "uuid5" in judge(tmp_path).explanation


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("date", ["1984-03-01", "1990-12-24"]),
        ("date", ["03/01/1984"]),
        ("postcode", ["28001", "90210"]),
        ("any", ["37", "64"]),
        ("any", ["4711", "123456"]),
        ("ipv4", ["192.168.4.20"]),
        ("email", ["john.smith@gmail.com"]),
    ],
)
def test_small_spaces_are_enumerated(tmp_path: Path, kind: str, values: list[str]) -> None:
    """No dictionary is needed where there are few values."""
    write(tmp_path, "out.csv", code=map(sha, values))
    verdict = judge(tmp_path, kind=kind)
    assert (verdict.outcome, verdict.witness["recovered"]) == (Outcome.REFUTED, len(values))


def test_telephone_numbers_are_tried_from_the_area_codes_that_are_known(tmp_path: Path) -> None:
    """An area code in another file says where to begin."""
    write(tmp_path, "out.csv", phone_hash=[sha("9072012345"), sha("9072299999")])
    write(tmp_path, "shop.csv", phone=["(907) 555-0100"])
    verdict = judge(tmp_path, column="phone_hash", method="hash")
    assert verdict.witness["candidates_from"] == ["North American telephone numbers"]


def test_social_security_numbers_are_tried_in_order(tmp_path: Path) -> None:
    """The first million is within any budget."""
    write(tmp_path, "out.csv", code=[sha("001-05-1234")])
    assert judge(tmp_path, kind="ssn").outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ('SALT = "pepper-42x"', lambda value: sha("pepper-42x" + value)),
        ('h = hashlib.sha256((v + "pepper-42x").encode())', lambda value: sha(value + "pepper-42x")),
        ('h = sha256(f"pepper-42x:{v}".encode())', lambda value: sha("pepper-42x:" + value)),
        ('PEPPER: str = "p3pper"', lambda value: sha("p3pper|" + value)),
        ("HASH_SALT=s4lt-and-more", lambda value: sha("s4lt-and-more" + value)),
        ('d = hmac.new(b"k-1", v, "sha256")', lambda value: hmac.new(b"k-1", value.encode(), "sha256").hexdigest()),
        (
            'secret_key = "00112233445566778899aabbccddeeff"',
            lambda value: hmac.new(
                bytes.fromhex("00112233445566778899aabbccddeeff"), value.encode(), "sha256"
            ).hexdigest(),
        ),
    ],
)
def test_a_salt_or_key_in_the_code_is_no_secret(tmp_path: Path, line: str, made: Any) -> None:
    """Constants of the project are tried before, behind and as the key of an HMAC, and masked in the verdict."""
    write(tmp_path, "out.csv", code=map(made, PEOPLE))
    write(tmp_path, "people.csv", email=PEOPLE)
    (tmp_path / "make.env").write_text(f"# how it is made\n{line}\n")
    verdict = judge(tmp_path, method="hmac")
    assert verdict.outcome is Outcome.REFUTED
    assert "make.env:2" in verdict.witness["by"][0]
    assert not any(word in verdict.model_dump_json() for word in ("pepper-42x", "p3pper", "s4lt-and-more", "00112233"))


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ({"method": "hash"}, PEOPLE),
        ({"method": "hash"}, ["123-45-6789"]),
        ({}, [base64.b64encode(each.encode()).decode() for each in PEOPLE]),
        ({"method": "token"}, [each.encode().hex() for each in PEOPLE]),
    ],
)
def test_values_that_are_only_encoded_are_no_pseudonyms(
    tmp_path: Path, said: dict[str, str], values: list[str]
) -> None:
    """Whoever reads the file can decode them; a format that encryption may keep is judged only where a hash is said."""
    write(tmp_path, "out.csv", code=values)
    assert judge(tmp_path, **said).outcome is Outcome.REFUTED


def test_a_token_table_beside_the_data_leads_back(tmp_path: Path) -> None:
    """Tokens are random; the file that maps them is not."""
    tokens = [f"tok_{random.Random(number).getrandbits(48):012x}" for number in range(6)]  # noqa: S311 - invented
    write(tmp_path, "out.csv", code=tokens, spend=range(6))
    write(tmp_path, "vault.csv", token=tokens, email=PEOPLE)
    verdict = judge(tmp_path, method="token")
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["by"] == ["the table vault.csv"]


def test_the_value_beside_its_pseudonym_leads_back(tmp_path: Path) -> None:
    """An HMAC whose key is not there, and the address in the next column."""
    made = [hmac.new(b"elsewhere", each.encode(), "sha256").hexdigest() for each in PEOPLE]
    write(tmp_path, "out.csv", user_email_hash=made, email=PEOPLE)
    assert judge(tmp_path, column="user_email_hash", method="hmac").outcome is Outcome.REFUTED


def test_the_address_of_somebody_else_does_not_lead_back(tmp_path: Path) -> None:
    """A seller's address says nothing about the customer."""
    made = [hmac.new(b"elsewhere", each.encode(), "sha256").hexdigest() for each in PEOPLE]
    write(tmp_path, "out.csv", customer_email_hash=made, seller_email=PEOPLE)
    assert judge(tmp_path, column="customer_email_hash", method="hmac").outcome is Outcome.UNVERIFIABLE


@pytest.mark.parametrize(
    ("name", "values"),
    [("name", ["lamp", "chair", "desk", "sofa", "bed", "shelf"]), ("seller_email", PEOPLE), ("email", PEOPLE[:1] * 6)],
)
def test_what_people_bought_and_from_whom_leads_nowhere(tmp_path: Path, name: str, values: list[str]) -> None:
    """A table of orders holds the pseudonyms too, and names of things and of others beside them."""
    tokens = [f"cus_{number:04}abcd" for number in range(6)]
    write(tmp_path, "out.csv", customer_token=tokens, spend=range(6))
    write(tmp_path, "orders.csv", customer_token=tokens, **{name: values})
    assert judge(tmp_path, column="customer_token", method="token").outcome is Outcome.UNVERIFIABLE


def test_numbers_in_the_order_of_people_lead_back(tmp_path: Path) -> None:
    """The columns that both files have show that the order is the same."""
    people = sorted(f"person{draw:04}@corp.example" for draw in range(40))
    cities = [f"city{(number * 7) % 13}" for number in range(40)]
    write(tmp_path, "out.csv", code=[f"P{number:03}" for number in range(40)], city=cities)
    write(tmp_path, "staff.csv", email=people, city=cities)
    verdict = judge(tmp_path, method="token")
    assert (verdict.outcome, verdict.witness["by"]) == (Outcome.REFUTED, ["order"])


def test_numbers_in_another_order_do_not(tmp_path: Path) -> None:
    """Shuffled numbers agree in some rows only."""
    people = sorted(f"person{draw:04}@corp.example" for draw in range(40))
    cities = [f"city{(number * 7) % 13}" for number in range(40)]
    write(tmp_path, "out.csv", code=[f"P{number:03}" for number in range(40)], city=cities[::-1])
    write(tmp_path, "staff.csv", email=people, city=cities)
    verdict = judge(tmp_path, method="token")
    assert verdict.outcome is Outcome.UNVERIFIABLE
    assert "consecutive numbers" in verdict.explanation


# Ciphertexts made with the packages ff3 1.0.3 and pyffx 0.3.0.
FF3_KEY, FF3_TWEAK = "2DE79D232DF5585D68CE47882AE256D6", "CBD09280979564"


def digits(text: str) -> list[int]:
    """The digits of a text."""
    return [int(char) for char in text]


@pytest.mark.parametrize(
    ("key", "tweak", "cipher", "plain"),
    [
        ("EF4359D8D580AA4F7F036D6F04FC6A94", "D8E7920AFA330A73", "750918814058654607", "890121234567890000"),
        (FF3_KEY, FF3_TWEAK, "609597486", "123456789"),
        (FF3_KEY, FF3_TWEAK, "0154737668890616", "4111111111111111"),
    ],
)
def test_ff3_is_decrypted_as_published(key: str, tweak: str, cipher: str, plain: str) -> None:
    """NIST's first example of FF3, and FF3-1 as the package makes it."""
    assert _formats.ff3(bytes.fromhex(key), bytes.fromhex(tweak), 10, digits(cipher)) == digits(plain)


@pytest.mark.parametrize(("cipher", "plain"), [("913730313", "123456789"), ("754300624", "011223333")])
def test_pyffx_is_decrypted_as_made(cipher: str, plain: str) -> None:
    """Numbers keep their zeros."""
    assert _formats.pyffx(b"secret-key-1", 10, digits(cipher)) == digits(plain)


def test_a_key_of_format_preserving_encryption_beside_the_data_opens_it(tmp_path: Path) -> None:
    """What comes out is known from another file."""
    write(tmp_path, "out.csv", code=["913730313", "818215567", "754300624"])
    write(tmp_path, "people.csv", ssn=["123-45-6789", "219-09-9999", "011-22-3333"])
    (tmp_path / "app.py").write_text('e = pyffx.Integer(b"secret-key-1", length=9)\n')
    verdict = judge(tmp_path, method="fpe")
    assert verdict.outcome is Outcome.REFUTED
    assert "app.py:1" in verdict.witness["by"][0]
    assert "secret-key-1" not in verdict.model_dump_json()


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    """Any key gives nine digits; they are nobody's."""
    write(tmp_path, "out.csv", code=["913730313", "818215567", "754300624"])
    write(tmp_path, "people.csv", ssn=["123-45-6789", "219-09-9999", "011-22-3333"])
    (tmp_path / "app.py").write_text('e = pyffx.Integer(b"another-key-2", length=9)\n')
    verdict = judge(tmp_path, method="fpe")
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT)
    assert "1 keys of FF3 and pyffx" in verdict.explanation


# --- what stays open


def test_hashes_of_what_nobody_can_guess_are_not_verified(tmp_path: Path) -> None:
    """An attack that failed says only that, and how far it came."""
    write(tmp_path, "out.csv", code=[sha(f"{number}-unlikely to be tried") for number in range(20)])
    verdict = judge(tmp_path)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT)
    assert "2,000,000 or" in verdict.explanation
    assert "dates of the last 110 years in 12 forms complete" in verdict.explanation


def test_a_slow_hash_is_not_enumerated(tmp_path: Path) -> None:
    """Each guess at bcrypt takes a tenth of a second."""
    write(tmp_path, "out.csv", code=["$2b$12$abcdefghijklmnopqrstuv0123456789012345678901234567890"] * 3)
    verdict = judge(tmp_path)
    assert verdict.outcome is Outcome.UNVERIFIABLE
    assert "2b: each guess costs too much" in verdict.explanation


def test_random_identifiers_are_no_hashes(tmp_path: Path) -> None:
    """UUIDs of version 4 hold nothing."""
    write(tmp_path, "out.csv", code=[uuid.UUID(int=number << 64, version=4) for number in range(1, 9)])
    assert "the form of no known hash" in judge(tmp_path).explanation


@pytest.mark.parametrize(("kept", "hits", "sure"), [(32, 1, True), (8, 1, True), (5, 1, False), (5, 9, True)])
def test_a_few_bits_may_be_equal_by_chance(kept: int, hits: int, sure: bool) -> None:
    """A million candidates against 100,000 digests of 40 bits meet one in eleven times; nine at once never do."""
    search = _inversion.Search(frozenset(map(str.encode, map(str, range(100_000)))), kept, Allowance())
    search.tried = 1_000_000
    search.found = {b"%d" % number: _inversion.Hit(b"x", "numbers", "sha256") for number in range(hits)}
    assert search.is_sure is sure


def test_the_witness_is_masked(tmp_path: Path) -> None:
    """Neither the value nor the pseudonym stands in the verdict."""
    write(tmp_path, "out.csv", code=map(sha, PEOPLE))
    write(tmp_path, "people.csv", email=PEOPLE)
    told = judge(tmp_path).model_dump_json()
    assert not any(secret in told for each in PEOPLE for secret in (each, sha(each), each[:5]))


@pytest.mark.parametrize("field", ["artefact", "column"])
def test_without_a_file_or_a_column_nothing_can_be_tried(tmp_path: Path, field: str) -> None:
    """The verdict names what is missing."""
    verdict = judge(tmp_path, **{field: None})
    assert (verdict.reason, verdict.explanation) == (Reason.MISSING_PARAMETER, f"not stated: {field}")


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A typing mistake must not look like a pass."""
    write(tmp_path, "out.csv", other=[1])
    assert judge(tmp_path).explanation == "out.csv has no column code"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Also one outside the folder."""
    assert judge(tmp_path).reason is Reason.ARTEFACT_ABSENT
    assert judge(tmp_path, artefact="../out.csv").reason is Reason.ARTEFACT_ABSENT


def test_an_empty_column_is_nothing_to_judge(tmp_path: Path) -> None:
    """Missing values are no pseudonyms."""
    write(tmp_path, "out.csv", code=["", "NaN"], other=[1, 2])
    assert judge(tmp_path).reason is Reason.GAP


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("out.csv", b'code,x\n"unclosed,1\n'),
        ("out.csv", b"code,x\n1\n"),
        ("out.csv", bytes(range(256))),
        ("out.csv.gz", gzip.compress(b"code\n" + b"ab" * 20)[:-9]),
        ("out.jsonl", b'{"code": 1}\n{"code": '),
        ("out.csv", b""),
        ("out.xlsx", b"PK\x03\x04"),
        ("out.pkl", b"cos\nsystem\n(S'true'\ntR."),
    ],
)
def test_a_broken_file_is_a_gap(tmp_path: Path, name: str, content: bytes) -> None:
    """What cannot be read to its end is judged by nothing."""
    (tmp_path / name).write_bytes(content)
    verdict = judge(tmp_path, artefact=name)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.GAP)


def test_very_many_columns_are_no_trouble(tmp_path: Path) -> None:
    """Only some of the columns beside the pseudonyms are candidates."""
    columns = {f"c{number}": [number] for number in range(10_000)}
    write(tmp_path, "out.csv", **columns, code=[sha("unlikely to be tried")])
    assert judge(tmp_path, kind="postcode").outcome is Outcome.UNVERIFIABLE


def test_broken_files_beside_the_data_do_not_stop_the_search(tmp_path: Path) -> None:
    """They hold no candidates, or those before the break."""
    write(tmp_path, "out.csv", code=map(sha, PEOPLE))
    write(tmp_path, "people.csv", email=PEOPLE)
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.csv").write_text('email\n"unclosed')
    (tmp_path / "c.py").write_bytes(b"\x00\xff SALT = '" + b"x" * 3000)
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    assert judge(tmp_path).outcome is Outcome.REFUTED


def test_json_lines_are_read_as_well(tmp_path: Path) -> None:
    """A released file need not be a CSV."""
    lines = [json.dumps({"code": sha(each), "n": 1}) for each in PEOPLE]
    (tmp_path / "out.jsonl").write_text("\n".join(lines))
    write(tmp_path, "people.csv", email=PEOPLE)
    assert judge(tmp_path, artefact="out.jsonl").outcome is Outcome.REFUTED


# --- the budget


def test_the_search_stops_at_its_hashes() -> None:
    """A block more at most."""
    search = _inversion.Search(frozenset({b"x" * 32}), 32, Allowance(), most_hashes=25_000)
    numbers = _spaces.spaces("ssn", bench().now.date())
    assert not search.through(numbers, [_digests.Recipe("sha256", lambda value: hashlib.sha256(value).digest())])
    assert search.tried == 30_000
    assert "begun by sha256" in search.told()


def test_the_search_stops_in_time() -> None:
    """The clock is read between blocks."""
    search = _inversion.Search(frozenset({b"x" * 32}), 32, Allowance(), most_seconds=0.2, most_hashes=10**12)
    numbers = _spaces.spaces("ssn", bench().now.date())
    search.through(numbers, [_digests.Recipe("sha256", lambda value: hashlib.sha256(value).digest())])
    assert search.seconds < 1.0


def test_what_comes_after_the_budget_is_not_even_made() -> None:
    """A first block for each of many ways would take longer than the budget."""

    def never() -> NoReturn:
        raise AssertionError

    search = _inversion.Search(frozenset({b"x" * 32}), 32, Allowance(), most_seconds=0.0)
    search.through([_spaces.Space("much", 10, never)], [_digests.Recipe("sha256", lambda value: value)])
    assert "much not reached" in search.told()


def test_all_searches_of_a_run_share_an_allowance() -> None:
    """A hundred columns do not take a hundred times as long."""
    allowance = Allowance(0.0)
    search = _inversion.Search(frozenset({b"x" * 32}), 32, allowance)
    search.through(_spaces.spaces("ssn", bench().now.date()), [_digests.Recipe("none", lambda value: value)])
    search.close()
    assert (search.tried, allowance.seconds) == (0, 0.0)
    assert "not reached" in search.told()


def test_every_space_holds_as_many_values_as_it_says() -> None:
    """Otherwise `complete` would be wrong."""
    for kind in ("postcode", "date"):
        for space in _spaces.spaces(kind, bench().now.date()):
            assert sum(len(ends) for _, ends in space.blocks()) == space.size


def test_constants_are_bounded(tmp_path: Path) -> None:
    """A file with thousands of literals gives the first few."""
    (tmp_path / "a.py").write_text("\n".join(f'sha256("literal {number}")' for number in range(5000)))
    assert len(_code_constants.constants(Artefacts(tmp_path))) == 24
