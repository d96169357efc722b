"""Pages that are nothing but their form, to look at the frame and the fields alone."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult

from haui.wizard.pages import PAGES, PageId
from screens.page import WizardPage
from screens.widgets.form import QuestionForm


class DemoPage(WizardPage):
    """Any page as a bare form."""

    page: ClassVar[PageId] = "topology"
    help_text = "Everything on this page can be changed until the install begins."

    def compose_page(self) -> ComposeResult:
        yield QuestionForm(self.page, self.desk, glyphs=self.world.glyphs)


class EndpointDemo(DemoPage):
    page = "endpoint"


class HostsDemo(DemoPage):
    page = "hosts"


class AccessDemo(DemoPage):
    page = "access"


class ClusterDemo(DemoPage):
    page = "cluster"


class PreflightDemo(DemoPage):
    page = "preflight"


class ReviewDemo(DemoPage):
    page = "review"


DEMO: Final = {"topology": "tests.screens.demo:DemoPage"} | {
    page.id: f"tests.screens.demo:{page.id.capitalize()}Demo" for page in PAGES[1:]
}
"""Routes to put in place of the real ones."""
