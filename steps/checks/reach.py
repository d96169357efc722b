"""What is tried between hosts: ports, latency, path MTU, the virtual address."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
