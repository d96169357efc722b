"""`haui preflight`: look at every host and change nothing; save what they say, or judge that again
without them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from haui import __version__
from haui.cli.output import Output
from haui.cli.overrides import with_overrides
from haui.cli.prompt import ask_secret, at_terminal
from haui.cli.run import look_at_cluster
from haui.clusterfile import load as specfile
from haui.errors import UsageError
from haui.evidence import Evidence
from haui.execution.mask import Masker
from haui.execution.tally import RunResult
from haui.record.readings import Missed, Saved, check_target, load, save
from haui.record.stamp import stamp, utc_now
from haui.record.store import ClusterStore
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from steps.checks import bastion


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Where to keep what the hosts say, or where to take it from."""

    save: Path | None = None
    judge: Path | None = None

    def __post_init__(self) -> None:
        if self.save is not None and self.judge is not None:
            raise UsageError("--save and --from exclude each other")


def run_preflight(
    file: Path,
    output: Output,
    facts: Facts,
    *,
    overrides: tuple[str, ...] = (),
    rehearsals: bool = True,
    accept_new: bool = False,
    secrets_fd: int | None = None,
) -> None:
    """Look, or judge again; leaves with the exit code."""
    spec = with_overrides(specfile.load(file).spec, overrides, rehearsals=rehearsals)
    saved = load(facts.judge) if facts.judge is not None else None
    if facts.save is not None:
        check_target(facts.save)
    if saved is not None:
        _say_differences(spec, saved)
    can_ask = saved is None and at_terminal()
    credentials = Credentials.collect(
        os.environ, descriptor=secrets_fd, ask=ask_secret if can_ask else None
    )
    evidence = _of_the_bastion(saved)

    def keep(result: RunResult) -> None:
        if facts.save is not None:
            mask = Masker(secret.reveal() for secret in credentials.known()).text
            save(facts.save, saved_of(spec, evidence, result), mask=mask)
            sys.stderr.write(f"haui: what the hosts have said is in {facts.save}\n")

    code = look_at_cluster(
        "preflight",
        spec,
        ClusterStore(spec.name),
        output,
        credentials,
        accept_new=accept_new,
        file=file,
        recorded=saved,
        evidence=evidence,
        after=keep,
    )
    raise typer.Exit(code)


def saved_of(spec: ClusterSpec, evidence: Evidence, result: RunResult) -> Saved:
    """What a run has read, and why not all of it."""
    missed: dict[str, dict[str, Missed]] = {}
    for failure in result.failed:
        if evidence.reading(failure.step, failure.host) is None and not failure.findings:
            problem = failure.problem
            missed.setdefault(failure.host, {})[failure.step] = Missed(
                what=problem.what,
                why=problem.why,
                fix=problem.fix,
                lost=failure.cause == "unreachable",
            )
    return Saved(
        cluster=spec.name,
        haui=__version__,
        at=stamp(utc_now()),
        evidence=evidence,
        missed=missed,
    )


def _of_the_bastion(saved: Saved | None) -> Evidence:
    """What the bastion has told is judged again as it is; the hosts are asked by the run."""
    evidence = Evidence()
    reading = saved.evidence.reading(bastion.STEP, bastion.NAME) if saved is not None else None
    if reading is not None:
        evidence.keep(bastion.STEP, bastion.NAME, reading)
    return evidence


def _say_differences(spec: ClusterSpec, saved: Saved) -> None:
    say = sys.stderr.write
    say(f"haui: judging what was read on {saved.at} by haui {saved.haui}; no host is asked\n")
    if saved.cluster != spec.name:
        say(f"haui: note: it was read for the cluster {saved.cluster}, not {spec.name}\n")
    known = {host.name for host in spec.hosts} | {bastion.NAME}
    if others := sorted(saved.hosts - known):
        shown = ", ".join(others[:10])
        say(f"haui: note: hosts that are not in the cluster file are left out: {shown}\n")
