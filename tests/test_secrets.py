"""Credentials are recognised by shape or by name, placeholders are not, and evidence holds none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard import secrets

_BODY = "Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq2Zr4"  # made for this test


@pytest.mark.parametrize(
    ("value", "issuer"),
    [
        (f"sk-ant-api03-{_BODY}", "anthropic"),
        (f"sk-proj-{_BODY}", "openai"),
        (f"sk-{_BODY}", "openai"),
        (f"sk-or-v1-{_BODY}", "openrouter"),
        (f"hf_{_BODY}", "huggingface"),
        (f"AIza{_BODY}", "google"),
        (f"gsk_{_BODY}", "groq"),
        (f"xai-{_BODY}", "xai"),
        (f"r8_{_BODY}", "replicate"),
        (f"pplx-{_BODY}", "perplexity"),
        (f"ghp_{_BODY}", "github"),
        ("AKIA" + "QZ7LM2RT9VB4XC6K", "aws"),
    ],
)
def test_a_key_is_known_by_its_shape(value: str, issuer: str) -> None:
    """The issuer's prefix and length are enough; the mask keeps at most a quarter of the value."""
    ((found, masked),) = secrets.find(f"key = {value};")
    assert found == issuer
    assert secrets.looks_secret(value)
    assert value not in masked
    assert len(masked.replace("***", "")) <= len(value) // 4


@pytest.mark.parametrize(
    "value",
    [
        "xxx",
        "your-key-here",
        "changeme",
        "<token>",
        "${OPENAI_API_KEY}",
        "$OPENAI_API_KEY",
        "%OPENAI_API_KEY%",
        "{{ secret }}",
        "sk-1234",
        "sk-...",
        "sk-your-openai-key-goes-in-this-place",
        "sk-" + "x" * 48,
        "AKIA" + "IOSFODNN7EXAMPLE",
        "hf_" + "a" * 34,
        "os.environ/OPENAI_API_KEY",
        "none",
        "Bearer ${TOKEN}",
        "",
    ],
)
def test_a_placeholder_is_no_secret(value: str) -> None:
    """What stands for a key is not one, even under a telling name."""
    assert not secrets.looks_secret(value, name="OPENAI_API_KEY")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DB_PASSWORD", "hunter2hunter", True),
        ("Authorization", "Bearer 9fK2mQ7xW4pL", True),
        ("MY_KEY", "a8f3e9b2c7d1045f", True),
        ("sort_key", "created_at_descending", False),
        ("max_tokens", "4096000000", False),
        ("fides_key", "demo_users_dataset", False),
        ("API_KEY", "./secrets/key.pem", False),
        ("PATH", "/usr/local/bin:/usr/bin", False),
        ("MODEL", "gpt-4o-mini-2024-07-18", False),
        ("ID", "01a09ac6-1cde-7043-9afe-1275d0ddc0d0", False),
        ("", "a8F3e9b2C7d1045fX9q2", True),
    ],
)
def test_a_name_tells_where_the_shape_does_not(name: str, value: str, expected: bool) -> None:
    """A literal under a secret's name counts; identifiers, paths, numbers and versions do not."""
    assert secrets.looks_secret(value, name=name) is expected


@given(st.text(max_size=20), st.text(st.characters(categories=("Ll", "Lu", "Nd"), codec="ascii"), min_size=24))
def test_no_known_key_survives_masking(around: str, body: str) -> None:
    """Whatever stands around a key, it is not in the evidence, unless it is a placeholder."""
    key = f"sk-ant-{body}"
    if not secrets.is_placeholder(key):
        assert key not in secrets.mask_in(f"{around} {key} {around}")


def test_evidence_has_no_addresses_and_no_passwords() -> None:
    """E-mail addresses, passwords in URLs and values under telling names are masked; the rest stays readable."""
    masked = secrets.mask_in('mail jane@example.org  url postgres://u:hunter22@db/x "API_KEY": "9fK2mQ7xW4pLtR8v"')
    assert masked == 'mail ***@*** url postgres://u:***@db/x "API_KEY": "***8v"'


