"""What tokens cost: a dated table of list prices, and the arithmetic of a bill.

Prices are US dollars per million tokens, from LiteLLM's model_prices_and_context_window (1.106.2, November 2026),
checked against the providers' pages. A model that is not in the table has no price: then tokens are told, no dollars.
A table ages; a subscription pays none of this.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from headroom.types import Json

UPDATED = date(2026, 11, 20)
"""The day of this table."""


class Usage(NamedTuple):
    """The tokens of one answer as its provider billed them. The prompt is the sum of all but the last."""

    input: int = 0
    """Neither read from the cache nor written to it."""
    read: int = 0
    write: int = 0
    """Written to the cache for five minutes, or at the provider's only rate."""
    write_hour: int = 0
    """Written to the cache for an hour."""
    output: int = 0
    tier: str = ""
    """What the provider calls the way it billed, if that is not its usual one: words such as `priority`, `fast us`."""

    @property
    def prompt(self) -> int:
        return self.input + self.read + self.write + self.write_hour


class Price(NamedTuple):
    """Dollars per million tokens of one model."""

    input: float
    read: float
    write: float
    write_hour: float
    output: float
    cliff: int = 0
    """Prompt tokens above which the whole request costs more; 0 if there is no such step."""
    steep_input: float = 1.0
    """What all prices of the prompt are multiplied by above the cliff."""
    steep_output: float = 1.0


_ANTHROPIC = """
claude-fable-5-2, claude-mythos-5-2                                     8     0.20
claude-fable-5-1, claude-mythos-5-1                                    10     0.25
claude-fable-5, claude-mythos-5                                        10     1
claude-opus-5-5                                                         4     0.20
claude-opus-5, claude-opus-4-8, claude-opus-4-7, claude-opus-4-6, claude-opus-4-5    5     0.50
claude-sonnet-5-5                                                       2     0.10
claude-sonnet-5                                                         2     0.20
claude-sonnet-4-6, claude-sonnet-4-5                                    3     0.30
claude-haiku-5-5                                                        0.10  0.01
claude-haiku-4-5                                                        1     0.10
"""
"""Models, input and cached input. A write costs 1.25 times the input, one for an hour twice, output five times."""

_OTHERS = """
gpt-6-astra            10    1     12.5   50
gpt-6-sol              2     .20   2.5    10
gpt-6.1-sol            2     .10   2.5    10
gpt-6-luna             .10   .01   .125   .50
gpt-5.6, gpt-5.6-sol   4     .40   5      20
gpt-5.6-terra          2     .20   2.5    12
gpt-5.6-luna           .20   .02   .25    1.2
gpt-5.5                5     .50   5      30
gpt-5.4                2.5   .25   2.5    15
gpt-5.4-mini           .75   .075  .75    4.5
gpt-5.4-nano           .20   .02   .20    1.25
gpt-5.4-pro, gpt-5.5-pro                      30    30    30    180
gpt-5.3-codex, gpt-5.3-chat                   1.75  .175  1.75  14
gpt-5.2, gpt-5.2-codex, gpt-5.2-chat          1.75  .175  1.75  14
gpt-5.2-pro            21    21    21     168
gpt-5.1, gpt-5.1-codex, gpt-5.1-codex-max, gpt-5.1-chat    1.25  .125  1.25  10
gpt-5.1-codex-mini     .25   .025  .25    2
gpt-5, gpt-5-codex, gpt-5-chat                1.25  .125  1.25  10
gpt-5-mini             .25   .025  .25    2
gpt-5-nano             .05   .005  .05    .4
gpt-5-pro              15    15    15     120
gpt-4.1                2     .50   2      8
gpt-4.1-mini           .40   .10   .40    1.6
gpt-4.1-nano           .10   .025  .10    .40
o3                     2     .50   2      8
o3-mini                1.1   .55   1.1    4.4
o3-pro                 20    20    20     80
o4-mini                1.1   .275  1.1    4.4
gemini-4-argon         2     .10   2      10
gemini-3.8-flash, gemini-3.7-flash, gemini-3.6-flash    .75   .075  .75    3.75
gemini-3.5-flash       1.5   .15   1.5    9
gemini-3.5-flash-lite  .30   .03   .30    2.5
gemini-3.1-pro-preview, gemini-3.1-pro-preview-customtools    2     .20   2      12
gemini-3.1-flash-lite  .25   .025  .25    1.5
gemini-3-flash-preview .50   .05   .50    3
gemini-2.5-pro         1.25  .125  1.25   10
gemini-2.5-flash       .30   .03   .30    2.5
gemini-2.5-flash-lite  .10   .01   .10    .40
grok-4.7, grok-4.6     2     .50   2      6
grok-4.5               2     .30   2      6
deepseek-v4-pro        1.32  .044  1.32   3.96
deepseek-v4-flash      .30   .006  .30    1.2
kimi-k3                3     .30   3      15
kimi-k2.7-code         .95   .19   .95    4
glm-5.3, glm-5.2       1.4   .26   1.4    4.4
devstral, devstral-medium    .40   .04   .40    2
"""
"""Models, input, cached input, cache write, output. Where a write costs nothing extra it costs what input does."""

