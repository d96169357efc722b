"""What can only be seen of all hosts together."""

from __future__ import annotations

from steps.checks import (
    fleet_clock,
    fleet_domains,
    fleet_endpoint,
    fleet_identity,
    fleet_networks,
    fleet_shape,
)
from steps.checks.check import Check

CHECKS: tuple[Check, ...] = (
    *fleet_identity.CHECKS,
    *fleet_clock.CHECKS,
    *fleet_networks.CHECKS,
    *fleet_endpoint.CHECKS,
    *fleet_shape.CHECKS,
    *fleet_domains.CHECKS,
)
