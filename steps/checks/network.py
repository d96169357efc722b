"""Addresses, routes, names and the firewall of one host."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
