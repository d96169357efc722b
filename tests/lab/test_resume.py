"""haui was killed in the worst moments and at random; resumed, it made the same cluster."""

from __future__ import annotations

from collections import Counter

from tests.lab.conftest import Installed
from tests.lab.killing import FOLLOWED, KILLS


def test_the_journal_said_after_each_kill_that_there_is_more_to_do(installed: Installed) -> None:
    assert installed.killed.unfinished == [True] * len(FOLLOWED)


def test_it_was_killed_often_enough(installed: Installed) -> None:
    assert len(installed.killed.kills) >= max(KILLS, len(FOLLOWED)), "the install was over before"


def test_what_was_running_was_followed_and_not_started_again(installed: Installed) -> None:
    for step in FOLLOWED:
        intents = [
            r for r in installed.killed.records
            if r["event"] == "task_intent" and r["step"] == step
        ]  # fmt: skip
        again = [r["host"] for r in intents if r.get("reattached")]
        assert again, intents
        print(f"\nre-attached to {step} on {', '.join(again)}")


def test_no_task_has_two_attempts(installed: Installed) -> None:
    """Neither in the journal nor on the hosts. An intent may stand twice when haui was killed
    before the host heard of it; the attempt is the same one, then."""
    numbers = {
        (r["host"], r["step"]): r["attempt"] for r in installed.killed.records
        if r["event"] == "task_intent"
    }  # fmt: skip
    assert [task for task, attempt in numbers.items() if attempt > 1] == []
    for host, listed in installed.killed.attempts.items():
        attempts = Counter(path.rpartition(".")[0] for path in listed)
        assert attempts and max(attempts.values()) == 1, (host, attempts)
