"""What the lab calls a difference between two pictures of a host, and what is one on purpose."""

from __future__ import annotations

from steps.reset import REMAINS
from tests.lab.compare import Difference, compared, differences

BEFORE = {
    ("file", "/etc/hosts"): "f 644 0:0 aa",
    ("file", "/var/lib/dpkg/status"): "f 644 0:0 bb",
    ("file", "/etc/fstab"): "f 644 0:0 cc",
    ("package", "socat"): "ii 1.7",
    ("sysctl", "net.ipv4.ip_forward"): "0",
}


def test_what_came_went_and_changed_is_told_and_nothing_else() -> None:
    after = BEFORE | {("sysctl", "net.ipv4.ip_forward"): "1", ("file", "/etc/haui"): "d 755 0:0"}
    del after["file", "/etc/fstab"]
    assert differences(BEFORE, BEFORE) == []
    assert [str(each) for each in differences(BEFORE, after)] == [
        "file /etc/fstab: f 644 0:0 cc -> absent",
        "file /etc/haui: absent -> d 755 0:0",
        "sysctl net.ipv4.ip_forward: 0 -> 1",
    ]


def test_only_what_has_a_reason_may_stay_different() -> None:
    remains = {each.why: each.where for each in REMAINS if each.where}
    after = BEFORE | {
        ("file", "/var/lib/dpkg/status"): "f 644 0:0 xx",
        ("file", "/etc/hosts"): "f 644 0:0 yy",
        ("module", "ip_vs_rr"): "loaded",
        ("package", "socat"): "ii 1.8",
    }
    told = compared(BEFORE, after, remains)
    assert told.strange == [
        Difference("file", "/etc/hosts", "f 644 0:0 aa", "f 644 0:0 yy"),
        Difference("package", "socat", "ii 1.7", "ii 1.8"),
    ]
    assert {d.name for found in told.meant.values() for d in found} == {
        "/var/lib/dpkg/status",
        "ip_vs_rr",
    }


def test_a_reason_for_files_is_none_for_other_things() -> None:
    told = compared({}, {("unit", "/etc/hosts"): "x"}, {"why": ("/etc/*",)})
    assert [each.kind for each in told.strange] == ["unit"]
