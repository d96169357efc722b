"""The preflight page: what it shows, where its keys lead, and what it does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from haui.errors import HauiError, JournalError
from haui.live.site import RealSite, RehearsalSite
from haui.rehearsal.faults import parse_faults
from haui.transport.credentials import Credentials
from haui.wizard.desk import PreflightRecord
from haui.wizard.inspection import Inspection
from haui.wizard.overrides import LOC as OVERRIDES
from haui.wizard.overrides import overrides_of
from haui.wizard.preflight import COLUMNS, LOGIN, HostReport, judged_by, tally
from haui.wizard.preflight_groups import groups_of
from screens.asking import AskLine
from screens.evidence import EvidenceDialog
from screens.preflight import PreflightPage
from screens.widgets.fixes import FixList
from screens.widgets.matrix import Matrix
from screens.widgets.preflight_head import PreflightHead
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.findings import PORT, check, clean, done, midway, mixed, unreachable
from tests.screens.worlds import HOSTILE, complete_answers, make_app

SIZES = [(80, 24), (120, 40)]


class Told(Inspection):
    """An inspection that has found what the test says."""

    def __init__(
        self, world: Any, reports: tuple[HostReport, ...], *, going: bool = False,
        trouble: HauiError | None = None,
    ) -> None:  # fmt: skip
        desk = world.desk
        super().__init__(desk.spec(), world.site(desk.rehearsal), desk=desk, now=world.now)
        for each in (found for report in reports for found in report.checks if found.override):
            overrides = {**overrides_of(desk.answers), f"{each.id}@{each.host}": each.override}
            desk.answer(OVERRIDES, overrides)
        self.takes(desk.spec())
        self.found, self.going, self.trouble = reports, going, trouble
        self.asked: list[Any] = []
        if not going and trouble is None:
            counts = tally(reports)
            self.record = desk.preflight = PreflightRecord(
                sha=self.sha, blocked=counts["blocks"], warned=counts["warning"]
            )

    @property
    def running(self) -> bool:
        return self.going

    @property
    def error(self) -> HauiError | None:
        return self.trouble

    @property
    def seconds(self) -> float:
        return 3.14

    def reports(self) -> tuple[HostReport, ...]:
        overrides = self.spec.preflight.overrides
        return tuple(judged_by(report, overrides, "ops") for report in self.found)

    def look(self, hosts: Any = None) -> bool:
        if self.going:
            return False
        self.asked.append(hosts)
        return True

    def finish(self, reports: tuple[HostReport, ...]) -> None:
        """The look ends now."""
        self.found, self.going = reports, False
        self.record = PreflightRecord(sha=self.sha, blocked=tally(reports)["blocks"])


def page_of(world_of: Callable[..., Any], reports: Any, **told: Any) -> tuple[Any, Any, Told]:
    """The app on the page, the world, and what it is told."""
    hosts = len(reports)
    answers = complete_answers(None, hosts if hosts != 5 else None)
    world = world_of(answers=answers, page="preflight", rehearsal=told.pop("rehearsal", False))
    if not world.desk.rehearsal:
        world.make_site = lambda _: RealSite(Credentials(), world.root)
    world.preflight = Told(world, reports, **told)
    return make_app(world), world, world.preflight


def screen(pilot: Pilot[int]) -> PreflightPage:
    assert isinstance(pilot.app.screen, PreflightPage)
    return pilot.app.screen


def shown(app: Any) -> str:
    return str(app.export_screenshot()).replace("&#160;", " ").replace("&#x27;", "'")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    ("name", "reports", "told"),
    [
        ("running", midway(), {"going": True}),
        ("clean", clean(), {}),
        ("mixed", mixed(), {}),
        ("unreachable", unreachable(), {}),
        ("twenty", clean(20), {}),
        ("rehearsal", clean(), {"rehearsal": True}),
    ],
)
async def test_page_looks(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, size: tuple[int, int], name: str,
    reports: Any, told: dict[str, Any],
) -> None:  # fmt: skip
    app, _, _ = page_of(world_of, reports, **told)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert await app_snapshot(pilot, f"{name}-{size[0]}x{size[1]}")


async def test_the_matrix_looks_where_there_is_no_room_beside(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot
) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settle(pilot)
        assert app.focused is screen(pilot).matrix
        assert await app_snapshot(pilot, "matrix-80x24")
        await pilot.press("m")
        await settle(pilot)
        assert isinstance(app.focused, FixList)


async def test_a_rehearsal_is_looked_at_by_itself_and_goes_on_when_the_page_is_left(
    world_of: Callable[..., Any],
) -> None:
    world = world_of(answers=complete_answers(), page="preflight", rehearsal=True)
    root, faults = world.root / "rehearsals", parse_faults(["cp2:preflight.facts:fail"])
    world.make_site = lambda _: RehearsalSite(root, speed=1000, in_process=True, faults=faults)
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        while world.preflight is None:  # noqa: ASYNC110 - a pause may last until it is done
            await asyncio.sleep(0)
        assert world.preflight.running
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, PreflightPage)
        await world.preflight.wait()
        assert world.desk.preflight.blocked > 0
        begun = world.preflight
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert world.preflight is begun, "what is known is shown again"
        assert groups_of(begun.reports())[0].what in shown(app)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert isinstance(app.screen, PreflightPage)
        assert "Not yet: " in shown(app)


async def test_leaving_haui_ends_the_look(world_of: Callable[..., Any]) -> None:
    world = world_of(answers=complete_answers(), page="preflight", rehearsal=True)
    app = make_app(world)
    async with app.run_test(size=(80, 24)) as pilot:
        while world.preflight is None:
            await pilot.pause()
    assert not world.preflight.running


async def test_other_answers_are_looked_at_anew(world_of: Callable[..., Any]) -> None:
    app, world, told = page_of(world_of, clean(), rehearsal=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert world.preflight is told
        world.desk.answer(("network", "services"), "10.97.0.0/16")
        while world.preflight is told:
            await pilot.pause()
        await world.preflight.wait()
        assert world.desk.preflight.sha == world.preflight.sha != told.sha


async def test_incomplete_answers_are_not_looked_at(world_of: Callable[..., Any]) -> None:
    answers = complete_answers()
    del answers["hosts"]
    world = world_of(answers=answers, page="preflight")
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert world.preflight is None
        assert "These pages come first: Hosts" in shown(app)
        await pilot.press("r", "h", "c", "s", "enter", "e", "ctrl+n")
        await settle(pilot)
        assert isinstance(app.screen, PreflightPage)


@pytest.mark.parametrize(
    ("reports", "told", "why"),
    [
        (mixed(), {}, "4 findings block"),
        (midway(), {"going": True}, "still looking"),
        (midway(), {"trouble": JournalError("another haui works on atlas")}, "r looks again"),
    ],
)
async def test_next_is_refused_with_the_reason(
    world_of: Callable[..., Any], reports: Any, told: dict[str, Any], why: str
) -> None:
    app, _, _ = page_of(world_of, reports, **told)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert why in shown(app)
        assert isinstance(app.screen, PreflightPage)
        await pilot.press("alt+5")
        await settle(pilot)
        assert not isinstance(app.screen, PreflightPage), "back is free"


async def test_next_is_free_when_nothing_blocks(world_of: Callable[..., Any]) -> None:
    app, world, _ = page_of(world_of, clean())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert world.desk.draft.page == "review"


async def test_trouble_is_said_in_words(world_of: Callable[..., Any]) -> None:
    trouble = JournalError("another haui works on atlas", why="pid 812", fix="wait for it")
    app, _, _ = page_of(world_of, midway(), trouble=trouble)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for part in ("another haui works on atlas", "pid 812", "wait for it"):
            assert part in shown(app)


async def test_news_are_pulled(world_of: Callable[..., Any]) -> None:
    app, _, told = page_of(world_of, midway(), going=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.screen.query_one(PreflightHead).numbers.running
        told.finish(mixed())
        await pilot.pause(0.3)
        assert "Virtual address" in shown(app)
        assert screen(pilot).fixes.cursor == 0, "the heaviest until the admin moves"


async def test_keys_of_the_list(world_of: Callable[..., Any]) -> None:
    """Up, down, ends, fold; the matrix follows; h asks the finding's hosts again."""
    app, _, told = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        fixes, matrix = screen(pilot).fixes, screen(pilot).matrix
        assert fixes.current is not None
        assert fixes.current.hosts == ("cp1", "cp2", "cp3")
        await pilot.press("h")
        assert told.asked == [("cp1", "cp2", "cp3")]
        await pilot.press("down", "h")
        await settle(pilot)
        assert told.asked[1:] == [("cp3",)]
        assert "What hosts try between them stays" in shown(app)
        assert matrix.current is not None
        assert (matrix.current.host, matrix.row) == ("cp3", COLUMNS.index("ports"))
        await pilot.press("end")
        assert fixes.current is None, "what was skipped is the last fold"
        await pilot.press("space", "end")
        assert fixes.current is not None
        assert fixes.current.weight == "skipped"
        await settle(pilot)
        assert "dd has no oflag=dsync" in shown(app)
        await pilot.press("space", "up", "space", "down")
        assert fixes.current is not None
        assert fixes.current.weight == "ok"
        await pilot.press("home", "space", "r")
        assert fixes.cursor == 0
        assert told.asked[-1] is None
        await pilot.press("up")
        await settle(pilot)
        assert app.focused is not fixes


