"""Diffs and commits: what a rendering shows, that hunks stay as they are, and what stands for itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from headroom.compressors.diff import Diff
from headroom.types import Facts

DIFF = Diff()

FILE = """\
diff --git a/src/tide.py b/src/tide.py
index 77a54a7..1037fa5 100644
--- a/src/tide.py
+++ b/src/tide.py
@@ -1,3 +1,4 @@ def height():
 low

-  high
+  higher
+  highest
""".replace("\n\n", "\n \n")
COMMIT = """\
commit 676249bd5353c98df9f9976187389e6f74879111
Author: Ines Abadi <ines@harbour.example>
Date:   Wed Mar 12 08:13:02 2025 +0100

    Count the sill

    It is 40 cm deep:
        measured in 2024
""".replace("\n\n    It", "\n    \n    It")
TABLE = """\
 docs/guide.md       |   2 +-
 docs/old/tide.md    |   0
 src/harbour/a.py    |  12 +++++-------
 src/harbour/b.py    |  10 ++++++++++
 src/harbour/map.png | Bin 0 -> 60 bytes
 5 files changed, 16 insertions(+), 8 deletions(-)
"""


def rendered(text: str) -> list[str]:
    rendering = DIFF.encode(Facts(text))
    assert rendering is not None
    assert DIFF.decode(rendering) == text
    assert any(mark in rendering.split("\n")[0] for mark in DIFF.marks)
    return rendering.split("\n")


def restores(text: str) -> bool:
    rendering = DIFF.encode(Facts(text))
    return rendering is None or DIFF.decode(rendering) == text


# Files


def test_a_file_header_is_one_line_and_the_hunk_stays_with_empty_context_lines_empty() -> None:
    assert rendered(FILE) == [
        "[short git headers]",
        "diff src/tide.py 77a54a7..1037fa5",
        "@@ -1,3 +1,4 @@ def height():",
        " low", "", "-  high", "+  higher", "+  highest", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("diff --git a/r.sh b/r.sh\nold mode 100644\nnew mode 100755", "diff r.sh mode 100644 => 100755"),
        (
            "diff --git a/r.sh b/r.sh\nold mode 100644\nnew mode 100755\nindex 77a54a7..1037fa5\n"
            "--- a/r.sh\n+++ b/r.sh\n@@ -1 +1 @@\n-a\n+b",
            "diff r.sh mode 100644 => 100755 77a54a7..1037fa5\n@@ -1 +1 @@\n-a\n+b",
        ),
        (
            "diff --git a/r.sh b/r.sh\nindex 77a54a7..1037fa5 100755\n--- a/r.sh\n+++ b/r.sh\n@@ -1 +1 @@\n-a\n+b",
            "diff r.sh 77a54a7..1037fa5 100755\n@@ -1 +1 @@\n-a\n+b",
        ),
        ("diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29", "diff e new file e69de29"),
        (
            "diff --git a/l b/l\nnew file mode 120000\nindex 0000000..5c457d7\n--- /dev/null\n+++ b/l\n"
            "@@ -0,0 +1 @@\n+docs\n\\ No newline at end of file",
            "diff l new file 120000 5c457d7\n@@ -0,0 +1 @@\n+docs\n\\ No newline at end of file",
        ),
        (
            "diff --git a/x b/x\ndeleted file mode 100644\nindex 5c457d7..0000000\n--- a/x\n+++ /dev/null\n"
            "@@ -1 +0,0 @@\n-gone",
            "diff x deleted file 5c457d7\n@@ -1 +0,0 @@\n-gone",
        ),
        (
            "diff --git a/a/x b/b/y\nsimilarity index 100%\nrename from a/x\nrename to b/y",
            "diff a/x => b/y renamed 100%",
        ),
        (
            "diff --git a/x b/y\nsimilarity index 61%\ncopy from x\ncopy to y\nindex 77a54a7..1037fa5 100644\n"
            "--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b",
            "diff x => y copied 61% 77a54a7..1037fa5\n@@ -1 +1 @@\n-a\n+b",
        ),
        (
            "diff --git a/p.png b/p.png\nindex 77a54a7..1037fa5 100644\nBinary files a/p.png and b/p.png differ",
            "diff p.png 77a54a7..1037fa5 binary",
        ),
        (
            "diff --git a/my file b/my file\nindex 77a54a7..1037fa5 100644\n--- a/my file\t\n+++ b/my file\t\n"
            "@@ -1 +1 @@\n-a\n+b",
            "diff my file 77a54a7..1037fa5\n@@ -1 +1 @@\n-a\n+b",
        ),
        (
            'diff --git "a/d\\303\\274" "b/d\\303\\274"\nindex 77a54a7..1037fa5 100644\n--- "a/d\\303\\274"\n'
            '+++ "b/d\\303\\274"\n@@ -1 +1 @@\n-a\n+b',
            'diff "d\\303\\274" 77a54a7..1037fa5\n@@ -1 +1 @@\n-a\n+b',
        ),
        (
            "diff --cc g.md\nindex 663188b,644c2d1..05ef08f\n--- a/g.md\n+++ b/g.md\n@@@ -1,1 -1,1 +1,2 @@@\n"
            "  a\n +b\n- c",
            "diff --cc g.md 663188b,644c2d1..05ef08f\n@@@ -1,1 -1,1 +1,2 @@@\n  a\n +b\n- c",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_file_header_has_one_line(long: str, short: str) -> None:
    assert "\n".join(rendered(FILE + long + "\n")[8:-1]) == short


def test_prefixes_other_than_a_and_b_are_named_once() -> None:
    assert rendered(FILE.replace(" a/", " old/").replace(" b/", " new/"))[:2] == [
        "[short git headers; prefixes old/ new/]", "diff src/tide.py 77a54a7..1037fa5",
    ]  # fmt: skip
    assert rendered(FILE.replace(" a/", " ").replace(" b/", " "))[:2] == [
        "[short git headers; no path prefixes]", "diff src/tide.py 77a54a7..1037fa5",
    ]  # fmt: skip


def test_subversion_and_recursive_diffs_keep_their_labels_after_the_path() -> None:
    hunk = "@@ -1 +1 @@\n-a\n+b\n"
    svn = f"Index: src/a.c\n{'=' * 67}\n--- src/a.c\t(revision 12)\n+++ src/a.c\t(working copy)\n{hunk}"
    assert rendered(svn)[:2] == ["[short diff headers]", "Index: src/a.c\t(revision 12)\t(working copy)"]
    day = "2025-03-12 08:13:02.000000000 +0000"
    recursive = f"diff -ruN -x '*.o' old/a.c new/a.c\n--- old/a.c\t{day}\n+++ new/a.c\t{day}\n{hunk}"
    assert rendered(recursive * 2)[1] == f"diff -ruN -x '*.o' old/a.c new/a.c\t{day}\t{day}"


def test_a_header_that_is_cut_off_or_unlike_gits_stays_as_it_is() -> None:
    odd = "diff --git a/x b/x\nindex 77a54a7..1037fa5\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"  # a mode is missing
    assert rendered(FILE + odd)[8:] == odd.split("\n")
    lines = (FILE * 2).split("\n")
    assert all(restores("\n".join(lines[:end])) for end in range(len(lines)))


def test_removed_lines_that_look_like_headers_are_content() -> None:
    text = FILE + (
        "diff --git a/q.sql b/q.sql\nindex 909fe15..7b8092a 100644\n--- a/q.sql\n+++ b/q.sql\n@@ -1,4 +1,3 @@\n"
        "--- comment\n--- a/q.sql\n select 1\n \n+++ counted\n"
    )
    assert rendered(text)[-7:] == ["@@ -1,4 +1,3 @@", "--- comment", "--- a/q.sql", " select 1", "", "+++ counted", ""]


def test_blank_context_lines_stay_where_a_hunk_holds_empty_lines_too() -> None:
    lines = rendered(FILE + FILE.replace("\n \n", "\n\n"))
    assert lines[0] == "[short git headers; blanks kept]"
    assert lines[4] == " "


def test_lines_of_a_file_that_end_in_cr_lf_stay() -> None:
    assert "+  higher\r" in rendered(FILE.replace("higher\n", "higher\r\n"))


def test_text_around_a_diff_and_lines_in_our_own_notation_stand_for_themselves() -> None:
    own = ["diff src/tide.py 77a54a7..1037fa5", "\\diff a b", "\\ 3 files changed", "commit 676249b | A | B", "diff"]
    text = "\n".join(["Result:", *own, FILE + "Done.", *own])
    lines = rendered(text)
    assert lines[1:7] == ["Result:", f"\\{own[0]}", f"\\{own[1]}", f"\\{own[2]}", f"\\{own[3]}", "diff"]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_hunk_pasted_from_a_rendering_applies(tmp_path: Path) -> None:
    (tmp_path / "tide.py").write_text("low\n\n  high\n", encoding="utf-8")
    text = FILE.replace("src/", "")
    hunk = "\n".join(["--- a/tide.py", "+++ b/tide.py", *rendered(text)[2:]])
    subprocess.run(["git", "apply", "-"], input=hunk.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "tide.py").read_text(encoding="utf-8") == "low\n\n  higher\n  highest\n"


# Commits


def test_a_commit_is_one_line_and_an_address_stands_where_its_name_is_first_shown() -> None:
    text = f"{COMMIT}\n{COMMIT.replace('Author:', 'Merge: ea86509 cf7acce' + chr(10) + 'Author:')}\n{FILE}"
    sha = "commit 676249bd5353c98df9f9976187389e6f74879111"
    day = "Wed Mar 12 08:13:02 2025 +0100"
    message = [" Count the sill", "", " It is 40 cm deep:", "     measured in 2024", ""]
    assert rendered(text)[:14] == [
        "[short git headers; addresses at first use]",
        f"{sha} | Ines Abadi <ines@harbour.example> | {day}", *message,
        f"{sha} | merge ea86509 cf7acce | Ines Abadi | {day}", *message,
        "diff src/tide.py 77a54a7..1037fa5",
    ]  # fmt: skip


def test_a_name_with_a_second_address_shows_it() -> None:
    other = COMMIT.replace("ines@harbour", "ines@home")
    shown = [line for line in rendered("\n".join([COMMIT, other, other, COMMIT])) if line.startswith("commit")]
    assert ["<" in line for line in shown] == [True, True, False, True]


@pytest.mark.parametrize(
    "header",
    [
        "Author: A B <a@b>\n",
        "Author: A B <a@b>\nCommit: C D <c@d>\n",
        "Author:     A B <a@b>\nAuthorDate: Wed, 12 Mar 2025\nCommit:     A B <a@b>\nCommitDate: 3 days ago\n",
        "Author: A, B <>\nDate:   2025-03-12 08:13:02 +0100\n",
    ],
)
def test_all_of_gits_commit_formats_have_one_line(header: str) -> None:
    text = f"commit 676249bd5353 (HEAD -> main, tag: v1)\n{header}\n    x\n\n" * 9
    assert sum(line.startswith("commit 676249bd5353 (HEAD -> main, tag: v1) | ") for line in rendered(text)) == 9


def test_a_message_that_holds_a_table_keeps_its_indentation() -> None:
    text = COMMIT + "\n".join(f"    {line[1:]}" for line in ["", *TABLE.split("\n")[:-1]]) + "\n\n" + TABLE
    assert "    Count the sill" in rendered(text)


def test_a_list_of_commits_in_one_line_each_is_left_alone() -> None:
    text = "".join(f"67624{n:02x} Count the sill {n}\n" for n in range(40))
    assert DIFF.fit(Facts(text)) == 0
    assert DIFF.encode(Facts(text)) is None


# Tables


def test_a_table_loses_its_padding_and_names_each_folder_once() -> None:
    assert rendered(TABLE) == [
        "[git stat by folder]",
        " docs/guide.md 2 +-",
        " docs/old/tide.md 0",
        " src/harbour/:",
        " a.py 12 +++++-------",
        " b.py 10 ++++++++++",
        " map.png Bin 0 -> 60 bytes",
        " 5 files changed, 16 insertions(+), 8 deletions(-)",
        "",
    ]


def test_a_file_at_the_root_after_a_folder_is_told_apart() -> None:
    rows = [*(f"far/away/{name}.py | 1 +" for name in "bcde"), "main.py       | 1 +", "z.a => y.a    | 0"]
    text = "".join(f" {row}\n" for row in [*rows, "6 files changed, 5 insertions(+)"])
    assert rendered(text)[1:] == [
        " far/away/:", *(f" {name}.py 1 +" for name in "bcde"),
        " ./:", " main.py 1 +", " z.a => y.a 0", " 6 files changed, 5 insertions(+)", "",
    ]  # fmt: skip


def test_a_table_wider_than_its_names_says_how_wide() -> None:
    text = TABLE.replace(" |", "     |")
    assert rendered(text)[-2] == " 5 files changed, 16 insertions(+), 8 deletions(-) (width 23)"


def test_a_table_whose_start_is_cut_off_says_how_many_rows_are_left() -> None:
    tail = "\n".join(TABLE.split("\n")[2:])
    assert rendered(FILE + tail)[8:] == [
        " src/harbour/:", " a.py 12 +++++-------", " b.py 10 ++++++++++", " map.png Bin 0 -> 60 bytes",
        " 5 files changed, 16 insertions(+), 8 deletions(-) (3 rows, width 19)", "",
    ]  # fmt: skip


def test_a_table_without_its_end_and_rows_in_our_own_notation_stay() -> None:
    cut = "\n".join(TABLE.split("\n")[:3])
    own = " a.py 1 +\n 1 file changed, 1 insertion(+)\n"
    lines = rendered(FILE + cut + "\n\n" + own)
    assert lines[8:] == [*cut.split("\n"), "", " a.py 1 +", "\\ 1 file changed, 1 insertion(+)", ""]
