"""`haui` without a command: which of the wizard's two forms begins, and with what.

The plain form is taken with --plain, ACCESSIBLE=1 or TERM=dumb, and where there is no terminal for
pages (answers may then come by a pipe).
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from haui.cli.beginning import Start, is_plain
from haui.errors import UsageError
from haui.folders import REHEARSALS

if TYPE_CHECKING:
    from haui.live.site import Site
    from screens.world import World


def begin(start: Start) -> int:
    """Run the wizard to its end; the exit code. Raises HauiError, and what a defect raises."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not is_plain(start, os.environ, terminal=terminal):
        return run_pages(start)
    if not start.plain and not terminal and _nothing_to_read():
        raise UsageError(
            "there is no terminal here, and nobody to answer",
            fix="haui apply FILE --yes      install from a cluster file\n"
            "haui --plain < ANSWERS     the questions, answered line by line\n"
            "haui --help                every command",
        )
    from haui.cli.plain_wizard import plain_wizard

    return plain_wizard(start)


def run_pages(start: Start) -> int:
    """The wizard on pages; the exit code."""
    from haui.app import HauiApp
    from screens.startup import looks_for

    looks = looks_for(os.environ, sys.stdout.encoding or "", start.theme)
    world = make_world(start)
    world.glyphs, world.advice = looks.glyphs, looks.advice
    first = "welcome"
    if start.attach:
        first = open_watched(world, start)
    elif start.rehearsal or start.preset:
        first = open_answers(world, start)
    app = HauiApp(world, theme=looks.theme, first=first)
    code = app.run(mouse=start.mouse)
    if app.crash is not None:
        raise app.crash
    if app.way_out.farewell:
        with suppress(OSError):  # the terminal may be gone
            sys.stderr.write(f"haui: {app.way_out.farewell}\n")
    return code or 0


def make_world(start: Start) -> World:
    """What the screens are given: real clock, real folders, and hosts reached in either way."""
    from haui.folders import presets_folder
    from haui.record.stamp import utc_now
    from haui.record.store import state_root
    from haui.wizard.drafts import DraftBook
    from screens.world import World

    root = state_root()

    def make_site(rehearsal: bool) -> Site:
        return site_for(start, rehearsal=rehearsal)

    return World(
        now=utc_now,
        root=root,
        drafts=DraftBook(root),
        presets_folder=presets_folder(),
        make_site=make_site,
        hostname=socket.gethostname(),
    )


def site_for(start: Start, *, rehearsal: bool) -> Site:
    """Where the hosts are. Imported late: it brings the SSH client, which the pages begin without.

    Raises UsageError for a fault that can't be.
    """
    from haui.live.site import RealSite, RehearsalSite
    from haui.rehearsal.faults import parse_faults
    from haui.transport.credentials import Credentials

    if rehearsal:
        return RehearsalSite(speed=start.speed, faults=parse_faults(start.faults))
    return RealSite(Credentials.collect(os.environ))


def open_answers(world: World, start: Start) -> str:
    """Put the command line's preset on the desk; the first screen. Raises HauiError."""
    from haui.preset import DEFAULT_PRESET, load_preset, rehearsal_answers
    from haui.wizard.pages import PAGES

    name = start.preset or DEFAULT_PRESET
    if not start.rehearsal:
        world.desk = world.drafts.new(load_preset(name).answers, origin=name)
        return PAGES[0].id
    answers = rehearsal_answers(name, start.hosts)
    world.desk = world.drafts.new(answers, rehearsal=True, origin=name)
    for page in PAGES:
        world.desk.visit(page.id)
    return PAGES[-1].id


def open_watched(world: World, start: Start) -> str:
    """Take up the run that is to be watched; the first screen. Raises HauiError."""
    from screens.runs import attach

    folder, _, name = start.attach.rpartition("/")
    attach(world, name, rehearsal=folder == REHEARSALS)
    return "attach"


def _nothing_to_read() -> bool:
    """Whether standard input can't hold answers: closed, or the null device."""
    try:
        mine, null = os.fstat(sys.stdin.fileno()), Path(os.devnull).stat()
    except (OSError, ValueError):
        return True
    return (mine.st_dev, mine.st_ino) == (null.st_dev, null.st_ino)
