"""Which failures are tried again, and which lines are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.execution.transient import (
    LOCK_PAUSES_S,
    NETWORK_PAUSES_S,
    REFUSED,
    RETRIES,
    advice,
    decisive,
    transient,
)

TABLE = Path(__file__).parent / "data" / "failures.tsv"
"""Whose message, whether it is tried again, the line."""
ROWS = [line.split("\t") for line in TABLE.read_text().splitlines()]


@pytest.mark.parametrize(("whose", "again", "line"), ROWS, ids=lambda text: text[:40])
def test_only_what_goes_away_is_tried_again(whose: str, again: str, line: str) -> None:
    found = transient(["before", line, "after"])
    assert (found is not None) == (again == "yes"), whose
    assert transient([line]) == found


def test_nothing_that_stays_is_tried_again_because_of_a_line_beside_it() -> None:
    passes = [line for _, again, line in ROWS if again == "yes"]
    stays = "write /var/lib/containerd/x: no space left on device"
    for line in passes:
        assert transient([line, stays]) is None
        assert transient([stays, line]) is None


def test_a_package_that_is_not_found_may_be_for_lists_that_were_not_fetched() -> None:
    refused = "  Could not connect to 10.0.0.9:80 (10.0.0.9). - connect (111: Connection refused)"
    assert transient([refused, "E: Unable to locate package chrony"]) == REFUSED


def test_the_pauses_for_a_network_outlast_a_minute() -> None:
    assert sum(NETWORK_PAUSES_S) > 60
    assert len(NETWORK_PAUSES_S) == len(LOCK_PAUSES_S) == RETRIES


def test_advice_is_no_failure() -> None:
    assert transient(["haui: fix: wait if it says Could not get lock /var/lib/dpkg/lock"]) is None


def test_the_lines_that_say_why_come_first() -> None:
    lines = [f"unpacking {i}" for i in range(50)]
    lines[10] = "E: Unable to locate package kubeadm"
    lines[20] = "error: no candidate"
    assert decisive(lines).splitlines() == [lines[10], lines[20], "unpacking 49"]


def test_without_a_clear_reason_the_end_is_shown() -> None:
    lines = [f"line {i}" for i in range(50)] + ["", "  "]
    assert decisive(lines, 3).splitlines() == ["line 47", "line 48", "line 49"]


def test_never_more_than_the_limit_and_the_last_errors_win() -> None:
    lines = [f"error {i}" for i in range(50)]
    assert decisive(lines, 4).splitlines() == lines[-4:]


def test_nothing_said() -> None:
    assert decisive([]) == ""


def test_what_a_kubelet_says_again_and_again_counts_once() -> None:
    def logged(second: int, text: str) -> str:
        return f'E1122 05:29:{second:02}.981310    5205 kubelet.go:292] "{text}" err="x failed"'

    lines = [logged(n, "Unable to register") for n in range(9)]
    lines += ["error: once", logged(10, "No lease"), *(logged(n, "Evicts") for n in range(30, 50))]
    found = decisive([*lines, "haui: kubeadm failed"]).splitlines()
    assert found == [lines[8], "error: once", lines[10], lines[-1], "haui: kubeadm failed"]


def test_a_script_can_say_what_to_do() -> None:
    lines = ["haui: no such disk", "haui: fix: attach the disk"]
    assert decisive(lines) == "haui: no such disk"
    assert advice(lines) == "attach the disk"


def test_what_a_script_quotes_from_logs_counts_for_nothing() -> None:
    """A kubelet always complains about something."""
    quoted = ["--- the kubelet's last lines", "etcdserver: request timed out", "x509: bad", "---"]
    assert transient([*quoted, "haui: kubeadm join failed"]) is None
    assert transient([*quoted, "etcdserver: leader changed"]) is not None


def test_of_an_endless_line_both_ends_are_looked_at() -> None:
    endless = "x" * 1_000_000
    assert transient([f"curl: (7) {endless}"]) is not None
    assert transient([f"{endless} curl: (7)"]) is not None
    assert transient([f"curl: (7) {endless} no space left on device"]) is None
    assert transient([f"{endless} curl: (7) {endless}"]) is None
