"""The operating system: distribution, architecture, init, names, security modules, health."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
