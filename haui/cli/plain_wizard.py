"""The wizard's plain twin: the same questions one after the other, then append-only lines."""

from __future__ import annotations

import asyncio
import functools
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from haui.cli.asking import ask_everything
from haui.cli.beginning import Start
from haui.cli.installs import agree_to_install
from haui.cli.output import Output
from haui.cli.prompter import LinePrompter, Option, Prompter, TerminalPrompter
from haui.cli.rehearse import rehearse
from haui.cli.reset import Agreement, resume_reset, run_reset
from haui.cli.run import change_cluster, look_at_cluster
from haui.clusterfile.text import dump
from haui.drawing.picture import draw
from haui.drawing.shape import shape_of
from haui.errors import HauiError, InterruptedRunError
from haui.live.site import RealSite
from haui.preset import DEFAULT_PRESET, list_presets, load_preset, rehearsal_answers
from haui.record.store import SETTLED, ClusterStore, list_clusters, state_root
from haui.session.job import Install
from haui.session.plans import plan_of
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials, SecretName
from haui.wizard.desk import Desk
from haui.wizard.drafts import DraftBook

DRAWING_WIDTH = 76


def prompter_for(environ: Mapping[str, str]) -> Prompter:
    """questionary where it can draw, else lines: on dumb terminals and for piped answers."""
    drawn = sys.stdin.isatty() and sys.stderr.isatty()
    readable = environ.get("ACCESSIBLE", "") in ("", "0") and environ.get("TERM") != "dumb"
    return TerminalPrompter() if drawn and readable else LinePrompter(sys.stdin, sys.stderr)


def plain_wizard(start: Start) -> int:
    """Ask everything, check, and install; the exit code. Raises HauiError."""
    prompter = prompter_for(os.environ)
    output = Output(plain=True)
    choice = _begin(prompter, start)
    if isinstance(choice, _Undo):
        return run_reset(choice.name, output, Agreement())
    if isinstance(choice, ClusterStore) and choice.read_state().purpose == "reset":
        return resume_reset(choice, output, True, False, None)
    if isinstance(choice, ClusterStore):
        return _run("resume", choice.load_spec(), choice, output, _credentials(prompter))
    desk = choice
    try:
        ask_everything(desk, prompter)
        spec = _complete(desk)
        _show(spec, prompter)
        if desk.rehearsal:
            code = rehearse(spec, start.faults, start.speed, True, output)
        else:
            code = _install(desk, prompter, output)
    except (InterruptedRunError, HauiError):
        if desk.saved_at:
            prompter.say(f"haui: the answers are saved as a draft ({desk.draft.id})")
        raise
    finally:
        desk.close()
    if code == 0:
        DraftBook(state_root()).discard(desk.draft.id)
    return code


@dataclass(frozen=True)
class _Undo:
    """A cluster that is to be reset."""

    name: str


_Choice = Desk | ClusterStore | _Undo


def _begin(prompter: Prompter, start: Start) -> _Choice:
    """An unfinished run to resume, a cluster to reset, or the desk of the answers to begin with."""
    book = DraftBook(state_root())
    if start.rehearsal:
        name = start.preset or DEFAULT_PRESET
        return book.new(rehearsal_answers(name), rehearsal=True, origin=name)
    if start.preset:
        return book.new(load_preset(start.preset).answers, origin=start.preset)
    ways = _ways(prompter, book)
    chosen = prompter.choose("What do you want to do?", [option for option, _ in ways])
    return ways[chosen][1]()


