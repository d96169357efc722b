"""The themes: calm colours where only a state is coloured, and one accent for "you are here".

Three are haui's own: dark, light, and `haui-ansi`, which uses nothing but the terminal's sixteen
colours and its own background. Style sheets use theme variables only; the two that Textual does not
know are `$rule` (thin lines) and `$cursor` (the row under the cursor).
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="haui",
    primary="#7db4ff",
    secondary="#9fb3c8",
    accent="#7db4ff",
    success="#86c98f",
    warning="#e3b562",
    error="#f2837b",
    foreground="#d3dae3",
    background="#0f1419",
    surface="#161c23",
    panel="#202933",
    variables={
        "rule": "#2a3541",
        "cursor": "#1c2631",
        "text-muted": "#8593a3",
        "text-disabled": "#5d6975",
        "border": "#7db4ff",
        "border-blurred": "#2a3541",
        "block-cursor-background": "#263a52",
        "block-cursor-foreground": "#e8eef6",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "#d3dae3",
        "input-cursor-foreground": "#0f1419",
        "input-selection-background": "#7db4ff 35%",
        "scrollbar": "#2a3541",
        "scrollbar-hover": "#3a4856",
        "scrollbar-active": "#7db4ff",
        "scrollbar-background": "#0f1419",
        "scrollbar-background-hover": "#0f1419",
        "scrollbar-background-active": "#0f1419",
        "scrollbar-corner-color": "#0f1419",
    },
)

LIGHT: Final = Theme(
    name="haui-light",
    dark=False,
    primary="#1857b0",
    secondary="#4c5c6d",
    accent="#1857b0",
    success="#1d6f34",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#1d2630",
    background="#f7f8fa",
    surface="#edf0f4",
    panel="#e0e6ed",
    variables={
        "rule": "#ccd5de",
        "cursor": "#e4ebf5",
        "text-muted": "#5a6875",
        "text-disabled": "#8b97a3",
        "border": "#1857b0",
        "border-blurred": "#ccd5de",
        "block-cursor-background": "#cfdff5",
        "block-cursor-foreground": "#0d1722",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "#1d2630",
        "input-cursor-foreground": "#f7f8fa",
        "input-selection-background": "#1857b0 25%",
        "scrollbar": "#ccd5de",
        "scrollbar-hover": "#b3bfcb",
        "scrollbar-active": "#1857b0",
        "scrollbar-background": "#f7f8fa",
        "scrollbar-background-hover": "#f7f8fa",
        "scrollbar-background-active": "#f7f8fa",
        "scrollbar-corner-color": "#f7f8fa",
    },
)

ANSI: Final = Theme(
    name="haui-ansi",
    ansi=True,
    primary="ansi_bright_cyan",
    secondary="ansi_default",
    accent="ansi_bright_cyan",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_bright_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "rule": "ansi_bright_black",
        "cursor": "ansi_default",
        "scrollbar": "ansi_white",
        "scrollbar-hover": "ansi_white",
        "scrollbar-active": "ansi_bright_cyan",
        "scrollbar-background": "ansi_black",
        "scrollbar-background-hover": "ansi_black",
        "scrollbar-background-active": "ansi_black",
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "text-muted": "ansi_white",
        "text-disabled": "ansi_bright_black",
        "border": "ansi_bright_cyan",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-cursor-text-style": "none",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_white",
    },
)

THEMES: Final = (DARK, LIGHT, ANSI)


def own_variables(theme: Theme) -> dict[str, str]:
    """`$rule` and `$cursor` for a theme that does not know them, e.g. one of Textual's."""
    if theme.ansi:
        return {"rule": "ansi_bright_black", "cursor": "ansi_default"}
    panel = theme.panel or theme.surface or ("#2a3541" if theme.dark else "#ccd5de")
    return {"rule": panel, "cursor": theme.surface or panel}
