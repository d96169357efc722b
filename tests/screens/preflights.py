"""The preflight page over an inspection that is told what hosts have said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from haui.errors import HauiError
from haui.live.site import RealSite
from haui.transport.credentials import Credentials
from haui.wizard.desk import PreflightRecord
from haui.wizard.inspection import Inspection
from haui.wizard.overrides import LOC as OVERRIDES
from haui.wizard.overrides import overrides_of
from haui.wizard.preflight import HostReport, judged_by, tally
from screens.preflight import PreflightPage
from tests.screens.worlds import complete_answers, make_app


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
    """The page that is shown."""
    assert isinstance(pilot.app.screen, PreflightPage)
    return pilot.app.screen


def shown(app: Any) -> str:
    """All that is drawn, as text."""
    return str(app.export_screenshot()).replace("&#160;", " ").replace("&#x27;", "'")
