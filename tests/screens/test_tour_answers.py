"""Answers that travel: back and forth through the pages, as a preset, and past the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haui.preset import load_preset
from haui.wizard.pages import PAGES
from tests.screens.tour import Ground, Tour, rehearse, tour
from tests.screens.tour_child import answer_small

LINES = ("cp[1-3] 10.30.0.[11-13] cp", "wk1 10.30.0.21 worker rack=r1")


async def answer_stacked(t: Tour) -> None:
    """Three control planes and a worker, up to the cluster page."""
    await t.fill("name", "fornax")
    await t.choose("profile", "test")
    await t.next("endpoint")
    await t.choose("endpoint.kind", "keepalived-nginx")
    await t.fill("endpoint.name", "api.fornax.lan")
    await t.fill("endpoint.vip", "10.30.0.9")
    await t.next("hosts")
    await t.paste_hosts(LINES)
    await t.next("access")
    await t.fill("ssh.user", "ops")
    await t.next("cluster")
    await t.fill("network.pods", "10.60.0.0/16")


@pytest.mark.thorough
async def test_presets_are_kept_and_begun_from(tmp_path: Path) -> None:
    """`^s` in the wizard, with addresses and without; then "From a preset" on the welcome page:
    the same answers again, or those that fit another cluster."""
    ground = Ground(folder=tmp_path)
    async with tour(ground) as t:
        await t.pick("new")
        await t.on_page("topology")
        await answer_stacked(t)
        told = dict(t.desk.answers)
        await save_preset(t, "mine", addresses=True)
        await save_preset(t, "shape", addresses=False)
        for _ in range(5):
            await t.press("escape")
        for name, wanted in (("mine", told), ("shape", without_addresses(told))):
            await t.pick("presets")
            await t.pick_row("PresetsScreen", f"own:{name}")
            await t.until(lambda: t.app.world.desk is not None, "answers", 20)
            await t.on_page("topology")
            again = dict(t.desk.answers)
            again.pop("format", None)
            assert again == wanted
            await t.press("escape")
    for name in ("mine", "shape"):
        assert ("10.30.0.11" in load_preset(name, ground.presets).text) is (name == "mine")
        assert (ground.presets / f"{name}.yaml").stat().st_mode & 0o077 == 0


async def save_preset(t: Tour, name: str, *, addresses: bool) -> None:
    """The window of `^s`, filled in."""
    await t.press("ctrl+s")
    await t.see("ExportDialog")
    await t.focus_id("name")
    await t.press("end", "ctrl+u", *name)
    if addresses:
        await t.focus_id("addresses")
        await t.press("y")
    await t.focus_id("save")
    await t.press("enter")
    await t.on_page("cluster")
    assert name in t.text()


def without_addresses(answers: dict[str, Any]) -> dict[str, Any]:
    """What a preset for others holds of them."""
    left = {key: value for key, value in answers.items() if key != "name"}
    left["endpoint"] = {
        key: value for key, value in answers["endpoint"].items() if key not in ("name", "vip")
    }
    left["hosts"] = [
        {key: value for key, value in host.items() if key != "address"} for host in answers["hosts"]
    ]
    return left


@pytest.mark.thorough
async def test_back_to_the_beginning_and_forward_again(tmp_path: Path) -> None:
    """Esc from the review page to the welcome page, and on again: not an answer is lost."""
    ground = Ground(folder=tmp_path)
    async with rehearse(ground, "stacked-3-keepalived-haproxy") as t:
        for page in ("endpoint", "hosts", "access", "cluster"):
            await t.next(page)
        await t.preflight()
        await t.next("review")
        told = dict(t.desk.answers)
        for known in reversed(PAGES[:-1]):
            await t.back(known.id)
            assert t.desk.answers == told
        await t.press("escape")
        await t.see("WelcomeScreen")
        (entry,) = t.app.world.drafts.list()
        await t.pick(f"draft:{entry.id}")
        await t.on_page("topology")
        for known in PAGES[1:-1]:
            await t.next(known.id)
            assert t.desk.answers == told
        await t.until(lambda: t.desk.preflight is not None, "the preflight")
        await t.next("review")
        assert t.desk.answers == told
        assert t.desk.rehearsal


async def test_quitting_at_any_page_goes_on_there(tmp_path: Path) -> None:
    """`^q` at once, no question; the next haui lists the draft and opens it at that page."""
    ground = Ground(folder=tmp_path)
    async with tour(ground) as t:
        await t.pick("new")
        await t.on_page("topology")
        await answer_small(t)
        told = dict(t.desk.answers)
        await t.press("ctrl+q")
        await t.gone()
    assert t.app.return_value == 0
    assert str(t.app.world.drafts.folder) in t.app.way_out.farewell
    async with tour(ground) as t:
        (entry,) = t.app.world.drafts.list()
        await t.pick(f"draft:{entry.id}")
        await t.on_page("cluster")
        assert t.desk.answers == told


async def test_what_two_pages_disagree_about_is_mended_on_either(tmp_path: Path) -> None:
    """An address in another network than the hosts': `^n` says so, and the hosts can be reached."""
    async with rehearse(Ground(folder=tmp_path), "stacked-3-keepalived-haproxy") as t:
        await t.next("endpoint")
        await t.next("hosts")
        await t.back("endpoint")
        await t.fill("endpoint.vip", "10.40.0.9")
        await t.press("ctrl+n")
        await t.until(lambda: "Not yet" in t.text(), "the refusal", 20)
        await t.on_page("endpoint")
        await t.go("hosts")
        await t.delete_hosts()
        await t.paste_hosts(["cp[1-3] 10.40.0.[11-13] cp", "wk1 10.40.0.21 worker"])
        await t.next("access")
        assert not t.desk.problems()
