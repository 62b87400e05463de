"""The one sentence at the end of an audit, by a rule that is stated beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headroom.audit import figures

BOUND = 0.02
"""Share of the lines used later that a level may hide and still be recommended: more is felt in the work."""

WORTH = 0.01
"""Share of the bill below which no level is recommended: less is within the error of a replay."""

EVIDENCE = 50
"""Lines used later that must be known of, in what a level cuts, before it is recommended."""

CENT = 0.01

FEW = 10
"""Sessions below which the answer may be chance."""

RULE = (
    "The gentlest level that spares as many dollars as any, give or take"
    f" {WORTH:.0%} of the bill, after a turn is paid for every line that was used and is not shown. But none that hides"
    f" more than {BOUND:.0%} of the lines used later in what it cuts, none that cuts where fewer than {EVIDENCE} such"
    f" lines are known, and none at all for less than {WORTH:.0%} of the bill."
)


def advice(summary: Mapping[str, Any], levels: Sequence[str]) -> dict[str, Any]:
    """`level` (None to recommend none), `sentence` and `rule`, from the summary of a document."""
    level, sentence = _advice(summary, levels)
    sessions = summary["sessions"]
    if 0 < sessions < FEW:
        sentence += f" {'One session is' if sessions == 1 else f'{sessions} sessions are'} little to judge by."
    return {"level": level, "sentence": sentence, "rule": RULE, "bound": BOUND, "worth": WORTH}


def _advice(summary: Mapping[str, Any], levels: Sequence[str]) -> tuple[str | None, str]:
    found: Mapping[str, Any] = summary["levels"]
    if not summary["sessions"]:
        return None, "There is nothing to judge: no session was found."
    if not summary["priced"]:
        return _by_tokens(found, levels)
    if summary["raw"]["dollars"] < CENT:
        return None, "No level is recommended: these sessions cost less than a cent, which is too little to judge by."
    fit = [level for level in levels if (found[level]["regret"] or 0.0) <= BOUND and _known(found[level])]
    if not fit:
        return None, (
            "No level is recommended: each would have hidden too many of the lines used later, or too few are known."
        )
    most = max(found[level]["net"] for level in fit)
    near = WORTH * summary["raw"]["dollars"]
    best = next(level for level in fit if found[level]["net"] >= most - near)  # levels begin with the gentlest
    one = found[best]
    if one["net"] <= 0:
        return None, (
            "No level is recommended: none would have spared dollars in these sessions;"
            f" the nearest is {best}, at {figures.money(one['net'])}."
        )
    if (one["net_share"] or 0.0) < WORTH:
        return None, (
            f"No level is recommended: the best, {best}, would have spared only {figures.money(one['net'])},"
            f" {figures.share(one['net_share'])} of the bill."
        )
    dollars = figures.span(figures.money(one["net"]), figures.money(one["gross"]))
    shares = figures.span(figures.share(one["net_share"]), figures.share(one["gross_share"]))
    dearer = one["dearer_sessions"]
    return best, (
        f"Level {best} would have spared {dollars}, {shares} of the bill"
        + (
            f", and hidden {one['hidden']:,} of the {one['used']:,} lines used later in what it cuts"
            if one["hidden"]
            else ""
        )
        + (f"; {dearer} of {summary['priced']} sessions would have cost more." if dearer else ".")
    )


def _known(one: Mapping[str, Any]) -> bool:
    """True if a level hides nothing, or if enough lines are known to have been used to say what it hides."""
    return not one["cut"] or one["used"] >= EVIDENCE


def _by_tokens(found: Mapping[str, Any], levels: Sequence[str]) -> tuple[str | None, str]:
    """Without a price nothing says what a turn more would cost: only what hides nothing can be recommended."""
    fit = [
        level
        for level in levels
        if (found[level]["prompt_fewer"] or 0.0) >= WORTH and not found[level]["hidden"] and _known(found[level])
    ]
    if not fit:
        return None, "No level is recommended: the models have no price here, and none spares tokens at no risk."
    best = max(fit, key=lambda level: found[level]["prompt_fewer"])
    return best, (
        f"Level {best} would have spared {figures.share(found[best]['prompt_fewer'])} of the prompts' tokens and hidden"
        " no line that was used; the models have no price here, so dollars cannot be told."
    )
