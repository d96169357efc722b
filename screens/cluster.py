"""The cluster page: version, networks, and where packages and images come from."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from haui.wizard.pages import PageId
from screens.page import WizardPage
from screens.widgets.form import QuestionForm


class ClusterPage(WizardPage):
    """Everything with a default that most keep; the locks mark what stays for good."""

    page: ClassVar[PageId] = "cluster"
    help_text = (
        "Pods and Services need networks that nothing else uses, neither the hosts nor what they "
        "talk to. They can't be changed later.\n\nWithout internet: packages come from a mirror, "
        "images from a registry that mirrors the upstream ones. Passwords are never asked for "
        "here; the registry's is asked for when it is needed."
    )

    def compose_page(self) -> ComposeResult:
        yield QuestionForm(self.page, self.desk, glyphs=self.world.glyphs)
