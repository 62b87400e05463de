"""Text not made for reading: lock files, hashes, dumps and minified code are known, and lock files become smaller."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import tokens
from headroom.compressors.opaque import MARK, Opaque
from headroom.errors import FormatError
from headroom.types import Facts

OPAQUE = Opaque()
NAMES = [
    f"{stem}-{end}"
    for stem in ("amber", "birch", "cedar", "dune", "elm", "fern")
    for end in ("core", "io", "net", "tls")
]


def hashed(name: str, size: int = 256) -> str:
    return hashlib.new(f"sha{size}", name.encode()).hexdigest()


def integrity(name: str) -> str:
    return base64.b64encode(hashlib.sha512(name.encode()).digest()).decode()


def cargo(n: int, name: str) -> str:
    return (
        f'[[package]]\nname = "{name}"\nversion = "{n % 4}.{n % 9}.1"\n'
        'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
        f'checksum = "{hashed(name)}"\n'
    )


def yarn(n: int, name: str) -> str:
    at = f"https://registry.yarnpkg.com/{name}/-/{name}-{n % 4}.{n % 9}.1.tgz#{hashed(name)[:40]}"
    head = f'{name}@^{n % 4}.0.0:\n  version "{n % 4}.{n % 9}.1"\n'
    return f'{head}  resolved "{at}"\n  integrity sha512-{integrity(name)}\n'


def poetry(n: int, name: str) -> str:
    files = "".join(
        f'    {{file = "{name}-{n % 4}.{n % 9}{end}", hash = "sha256:{hashed(name + end)}"}},\n'
        for end in (".tar.gz", "-py3-none-any.whl")
    )
    return f'[[package]]\nname = "{name}"\nversion = "{n % 4}.{n % 9}"\noptional = false\nfiles = [\n{files}]\n'


def go_sum(n: int, name: str) -> str:
    module = f"github.com/{name.replace('-', '/')} v{n % 4}.{n % 9}.1"
    return "\n".join(f"{module}{end} h1:{integrity(name + end)[:43]}=" for end in ("", "/go.mod"))


def pnpm(n: int, name: str) -> str:
    resolution = f"    resolution: {{integrity: sha512-{integrity(name)}}}\n"
    return f"  {name}@{n % 4}.{n % 9}.1:\n{resolution}    engines: {{node: '>=18'}}\n"


def requirement(n: int, name: str) -> str:
    return f"{name}=={n % 4}.{n % 9} \\\n    --hash=sha256:{hashed(name)} \\\n    --hash=sha256:{hashed(name + 'x')}"


LOCKS: dict[str, tuple[Callable[[int, str], str], float]] = {
    "cargo": (cargo, 0.12), "yarn": (yarn, 0.05), "poetry": (poetry, 0.12), "go.sum": (go_sum, 0.05),
    "pnpm": (pnpm, 0.05), "requirements": (requirement, 0.0),
}  # fmt: skip
"""How each writes one entry, and what share of the tokens of such a file is saved at least."""


def lock(name: str) -> str:
    return "\n".join(LOCKS[name][0](n, package) for n, package in enumerate(NAMES))


BASE64 = "\n".join(integrity(name)[:76] for name in NAMES)
HASHES = "\n".join(f"{hashed(name)}  dist/{name}.tar.gz" for name in NAMES)
REVISIONS = "\n".join(hashed(name)[:40] for name in NAMES)
HEXDUMP = "\n".join(
    f"{n * 16:08x}: " + " ".join(hashed(name)[i : i + 4] for i in range(0, 32, 4)) + "  .ELF..bird......"
    for n, name in enumerate(NAMES)
)
MINIFIED = "".join(
    f'function {chr(97 + n)}(e,t){{for(var n=0;n<e.length;n++)if(e[n]==="{name}")return t(n);return-1}}'
    for n, name in enumerate(NAMES)
)
CSS = "".join(f".{name}{{margin:0;padding:{n}px;color:#{hashed(name)[:6]}}}" for n, name in enumerate(NAMES))
DUMPS = {"base64": BASE64, "sums": HASHES, "rev-list": REVISIONS, "xxd": HEXDUMP, "min.js": MINIFIED, "min.css": CSS}

OTHERS = {
    "paths": "\n".join(
        f"/usr/lib/python3/dist/packages/{name.replace('-', '/')}/deep/folder/of/files/A1" for name in NAMES
    ),
    "log": "\n".join(f"{hashed(name)[:8]} Move {name} to its own package and say why" for name in NAMES),
    "json": '{"names": [' + ",".join(f'{{"name":"{name}","n":{n}}}' for n, name in enumerate(NAMES)) + "]}",
    "prose": "A long line of words that nobody broke, as it stands in many documents. " * 20,
    "cjk": "港の人々は朝まで待った。霧が晴れると、沖に小さな帆が二つ見えた。" * 40,
    "nothing": "",
}


def rendered(text: str) -> str | None:
    facts = Facts(text)
    rendering = OPAQUE.encode(facts)
    assert rendering is None or OPAQUE.verify(facts, rendering)
    return rendering


@pytest.mark.parametrize("text", [*map(lock, LOCKS), *DUMPS.values()], ids=[*LOCKS, *DUMPS])
def test_text_not_made_for_reading_is_recognised(text: str) -> None:
    assert OPAQUE.fit(Facts(text)) > 0.25


@pytest.mark.parametrize("name", OTHERS)
def test_other_dense_text_is_not_taken_for_it(name: str) -> None:
    assert OPAQUE.fit(Facts(OTHERS[name])) == 0.0


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_become_smaller_and_keep_every_hash(name: str) -> None:
    text, least = lock(name), LOCKS[name][1]
    rendering = rendered(text)
    count = tokens.counter().count
    if least:
        assert rendering is not None
        assert 1 - count(rendering) / count(text) > least
        assert all(len(word) < 40 or word in rendering for word in text.replace('"', " ").split() if word.isalnum())


@pytest.mark.parametrize("name", DUMPS)
def test_dumps_and_minified_code_stay(name: str) -> None:
    assert rendered(DUMPS[name]) is None


def test_long_runs_of_letters_are_judged_without_backtracking() -> None:
    assert OPAQUE.fit(Facts("aB3" * 200_000)) > 0.25
    assert OPAQUE.fit(Facts(("aB3" * 100 + "!\n") * 200)) == 0.0
    assert OPAQUE.fit(Facts(("aB3/" * 100 + "!\n") * 200)) == 0.0


@given(
    st.lists(st.sampled_from([*cargo(3, "elm").split("\n"), "", "source", "@x", "\\", 'version := "1"']), max_size=60)
)
def test_every_byte_comes_back(lines: list[str]) -> None:
    text = "\n".join(["\n".join(cargo(n, name) for n, name in enumerate(NAMES[:6])), *lines])
    rendering = rendered(text)
    if rendering is not None:
        assert OPAQUE.decode(rendering) == text


@pytest.mark.parametrize(
    "garbage", ["", "checksum", f"{MARK}nothing known]\nx", f"{MARK}×N: N times in all]\n[line above ×9]"]
)
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(FormatError):
        OPAQUE.decode(garbage)
