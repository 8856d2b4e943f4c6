"""FedML runs (`fedml_config.yaml`) that state differential privacy in `dp_args`.

FedML throws all sections into one, so that it does not matter where a key stands. Its epsilon and delta are those of
one round; what they come to after `comm_round` rounds is for the verifier. Traps of the library follow its source.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml_all
from petguard.hazards import Hazard
from petguard.model import Claim, Danger, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._dp_flat import Flat, flat
from petguard.parsers._source import Source, each
from petguard.parsers._stated_dp import number_of, protection, statement

_WITHOUT = frozenset({"tf", "jax", "mxnet"})  # engines for which FedML turns privacy off, with a line in the log
_UNCLIPPED = {"ldp": "FedML's ldp clips nothing", "cdp": "there is no max_grad_norm"}
_ROUNDS = {"rounds": "comm_round", "clients_per_round": "client_num_per_round", "clients_total": "client_num_in_total"}


def _interest(candidate: Candidate) -> Interest:
    is_run = b"enable_dp" in candidate.data and b"dp_solution_type" in candidate.data
    return Interest.READ if candidate.suffix in (".yaml", ".yml") and is_run else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, read_yaml_all, _read)


def _read(source: Source) -> Facts:
    run = flat(source)
    if "enable_dp" not in run.values or "dp_solution_type" not in run.values:
        return Facts()
    kind = source.string(run.values["dp_solution_type"], *run.places["dp_solution_type"])
    enabled = run.values["enable_dp"]
    if not isinstance(enabled, bool):
        source.doubt("enable_dp is neither true nor false", *run.places["enable_dp"])
        return Facts()
    technique, fields = _fields((kind or "").strip())
    places = {field: run.places[key] for field, key in fields.items() if key in run.places}
    values = {field: number_of(run.values.get(key)) for field, key in fields.items()}
    claim = Claim(
        id=f"{technique}:{source.path}",
        statement=statement(source, technique, {**values, **_fixed(technique, run)}, places),
        location=source.at(*run.places["dp_solution_type"]),
        subject=source.path,
        dangers=tuple(_dangers(source, run, kind or "", enabled=enabled)),
    )
    return Facts(nodes=(protection(claim, "FedML"),), claims=(claim,))


def _fields(kind: str) -> tuple[str, dict[str, str]]:
    """The technique of a solution, and which key fills which field."""
    noise = {"round_epsilon": "epsilon", "round_delta": "delta", "sensitivity": "sensitivity"}
    if kind == "ldp":
        return "local_dp", {**noise, "rounds": "comm_round"}
    if kind == "dp_clip":
        return "federated_dp", {**_ROUNDS, "noise_multiplier": "noise_multiplier", "clipping_norm": "clipping_norm"}
    if kind == "nbafl":
        return "federated_dp", {**_ROUNDS, "round_epsilon": "epsilon", "round_delta": "delta"}
    return "federated_dp", {**_ROUNDS, **noise, "clipping_norm": "max_grad_norm"}


def _fixed(technique: str, run: Flat) -> dict[str, Any]:
    """The mechanism; which clients take part follows from the number of the round, so that anybody can tell."""
    named = str(run.values.get("mechanism_type", "")).strip().lower()
    if technique == "local_dp":
        return {"protocol": "gaussian"} if named == "gaussian" else {}
    return {"mechanism": "laplace" if named == "laplace" else "gaussian", "sampling": "none", "unit": "user"}


def _dangers(source: Source, run: Flat, kind: str, *, enabled: bool) -> Iterator[Danger]:
    def danger(hazard: Hazard, key: str, detail: str) -> Danger:
        return Danger(hazard=hazard, location=source.at(*run.places[key]), detail=detail)

    if not enabled:
        yield danger(Hazard.DP_SWITCHED_OFF, "enable_dp", "enable_dp is false, so FedML adds no noise")
        return
    engine = run.values.get("ml_engine")
    if isinstance(engine, str) and engine.strip() in _WITHOUT:
        detail = f"FedML turns differential privacy off for the engine {engine.strip()} and trains on"
        yield danger(Hazard.LIBRARY_TRAP, "ml_engine", detail)
    if kind == "nbafl":
        detail = "FedML's nbafl makes its noise for a sensitivity of 1, whatever its bound C on each weight is"
        yield danger(Hazard.SENSITIVITY_TOO_SMALL, "dp_solution_type", detail)
    elif kind == "dp_clip":
        detail = "FedML's dp_clip makes its noise smaller with every layer and loses the noisy model"
        yield danger(Hazard.LIBRARY_TRAP, "dp_solution_type", detail)
    elif kind == "ldp" or run.values.get("max_grad_norm") is None:
        detail = "nothing bounds what one client adds: " + _UNCLIPPED["ldp" if kind == "ldp" else "cdp"]
        yield danger(Hazard.UNBOUNDED_CONTRIBUTION, "dp_solution_type", detail)
    if str(run.values.get("mechanism_type", "")).strip().lower() == "laplace":
        detail = "FedML takes Laplace noise from numpy's textbook sampler"
        yield danger(Hazard.NAIVE_FLOATING_POINT, "mechanism_type", detail)
    if isinstance(run.values.get("random_seed"), int):
        detail = "FedML seeds the generator of its noise with the random_seed of the configuration"
        yield danger(Hazard.LIBRARY_TRAP, "random_seed", detail)


PARSER = Parser.of_configs("fedml", _interest, _parse, claims=True)
