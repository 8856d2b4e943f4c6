"""One protection, spoken of in several places: what is merged, what contradicts, what stays by itself."""

from petguard.claims import DpSgd
from petguard.graph import SystemGraph
from petguard.joins import joined
from petguard.model import Asset, Claim, Edge, EdgeKind, Facts, Location, Node, NodeKind, Origin, SinkKind


def _found(
    statement: DpSgd, *, path: str = "train.py", line: int = 7, unresolved: dict[str, str] | None = None
) -> Claim:
    return Claim(
        id=f"dp_sgd:{path}:{line}",
        statement=statement,
        location=Location(path=path, line=line),
        subject=f"{path}:train",
        unresolved=unresolved or {},
    )


def _stated(statement: DpSgd, subject: str, *, line: int = 3) -> Claim:
    return Claim(
        id=f"stated:{line}",
        statement=statement,
        location=Location(path="petguard.yaml", line=line),
        subject=subject,
        origin=Origin.DECLARED,
    )


def _claims(*claims: Claim) -> tuple[Claim, ...]:
    return joined([Facts(claims=claims)])[-1].claims


def test_what_is_stated_fills_in_what_was_not_found() -> None:
    """A field that only the statement has is taken over, and where it was stated is kept."""
    (claim,) = _claims(_found(DpSgd(noise_multiplier=1.1)), _stated(DpSgd(epsilon=3.0), "train.py"))
    assert (claim.statement.model_dump()["epsilon"], claim.stated_in) == (3.0, {"epsilon": "petguard.yaml:3"})


def test_what_was_found_wins_over_what_is_stated() -> None:
    """The number in the code counts, and the difference is a conflict with both numbers."""
    (claim,) = _claims(_found(DpSgd(noise_multiplier=0.3)), _stated(DpSgd(noise_multiplier=1.1), "train.py"))
    assert claim.statement.model_dump()["noise_multiplier"] == 0.3
    assert claim.conflicts == {"noise_multiplier": {"found": 0.3, "stated": 1.1, "stated_in": "petguard.yaml:3"}}


def test_the_same_number_in_both_places_is_no_conflict() -> None:
    """Saying it twice is not contradicting oneself."""
    (claim,) = _claims(_found(DpSgd(epochs=3)), _stated(DpSgd(epochs=3), "train.py"))
    assert (claim.conflicts, claim.stated_in) == ({}, {})


def test_a_stated_value_resolves_what_could_not_be_read() -> None:
    """`args.sigma` in the code is settled by a number in the statement; other doubts stay."""
    doubts = {"noise_multiplier": "args.sigma is not a constant", "epochs": "n is not a constant"}
    (claim,) = _claims(_found(DpSgd(), unresolved=doubts), _stated(DpSgd(noise_multiplier=1.1), "train.py"))
    assert claim.unresolved == {"epochs": "n is not a constant"}


def test_a_statement_about_a_function_goes_before_one_about_its_file() -> None:
    """`train.py:train` is exact, even when the file holds two claims."""
    other = _found(DpSgd(epochs=1), line=90).model_copy(update={"subject": "train.py:other"})
    claims = _claims(_found(DpSgd(epochs=2)), other, _stated(DpSgd(epsilon=1.0), "train.py:train"))
    assert [(claim.subject, claim.statement.model_dump()["epsilon"]) for claim in claims] == [
        ("train.py:train", 1.0),
        ("train.py:other", None),
    ]


def test_a_statement_about_a_file_speaks_of_every_claim_in_it() -> None:
    """Which of two is meant is not guessed, and alone it would be judged by its own numbers only."""
    claims = _claims(_found(DpSgd()), _found(DpSgd(), line=90), _stated(DpSgd(epsilon=1.0), "train.py"))
    assert [(claim.origin, claim.stated_in) for claim in claims] == [
        (Origin.DETECTED, {"epsilon": "petguard.yaml:3"}),
        (Origin.DETECTED, {"epsilon": "petguard.yaml:3"}),
    ]


