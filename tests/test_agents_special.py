"""What is special about single agents: settings that go before variables, providers of the user's own, cloud modes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headroom import agents
from headroom.agents import ANY, Point
from headroom.errors import ConfigError
from tests.agent_settings import POINT, edits, place
from tests.config_samples import written

HERE = Point(POINT)
GATEWAY = "https://gw.example/api"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path


def test_claude_code_keeps_tool_search_and_streaming_unless_the_user_has_set_them(home: Path) -> None:
    claude = agents.find("claude")

    assert claude.env(HERE, place(home)) == {
        "ANTHROPIC_BASE_URL": POINT,
        "ENABLE_TOOL_SEARCH": "true",
        "CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING": "1",
    }
    assert "ENABLE_TOOL_SEARCH" not in claude.env(HERE, place(home, ENABLE_TOOL_SEARCH="auto:20"))
    assert any("[1m]" in sentence for sentence in claude.explains)


@pytest.mark.parametrize("file", [".claude/settings.json", "shop/.claude/settings.local.json"])
def test_a_base_url_in_claude_code_s_settings_is_overridden_for_one_run_and_is_the_upstream(
    home: Path, file: str
) -> None:
    claude = agents.find("claude")
    written(home / file, json.dumps({"env": {"ANTHROPIC_BASE_URL": GATEWAY}}))
    flag, given = claude.args(HERE, place(home))

    assert flag == "--settings"
    assert json.loads(given)["env"]["ANTHROPIC_BASE_URL"] == POINT
    assert claude.upstreams(place(home), [POINT]) == {"anthropic": GATEWAY}


def test_the_gateway_that_a_persisted_wrap_has_replaced_is_still_the_upstream(home: Path) -> None:
    claude = agents.find("claude")
    written(home / ".claude" / "settings.json", json.dumps({"env": {"ANTHROPIC_BASE_URL": GATEWAY}}))
    edits(home).apply("wrap claude", claude.persist(HERE, place(home)))
    other = Point("http://127.0.0.1:9999")

    assert claude.upstreams(place(home), [POINT]) == {"anthropic": GATEWAY}
    assert json.loads(claude.args(other, place(home))[1])["env"]["ANTHROPIC_BASE_URL"] == other.url
    assert claude.args(HERE, place(home)) == []


def test_settings_that_cannot_be_read_do_not_keep_claude_code_from_starting(home: Path) -> None:
    written(home / ".claude" / "settings.json", "{")

    assert agents.find("claude").args(HERE, place(home)) == []


@pytest.mark.parametrize("switch", ["BEDROCK", "MANTLE", "ANTHROPIC_AWS", "FOUNDRY", "ANTHROPIC_GOOGLE_CLOUD"])
def test_a_cloud_that_no_proxy_can_stand_before_is_told_and_left_alone(home: Path, switch: str) -> None:
    claude, where = agents.find("claude"), place(home, **{f"CLAUDE_CODE_USE_{switch}": "1"})
    (notice,) = claude.notices(where)

    assert (claude.env(HERE, where), claude.persist(HERE, where), claude.upstreams(where)) == ({}, (), {})
    assert notice.startswith(f"CLAUDE_CODE_USE_{switch} is set: ")
    assert "headroom hooks install claude" in notice


def test_a_switch_that_is_off_is_no_mode(home: Path) -> None:
    where = place(home, CLAUDE_CODE_USE_BEDROCK="0")

    assert agents.find("claude").env(HERE, where)["ANTHROPIC_BASE_URL"] == POINT
    assert agents.find("claude").notices(where) == ()


@pytest.mark.parametrize(
    ("environ", "upstream"),
    [
        ({}, "https://aiplatform.googleapis.com"),
        ({"CLOUD_ML_REGION": "global"}, "https://aiplatform.googleapis.com"),
        ({"CLOUD_ML_REGION": "us-east5"}, "https://us-east5-aiplatform.googleapis.com"),
        ({"ANTHROPIC_VERTEX_BASE_URL": f"{GATEWAY}/v1"}, GATEWAY),
    ],
)
def test_claude_code_on_vertex_goes_to_the_host_of_its_region(
    home: Path, environ: dict[str, str], upstream: str
) -> None:
    claude, where = agents.find("claude"), place(home, CLAUDE_CODE_USE_VERTEX="1", **environ)

    assert claude.env(HERE, where)["ANTHROPIC_VERTEX_BASE_URL"] == f"{POINT}/v1"
    assert "ANTHROPIC_BASE_URL" not in claude.env(HERE, where)
    assert claude.upstreams(where) == {"vertex": upstream}


def test_claude_code_with_a_region_for_each_model_or_an_odd_vertex_url_is_left_alone(home: Path) -> None:
    claude, mode = agents.find("claude"), {"CLAUDE_CODE_USE_VERTEX": "1"}
    regions = place(home, **mode, VERTEX_REGION_CLAUDE_HAIKU_4_5="europe-west1")
    odd = place(home, **mode, ANTHROPIC_VERTEX_BASE_URL=GATEWAY)

    assert (claude.env(HERE, regions), claude.env(HERE, odd)) == ({}, {})
    assert "VERTEX_REGION_*" in claude.notices(regions)[0]
    assert "does not end in /v1" in claude.notices(odd)[0]


def test_foundry_with_its_url_is_proxied(home: Path) -> None:
    where = place(home, CLAUDE_CODE_USE_FOUNDRY="1", ANTHROPIC_FOUNDRY_BASE_URL=f"{GATEWAY}/anthropic")

    assert agents.find("claude").env(HERE, where)["ANTHROPIC_FOUNDRY_BASE_URL"] == POINT
    assert agents.find("claude").upstreams(where) == {"anthropic": f"{GATEWAY}/anthropic"}


@pytest.mark.parametrize(
    ("config", "key", "url", "upstreams"),
    [
        ("", "openai_base_url", "/v1", {}),
        (f'openai_base_url = "{GATEWAY}/v1"', "openai_base_url", "/v1", {"openai": GATEWAY}),
        (
            f'model_provider = "my_gw"\n[model_providers.my_gw]\nbase_url = "{GATEWAY}/v1"',
            "model_providers.my_gw.base_url", "/codex-my-gw/v1", {"codex-my-gw": GATEWAY},
        ),
        (
            f'model_provider = "x"\n[model_providers.x]\nbase_url = "{GATEWAY}"',
            "model_providers.x.base_url", "/codex-x", {"codex-x": GATEWAY},
        ),
    ],
)  # fmt: skip
def test_codex_keeps_its_provider_and_gets_a_base_url(
    home: Path, config: str, key: str, url: str, upstreams: dict[str, str]
) -> None:
    codex = agents.find("codex")
    written(home / ".codex" / "config.toml", config)

    assert codex.args(HERE, place(home)) == ["-c", f'{key}="{POINT}{url}"']
    assert codex.upstreams(place(home)) == upstreams
    edits(home).apply("wrap codex", codex.persist(HERE, place(home)))
    assert codex.args(HERE, place(home)) == ["-c", f'{key}="{POINT}{url}"']
    assert codex.upstreams(place(home)) == upstreams


@pytest.mark.parametrize("config", ['model_provider = "amazon-bedrock"', 'model_provider = "unknown"'])
def test_a_provider_of_codex_without_a_base_url_is_told(home: Path, config: str) -> None:
    written(home / ".codex" / "config.toml", config)
    codex = agents.find("codex")

    assert (codex.args(HERE, place(home)), codex.persist(HERE, place(home))) == ([], ())
    assert "its requests go past us" in codex.notices(place(home))[0]


def test_gemini_cli_on_vertex_goes_to_the_host_of_its_location(home: Path) -> None:
    gemini = agents.find("gemini")
    said = {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "us-central1"}

    assert "GOOGLE_VERTEX_BASE_URL" not in gemini.env(HERE, place(home))
    assert "GOOGLE_VERTEX_BASE_URL" not in gemini.env(HERE, place(home, **said, GOOGLE_API_KEY="x"))
    assert gemini.env(HERE, place(home, **said))["GOOGLE_VERTEX_BASE_URL"] == POINT
    for location, host in (
        ("us-central1", "us-central1-aiplatform"), ("global", "aiplatform"), ("eu", "aiplatform.eu.rep"),
    ):  # fmt: skip
        where = place(home, **{**said, "GOOGLE_CLOUD_LOCATION": location})
        assert gemini.upstreams(where) == {"vertex": f"https://{host}.googleapis.com"}


def test_gemini_cli_s_variables_go_where_it_finds_the_user_s(home: Path) -> None:
    gemini = agents.find("gemini")
    assert gemini.persist(HERE, place(home))[0].file == home / ".gemini" / ".env"
    written(home / ".env", f"GEMINI_API_KEY=x\nGOOGLE_GEMINI_BASE_URL={GATEWAY}\n")
    assert gemini.persist(HERE, place(home))[0].file == home / ".env"
    assert gemini.upstreams(place(home)) == {"gemini": GATEWAY}
    written(home / ".gemini" / ".env", "")
    assert gemini.persist(HERE, place(home))[0].file == home / ".gemini" / ".env"


def content(home: Path, **environ: str) -> Any:
    return json.loads(agents.find("opencode").env(HERE, place(home, **environ))["OPENCODE_CONFIG_CONTENT"])


def test_what_the_user_gives_opencode_for_one_run_stays(home: Path) -> None:
    given = '{"theme": "x", // mine\n "provider": {"openai": {"options": {"timeout": 9}, "models": {"m": {}}}}}'

    assert content(home, OPENCODE_CONFIG_CONTENT=given) == {
        "theme": "x",
        "provider": {"openai": {"options": {"timeout": 9, "baseURL": f"{POINT}/v1"}, "models": {"m": {}}}},
    }
    with pytest.raises(ConfigError, match="OPENCODE_CONFIG_CONTENT:1: "):
        content(home, OPENCODE_CONFIG_CONTENT="{")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".local/share/opencode/auth.json", '{"google": {"type": "api", "key": "x"}}'),
        (".config/opencode/opencode.jsonc", '{"model": "google/gemini-3-pro"}'),
        ("shop/opencode.json", '{"provider": {"google": {}}}'),
        ("shop/.opencode/opencode.json", '{"small_model": "google/gemini-3-flash"}'),
    ],
)
def test_only_the_providers_that_opencode_s_user_has_are_named(home: Path, file: str, text: str) -> None:
    assert agents.find("opencode").env(HERE, place(home)) == {}
    assert "log in" in agents.find("opencode").notices(place(home))[0]

    written(home / file, text)
    assert content(home) == {"provider": {"google": {"options": {"baseURL": f"{POINT}/v1beta"}}}}
    assert agents.find("opencode").notices(place(home)) == ()


def test_a_project_s_configuration_is_read_up_to_the_top_of_its_repository(home: Path) -> None:
    written(home / "opencode.json", '{"provider": {"openai": {}}}')
    assert agents.find("opencode").env(HERE, place(home)) == {}

    (home / ".git").mkdir()
    assert content(home) == {"provider": {"openai": {"options": {"baseURL": f"{POINT}/v1"}}}}


def test_a_provider_of_opencode_s_user_s_own_is_an_upstream_of_its_own(home: Path) -> None:
    config = {"provider": {
        "My_GW": {"options": {"baseURL": f"{GATEWAY}/v1"}}, "anthropic": {"options": {"baseURL": "https://a.example/x"}},
    }}  # fmt: skip
    written(home / ".config" / "opencode" / "opencode.json", json.dumps(config))
    pointed = {name: held["options"]["baseURL"] for name, held in content(home)["provider"].items()}

    assert pointed == {"My_GW": f"{POINT}/opencode-my-gw/v1", "anthropic": f"{POINT}/opencode-anthropic"}
    assert agents.find("opencode").upstreams(place(home)) == {
        "opencode-my-gw": GATEWAY,
        "opencode-anthropic": "https://a.example/x",
    }


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"COPILOT_PROVIDER_BASE_URL": f"{GATEWAY}/v1"}, f"{POINT}/v1"),
        ({"COPILOT_PROVIDER_BASE_URL": GATEWAY, "COPILOT_PROVIDER_TYPE": "anthropic"}, POINT),
        ({"COPILOT_PROVIDER_BASE_URL": GATEWAY, "COPILOT_PROVIDER_TYPE": "azure"}, None),
        ({}, None),
    ],
)
def test_copilot_is_pointed_only_where_the_user_pays_a_provider(
    home: Path, environ: dict[str, str], url: str | None
) -> None:
    copilot, where = agents.find("copilot"), place(home, **environ)

    assert copilot.env(HERE, where).get("COPILOT_PROVIDER_BASE_URL") == url
    assert bool(copilot.notices(where)) == (url is None)


@pytest.mark.parametrize(
    ("model", "url"),
    [("gpt-5.4", f"{POINT}/v1"), ("anthropic/claude-opus-5-5", POINT), ("", f"{POINT}/v1"), ("gemini/gemini-3", None)],
)
def test_openhands_is_pointed_as_its_model_s_provider_wants(home: Path, model: str, url: str | None) -> None:
    openhands = agents.find("openhands")
    written(home / ".openhands" / "agent_settings.json", json.dumps({"llm": {"model": model}}))

    for where in (place(home), place(home, LLM_MODEL=model)):
        assert openhands.env(HERE, where).get("LLM_BASE_URL") == url
        assert openhands.args(HERE, where) == ([] if url is None else ["--override-with-envs"])
        assert bool(openhands.notices(where)) == (url is None)


def test_a_base_url_of_openai_s_kind_without_v1_keeps_its_paths(home: Path) -> None:
    where = place(home, OPENAI_BASE_URL="https://z.example/api/v4/")

    assert ANY.env(HERE, where)["OPENAI_BASE_URL"] == POINT
    assert ANY.upstreams(where) == {"openai": "https://z.example/api/v4"}


def test_of_two_base_urls_for_one_provider_the_first_counts(home: Path) -> None:
    where = place(home, OPENAI_BASE_URL="https://a.example/v1", OPENAI_API_BASE="https://b.example/v4")

    assert {ANY.env(HERE, where)[name] for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE")} == {f"{POINT}/v1"}
    assert ANY.upstreams(where) == {"openai": "https://a.example"}
