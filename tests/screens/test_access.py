"""The access page: secrets stay in memory, keys are compared and accepted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from textual.events import AppBlur, AppFocus
from textual.pilot import Pilot
from textual.widgets import DataTable, Input
from textual.worker import WorkerCancelled

from haui.errors import ConnectError
from haui.live.site import KeyRow, RealSite
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from screens.widgets.host_keys import HostKeys
from screens.widgets.secret_line import SecretLine
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.worlds import HOSTILE, complete_answers, make_app

CANARY = "correct-horse-battery"
PRINT = "SHA256:9fTzQ3mWq1V5c7Jv0o2Yb8n4Xr6kLhG1dEwSaPuCiRM"


class KnownKeys(RealSite):
    """A site whose hosts show what the test says."""

    def __init__(self, rows: tuple[KeyRow, ...]) -> None:
        super().__init__(Credentials())
        self.rows = rows

    async def host_keys(self, spec: ClusterSpec, hosts: Any = None) -> tuple[KeyRow, ...]:
        pinned = {host.name: host.fingerprint for host in spec.hosts}
        return tuple(
            KeyRow(
                host=row.host,
                address=row.address,
                fingerprint=row.fingerprint,
                kind=row.kind,
                judgement="trusted" if pinned.get(row.host) else row.judgement,
                problem=row.problem,
            )
            for row in self.rows
        )


def rows(judgement: str = "unknown") -> tuple[KeyRow, ...]:
    names = ("cp1", "cp2", "cp3", "wk1", "wk2")
    return tuple(
        KeyRow(
            host=name,
            address=f"10.30.0.{11 + number}",
            fingerprint=PRINT,
            kind="ssh-ed25519",
            judgement=judgement,
        )
        for number, name in enumerate(names)
    )


def world_with(world_of: Callable[..., Any], shown: tuple[KeyRow, ...], **ssh: Any) -> Any:
    answers = complete_answers() | {"ssh": {"user": "ops", **ssh}}
    world = world_of(answers=answers, page="access")
    site = KnownKeys(shown)
    world.make_site = lambda rehearsal: site
    return world


async def looked(pilot: Pilot[int]) -> None:
    with suppress(WorkerCancelled):  # a newer look takes an older one's place
        await pilot.app.workers.wait_for_complete()
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_new_keys_in_one_table(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, size: tuple[int, int]
) -> None:
    """Five hosts with new keys, and a password that is wanted."""
    app = make_app(world_with(world_of, rows(), password=True, sudo="password"))
    async with app.run_test(size=size) as pilot:
        await looked(pilot)
        app.screen.query_one("#host-keys DataTable").focus()
        await settle(pilot)
        assert await app_snapshot(pilot, f"{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_nothing_answered_yet(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, size: tuple[int, int]
) -> None:
    """Empty answers: defaults as placeholders, and no keys to look at."""
    app = make_app(world_of(answers={}, page="access"))
    async with app.run_test(size=size) as pilot:
        await looked(pilot)
        assert await app_snapshot(pilot, f"{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_wrong_answers_say_why(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, size: tuple[int, int]
) -> None:
    """A port, a key and a jump host that can't be."""
    wrong = {"user": "ops", "port": "twenty-two", "key": "~/.ssh/none.pub", "jump": "a b"}
    answers = complete_answers() | {"ssh": wrong}
    app = make_app(world_of(answers=answers, page="access"))
    async with app.run_test(size=size) as pilot:
        await looked(pilot)
        await pilot.press("ctrl+n")
        await looked(pilot)
        assert app.world.desk is not None
        assert app.world.desk.draft.page == "access"
        assert await app_snapshot(pilot, f"{size[0]}x{size[1]}")


