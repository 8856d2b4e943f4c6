"""The policy: closed lists, strict keys, and errors that say where and what."""

from pathlib import Path

import pytest

from petguard.errors import ConfigurationError
from petguard.model import Asset, Location, Node, NodeKind, Origin, Severity
from petguard.policy import Policy, discover


def node(kind: NodeKind, asset: Asset, name: str, **fields: object) -> Node:
    """A node of the inventory."""
    place = Location(path="a.py")
    values = {"id": f"{asset}:{name}", "kind": kind, "asset": asset, "name": name, "origin": Origin.DETECTED}
    return Node.model_validate({**values, "locations": (place,), **fields})


def service(provider: str | None, **fields: object) -> Node:
    """An AI service of a provider."""
    return node(NodeKind.AI_SERVICE, Asset.AI_SERVICE, str(provider), provider=provider, **fields)


def error(text: str, path: str = "petguard.yaml") -> str:
    """The message that a wrong policy ends in."""
    with pytest.raises(ConfigurationError) as caught:
        Policy.load(path, text)
    return str(caught.value)


def test_the_built_in_policy_has_decided_nothing() -> None:
    """Nothing is approved and nothing forbidden."""
    assert Policy.built_in().approves(service("openai")) is None
    assert Policy.built_in().source == "built-in"


def test_a_list_is_closed_to_what_it_does_not_name() -> None:
    """An approved provider is approved; another one, or an unknown one, is not."""
    policy = Policy.load("petguard.yaml", "approved: {providers: [openai]}")
    assert [policy.approves(service(name)) for name in ("openai", "deepseek", None)] == [True, False, False]


def test_an_empty_list_forbids_everything() -> None:
    """Present and empty is a decision; absent is none."""
    assert Policy.load("petguard.yaml", "approved: {providers: []}").approves(service("openai")) is False


def test_every_list_with_a_say_must_agree() -> None:
    """An approved provider in a region that is not approved is not approved."""
    policy = Policy.load("petguard.yaml", "approved: {providers: [openai], regions: ['eu-*']}")
    assert policy.approves(service("openai", region="us-east-1")) is False
    assert policy.refusals(service("openai", region="us-east-1")) == ("regions",)
    assert policy.approves(service("openai", region="eu-west-1")) is True


def test_models_are_matched_by_glob() -> None:
    """A new model of an approved family needs no new decision; another family does."""
    policy = Policy.load("petguard.yaml", "approved: {models: ['gpt-4o*']}")
    names = ("gpt-4o-mini", "gpt-5")
    assert [policy.approves(node(NodeKind.MODEL, Asset.MODEL, name)) for name in names] == [True, False]


def test_the_maker_of_an_sdk_only_counts_in_its_favour() -> None:
    """OpenAI's SDK may talk to a server of one's own, so a provider list cannot refuse it."""
    policy = Policy.load("petguard.yaml", "approved: {providers: [openai]}")
    sdk = node(NodeKind.ARTIFACT, Asset.AI_SDK, "openai", provider="openai")
    other = node(NodeKind.ARTIFACT, Asset.AI_SDK, "anthropic", provider="anthropic")
    assert (policy.approves(sdk), policy.approves(other)) == (True, None)


def test_packages_and_servers_have_lists_of_their_own() -> None:
    """Each list decides about its own kind only."""
    policy = Policy.load("petguard.yaml", "approved: {packages: [openai], mcp_servers: [files]}")
    assert policy.approves(node(NodeKind.ARTIFACT, Asset.AI_SDK, "cohere")) is False
    assert policy.approves(node(NodeKind.TOOL, Asset.MCP_SERVER, "files")) is True
    assert policy.approves(service("openai")) is None


