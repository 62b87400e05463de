"""What a user can set, as one table, and the only place where the environment is read.

A setting is a row of SETTINGS: its name, type, default, environment variable, flag, key in `config.toml`, and help.
The nearest source wins: an override (a command's flag), then the environment, then `<home>/config.toml`, then the
default. A value that is not of its type is an error that names its source; so is a key that is no setting, because a
setting that is misspelt and silently ignored is worse than one that is refused.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from headroom import policy
from headroom.errors import SettingError

CONFIG = "config.toml"
"""Name of the settings file, in the home folder."""

THRESHOLDS = "thresholds.toml"
"""Name of the file, in the home folder, that calibration writes; the settings file's own `thresholds` go before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings in force; one field per row of SETTINGS."""

    home: Path
    """Folder of everything Headroom keeps: the store and the settings file. Absolute; it may not exist yet."""
    level: str
    """A name of `policy.LEVELS`."""
    store_cap: int
    """Largest size of the store, in bytes."""
    vocabulary: Path | None
    """Folder of `.tiktoken` files; None counts with the vocabularies inside splintr-rs."""
    rules: tuple[policy.Rule, ...] = ()
    """Other levels for some tools and paths, the first that fits first."""
    holdout: float = 0.0
    """Share of conversations that the proxy leaves raw, so that the bill of both kinds can be compared."""
    thresholds: tuple[policy.Threshold, ...] = ()
    """How deep the level may go for kinds and sizes of output, the first that fits first; none before calibration."""


class Type(NamedTuple):
    """How a value is read from a string or a TOML value, and what is allowed, as the end of a sentence."""

    read: Callable[[object, Path], object]
    """Takes the value and the folder a relative path starts from. Raises ValueError, or _Refused to say more."""
    allowed: str


class Setting(NamedTuple):
    """One row of the table. `env` is None for what needs more than one line, `flag` for what no command takes, `key`
    for what the settings file cannot set."""

    name: str
    type: Type
    default: object
    """As a user would write it, or a function that finds it; None is unset."""
    env: str | None
    flag: str | None
    key: str | None
    help: str


class _Refused(ValueError):
    """A value whose message says itself what is wrong in it."""


class _Source(NamedTuple):
    """A value somebody gave, where, and the folder a relative path in it starts from."""

    value: object
    where: str
    base: Path


def load(environ: Mapping[str, str] | None = None, *, overrides: Mapping[str, object] | None = None) -> Settings:
    """The settings in force, read anew at each call.

    Args:
        environ: the environment, by default the process's own. An empty variable counts as not set.
        overrides: values by name of setting that go before all else, such as those of flags; None is not given.

    Raises:
        SettingError: a value is not of its type, a key in the settings file is no setting, or it cannot be read.
        TypeError: an override is no setting.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    if unknown := given.keys() - {setting.name for setting in SETTINGS}:
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    first = SETTINGS[0]
    values: dict[str, Any] = {first.name: _value(first, given, environ, {})}
    written = {
        **_written(values[first.name] / THRESHOLDS, ("thresholds",)),
        **_written(values[first.name] / CONFIG, [setting.key for setting in SETTINGS if setting.key is not None]),
    }
    for setting in SETTINGS[1:]:
        values[setting.name] = _value(setting, given, environ, written)
    return Settings(**values)


def home(environ: Mapping[str, str] | None = None) -> Path:
    """The setting of that name alone, which nothing in the settings file can hide. Raises SettingError."""
    found: Any = _value(SETTINGS[0], {}, os.environ if environ is None else environ, {})
    return Path(found)


def set_home(folder: str) -> None:
    """Makes `folder` the home for the rest of the process, as HEADROOM_HOME would: programs that start a command of
    ours do not always pass the user's variables on."""
    os.environ["HEADROOM_HOME"] = folder


def environment() -> Mapping[str, str]:
    """The process's own variables, for those that move other programs' files."""
    return os.environ


