"""Which identifiers mean personal data, and which only look like it."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard import _shipped, taxonomy
from petguard.documents import read_yaml
from petguard.taxonomy import classify, covers, explain, is_known, is_person, is_special, possible, tokens

_WORDS = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=4)
_FOLDER = _shipped.folder("rules/taxonomy")
_SAID = read_yaml((_FOLDER / "words.yaml").read_text("utf-8")).value
_TERMS = read_yaml((_FOLDER / "dpv-terms.yaml").read_text("utf-8")).value
_KEYS = taxonomy.categories()
_NAMES = sorted({name for key in _KEYS for name in taxonomy.category(key).names})
_STYLES: tuple[Callable[[list[str]], str], ...] = (
    "_".join,
    "-".join,
    lambda words: "_".join(words).upper(),
    lambda words: words[0] + "".join(word.capitalize() for word in words[1:]),
    lambda words: "".join(word.capitalize() for word in words),
)


@pytest.mark.parametrize(
    "identifiers",
    [
        ("timezone",), ("google",), ("template",), ("email_template",), ("filename",), ("hostname",), ("username",),
        ("package_name",), ("file_name",), ("class_name",), ("display_name",), ("image",), ("message",), ("page",),
        ("usage",), ("language",), ("manage",), ("path", "parent", "name"), ("node", "child", "name"),
        ("self", "name"), ("user", "package_name"), ("user", "agent"), ("server", "address"), ("user", "id"),
        ("user", "history"), ("user", "notes"), ("error", "condition"), ("mailer", "send_email"), ("is_email",),
        ("email_verified",), ("email_hash",), ("phone_regex",), ("contact", "message"), ("db_password",), ("",),
        ("user", "role", "name"), ("UserRole", "name"), ("customer", "company", "address"), ("find_user_by_email",),
        ("email_template_id",), ("address_line_count",), ("cache_max_age",), ("race_condition",), ("gpio_pin",),
    ],
)  # fmt: skip
def test_what_only_looks_personal_is_not(identifiers: tuple[str, ...]) -> None:
    """A word that contains or borders on a known name does not mean personal data."""
    assert classify(*identifiers) == ()


@pytest.mark.parametrize(
    ("identifiers", "category"),
    [
        (("dateOfBirth",), "user.demographic.date_of_birth"),
        (("DATE-OF-BIRTH",), "user.demographic.date_of_birth"),
        (("patient_date_of_birth",), "user.demographic.date_of_birth"),
        (("patient", "notes"), "user.health_and_medical"),
        (("patients", "notes"), "user.health_and_medical"),
        (("user_name",), "user.name"),
        (("user", "display_name"), "user.name"),
        (("customer", "address"), "user.contact.address"),
        (("address_line1",), "user.contact.address"),
        (("icd10_code",), "user.health_and_medical"),
        (("email2",), "user.contact.email"),
        (("userEMAIL",), "user.contact.email"),
        (("email_text",), "user.contact.email"),
        (("prénom",), "user.name.first"),
        (("Straße",), "user.contact.address.street"),
        (("nombre_del_paciente",), "user.name"),
        (("fathersname",), "user.name"),
        (("firstname",), "user.name.first"),
        (("gender_concept_id",), "user.demographic.gender"),
        (("weight_kg",), "user.physical.weight"),
        (("user", "username"), "user.account.username"),
    ],
)
def test_personal_data_is_known_by_its_words(identifiers: tuple[str, ...], category: str) -> None:
    """Case style, language, a subject before and words of form behind do not hide a known name."""
    assert classify(*identifiers) == (category,)


@pytest.mark.parametrize(
    "owner", ["Patient", "patients", "CustomerRecord", "tbl_users", "users_df", "get_customer_by_id", "dim_employee"]
)
def test_a_name_in_a_class_or_table_of_people_is_somebodys(owner: str) -> None:
    """`name` is personal by what it is declared in."""
    assert classify(owner, "name") == ("user.name",)


@pytest.mark.parametrize("owner", ["Product", "products", "UserRole", "EmailTemplate", "File", "customer_plan", ""])
def test_a_name_in_a_class_or_table_of_things_is_not(owner: str) -> None:
    """The name of a product is nobody's."""
    assert classify(owner, "name") == ()


def test_the_nearest_owner_decides_whose_the_name_is() -> None:
    """A user's role has a name that is not the user's; a role's user has one that is."""
    assert (classify("user", "role", "name"), classify("role", "user", "name")) == ((), ("user.name",))


def test_a_classification_names_the_words_that_decide() -> None:
    """Somebody who reads a finding sees why."""
    found = explain("contact_mail_address")
    assert found is not None
    assert found.because == "the words `mail address` in `contact_mail_address`"


def test_a_classification_names_the_declaration_that_decides() -> None:
    """A bare name counts for the sake of the class that it is declared in."""
    found = explain("PatientRecord", "notes")
    assert found is not None
    assert found.because == "the name `notes`, of `patient` in `PatientRecord`"


