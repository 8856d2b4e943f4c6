"""GitHub workflows and composite actions: jobs that run AI, with what rights, and at whose request."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from petguard import catalog, telltales
from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml_all
from petguard.model import Detail, Facts, Gap, Trait
from petguard.parsers import Parser, _described, _jobs, _shell
from petguard.parsers._containers import Text
from petguard.parsers._described import Pointer
from petguard.parsers._jobs import Job, Step
from petguard.parsers._source import Source, each, together
from petguard.parsers._variables import Variable

_WORKFLOW = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$")
_ACTION = re.compile(r"(?:^|/)action\.ya?ml$")
# Anybody can cause these, and the job still gets secrets and a token that may write.
_OUTSIDERS = frozenset(
    [
        *("issues", "issue_comment", "discussion", "discussion_comment", "pull_request_target", "workflow_run"),
        *("pull_request_review", "pull_request_review_comment", "fork", "watch"),
    ]
)
_EVENT = re.compile(r"github\.event_name\s*==\s*'(\w+)'")
_GUARD = re.compile(
    r"author_association|github\.(?:actor|triggering_actor)\s*==|\.login\s*==|sender\.type|user\.permission"
)
_WRITES = (
    "contents",
    "pull-requests",
    "actions",
    "packages",
    "workflows",
    "deployments",
    "pages",
    "checks",
    "statuses",
)
_CHANGES = frozenset({"contents", "pull-requests", "actions", "packages", "workflows"})
_OTHER_SHELL = re.compile(r"python|node|cmd|perl|ruby|Rscript")
_DEFAULT = re.compile(r"\|\|\s*'([^']*)'\s*\}\}$")


def _interest(candidate: Candidate) -> Interest:
    workflow = _WORKFLOW.search(candidate.path)
    action = _ACTION.search(candidate.path) and b"runs:" in candidate.data
    if not workflow and not action:
        return Interest.NONE
    told = candidate.told or telltales.told(candidate.data.lower())  # actions are called in any letter case
    return Interest.READ if _shell.speaks(candidate.data, told) else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: read_yaml_all(text)[:1], _read)


def _read(source: Source) -> Facts:
    top = source.mapping(source.document.value)
    if "runs" in top and "jobs" not in top:
        return _action(source, top)
    around = _variables_of(source, top, ())
    jobs = source.mapping(top.get("jobs"), "jobs")
    return together(
        _jobs.read(job, source.gaps) for name, entry in jobs.items() for job in _job(source, top, name, entry, around)
    )


def _job(source: Source, top: dict[str, Any], name: str, entry: Any, around: tuple[Variable, ...]) -> Iterator[Job]:
    pointer: Pointer = ("jobs", name)
    job = source.mapping(entry, *pointer)
    steps = list(_steps(source, job, pointer))
    if isinstance(job.get("uses"), str):
        steps.append(_step(source, job, pointer))
    triggers = tuple(sorted(set(_triggers(top)) & _OUTSIDERS))
    details, traits = _rights(top, job)
    if triggers:
        details["triggers"] = triggers
    guarded = _keeps_outsiders_out(str(job.get("if", "")))
    if guarded:
        details["guard"] = "only for people with rights"
    yield Job(
        system="github",
        key=f"{source.path}#{name}",
        name=f"{_stem(source.path)}/{name}",
        steps=tuple(steps),
        images=tuple(_images(source, job, pointer)),
        variables=(*around, *_variables_of(source, job, pointer)),
        traits=traits,
        details=details,
        untrusted=bool(triggers) and not guarded,
    )


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _triggers(top: dict[str, Any]) -> list[str]:
    on = top.get("on", top.get("true"))  # a YAML 1.1 writer turns `on` into `true`
    if isinstance(on, str):
        return [on]
    return [each for each in on if isinstance(each, str)] if isinstance(on, dict | list) else []


def _keeps_outsiders_out(condition: str) -> bool:
    """Whether a condition holds only for people with rights: one part of an `and`, every part of an `or`."""
    text = _within(condition.strip().removeprefix("${{").removesuffix("}}").strip())
    for operator, enough in (("||", all), ("&&", any)):
        parts = _split(text, operator)
        if len(parts) > 1:
            return enough(_keeps_outsiders_out(part) for part in parts)
    event = _EVENT.search(text)
    return _GUARD.search(text) is not None or (event is not None and event[1] not in _OUTSIDERS)


def _within(text: str) -> str:
    """The text without brackets around all of it."""
    while text.startswith("(") and text.endswith(")") and len(_split(text[1:-1], ")")) == 1:
        text = text[1:-1].strip()
    return text


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks that stand in no brackets."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if depth == 0 and text.startswith(mark, index):
            parts.append(text[start:index])
            start = index + len(mark)
        depth += (char == "(") - (char == ")")
    return [*parts, text[start:]]


def _rights(top: dict[str, Any], job: dict[str, Any]) -> tuple[dict[str, Detail], tuple[Trait, ...]]:
    """What the job's token may do: its own permissions replace those of the workflow."""
    stated = job.get("permissions", top.get("permissions"))
    if stated is None:
        return {"permissions": "not stated: the repository's default applies"}, (Trait.WRITES_REPOSITORY,)
    if not isinstance(stated, dict):
        return {"permissions": str(stated)}, () if stated in ("read-all", "", "none") else (Trait.WRITES_REPOSITORY,)
    written = tuple(f"{scope}: write" for scope, right in stated.items() if right == "write")
    changes = any(right == "write" and scope in _CHANGES for scope, right in stated.items())
    return {"permissions": written or ("read only",)}, (Trait.WRITES_REPOSITORY,) if changes else ()


