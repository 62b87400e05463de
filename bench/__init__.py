"""Measurements: what Headroom saves, what stays visible, how fast it is, and the laws over recorded sessions.

README.md says which module answers which question. The rule kept throughout: a figure is measured here, on the texts
named beside it, and a run on the same texts prints the same figure; what depends on the machine stands apart.
"""
