"""How a line of a log begins: when it was written, and how grave it is; or that it is a notice, of which every step
keeps its hands."""

from __future__ import annotations

import re

from headroom import notices

HEAD = 72
"""Characters in which a log line says when, how grave or who."""

TIME = re.compile(
    r"(?<!\d)\d\d?:\d\d(?::\d\d)?(?!\d)"  # 04:47:44
    r"|(?<![\w/-])(?:19|20)\d\d([-/.]?)[01]\d\1[0-3]\d(?!\d|[-_][a-z0-9]|\.[a-z])"  # 2005-12-04, 20051204
    r"|(?<!\d)1[0-9]{9}(?:\.\d+|\d{3})?(?!\d)"  # seconds or milliseconds since 1970
    r"|\[ *\d+\.\d{3,6}\]",  # a kernel's uptime
    re.ASCII,
)
GRAVITY = re.compile(
    r"(?:^|[\s\[(<|=\"])(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|PANIC)(?:[\s\])>|:,\"]|$)"
    r"|(?:[\[(<|=]|^)\"?(?i:trace|debug|info|notice|warn|warning|error|fatal|critical|severe|panic)\"?[\])>|:]"
    r"|\b(?:level|lvl|severity)=\w"
)


def is_notice(line: str) -> bool:
    """True for a line that stands for what an outline leaves out: every encoding carries it as it is."""
    return line[:3] == "[… " and notices.read(line) is not None