async def test_keys_of_the_matrix(world_of: Callable[..., Any]) -> None:
    app, world, told = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        matrix = screen(pilot).matrix
        await pilot.press("m")
        assert app.focused is matrix
        await pilot.press("end", "left")
        assert matrix.current is not None
        assert matrix.current.host == "wk1"
        await pilot.press(*["up"] * (matrix.row - 2))
        assert COLUMNS[matrix.row] == "sizes"
        await pilot.press("h")
        assert told.asked == [("wk1",)]
        await settle(pilot)
        assert "6900 MB" in shown(app)
        await pilot.press("e")
        await settle(pilot)
        assert world.desk.draft.page == "topology", "sizes follow from the profile"


async def test_e_goes_to_the_answers_that_mend_it(world_of: Callable[..., Any]) -> None:
    app, world, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("down", "e")
        await settle(pilot)
        assert "must be mended on the host" in shown(app)
        assert world.desk.draft.page == "preflight"
        await pilot.press("up", "e")
        await settle(pilot)
        assert world.desk.draft.page == "endpoint"


async def test_a_host_that_is_silent_leads_to_the_access_page(
    world_of: Callable[..., Any],
) -> None:
    app, world, _ = page_of(world_of, unreachable())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("e")
        await settle(pilot)
        assert world.desk.draft.page == "access"


