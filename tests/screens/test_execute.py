"""The page of a run: how it looks, what it draws when, and where the selection goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haui.errors import InterruptedRunError
from haui.events import RunFinished, TaskOutput
from haui.live.progress import PhaseProgress
from haui.record.logs import HostLogs
from haui.record.stamp import stamp
from haui.session.plans import INSTALL
from screens.execute import ExecuteScreen
from screens.glyphs import ASCII, UNICODE
from screens.messages import RunEnded
from screens.terminal import title_sequence
from screens.widgets.host_table import HostTable
from screens.widgets.host_tiles import HostTiles, columns_for, tile_height_for
from screens.widgets.hosts_head import HostsHead
from screens.widgets.hostview import HostView, chosen, ordered
from screens.widgets.log_head import LogHead
from screens.widgets.phases import PhasesLine, form_for, phase_lines, phase_spans
from screens.widgets.progress import bar, range_text, span_text
from screens.widgets.runline import RunFacts, RunLine, run_line
from tests.screens.conftest import AppSnapshot
from tests.screens.fake_live import START, FakeLive, complete, fleet, midway
from tests.screens.scenes import fail_one, run_page

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("hosts", [3, 20, 100])
async def test_run_looks(
    hosts: int, size: tuple[int, int], tmp_path: Path, app_snapshot: AppSnapshot
) -> None:
    """A run midway, with tiles as far as they fit and a table beyond."""
    async with run_page(tmp_path, hosts, size) as stage:
        assert await app_snapshot(stage.pilot, f"{hosts}-{size[0]}x{size[1]}")


async def test_ascii_looks(tmp_path: Path, app_snapshot: AppSnapshot) -> None:
    """A bare console: sixteen colours, no signs beyond ASCII."""
    async with run_page(tmp_path, 3, ascii_only=True, theme="haui-ansi") as stage:
        text = "\n".join(
            "".join(segment.text for segment in stage.app.screen._compositor.render_strips()[y])
            for y in range(24)
        )
        assert text.isascii(), sorted({char for char in text if not char.isascii()})
        assert await app_snapshot(stage.pilot, "ascii")


async def test_light_looks(tmp_path: Path, app_snapshot: AppSnapshot) -> None:
    """The light theme, with a failure."""
    async with run_page(tmp_path, 20, (120, 40), theme="haui-light") as stage:
        await fail_one(stage)
        assert await app_snapshot(stage.pilot, "light")


def _paused(live: FakeLive) -> None:
    midway(live)
    live.controls.pause()


def _stopping(live: FakeLive) -> None:
    midway(live)
    live.controls.stop()
    live.lose("cp-3")


def _lost(live: FakeLive) -> None:
    midway(live)
    live.lose("cp-3")


def _done(live: FakeLive) -> None:
    complete(live)
    live.finish()


def _left(live: FakeLive) -> None:
    midway(live)
    live.finish("cancelled")


SCENES = {
    "paused": _paused, "stopping": _stopping, "lost": _lost, "done": _done, "cancelled": _left,
}  # fmt: skip


@pytest.mark.parametrize("scene", SCENES)
async def test_state_of_the_run_looks(
    scene: str, tmp_path: Path, app_snapshot: AppSnapshot
) -> None:
    """Paused, stopping, reconnecting, ended."""
    async with run_page(tmp_path, 3, scene=SCENES[scene]) as stage:
        assert await app_snapshot(stage.pilot, scene)


async def test_failed_end_looks(tmp_path: Path, app_snapshot: AppSnapshot) -> None:
    """The run has failed: what failed, and how to go on."""
    async with run_page(tmp_path, 3) as stage:
        await fail_one(stage)
        stage.live.finish("failed")
        await stage.beat()
        assert not stage.page.failing
        assert await app_snapshot(stage.pilot, "failed")


async def test_run_ended_by_an_error_says_so(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        error = InterruptedRunError("left the run [/x]", fix="haui resume atlas")
        stage.live.finish("cancelled", error)
        await stage.beat()
        assert "left the run [/x]" in str(stage.page.query_one("#end").render())
        assert "haui resume atlas" in stage.said()


async def test_nothing_is_drawn_while_nothing_changes(tmp_path: Path) -> None:
    """Within a second a run without news draws nothing but the spinner."""
    async with run_page(tmp_path, 20, (120, 40), scene=_paused) as stage:
        drawn: list[str] = []

        def note(widget: Any) -> Callable[..., Any]:
            def refresh(*_: object, **__: object) -> Any:
                drawn.append(type(widget).__name__)
                return widget

            return refresh

        for widget in stage.page.query("*"):
            widget.refresh = note(widget)  # type: ignore[method-assign]
        for _ in range(10):
            stage.page._beat()
        assert drawn == []


async def test_only_what_changed_is_drawn_again(tmp_path: Path) -> None:
    """One host's news draw one tile anew."""
    async with run_page(tmp_path, 20, (120, 40)) as stage:
        tiles = stage.page.tiles
        before = dict(tiles._drawn)
        host = next(name for name in tiles.order if stage.page.views[name].status == "running")
        step = stage.live.progress(host).step_id
        stage.live.end_task(next(t for t in stage.live.tasks_of(host) if t.step.id == step))
        await stage.beat(0)
        changed = {name for name, strips in before.items() if tiles._drawn.get(name) is not strips}
        assert changed == {host}