def test_a_classification_carries_the_term_and_the_article() -> None:
    """Reports can say what a category is called elsewhere, and that the law names it."""
    found = explain("religion")
    assert found is not None
    assert (found.dpv, found.special, found.sensitivity) == ("pd:Religion", True, "high")


@given(_WORDS, st.sampled_from(_STYLES), st.sampled_from(_STYLES))
def test_the_split_into_words_does_not_depend_on_the_case_style(
    words: list[str], one: Callable[[list[str]], str], other: Callable[[list[str]], str]
) -> None:
    """The same words written in two styles give the same tokens."""
    assert tokens(one(words)) == tokens(other(words))


@given(st.text(max_size=40))
def test_any_text_can_be_classified(text: str) -> None:
    """Identifiers in any script, or none, are an answer and never an error."""
    assert all(is_known(category) for category in classify("user", text))


@given(st.lists(st.sampled_from(["user", "email", "name", "notes", "id", "is", "Role", "age"]), min_size=1, max_size=4))
def test_what_is_classified_was_possible(words: list[str]) -> None:
    """What the quick question rules out is never personal, whatever it belongs to."""
    identifier = "_".join(words)
    assert possible(identifier) or classify("patient", identifier) == ()


@pytest.mark.parametrize("letters", ["a", "A", "aB", "_", "1", "é", "email_", "Ab1_"])
def test_a_hostile_name_costs_little(letters: str) -> None:
    """Ten thousand characters are read in a moment, however they are mixed."""
    started = time.perf_counter()
    classify("user", letters * (10_000 // len(letters)))
    assert time.perf_counter() - started < 0.1


def test_every_category_is_reached_by_its_own_names() -> None:
    """No name of the taxonomy is shadowed by another category or by a word that forbids it."""
    lost = [
        (key, name) for key in _KEYS for name in taxonomy.category(key).names if classify(name) != (key,)
    ]  # fmt: skip
    assert lost == []


def test_no_name_stands_in_two_categories() -> None:
    """Which of two categories a name means must not depend on the order of files."""
    assert len(_NAMES) == sum(len(set(taxonomy.category(key).names)) for key in _KEYS)


def test_words_that_are_compared_alone_are_single_words() -> None:
    """A word with an underscore would never be met, because identifiers are split."""
    lists = [words for key, words in _SAID.items() if key not in ("version", "never", "nothing", "synonyms")]
    assert [word for words in (*lists, *_SAID["never"].values()) for word in words if tokens(word) != (word,)] == []


def test_each_category_names_a_term_of_the_privacy_vocabulary() -> None:
    """Every term exists in the version of the vocabulary that is named."""
    known = {f"{space}:{term}" for space in ("dpv", "pd") for term in _TERMS[space]}
    assert {taxonomy.category(key).dpv for key in _KEYS} - known == set()


def test_each_category_has_its_parent() -> None:
    """A policy can name the whole family."""
    assert [key for key in _KEYS if "." in key and key.rpartition(".")[0] not in _KEYS] == []


def test_each_category_without_children_has_names() -> None:
    """A category that nothing can mean would be an empty promise."""
    leaves = [key for key in _KEYS if not any(each.startswith(f"{key}.") for each in _KEYS)]
    assert [key for key in leaves if not (taxonomy.category(key).names or taxonomy.category(key).of)] == []


def test_synonyms_lead_to_categories() -> None:
    """A synonym of something unknown would be lost, and one of our own keys would hide it."""
    synonyms = _SAID["synonyms"]
    assert ([key for key in synonyms.values() if key not in _KEYS], [key for key in synonyms if key in _KEYS]) == (
        [],
        [],
    )


def test_a_key_of_another_vocabulary_is_understood() -> None:
    """Fides once called genetic data `user.genetic`."""
    key = "user.genetic"
    assert (is_known(key), is_special(key), covers("user.health_and_medical", key)) == (True, True, True)


def test_categories_come_sorted() -> None:
    """The keys are in a stated order."""
    assert list(_KEYS) == sorted(_KEYS)


def test_a_parent_covers_its_children_and_not_its_neighbours() -> None:
    """`user.contact` covers `user.contact.email`, but not `user.contacts`."""
    assert (covers("user.contact", "user.contact.email"), covers("user.contact", "user.contacts")) == (True, False)


def test_a_parent_of_known_categories_is_known() -> None:
    """A policy may name a whole family; a family nobody knows is a mistake."""
    assert (is_known("user.contact"), is_known("user.shoes")) == (True, False)


def test_what_lies_below_a_special_category_is_special() -> None:
    """Art. 9 data stays Art. 9 data when it is named more closely."""
    assert (is_special("user.genetic.sequence"), is_special("user.name")) == (True, False)


def test_convictions_are_special_under_another_article() -> None:
    """Art. 10 data is no Art. 9 data, and just as special."""
    assert (taxonomy.category("user.criminal_history").article, is_special("user.criminal_history")) == (10, True)


@pytest.mark.parametrize(
    ("name", "about"), [("leads", True), ("customer_export", True), ("orders", False), ("", False)]
)
def test_a_file_or_table_may_be_about_people(name: str, about: bool) -> None:
    """A file called `leads` holds people, whatever its columns are called."""
    assert is_person(name) is about
