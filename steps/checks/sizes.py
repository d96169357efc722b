"""Processors and memory against what the roles need."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
