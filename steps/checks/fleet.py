"""What can only be seen of all hosts together."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
