"""Declared against detected: what a declaration knows, what it lacks, and what it promises that nobody found."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from petguard import taxonomy
from petguard.comparison import Compared, Comparison, compare
from petguard.declarations import Scene
from petguard.graph import SystemGraph
from petguard.model import (
    Agreement,
    Confidence,
    Edge,
    EdgeKind,
    Facts,
    Location,
    Node,
    NodeKind,
    Origin,
    SinkKind,
    Subject,
    Trait,
)
from petguard.policy import Policy

CODE = Location(path="app.py", line=9)
MANIFEST = Location(path=".fides/systems.yml", line=7)


def node(key: str, kind: NodeKind, origin: Origin, where: Location, **more: object) -> Node:
    """A node whose name is the end of its id."""
    name = key.rpartition("/")[2].rpartition(":")[2]
    return Node.model_validate({"id": key, "kind": kind, "name": name, "origin": origin, "locations": (where,), **more})


def edge(start: Node, end: Node, origin: Origin, where: Location) -> Edge:
    """Data goes on."""
    return Edge(kind=EdgeKind.FLOWS_TO, source=start.id, target=end.id, origin=origin, location=where)


def service(provider: str, origin: Origin, where: Location) -> Node:
    """An AI provider outside."""
    return node(
        f"ai_service:{provider}",
        NodeKind.AI_SERVICE,
        origin,
        where,
        provider=provider,
        sink=SinkKind.AI_SERVICE,
        traits=(Trait.EXTERNAL,),
    )


def third_party(key: str, origin: Origin, where: Location, **more: object) -> Node:
    """Somebody else, whose name is the end of the id."""
    kind = NodeKind.SYSTEM if origin is Origin.DECLARED else NodeKind.SINK
    return node(key, kind, origin, where, sink=SinkKind.THIRD_PARTY, **more)


def found(category: str, recipient: Node, label: str = "customer.email", place: Location = CODE) -> Facts:
    """Code reads something and sends it."""
    data = node(f"data:{place.path}:send:{label}", NodeKind.DATA, Origin.DETECTED, place, categories=(category,))
    call = node(f"call:{place.path}:{place.line}", NodeKind.CODE, Origin.DETECTED, place)
    edges = (edge(data, call, Origin.DETECTED, place), edge(call, recipient, Origin.DETECTED, place))
    return Facts(nodes=(data, call, recipient), edges=edges)


def said(category: str, recipient: Node, where: Location = MANIFEST, home: str = "fides") -> Facts:
    """A manifest says that a system of ours uses a category, and that somebody gets it."""
    data = node(f"data:{home}/shop#0", NodeKind.DATA, Origin.DECLARED, where, categories=(category,))
    system = node("system:shop", NodeKind.SYSTEM, Origin.DECLARED, where)
    edges = (edge(data, system, Origin.DECLARED, where), edge(system, recipient, Origin.DECLARED, where))
    return Facts(nodes=(data, system, recipient), edges=edges)


def column(table: str, name: str, *traits: Trait, home: str = "dbt", categories: Sequence[str] = ()) -> Node:
    """A column with what is said of it."""
    return node(
        f"data:{home}/{table}.{name}",
        NodeKind.DATA,
        Origin.DECLARED,
        Location(path="models/schema.yml", line=5),
        traits=traits,
        categories=tuple(categories),
        details={"table": table, "column": name, "declared_in": home},
    )


def compared(
    *facts: Facts, policy: str = "", code: Sequence[str] = ("app.py",), known: Sequence[str] = ()
) -> Comparison:
    """The comparison of everything given."""
    graph = SystemGraph(facts)
    rules = Policy.load("petguard.yaml", policy) if policy else Policy.built_in()
    return compare(Scene(graph, graph.flows(), rules, code, frozenset(known)))


def rows(comparison: Comparison, subject: Subject) -> list[tuple[str, str]]:
    """What and verdict of the rows about one subject."""
    return [(row.what, str(row.verdict)) for row in comparison.rows if row.subject is subject]


def only(comparison: Comparison, subject: Subject) -> Compared:
    """The one row about a subject."""
    (row,) = (row for row in comparison.rows if row.subject is subject)
    return row


OPENAI = service("openai", Origin.DETECTED, CODE)
SAID_OPENAI = service("openai", Origin.DECLARED, MANIFEST)
SAID_ANTHROPIC = service("anthropic", Origin.DECLARED, MANIFEST)


# --- flows --------------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(taxonomy.categories()),
    st.sampled_from(["openai", "anthropic", "mistral"]),
    st.sampled_from(["app.py", "src/shop/send.py", "tests/test_a.py"]),
)
def test_a_flow_that_is_declared_exactly_is_never_reported(category: str, provider: str, path: str) -> None:
    """Whoever lists exactly what is found has nothing left to do."""
    place = Location(path=path, line=3)
    comparison = compared(
        found(category, service(provider, Origin.DETECTED, place), place=place),
        said(category, service(provider, Origin.DECLARED, MANIFEST)),
    )
    assert {row.verdict for row in comparison.rows} == {Agreement.MATCHES}


@given(st.sampled_from(taxonomy.categories()), st.sampled_from(taxonomy.categories()))
def test_a_category_knows_itself_and_what_is_below_it_and_nothing_else(declared: str, detected: str) -> None:
    """A record that says `user.contact` has listed e-mail addresses, and one that says e-mail not all contacts."""
    comparison = compared(found(detected, OPENAI), said(declared, SAID_OPENAI))
    verdicts = {row.verdict for row in comparison.rows if row.detected}
    assert verdicts == {Agreement.MATCHES if taxonomy.covers(declared, detected) else Agreement.UNDECLARED}


def test_a_recipient_that_no_record_names_is_undeclared() -> None:
    """The record knows the data, and not this recipient."""
    comparison = compared(found("user.contact.email", OPENAI), said("user.contact.email", SAID_ANTHROPIC))
    row = only(comparison, Subject.FLOW)
    assert (row.verdict, row.why, row.detected) == (Agreement.UNDECLARED, "no declaration names openai", (CODE,))


def test_other_data_than_is_declared_for_a_recipient_is_undeclared() -> None:
    """The record knows the recipient, and not this data: it says which it knows."""
    comparison = compared(found("user.contact.email", OPENAI), said("user.name", SAID_OPENAI))
    undeclared = [row for row in comparison.rows if row.verdict is Agreement.UNDECLARED]
    assert [row.why for row in undeclared] == ["only user.name is declared for openai"]


def test_without_a_record_nothing_is_undeclared() -> None:
    """That nobody keeps a record is one fact, and not one for each flow."""
    comparison = compared(found("user.contact.email", OPENAI))
    assert (comparison.lists_flows, comparison.rows) == (False, ())


def test_a_manifest_of_data_alone_is_no_record_of_flows() -> None:
    """Who describes a table has not said that nobody gets it."""
    table = column("customers", "email", Trait.SAID_PERSONAL, home="fides", categories=["user.contact.email"])
    comparison = compared(found("user.name", OPENAI, "customer.name"), Facts(nodes=(table,)))
    assert (comparison.lists_flows, comparison.rows) == (False, ())


def test_a_record_speaks_of_the_code_beside_it() -> None:
    """The manifest of one service says nothing of the service next to it; what it lists counts there, too."""
    beside = Location(path="search/.fides/systems.yml", line=7)
    place = Location(path="shop/app.py", line=9)
    comparison = compared(
        found("user.contact.email", OPENAI, place=place),
        said("user.name", service("anthropic", Origin.DECLARED, beside), beside),
        code=("shop/app.py",),
    )
    assert [row.verdict for row in comparison.rows] == [Agreement.NOT_COMPARED]


def test_an_exposure_of_a_warehouse_knows_flows_without_listing_all() -> None:
    """A dashboard in dbt does not make every flow of an application undeclared."""
    dashboard = node("system:weekly", NodeKind.SYSTEM, Origin.DECLARED, MANIFEST, sink=SinkKind.RESPONSE)
    comparison = compared(found("user.contact.email", OPENAI), said("user.name", dashboard, home="dbt"))
    assert (comparison.lists_flows, comparison.rows) == (False, ())


def test_a_provider_that_the_policy_lets_get_a_category_is_declared() -> None:
    """The policy is a declaration as well."""
    policy = "data:\n  user.contact:\n    providers: [openai]\n"
    comparison = compared(found("user.contact.email", OPENAI), said("user.name", SAID_OPENAI), policy=policy, code=())
    assert ("user.contact.email goes to openai", "matches") in rows(comparison, Subject.FLOW)


def test_the_policy_alone_does_not_claim_to_list_what_leaves() -> None:
    """What is allowed need not happen, and what it is silent about is a matter of other rules."""
    policy = "data:\n  user.contact:\n    providers: [anthropic]\n"
    comparison = compared(found("user.name", OPENAI), policy=policy)
    assert (comparison.lists_flows, comparison.rows) == (False, ())


def test_the_form_of_an_app_knows_data_whoever_gets_it_in_the_code_of_its_platform() -> None:
    """An Apple manifest names no recipients, and says nothing of the server."""
    form = node(
        "data:apple/ios/PrivacyInfo.xcprivacy.EmailAddress",
        NodeKind.DATA,
        Origin.DECLARED,
        Location(path="ios/PrivacyInfo.xcprivacy", line=4),
        categories=("user.contact.email",),
        traits=(Trait.SAID_PERSONAL,),
    )
    swift, server = Location(path="ios/Chat.swift", line=2), Location(path="server/app.py", line=2)
    comparison = compared(
        Facts(nodes=(form,)),
        found("user.contact.email", OPENAI, place=swift),
        found("user.name", OPENAI, "user.name", place=swift.model_copy(update={"line": 3})),
        found("user.name", OPENAI, "user.name", place=server),
    )
    flows = [(row.what, str(row.verdict), [place.path for place in row.detected]) for row in comparison.rows]
    assert flows == [
        ("user.contact.email goes to openai", "matches", ["ios/Chat.swift"]),
        ("user.name goes to openai", "undeclared", ["ios/Chat.swift"]),
    ]


def test_what_stays_on_this_machine_need_not_be_declared() -> None:
    """A model that runs here is no recipient, nor is a log."""
    local = OPENAI.model_copy(update={"id": "ai_service:ollama", "provider": "ollama", "traits": (Trait.LOCAL,)})
    log = node("sink:log", NodeKind.SINK, Origin.DETECTED, CODE, sink=SinkKind.LOG)
    comparison = compared(
        found("user.name", local), found("user.name", log, place=Location(path="b.py")), said("user", SAID_OPENAI)
    )
    assert rows(comparison, Subject.FLOW) == []


def test_a_recipient_without_a_name_is_not_compared() -> None:
    """Whoever answers at an address from outside may be declared or not: nobody can tell."""
    nameless = OPENAI.model_copy(update={"id": "ai_service:?", "provider": None, "name": "an AI service"})
    comparison = compared(found("user.name", nameless), said("user.contact", SAID_ANTHROPIC))
    assert only(comparison, Subject.FLOW).verdict is Agreement.NOT_COMPARED


def test_one_recipient_has_many_spellings() -> None:
    """`Mailhouse GmbH` in the manifest is the host in the code."""
    host = third_party("sink:host/x", Origin.DETECTED, CODE, endpoint="api.mailhouse.example")
    named = third_party("system:Mailhouse GmbH", Origin.DECLARED, MANIFEST)
    comparison = compared(found("user.name", host), said("user", named))
    assert [str(row.verdict) for row in comparison.rows] == ["matches"]


# --- recipients ---------------------------------------------------------------------------------------------------


def test_a_declared_recipient_that_gets_nothing_was_never_found() -> None:
    """The code beside the manifest was read and sends nothing there."""
    row = only(compared(said("user.name", SAID_OPENAI)), Subject.RECIPIENT)
    assert (row.verdict, row.declared, row.categories) == (Agreement.NEVER_FOUND, (MANIFEST,), ("user.name",))


def test_a_declaration_beside_no_code_is_not_compared() -> None:
    """A repository of manifests is no proof that nothing is sent."""
    assert only(compared(said("user.name", SAID_OPENAI), code=()), Subject.RECIPIENT).verdict is Agreement.NOT_COMPARED


def test_a_recipient_to_whom_no_call_is_known_is_not_compared() -> None:
    """That a mailing house was not found proves nothing where nobody would recognise it."""
    house = third_party("system:mailing_house", Origin.DECLARED, MANIFEST)
    assert only(compared(said("user.name", house)), Subject.RECIPIENT).verdict is Agreement.NOT_COMPARED
    known = compared(said("user.name", house), known=["mailinghouse"])
    assert only(known, Subject.RECIPIENT).verdict is Agreement.NEVER_FOUND


def test_a_lost_way_makes_it_doubtful_that_a_recipient_gets_nothing() -> None:
    """Data that goes nobody knows where may go to the one who is declared."""
    lost = node("model:x", NodeKind.MODEL, Origin.DETECTED, CODE, traits=(Trait.UNRESOLVED,))
    comparison = compared(said("user.name", SAID_OPENAI), found("user.name", lost))
    assert only(comparison, Subject.RECIPIENT).doubtful


def test_declared_data_that_a_recipient_does_not_get_is_said() -> None:
    """He gets other data: the record lists too much."""
    comparison = compared(
        found("user.contact.email", OPENAI), said("user.contact.email", SAID_OPENAI), said("user.name", SAID_OPENAI)
    )
    assert ("user.name goes to openai", "never_found") in rows(comparison, Subject.FLOW)


# --- columns ------------------------------------------------------------------------------------------------------


def test_a_masked_column_that_leaves_unmasked_contradicts() -> None:
    """A warehouse says that it is hashed; code sends it as it is."""
    masked = column("dim_customers", "email", Trait.SAID_MASKED, categories=["user.contact.email"])
    row = only(compared(found("user.contact.email", OPENAI), Facts(nodes=(masked,))), Subject.MASK)
    assert (row.verdict, row.why) == (Agreement.CONTRADICTS, "it reaches openai without a protection")


def test_a_masked_column_that_passes_a_protection_matches() -> None:
    """The code does what the declaration says."""
    masked = column("customers", "email", Trait.SAID_MASKED, categories=["user.contact.email"])
    data = node("data:app.py:f:customer.email", NodeKind.DATA, Origin.DETECTED, CODE, categories=("user",))
    guard = node("protection:app.py:8", NodeKind.PROTECTION, Origin.DETECTED, CODE, technique="pseudonymisation")
    ways = (edge(data, guard, Origin.DETECTED, CODE), edge(guard, OPENAI, Origin.DETECTED, CODE))
    comparison = compared(Facts(nodes=(masked, data, guard, OPENAI), edges=ways))
    assert only(comparison, Subject.MASK).verdict is Agreement.MATCHES


def test_consent_is_no_mask() -> None:
    """Leave to use the data does not change them."""
    masked = column("customers", "email", Trait.SAID_MASKED, categories=["user.contact.email"])
    data = node("data:app.py:f:customer.email", NodeKind.DATA, Origin.DETECTED, CODE, categories=("user",))
    guard = node("protection:app.py:8", NodeKind.PROTECTION, Origin.DETECTED, CODE, technique="consent")
    ways = (edge(data, guard, Origin.DETECTED, CODE), edge(guard, OPENAI, Origin.DETECTED, CODE))
    comparison = compared(Facts(nodes=(masked, data, guard, OPENAI), edges=ways))
    assert only(comparison, Subject.MASK).verdict is Agreement.CONTRADICTS


def through(start: Node, end: Node | None, technique: str = "pseudonymisation") -> Facts:
    """A declaration lets a column go through a protection, and on to another column."""
    by = node(f"protection:{start.id}", NodeKind.PROTECTION, Origin.DECLARED, MANIFEST, technique=technique)
    onward = () if end is None else (edge(by, end, Origin.DECLARED, MANIFEST),)
    ends = () if end is None else (end,)
    return Facts(nodes=(start, by, *ends), edges=(edge(start, by, Origin.DECLARED, MANIFEST), *onward))


EMAIL = column("customers", "email", Trait.SAID_PERSONAL, categories=["user.contact.email"])


def test_a_protection_behind_a_column_is_a_mask() -> None:
    """Fides says it without a word for it."""
    comparison = compared(found("user.contact.email", OPENAI), through(EMAIL, None))
    assert only(comparison, Subject.MASK).verdict is Agreement.CONTRADICTS


def test_a_mask_on_the_way_to_another_column_leaves_the_first_in_clear() -> None:
    """A job that writes hashes into a copy has not hashed its input."""
    copy = column("customers_hashed", "email", Trait.SAID_MASKED)
    comparison = compared(found("user.contact.email", OPENAI), through(EMAIL, copy))
    assert rows(comparison, Subject.MASK) == []


def test_encryption_in_the_store_hides_nothing_from_code() -> None:
    """Code that reads an encrypted column gets it in clear, as was meant."""
    kept = EMAIL.model_copy(update={"traits": (Trait.SAID_MASKED, Trait.SAID_PERSONAL)})
    comparison = compared(found("user.contact.email", OPENAI), through(kept, None, "encryption_at_rest"))
    assert rows(comparison, Subject.MASK) == []


def test_a_mask_of_fides_may_be_one_for_the_forgotten() -> None:
    """Its strategies also say what replaces the data of somebody who asks to be erased: it is a hint only."""
    data = column("customers", "email", home="fides", categories=["user.contact.email"])
    row = only(compared(found("user.contact.email", OPENAI), through(data, None)), Subject.MASK)
    assert (row.verdict, row.sure) == (Agreement.CONTRADICTS, Confidence.LOW)


def test_a_table_of_the_same_name_in_clear_makes_a_missing_mask_doubtful() -> None:
    """The code may read the raw table, which nobody says is masked."""
    masked = column("dim_customers", "email", Trait.SAID_MASKED, categories=["user.contact.email"])
    facts = Facts(nodes=(masked, column("raw_customers", "email", Trait.SAID_PERSONAL, categories=["user.contact"])))
    assert only(compared(found("user.contact.email", OPENAI), facts), Subject.MASK).sure is Confidence.LOW


def test_an_object_that_is_sent_whole_brings_its_masked_field() -> None:
    """A `Customer` holds the address."""
    data = node(
        "data:app.py:f:c",
        NodeKind.DATA,
        Origin.DETECTED,
        CODE,
        categories=("user.contact.email",),
        details={"because": "it is a Customer"},
    )
    masked = column("customers", "email", Trait.SAID_MASKED, categories=["user.contact.email"])
    sent = Facts(nodes=(data, OPENAI, masked), edges=(edge(data, OPENAI, Origin.DETECTED, CODE),))
    assert only(compared(sent), Subject.MASK).verdict is Agreement.CONTRADICTS


def test_a_file_that_is_sent_brings_its_masked_column() -> None:
    """`customers.csv` holds the columns of the table."""
    data = node(
        "data:file/in/customers.csv",
        NodeKind.DATA,
        Origin.DETECTED,
        CODE,
        categories=("user.contact.email",),
        details={"path": "in/customers.csv"},
    )
    masked = column("customers", "email", Trait.SAID_MASKED, categories=["user.contact.email"])
    sent = Facts(nodes=(data, OPENAI, masked), edges=(edge(data, OPENAI, Origin.DETECTED, CODE),))
    assert only(compared(sent), Subject.MASK).verdict is Agreement.CONTRADICTS


def test_a_masked_column_may_be_clean() -> None:
    """What was masked need not be personal data any more."""
    both = column("dim_customers", "email", Trait.SAID_CLEAN, Trait.SAID_MASKED)
    assert compared(Facts(nodes=(both,))).rows == ()


def test_whom_a_warehouse_serves_is_not_missed_in_code() -> None:
    """The code of the tree does not send what a dashboard fetches."""
    comparison = compared(said("user.name", SAID_OPENAI, home="dbt"))
    assert rows(comparison, Subject.RECIPIENT) == []


def test_the_same_field_of_another_thing_is_not_meant() -> None:
    """The e-mail of a supplier is not that of a customer."""
    masked = column("customers", "email", Trait.SAID_MASKED, categories=["user.contact.email"])
    comparison = compared(found("user.contact.email", OPENAI, "supplier.email"), Facts(nodes=(masked,)))
    assert comparison.rows == ()


def test_a_column_whose_name_is_personal_is_not_clean() -> None:
    """`email` without personal data needs an explanation."""
    clean = column("dim_customers", "email", Trait.SAID_CLEAN)
    row = only(compared(Facts(nodes=(clean,))), Subject.COLUMN)
    assert (row.verdict, row.why) == (Agreement.CONTRADICTS, "its name means user.contact.email")


def test_a_clean_column_of_another_name_is_fine() -> None:
    """Nothing contradicts it."""
    assert compared(Facts(nodes=(column("orders", "total", Trait.SAID_CLEAN),))).rows == ()


def test_data_of_systems_is_clean_and_no_contradiction() -> None:
    """A record of logins has an id, which Fides calls data of a system."""
    clean = column("user_logins", "id", Trait.SAID_CLEAN, home="fides", categories=["system.operations"])
    assert compared(Facts(nodes=(clean,)), said("system.operations", SAID_OPENAI)).rows == ()


def test_two_declarations_may_contradict_each_other() -> None:
    """One column, merged from two formats of which one says no."""
    both = column("orders", "ref", Trait.SAID_CLEAN, Trait.SAID_PERSONAL, categories=["user"])
    row = only(compared(Facts(nodes=(both,))), Subject.COLUMN)
    assert row.why == "another declaration says that it is personal"


def test_what_code_knows_contradicts_a_clean_column() -> None:
    """The schema calls a field clean, and code reads health data from it."""
    clean = column("Visit", "text", Trait.SAID_CLEAN, home="openapi")
    comparison = compared(found("user.health_and_medical", OPENAI, "visit.text"), Facts(nodes=(clean,)))
    assert only(comparison, Subject.COLUMN).why == "in code it is user.health_and_medical"


def test_a_personal_column_that_code_reads_matches() -> None:
    """Both sides say the same, and the report shows where."""
    personal = column("stg_crm__customers", "email", Trait.SAID_PERSONAL, categories=["user.contact.email"])
    row = only(compared(found("user.contact.email", OPENAI), Facts(nodes=(personal,))), Subject.COLUMN)
    assert (row.verdict, row.detected) == (Agreement.MATCHES, (CODE,))
