"""The whole program: from paths to a report."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from time import perf_counter
from typing import Literal

import petguard
from petguard import agents, audits, joins, lifecycle, parsers, registers, rows, rules, stated_hazards, verifiers
from petguard.artefacts import Artefacts
from petguard.cache import Cache
from petguard.collect import Collection, collect, scan_root
from petguard.errors import ConfigurationError
from petguard.graph import SystemGraph
from petguard.model import Gap, Severity, State
from petguard.parsers import register, stated_claims
from petguard.policy import Policy, discover
from petguard.report import Coverage, Finding, GapRow, Report, Run, Scope, Tool
from petguard.semgrep import Program

_OF_CODE = ("python", "code")  # the parsers of source files
_WORST_LAST = (State.ANALYSED, State.SKIPPED, State.PARTIAL, State.FAILED)


@dataclass(frozen=True)
class Request:
    """What to scan and how; `policy` None means the one found at the scan root, else the built-in one.

    `fail_on` overrides the policy's threshold, `cache` is the folder of what earlier scans found; None forgets. `today`
    decides which models have retired. `probe` runs the functions that claims name as their probes.
    """

    paths: tuple[Path, ...]
    policy: Path | None = None
    fail_on: Severity | Literal["never"] | None = None
    jobs: int | None = None
    cache: Path | None = None
    today: date | None = None
    probe: bool = False


def scan(request: Request) -> Report:
    """Collect, parse, join, judge and report. Raises PetguardError when there is nothing to scan or to scan with."""
    started, clock = datetime.now(UTC), perf_counter()
    rule_set = rules.load()
    root = scan_root(request.paths)
    policy = _policy(request, root)
    readers = parsers.all_parsers()
    sniffs = {reader.name: reader.interest for reader in readers}
    probes = {reader.name: reader.recognises for reader in readers if reader.recognises is not None}
    collection = collect(request.paths, sniffs, policy.exclude, probes)
    program = Program(jobs=request.jobs, cache=_cache(request, root))
    loading = (
        verifiers.warm_up() if any(collection.inputs[reader.name] for reader in readers if reader.claims) else None
    )
    read, unread = parsers.read_all(readers, collection, program)
    program.cache.save()
    dated = lifecycle.dated(read, request.today or started.date())
    facts = stated_hazards.endangered(agents.equipped(joins.joined(registers.compared(dated))))
    graph = SystemGraph(facts)
    claims = [claim for part in facts for claim in part.claims]
    if loading is not None:
        loading.join()
    bench = verifiers.Bench(policy.budgets, Artefacts(root), _moment(request, started), request.probe)
    judged = verifiers.judge_all(claims, bench)
    verdicts = audits.audited(claims, judged, root, run=request.probe)
    ledgers = verifiers.ledgers(claims, verdicts, graph, policy.budgets)
    evidence = rules.Evidence.of(graph, claims, verdicts, policy, _source_files(collection, unread), ledgers)
    found = rules.findings(rule_set, evidence)
    gaps = (*collection.gaps, *unread, *rows.lost_flows(evidence.flows), *_unread(policy, collection))
    return Report(
        tool=Tool(version=petguard.__version__, rules_digest=rules.digest()),
        run=Run(started_at=started.isoformat(timespec="seconds"), duration_s=round(perf_counter() - clock, 3)),
        scope=Scope(root=root.name or str(root), policy=policy.source),
        execution_status="incomplete" if gaps else "complete",
        policy_decision=_decision(found, request.fail_on or policy.fail_on),
        coverage=_coverage(collection, gaps),
        inventory=rows.asset_rows(graph, policy),
        flows=rows.flow_rows(evidence.flows, evidence.verdicts, evidence.scene.is_said),
        claims=rows.claim_rows(claims, evidence.verdicts),
        ledgers=ledgers,
        findings=found,
        declared=rows.declared(evidence.comparison),
        rules=tuple(rule.card for rule in rule_set),
    )


def _moment(request: Request, started: datetime) -> datetime:
    """When certificates are judged: now, or the end of the day that was asked for."""
    return started if request.today is None else datetime.combine(request.today, time.max, UTC)


def _cache(request: Request, root: Path) -> Cache:
    """One file for each scanned tree, and none inside it: a tree must not bring along what was found in it."""
    folder = request.cache and request.cache.resolve()
    if folder is None or folder.is_relative_to(root):
        return Cache(None)
    return Cache(folder / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json")


def _policy(request: Request, root: Path) -> Policy:
    path = request.policy or discover(root)
    if path is None:
        return Policy.built_in()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as a policy: {error}") from error
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    return Policy.load(shown, text)


def _source_files(collection: Collection, unread: Iterable[Gap]) -> tuple[str, ...]:
    """The files of code that were read, at least in part."""
    failed = {gap.path for gap in unread if gap.state in (State.FAILED, State.SKIPPED)}
    read = {item.path for name in _OF_CODE for item in collection.inputs[name]}
    return tuple(sorted(read - failed))


def _unread(policy: Policy, collection: Collection) -> Iterator[Gap]:
    """Claims and the register are read where they stand in the tree; a policy may stand elsewhere."""
    parts = (
        ("claims", policy.claims, stated_claims.PARSER),
        ("ai_register", policy.ai_register or (), register.PARSER),
    )
    for name, entries, parser in parts:
        if entries and policy.source not in {item.path for item in collection.inputs[parser.name]}:
            detail = f"{len(entries)} {name} stand in a policy outside the scanned files; move them to petguard.yaml"
            yield Gap(path=policy.source, state=State.PARTIAL, reason=f"{name}_not_read", detail=detail)


def _decision(found: Iterable[Finding], threshold: Severity | Literal["never"]) -> Literal["pass", "fail"]:
    if threshold == "never":
        return "pass"
    too_bad = any(finding.state == "new" and finding.severity.rank >= threshold.rank for finding in found)
    return "fail" if too_bad else "pass"


def _coverage(collection: Collection, gaps: Sequence[Gap]) -> Coverage:
    """Put every file into the worst state that the collector or a parser gave it."""
    states = {file.path: file.state for file in collection.files}
    for gap in gaps:
        states[gap.path] = max(states.get(gap.path, gap.state), gap.state, key=_WORST_LAST.index)
    count = Counter(states.values())
    skipped = Counter(file.reason for file in collection.files if states[file.path] is State.SKIPPED)
    return Coverage(
        collected=len(states),
        analysed=count[State.ANALYSED],
        partial=count[State.PARTIAL],
        skipped=count[State.SKIPPED],
        failed=count[State.FAILED],
        skipped_because=dict(sorted(skipped.items())),
        excluded=collection.excluded,
        gaps=tuple(_row(gap) for gap in sorted(set(gaps), key=_gap_order)),
    )


def _gap_order(gap: Gap) -> tuple[str, int, str, str]:
    return gap.path, gap.line or 0, gap.reason, gap.detail


def _row(gap: Gap) -> GapRow:
    return GapRow(path=gap.path, line=gap.line, state=gap.state, reason=gap.reason, detail=gap.detail)