async def test_evidence_shows_every_finding_of_an_area_and_of_the_host(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot
) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, EvidenceDialog)
        assert await app_snapshot(pilot, "evidence")
        assert "held by k3s" in shown(app)
        assert "logged in" not in shown(app), "another area"
        await pilot.press("a")
        await settle(pilot)
        assert "logged in" in shown(app)
        await pilot.press("right")
        await settle(pilot)
        assert "about 8192 MB" in shown(app)
        await pilot.press("left", "left", "enter")
        await settle(pilot)
        assert isinstance(app.screen, PreflightPage)


async def test_evidence_of_a_cell_names_verdict_reason_and_fix_of_each_check(
    world_of: Callable[..., Any],
) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("m")
        matrix = screen(pilot).matrix
        matrix.select("wk1")
        matrix.select_column("disks")
        await pilot.press("enter")
        await settle(pilot)
        for part in (
            "Free space", "overridden", "Images need room", "Make room below", "20 GB",
            "a test machine", "etcd's disk", "skipped", "oflag=dsync", "etcd waits",
        ):  # fmt: skip
            assert part in shown(app), part


async def test_what_blocks_is_let_pass_for_a_reason_and_that_is_taken_back(
    world_of: Callable[..., Any],
) -> None:
    app, world, told = page_of(world_of, mixed())
    desk = world.desk

    def overrides() -> dict[str, str]:
        found = desk.value(OVERRIDES)
        return {ref: why for ref, why in (found or {}).items() if "disks.space" not in ref}

    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("down", "o")
        await settle(pilot)
        assert isinstance(app.screen, AskLine)
        await pilot.press("enter")
        await settle(pilot)
        assert "a reason is needed" in shown(app)
        assert overrides() == {}
        await pilot.press(*"k3s goes", "enter")
        await settle(pilot)
        assert overrides() == {"ports.free@cp3": "k3s goes"}
        assert told.asked == [], "no host is asked"
        assert desk.preflight is not None
        assert (desk.preflight.blocked, desk.preflight.overridden) == (3, 2)
        assert "(ops): k3s goes" in shown(app)
        fixes = screen(pilot).fixes
        assert fixes.current is not None
        assert (fixes.current.id, fixes.current.weight) == ("ports.free", "overridden")
        await pilot.press("o")
        await settle(pilot)
        assert overrides() == {}
        assert desk.preflight.blocked == 4
        await pilot.press("home", "o", *"for now", "enter")
        await settle(pilot)
        assert set(overrides()) == {f"network.vip@cp{n}" for n in (1, 2, 3)}
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert overrides() == {}
        assert desk.preflight.blocked == 4


