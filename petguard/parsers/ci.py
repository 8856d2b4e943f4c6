"""Pipelines of GitLab, Azure, CircleCI, Bitbucket, Buildkite and others: jobs that run AI.

They write alike: steps with shell text, images, variables, and steps that somebody else wrote. What differs is where a
job stands and how a foreign step is named; that is the table below.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml_all
from petguard.model import Facts, Gap, Trait
from petguard.parsers import Parser, _described, _jobs, _shell
from petguard.parsers._containers import Text
from petguard.parsers._described import Pointer
from petguard.parsers._jobs import Job, Step
from petguard.parsers._source import Source, each, together
from petguard.parsers._variables import Variable

_Found = tuple[str, Pointer, dict[str, Any]]

_SCRIPTS = frozenset(
    [
        *("script", "before_script", "after_script", "run", "command", "commands", "bash", "pwsh", "powershell", "sh"),
        *("inline", "inlineScript", "before_install", "install", "after_success"),
    ]
)
_IMAGES = frozenset({"image", "container", "services", "docker"})
_VARIABLES = ("variables", "environment", "env", "secrets")
_USES = frozenset({"task", "pipe", "uses", "component", "orb", "plugins"})
_NO_JOB = frozenset(["default", "variables", "workflow", "include", "stages", "image", "services", "cache", "spec"])
_WRITES = re.compile(
    r"\bgit\s+push\b|\bgh\s+pr\s+(?:create|merge)|\bglab\s+mr\s+(?:create|merge)|PRIVATE-TOKEN|JOB-TOKEN"
)
_TOKEN = re.compile(
    r"GITLAB_TOKEN|CI_JOB_TOKEN|GITLAB_API_TOKEN|PROJECT_ACCESS_TOKEN|SYSTEM_ACCESSTOKEN|System\.AccessToken"
)


@dataclass(frozen=True)
class _System:
    """One system: which files are its own, and where their jobs stand."""

    name: str
    path: re.Pattern[str]
    jobs: Callable[[dict[str, Any]], Iterator[_Found]]


def _mappings(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    if isinstance(value, dict):
        yield pointer, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        if isinstance(inner, dict | list):
            yield from _mappings(inner, (*pointer, step))


def _gitlab(top: dict[str, Any]) -> Iterator[_Found]:
    for name, job in top.items():
        if isinstance(job, dict) and (name not in _NO_JOB or name == "default"):
            yield name, (name,), job
    around: dict[str, Any] = {key: top[key] for key in ("image", "services", "before_script") if key in top}
    if around:
        yield "default", (), around


def _azure(top: dict[str, Any]) -> Iterator[_Found]:
    for place, job in _mappings(top):
        yield from ((str(job[key]), place, job) for key in ("job", "deployment") if key in job)
    if "steps" in top:
        yield "steps", (), top


def _called(job: dict[str, Any], index: int) -> str:
    """The name of a step in a list, or its index."""
    return next((job[key] for key in ("name", "key", "label", "id") if isinstance(job.get(key), str)), str(index))


def _under(*sections: str) -> Callable[[dict[str, Any]], Iterator[_Found]]:
    """Jobs that are the entries of some sections at the top."""

    def jobs(top: dict[str, Any]) -> Iterator[_Found]:
        for section in sections:
            held = top.get(section)
            items = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
            for step, job in items:
                if isinstance(job, dict):
                    yield step if isinstance(step, str) else _called(job, step), (section, step), job

    return jobs


def _bitbucket(top: dict[str, Any]) -> Iterator[_Found]:
    for place, holder in _mappings(top):
        step = holder.get("step")
        if isinstance(step, dict):
            yield str(step.get("name") or ".".join(map(str, place))), (*place, "step"), step


def _whole(top: dict[str, Any]) -> Iterator[_Found]:
    yield "build", (), top


def _system_at(name: str, path: str, jobs: Callable[[dict[str, Any]], Iterator[_Found]]) -> _System:
    return _System(name, re.compile(rf"(?:^|/)(?:{path})\.ya?ml$"), jobs)


_SYSTEMS = (
    _system_at("gitlab", r"[\w.-]*\.gitlab-ci|\.gitlab/(?:ci/)?[^/]+|\.gitlab-ci/.+", _gitlab),
    _system_at("azure", r"[\w.-]*azure-pipelines?[\w.-]*|\.?azure-pipelines/.+", _azure),
    _system_at("circleci", r"\.circleci/[^/]+", _under("jobs", "commands")),
    _system_at("bitbucket", r"bitbucket-pipelines", _bitbucket),
    _system_at("buildkite", r"\.buildkite/.+", _under("steps")),
    _system_at("drone", r"\.drone", _under("steps", "services")),
    _system_at("woodpecker", r"\.woodpecker(?:/.+)?", _under("steps", "pipeline", "services")),
    _system_at("cloudbuild", r"cloudbuild[\w.-]*", _under("steps")),
    _system_at("codebuild", r"buildspec[\w.-]*", _under("phases")),
    _system_at("travis", r"\.travis", _whole),
)


def _system(path: str) -> _System | None:
    return next((system for system in _SYSTEMS if system.path.search(path)), None)


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix not in (".yml", ".yaml") or _system(candidate.path) is None:
        return Interest.NONE
    return Interest.READ if _shell.speaks(candidate.data, candidate.told) else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, read_yaml_all, _read)


def _read(source: Source) -> Facts:
    system = _system(source.path)
    top = source.document.value
    if system is None or not isinstance(top, dict):
        return Facts()
    around = tuple(_variables(source, (), top))
    jobs = [_job(source, system, found, around) for found in system.jobs(top)]
    jobs += [_job(source, system, (name, place, part), around) for name, place, part in _shared(system, top)]
    return together(_jobs.read(job, source.gaps) for job in jobs)


def _shared(system: _System, top: Mapping[str, Any]) -> Iterator[_Found]:
    """What a pipeline takes from elsewhere as a whole: GitLab's components, CircleCI's orbs."""
    orbs, include = top.get("orbs"), top.get("include")
    for name, orb in orbs.items() if isinstance(orbs, dict) else ():
        if isinstance(orb, str):
            yield name, ("orbs", name), {"orb": orb}
    for index, part in enumerate(include if isinstance(include, list) else [include]):
        if isinstance(part, dict) and isinstance(part.get("component"), str) and system.name == "gitlab":
            yield "include", ("include", index) if isinstance(include, list) else ("include",), part


def _job(source: Source, system: _System, found: _Found, around: tuple[Variable, ...]) -> Job:
    name, pointer, body = found
    steps = list(_steps(source, system, pointer, body))
    said = "\n".join(step.script.value for step in steps if step.script)
    parts = list(_mappings(body, pointer)) if pointer else []
    token = _TOKEN.search(said) or _TOKEN.search(str(body.get("variables", "")))
    return Job(
        system=system.name,
        key=f"{source.path}#{name}",
        name=f"{_stem(source.path, system)}/{name}",
        steps=tuple(steps),
        images=tuple(image for place, inner in parts or [((), body)] for image in _images(source, place, inner)),
        variables=(*around, *(each for place, inner in parts for each in _variables(source, place, inner))),
        traits=(Trait.WRITES_REPOSITORY,) if _WRITES.search(said) else (),
        details={"token": token[0]} if token else {},
    )


def _stem(path: str, system: _System) -> str:
    stem = path.rpartition("/")[2].rpartition(".")[0].lstrip(".")
    return system.name if stem in ("config", "pipeline") else stem


def _steps(source: Source, system: _System, pointer: Pointer, body: dict[str, Any]) -> Iterator[Step]:
    for place, inner in _mappings(body, pointer):
        for key, value in inner.items():
            if key in _SCRIPTS:
                yield from _scripts(source, (*place, key), value)
            if key in _USES:
                yield from _foreign(source, system, (*place, key), value, inner)


def _scripts(source: Source, pointer: Pointer, value: Any) -> Iterator[Step]:
    if isinstance(value, str):
        yield Step(source.at(*pointer), script=_described.script_at(source, pointer, value))
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            place = (*pointer, index)
            yield Step(source.at(*place), script=_described.script_at(source, place, item))


def _foreign(source: Source, system: _System, pointer: Pointer, value: Any, beside: dict[str, Any]) -> Iterator[Step]:
    """A step that somebody else wrote, with what it is given."""
    names = [value] if isinstance(value, str) else []
    if isinstance(value, list):
        names = [name for item in value for name in (item if isinstance(item, dict) else [item])]
    for name in names:
        known = catalog.action(system.name, re.split(r"[@#:]", str(name), maxsplit=1)[0])
        given = beside.get("inputs", beside.get("variables"))
        inputs = given.items() if isinstance(given, dict) else ()
        if known is not None:
            texts = tuple((key, Text(str(text), source.at(*pointer))) for key, text in inputs)
            yield Step(source.at(*pointer), uses=str(name), inputs=texts, known=known)


def _images(source: Source, pointer: Pointer, body: dict[str, Any]) -> Iterator[Text]:
    for key in _IMAGES & body.keys():
        held = body[key]
        for index, item in enumerate(held) if isinstance(held, list) else [(None, held)]:
            place = (*pointer, key) if index is None else (*pointer, key, index)
            name = item.get("name", item.get("image")) if isinstance(item, dict) else item
            found = _described.image(source, place, name)
            yield from [found] if found else []


def _variables(source: Source, pointer: Pointer, body: dict[str, Any]) -> Iterator[Variable]:
    for section in _VARIABLES:
        yield from _described.environment(source, (*pointer, section), body)


PARSER = Parser.of_configs("ci", _interest, _parse)
