"""What counts as a secret, by file name and by text, and what only looks like one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import detect
from headroom.types import Json

SECRET_FILES: list[dict[str, Json]] = [
    {"file_path": "/app/.env"},
    {"file_path": ".env.local"},
    {"absolute_path": "C:\\app\\.ENV"},
    {"path": ".envrc"},
    {"command": "cat config/.env.production | head"},
    {"command": "cat .env.example .env"},
    {"command": "cp .env.sample .env; ls"},
    {"command": "cat<.env>copy"},
    {"command": "echo $(cat .env)"},
    {"command": "cat `ls .env`"},
    {"command": "grep -r KEY .env*"},
    {"command": "git show HEAD:.env"},
    {"command": "sed -n '1,5p' \".env\""},
    {"command": ["bash", "-lc", "cat .env"]},
    {"files": [{"path": "src/a.py"}, {"path": "deploy/.env"}]},
    {"file_path": "server.pem"},
    {"file_path": "tls/server.key"},
    {"command": "openssl pkcs12 -in store.p12"},
    {"command": "keytool -list -keystore release.jks"},
    {"command": "cat certs/*.pem"},
    {"path": "~/.ssh/id_rsa"},
    {"path": "id_ed25519_sk"},
    {"": "cat ~/.ssh/id_ecdsa"},
    {"command": "cat ~/.netrc ~/.pypirc"},
    {"path": "~/.aws/credentials"},
    {"path": ".kube/config"},
    {"command": "x" * 50_000 + " .env"},
]

OTHER_FILES: list[dict[str, Json]] = [
    {},
    {"file_path": "src/environment.ts"},
    {"file_path": ".env.example"},
    {"command": "diff .env.template .env.dist"},
    {"command": "grep -rn process.env.FOO src"},
    {"file_path": "test.env.py"},
    {"pattern": "\\.env$", "path": "src"},
    {"query": "where is .env read?"},
    {"path": "id_rsa.pub"},
    {"path": "docs/id_rsa_notes.md"},
    {"path": "docs/pem.md"},
    {"command": "ls ~/.aws ~/.kube"},
    {"file_path": "src/keystore.rs"},
    {"command": "cat server.pem.md"},
    {"limit": 5, "flag": True, "none": None},
]

# Assembled here, so that no scanner takes this file for a leak.
B36 = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
SECRET_TEXTS = {
    "rsa key": "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE",
    "pkcs8 key": "-----BEGIN " + "PRIVATE KEY-----",
    "encrypted key": "-----BEGIN " + "ENCRYPTED PRIVATE KEY-----",
    "openssh key": "x\n-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "pgp key": "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----",
    "key after a certificate": "-----BEGIN CERTIFICATE-----\nMII\n-----BEGIN " + "EC PRIVATE KEY-----",
    "putty": "PuTTY-User-Key-" + "File-3: ssh-ed25519",
    "age": "AGE-SECRET-" + "KEY-1" + "Q" * 58,
    "aws id": "key=AKIA" + "Z7QHXW4TPM2LN5RB",
    "aws session id": '"ASIA' + 'Z7QHXW4TPM2LN5RB"',
    "aws secret": "aws_secret_access_key = " + "k/" + B36 + "+9",
    "aws secret in the environment": "AWS_SECRET_ACCESS_KEY=" + "k/" + B36 + "+9",
    "github token": "https://ghp_" + B36 + "@github.com",
    "github server token": "ghs_" + B36,
    "github fine-grained": "github_pat_" + B36 + "_" + B36,
    "gitlab": "glpat-" + B36[:20],
    "npm": "_authToken=npm_" + B36,
    "hugging face": "hf_" + B36[:34],
    "anthropic": "x-api-key: sk-ant-" + "api03-" + B36,
    "openai": "Bearer sk-" + B36 + B36[:12],
    "openai project": "sk-proj-" + B36 + "_" + B36,
    "second of two, after one too short": "sk-short sk-" + B36 + B36[:12],
    "stripe": "sk_live_" + B36[:24],
    "slack": "xoxb-" + "123456789012-" + B36[:12],
    "google": "AIza" + B36[:35],
}

OTHER_TEXTS = {
    "nothing": "",
    "a certificate": "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    "a public key": "-----BEGIN PUBLIC KEY-----",
    "talk of private keys": "the file starts with BEGIN PRIVATE KEY; see PRIVATE KEY----- in the manual",
    "sk- in prose": "the sk- prefix marks a key; task-force, desk-bound, risk-averse",
    "a class name": "sk-loading-spinner-container-with-a-very-long-name-indeed",
    "a class name with digits": "sk-estimator-id-1234567890-1234567890-1234567890-12345",
    "the middle of a word": "task-" + B36 + B36[:12],
    "a shortened key": "sk-ant-...wxyz and ghp_xxxx and AKIA****************",
    "amazon's sample": "AKIA" + "IOSFODNN7EXAMPLE",
    "a word": "AKIAMOTO and ASIAN markets, github_pat_ and glpat- alone",
    "a digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "a name in code": "npm_config_registry_fallback_enabled = hf_hub_download",
}


@pytest.mark.parametrize("args", SECRET_FILES, ids=lambda args: json.dumps(args)[-60:])
def test_a_call_on_a_secret_file_is_recognised(args: dict[str, Json]) -> None:
    assert detect.names_secret_file(args)


@pytest.mark.parametrize("args", OTHER_FILES, ids=lambda args: json.dumps(args)[-60:])
def test_a_call_on_another_file_is_not(args: dict[str, Json]) -> None:
    assert not detect.names_secret_file(args)


@pytest.mark.parametrize("name", SECRET_TEXTS)
def test_a_key_is_found_wherever_it_stands(name: str) -> None:
    secret = SECRET_TEXTS[name]

    assert detect.holds_secret(secret)
    assert detect.holds_secret(f"first line\n{secret}\nlast line")
    assert detect.holds_secret(json.dumps({"stdout": secret}))


@pytest.mark.parametrize("name", OTHER_TEXTS)
def test_what_only_looks_like_a_key_is_not_one(name: str) -> None:
    assert not detect.holds_secret(OTHER_TEXTS[name])
    assert not detect.holds_secret(f"first line\n{OTHER_TEXTS[name]}\nlast line")


@given(before=st.text(), after=st.text(), name=st.sampled_from(sorted(SECRET_TEXTS)))
def test_no_text_around_a_key_hides_it(before: str, after: str, name: str) -> None:
    assert detect.holds_secret(f"{before} {SECRET_TEXTS[name]} {after}")


@given(
    args=st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=10,
        ),
        max_size=4,
    )
)
def test_no_arguments_make_the_look_raise(args: dict[str, Json]) -> None:
    hidden = {**args, "path": ".env"}

    assert detect.names_secret_file(hidden)
    assert detect.names_secret_file(args) in (True, False)


def test_arguments_nested_without_end_are_looked_at_as_deep_as_tools_nest() -> None:
    deep: Json = ".env"
    for _ in range(10_000):
        deep = [deep]

    assert not detect.names_secret_file({"path": deep})


@given(text=st.text(st.characters(codec=None)))
def test_a_surrogate_is_what_utf8_refuses(text: str) -> None:
    try:
        text.encode("utf-8")
        sendable = True
    except UnicodeEncodeError:
        sendable = False

    assert detect.has_surrogate(text) is not sendable
