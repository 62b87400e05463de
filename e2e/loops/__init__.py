"""Agents of a few lines, one for each provider's own Python library. They run with that library's interpreter, where
Headroom is not installed: `python -m e2e.loops.NAME PROMPT [OPTION]`."""
