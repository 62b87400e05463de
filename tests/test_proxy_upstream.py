"""The connection to the providers: whose headers go on, whose certificates count, and which web proxy is asked."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from headroom.errors import UsageError
from headroom.proxy.upstream import CERTIFICATES, answered, forwarded, trust, web_proxy

ASKED = [
    (b"Host", b"127.0.0.1:8787"), (b"X-Api-Key", b"sk-1"), (b"anthropic-beta", b"a"), (b"Anthropic-Beta", b"b"),
    (b"Connection", b"keep-alive, X-Hop"), (b"X-Hop", b"1"), (b"Content-Length", b"12"), (b"TE", b"trailers"),
    (b"X-Headroom-Token", b"secret"), (b"x-headroom-level", b"meter"), (b"Accept-Encoding", b"gzip, br"),
    (b"X-Name", "é".encode()), (b"X-Latin", b"\xe9"),
]  # fmt: skip


def test_a_clients_headers_go_on_in_order_without_those_of_the_connection_and_ours() -> None:
    assert list(forwarded(ASKED).items()) == [
        ("X-Api-Key", "sk-1"), ("anthropic-beta", "a"), ("anthropic-beta", "b"), ("Accept-Encoding", "gzip, br"),
        ("X-Name", "é"), ("X-Latin", "é"),
    ]  # fmt: skip


def test_an_answer_that_we_read_is_asked_for_without_coding() -> None:
    assert forwarded(ASKED, plain=True).getall("accept-encoding") == ["identity"]


def test_an_answers_length_stays_where_its_bytes_do() -> None:
    headers = [
        (b"Content-Length", b"9"),
        (b"Set-Cookie", b"a"),
        (b"Set-Cookie", b"b"),
        (b"Transfer-Encoding", b"chunked"),
    ]

    assert list(answered(headers).items()) == [("Content-Length", "9"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]
    assert list(answered(headers, resized=True).items()) == [("Set-Cookie", "a"), ("Set-Cookie", "b")]


def test_upstreams_are_verified() -> None:
    context = trust({})

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates_of_the_users_own_that_are_missing_are_no_trouble(name: str, tmp_path: Path) -> None:
    trust({name: str(tmp_path / "missing.pem")})
    trust({name: str(tmp_path)})
    trust({name: ""})


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_file_without_certificates_is_told_with_the_variable_that_names_it(name: str, tmp_path: Path) -> None:
    file = tmp_path / "bundle.pem"
    file.write_text("no certificate")
    with pytest.raises(UsageError, match=rf"{name} names .*bundle\.pem, whose certificates cannot be read"):
        trust({name: str(file)})


def test_without_variables_no_web_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.upper(), raising=False)

    assert web_proxy("https://api.anthropic.com/v1/messages") is None


def test_a_web_proxy_is_asked_by_scheme_and_not_for_the_hosts_it_is_not_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://other.example:3128")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1,.internal.example")

    assert web_proxy("https://api.openai.com/v1/responses") == "http://proxy.example:3128"
    assert web_proxy("http://models.example/v1/responses") == "http://other.example:3128"
    assert web_proxy("http://127.0.0.1:11434/v1/chat/completions") is None
    assert web_proxy("https://llm.internal.example/v1") is None