_CLIFFS = {
    (100_000, 5.0, 5.0): "claude-haiku-5-5",
    (200_000, 2.0, 1.5): "gemini-3.1-pro-preview gemini-3.1-pro-preview-customtools gemini-2.5-pro",
    (200_000, 2.0, 2.0): "grok-4.7 grok-4.6 grok-4.5",
    (272_000, 2.0, 1.5): "gpt-6-astra gpt-6-sol gpt-6.1-sol gpt-6-luna gpt-5.6 gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna"
    " gpt-5.5 gpt-5.5-pro gpt-5.4 gpt-5.4-pro",
}
"""Prompt tokens above which a model's whole request is dearer, and by what its prompt and its output are."""

_CHANGES = {"claude-sonnet-5-5": (date(2026, 10, 7), 0.20)}
"""Models whose cached input cost something else before a day."""

_REGIONS = {"global": 1.0, "us": 1.1, "eu": 1.1, "apac": 1.1, "jp": 1.1, "au": 1.1, "us-gov": 1.2}
"""What all prices are multiplied by where Bedrock keeps a request in a region (`us.anthropic.claude-...`)."""

_TIERS = {
    ("flex", 0.5): (
        "gpt-6-* gpt-6.1-sol gpt-5.6* gpt-5.5* gpt-5.4* gpt-5.2 gpt-5.1 gpt-5 gpt-5-mini gpt-5-nano o3 o4-mini"
        " gemini-4-* gemini-3.[5-8]-* gemini-3.1-flash-lite"
    ),
    ("priority", 2.0): "gpt-6-* gpt-6.1-sol gpt-5.6* gpt-5.4 gpt-5.4-mini gpt-5.3-codex gpt-5.2 gpt-5.1 gpt-5"
    " gpt-4.1-nano",
    ("priority", 2.5): "gpt-5.5",
    ("priority", 1.8): "gpt-5-mini gemini-*",
    ("priority", 1.75): "gpt-4.1 gpt-4.1-mini o3",
    ("priority", 2 / 1.1): "o4-mini",
    ("ultrafast", 6.0): "gpt-6-astra gpt-6.1-sol",
    ("fast", 2.0): "claude-opus-5-5 claude-opus-5 claude-opus-4-8",
    ("us", 1.1): "claude-fable-* claude-mythos-* claude-opus-5* claude-opus-4-6 claude-opus-4-7 claude-opus-4-8"
    " claude-sonnet-5* claude-sonnet-4-6 claude-haiku-5-5",
}
"""What all prices of a model are multiplied by where it is billed so, from the same file of LiteLLM's; `us` is
Anthropic's `inference_geo`. A tier that is not here (Anthropic's Priority Tier, provisioned throughput) is paid by
contract, or has rates of its own: then tokens are told, no dollars. Batches come as files, which nobody reads here."""