def _images(source: Source, job: dict[str, Any], pointer: Pointer) -> Iterator[Text]:
    own = job.get("container")
    places = [((*pointer, "container"), {"image": own} if isinstance(own, str) else own)]
    services = job.get("services")
    if isinstance(services, dict):
        places += [((*pointer, "services", name), service) for name, service in services.items()]
    for place, value in places:
        if isinstance(value, dict):
            image = _described.image(source, (*place, "image"), value.get("image"))
            yield from [image] if image else []


def _steps(source: Source, holder: dict[str, Any], pointer: Pointer) -> Iterator[Step]:
    for index, entry in enumerate(source.items(holder.get("steps"), *pointer, "steps")):
        place = (*pointer, "steps", index)
        step = source.mapping(entry, *place)
        yield _step(source, step, place)


def _step(source: Source, step: dict[str, Any], pointer: Pointer) -> Step:
    uses, run = step.get("uses"), step.get("run")
    if isinstance(run, str) and _OTHER_SHELL.match(str(step.get("shell", ""))):
        if telltales.told(run.encode("utf-8", "replace")):
            source.doubt(f"a step in {step['shell']} tells of AI and is not read", *pointer, "run", reason="language")
        run = None
    variables = _variables_of(source, step, pointer)
    inputs = tuple(_inputs(source, step, pointer))
    return Step(
        location=source.at(*pointer, "uses" if isinstance(uses, str) else "run"),
        uses=uses.strip() if isinstance(uses, str) else None,
        script=_described.script_at(source, (*pointer, "run"), run) if isinstance(run, str) else None,
        variables=variables,
        inputs=inputs,
        guarded=_keeps_outsiders_out(str(step.get("if", ""))),
        known=catalog.action("github", uses.strip()) if isinstance(uses, str) else None,
    )


def _variables_of(source: Source, holder: dict[str, Any], pointer: Pointer) -> tuple[Variable, ...]:
    found = _described.environment(source, (*pointer, "env"), holder)
    return tuple(replace(each, value=_value(each.value)) for each in found)


def _value(text: str | None) -> str | None:
    """A value, or the literal that stands for it when an expression gives none."""
    default = _DEFAULT.search(text) if text else None
    return default[1] if default else text


def _inputs(source: Source, step: dict[str, Any], pointer: Pointer) -> Iterator[tuple[str, Text]]:
    given = step.get("with", step.get("secrets"))
    for name, value in given.items() if isinstance(given, dict) else ():
        section = "with" if "with" in step else "secrets"
        if isinstance(value, str | int | float):
            yield name, _described.script_at(source, (*pointer, section, name), _value(str(value)) or "")


def _action(source: Source, top: dict[str, Any]) -> Facts:
    """A composite action has no rights of its own, only those of whoever uses it."""
    runs = source.mapping(top.get("runs"), "runs")
    image = runs.get("image")
    docker = isinstance(image, str) and image.startswith("docker://")
    named = _described.image(source, ("runs", "image"), str(image).removeprefix("docker://")) if docker else None
    folder = source.path.rpartition("/")[0].rpartition("/")[2]
    job = Job(
        system="github",
        key=f"{source.path}#action",
        name=f"{folder}/action" if folder else "action",
        steps=tuple(_steps(source, runs, ("runs",))),
        images=(named,) if named else (),
        variables=_variables_of(source, runs, ("runs",)),
    )
    return _jobs.read(job, source.gaps)


PARSER = Parser.of_configs("github_workflow", _interest, _parse)