def _ways(prompter: Prompter, book: DraftBook) -> list[tuple[Option, Callable[[], _Choice]]]:
    ways: list[tuple[Option, Callable[[], _Choice]]] = []
    entries = list_clusters()
    for entry in entries:
        if entry.status not in SETTLED:
            note = f"{entry.settled} of {entry.total} tasks, {entry.status}"
            refused = entry.problem.splitlines()[0] if entry.problem else ""
            option = Option(label=f"Resume {entry.name}", note=note, refused=refused)
            ways.append((option, lambda name=entry.name: ClusterStore(name)))  # type: ignore[misc]
    for draft in book.list():
        if draft.draft is not None:
            option = Option(
                label=f"Go on with the draft {draft.draft.name or draft.id}",
                note=f"saved {draft.draft.saved}",
                refused="another haui has it open" if draft.busy else "",
            )
            ways.append((option, lambda id_=draft.id: book.open(id_)))  # type: ignore[misc]
        else:
            prompter.say(f"haui: a draft is left alone: {draft.problem}")
    ways.append((Option(label="New cluster"), lambda: book.new()))
    ways.append((Option(label="From a preset"), lambda: _from_preset(prompter, book)))
    ways.append(
        (
            Option(label="Rehearse", note="the whole install on simulated hosts"),
            lambda: book.new(
                rehearsal_answers(DEFAULT_PRESET), rehearsal=True, origin=DEFAULT_PRESET
            ),
        )
    )
    for entry in entries:
        if entry.run and entry.status not in ("running", "reset"):
            option = Option(label=f"Reset {entry.name}", note="its hosts become what they were")
            ways.append((option, lambda name=entry.name: _Undo(name)))  # type: ignore[misc]
    return ways


def _from_preset(prompter: Prompter, book: DraftBook) -> Desk:
    presets = list_presets()
    options = [
        Option(label=preset.name, note=preset.title, refused=preset.problem) for preset in presets
    ]
    chosen = presets[prompter.choose("Which preset?", options)]
    return book.new(chosen.answers, origin=chosen.name)


def _complete(desk: Desk) -> ClusterSpec:
    spec = desk.spec()
    assert spec is not None, "asking ends when the answers are a cluster"
    return spec


def _show(spec: ClusterSpec, prompter: Prompter) -> None:
    """The picture and the size of what is going to be done."""
    ascii_only = (sys.stderr.encoding or "").lower().replace("-", "") != "utf8"
    picture = draw(shape_of(spec), width=DRAWING_WIDTH, height=40, ascii=ascii_only)
    prompter.say()
    prompter.say(picture.text())
    prompter.say()
    prompter.say(f"{len(plan_of(spec, 'apply').tasks)} tasks on {len(spec.hosts)} hosts.")


def _install(desk: Desk, prompter: Prompter, output: Output) -> int:
    """Accept host keys, look at the hosts until nothing blocks, agree, install."""
    credentials = _credentials(prompter)
    _accept_keys(desk, prompter, credentials)
    spec = _complete(desk)
    store = ClusterStore(spec.name)
    while True:
        code = look_at_cluster("preflight", spec, store, output, credentials, accept_new=False)
        if code == 0:
            break
        if not prompter.yes("Look again, now that it is mended?", True):
            return code
    path = store.write_private("cluster.yaml", dump(spec).encode())
    prompter.say(f"The same without questions: haui apply {shlex.quote(str(path))} --yes")
    if not prompter.yes("Change these hosts?", False):
        raise InterruptedRunError("nothing was changed")
    return _run("apply", spec, store, output, credentials)


def _run(
    kind: Install, spec: ClusterSpec, store: ClusterStore, output: Output, credentials: Credentials
) -> int:
    """An install that was agreed to."""
    agree = functools.partial(agree_to_install, kind, spec, store, yes=True)
    return change_cluster(kind, spec, store, output, credentials, agree=agree, accept_new=False)


def _accept_keys(desk: Desk, prompter: Prompter, credentials: Credentials) -> None:
    """Show the keys of hosts that are not known yet; accepted ones become answers."""
    site = RealSite(credentials)
    rows = asyncio.run(site.host_keys(_complete(desk)))
    new = [row for row in rows if row.fingerprint and row.judgement == "unknown"]
    if not new:
        return
    prompter.say("These host keys are new. Compare them with what the consoles show:")
    for row in new:
        prompter.say(f"  {row.host}  {row.address}  {row.kind}  {row.fingerprint}")
    if prompter.yes(f"Accept {'it' if len(new) == 1 else f'these {len(new)} keys'}?", False):
        accepted = {row.host: row.fingerprint for row in new}
        hosts: list[dict[str, Any]] = [dict(host) for host in desk.value(("hosts",))]
        for host in hosts:
            if host.get("name") in accepted:
                host["fingerprint"] = accepted[host["name"]]
        desk.set_hosts(hosts)


def _credentials(prompter: Prompter) -> Credentials:
    async def ask(name: SecretName, what_for: str) -> str | None:
        label = f"{what_for} ({name.replace('_', ' ')})"
        return await asyncio.to_thread(prompter.secret, label) or None

    return Credentials.collect(os.environ, ask=ask)