_TOLD = ("service_tier", "serviceTier", "trafficType", "speed", "inference_geo")
"""Where providers tell how they billed, in the usage or beside it."""

_USUAL = frozenset({"standard", "default", "auto", "on_demand", "global", "not_available"})
"""Words that they tell of a request that was billed as usual."""

_VENDOR = re.compile(rf"^(?:.*/)?(?:(?P<region>{'|'.join(_REGIONS)})\.)?(?:anthropic\.)?")
_DATE = re.compile(
    r"(?:[-@:](?:20\d{6}|20\d\d-\d\d-\d\d|latest|default|v\d+(?::\d+)?)|-preview-\d\d-(?:20)?\d\d|\[1m\])+$"
)
_DOT = re.compile(r"(?<=\d)\.(?=\d)")


def _table() -> dict[str, Price]:
    cliffs = {name: cliff for cliff, names in _CLIFFS.items() for name in names.split()}
    prices: dict[str, Price] = {}
    for line in _ANTHROPIC.strip().splitlines():
        *words, fresh, read = line.replace(",", " ").split()
        for name in words:
            cost = float(fresh)
            prices[name] = Price(cost, float(read), 1.25 * cost, 2 * cost, 5 * cost, *cliffs.get(name, ()))
    for line in _OTHERS.strip().splitlines():
        *words, fresh, read, write, output = line.replace(",", " ").split()
        for name in words:
            prices[name] = Price(
                float(fresh), float(read), float(write), float(write), float(output), *cliffs.get(name, ())
            )
    return prices


PRICES = _table()
"""Price by model name, without vendor prefix and date."""

_FACTORS = {
    (tier, name): factor
    for (tier, factor), patterns in _TIERS.items()
    for pattern in patterns.split()
    for name in fnmatch.filter(PRICES, pattern)
}


@lru_cache(maxsize=256)
def price(model: str, day: date = UPDATED, tier: str = "") -> Price | None:
    """The list price of `model` on `day`, whatever vendor, region or date stands around its name; None if it has none,
    or none at this tier.

    A name that says more than the table (`gpt-5-search-api`) is another model: its price may be twelve times that.
    """
    vendor = _VENDOR.match(model.lower())
    assert vendor is not None
    name = model.lower()[vendor.end() :]
    if name.startswith("claude-"):
        name = _DOT.sub("-", name)  # OpenRouter writes claude-opus-4.5
    name = name if name in PRICES else _DATE.sub("", name)
    found = PRICES.get(name)
    factors = [_FACTORS.get((word, name)) for word in tier.split()]
    if found is None or None in factors:
        return None
    if name in _CHANGES and day < _CHANGES[name][0]:
        found = found._replace(read=_CHANGES[name][1])
    n = math.prod(factor for factor in factors if factor is not None) * _REGIONS[vendor["region"] or "global"]
    return Price(
        n * found.input, n * found.read, n * found.write, n * found.write_hour, n * found.output, *found[5:]
    )  # fmt: skip


def tier(usage: Mapping[str, Json]) -> str:
    """How a provider says that it billed, as `Usage` has it: by the account of an answer as it came."""
    words = [usage[name] for name in _TOLD if name in usage]
    words = [word.get("type") if isinstance(word, dict) else word for word in words]
    told = [word.lower().removeprefix("on_demand_") for word in words if isinstance(word, str)]
    return " ".join(dict.fromkeys([word for word in told if word and word not in _USUAL]))


def dollars(model: str, usage: Usage, day: date = UPDATED) -> float | None:
    """What an answer of `model` with this usage cost at list price; None where the model has none at its tier."""
    rate = price(model, day, usage.tier)
    if rate is None:
        return None
    steep = rate.cliff and usage.prompt > rate.cliff
    prompt = (
        usage.input * rate.input
        + usage.read * rate.read
        + usage.write * rate.write
        + usage.write_hour * rate.write_hour
    )
    made = usage.output * rate.output
    return (prompt * (rate.steep_input if steep else 1) + made * (rate.steep_output if steep else 1)) / 1e6
