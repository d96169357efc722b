"""What a screen asks the app for. Screens never switch screens themselves."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from haui.wizard.pages import PageId


@dataclass
class GoTo(Message):
    """Show a page of the wizard, if it may be reached."""

    page: PageId


class GoBack(Message):
    """One step back; nothing is lost."""


class GoNext(Message):
    """The next page of the wizard; posted when this one has no problem left, just after looking."""


@dataclass
class StartNew(Message):
    """Begin a cluster, from nothing or from a preset (its name, or a file).

    `hosts` is how many are simulated in a rehearsal; None: as many as the preset has.
    """

    preset: str | None = None
    rehearsal: bool = False
    hosts: int | None = None


@dataclass
class OpenDraft(Message):
    """Go on with answers that were saved."""

    id: str


@dataclass
class ResumeRun(Message):
    """Go on with an install or a reset that did not finish, or watch one that did."""

    cluster: str
    rehearsal: bool = False


@dataclass
class VerifyCluster(Message):
    """Prove anew that a finished cluster is as it should be."""

    cluster: str
    rehearsal: bool = False


@dataclass
class WatchRun(Message):
    """Watch a run that another process makes."""

    cluster: str
    rehearsal: bool = False


@dataclass
class ResetCluster(Message):
    """Take a cluster back with etcd's data. Its name was typed."""

    cluster: str
    rehearsal: bool = False


class StartInstall(Message):
    """Run the plan that the review page shows."""


class RunEnded(Message):
    """The run came to its end, well or not; the result is in the live run."""


@dataclass
class ShowScreen(Message):
    """Show a screen by its name in screens.routes.

    `over` puts it above this one: GoBack comes back here, as it was. `argument` goes to the
    screen's constructor when it is not empty, e.g. the host whose failure is shown.
    """

    name: str
    over: bool = False
    argument: str = ""


class LeaveApp(Message):
    """Quit, or ask how when something runs."""
