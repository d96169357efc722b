"""The faults that a rehearsal can be asked for."""

from __future__ import annotations

import pytest

from haui.errors import UsageError
from haui.rehearsal.faults import EXAMPLE, KINDS, Fault, parse_faults


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_and_written_back(kind: str) -> None:
    text = f"cp2:control_plane.join:{kind}"
    fault = Fault.parse(text)
    assert (fault.host, fault.step, fault.kind) == ("cp2", "control_plane.join", kind)
    assert str(fault) == text


def test_spaces_around_the_parts_do_not_matter() -> None:
    assert Fault.parse(" cp1 : system.swap : slow ") == Fault("cp1", "system.swap", "slow")


@pytest.mark.parametrize(
    "text", ["", "cp1", "cp1:fail", "cp1:step:", ":step:fail", "cp1::fail", "a:b:fail:once", "::"]
)
def test_a_malformed_fault_shows_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:STEP:KIND") as caught:
        Fault.parse(text)
    assert EXAMPLE in caught.value.fix
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("cp1:system.swap:fial", "kind: fial", "did you mean fail?"),
        ("cp1:system.swap:explode", "kind: explode", "fail-once, fail, slow"),
        ("cp9:system.swap:fail", "host: cp9", "did you mean cp1?"),
        ("cp1:system.swop:fail", "step: system.swop", "did you mean system.swap?"),
        ("zzz:system.swap:fail", "host: zzz", "there are: cp1, wk1"),
    ],
)
def test_unknown_names_are_refused_with_a_hint(text: str, part: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Fault.parse(text, hosts=["cp1", "wk1"], steps=["system.swap", "workers.join"])
    assert part in caught.value.what
    assert hint in caught.value.why


def test_a_wildcard_is_no_unknown_name() -> None:
    fault = Fault.parse("*:*:slow", hosts=["cp1"], steps=["system.swap"])
    assert fault.hits("anything", "at.all")


@pytest.mark.parametrize(
    ("text", "host", "step", "hit"),
    [
        ("cp1:a.b:fail", "cp1", "a.b", True),
        ("cp1:a.b:fail", "cp2", "a.b", False),
        ("cp1:a.b:fail", "cp1", "a.c", False),
        ("*:a.b:fail", "cp2", "a.b", True),
        ("*:a.b:fail", "cp2", "a", False),
        ("cp1:*:fail", "cp1", "x.y", True),
    ],
)
def test_what_a_fault_hits(text: str, host: str, step: str, hit: bool) -> None:
    assert Fault.parse(text).hits(host, step) is hit


def test_several_keep_their_order_and_the_first_bad_one_is_told() -> None:
    assert [f.kind for f in parse_faults(["a:b:fail", "a:b:slow"])] == ["fail", "slow"]
    with pytest.raises(UsageError, match="oops"):
        parse_faults(["a:b:fail", "oops", "worse"])
