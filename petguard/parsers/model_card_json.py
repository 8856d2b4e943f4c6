"""Model cards in JSON: those of the Model Card Toolkit and of SageMaker, with the data that a model was trained on."""

from collections.abc import Iterator, Sequence
from typing import Any

from petguard import secrets, taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json
from petguard.model import Asset, Detail, Edge, EdgeKind, Facts, Gap, Node, NodeKind, Origin, Trait
from petguard.parsers import Parser, _assets
from petguard.parsers._classification import Meaning, described, together
from petguard.parsers._declared import ANY_PERSONAL, named_place
from petguard.parsers._model_file import shown
from petguard.parsers._names import categories_of_path, hub_dataset
from petguard.parsers._source import Source, each
from petguard.parsers._source import together as all_of

Pointer = tuple[Step, ...]

_MEASURED = frozenset({"eval", "evaluation", "validation", "test", "testing"})  # and not trained on
_TOOLKIT = (b'"model_details"', b'"model_parameters"')
_SAGEMAKER = (b'"model_overview"', b'"training_details"')


def _interest(candidate: Candidate) -> Interest:
    named = candidate.suffix == ".json"
    wanted = named and any(all(key in candidate.data for key in keys) for keys in (_TOOLKIT, _SAGEMAKER))
    return Interest.READ if wanted else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


def _read(source: Source) -> Facts:
    top = source.document.value
    if not isinstance(top, dict):  # something else that speaks of such cards
        return Facts()
    if "model_overview" in top:
        return _sagemaker(source, top)
    return _toolkit(source, top) if "model_details" in top and "model_parameters" in top else Facts()


def _sagemaker(source: Source, top: dict[str, Any]) -> Facts:
    overview = source.mapping(top.get("model_overview"), "model_overview")
    uses = source.mapping(top.get("intended_uses"), "intended_uses")
    details: dict[str, Detail] = {"format": "SageMaker model card"}
    for key, value in (("risk_rating", uses.get("risk_rating")), ("purpose", uses.get("purpose_of_model"))):
        if isinstance(value, str) and value.strip():
            details[key] = shown(value)
    model = _model(source, source.string(overview.get("model_name"), "model_overview", "model_name"), details)
    place: Pointer = ("training_details", "training_job_details")
    training = source.mapping(top.get("training_details"), "training_details")
    job = source.mapping(training.get("training_job_details"), *place)
    named = source.strings(job.get("training_datasets"), *place, "training_datasets")
    return all_of([Facts(nodes=(model,)), *(_trained(source, model, name, Meaning(), at) for name, at in named)])


def _toolkit(source: Source, top: dict[str, Any]) -> Facts:
    about = source.mapping(top.get("model_details"), "model_details")
    name = source.string(about.get("name"), "model_details", "name")
    model = _model(source, name, {"format": "Model Card Toolkit"})
    place: Pointer = ("model_parameters", "data")
    data = source.mapping(top.get("model_parameters"), "model_parameters").get("data")
    found = [
        _trained(source, model, called, _sensitive(source, entry, at), at)
        for called, entry, at in _datasets(source, data, place)
    ]
    return all_of([Facts(nodes=(model,)), *found])


def _datasets(source: Source, value: Any, place: Pointer) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """A list of data sets, or one for training and one for evaluation; one without a name has its role for one."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(source.items(value, *place)))
    for step, item in pairs:
        at = (*place, step)
        entry = source.mapping(item, *at)
        link, name = (source.string(entry.get(key), *at, key) for key in ("link", "name"))
        told = name or link or "sensitive" in entry
        measured = not _MEASURED.isdisjoint(taxonomy.tokens(f"{step} {name}"))
        if told and not measured:
            hub = hub_dataset(link) if link else None
            yield hub or name or link or f"{source.path}#{step}", entry, at


def _sensitive(source: Source, entry: dict[str, Any], place: Pointer) -> Meaning:
    """Whether there is sensitive data, as older cards say, or a description of each kind."""
    value = entry.get("sensitive")
    if isinstance(value, bool):
        return Meaning(Trait.SAID_PERSONAL, (ANY_PERSONAL,)) if value else Meaning(Trait.SAID_CLEAN)
    at = (*place, "sensitive")
    listed = source.mapping(value, *at).get("sensitive_data")
    return together(*(described(text) for text, _ in source.strings(listed, *at, "sensitive_data")))


def _model(source: Source, name: str | None, details: dict[str, Detail]) -> Node:
    return Node(
        id=f"model_card:{source.path}",
        kind=NodeKind.ARTIFACT,
        name=shown(name or source.path),
        origin=Origin.DECLARED,
        locations=(source.at(),),
        details=details,
    )


def _trained(source: Source, model: Node, name: str, meant: Meaning, place: Pointer) -> Facts:
    name = secrets.mask_in(name)
    update = {
        "categories": meant.categories or (() if meant.said is Trait.SAID_CLEAN else categories_of_path(name)),
        "traits": (meant.said,) if meant.said else (),
        "details": {"declared_in": "model card"},
    }
    node = named_place(name, source.at(*place)) if "://" in name else _assets.dataset(name, source.at(*place))
    data = node.model_copy(update={**update, "asset": Asset.DATASET})
    edge = Edge(
        kind=EdgeKind.TRAINED_ON,
        source=model.id,
        target=data.id,
        origin=Origin.DECLARED,
        location=source.at(*place),
    )
    return Facts(nodes=(data,), edges=(edge,))


PARSER = Parser.of_configs("model_card_json", _interest, _parse)
