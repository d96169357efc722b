"""Every screen of haui, each with foreign text wherever it shows such text."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from textual.pilot import Pilot
from textual.screen import Screen

from haui.app import HauiApp
from haui.clusterfile.text import spec_sha
from haui.errors import ConnectError, HauiError
from haui.events import Finding, Problem, TaskFinished, TaskStarted, TaskWaiting
from haui.live.site import KeyRow, RealSite
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from haui.wizard.pages import PageId
from haui.wizard.preflight import Check, HostReport
from screens.actions import Action
from screens.world import World
from tests.screens import welcome_worlds
from tests.screens.conftest import settle
from tests.screens.fake_live import FakeLive, complete, fail_current, fleet, midway
from tests.screens.worlds import complete_answers, make_app, make_world

Text = Callable[[], str]
"""Gives a text for a place; each call may give another one."""

SMALL: Final = (80, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """How to get to a screen: the world it needs, the route, and the window above it."""

    first: str
    prepare: Callable[[World, Text | None], None] = lambda world, text: None
    page: PageId | None = None
    over: Callable[[HauiApp, Text], Screen[Any] | None] | None = None
    keys: tuple[str, ...] = ()
    literal: bool = True
    """Whether foreign text is seen on it from the beginning."""
    argument: str = ""


@asynccontextmanager
async def shown(
    name: str,
    folder: Path,
    text: Text | None = None,
    *,
    size: tuple[int, int] = SMALL,
    ascii_only: bool = False,
    theme: str = "haui",
    prepared: Callable[[HauiApp], None] = lambda app: None,
) -> AsyncIterator[Pilot[int]]:
    """The app on that screen. Without `text` everything is as it should be."""
    scene = SCENES[name]
    world = make_world(folder, answers={}, page=scene.page, ascii_only=ascii_only)
    if scene.page is None:
        world.desk = None
    elif world.desk is not None:
        world.desk.replace_answers(complete_answers())
    scene.prepare(world, text)
    app = make_app(world, scene.first, theme=theme, argument=scene.argument)
    prepared(app)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        window = scene.over(app, text or (lambda: "a text")) if scene.over else None
        if window is not None:
            app.push_screen(window)
        await pilot.press(*scene.keys)
        await settle(pilot)
        yield pilot
    if app.crash is not None:
        raise app.crash


# Answers.


def hostile_answers(text: Text) -> dict[str, Any]:
    """A draft may hold anything."""
    answers = complete_answers() | {"name": text()}
    answers["endpoint"] |= {"kind": text(), "name": text(), "vip": text(), "port": text()}
    answers["topology"] = {"kind": text()}
    answers["profile"] = text()
    answers["kubernetes"] = {"version": text()}
    answers["network"] = {"pods": text(), "services": text(), "cni": text()}
    answers["ssh"] = {"user": text(), "jump": text(), "key": text(), "port": text()}
    answers["supply"] = {
        "images": {"registries": {text(): text()}},
        "proxy": {"no_proxy": [text()]},
    }
    for host in answers["hosts"][:3]:
        host |= {"name": text(), "address": text(), "labels": {text(): text()}}
        host |= {"interface": text(), "taints": [text()]}
    answers["hosts"][3]["roles"] = [text()]
    answers["hosts"][4] = text()
    return answers


def _answered(world: World, text: Text | None) -> None:
    if text is not None:
        world.open_desk.replace_answers(hostile_answers(text))


# What is there already.


def _found(world: World, text: Text | None) -> None:
    """What the welcome page lists; with hostile drafts, presets, journals and a lock."""
    root = world.root
    welcome_worlds.install(
        root, "atlas", done=61, minutes=14, open_at=("cp2", "control_plane.join")
    )
    welcome_worlds.install(root, "edge-1", minutes=3000)
    welcome_worlds.presets(world.presets_folder)
    if text is None:
        return
    join = "control_plane.join"
    problem = Problem(what=text(), why=text(), fix=text())
    events = [
        TaskStarted(host="cp3", step=join, title=text()),
        TaskFinished(host="cp3", step=join, outcome="failed", seconds=9, problem=problem),
    ]
    store = welcome_worlds.install(root, "borea", done=5)
    welcome_worlds.write_journal(store, [*_run_of(store.name), *events], 200)
    welcome_worlds.install(root, "delta", done=3)
    (root / "delta" / "journal.yaml").write_bytes(text().encode("utf-8", "replace"))
    world.drafts.new(hostile_answers(text), origin=text()).close()
    world.drafts.new({"name": text()}).close()
    (world.drafts.folder / "2026-11-20-broken.json").write_bytes(text().encode("utf-8", "replace"))
    (world.drafts.folder / os.fsdecode(b"2026-11-20-\x1b[31m\xff.json")).write_text("{")
    hostile = world.presets_folder / os.fsdecode(b"a-\x1b]0;x\x07\xff.yaml")
    hostile.write_text("format: haui/1\nname: [\n")
    line = text().replace("\n", " ").encode("utf-8", "replace").decode()
    (world.presets_folder / "b.yaml").write_text(
        f"# {line}\nformat: haui/1\nprofile: test\n", encoding="utf-8"
    )


def _run_of(name: str) -> list[Any]:
    from haui.events import RunStarted

    return [
        RunStarted(run="r1", cluster=name, haui="0", spec_sha="5e", plan_sha="9a", tasks=9,
                   hosts=("cp1", "cp2", "cp3")),
    ]  # fmt: skip


# Hosts and what they say.


class _Keys(RealSite):
    """Hosts that show these keys."""

    def __init__(self, rows: tuple[KeyRow, ...]) -> None:
        super().__init__(Credentials())
        self.rows = rows

    async def host_keys(self, spec: ClusterSpec, hosts: Any = None) -> tuple[KeyRow, ...]:
        return self.rows


def _keys(world: World, text: Text | None) -> None:
    world.open_desk.answer(("ssh",), {"user": "ops", "password": True})
    say = text or (lambda: "SHA256:9fTzQ3mWq1V5c7Jv0o2Yb8n4Xr6kLhG1dEwSaPuCiRM")
    error = ConnectError(say(), why=say(), fix=say())
    rows = [
        KeyRow(host=host, address=f"10.30.0.{n}", fingerprint=say() if n < 4 else "",
               kind=say() if text else "ssh-ed25519", judgement=("unknown", "changed")[n % 2]
               if n < 4 else "", problem=error if n == 4 else None)
        for n, host in enumerate([say() if text else "cp1", "cp2", "cp3", "wk1", "wk2"])
    ]  # fmt: skip
    world.make_site = lambda rehearsal: _Keys(tuple(rows))


def reports(text: Text | None) -> tuple[HostReport, ...]:
    """What a preflight has found out."""
    say = text or (lambda: "as it is")
    ids = ("ssh.login", "system.os", "sizes.memory", "ports.free", "clock.zone", say(), "disks.a")
    weights: tuple[Any, ...] = (
        "ok", "warning", "blocks", "haui will do", "skipped", "overridden", "info",
    )  # fmt: skip
    return tuple(
        HostReport(
            host=host,
            state="done",
            checks=tuple(
                Check(host=host, id=id, what=say(), weight=weight, expected=say(), seen=say(),
                      why=say(), fix=say(), fix_kind="command", fix_with=say(), by=say(),
                      override=say() if weight == "overridden" else "", overridable=True)
                for id, weight in zip(ids, weights, strict=True)
            ),
        )
        for host in ("cp1", "cp2", "cp3", "wk1", "wk2")
    )  # fmt: skip


def _inspected(world: World, text: Text | None) -> None:
    spec = world.open_desk.spec()
    assert spec is not None
    world.site(False)
    found = reports(text)
    error = HauiError(text(), why=text(), fix=text()) if text else None

    async def leave() -> None:
        """Nothing goes on."""

    inspection: Any = SimpleNamespace(
        sha=spec_sha(spec), site=SimpleNamespace(rehearsal=False), record=None, running=False,
        revision=(1, 1), seconds=3.0, error=error, live=None, look=lambda hosts=None: False,
        reports=lambda: found, leave=leave, takes=lambda spec: True,
        hosts=tuple(report.host for report in found),
    )  # fmt: skip
    world.preflight = inspection


# Runs.


def _live(world: World, hosts: int) -> FakeLive:
    live = FakeLive(fleet(hosts), world.root / "runs")
    world.live = live
    world.now = lambda: live.at
    return live


def _running(hosts: int) -> Callable[[World, Text | None], None]:
    def prepare(world: World, text: Text | None) -> None:
        live = _live(world, hosts)
        midway(live)
        if text is not None:
            say_hostile(live, text)

    return prepare


def say_hostile(live: FakeLive, text: Text) -> None:
    """Hosts print, wait and are lost with such texts."""
    for index, host in enumerate(live.spec.hosts[:6]):
        task = next(t for t in live.tasks_of(host.name) if t.step.id)
        live.feed(TaskStarted(host=host.name, step=task.step.id, title=text()))
        live.say(task, *(text() for _ in range(20)))
        if index % 3 == 1:
            live.feed(TaskWaiting(host=host.name, step=task.step.id, reason=text()))
    live.lose(live.spec.hosts[-1].name, text())


def _failed(world: World, text: Text | None) -> None:
    live = _live(world, 3)
    midway(live)
    say = text or (lambda: "connection refused")
    if text is not None:
        say_hostile(live, text)
    fail_current(live, "cp-2", Problem(what=say(), why=f"{say()}\n{say()}", fix=say()))


def _ended(world: World, text: Text | None) -> None:
    live = _live(world, 3)
    midway(live)
    say = text or (lambda: "connection refused")
    failed = live.tasks_of("cp-2")[-1]
    live.fail(failed, Problem(what=say(), why=f"{say()}\n{say()}", fix=say()))
    _prove(live, say)
    live.store.write_private("report.md", f"# {say()}\n\n{say()}\n".encode("utf-8", "replace"))
    live.finish("failed")


def _error(world: World, text: Text | None) -> None:
    live = _live(world, 3)
    midway(live)
    say = text or (lambda: "connection refused")
    live.finish("cancelled", HauiError(say(), why=say(), fix=say()))


def _prove(live: FakeLive, say: Text) -> None:
    for task in live.plan.tasks:
        if task.step.phase == "verify":
            found = tuple(
                Finding(verdict=verdict, what=say(), expected=say(), seen=say())
                for verdict in ("ok", "info", "differs")
            )
            live.run_task(task)
            live.feed(
                TaskFinished(host=task.host.name, step=task.step.id, outcome="ok", seconds=1,
                             attempt=1, findings=found)
            )  # fmt: skip


def _good(world: World, text: Text | None) -> None:
    live = _live(world, 3)
    complete(live)
    _prove(live, text or (lambda: "as it is"))
    live.finish()


# Windows.


def _help(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.help import HelpScreen

    actions = [
        Action(id=f"hostile.{n}", key="x", label=text(), group="Group", help=text())
        for n in range(9)
    ]
    return HelpScreen(text(), text(), actions, glyphs=app.world.glyphs)


def _secret(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.secret import SecretDialog

    return SecretDialog(text(), glyphs=app.world.glyphs)


def _quit(app: HauiApp, text: Text) -> None:
    app.action_leave()


def _unsaved(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.wayout import Unsaved

    return Unsaved(text(), glyphs=app.world.glyphs)


def _line(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.asking import AskLine

    return AskLine(text(), text(), value=text(), refuse=lambda _: text(), take=text(),
                   glyphs=app.world.glyphs)  # fmt: skip


def _ask(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.dialog import Ask, Way

    ways = tuple(Way(id=f"w{n}", label=text(), note=text() if n else "") for n in range(3))
    return Ask(text(), text(), ways, glyphs=app.world.glyphs)


def _toast(app: HauiApp, text: Text) -> None:
    app._tell(HauiError(text(), why=text(), fix=text()))


def _evidence(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.evidence import EvidenceDialog

    return EvidenceDialog(reports(text), "cp2", glyphs=app.world.glyphs)


def _paste(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.host_paste import PasteDialog

    lines = "\n".join(f"{text()} 10.30.0.{n} {text()}" for n in range(9))
    return PasteDialog(lines, lambda found: text(), glyphs=app.world.glyphs)


def _import(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.host_import import ImportDialog

    folder = app.world.root / "lists"
    folder.mkdir(parents=True)
    for n in range(4):
        name = os.fsencode(text().encode("utf-8", "replace").replace(b"/", b"")[:90] or b"x")
        Path(os.fsdecode(bytes(folder) + b"/" + name.replace(b"\0", b"") + b"%d" % n)).write_text(
            ""
        )
    Path(os.fsdecode(bytes(folder) + b"/\xff\x1b[31m")).write_text("")
    return ImportDialog(f"{folder}/", glyphs=app.world.glyphs)


def _imported(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.host_import import ImportDialog

    path = app.world.root / "ssh_config"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"Host h{n} {text()}\n  HostName {text()}\n" for n in range(6))
    path.write_bytes(lines.encode("utf-8", "replace").replace(b"\0", b""))
    return ImportDialog(str(path), glyphs=app.world.glyphs)


def _roles(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.host_roles import RolesDialog

    return RolesDialog([text() for _ in range(5)], {"worker"}, text(), glyphs=app.world.glyphs)


def _form(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.host_form import HostForm

    return HostForm(app.world.open_desk, 1, glyphs=app.world.glyphs)


def _export(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.export import ExportDialog

    return ExportDialog(app.world, name=text())


def _report(app: HauiApp, text: Text) -> Screen[Any]:
    from screens.report import ReportWindow

    path = app.world.root / os.fsdecode(b"r\x1b[31m\xff.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join(text() for _ in range(40)).encode("utf-8", "replace"))
    return ReportWindow(path, glyphs=app.world.glyphs)


_TO_B: Final = ("end", "up", "up", "up", "up")
"""To the preset whose title is foreign text."""

SCENES: Final[Mapping[str, Scene]] = {
    "welcome": Scene(first="welcome", prepare=_found),
    "presets": Scene(first="presets", prepare=_found, keys=_TO_B),
    "rehearsal": Scene(first="presets", prepare=_found, argument="rehearse", keys=_TO_B),
    "topology": Scene(first="topology", prepare=_answered, page="topology"),
    "endpoint": Scene(first="endpoint", prepare=_answered, page="endpoint"),
    "hosts": Scene(first="hosts", prepare=_answered, page="hosts"),
    "access": Scene(first="access", prepare=_answered, page="access"),
    "keys": Scene(first="access", prepare=_keys, page="access"),
    "cluster": Scene(first="cluster", prepare=_answered, page="cluster"),
    "preflight": Scene(first="preflight", prepare=_inspected, page="preflight"),
    "preflight early": Scene(
        first="preflight", prepare=_answered, page="preflight", literal=False
    ),
    "review": Scene(first="review", page="review", literal=False),
    "review early": Scene(first="review", prepare=_answered, page="review", literal=False),
    "execute 3": Scene(first="execute", prepare=_running(3)),
    "execute 30": Scene(first="execute", prepare=_running(30)),
    "failure": Scene(first="failure", prepare=_failed, argument="cp-2"),
    "log": Scene(first="execute", prepare=_running(3), keys=("enter",)),
    "result": Scene(first="result", prepare=_ended),
    "result good": Scene(first="result", prepare=_good),
    "result error": Scene(first="result", prepare=_error),
    "report": Scene(first="result", prepare=_ended, keys=("m",)),
    # Windows.
    "report window": Scene(first="welcome", over=_report),
    "export": Scene(first="topology", prepare=_answered, page="topology", over=_export),
    "help": Scene(first="welcome", over=_help),
    "palette": Scene(first="topology", prepare=_answered, page="topology", keys=("ctrl+p",),
                     literal=False),
    "pages": Scene(first="topology", prepare=_answered, page="topology", keys=("f2",),
                   literal=False),
    "quit": Scene(first="execute", prepare=_running(3), over=_quit),
    "unsaved": Scene(first="welcome", over=_unsaved),
    "question": Scene(first="welcome", over=_ask),
    "line": Scene(first="welcome", over=_line),
    "secret": Scene(first="welcome", over=_secret),
    "notice": Scene(first="welcome", over=_toast),
    "evidence": Scene(first="preflight", prepare=_inspected, page="preflight", over=_evidence),
    "host": Scene(first="hosts", prepare=_answered, page="hosts", over=_form),
    "paste": Scene(first="hosts", page="hosts", over=_paste),
    "import": Scene(first="hosts", page="hosts", over=_import, literal=False),
    "imported": Scene(first="hosts", page="hosts", over=_imported, keys=("enter",)),
    "roles": Scene(first="hosts", page="hosts", over=_roles),
}  # fmt: skip
"""By name. Those of the windows come last."""
