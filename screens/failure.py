"""The run with one of its failures open."""

from __future__ import annotations

from screens.execute import ExecuteScreen


class FailureScreen(ExecuteScreen):
    """Takes the host or the task whose failure is shown; escape leads to the run itself."""

    CSS_PATH = "execute.tcss"
