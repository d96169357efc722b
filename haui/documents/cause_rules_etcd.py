"""The table of known failures of etcd.

See haui.documents.cause_rules for what the fields mean and which order counts.
"""

from __future__ import annotations

from haui.documents.cause_rules import Rule

ETCD = (
    Rule(
        id="etcd-port",
        pattern=r"(?P<peer>[\w.:\[\]-]{2,60}):(?P<port>2379|2380)\b.{0,80}(?:i/o timeout"
        r"|no route to host|connection timed out|connection refused|deadline exceeded)",
        cause="port {port} of {peer} can't be reached: a firewall drops it, or etcd is down there",
        fix="Open TCP 2379 and 2380 between all control planes, both ways.",
        command="ss -ltn | grep -E ':2379|:2380'; nft list ruleset | head -n 50",
    ),
    Rule(
        id="etcd-slow-disk",
        pattern=r"apply request took too long|slow fdatasync|failed to send out heartbeat on time"
        r"|server is likely overloaded|sync duration of",
        cause="the disk under etcd is too slow to write each change in time",
        fix="Put /var/lib/etcd on an SSD of its own, and stop what else writes to that disk.",
        command="dd if=/dev/zero of=/var/lib/etcd/haui-test bs=2300 count=500 oflag=dsync; "
        "rm /var/lib/etcd/haui-test",
    ),
    Rule(
        id="etcd-learner",
        pattern=r"can only promote a learner member which is in sync|etcd member is learner and",
        cause="the new etcd member never came in step with the leader: port 2380 between them is "
        "dropped, or its disk is slow",
        fix="Open TCP 2379 and 2380 between all control planes, then retry: haui removes the "
        "half-added member first.",
        command="ss -ltn | grep -E ':2379|:2380'",
    ),
    Rule(
        id="etcd-learners",
        pattern=r"too many learner members",
        cause="another member is still being added; etcd takes one at a time",
        fix="Wait until it votes, or remove the one that a broken join left, then retry.",
    ),
    Rule(
        id="etcd-unstarted",
        pattern=r"not enough started members|etcd cluster is not healthy|unhealthy cluster"
        r"|lost its quorum",
        cause="an etcd member of an earlier join is listed but does not run",
        fix="Start that host again or remove its member; then retry.",
    ),
    Rule(
        id="etcd-stale-data",
        pattern=r"member count is unequal|cluster ID mismatch|has already been bootstrapped"
        r"|still holds data|holds the data of an etcd",
        cause="/var/lib/etcd holds the data of an earlier cluster or attempt",
        fix="When that data is not needed any more, move it away on this host and retry.",
        command="mv /var/lib/etcd /var/lib/etcd.old",
    ),
    Rule(
        id="etcd-leader",
        pattern=r"etcdserver: (?:no leader|leader changed|request timed out)|lost leader"
        r"|leader election lost",
        cause="etcd changes or loses its leader: slow disks, a slow network, or hosts that stop "
        "for moments",
        fix="Look at the members' disks and at the latency between the control planes, then retry.",
    ),
)
