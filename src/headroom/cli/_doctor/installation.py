"""The program itself: its Python, its packages, its vocabulary, the settings in force."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from headroom import __version__, settings, tokens
from headroom.cli._doctor.finding import Finding, failed, failure, ok
from headroom.cli._doctor.scene import Scene
from headroom.errors import SettingError

PACKAGES: Mapping[str, tuple[str, str]] = {
    "aiohttp": ("aiohttp", "headroom proxy"),
    "yaml": ("pyyaml", "edits of YAML files"),
    "rich": ("rich", "headroom demo and headroom audit"),
    "platformdirs": ("platformdirs", "the default of HEADROOM_HOME"),
    "click": ("click", "the command line"),
    "msgspec": ("msgspec", "everything"),
    "splintr": ("splintr-rs", "counting tokens without vocabulary files"),
    "backports.zstd" if sys.version_info < (3, 14) else "compression.zstd": ("backports.zstd", "the store"),
}
"""Package and what needs it, by what is imported."""


def packages_are_there(scene: Scene) -> Iterator[Finding]:
    """Every package that Headroom needs is installed."""
    yield ok(f"Headroom {__version__} runs on Python {platform.python_version()} ({sys.executable}).")
    for module, (package, use) in PACKAGES.items():
        if find_spec(module) is None:
            yield failure(f"The package {package} is not installed: {use} cannot work.", f"Run: pip install {package}")


def tokens_are_counted(scene: Scene) -> Iterator[Finding]:
    """The vocabulary that counts tokens can be read, and its optional package is there where it is needed."""
    try:
        count = tokens.counter(None, scene.conf.vocabulary)
        count.count("some words")
    except SettingError as error:
        yield failed(error)
    else:
        yield ok(f"Tokens are counted with {count.name}.")


def settings_can_be_read(scene: Scene) -> Iterator[Finding]:
    """The settings are in force as they were written."""
    conf = settings.load(scene.place.environ)
    rules = f", {len(conf.rules)} rules" if conf.rules else ""
    yield ok(f"The settings of {conf.home} can be read: level {conf.level}{rules}.")