def test_the_most_specific_data_rule_decides() -> None:
    """A rule for a category overrides that of its parent."""
    policy = Policy.load("petguard.yaml", "data: {user: {providers: [openai]}, user.contact: {providers: []}}")
    decided = [policy.data_rule(key) for key in ("user.contact.email", "user.name", "system.operations")]
    assert [rule and rule.providers for rule in decided] == [(), ("openai",), None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("approved:\n  provider: [openai]", "petguard.yaml:2: approved.provider: no such key; did you mean providers?"),
        ("fail_one: high", "petguard.yaml:1: fail_one: no such key; did you mean fail_on?"),
        ("\nfail_on: hihg", "petguard.yaml:2: fail_on: 'hihg' is not possible; did you mean high?"),
        (
            "approved:\n  providers:\n    - opneai",
            ":3: approved.providers.0: no such provider as opneai; did you mean openai",
        ),
        ("data:\n  user.contct: {require: [redaction]}", ":2: data.user.contct: no such data category; did you mean"),
        ("data:\n  user: {require: [redacton]}", "no such technique as redacton; did you mean redaction?"),
        ("data: {user: {}}", "say which providers may get this data"),
        (
            "data:\n  user:\n    requires: [psi]",
            "petguard.yaml:3: data.user.requires: no such key; did you mean require?",
        ),
        ("rules:\n  PG999: {severity: low}", "petguard.yaml:2: rules.PG999: no such rule; did you mean"),
        ("rules:\n  PG101: {enabled: false}", "a rule that is switched off needs a reason"),
        ("budgets:\n  epsilon: -1", "petguard.yaml:2: budgets.epsilon: input should be greater than 0"),
        ("budgets:\n  epsilon: .nan", "petguard.yaml:2: budgets.epsilon"),
        ("budgets:\n  delta: 1", "petguard.yaml:2: budgets.delta: input should be less than 1"),
        ("approved: {providers: openai}", "petguard.yaml:1: approved.providers: a list is needed here, such as [a, b]"),
        ("- a list", "petguard.yaml:1: the file"),
        ("approved: [", "petguard.yaml:1: not YAML"),
        ("source: elsewhere", "source: no such key"),
        ("fail_on: info\nfail_on: never", "petguard.yaml:2: fail_on: stands there twice"),
        ("fail_on: high\n---\nfail_on: info", "petguard.yaml: holds 2 YAML documents"),
        ("budgets: {epsilon: true}", "budgets.epsilon: input should be a valid number"),
        ("budgets: {epsilon: '1'}", "budgets.epsilon: input should be a valid number"),
        ("rules: {PG101: {enabled: 'off', reason: x}}", "rules.PG101.enabled: input should be a valid boolean"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, expected: str) -> None:
    """File, line, key and the nearest valid word: enough to mend it without the manual."""
    assert expected in error(text)


def test_a_mistake_in_pyproject_names_its_line() -> None:
    """The table inside pyproject.toml is as strict as the file of its own."""
    text = "[project]\nname = 'x'\n\n[tool.petguard.approved]\nprovders = ['openai']\n"
    expected = "pyproject.toml:5: tool.petguard.approved.provders: no such key; did you mean providers?"
    assert error(text, "pyproject.toml") == expected


def test_a_pyproject_without_a_policy_is_an_error_when_named() -> None:
    """Whoever names a file as policy must not get the built-in one."""
    assert "no [tool.petguard] table" in error("[project]\nname = 'x'\n", "pyproject.toml")


def test_a_full_policy_is_read() -> None:
    """Every key has its place."""
    policy = Policy.load(
        "conf/petguard.yaml",
        "approved: {providers: [openai]}\nbudgets: {epsilon: 1.0, delta: 1.0e-5}\nfail_on: never\nexclude: [docs/]\n"
        "claims: [{technique: k_anonymity}]\nrules: {PG101: {severity: low}}\n",
    )
    assert (policy.source, policy.fail_on, policy.exclude) == ("conf/petguard.yaml", "never", ("docs/",))
    assert (policy.budgets.epsilon, policy.setting("PG101").severity) == (1.0, Severity.LOW)


def test_discovery_takes_the_first_of_three_places(tmp_path: Path) -> None:
    """A file of its own comes before .github, and that before pyproject.toml."""
    (tmp_path / ".github").mkdir()
    places = [tmp_path / "pyproject.toml", tmp_path / ".github" / "petguard.yaml", tmp_path / "petguard.yaml"]
    for place in places:
        place.write_text("[tool.petguard]\n" if place.suffix == ".toml" else "fail_on: high\n")
        assert discover(tmp_path) == place


def test_a_pyproject_without_the_table_is_no_policy(tmp_path: Path) -> None:
    """Most projects have a pyproject.toml and no policy."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n# [tool.petguard]\n")
    assert discover(tmp_path) is None


def test_a_broken_pyproject_that_mentions_a_policy_is_not_overlooked(tmp_path: Path) -> None:
    """It is taken as the policy, so that reading it fails instead of falling back."""
    (tmp_path / "pyproject.toml").write_text("[tool.petguard]\nfail_on = \n")
    assert discover(tmp_path) == tmp_path / "pyproject.toml"


@pytest.mark.parametrize("name", ["petguard.yml", "Petguard.yaml", ".petguard.yaml", ".github/petguard.yml"])
def test_a_policy_under_nearly_the_right_name_is_not_overlooked(tmp_path: Path, name: str) -> None:
    """Its author believes that it applies; the built-in policy instead would allow what it forbids."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("approved: {providers: []}\n")
    with pytest.raises(ConfigurationError, match="make it a file"):
        discover(tmp_path)


def test_a_policy_that_is_a_dangling_link_is_not_overlooked(tmp_path: Path) -> None:
    """Whatever it was meant to lead to is not the built-in policy."""
    (tmp_path / "petguard.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(ConfigurationError, match="make it a file"):
        discover(tmp_path)
