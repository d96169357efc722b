"""Waiting for an app that has nothing to do any more, by asking the event loop.

The toolkit's own wait sleeps for 20 ms, and again for as long as the process uses the processor: a
test of fifty keys sleeps for two seconds, and one on a machine under load goes on too early. What a
test waits for is known better: nothing is ready to run, no timer is about to fire, the screen has
nothing left to draw, and no thread works for the app.

The screen is laid out from here when there is nothing else to do, and drawn when its layout has
come to rest: once for what a key does, and not as often as frames come due meanwhile, which depends
on how busy the machine is.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from weakref import WeakSet

from textual._context import active_app
from textual.screen import Screen

SOON_S = 1 / 50
"""Timers that are due so soon are waited for, as in the toolkit's wait."""
FRAME_S = 0.25
"""How often a screen draws by itself in tests: seldom, as it is asked to from here."""
MOST_TIMERS = 5
"""And so many of them at most: one may fire again and again."""
MOST_FRAMES = 50
"""A screen that wants to be drawn again and again is no reason to wait for ever."""
PASSES = 3
"""So often in a row nothing may be found; each pass also asks the sockets."""
PATIENCE_S = 20.0
"""For an app that never comes to rest; the test then sees what there is."""

_UNDRAWN: WeakSet[Screen[Any]] = WeakSet()
_draw = Screen._compositor_refresh


async def wait_until_quiet(min_sleep: float = SOON_S, max_sleep: float = 1) -> None:
    """Wait until the app has done everything that it was asked for.

    In place of textual's `wait_for_idle`: `min_sleep` is not needed, and `max_sleep` only bounds
    the wait for threads that do nothing themselves.
    """
    loop: Any = asyncio.get_running_loop()
    begun, found_nothing, timers, frames = loop.time(), 0, 0, 0
    resting_since, used = begun, time.process_time()
    while found_nothing < PASSES and loop.time() < begun + PATIENCE_S:
        await asyncio.sleep(0)
        found_nothing += 1
        if loop._ready:
            found_nothing = 0
        elif timers < MOST_TIMERS and (due := _next_timer(loop)) <= loop.time() + SOON_S:
            await asyncio.sleep(max(0.0, due - loop.time()))
            found_nothing, timers = 0, timers + 1
        elif screen := _drawing():
            screen._on_timer_update()
            found_nothing, frames = 0, frames + 1
            if frames > MOST_FRAMES:
                return
        elif screen := _undrawn():
            _draw(screen)
            found_nothing = 0
        elif _threads_work(loop) and loop.time() < begun + max_sleep:
            await asyncio.sleep(0.001)
            found_nothing = 0
            if loop.time() > resting_since + SOON_S:
                if time.process_time() - used < SOON_S / 20:
                    return
                resting_since, used = loop.time(), time.process_time()


def draw_later(self: Screen[Any]) -> None:
    """In place of textual's `Screen._compositor_refresh`: what has changed stays noted, and
    `wait_until_quiet` draws it."""
    if self is not self.app.screen:
        _draw(self)
        return
    _UNDRAWN.add(self)
    self._dirty_widgets.clear()
    self.app._update_mouse_over(self)


def _undrawn() -> Screen[Any] | None:
    """The screen on top, when it has changed and has not been drawn since."""
    app = active_app.get(None)
    screen = app.screen_stack[-1] if app is not None and app.screen_stack else None
    if screen is None or screen not in _UNDRAWN or not screen.is_running:
        return None
    _UNDRAWN.discard(screen)
    return screen


def _next_timer(loop: Any) -> float:
    """When the next timer is due, by the loop's clock."""
    return min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=1e18)


def _drawing() -> Any:
    """The screen on top, when it has something to lay out, to draw or to call after that."""
    app = active_app.get(None)
    screen: Any = app.screen_stack[-1] if app is not None and app.screen_stack else None
    if screen is None or app is None or app._batch_count or not screen.is_running:
        return None
    waits = (
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._dirty_widgets
        or screen._callbacks
    )
    return screen if waits else None


def _threads_work(loop: Any) -> bool:
    """Whether a thread of the loop's pool has work, or is about to get some."""
    pool = loop._default_executor
    if pool is None:
        return False
    return bool(pool._work_queue.qsize() or pool._idle_semaphore._value < len(pool._threads))
