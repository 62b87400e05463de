"""Listings of files: what a rendering shows, that it restores the text whatever the names are, and what it saves."""

from __future__ import annotations

import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import tokens
from headroom.compressors._coats import plain
from headroom.compressors.listing import Listing
from headroom.errors import FormatError
from headroom.types import Facts
from tests.samples import SHARED, samples

LOCAL_CLI = SHARED / "data" / "logs" / "local-cli.tar.gz"
LISTING = Listing()
TEXTS = {sample.name: plain(sample.text) for sample in samples() if sample.kind == "listing"}

HOSTILE = st.sampled_from(
    [
        "a b", "x:", "x/:", "\\x", " x", "x ", "a -> b", "×3 x", "12", "12 x", "4.0K y", "[wide 1 1 1 1]", "[end]", ".",
        "..", "root,root x", "Nov 22 11:07 x", "11:07 z", "-rw-r--r-- x", "total 3", "d/: e", "é", "日本", "x\r",
        "\u2028", "-", "~", "", "http://x/y", "C:\\d\\e", "├── x", "/", "//", "a/b:", "./", "./x",
    ]
)  # fmt: skip
NAMES = st.one_of(st.from_regex(r"[a-z_]{1,6}(\.[a-z]{1,3})?", fullmatch=True), HOSTILE)
FOLDERS = st.lists(st.from_regex(r"[a-z]{1,4}", fullmatch=True), max_size=3).map(
    lambda parts: "".join(f"{p}/" for p in parts)
)


def rendered(text: str) -> str:
    facts = Facts(text)
    assert LISTING.fit(facts) > 0.4
    rendering = LISTING.encode(facts)
    assert rendering is not None
    assert LISTING.decode(rendering) == text
    return rendering


def restored(text: str) -> None:
    """A text comes back byte for byte, or is not encoded at all."""
    rendering = LISTING.encode(Facts(text))
    if rendering is not None:
        assert LISTING.decode(rendering) == text


def ls(rows: list[tuple[str, int, str, str, int, str, str]]) -> str:
    links, owner, group, size = (max(len(str(row[i])) for row in rows) for i in (1, 2, 3, 4))
    return "".join(
        f"{r[0]} {r[1]:>{links}} {r[2]:<{owner}} {r[3]:<{group}} {r[4]:>{size}} {r[5]} {r[6]}\n" for r in rows
    )


def test_ls_says_what_its_entries_share_once_and_keeps_sizes_and_names() -> None:
    text = "total 24\n" + ls(
        [
            ("drwxr-xr-x", 6, "ada", "staff", 4096, "Nov 22 11:07", "."),
            ("drwxr-xr-x", 3, "ada", "staff", 4096, "Nov 22 11:07", ".."),
            ("-rw-r--r--", 1, "ada", "staff", 51371, "Nov 22 11:07", "client.rs"),
            ("-rw-r--r--", 1, "ada", "staff", 212, "Nov 22 11:07", "my notes.txt"),
            ("-rwxr-xr-x", 1, "bob", "staff", 90, "Mar  3  2025", "run.sh"),
            ("drwxr-xr-x", 3, "ada", "staff", 4096, "Nov 22 11:07", "cli"),
            ("lrwxrwxrwx", 1, "ada", "staff", 9, "Nov 22 11:07", "main.rs -> client.rs"),
        ]
    )

    assert rendered(text).split("\n") == [
        "[ls -l rows, unless shown: file -rw-r--r-- ×1; dir/ drwxr-xr-x ×3 4096; link-> lrwxrwxrwx ×1; ada,staff; "
        "Nov 22 11:07; folder: total ×links of . and ..]",
        "total 24 ×6 ×3",
        "51371 client.rs",
        "212 my notes.txt",
        "-rwxr-xr-x bob,staff 90 Mar 3 2025 run.sh",
        "cli/",
        "main.rs -> client.rs",
        "",
    ]


def test_paths_stand_beside_their_folder_in_their_order() -> None:
    text = "./b/z.py\n./b/a.py\n./README.md\n./b/c/x.py\n./b/c/y y.py\n./b/a2.py\n"

    assert rendered(text).split("\n") == [
        "[paths by folder under ./]", "b/: z.py a.py", "README.md", "b/c/: x.py", "b/c/:", " y y.py", "b/a2.py", "",
    ]  # fmt: skip


def test_a_tree_has_a_line_for_each_folder() -> None:
    assert rendered(TEXTS["tree.txt"]).startswith(
        "[tree by folder; nbsp]\n./: LICENSE README.md docs/ orchard/ pyproject.toml tools/\ndocs/: grafting.md "
    )