def test_a_statement_about_another_function_of_the_file_does_not_escape_the_code() -> None:
    """`train.py:main` may call what was found in `train.py:train`, and its number is not believed over the code's."""
    (claim,) = _claims(_found(DpSgd(noise_multiplier=0.3)), _stated(DpSgd(noise_multiplier=1.1), "train.py:main"))
    assert (claim.origin, list(claim.conflicts)) == (Origin.DETECTED, ["noise_multiplier"])


def test_a_statement_about_something_else_stays_a_claim_of_its_own() -> None:
    """Nothing that is stated is dropped."""
    claims = _claims(_found(DpSgd()), _stated(DpSgd(epsilon=1.0), "other.py"))
    assert [claim.subject for claim in claims] == ["other.py", "train.py:train"]


def test_two_statements_about_one_claim_are_both_merged() -> None:
    """Each statement adds what it has, under its own place."""
    one, two = _stated(DpSgd(epsilon=1.0), "train.py"), _stated(DpSgd(delta=1e-5), "train.py:train", line=9)
    (claim,) = _claims(_found(DpSgd()), one, two)
    assert claim.stated_in == {"epsilon": "petguard.yaml:3", "delta": "petguard.yaml:9"}


def test_claims_are_taken_out_of_the_parts_they_came_in() -> None:
    """Every claim is in the answer once; nodes and edges stay where they were."""
    parts = joined([Facts(claims=(_found(DpSgd()),)), Facts()])
    assert [len(part.claims) for part in parts] == [0, 0, 1]


def _edge(kind: EdgeKind, source: str, target: str, origin: Origin) -> Edge:
    return Edge(kind=kind, source=source, target=target, origin=origin, location=Location(path="a.py"))


def _service(key: str, provider: str | None) -> Node:
    here = (Location(path="a.py"),)
    return Node(id=key, kind=NodeKind.AI_SERVICE, name=key, origin=Origin.DETECTED, locations=here, provider=provider)


def test_a_call_with_a_gateway_s_model_name_goes_on_to_where_the_gateway_routes_it() -> None:
    """`model="fast"` at an unknown address is what a LiteLLM configuration calls `fast`."""
    edges = (
        _edge(EdgeKind.FLOWS_TO, "call", "ai_service:proxy", Origin.DETECTED),
        _edge(EdgeKind.USES, "call", "model:fast", Origin.DETECTED),
        _edge(EdgeKind.FLOWS_TO, "model:fast", "ai_service:openai", Origin.DECLARED),
    )
    added = joined([Facts(nodes=(_service("ai_service:proxy", None),), edges=edges)])[-1].edges
    assert [(edge.source, edge.target, edge.kind) for edge in added] == [("call", "model:fast", EdgeKind.FLOWS_TO)]


def test_a_call_of_a_provider_s_own_model_does_not_pass_a_gateway() -> None:
    """`gpt-4o` at api.openai.com stays there, whatever a gateway's configuration calls `gpt-4o`."""
    edges = (
        _edge(EdgeKind.FLOWS_TO, "call", "ai_service:openai", Origin.DETECTED),
        _edge(EdgeKind.USES, "call", "model:gpt-4o", Origin.DETECTED),
        _edge(EdgeKind.FLOWS_TO, "model:gpt-4o", "ai_service:azure", Origin.DECLARED),
    )
    assert joined([Facts(nodes=(_service("ai_service:openai", "openai"),), edges=edges)])[-1].edges == ()


def test_a_service_that_only_a_bill_of_materials_speaks_of_answers_no_client() -> None:
    """It is no asset: a client whose address comes from outside stays one in the inventory."""
    client = _service("ai_service:unresolved", None).model_copy(update={"asset": Asset.AI_SERVICE})
    said = _service("ai_service:openai", "openai").model_copy(update={"origin": Origin.DECLARED})
    assert joined([Facts(nodes=(client, said))])[0].nodes[0].asset is Asset.AI_SERVICE
    known = said.model_copy(update={"asset": Asset.AI_SERVICE})
    assert joined([Facts(nodes=(client, known))])[0].nodes[0].asset is None


