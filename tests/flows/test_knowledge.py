"""How calls are found in the tables: by their whole path, by names alone where nobody can resolve them."""

import pytest

from petguard.flows.knowledge import Calls, Data, Recipient, Safeguard, table
from petguard.model import SinkKind

_OPEN = Recipient(id="x", name="X", sink=SinkKind.LOG, calls=("lib.Client().send*", "lib.*.put", "lib.say"))


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("lib.say", True),
        ("lib.say.more", False),
        ("other.lib.say", False),
        ("lib.Client().send", True),
        ("lib.Client().send_all", True),
        ("lib.Client.send", False),
        ("lib.a.b.put", True),
        ("lib.put", False),
        ("lib.say()", False),
    ],
)
def test_a_path_matches_as_a_whole(path: str, known: bool) -> None:
    """A star stands for any text; nothing may stand before or after what is written."""
    assert (_OPEN.paths.fullmatch(path) is not None) is known


def test_a_row_without_paths_matches_none() -> None:
    """What is only told by names has no path."""
    assert Calls(id="x").paths.fullmatch("") is None
    assert not Calls(id="x").names("log", "info")


@pytest.mark.parametrize(("receiver", "method", "known"), [
    ("log", "info", True),
    ("logger", "info", True),
    ("_LOGGER", "info", True),
    ("blog", "info", False),
    ("log", "information", False),
    ("catalog", "error", False),
])  # fmt: skip
def test_names_match_as_whole_words(receiver: str, method: str, known: bool) -> None:
    """A call on an unknown object is a log's when both names say so."""
    found = table().recipient_named(receiver, method)
    assert (found is not None and found.sink is SinkKind.LOG) is known


@pytest.mark.parametrize(
    "name",
    [
        "redact",
        "redact_text",
        "anonymize",
        "anonymise_patient_data",
        "remove_pii",
        "mask_emails",
        "anonymizer",
        "_redact",
    ],
)
def test_a_function_that_calls_itself_a_redactor_is_one_by_name(name: str) -> None:
    """No more than that: the evidence says so."""
    found = table().safeguard_named(name)
    assert found is not None
    assert found.technique == "redaction"
    assert found.evidence == "named"


@pytest.mark.parametrize(
    "name",
    [
        "strip",
        "filter",
        "remove",
        "clean",
        "mask",
        "clean_text",
        "remove_item",
        "filter_messages",
        "redaction_count",
        "stripe",
    ],
)
def test_a_word_of_everyday_code_protects_nobody(name: str) -> None:
    """Every text is stripped, every list filtered."""
    assert table().safeguard_named(name) is None


@pytest.mark.parametrize(
    "again",
    [
        "redact_data", "personal_data", "personal_info", "sensitive_data", "_mail", "_user", "_e_mail", "_phone_number",
        "_name", "_", "pii", "information",
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["", "redact", "mask", "hash", "pseudonymize", "add_laplace_noise"])
def test_no_name_makes_the_tables_slow(verb: str, again: str) -> None:
    """Each is gone through once, however a word could be taken apart: this would not end otherwise."""
    assert table().safeguard_named(f"{verb}{again * 2000}$") is None


def test_data_without_names_is_all() -> None:
    """A row that says nothing of its arguments means every one."""
    assert Data().all
    assert not Data(data=("messages",)).all
    assert not Data(positions=(0,)).all


def test_every_safeguard_can_be_found() -> None:
    """By a path or by a name; one without either is a slip."""
    rows = [each for each in table().safeguards if not each.calls and not each.named and each.method is None]
    assert rows == []


def test_a_bound_is_a_number_of_one_argument() -> None:
    """`epsilon: 10` stands in the row as it is compared."""
    made = Safeguard(id="x", technique="differential-privacy", maximum={"epsilon": 10})
    assert made.maximum == {"epsilon": 10.0}