def _value(
    setting: Setting, given: Mapping[str, object], environ: Mapping[str, str], written: Mapping[str, _Source]
) -> object:
    source = written.get(setting.key or "")
    if setting.env is not None and environ.get(setting.env):
        source = _Source(environ[setting.env], setting.env, Path.cwd())
    if setting.name in given:
        source = _Source(given[setting.name], setting.flag or setting.name, Path.cwd())
    if source is None:
        default = setting.default() if callable(setting.default) else setting.default
        return None if default is None else setting.type.read(default, Path.cwd())
    try:
        return setting.type.read(source.value, source.base)
    except _Refused as refused:
        raise SettingError(f"{source.where}: {refused}") from None
    except (ValueError, OSError, RuntimeError):  # paths: NUL bytes, no permission, no such `~user`
        raise SettingError(f"{source.where} is {_shown(source.value)}; {setting.type.allowed}") from None


def _written(path: Path, keys: Sequence[str]) -> dict[str, _Source]:
    """The values of a file that may set `keys`. A missing file is an empty one."""
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingError(f"{path} cannot be read ({error.strerror}); make it readable or remove it") from error
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        raise SettingError(f"{path} is not a TOML file ({error}); correct it or remove it") from error
    written = {}
    for key, value in values.items():
        place = _place(path, text, key)
        _check_key(key, place, keys)
        written[key] = _Source(value, f"{place}: {key}", path.parent)
    return written


def _check_key(key: str, place: str, keys: Sequence[str]) -> None:
    """Raises SettingError if `key` is none of those that the file can set."""
    if key in keys:
        return
    for setting in SETTINGS:
        if key == setting.name:
            raise SettingError(
                f"{place}: {key} cannot be set in this file; set {setting.env or f'it in {CONFIG}'} instead"
            )
    nearest = get_close_matches(key, keys, n=1, cutoff=0.0)[0]
    raise SettingError(f"{place}: there is no setting {key!r}; did you mean {nearest}? Known are: {', '.join(keys)}")


def _place(path: Path, text: str, key: str) -> str:
    """`file:line` of a top-level key or table, which tomllib does not tell; the file alone where it is not found."""
    name = re.escape(key)
    found = re.search(rf"""^[ \t]*\[*[ \t]*(?:{name}|"{name}"|'{name}')[ \t]*[=.\]]""", text, re.MULTILINE)
    return f"{path}:{text.count(chr(10), 0, found.start()) + 1}" if found else str(path)


def _platform_home() -> str:
    # Named here because it costs 13 ms to import, which a caller that sets HEADROOM_HOME need not pay.
    directory: str = import_module("platformdirs").user_data_dir("headroom", appauthor=False)
    return directory


def _folder(value: object, base: Path) -> Path:
    """A folder that exists or can be made."""
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError
    path = base / Path(value).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError
    return path


def _existing_folder(value: object, base: Path) -> Path:
    path = _folder(value, base)
    if not path.is_dir():
        raise ValueError
    return path


def _level(value: object, base: Path) -> str:
    if not isinstance(value, str) or value not in policy.LEVELS:
        raise ValueError
    return value


_SIZE = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?:([KMGT])(?:i?B)?|B)?\s*", re.IGNORECASE)


def _share(value: object, base: Path) -> float:
    share = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    if not 0 <= share <= 1:
        raise ValueError
    return share


def _size(value: object, base: Path) -> int:
    """Bytes; K, M, G and T are powers of 1,024."""
    found = _SIZE.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if not found:
        raise ValueError
    number, unit = found.groups()
    size = int(float(number) * 1024 ** ("KMGT".index(unit.upper()) + 1)) if unit else int(float(number))
    if size < 1:
        raise ValueError
    return size


def _rules(value: object, base: Path) -> tuple[policy.Rule, ...]:
    """A list of tables with `level` and, if it is to fit some calls only, `tool` and `path`."""
    if not isinstance(value, list):
        raise ValueError
    return tuple(_rule(f"rule {number}", rule) for number, rule in enumerate(value, 1))


