"""The journal of edits of other programs' files, and where the user's files are."""

from __future__ import annotations

from pathlib import Path

from headroom import settings
from headroom.configs import Journal, Place


def opened(conf: settings.Settings) -> Journal:
    """The journal of these settings."""
    return Journal(conf.home / "configs", Path.home())


def place(conf: settings.Settings) -> Place:
    """The user's home, current folder and environment; files are read as they would be without us."""
    return Place(Path.home(), Path.cwd(), settings.environment(), opened(conf).original)