async def test_all_new_keys_are_accepted_as_answers(world_of: Callable[..., Any]) -> None:
    world = world_with(world_of, rows())
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        table = app.screen.query_one("#host-keys DataTable", DataTable)
        table.focus()
        await pilot.press("a")
        await looked(pilot)
        assert {host["fingerprint"] for host in world.desk.value(("hosts",))} == {PRINT}
        assert app.screen.query_one(HostKeys).new_keys == {}
        await pilot.press("ctrl+z")
        assert "fingerprint" not in world.desk.value(("hosts", 0))


async def test_new_keys_hold_up_the_next_page_until_they_are_accepted(
    world_of: Callable[..., Any],
) -> None:
    world = world_with(world_of, rows())
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await pilot.press("ctrl+n")
        await looked(pilot)
        assert world.desk.draft.page == "access"
        await pilot.press("a")
        await looked(pilot)
        await pilot.press("ctrl+n")
        await looked(pilot)
        assert world.desk.draft.page == "cluster"


async def test_one_key_is_accepted_and_taken_back(world_of: Callable[..., Any]) -> None:
    world = world_with(world_of, rows())
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        app.screen.query_one("#host-keys DataTable").focus()
        await pilot.press("down", "space")
        await looked(pilot)
        assert world.desk.value(("hosts", 1, "fingerprint")) == PRINT
        assert world.desk.value(("hosts", 0, "fingerprint")) is None
        await pilot.press("space")
        await looked(pilot)
        assert world.desk.value(("hosts", 1, "fingerprint")) is None


async def test_a_changed_key_is_never_accepted(world_of: Callable[..., Any]) -> None:
    world = world_with(world_of, rows("changed"))
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        app.screen.query_one("#host-keys DataTable").focus()
        await pilot.press("a", "space")
        await looked(pilot)
        assert all("fingerprint" not in host for host in world.desk.value(("hosts",)))


async def test_a_password_goes_to_memory_and_nowhere_else(world_of: Callable[..., Any]) -> None:
    world = world_with(world_of, rows(), password=True)
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        line = app.screen.query_one("#secret-ssh-password", SecretLine)
        line.query_one(Input).focus()
        await pilot.press(*CANARY)
        await looked(pilot)
        given = world.site(False).credentials.peek("ssh_password")
        assert given is not None
        assert given.reveal() == CANARY
        assert CANARY not in app.export_screenshot()
        assert CANARY not in world.desk.draft.to_text()
        for path in world.root.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes()


async def test_secrets_are_asked_for_only_where_they_are_wanted(
    world_of: Callable[..., Any],
) -> None:
    world = world_with(world_of, rows())
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        assert not app.screen.query_one("#secrets").display
        world.desk.answer(("ssh", "sudo"), "password")
        await looked(pilot)
        assert app.screen.query_one("#secret-sudo-password").display


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_host_answers_is_never_acted_on(
    world_of: Callable[..., Any], text: str
) -> None:
    """A hostile message in place of a key."""
    silent = KeyRow(host="cp1", address="x", problem=ConnectError(text))
    app = make_app(world_with(world_of, (silent,)))
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        shown = app.export_screenshot()
        assert "\x1b" not in shown
        assert app.is_running


@pytest.mark.parametrize("notices", ["focus", "next"])
async def test_a_key_made_in_another_terminal_is_found(
    world_of: Callable[..., Any], tmp_path: Path, notices: str
) -> None:
    """When that terminal is left; and where a terminal does not tell so, when one goes on."""
    key = tmp_path / "key"
    world = world_with(world_of, rows("trusted"), key=str(key))
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await pilot.press("ctrl+n")
        await looked(pilot)
        assert world.desk.draft.page == "access"
        assert [problem.path for problem in world.desk.problems("access")] == ["ssh.key"]
        app.post_message(AppBlur())
        key.write_text("key")
        if notices == "focus":
            app.post_message(AppFocus())
            await looked(pilot)
            assert world.desk.problems("access") == ()
        await pilot.press("ctrl+n")
        await looked(pilot)
        assert world.desk.draft.page == "cluster"
