"""Who sets the clock, and whether it is right."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
