"""File systems: room, inodes, type, mount options, swap, and how fast etcd's disk is."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