def test_a_tree_with_sizes_is_indented() -> None:
    names = ["[4.0K]  src", "[ 120]  a.py", "[ 210]  b.py", "[4.0K]  core", "[  90]  c.py", "[  11]  d.py"]
    text = f".\n└── {names[0]}\n    ├── {names[1]}\n    ├── {names[2]}\n    └── {names[3]}\n        ├── {names[4]}\n"
    text += f"        └── {names[5]}\n\n3 directories, 4 files\n"

    assert "\n  [  90]  c.py\n" in rendered(text)


def test_changes_keep_the_words_of_git_and_share_their_folder() -> None:
    assert "\n\tmodified:   orchard/press/tests/: conftest.py test_barrel.py " in rendered(TEXTS["git-status.txt"])


def test_paths_of_windows_share_their_folder() -> None:
    rendering = rendered(TEXTS["glob-windows.txt"])

    assert "\norchard\\press\\: __init__.py barrel.py" in rendering


def test_figures_parted_by_commas_are_no_names() -> None:
    text = "".join(f"2012-01-{n % 28 + 1:02},{n % 7}.0,{n * 3 % 11}.8,rain\n" for n in range(90))

    assert LISTING.fit(Facts(f"date,precipitation,wind,weather\n{text}")) == 0


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_name_of_a_listing_stands_whole_in_its_rendering(name: str) -> None:
    rendering = rendered(TEXTS[name])

    for word in ("juice_yield.py", "conftest.py"):
        assert TEXTS[name].count(word) == rendering.count(word) > 0


@pytest.mark.parametrize("name", sorted(TEXTS))
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_listing_cut_off_by_head_or_tail_comes_back(name: str, keep: float) -> None:
    lines = TEXTS[name].splitlines(keepends=True)
    size = int(len(lines) * keep)

    restored("".join(lines[:size]))
    restored("".join(lines[-size:]))
    restored(TEXTS[name][: int(len(TEXTS[name]) * keep)])


@pytest.mark.parametrize(
    "text",
    [
        "import os\nimport sys\n\ndef main():\n    return os.path.join('a/b', 'c')\n\n\nmain()\n" * 5,
        "src/a.py:12:import os\nsrc/a.py:14:import sys\nsrc/b.py:3:import re\nsrc/b.py:9:import io\n" * 5,
        "2025-06-24 14:36:25 INFO /var/lib/x started\n2025-06-24 14:36:26 INFO /var/lib/y started\n" * 5,
        '{"path": "src/a.py"}\n{"path": "src/b.py"}\n' * 10,
        "</div>\n<div>\n</p>\n</div>\n" * 10,
        "// a/b\n// c/d\n/* e/f */\nint x = a/b;\n" * 10,
    ],
    ids=["code", "grep", "log", "jsonl", "html", "comments"],
)
def test_what_is_no_listing_does_not_fit(text: str) -> None:
    assert LISTING.fit(Facts(text)) == 0


@given(
    st.lists(st.tuples(FOLDERS, NAMES), min_size=4, max_size=25), st.sampled_from(["", "./", "/srv/x y/", "\t", " M "])
)
def test_any_paths_come_back(paths: list[tuple[str, str]], start: str) -> None:
    restored("\n".join(f"{start}{folder}{name}" for folder, name in sorted(paths)))


@given(
    st.lists(st.tuples(st.integers(0, 99999), FOLDERS, NAMES), min_size=4, max_size=25),
    st.sampled_from(["%d\t./%s%s", "%7d %s%s", "%5d ./%s%s", "%dK\t/x/%s%s", "100644 blob " + "a" * 40 + " %7d\t%s%s"]),
)
def test_any_rows_come_back(rows: list[tuple[int, str, str]], form: str) -> None:
    restored("\n".join(form % row for row in rows) + "\n")


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["-rw-r--r--", "drwxr-xr-x", "lrwxrwxrwx", "srwx------", "-rwxr-xr-x@"]),
                st.integers(1, 120),
                st.sampled_from(["root", "a,b", "ada"]),
                st.sampled_from(["root", "wheel"]),
                st.integers(0, 10**6),
                st.sampled_from(["Nov 22 11:07", "Nov  2 09:00", "Mar  3  2025", "2025-01-01 10:00", "21 Jan 18:24"]),
                NAMES,
            ),
            min_size=2,
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["%s:\ntotal 8\n", "%s:\n", "total 8\n", ""]),
    st.integers(0, 30),
)
@settings(max_examples=200)
def test_any_long_listing_comes_back_also_cut_off(
    folders: list[list[tuple[str, int, str, str, int, str, str]]], opening: str, dropped: int
) -> None:
    heads = (opening % f"./d{i}" if "%" in opening else opening for i in range(len(folders)))
    text = "\n".join(head + ls(rows) for head, rows in zip(heads, folders, strict=True))

    restored(text)
    restored(text[dropped:])


