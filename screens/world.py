"""What every screen is given: the clock, the folders, the signs, and the work in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from screens.glyphs import UNICODE, Glyphs

if TYPE_CHECKING:
    from haui.live.run import LiveRun
    from haui.live.site import Site
    from haui.transport.credentials import SecretName
    from haui.wizard.desk import Desk
    from haui.wizard.drafts import DraftBook
    from haui.wizard.inspection import Inspection


@dataclass(slots=True, kw_only=True)
class World:
    """Made once by the app's caller; tests make one with a fixed clock and folders of their own.

    `now` gives UTC. `root` is the state folder, `presets_folder` that of the admin's own presets.
    `make_site` builds what runs reach their hosts through, for a rehearsal or for real; it is asked
    for at most once each. `advice` is a line for the welcome page. `desk` holds the answers being
    worked on, `live` the run being watched, `concluding` what is done when it has ended.
    `ask_secret` asks the admin; the app sets it.
    """

    now: Callable[[], datetime]
    root: Path
    drafts: DraftBook
    presets_folder: Path
    make_site: Callable[[bool], Site]
    glyphs: Glyphs = UNICODE
    hostname: str = ""
    advice: str = ""
    desk: Desk | None = None
    live: LiveRun | None = None
    preflight: Inspection | None = None
    """The last look at the hosts; it goes on when its page is left."""
    concluding: asyncio.Task[None] | None = None
    ask_secret: Callable[[SecretName, str], Awaitable[str | None]] | None = None
    _sites: dict[bool, Site] = field(default_factory=dict)

    def site(self, rehearsal: bool) -> Site:
        """Where the hosts are: simulated ones on this machine, or the real ones over SSH."""
        if rehearsal not in self._sites:
            site = self._sites[rehearsal] = self.make_site(rehearsal)
            if self.ask_secret is not None:
                site.credentials.ask_with(self.ask_secret)
        return self._sites[rehearsal]

    async def close(self) -> None:
        """End in good order: the last words of a run that has ended, the answers, the sites."""
        if self.concluding is not None and self.live is not None and self.live.ended:
            await self.concluding
        if self.live is not None and self.live.watch_only:
            await self.live.leave()
        if self.preflight is not None:
            await self.preflight.leave()
        if self.desk is not None:
            self.desk.close()
        for site in self._sites.values():
            await site.close()

    @property
    def open_desk(self) -> Desk:
        """The desk of the pages of the wizard, which are only shown with one."""
        assert self.desk is not None, "a page of the wizard needs answers to show"
        return self.desk
