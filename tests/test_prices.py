"""Prices: every known model has one whatever stands around its name, no other has, and bills add up by hand."""

from __future__ import annotations

from datetime import date

import pytest

from headroom.prices import PRICES, UPDATED, Price, Usage, dollars, price

MILLION = 1_000_000

LISTED = {
    "claude-fable-5-2": (8, 0.20, 10, 16, 40),
    "claude-mythos-5-2": (8, 0.20, 10, 16, 40),
    "claude-fable-5-1": (10, 0.25, 12.5, 20, 50),
    "claude-mythos-5-1": (10, 0.25, 12.5, 20, 50),
    "claude-fable-5": (10, 1, 12.5, 20, 50),
    "claude-mythos-5": (10, 1, 12.5, 20, 50),
    "claude-opus-5-5": (4, 0.20, 5, 8, 20),
    "claude-opus-5": (5, 0.50, 6.25, 10, 25),
    "claude-opus-4-8": (5, 0.50, 6.25, 10, 25),
    "claude-opus-4-7": (5, 0.50, 6.25, 10, 25),
    "claude-opus-4-6": (5, 0.50, 6.25, 10, 25),
    "claude-opus-4-5": (5, 0.50, 6.25, 10, 25),
    "claude-sonnet-5-5": (2, 0.10, 2.5, 4, 10),
    "claude-sonnet-5": (2, 0.20, 2.5, 4, 10),
    "claude-sonnet-4-6": (3, 0.30, 3.75, 6, 15),
    "claude-sonnet-4-5": (3, 0.30, 3.75, 6, 15),
    "claude-haiku-5-5": (0.10, 0.01, 0.125, 0.20, 0.50),
    "claude-haiku-4-5": (1, 0.10, 1.25, 2, 5),
    "gpt-6-astra": (10, 1, 12.5, 12.5, 50),
    "gpt-6-sol": (2, 0.20, 2.5, 2.5, 10),
    "gpt-6.1-sol": (2, 0.10, 2.5, 2.5, 10),
    "gpt-6-luna": (0.10, 0.01, 0.125, 0.125, 0.50),
    "gpt-5.6": (4, 0.40, 5, 5, 20),
    "gpt-5.6-sol": (4, 0.40, 5, 5, 20),
    "gpt-5.6-terra": (2, 0.20, 2.5, 2.5, 12),
    "gpt-5.6-luna": (0.20, 0.02, 0.25, 0.25, 1.2),
    "gpt-5.5": (5, 0.50, 5, 5, 30),
    "gpt-5.4": (2.5, 0.25, 2.5, 2.5, 15),
    "gpt-5.4-mini": (0.75, 0.075, 0.75, 0.75, 4.5),
    "gpt-5.4-nano": (0.20, 0.02, 0.20, 0.20, 1.25),
    "gpt-5.3-codex": (1.75, 0.175, 1.75, 1.75, 14),
    "gpt-5.2": (1.75, 0.175, 1.75, 1.75, 14),
    "gpt-5.1": (1.25, 0.125, 1.25, 1.25, 10),
    "gpt-5.1-codex": (1.25, 0.125, 1.25, 1.25, 10),
    "gpt-5": (1.25, 0.125, 1.25, 1.25, 10),
    "gpt-5-codex": (1.25, 0.125, 1.25, 1.25, 10),
    "gpt-5-mini": (0.25, 0.025, 0.25, 0.25, 2),
    "gpt-5-nano": (0.05, 0.005, 0.05, 0.05, 0.4),
    "gpt-4.1": (2, 0.50, 2, 2, 8),
    "o3": (2, 0.50, 2, 2, 8),
    "o4-mini": (1.1, 0.275, 1.1, 1.1, 4.4),
    "gemini-4-argon": (2, 0.10, 2, 2, 10),
    "gemini-3.8-flash": (0.75, 0.075, 0.75, 0.75, 3.75),
    "gemini-3.7-flash": (0.75, 0.075, 0.75, 0.75, 3.75),
    "gemini-3.6-flash": (0.75, 0.075, 0.75, 0.75, 3.75),
    "gemini-3.5-flash": (1.5, 0.15, 1.5, 1.5, 9),
    "gemini-3.5-flash-lite": (0.30, 0.03, 0.30, 0.30, 2.5),
    "gemini-3.1-pro-preview": (2, 0.20, 2, 2, 12),
    "gemini-3-flash-preview": (0.50, 0.05, 0.50, 0.50, 3),
    "gemini-2.5-pro": (1.25, 0.125, 1.25, 1.25, 10),
    "gemini-2.5-flash": (0.30, 0.03, 0.30, 0.30, 2.5),
    "grok-4.6": (2, 0.50, 2, 2, 6),
    "grok-4.5": (2, 0.30, 2, 2, 6),
    "deepseek-v4-pro": (1.32, 0.044, 1.32, 1.32, 3.96),
    "deepseek-v4-flash": (0.30, 0.006, 0.30, 0.30, 1.2),
    "kimi-k3": (3, 0.30, 3, 3, 15),
    "kimi-k2.7-code": (0.95, 0.19, 0.95, 0.95, 4),
    "glm-5.3": (1.4, 0.26, 1.4, 1.4, 4.4),
    "devstral": (0.40, 0.04, 0.40, 0.40, 2),
}
"""Input, cached input, write, write for an hour, output: as the providers list them, dollars per million tokens."""


