"""The page of the API's endpoint: who brings clients to a living API server."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from haui.wizard.pages import PageId
from screens.page import WizardPage
from screens.widgets.form import QuestionForm


class EndpointPage(WizardPage):
    """Kind, placement, name, address and port; the drawing shows what follows."""

    page: ClassVar[PageId] = "endpoint"
    help_text = (
        "Nodes and clients know one name for the API. Behind it stands a virtual address that "
        "moves to a living host, or a balancer of your own.\n\nkeepalived moves the address "
        "between hosts, haproxy or nginx behind it finds an API server that answers. On the "
        "control planes they need no more hosts, but another port than 6443. kube-vip does "
        "without a proxy: the host with the address answers itself.\n\nThe address has to be free "
        "and in the hosts' network. Preflight looks whether somebody answers there."
    )

    def compose_page(self) -> ComposeResult:
        yield QuestionForm(self.page, self.desk, glyphs=self.world.glyphs)
