"""Every error Headroom raises, as one tree. A message says what happened, with the value, then what to do next.

HeadroomError
├── UsageError             the caller asked for something that does not exist
│   ├── UnknownLevelError
│   ├── UnknownRefError
│   ├── RangeError         a line range or JSON path that the original does not have
│   └── SettingError       a setting's value is not of its type
├── ConfigError            another program's configuration file is not as we could change it
├── ProxyError             the proxy cannot be started
├── FormatError            a text is not what our encoder writes
└── StoreError             the store cannot be read or written
"""

from __future__ import annotations


class HeadroomError(Exception):
    """Base of all errors; `exit_code` is the command line's, `http_status` the proxy's."""

    exit_code = 1
    http_status = 500


class UsageError(HeadroomError):
    """The caller asked for something that does not exist."""

    exit_code = 2
    http_status = 400


class UnknownLevelError(UsageError):
    """The level is not one of `policy.LEVELS`."""


class UnknownRefError(UsageError):
    """No original is stored under this ref."""

    http_status = 404


class RangeError(UsageError):
    """The original has no such lines or JSON path."""

    http_status = 416


class SettingError(UsageError):
    """A setting's value cannot be read as its type."""


class ConfigError(HeadroomError):
    """A configuration file of another program cannot be read or safely changed; nothing in it was changed."""


class ProxyError(HeadroomError):
    """The proxy cannot be started, or does not answer."""

    http_status = 502


class FormatError(HeadroomError):
    """A text is not a rendering of the format it claims."""


class StoreError(HeadroomError):
    """The store cannot be opened, read or written."""

    http_status = 503
