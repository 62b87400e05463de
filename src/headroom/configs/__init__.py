"""Edits of other programs' configuration files: only keys that are ours, journaled, undone byte for byte.

A `Change` says what is wanted in a file, a `Journal` makes it so under an owner's name and takes it back. Every byte
that is not ours stays: comments, order, indentation, line ends. An edit that cannot be made safely is refused with
ConfigError, and nothing is changed.
"""

from __future__ import annotations

from headroom.configs._change import Change, Form, Keys, Place
from headroom.configs._journal import Journal
from headroom.configs._plan import read

__all__ = ["Change", "Form", "Journal", "Keys", "Place", "read"]