async def test_clocks_go_on_once_a_second(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        clock = stage.page.query_one(RunLine).facts.elapsed
        stage.live.wait_s(0.2)
        stage.page._beat()
        assert stage.page.query_one(RunLine).facts.elapsed == clock
        await stage.beat(2)
        assert stage.page.query_one(RunLine).facts.elapsed != clock


async def test_time_left_is_a_range_and_only_when_it_is_known(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        assert stage.page.query_one(RunLine).facts.left == ""
    earlier = FakeLive(stage.live.spec, tmp_path / "elsewhere")
    complete(earlier)
    from haui.live.estimate import Timings

    seconds = {task.step.id: (100.0, 200.0) for task in earlier.plan.tasks}
    async with run_page(tmp_path, 3) as stage:
        stage.page._timings = Timings(changed=seconds)
        stage.page._estimate()
        stage.page._run_line()
        assert "–" in stage.page.query_one(RunLine).facts.left


async def test_what_was_sent_is_seen(tmp_path: Path) -> None:
    """However many events come between two pictures, the last state is shown."""
    async with run_page(tmp_path, 100, (160, 50)) as stage:
        for host in stage.live.spec.hosts:
            for task in stage.live.tasks_of(host.name)[:9]:
                stage.live.do(task)
        await stage.beat()
        for host in stage.live.spec.hosts:
            progress = stage.live.progress(host.name)
            view = stage.page.views[host.name]
            assert (view.status, view.done) == (progress.status, progress.done)
            assert stage.page.table.views[host.name].done == progress.done


async def test_the_first_failure_is_selected_once(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, (120, 40)) as stage:
        await fail_one(stage, "wk-4")
        assert stage.page.selected == "wk-4"
        await fail_one(stage, "wk-6")
        assert stage.page.selected == "wk-4"


async def test_a_selection_of_the_last_seconds_is_kept(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, (120, 40)) as stage:
        await stage.press("j")
        moved = stage.page.selected
        stage.live.wait_s(8)
        await fail_one(stage, "wk-9")
        assert stage.page.selected == moved


async def test_a_failure_does_not_take_the_keys_from_who_types(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, (120, 40)) as stage:
        await stage.press("slash", "w", "k")
        await fail_one(stage, "wk-9")
        assert not stage.page.failing
        assert stage.page.prompt.asking
        await stage.press("enter")
        assert stage.page.filter_text == "wk"
        assert "F shows it" in stage.said() or stage.page.filter_text


async def test_who_has_just_pressed_a_key_is_told_instead(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, (120, 40)) as stage:
        await stage.press("j")
        await fail_one(stage, "wk-9")
        assert not stage.page.failing
        assert "wk-9 failed: F shows it" in stage.said()


async def test_title_and_bell_tell_of_a_failure_and_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    bells: list[int] = []
    monkeypatch.setattr("screens.execute.set_terminal_title", lambda _, text: titles.append(text))
    async with run_page(tmp_path, 3) as stage:
        monkeypatch.setattr(stage.app, "bell", lambda: bells.append(1))
        await fail_one(stage)
        assert titles[-1] == "haui: atlas 1 failed (37/63)"
        assert len(bells) == 1
        stage.live.finish("failed")
        await stage.beat()
        assert titles[-1] == "haui: atlas failed"
        assert len(bells) == 2


async def test_a_log_that_can_not_be_written_is_told_once(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        folder = stage.live.store.logs
        (folder / "cp-1.log").mkdir(parents=True)
        logs = HostLogs(folder, on_trouble=stage.live.hear_trouble)
        line = TaskOutput(host="cp-1", step="runtime.containerd", lines=("said",))
        logs(line)
        await stage.beat()
        assert "the log of cp-1 can't be written (Is a directory)" in stage.said()
        stage.page.prompt.say("something else")
        logs(line)
        await stage.beat()
        assert stage.said() == "something else"


def test_a_title_can_not_break_out_of_its_sequence() -> None:
    assert title_sequence("a\x07\x1b]52;c;aGk=\x07b") == "\x1b]2;a\ufffdb\x07"


async def test_the_end_leads_to_the_result(tmp_path: Path) -> None:
    routes = {"result": "tests.screens.scenes:EmptyScreen"}
    async with run_page(tmp_path, 3, scene=_done, routes=routes) as stage:
        await stage.pilot.press("enter")
        await stage.pilot.pause()
        assert stage.asked(RunEnded)


async def test_geometry_does_not_depend_on_what_happens(tmp_path: Path) -> None:
    """Where everything stands is the same at the beginning and at the end."""

    def regions(page: ExecuteScreen) -> list[object]:
        kinds = (RunLine, PhasesLine, HostsHead, HostTiles, LogHead)
        return [page.query_one(kind).region for kind in kinds]

    async with run_page(tmp_path, 20, (120, 40), scene=FakeLive.begin) as stage:
        before = regions(stage.page)
        for index, task in enumerate(stage.live.plan.tasks[:150]):
            stage.live.do(task)
            if index % 15 == 0:
                await stage.beat(0)
                assert regions(stage.page) == before
        stage.live.lose("wk-3")
        await stage.beat()
        assert regions(stage.page) == before


async def test_resizing_changes_the_view_and_keeps_the_selection(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, (120, 40)) as stage:
        await stage.press("j", "right")
        chosen_host = stage.page.selected
        assert stage.page.tiles.display
        await stage.pilot.resize_terminal(80, 24)
        await stage.beat()
        assert stage.page.table.display and not stage.page.tiles.display
        assert stage.page.selected == chosen_host
        row, _ = stage.page.table.place(chosen_host)
        assert row > 0


@pytest.mark.parametrize("hosts", [1, 3, 7, 20])
@pytest.mark.parametrize("width", [80, 120, 154, 200])
def test_tiles_fit_side_by_side(hosts: int, width: int) -> None:
    columns = columns_for(hosts, width)
    assert 1 <= columns <= hosts
    assert width // columns >= 25
    assert tile_height_for(hosts, width, 200) == 5
    assert tile_height_for(100, 80, 10) == 0


def test_bar_is_full_only_at_the_end() -> None:
    for glyphs in (UNICODE, ASCII):
        widths = {bar(done, 60, 10, glyphs).cell_length for done in range(61)}
        assert widths == {10}
    assert "╸" in bar(1, 1000, 10, UNICODE).plain
    assert bar(999, 1000, 10, ASCII).plain.endswith("-")
    assert bar(1000, 1000, 10, ASCII).plain == "=" * 10
    assert bar(0, 0, 10, ASCII).plain == "-" * 10


def test_spans_and_ranges() -> None:
    assert [span_text(s) for s in (0, 59.9, 64, 3600, 7500)] == [
        "0 s", "59 s", "1 m 04 s", "1 h 00 m", "2 h 05 m",
    ]  # fmt: skip
    assert range_text(230, 350) == "4–6 m"
    assert range_text(5, 20) == "1 m"
    assert range_text(110, 119) == "2 m"


def test_run_line_keeps_the_count_at_any_width() -> None:
    facts = RunFacts(
        cluster="atlas", word="installing", spins=True, done=9, total=143, elapsed="6 m 12 s",
        left="4–6 m", note="cp-2 reconnecting",
    )  # fmt: skip
    for width in range(40, 200):
        line = run_line(facts, width, UNICODE)
        assert line.cell_length == width
        assert "9 of 143 tasks" in line.plain


def _phases(done: int) -> tuple[PhaseProgress, ...]:
    return tuple(
        PhaseProgress(
            phase=phase, done=5 if index < done else 0, total=5, failed=0, running=index == done
        )
        for index, phase in enumerate(INSTALL)
    )


@pytest.mark.parametrize("width", [76, 116, 156, 196, 260])
def test_phases_fit_into_two_lines(width: int) -> None:
    for done in range(len(INSTALL) + 1):
        phases = _phases(done)
        lines = phase_lines(phases, ["1 m 04 s"] * len(phases), width, UNICODE)
        assert len(lines) <= 2
        assert all(line.cell_length <= width for line in lines)
        assert all(p.phase.replace("-", " ") in "\n".join(x.plain for x in lines) for p in phases)
        assert form_for(phases, width) == form_for(_phases(0), width)


def test_phase_spans_end_when_all_is_proved(tmp_path: Path) -> None:
    live = FakeLive(fleet(3), tmp_path)
    midway(live)
    spans = phase_spans(live.plan, live.state)
    assert spans["system"][1] is not None
    assert spans["endpoint"][1] is None
    assert "verify" not in spans


def _view(index: int, status: Any, done: int = 0) -> HostView:
    return HostView(
        index=index, name=f"h{index}", label=f"h{index}", role="worker", status=status, done=done,
        total=10, step="Join", since=100.0 - index,
    )  # fmt: skip


def test_order_and_filter() -> None:
    views = [
        _view(0, "done", 10), _view(1, "waiting"), _view(2, "running", 5), _view(3, "failed", 7),
        _view(4, "lost", 1),
    ]  # fmt: skip
    assert [v.status for v in ordered(views, "state")] == [
        "failed", "lost", "running", "waiting", "done",
    ]  # fmt: skip
    assert [v.index for v in ordered(views, "progress")] == [1, 4, 2, 3, 0]
    assert [v.index for v in ordered(views, "time")] == [4, 3, 2, 1, 0]
    assert [v.index for v in chosen(views, text="RUN join")] == [2]
    assert [v.index for v in chosen(views, only_news=True)] == [2, 3, 4]


async def test_table_keeps_its_columns_while_it_is_filtered(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100, (120, 40)) as stage:
        table = stage.page.query_one(HostTable)
        before = table._columns
        await stage.press("slash", *"wk-1", "enter")
        assert table._columns == before
        assert set(table.order) == {n for n in stage.page.views if "wk-1" in n}


async def test_a_tile_of_a_resumed_run_shows_no_line_of_the_last_session(tmp_path: Path) -> None:
    def scene(live: FakeLive) -> None:
        live.wait_s(86400)
        (tmp_path / "cp-1.log").write_text(
            f"{stamp(START)}  {live.tasks_of('cp-1')[0].step.id} | of yesterday\n"
        )
        live.logs.seed("cp-1", tmp_path / "cp-1.log")
        live.begin(resumed=True)
        live.run_task(live.tasks_of("cp-1")[0])

    async with run_page(tmp_path, 3, scene=scene) as stage:
        assert stage.live.logs.lines_since("cp-1")[0].text == "of yesterday"
        view = stage.page.views["cp-1"]
        assert (view.status, view.detail) == ("running", "")
        stage.live.say(stage.live.tasks_of("cp-1")[0], "of today")
        for _ in range(5):  # it is drawn twice a second
            await stage.beat(0.1)
        assert stage.page.views["cp-1"].detail == "of today"


async def test_an_old_run_that_is_resumed_counts_from_its_resumption(tmp_path: Path) -> None:
    def scene(live: FakeLive) -> None:
        midway(live)
        live.feed(RunFinished(outcome="cancelled", seconds=60.0))
        live.wait_s(86400)
        live.resume()
        live.wait_s(5)

    async with run_page(tmp_path, 3, scene=scene) as stage:
        assert stage.page.query_one(RunLine).facts.elapsed == "16 s"