def _rule(name: str, rule: object) -> policy.Rule:
    """One rule. Raises _Refused, which calls it by `name`."""
    if not isinstance(rule, dict):
        raise _Refused(f"{name} is {_shown(rule)}; write each rule as a table [[rules]]")
    for key, value in rule.items():
        if key not in policy.Rule._fields:
            raise _Refused(f"{name} has the key {key!r}; a rule has: {', '.join(policy.Rule._fields)}")
        if not isinstance(value, str) or not value:
            raise _Refused(f"the {key} of {name} is {_shown(value)}; use a string")
    if rule.get("level") not in policy.LEVELS:
        given = f"the level of {name} is {_shown(rule['level'])}" if "level" in rule else f"{name} has no level"
        raise _Refused(f"{given}; use one of: {', '.join(policy.LEVELS)}")
    return policy.Rule(**rule)


def _thresholds(value: object, base: Path) -> tuple[policy.Threshold, ...]:
    """A list of tables with `kind`, `level` and, if it is for some sizes only, `from_tokens` and `below_tokens`."""
    if not isinstance(value, list):
        raise ValueError
    return tuple(_threshold(f"threshold {number}", each) for number, each in enumerate(value, 1))


def _threshold(name: str, value: object) -> policy.Threshold:
    """One threshold. Raises _Refused, which calls it by `name`."""
    if not isinstance(value, dict):
        raise _Refused(f"{name} is {_shown(value)}; write each threshold as a table [[thresholds]]")
    for key, given in value.items():
        if key not in policy.Threshold._fields:
            known = ", ".join(policy.Threshold._fields)
            raise _Refused(f"{name} has the key {key!r}; a threshold has: {known}")
        if key.endswith("_tokens") and (type(given) is not int or given < 0):
            raise _Refused(f"{key} of {name} is {_shown(given)}; use a number of tokens, 0 or more")
    if not isinstance(value.get("kind"), str) or not value["kind"]:
        raise _Refused(f"the kind of {name} is {_shown(value.get('kind'))}; name a kind of content, or * for all")
    if value.get("level") not in policy.LEVELS:
        raise _Refused(f"the level of {name} is {_shown(value.get('level'))}; use one of: {', '.join(policy.LEVELS)}")
    return policy.Threshold(**value)


def _shown(value: object) -> str:
    """A value in an error message, at most 80 characters of it."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:79] + "…"


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "home",
        Type(_folder, "name a folder, or a path where one can be made"),
        _platform_home,
        "HEADROOM_HOME",
        None,
        None,  # the settings file lies in it
        "Folder of the store and of config.toml; by default the platform's data directory.",
    ),
    Setting(
        "level",
        Type(_level, f"use one of: {', '.join(policy.LEVELS)}"),
        policy.DEFAULT_LEVEL,
        "HEADROOM_LEVEL",
        "--level",
        "level",
        "How much may be done to what the agent reads.",
    ),
    Setting(
        "store_cap",
        Type(_size, "use a number of bytes above 0, such as 500M or 1G"),
        "1G",
        "HEADROOM_STORE_CAP",
        None,
        "store_cap",
        "Largest size of the store of originals; the oldest untouched go first.",
    ),
    Setting(
        "vocabulary",
        Type(_existing_folder, "name a folder that holds .tiktoken files"),
        None,
        "HEADROOM_VOCABULARY",
        None,
        "vocabulary",
        "Folder of .tiktoken files to count with, in place of the vocabularies inside splintr-rs.",
    ),
    Setting(
        "rules",
        Type(_rules, "write each rule as a table [[rules]]"),
        [],
        None,
        None,
        "rules",
        "Other levels for some tools and paths.",
    ),
    Setting(
        "holdout",
        Type(_share, "use a share from 0 to 1, such as 0.1"),
        "0",
        "HEADROOM_HOLDOUT",
        None,
        "holdout",
        "Share of conversations that the proxy leaves raw, so that you can compare what both cost.",
    ),
    Setting(
        "thresholds",
        Type(_thresholds, "write each threshold as a table [[thresholds]]"),
        [],
        None,
        None,
        "thresholds",
        "How deep the level may go for kinds and sizes of output; headroom audit --calibrate writes them.",
    ),
)
"""Every setting. The first is `home`, since the settings file lies in it."""
