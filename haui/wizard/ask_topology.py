"""What is asked on the topology page."""

from __future__ import annotations

from typing import Any

from haui.wizard.answers import Answers, value_at
from haui.wizard.question import Choice, Question


def topology_of(answers: Answers) -> Any:
    """The topology that was chosen, or is taken."""
    return value_at(answers, ("topology", "kind")) or "stacked"


TOPOLOGY = (
    Question(
        loc=("name",),
        page="topology",
        label="Name",
        kind="text",
        locked="it is part of every kubeconfig and of haui's own records",
    ),
    Question(
        loc=("topology", "kind"),
        page="topology",
        label="Topology",
        kind="choice",
        default=lambda answers: "stacked",
        locked="moving etcd later is a migration of its own",
        choices=(
            Choice(
                value="single",
                label="Single control plane",
                note="Survives nothing: when it fails, the API is gone until it is back.",
                takes="1 host",
            ),
            Choice(
                value="stacked",
                label="Stacked etcd",
                note="Each control plane carries an etcd member; a lost host takes both with it.",
                takes="3 hosts",
                recommended=True,
            ),
            Choice(
                value="external",
                label="External etcd",
                note="etcd on hosts of its own, sized and tuned apart from the API servers.",
                takes="6 hosts",
            ),
        ),
    ),
    Question(
        loc=("profile",),
        page="topology",
        label="Host sizes",
        kind="choice",
        choices=(
            Choice(
                value="production",
                label="Production",
                note="Preflight asks for room to work: 8 processors and 16 GB on a control plane.",
                recommended=True,
            ),
            Choice(
                value="test",
                label="Test",
                note="Preflight lets small machines through: 2 processors and 4 GB.",
            ),
        ),
    ),
)
