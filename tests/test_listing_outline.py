"""What an outline of a listing leaves out: what tools write for themselves, files that only a number tells apart."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import compress
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, read
from headroom.store import MemoryStore
from headroom.types import Facts, Outline

LISTING = BY_NAME["listing"]
SOURCES = [f"./src/app/{name}.py" for name in ("auth", "billing", "catalogue", "errors", "main", "orders", "routes")]


def sha(n: int) -> str:
    return sha256(str(n).encode()).hexdigest()


PACKAGES = [f"./node_modules/{name}/{file}" for name in ("chalk", "lodash", "ms", "qs", "react", "yargs")
            for file in ("LICENSE", "README.md", "index.js", "lib/a.js", "lib/b.js", "package.json")]  # fmt: skip
OBJECTS = [f"./.git/objects/{sha(n)[:2]}/{sha(n)[2:40]}" for n in range(40)]
CRATES = [f"./target/debug/deps/libserde-{sha(n)[:16]}.rlib" for n in range(40)]
PICTURES = [f"./data/img_{n:04}.png" for n in range(40)]
BUNDLE = [f"./dist/assets/chunk-{sha(n)[:8]}.js" for n in range(40)]


def outline(text: str, query: str | None = None) -> Outline | None:
    """The outline, checked to be restored by its notices."""
    facts = Facts(text, None, query)
    made = LISTING.outline(facts, PartNotices("abcdefghijkl", "tool"), False)
    assert made is None or LISTING.restored(facts, made.text)
    return made if made and made.omissions else None


def shown(paths: list[str], query: str | None = None) -> list[str]:
    made = outline("\n".join(paths), query)
    return paths if made is None else made.text.split("\n")


def long_listing(folders: dict[str, list[tuple[str, int]]]) -> str:
    """What `ls -laR` prints of folders of (name, size)."""
    out = []
    for folder, files in folders.items():
        rows = [(f"{name}", size) for name, size in files]
        out += [f"{folder}:", "total 8", "drwxr-xr-x 2 root root  4096 Nov 22 10:37 .",
                "drwxr-xr-x 2 root root  4096 Nov 22 10:37 ..",
                *[f"-rw-r--r-- 1 root root {size:5} Nov 22 10:37 {name}" for name, size in rows], ""]  # fmt: skip
    return "\n".join(out)


@pytest.mark.parametrize("noise", [PACKAGES, OBJECTS, CRATES, PICTURES, BUNDLE], ids=lambda n: n[0])
def test_noise_goes_and_every_source_stays(noise: list[str]) -> None:
    left = shown(sorted([*noise, *SOURCES]))
    assert {*SOURCES} <= {*left}
    assert len(left) <= len(SOURCES) + 8
    told = next(omission for line in left if (omission := read(line)))
    assert told.last - told.first + 1 >= len(noise) - 6


def test_a_notice_tells_how_many_of_which_kind_and_how_many_bytes() -> None:
    made = outline(long_listing({
        "./src": [("main.py", 900), ("orders.py", 800)],
        "./node_modules": [("index.js", 10)],
        "./node_modules/qs": [("LICENSE", 100), ("parse.js", 300), ("utils.js", 400), ("package.json", 50)],
        "./node_modules/ms": [("LICENSE", 100), ("index.js", 300), ("package.json", 50)],
    }))  # fmt: skip
    assert made is not None
    assert made.omissions[0].what == "7 entries in ./node_modules (3 .js, 2 .json), 1,300 bytes"


def test_files_of_a_row_are_told_by_their_first_and_last_name() -> None:
    made = outline("\n".join([*SOURCES, *PICTURES]))
    assert made is not None
    assert [omission.what for omission in made.omissions] == ["38 files from img_0001.png to img_0038.png"]


def test_a_size_unlike_the_others_is_shown() -> None:
    frames = [(f"frame_{n:03}.raw", 0 if n == 30 else 4000 + n % 7) for n in range(80)]
    made = outline(long_listing({"./data": frames, "./src": [("main.py", 10)]}))
    assert made is not None
    assert "Nov 22 10:37 frame_030.raw" in made.text
    assert "Nov 22 10:37 frame_031.raw" not in made.text


@pytest.mark.parametrize(
    "listing",
    [
        [f"./build/rules/{name}_step.py" for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m")],
        [f"./migrations/{n:04}_{sha(n)[:3]}x{n}.sql" for n in range(40)],
        [f"./tests/case_{n}.py" for n in range(40)],
        [path.removeprefix("./node_modules/") for path in PACKAGES],
        [f"./docs/{sha(n).translate(str.maketrans('0123456789', 'ghijklmnop'))[:9]}.dat" for n in range(40)],
    ],
    ids=["a folder named build with sources", "migrations", "numbered sources", "packages themselves", "other names"],
)
def test_nothing_goes_from(listing: list[str]) -> None:
    assert outline("\n".join([*SOURCES, *listing])) is None


def test_a_folder_that_the_question_names_stays() -> None:
    paths = sorted([*PACKAGES, *SOURCES])
    assert len(shown(paths)) < len(paths)
    assert shown(paths, "what is in node_modules?") == paths


def test_a_name_in_the_question_stays() -> None:
    assert "./data/img_0017.png" in shown([*SOURCES, *PICTURES], "why is img_0017.png black?")


def test_a_listing_of_nothing_else_is_left_alone() -> None:
    assert shown(PACKAGES) == PACKAGES


FORMS = {
    "du": "\n".join(f"{n % 9 + 4}\t{path}" for n, path in enumerate([*SOURCES, *PICTURES, *CRATES])),
    "git status": "\n".join(f"?? {path[2:]}" for path in [*SOURCES, *PICTURES, *CRATES]),
    "ls -R": "\n".join(["./src:", *[path[10:] for path in SOURCES], "", "./data:", *[path[7:] for path in PICTURES]]),
    "tree": "\n".join([".", "├── data", *[f"│   ├── {path[7:]}" for path in PICTURES], "│   └── z.txt", "└── main.py"]),
    "ls -l": long_listing({"./src": [("a.py", 1), ("b.py", 2)], "./data": [(path[7:], 9) for path in PICTURES]}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_listing_has_an_outline(form: str) -> None:
    made = outline(FORMS[form])
    assert made is not None
    assert len(made.text) < 0.7 * len(FORMS[form])
    assert "38 files from img_0001.png to img_0038.png" in made.omissions[0].what


def test_the_notices_stand_in_the_encoding_of_what_is_left() -> None:
    paths = sorted([f"./packages/p{n}/{path[2:]}" for n in range(6) for path in [*SOURCES, *PACKAGES, *OBJECTS]])
    text = "\n".join(paths)
    sent = compress(text, level="balanced", way_back="tool", store=MemoryStore())
    assert sent.parts[0].reason == "outlined"
    assert sent.tokens_after < 0.5 * compress(text, level="lossless", store=MemoryStore()).tokens_after
    assert sent.messages.count("[… lines ") == len(sent.parts[0].omissions)
    assert "[paths by folder" in sent.messages


names = st.sampled_from(
    ["a.py", "x_1.png", "x_2.png", "x_3.png", "b.rs", "node_modules", "target", "lib.o", sha(1)[:16]]
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(names, min_size=1, max_size=4).map("/".join), max_size=60), st.sampled_from(["", "find lib.o"])
)
def test_lines_outside_what_was_cut_stand_in_order(paths: list[str], query: str) -> None:
    made = outline("\n".join(f"./{path}" for path in paths), query)
    if made is not None:
        kept = [line for line in made.text.split("\n") if read(line) is None]
        lines = iter(f"./{path}" for path in paths)
        assert all(line in lines for line in kept)
        assert len(kept) + sum(one.last - one.first + 1 for one in made.omissions) == len(paths)
