"""The kernel: version, modules, cgroups, settings."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
