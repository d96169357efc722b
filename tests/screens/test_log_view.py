"""The log of a host: following, searching, wrapping, saving, copying, and what it costs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.content import Content

from haui.events import Problem, TaskOutput, TaskStarted
from haui.live.logbook import LogBook, LogLine
from haui.spec import ClusterSpec
from screens.failure_text import failures
from screens.glyphs import ASCII, UNICODE
from screens.log_screen import LogScreen
from screens.widgets.host_tile import tile_lines
from screens.widgets.hostview import HostView
from screens.widgets.log_head import LogHead
from screens.widgets.log_lines import LogLines
from screens.widgets.log_text import hits, is_news, level_of, line_content, shown_text
from screens.widgets.log_view import LogView
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.fake_live import FakeLive, fail_current, fleet, midway
from tests.screens.scenes import Stage, run_page
from tests.screens.worlds import HOSTILE


def line(number: int, text: str, kind: str = "output", step: str = "s") -> LogLine:
    at = "2026-11-21T10:43:00.000Z"
    return LogLine(number=number, at=at, step=step, text=text, kind=kind)  # type: ignore[arg-type]


async def in_log(stage: Stage, lines: int = 200) -> LogView:
    """The focus in the log of cp-1, which has got so many lines more."""
    task = stage.live.tasks_of("cp-1")[-1]
    for number in range(lines):
        stage.live.say(task, f"line {number} " + ("with a needle" if number % 50 == 7 else ""))
    await stage.press("tab")
    await stage.beat()
    view = stage.page.log_view
    assert view.has_focus
    return view


def shown(stage: Stage) -> list[str]:
    """The lines of the log as they stand on the screen."""
    view = stage.app.screen.query_one(LogView)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("error execution phase preflight: [ERROR Port-6443]: Port 6443 is in use", "error"),
        ("E: Unable to locate package kubeadm", "error"),
        ("E1121 10:43:02.123456    7 server.go] no", "error"),
        ("dial tcp 10.30.0.12:2380: connection refused", "error"),
        ("panic: runtime error", "error"),
        ("[WARNING Swap]: swap is enabled", "warning"),
        ("W: GPG error is only a warning here", "error"),
        ("Flag --pod-infra-container-image has been deprecated", "warning"),
        ("0 errors, 12 checks", "plain"),
        ("[preflight] Running pre-flight checks", "plain"),
        ("mirrored the terrorism report", "plain"),
        ("", "plain"),
    ],
)
def test_highlighter(text: str, level: str) -> None:
    assert level_of(text) == level


def test_prefixes_of_steps_are_shown_as_they_are() -> None:
    text = line_content(line(1, "[preflight] Running [bold]checks[/]"), UNICODE, 80).plain
    assert text.endswith("[preflight] Running [bold]checks[/]")


def test_marks_fill_the_line() -> None:
    for text in ("Join the cluster", "ok after 3.0 s", "failed after 2.0 s: no", "waits for cp-2"):
        content = line_content(line(1, text, "mark"), UNICODE, 60)
        assert content.cell_length == 60
        assert text in content.plain
    assert is_news(line(1, "Join", "mark"))
    assert not is_news(line(1, "all is well"))


def test_hits_count_capitals_only_when_there_are_any() -> None:
    assert list(hits("Abc abc", "abc")) == [(0, 3), (4, 7)]
    assert list(hits("Abc abc", "Abc")) == [(0, 3)]
    assert list(hits("İabc abc", "abc")) == [(1, 4), (5, 8)]
    assert list(hits("abc", "")) == []


@given(st.lists(st.text(max_size=300), max_size=60), st.integers(0, 90), st.integers(5, 40))
def test_rows_and_lines_agree(texts: list[str], wrap: int, kept: int) -> None:
    """Every row belongs to one line, and each line begins where `row_of` says."""
    held = LogLines(kept)
    held.wrap_at(wrap)
    for number, text in enumerate(texts, 1):
        held.add([line(number, text)])
    assert len(held) <= kept + 500
    rows = [held.at_row(row) for row in range(held.rows)]
    assert [index for index, part in rows if part == 0] == list(range(len(held)))
    assert all(held.row_of(index) + part == row for row, (index, part) in enumerate(rows))
    assert held.at_row(held.rows) == (-1, 0)


def test_a_ring_lets_go_of_the_oldest_and_what_was_found_in_it() -> None:
    held = LogLines(100)
    held.seek("7")
    held.add(line(number, f"line {number}") for number in range(1, 1001))
    assert held.lines[-1].number == 1000
    assert len(held) == 100
    assert held.lines[0].number == 901
    assert min(held.found) == 907
    assert held.next_found(1000, 1) == 907
    assert held.next_found(907, -1) == 997
    assert held.place_of(917) == 2


async def test_it_follows_until_it_is_scrolled(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        view = await in_log(stage)
        assert shown(stage)[-1].endswith("line 199")
        await stage.press("up")
        assert not view.follow
        task = stage.live.tasks_of("cp-1")[-1]
        stage.live.say(task, *[f"more {n}" for n in range(214)])
        before = shown(stage)
        await stage.beat()
        assert shown(stage) == before
        facts = stage.page.query_one(LogHead).facts
        assert (facts.follow, facts.unseen) == (False, 214)
        await stage.press("end")
        assert view.follow and shown(stage)[-1].endswith("more 213")


@pytest.mark.parametrize("key", ["up", "k", "pageup", "home", "f"])
async def test_keys_that_stop_following(key: str, tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        view = await in_log(stage)
        await stage.press(key)
        assert not view.follow
        await stage.press("f")
        assert view.follow


async def test_the_wheel_stops_following(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        view = await in_log(stage)
        await stage.pilot._post_mouse_events(
            [__import__("textual.events", fromlist=["x"]).MouseScrollUp], widget=view
        )
        await settle(stage.pilot)
        assert not view.follow


async def test_lines_that_are_let_go_do_not_move_what_is_read(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        view = await in_log(stage, 5400)
        await stage.press("pageup", "pageup")
        before = shown(stage)
        stage.live.say(stage.live.tasks_of("cp-1")[-1], *[f"more {n}" for n in range(400)])
        await stage.beat()
        assert len(view.content) <= 5500
        assert shown(stage) == before


async def test_search_goes_from_place_to_place(tmp_path: Path, app_snapshot: AppSnapshot) -> None:
    """The last place first; n and N go round; the head counts."""
    async with run_page(tmp_path, 3, (120, 40)) as stage:
        view = await in_log(stage)
        await stage.press("slash", *"needle")
        assert len(view.content.found) == 4
        await stage.press("enter")
        assert stage.page.query_one(LogHead).facts.place == 4
        await stage.press("N")
        assert stage.page.query_one(LogHead).facts.place == 3
        assert any("line 107 with a needle" in text for text in shown(stage))
        assert await app_snapshot(stage.pilot, "search")
        await stage.press("n", "n")
        assert stage.page.query_one(LogHead).facts.place == 1
        await stage.press("escape")
        assert not view.content.found


async def test_a_search_without_result_says_so(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await in_log(stage)
        await stage.press("slash", *"nowhere", "enter", "n", "N")
        assert "in none of the lines" in stage.said()


async def test_wrap_shows_the_whole_line(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await in_log(stage, 3)
        long = "".join(f"<{number:03}>" for number in range(60))
        stage.live.say(stage.live.tasks_of("cp-1")[-1], long)
        await stage.beat()
        assert "<059>" not in "".join(shown(stage))
        await stage.press("w")
        assert long in "".join(shown(stage))
        await stage.press("w")
        assert "<059>" not in "".join(shown(stage))
        await stage.press(*["right"] * 8)
        assert "<059>" in "".join(shown(stage))
        await stage.press(*["left"] * 9)
        assert "<000>" in "".join(shown(stage))


async def test_save_asks_where_and_says_so(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await in_log(stage)
        await stage.press("s", "enter")
        (saved,) = stage.live.store.folder.glob("cp-1-*.log")
        assert "line 199" in saved.read_text()
        assert saved.stat().st_mode & 0o777 == 0o600
        assert str(saved) in stage.said()
        await stage.press("s", "enter")
        assert "not saved" in stage.said()
        await stage.press("s", "escape")


async def test_copy_takes_the_line_under_the_cursor(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await in_log(stage)
        await stage.press("c")
        assert stage.app.clipboard == "line 199"
        await stage.press("up", "up", "c")
        assert stage.app.clipboard == "line 197"
        assert "copied" in stage.said()


async def test_only_news(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        view = await in_log(stage)
        before = len(view.content)
        await stage.press("a")
        assert 0 < len(view.content) < before - 150
        assert stage.page.query_one(LogHead).facts.only_news
        await stage.press("a")
        assert len(view.content) == before


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_whole_log_looks(
    size: tuple[int, int], tmp_path: Path, app_snapshot: AppSnapshot
) -> None:
    """One host's log on the whole screen."""
    async with run_page(tmp_path, 3, size) as stage:
        await stage.pilot.press("l")
        await settle(stage.pilot)
        assert isinstance(stage.app.screen, LogScreen)
        stage.app.screen.prompt.say("the whole log is a file")
        assert await app_snapshot(stage.pilot, f"{size[0]}x{size[1]}")


