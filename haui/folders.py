"""Where files of haui's are on this machine; light, so that the first screen need not wait."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import platformdirs

REHEARSALS: Final = "rehearsals"
"""The folder of all rehearsals, beside the folders of the clusters."""


def presets_folder() -> Path:
    """The admin's own presets: `$XDG_CONFIG_HOME/haui/presets`; need not exist."""
    return platformdirs.user_config_path("haui", appauthor=False) / "presets"