def test_evidence_is_short() -> None:
    """A minified file does not end up in a report."""
    assert len(secrets.mask_in("ab " * 10_000)) <= 201


def test_hostile_values_are_judged_in_time() -> None:
    """No expression needs more than polynomial time on a bounded text."""
    for value in ("a_" * 50_000, "a." * 50_000, "key" * 30_000, "://:" * 20_000, "a" * 200_000, "-_" * 100_000):
        secrets.looks_secret(value, name="x")
        secrets.mask_in(value)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('openai_api_key=os.environ["X"]', 'openai_api_key=os.environ["X"]'),
        ('api_key = os.getenv("OPENAI_API_KEY")', 'api_key = os.getenv("OPENAI_API_KEY")'),
        ('("DEEPSEEK_API_KEY", "deepseek"),', '("DEEPSEEK_API_KEY", "deepseek"),'),
        ('api_key = "hunter2hunter2"', 'api_key = "***r2"'),
        ('password: str = "hunter2hunter2"', 'password: str = "***r2"'),
        ('d["api_key"] = "hunter2hunter2"', 'd["api_key"] = "***r2"'),
        ('os.getenv("OPENAI_API_KEY", "hunter2hunter2")', 'os.getenv("OPENAI_API_KEY", "***r2")'),
        ('if token == "hunter2hunter2":', 'if token == "***r2":'),
        ("x = 1  # password = hunter2hunter2", "x = 1 # password = ***r2"),
        ('"""password = hunter2hunter2', '"""password = ***r2'),
        ('x = "open password = hunter2hunter2', 'x = "open password = ***r2'),
        ('db = "https://user:hunter2@host/x"', 'db = "https://user:***@host/x"'),
        ('mail = "jane.doe@example.org"', 'mail = "***@***"'),
        ('f("sk-ant-api03-Zk3Qw9Xv7Lm2Np5Rt8Yb1Hc4")', 'f("sk-ant-***c4")'),
    ],
)
def test_in_code_only_literals_are_masked(line: str, shown: str) -> None:
    """Names and calls are code; a literal, a comment or a text of several lines may hold a secret."""
    assert secrets.mask_literals_in(line) == shown


def test_a_hostile_line_of_code_is_masked_in_no_time() -> None:
    """Quotes, backslashes and signs without end are read once."""
    lines = ['"' * 4000, "'\\" * 2000, "key:" * 1000, 'api_key="' * 400, "x[" * 2000 + '"', "a" * 4000 + '="b"']
    assert all(len(secrets.mask_literals_in(line)) <= 201 for line in lines)


@pytest.mark.parametrize("number", ["123-45-6789", "4111 1111 1111 1111", "+44 20 7946 0958", "4556737586899855"])
def test_numbers_of_people_and_cards_are_masked(number: str) -> None:
    """A prompt that holds one is evidence; the report must not hold it as well."""
    line = f'ask("her number is {number}")'
    assert secrets.mask_literals_in(line) == secrets.mask_in(line) == 'ask("her number is ***")'


def test_dates_versions_and_small_numbers_stay() -> None:
    """What tells models and parameters apart is not masked."""
    line = "load('gpt-4o-2024-07-18', 'claude-sonnet-4-5-20250929', size=50000, delta=0.0000000001)"
    assert secrets.mask_literals_in(line) == secrets.mask_in(line) == line


def test_the_name_of_a_variable_is_no_secret() -> None:
    """Settings say which variable holds the key; a reader must be able to see which."""
    assert secrets.mask_in("api-key-env: AZURE_OPENAI_KEY") == "api-key-env: AZURE_OPENAI_KEY"
    assert "CORRECT_HORSE" not in secrets.mask_in("password: CORRECT_HORSE_BATTERY9")


def test_an_attribute_beside_a_name_is_no_secret() -> None:
    """In markup a value is followed by the name of the next attribute, which is no value of it."""
    line = '<PackageVersion Include="SharpToken" Version="2.0.3" />'
    assert secrets.mask_in(line) == line
    assert "q8Zr" not in secrets.mask_in('<add token="q8ZrLm2Rt9Vb4Xc6" Version="2.0.3" />')
