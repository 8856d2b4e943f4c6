"""Jobs of continuous integration that run AI: what they run, what their token may do, and who can make them run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from petguard import catalog, secrets
from petguard.model import Asset, Detail, Edge, EdgeKind, Facts, Gap, Location, Node, Origin, Trait
from petguard.parsers import _assets, _positions, _shell, _variables
from petguard.parsers._containers import Text
from petguard.parsers._names import HOLE
from petguard.parsers._source import together
from petguard.parsers._variables import Variable

_RUNS_AI = frozenset({Asset.AI_SERVICE, Asset.AI_WORKLOAD})
_COMMIT = re.compile(r"@(?:[0-9a-f]{40}|sha256:[0-9a-f]{64})$")
# What somebody without any right to the repository can write: GitHub's own list of untrusted input.
_UNTRUSTED = re.compile(
    r"github\.event\.(?:issue|pull_request|discussion)\.(?:title|body)|github\.event\.(?:comment|review|review_comment)\.body"
    r"|github\.event\.pull_request\.head\.(?:ref|label)|github\.head_ref|github\.event\.workflow_run\.head_branch"
    r"|github\.event\.workflow_run\.head_commit\.message|github\.event\.head_commit\.message"
)

_EXPRESSION = re.compile(r"\$\{\{(?:(?!\$\{\{|\}\}).)*+\}\}")  # put in before a shell sees the text
_MODEL_OPTION = re.compile(r"--model[= ]\s*[\"']?(?P<name>[\w.:/@+-]+)")
_UNASKED = re.compile(
    r"--dangerously-skip-permissions|--dangerously-bypass-approvals-and-sandbox|--full-auto|--yolo|--yes-always"
    r"|--allow-all-tools|bypassPermissions|--approval-mode[= ](?:yolo|full-auto)|danger-full-access"
)
_LETS_ASK = frozenset({"allowed_non_write_users", "allow-users"})  # of actions that else serve only who may write


@dataclass(frozen=True)
class Step:
    """One step: the action or the shell text that it runs, what it is given, and in which words it is asked."""

    location: Location
    uses: str | None = None
    script: Text | None = None
    variables: tuple[Variable, ...] = ()
    inputs: tuple[tuple[str, Text], ...] = ()
    known: catalog.Action | None = None  # the AI that the action is
    guarded: bool = False  # runs only for people with rights


@dataclass(frozen=True)
class Job:
    """One job of one system; `traits` and `details` say what its token may do and who can start it.

    `untrusted` tells whether those who start it may be anybody at all.
    """

    system: str
    key: str
    name: str
    steps: tuple[Step, ...]
    images: tuple[Text, ...] = ()
    variables: tuple[Variable, ...] = ()
    traits: tuple[Trait, ...] = ()
    details: dict[str, Detail] = field(default_factory=dict)
    untrusted: bool = False


@dataclass(frozen=True)
class _Run:
    """That a step runs AI."""

    what: str
    location: Location
    provider: str | None = None
    traits: tuple[Trait, ...] = ()
    fed: tuple[str, ...] = ()


def read(job: Job, gaps: list[Gap]) -> Facts:
    """The keys, models, packages and images of a job, and the job itself when one of its steps runs AI.

    What was not understood of its scripts goes to `gaps`.
    """
    scripts = [(step, _script(step.script, gaps)) for step in job.steps if step.script]
    images = [node for image in job.images if (node := _assets.image(image.value, image.location))]
    nodes = [*_variables.nodes(job.variables), *(node for step in job.steps for node in _given(step)), *images]
    runs = [run for step in job.steps for run in _actions(step)]
    runs += [run for step, found in scripts for run in _commands(step, found)]
    runs += [_Run(node.name, node.locations[0], node.provider) for node in images if node.asset is Asset.AI_WORKLOAD]
    row = [_row(job, runs)] if runs else []
    edges = [
        Edge(kind=EdgeKind.USES, source=each.id, target=node.id, origin=Origin.DECLARED, location=node.locations[0])
        for each in row
        for node in nodes
    ]
    return together(
        [Facts(nodes=(*row, *nodes), edges=tuple(edges)), *(_without_programs(found) for _, found in scripts)]
    )


def _without_programs(found: Facts) -> Facts:
    """The facts of a script without the programs that it starts: the job is the row for those."""
    programs = {node.id for node in found.nodes if node.id.startswith(f"{Asset.AI_WORKLOAD}:command/")}
    nodes = tuple(node for node in found.nodes if node.id not in programs)
    edges = tuple(edge for edge in found.edges if programs.isdisjoint((edge.source, edge.target)))
    return Facts(nodes=nodes, edges=edges, claims=found.claims)


def _script(script: Text, gaps: list[Gap]) -> Facts:
    text = _EXPRESSION.sub(HOLE, script.value)
    parts = list(_shell.read(text, script.location.path, script.location.line))
    gaps += [part for part in parts if isinstance(part, Gap)]
    return together(part for part in parts if isinstance(part, Facts))


def _given(step: Step) -> Iterator[Node]:
    """The variables and inputs of a step, and the models that its inputs name."""
    inputs = [Variable(name, text.value, text.location, _variables.referred(text.value)) for name, text in step.inputs]
    known = step.uses is not None and step.known is not None
    yield from _variables.nodes([*step.variables, *inputs], company=("llm",) if known else ())
    yield from _put_in(step.script) if step.script else ()
    for name, text in step.inputs:
        for found in _MODEL_OPTION.finditer(text.value) if name.endswith("args") and known else ():
            model = _positions.named("llm model", found["name"], ("llm",))
            line = text.location.line + text.value.count("\n", 0, found.start())
            if model is not None:
                yield model.node(text.location.model_copy(update={"line": line}))


def _put_in(script: Text) -> Iterator[Node]:
    """The keys that an expression puts into the text of a script."""
    for found in _EXPRESSION.finditer(script.value):
        line = script.location.line + script.value.count("\n", 0, found.start())
        place = script.location.model_copy(update={"line": line, "evidence": secrets.mask_in(found[0])})
        yield from _variables.nodes([Variable("", None, place, _variables.referred(found[0]))])


def _actions(step: Step) -> Iterator[_Run]:
    if step.uses is None or step.known is None:
        return
    texts = [text.value for _, text in step.inputs]
    mutable = () if _COMMIT.search(step.uses) else (Trait.MUTABLE_REFERENCE,)
    unasked = (Trait.AUTO_APPROVE,) if any(map(_UNASKED.search, texts)) else ()
    yield _Run(step.uses, step.location, _through(step) or step.known.provider, (*mutable, *unasked), _fed(step, texts))


def _commands(step: Step, found: Facts) -> Iterator[_Run]:
    """The assistants, runtimes and services that a script starts or asks."""
    texts = [step.script.value] if step.script else []
    for node in found.nodes:
        if node.asset in _RUNS_AI:
            traits = tuple(trait for trait in node.traits if trait is Trait.AUTO_APPROVE)
            yield _Run(node.name, step.location, node.provider, traits, _fed(step, texts))


def _through(step: Step) -> str | None:
    """The cloud through which an action asks its model, where an input says so."""
    given = {name for name, text in step.inputs if text.value.lower() == "true"}
    ways = {"use_bedrock": "amazon-bedrock", "use_vertex": "google-vertex", "use_vertex_ai": "google-vertex"}
    return next((provider for name, provider in ways.items() if name in given), None)


def _fed(step: Step, texts: Sequence[str]) -> tuple[str, ...]:
    """What reaches this step that anybody can write: expressions, and inputs that let anybody ask."""
    if step.guarded:
        return ()
    given = [*texts, *(each.value or "" for each in step.variables)]
    anybody = (name for name, text in step.inputs if name in _LETS_ASK and text.value.strip() not in ("", "false"))
    return tuple(sorted({*(found for text in given for found in _UNTRUSTED.findall(text)), *anybody}))


def _row(job: Job, runs: Sequence[_Run]) -> Node:
    fed = tuple(sorted({each for run in runs for each in run.fed}))
    traits = {*job.traits, *(trait for run in runs for trait in run.traits)}
    if job.untrusted and (fed or "pull_request_target" in job.details.get("triggers", ())):  # type: ignore[operator]
        traits.add(Trait.UNTRUSTED_INPUT)
    details: dict[str, Detail] = {
        "runs": tuple(dict.fromkeys(secrets.mask_in(run.what) for run in runs)),
        **job.details,
    }
    if fed:
        details["untrusted_input"] = fed
    node = _assets.workload(
        job.key,
        job.name,
        runs[0].location,
        provider=next((run.provider for run in runs if run.provider), None),
        traits=sorted(traits),
        details=details,
    )
    return node.model_copy(update={"locations": tuple(dict.fromkeys(run.location for run in runs))})


def with_variables(job: Job, variables: Sequence[Variable]) -> Job:
    """The same job with what its surroundings give every step."""
    return replace(job, variables=(*variables, *job.variables))