@given(st.lists(st.tuples(st.integers(0, 4), NAMES), min_size=5, max_size=20), st.sampled_from(["├│└", "|||"]))
def test_any_tree_comes_back(rows: list[tuple[int, str]], style: str) -> None:
    unicode_drawing = style[0] == "├"
    through, space, child, last = (
        ("│   ", "    ", "├── ", "└── ") if unicode_drawing else ("|   ", "    ", "|-- ", "`-- ")
    )
    depths = [min(depth, i) for i, (depth, _) in enumerate(rows)]
    lines = ["."]
    for i, (_, name) in enumerate(rows):
        after = depths[i + 1 :]
        prefix = ""
        for level in range(depths[i] + 1):
            below = next((d for d in after if d <= level), -1) == level
            prefix += (child if below else last) if level == depths[i] else (through if below else space)
        lines.append(prefix + name)

    restored("\n".join([*lines, "", "2 directories, 3 files", ""]))


@given(st.lists(st.one_of(NAMES, st.sampled_from(["./a:", "", "b c:"])), min_size=8, max_size=30))
def test_any_names_come_back(names: list[str]) -> None:
    restored("\n".join(names))


@pytest.mark.parametrize(
    "rendering",
    [
        "", "x", "[ls -l rows]\n1 x", "[ls -l rows, unless shown: root,root]\n??", "[rows by folder: zip]\n1 x",
        "[rows by folder: du]\nx", "[tree by folder; nbsp]\n", "[tree by folder; nbsp]\na/: b",
        "[tree by indent; nbsp]\n  a", "[tree by folder; nbsp]\n./: a/\na/: b\na/: c",
        "[ls -R names joined, folder: names]\nno folder", "[paths by folder]",
    ],
)  # fmt: skip
def test_what_is_no_rendering_is_a_format_error(rendering: str) -> None:
    with pytest.raises(FormatError):
        LISTING.decode(rendering)


@pytest.mark.parametrize(
    ("kind", "least"), [("ls-laR", 0.70), ("find", 0.48), ("tree", 0.54), ("du", 0.28), ("wc", 0.40), ("ls-tree", 0.16)]
)
def test_listings_of_real_repositories_shrink(kind: str, least: float) -> None:
    if not LOCAL_CLI.exists():
        pytest.skip("../shared/data/logs/local-cli.tar.gz is not here")
    count = tokens.counter().count
    before = after = 0
    with tarfile.open(LOCAL_CLI) as archive:
        for member in archive.getmembers():
            if member.name.endswith(f".{kind}.txt"):
                file = archive.extractfile(member)
                assert file is not None
                text = file.read().decode("utf-8")
                before += count(text)
                after += count(rendered(text))

    assert before > 1000
    assert 1 - after / before >= least


LOCALES = ["de", "de_AT", "en", "fr", "fr_CA", "it", "nl", "pt"]


def recursive(folders: dict[str, list[str]]) -> str:
    return "\n\n".join("\n".join([f"{folder}:", *names]) for folder, names in folders.items()) + "\n"


def test_folders_that_hold_the_same_are_told_once() -> None:
    folders = {".": ["README.md", "locale"], "./locale": ["__init__.py", *LOCALES]}
    for name in LOCALES:
        folders[f"./locale/{name}"] = ["formats.py"] if "_" in name else ["LC_MESSAGES", "formats.py"]
        if "_" not in name:
            folders[f"./locale/{name}/LC_MESSAGES"] = ["orchard.mo", "orchard.po"]
    lines = rendered(recursive(folders)).split("\n")
    assert "./locale/{de en fr it nl pt}: LC_MESSAGES formats.py" in lines
    assert "./locale/{}/LC_MESSAGES: orchard.mo orchard.po" in lines
    assert "./locale/{de_AT fr_CA}: formats.py" in lines


@pytest.mark.parametrize("odd", ["./locale/{de}", "./{}", "./locale/de en"])
def test_folders_with_odd_names_or_out_of_order_come_back(odd: str) -> None:
    folders = {"./locale": LOCALES, **{f"./locale/{name}": ["a.po", "b.po", "c.po"] for name in reversed(LOCALES)}}
    rendered(recursive(folders))
    folders = {"./locale": LOCALES, odd: ["x.po"], **{f"./locale/{name}": ["a.po", "b.po"] for name in LOCALES}}
    rendered(recursive(folders))


TREES = st.lists(
    st.tuples(
        st.sampled_from(["x", "x/y", "x/z", "{}", "x/{a b}", "x y", "x/y z"]), st.sampled_from(["a b", "a", "{x}"])
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(TREES, st.permutations(LOCALES))
def test_any_folders_alike_come_back(shape: list[tuple[str, str]], order: list[str]) -> None:
    folders = {"./l": [*LOCALES, "a.py", "b.py", "c.py", "d.py", "e.py"]}
    for name in order:
        folders |= {f"./l/{name}": ["f.py", "x"], **{f"./l/{name}/{rest}": held.split(" ") for rest, held in shape}}
    text = recursive(folders)
    rendering = LISTING.encode(Facts(text))
    assert rendering is None or LISTING.decode(rendering) == text