def listed(model: str) -> Price:
    found = price(model)
    assert found is not None
    return found


@pytest.mark.parametrize("model", LISTED)
def test_every_listed_model_has_its_price(model: str) -> None:
    assert listed(model)[:5] == pytest.approx(LISTED[model])


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"),
        ("global.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"),
        ("anthropic/claude-sonnet-5-5", "claude-sonnet-5-5"),
        ("openrouter/anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("vertex_ai/claude-opus-5@default", "claude-opus-5"),
        ("claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("claude-opus-5[1m]", "claude-opus-5"),
        ("claude-haiku-4-5-20251001[1m]", "claude-haiku-4-5"),
        ("Claude-Haiku-4-5-latest", "claude-haiku-4-5"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("projects/p/locations/l/publishers/google/models/gemini-3.1-pro-preview", "gemini-3.1-pro-preview"),
        ("gpt-5.4-2026-03-05", "gpt-5.4"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("azure/gpt-5", "gpt-5"),
        ("gpt-5.1-chat-latest", "gpt-5.1"),
        ("moonshotai/kimi-k3", "kimi-k3"),
    ],
)
def test_vendor_region_and_date_make_no_other_model(written: str, model: str) -> None:
    assert listed(written) == listed(model)


@pytest.mark.parametrize(
    "model",
    [
        "", "-", "/", "gpt", "claude", "gpt-50", "gpt-5.40", "gpt-5.4x", "gpt-5-search-api", "gpt-5.6-cyber",
        "gpt-5-2-pro-max", "claude-opus-5-6", "claude-opus-6", "claude-sonnet-5-5-fast", "gemini-2.5-pro-tts",
        "gemini-2.5-flash-image", "o3-deep-research", "o3x", "qwen3-coder:30b", "gpt-5:free", "llama3",
        "devstral-small", "claude-opus-5-5\n", "20251101", "us.anthropic.", "\ud800",
    ],
)  # fmt: skip
def test_a_model_that_is_not_listed_has_no_price(model: str) -> None:
    assert price(model) is None
    assert dollars(model, Usage(1, 2, 3, 4, 5)) is None


def test_a_dearer_sibling_is_not_taken_for_the_model_it_is_named_after() -> None:
    assert listed("gpt-5-pro").input == 12 * listed("gpt-5").input
    assert listed("gpt-5.4-pro-2026-03-05").input == 12 * listed("gpt-5.4").input
    assert listed("gemini-2.5-flash-lite").input < listed("gemini-2.5-flash").input


@pytest.mark.parametrize(("region", "times"), [("us", 1.1), ("eu", 1.1), ("apac", 1.1), ("us-gov", 1.2)])
def test_a_region_of_bedrock_costs_more(region: str, times: float) -> None:
    found = listed(f"{region}.anthropic.claude-opus-4-5-20251101-v1:0")

    assert found[:5] == pytest.approx([times * cost for cost in listed("claude-opus-4-5")[:5]])


@pytest.mark.parametrize(
    ("model", "tier", "times"),
    [
        ("gpt-5.4-2026-03-05", "priority", 2), ("gpt-5.5", "priority", 2.5), ("gpt-5-mini", "priority", 1.8),
        ("gpt-4.1", "priority", 1.75), ("gpt-5.4-mini", "flex", 0.5), ("o4-mini", "flex", 0.5),
        ("gpt-6-astra", "ultrafast", 6), ("gemini-3.5-flash", "priority", 1.8), ("gemini-3.5-flash", "flex", 0.5),
        ("claude-opus-5-5", "fast", 2), ("claude-opus-5", "fast us", 2.2), ("claude-sonnet-5-5", "us", 1.1),
    ],
)  # fmt: skip
def test_a_tier_has_a_rate_of_its_own(model: str, tier: str, times: float) -> None:
    usage = Usage(1_000, 300_000, 500, 0, 700)

    assert dollars(model, usage._replace(tier=tier)) == pytest.approx(times * (dollars(model, usage) or 0))


@pytest.mark.parametrize(
    ("model", "tier"),
    [("claude-opus-5-5", "priority"), ("claude-haiku-4-5", "fast"), ("gpt-5.4", "scale"), ("gpt-5.4", "batch"),
     ("gemini-2.5-pro", "flex"), ("gpt-5.5-pro", "priority"), ("gemini-2.5-pro", "provisioned_throughput")],
)  # fmt: skip
def test_a_tier_that_is_not_listed_has_no_dollars(model: str, tier: str) -> None:
    assert dollars(model, Usage(1, tier=tier)) is None


def test_a_price_is_the_one_of_its_day() -> None:
    before, after = price("claude-sonnet-5-5", date(2026, 10, 6)), price("claude-sonnet-5-5", date(2026, 10, 7))

    assert before is not None
    assert after is not None
    assert (before.read, after.read) == (0.20, 0.10)
    assert before._replace(read=0.10) == after == price("claude-sonnet-5-5", UPDATED)
    assert dollars("claude-sonnet-5-5", Usage(read=MILLION), date(2026, 1, 1)) == pytest.approx(0.20)


@pytest.mark.parametrize(
    ("model", "usage", "bill"),
    [
        # 12 fresh, 41,000 read, 900 written, 35 answered: 12*4 + 41,000*0.2 + 900*5 + 35*20 millionths
        ("claude-opus-5-5", Usage(12, 41_000, 900, 0, 35), 0.013448),
        ("claude-opus-5-5", Usage(12, 41_000, 0, 900, 35), 0.016148),
        ("claude-haiku-4-5", Usage(1_000, 0, 0, 0, 100), 0.0015),
        ("gpt-5.4", Usage(20_000, 80_000, 0, 0, 1_000), 0.085),
        ("gpt-6-sol", Usage(10_000, 80_000, 10_000, 0, 1_000), 0.071),
        ("gemini-2.5-pro", Usage(100_000, 100_000, 0, 0, 1_000), 0.1475),
        ("deepseek-v4-flash", Usage(MILLION, MILLION, 0, 0, MILLION), 1.506),
        ("gpt-5", Usage(), 0.0),
    ],
)
def test_a_bill_is_the_sum_of_its_rates(model: str, usage: Usage, bill: float) -> None:
    assert dollars(model, usage) == pytest.approx(bill)


@pytest.mark.parametrize(
    ("model", "cliff", "prompt", "output"),
    [
        ("claude-haiku-5-5", 100_000, 5, 5),
        ("gemini-2.5-pro", 200_000, 2, 1.5),
        ("gemini-3.1-pro-preview", 200_000, 2, 1.5),
        ("gpt-5.5", 272_000, 2, 1.5),
        ("gpt-5.6", 272_000, 2, 1.5),
        ("gpt-6-sol", 272_000, 2, 1.5),
        ("gpt-5.4", 272_000, 2, 1.5),
    ],
)
def test_above_a_cliff_the_whole_request_costs_more_cached_tokens_counted(
    model: str, cliff: int, prompt: float, output: float
) -> None:
    rate, at, above = listed(model), Usage(1_000, cliff - 1_000, 0, 0, 500), Usage(1_001, cliff - 1_000, 0, 0, 500)

    assert dollars(model, at) == pytest.approx((1_000 * rate.input + at.read * rate.read + 500 * rate.output) / 1e6)
    assert dollars(model, above) == pytest.approx(
        (prompt * (1_001 * rate.input + above.read * rate.read) + output * 500 * rate.output) / 1e6
    )


def test_models_without_a_cliff_have_none() -> None:
    huge = Usage(input=10 * MILLION)

    assert dollars("claude-opus-5-5", huge) == pytest.approx(40.0)
    assert dollars("gpt-5.4-mini", huge) == pytest.approx(7.5)


def test_every_price_is_plausible() -> None:
    for model, rate in PRICES.items():
        assert 0 < rate.read <= rate.input <= rate.write <= rate.write_hour, model
        assert rate.input < rate.output <= 20 * rate.input, model
        assert (rate.cliff > 0) == (rate.steep_input > 1), model


def test_the_prompt_is_all_that_was_read() -> None:
    assert Usage(1, 20, 300, 4_000, 50_000).prompt == 4_321