async def test_a_picture_draws_only_what_can_be_seen(tmp_path: Path) -> None:
    """After many lines as after few: no line is drawn that nobody sees."""
    async with run_page(tmp_path, 3) as stage:
        view = await in_log(stage, 50)
        for _ in range(2):
            view._drawn.clear()
            stage.live.say(stage.live.tasks_of("cp-1")[-1], *["x"] * 5000)
            await stage.beat()
            assert len(view._drawn) <= view.size.height + 1


def test_pull_takes_nothing_when_there_is_nothing() -> None:
    book = LogBook()
    book(TaskStarted(host="h", step="s", title="Join"))
    book(TaskOutput(host="h", step="s", lines=("a", "b")))
    held = LogLines()
    held.add(book.lines_since("h", 0))
    held.add(book.lines_since("h", 3))
    assert [shown_text(each) for each in held.lines] == ["Join", "a", "b"]


def _no_controls(text: str) -> bool:
    return not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)


@given(st.text(max_size=120))
def test_any_line_can_be_drawn(text: str) -> None:
    for glyphs in (UNICODE, ASCII):
        for kind in ("output", "mark"):
            drawn = line_content(line(1, text, kind), glyphs, 70)
            assert isinstance(drawn, Content)
            assert _no_controls(drawn.plain)
            assert shown_text(line(1, text)) in drawn.plain


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["failed", "running", "done"]))
def test_any_host_can_be_a_tile(label: str, detail: str, status: str) -> None:
    from haui.transport.text import clean_line

    view = HostView(
        index=0, name="h", label=clean_line(label, 64), role="worker", step=clean_line(detail),
        detail=clean_line(detail), status=status, done=3, total=9,  # type: ignore[arg-type]
    )  # fmt: skip
    for width in (25, 31, 46):
        for height in (4, 5):
            lines = tile_lines(view, width, height, UNICODE, clock="1 m 04 s", selected=True)
            assert [each.cell_length for each in lines] == [width] * height


