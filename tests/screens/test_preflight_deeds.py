"""What is done about a finding: mended, let pass, copied, saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from haui.wizard.overrides import LOC as OVERRIDES
from screens.asking import AskLine
from screens.preflight import PreflightPage
from tests.screens.conftest import settle
from tests.screens.findings import PORT, mixed, unreachable
from tests.screens.preflights import page_of, screen, shown


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