async def test_only_what_may_pass_is_let_pass(world_of: Callable[..., Any]) -> None:
    app, world, _ = page_of(world_of, unreachable())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("o")
        await settle(pilot)
        assert "can't be let pass" in shown(app)
        await pilot.press("end", "o")
        await settle(pilot)
        assert "Only what blocks" in shown(app)
    assert world.desk.value(OVERRIDES) is None


async def test_a_cell_lets_pass_what_blocks_on_its_host(world_of: Callable[..., Any]) -> None:
    app, world, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("m")
        screen(pilot).matrix.select("cp2")
        await pilot.press("o", *"for now", "enter")
        await settle(pilot)
        assert world.desk.value(OVERRIDES)["network.vip@cp2"] == "for now"
        assert "network.vip@cp1" not in world.desk.value(OVERRIDES)


async def test_the_command_that_mends_it_is_copied(world_of: Callable[..., Any]) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert "no command here" in shown(app)
        await pilot.press("down", "c")
        await settle(pilot)
        assert app.clipboard == PORT["fix_with"]
        assert "to be run as root on cp3" in shown(app)


async def test_findings_are_saved_where_asked_and_nothing_is_overwritten(
    world_of: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app, _, _ = page_of(world_of, mixed())
    path = tmp_path / "atlas-preflight.txt"
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "fix: Choose a free endpoint.vip" in path.read_text(encoding="utf-8")
        assert path.stat().st_mode & 0o777 == 0o600
        assert "Saved:" in shown(app)
        await pilot.press("s")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "exists already" in shown(app)
        app.screen.query_one(Input).value = str(tmp_path / "none" / "x.txt")
        await pilot.press("enter")
        await settle(pilot)
        assert "there is no folder" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, PreflightPage)


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_hosts_say_is_never_interpreted(world_of: Callable[..., Any], text: str) -> None:
    bad = check("cp1", "ports.free", "blocks", what=text, seen=text, why=text, fix=text)
    silent = check("cp2", LOGIN, "blocks", what=text, seen=text, fix=text)
    reports = (
        done("cp1", bad), HostReport(host="cp2", state="done", checks=(silent,)), *clean()[2:],
    )  # fmt: skip
    app, _, _ = page_of(world_of, reports, trouble=HauiError(text, why=text, fix=text))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("down", "enter", "right")
        await settle(pilot)
        picture = app.export_screenshot()
        assert not any(sign in picture for sign in ("\x1b", "\x9b", "\u202e"))
    assert app.crash is None


async def test_a_hundred_hosts_fit(world_of: Callable[..., Any]) -> None:
    app, _, _ = page_of(world_of, clean(100))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("m", "end")
        await settle(pilot)
        assert "of 100" in shown(app)
        assert "wk97" in shown(app)
        await pilot.press("home")
        await settle(pilot)
        assert "cp1" in shown(app)


async def test_clicks(world_of: Callable[..., Any]) -> None:
    app, _, _ = page_of(world_of, mixed())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.click(Matrix, offset=(12, 1))
        assert screen(pilot).matrix.row == 0
        await pilot.click(FixList, offset=(3, 10))
        assert screen(pilot).fixes.cursor == 1