def _hostile_fleet() -> ClusterSpec:
    """Names and roles that no cluster file may have."""
    spec = fleet(3)
    hosts = list(spec.hosts)
    hosts[1] = hosts[1].model_copy(update={"name": "[@click=app.quit]x[/] [/etc"})
    hosts[2] = hosts[2].model_copy(update={"name": "\x1b]52;c;aGk=\x07cp\x9b2J[bold]"})
    return spec.model_copy(update={"hosts": tuple(hosts)})


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_texts_are_shown_and_nothing_else(
    size: tuple[int, int], tmp_path: Path
) -> None:
    """Names, lines, reasons and problems with markup and control sequences."""

    def scene(live: FakeLive) -> None:
        midway(live)
        for host in live.spec.hosts:
            task = live.tasks_of(host.name)[-1]
            live.say(task, *HOSTILE, "[/etc/kubernetes]", "[@click=app.quit]gone[/]")
            live.wait_for(task, HOSTILE[4] + "[/x]")

    async with run_page(tmp_path, _hostile_fleet(), size, scene=scene) as stage:
        problem = Problem(what=HOSTILE[2] + HOSTILE[4], why="\n".join(HOSTILE), fix=HOSTILE[0])
        for host in stage.live.spec.hosts:
            fail_current(stage.live, host.name, problem)
        await stage.beat()
        assert stage.page.failing and len(failures(stage.live)) == 3
        await stage.press("down", "down", "escape", "j", "right", "v", "v", "a", "a")
        await stage.press("s", "escape", "c", "tab", "slash", *"[/", "enter", "n", "w", "F", "s")
        await stage.press("escape", "escape", "l")
        for widget in stage.app.screen.walk_children():
            assert widget.is_attached
        stage.live.finish("failed")
        await stage.press("escape")
        await stage.beat()
        text = "".join(
            segment.text for strip in stage.app.screen._compositor.render_strips()
            for segment in strip
        )  # fmt: skip
        assert _no_controls(text)
        assert stage.app.is_running


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(max_size=80), min_size=1, max_size=12), st.text(max_size=80))
def test_any_text_can_come_from_a_host(texts: list[str], what: str) -> None:
    import tempfile

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with run_page(Path(folder), 3) as stage:
                task = stage.live.tasks_of("cp-1")[-1]
                stage.live.say(task, *texts)
                fail_current(stage.live, "cp-1", Problem(what=what, why="\n".join(texts), fix=what))
                await stage.beat()
                assert stage.page.failing
                await stage.press("escape", "w")

    asyncio.run(run())
