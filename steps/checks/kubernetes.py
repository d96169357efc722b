"""What is there already: runtimes, another Kubernetes, leftovers, balancers."""

from __future__ import annotations

from steps.checks.check import Check

CHECKS: tuple[Check, ...] = ()
