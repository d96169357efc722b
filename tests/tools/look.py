"""A picture of a screen: `python -m tests.tools.look endpoint --size 120x40 --out /tmp/a.svg`.

The world is one of the tests: with `--preset` the answers are complete, with `--empty` there are
none. `--keys` are pressed first, with blanks between them. `--demo` shows the page as a bare form.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from haui.app import HauiApp
from haui.preset import DEFAULT_PRESET
from haui.wizard.pages import PAGES
from screens.routes import ROUTES
from tests.screens.demo import DEMO
from tests.screens.worlds import complete_answers, make_app, make_world

PAGE_IDS = [page.id for page in PAGES]


def main() -> None:
    """Drive the app to a screen and save what it shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("screen", choices=sorted(ROUTES))
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keys", default="")
    parser.add_argument("--argument", default="")
    parser.add_argument("--theme", default="haui")
    parser.add_argument("--preset", default=DEFAULT_PRESET)
    parser.add_argument("--hosts", type=int, default=None)
    for flag in ("empty", "rehearsal", "ascii", "demo"):
        parser.add_argument(f"--{flag}", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_look(_app(chosen, Path(folder)), chosen))


def _app(chosen: argparse.Namespace, folder: Path) -> HauiApp:
    in_wizard = chosen.screen in PAGE_IDS
    answers = {} if chosen.empty else complete_answers(chosen.preset, chosen.hosts)
    world = make_world(
        folder,
        answers=answers if in_wizard or not chosen.empty else None,
        page=chosen.screen if in_wizard else None,
        rehearsal=chosen.rehearsal,
        ascii_only=chosen.ascii,
    )
    return make_app(
        world,
        chosen.screen,
        argument=chosen.argument,
        theme=chosen.theme,
        routes=DEMO if chosen.demo else None,
    )


async def _look(app: HauiApp, chosen: argparse.Namespace) -> None:
    width, _, height = chosen.size.partition("x")
    async with app.run_test(size=(int(width), int(height)), notifications=True) as pilot:
        await pilot.pause()
        for key in chosen.keys.split():
            await pilot.press(key)
            await pilot.pause()
        await pilot.wait_for_scheduled_animations()
        await pilot.pause()
        chosen.out.write_text(app.export_screenshot(title="haui", simplify=True), encoding="utf-8")


if __name__ == "__main__":
    main()
