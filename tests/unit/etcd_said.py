"""What etcdctl prints, as seen of 3.4.23 and 3.6.5."""

from __future__ import annotations


def status(address: str, member: int, leader: int, version: str = "3.4.23") -> str:
    """A member's part of `endpoint status -w fields`."""
    newer = version >= "3.6"
    lines = [
        '"ClusterID" : 14841639068965178418',
        f'"MemberID" : {member}',
        '"Revision" : 1',
        '"RaftTerm" : 2',
        f'"Version" : "{version}"',
        *(['"StorageVersion" : "3.6.0"'] if newer else []),
        '"DBSize" : 20480',
        f'"Leader" : {leader}',
        '"IsLearner" : false',
        '"RaftIndex" : 4',
        '"Errors" : []',
        f'"Endpoint" : "https://{address}:2379"',
        *(['"DowngradeEnabled" : false'] if newer else []),
    ]
    return "".join(f"{line}\n" for line in lines) + "\n"


LEADER, OTHER, THIRD = 10276657743932975437, 10276657743932975438, 10276657743932975439
"""Member ids that a floating-point number can't tell apart."""
