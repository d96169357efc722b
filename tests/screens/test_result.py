"""The result page, after runs that went well and others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from haui.documents.verdict import Proof
from haui.events import Finding
from haui.live.site import RehearsalSite
from haui.rehearsal.faults import parse_faults
from screens import runs
from screens.glyphs import ASCII, UNICODE
from screens.paths import home_text
from screens.report import ReportWindow
from screens.result import proof_lines
from tests.screens.conftest import settle
from tests.screens.worlds import HOSTILE, complete_answers, make_app


def rehearsed(world_of: Callable[..., Any], *faults: str) -> Any:
    world = world_of(answers=complete_answers(), page="review", rehearsal=True)
    root = world.root / "rehearsals"
    world.make_site = lambda rehearsal: RehearsalSite(
        root, speed=1000, in_process=True, faults=parse_faults(faults)
    )
    return world


async def test_a_finished_rehearsal_is_proved_and_reported(world_of: Callable[..., Any]) -> None:
    """Report on disk, draft gone, kubeconfig line copied, report shown."""
    world = rehearsed(world_of)
    app = make_app(world, "topology")
    async with app.run_test(size=(120, 40)) as pilot:
        live = runs.begin_install(world)
        await live.wait()
        await world.concluding
        assert world.desk is None
        assert world.drafts.list() == ()
        await app._show("result")
        await settle(pilot)
        text = app.export_screenshot()
        assert "atlas&#160;is&#160;up" in text
        assert "checks,&#160;all&#160;passed" in text
        await pilot.press("c")
        assert app.clipboard == f"export KUBECONFIG={home_text(live.store.admin_conf)}"
        await pilot.press("m")
        await settle(pilot)
        assert isinstance(app.screen, ReportWindow)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, ReportWindow)
    assert live.store.report.stat().st_mode & 0o777 == 0o600


async def test_a_failed_run_says_what_and_how_to_go_on(world_of: Callable[..., Any]) -> None:
    """A step that fails for good; the admin stops; r resumes."""
    world = rehearsed(world_of, "wk1:containerd.install:fail", "wk1:runtime.containerd:fail")
    app = make_app(world, "topology")
    async with app.run_test(size=(120, 40)) as pilot:
        live = runs.begin_install(world)
        while not live.ended and not live.undecided:
            await pilot.pause()
        for undecided in live.undecided:
            live.decide(undecided.id, "stop")
        await live.wait()
        await world.concluding
        await app._show("result")
        await settle(pilot)
        text = app.export_screenshot()
        assert "wk1&#160;·&#160;" in text
        assert "haui&#160;rehearse" in text
        assert world.desk is not None


def row(verdict: Any, what: str, seen: str, expected: str = "", host: str = "cp1") -> Proof:
    found = Finding(verdict=verdict, what=what, seen=seen, expected=expected)
    return Proof(host=host, finding=found)


@pytest.mark.parametrize("width", [40, 60, 76, 120])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_proofs_fit_and_line_up(width: int, glyphs: Any) -> None:
    rows = [row("ok", "node cp1", "Ready v1.36.4"), row("differs", "x" * 90, "2", "3" * 80)]
    rows += [row("info", text, text, host=text) for text in HOSTILE]
    text = proof_lines(rows, width, glyphs).plain
    assert "1 wrong" in text
    assert "\x1b" not in text
    lines = text.splitlines()[2:]
    assert all(cell_len(line) <= width + 24 for line in lines)
    assert len(lines) == len(rows) + 1


def test_what_was_expected_is_said_beside_what_was_seen() -> None:
    text = proof_lines([row("differs", "nodes", "4 of 5", "5 of 5")], 100, UNICODE).plain
    assert "4 of 5 (expected 5 of 5)" in text


def test_paths_are_shown_from_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ops"))
    assert home_text(Path("/home/ops/x/admin.conf")) == "~/x/admin.conf"
    assert home_text(Path("/srv/x")) == "/srv/x"
