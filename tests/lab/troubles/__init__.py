"""Troubles of hosts and cluster files: how each is made, what must be found, and what mends it."""

from __future__ import annotations

from tests.lab.troubles import machine, neighbours, services
from tests.lab.troubles.answers import ANSWERS, WrongAnswer
from tests.lab.troubles.logins import LOGINS
from tests.lab.troubles.model import OUTSIDER, Trouble

TROUBLES: tuple[Trouble, ...] = (*machine.TROUBLES, *neighbours.TROUBLES, *services.TROUBLES)

__all__ = ["ANSWERS", "LOGINS", "OUTSIDER", "TROUBLES", "Trouble", "WrongAnswer"]