def _column(kind: str, table: str, name: str, *, stored_as: str | None = None, **more: object) -> Node:
    details = {"declared_in": kind, "table": table, "column": name, **({"stored_as": stored_as} if stored_as else {})}
    return Node(
        id=f"data:{kind}/{table}.{name}",
        kind=NodeKind.DATA,
        name=f"{table}.{name}",
        origin=Origin.DECLARED,
        locations=(Location(path=kind),),
        details=details,
        **more,  # type: ignore[arg-type]
    )


def _flow(source: str, target: str) -> Edge:
    place = Location(path="x")
    return Edge(kind=EdgeKind.FLOWS_TO, source=source, target=target, origin=Origin.DECLARED, location=place)


def test_a_column_in_two_formats_is_one() -> None:
    """The name in the database decides, without schema and in lower case; edges follow."""
    model = _column("prisma/app", "User", "mail", stored_as="users.e_mail", categories=("user.contact.email",))
    stored = _column("dbt/raw", "public.Users", "E_MAIL")
    edge = _flow(stored.id, "system:x")
    parts = joined([Facts(nodes=(model,)), Facts(nodes=(stored,), edges=(edge,))])
    assert {node.id for part in parts for node in part.nodes} == {"data:dbt/raw/public.Users.E_MAIL"}
    swapped = joined([Facts(nodes=(_column("contract/c", "t", "a"), _column("dbt", "t", "a")), edges=())])
    assert {node.id for part in swapped for node in part.nodes} == {"data:contract/c/t.a"}


def test_a_column_that_one_format_has_twice_stays_apart() -> None:
    """It could be either."""
    nodes = (_column("prisma/a", "t", "a"), _column("prisma/b", "t", "a"), _column("dbt", "t", "a"))
    assert {node.id for part in joined([Facts(nodes=nodes)]) for node in part.nodes} == {node.id for node in nodes}


def test_formats_that_store_nothing_are_not_joined() -> None:
    """A field of a service is not the column of the same name."""
    nodes = (_column("openapi", "t", "a"), _column("dbt", "t", "a"))
    assert {node.id for part in joined([Facts(nodes=nodes)]) for node in part.nodes} == {node.id for node in nodes}


def _trained(data: Node, path: str = "card.md") -> tuple[Node, Edge]:
    place = Location(path=path)
    model = Node(
        id="model:m", kind=NodeKind.MODEL, name="m", asset=Asset.MODEL, origin=Origin.DECLARED, locations=(place,)
    )
    edge = Edge(kind=EdgeKind.TRAINED_ON, source=model.id, target=data.id, origin=Origin.DECLARED, location=place)
    return model, edge


def test_what_a_model_was_trained_on_goes_into_its_training() -> None:
    """Whoever says so, the data end there, and not in the model: it would carry them on to whoever runs it."""
    data = _column("dbt", "t", "email", categories=("user.contact.email",))
    model, edge = _trained(data)
    (flow,) = SystemGraph(joined([Facts(nodes=(data, model), edges=(edge,))])).flows()
    assert (flow.source.id, flow.target.id, flow.target.sink) == (data.id, "training:model:m", SinkKind.TRAINING)


def test_masked_data_goes_into_the_training_masked() -> None:
    """The protection that stands on a data set stands on the way, too."""
    data = _column("dbt", "t", "email", categories=("user.contact.email",))
    model, edge = _trained(data)
    by = model.model_copy(update={"id": "protection:dbt/t.email", "kind": NodeKind.PROTECTION, "asset": None})
    (flow,) = SystemGraph(joined([Facts(nodes=(data, model, by), edges=(edge, _flow(data.id, by.id)))])).flows()
    assert [each.id for each in flow.protections] == [by.id]


def test_a_file_that_names_its_training_needs_no_other() -> None:
    """The stage of a pipeline that trains is where the data end."""
    data = _column("dbt", "t", "email", categories=("user.contact.email",))
    model, edge = _trained(data, "dvc.yaml")
    stage = model.model_copy(update={"id": "code:stage", "kind": NodeKind.CODE, "sink": SinkKind.TRAINING})
    facts = Facts(nodes=(data, model, stage), edges=(edge, _flow(data.id, stage.id)))
    assert [flow.target.id for flow in SystemGraph(joined([facts])).flows()] == ["code:stage"]
