"""The draft of a record: what was found to leave, in a form that Fides and petguard read, whatever it is called."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petguard.documents import read_yaml
from petguard.model import Origin
from petguard.report import Report
from petguard.reports import fides


def _system(report: Report) -> dict[str, object]:
    """The one system of the draft."""
    (system,) = read_yaml(fides.render(report)).value["system"]
    found: dict[str, object] = system
    return found


def test_each_recipient_has_a_declaration_and_an_entry_of_its_own(realistic: Report) -> None:
    """Both list the categories that were found to get there."""
    system = _system(realistic)
    keys = [entry["data_categories"] for entry in system["egress"]]  # type: ignore[attr-defined]
    assert keys
    assert keys == [entry["data_categories"] for entry in system["privacy_declarations"]]  # type: ignore[attr-defined]


def test_what_is_only_declared_is_not_written_down_as_found(realistic: Report) -> None:
    """A draft must not prove the declaration that it was made beside."""
    flows = tuple(flow.model_copy(update={"origin": Origin.DECLARED}) for flow in realistic.flows)
    system = _system(realistic.model_copy(update={"flows": flows}))
    assert (system["egress"], system["privacy_declarations"]) == ([], [])


def test_a_purpose_is_left_to_people(realistic: Report) -> None:
    """No purpose is made up."""
    assert "data_use: not_stated\n" in fides.render(realistic)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=40))
def test_names_from_a_scanned_tree_stay_names(name: str, realistic: Report) -> None:
    """Whatever a recipient or a folder is called, the draft has one system with the same keys."""
    flows = tuple(
        flow.model_copy(update={"sink": flow.sink.model_copy(update={"name": name})}) for flow in realistic.flows
    )
    scope = realistic.scope.model_copy(update={"root": name})
    system = _system(realistic.model_copy(update={"flows": flows, "scope": scope}))
    assert list(system) == ["fides_key", "name", "system_type", "privacy_declarations", "egress"]
