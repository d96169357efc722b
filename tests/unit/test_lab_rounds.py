"""Rounds of the lab's troubles: what one of them leaves is seen by the look of the next."""

from __future__ import annotations

import pytest

from tests.lab.looking import Looked
from tests.lab.test_preflight import Mended, batches
from tests.lab.troubles import TROUBLES


def looked(**verdicts: str) -> Looked:
    """Two hosts with three checks; `wk1_disks` is the verdict of one of them there."""
    found = {
        host: {
            check: {"verdict": verdicts.get(f"{host}_{check}", usual)}
            for check, usual in (("disks.swap", "ok"), ("disks.room", "info"), ("x.y", "skipped"))
        }
        for host in ("wk1", "wk2")
    }
    return Looked(0, found, "", {})


def test_every_trouble_has_its_round() -> None:
    names = [trouble.name for batch in batches() for _, trouble in batch]
    assert sorted(names) == sorted(trouble.name for trouble in TROUBLES)


@pytest.mark.parametrize(
    ("verdict", "left"), [("ok", 0), ("info", 0), ("skipped", 1), ("warning", 1), ("blocked", 1)]
)
def test_what_was_not_mended_is_left(verdict: str, left: int) -> None:
    swap = next(trouble for trouble in TROUBLES if trouble.name == "swap in fstab")
    last = Mended([("wk1", swap)])
    now = looked(**{"wk1_disks.swap": verdict, "wk2_disks.swap": "blocked"})
    assert len(last.left(now, looked())) == left


def test_what_nobody_looked_at_is_left() -> None:
    swap = next(trouble for trouble in TROUBLES if trouble.name == "swap in fstab")
    now = looked()
    del now.found["wk1"]["disks.swap"]
    assert Mended([("wk1", swap)]).left(now, looked()) == [("wk1", "disks.swap")]
