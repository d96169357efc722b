"""Where the admin's own files are; light, so that the first screen need not wait."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def presets_folder() -> Path:
    """The admin's own presets: `$XDG_CONFIG_HOME/haui/presets`; need not exist."""
    return platformdirs.user_config_path("haui", appauthor=False) / "presets"
