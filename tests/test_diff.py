"""Diffs and commits: what a rendering shows, that hunks stay as they are, and that all git output restores."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom import policy, tokens
from headroom.compressors.diff import Diff
from headroom.errors import FormatError
from headroom.types import Facts
from tests.samples import SHARED, samples

LOCAL_CLI = SHARED / "data" / "logs" / "local-cli.tar.gz"
MINI_SWE = SHARED / "data" / "trajectories" / "mini-swe-agent-python.jsonl.gz"
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


def saved(texts: list[str]) -> float:
    """Share of o200k tokens saved over all texts, those left as they are included."""
    count = tokens.counter().count
    before = after = 0
    for text in texts:
        size = smallest = count(text)
        if size >= policy.MIN_TOKENS and (rendering := DIFF.encode(Facts(text))) is not None:
            assert DIFF.decode(rendering) == text
            if policy.pays(size, count(rendering)):
                smallest = count(rendering)
        before, after = before + size, after + smallest
    return 1 - after / before


# Files


def test_a_file_header_is_one_line_and_the_hunk_stays_with_empty_context_lines_empty() -> None:
    assert rendered(FILE) == [
        "[git headers on one line]",
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
        "[git headers on one line; prefixes old/ new/]", "diff src/tide.py 77a54a7..1037fa5",
    ]  # fmt: skip
    assert rendered(FILE.replace(" a/", " ").replace(" b/", " "))[:2] == [
        "[git headers on one line; no path prefixes]", "diff src/tide.py 77a54a7..1037fa5",
    ]  # fmt: skip


def test_subversion_and_recursive_diffs_keep_their_labels_after_the_path() -> None:
    hunk = "@@ -1 +1 @@\n-a\n+b\n"
    svn = f"Index: src/a.c\n{'=' * 67}\n--- src/a.c\t(revision 12)\n+++ src/a.c\t(working copy)\n{hunk}"
    assert rendered(svn)[:2] == ["[diff headers on one line]", "Index: src/a.c\t(revision 12)\t(working copy)"]
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
    assert lines[0] == "[git headers on one line; blanks kept]"
    assert lines[4] == " "


def test_text_whose_lines_all_end_in_crlf_is_told_once_and_single_ones_stay() -> None:
    assert rendered(FILE.replace("\n", "\r\n"))[:2] == [
        "[git headers on one line; lines end in CRLF]", "diff src/tide.py 77a54a7..1037fa5",
    ]  # fmt: skip
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
        "[git headers on one line; addresses at first use]",
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
    text = " far/away/b.py | 1 +\n far/away/c.py | 1 +\n main.py       | 1 +\n z.a => y.a    | 0\n 4 files changed, 3 insertions(+)\n"
    assert rendered(text)[1:6] == [" far/away/:", " b.py 1 +", " c.py 1 +", " ./:", " main.py 1 +"]


def test_a_table_wider_than_its_names_says_how_wide() -> None:
    text = TABLE.replace(" |", "     |")
    assert rendered(text)[-2] == " 5 files changed, 16 insertions(+), 8 deletions(-) (width 23)"


def test_a_table_without_its_end_and_rows_in_our_own_notation_stay() -> None:
    cut = "\n".join(TABLE.split("\n")[:3])
    own = " a.py 1 +\n 1 file changed, 1 insertion(+)\n"
    lines = rendered(FILE + cut + "\n\n" + own)
    assert lines[8:] == [*cut.split("\n"), "", " a.py 1 +", "\\ 1 file changed, 1 insertion(+)", ""]


# Everything


GIT_COMMANDS = [
    "log", "log --stat", "log -p", "log -p --stat", "log --name-status", "log --format=fuller", "log --format=full",
    "log --format=short --stat", "log --date=rfc", "log --graph --stat -p", "log --decorate=full", "log --raw",
    "log --shortstat", "log --summary --stat", "log --cc -p", "log -p -M -C --find-copies-harder", "log --format=email",
    "log --oneline --stat", "show", "show --stat HEAD~1", "show -m", "diff HEAD~2 HEAD", "diff -R HEAD~2 HEAD",
    "diff --no-prefix HEAD~2", "-c diff.mnemonicPrefix=true diff HEAD~2", "diff -U0 HEAD~2", "diff -B HEAD~2",
    "diff --full-index --binary HEAD~2", "diff --stat=40 -p HEAD~2", "diff --compact-summary HEAD~2",
    "-c core.quotepath=false diff --stat -p HEAD~2", "diff --word-diff HEAD~2", "format-patch --stdout HEAD~2",
]  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with renames, modes, binary files, CRLF, odd names, a merge and a long message."""
    folder = tmp_path_factory.mktemp("repository")

    def git(*args: str) -> None:
        who = ["-c", "user.name=Ines Abadi", "-c", "user.email=ines@harbour.example", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True)

    def write(files: dict[str, str], message: str) -> None:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text.encode())
        git("add", "-A")
        git("commit", "-q", "-m", message)

    git("init", "-q")
    numbers = [f"line {n}" if n % 5 else "" for n in range(60)]
    first = {"src/engine.py": "\n".join(numbers), "run.sh": "a\n", "win.txt": "a\r\nb\r\n", "my file": "x",
             "dü": "y\n", "logo.png": "\0\1", "q.sql": "-- one\n-- two\nselect\n", "old.md": "text\n" * 9}  # fmt: skip
    write(first, "Start\n\nThe body\n\n    is indented\n\n - and listed | with bars\n\ndiff x 77a54a7..1037fa5")
    git("checkout", "-q", "-b", "side")
    write({"side.txt": "side\n", "run.sh": "c\n"}, "Side")
    git("checkout", "-q", "main")
    numbers[30] = "line thirty"
    os.chmod(folder / "run.sh", 0o755)
    git("mv", "old.md", "src/new.md")
    git("mv", "src/engine.py", "src/motor.py")
    changed = {"src/motor.py": "\n".join(numbers), "win.txt": "a\r\nB\r\n", "my file": "z\n", "dü": "ö\n",
               "empty": "", "logo.png": "\0\2", "q.sql": "select\n-- new\n", "long/folder/a.py": "x\n"}  # fmt: skip
    write(changed, "Change")
    git("merge", "-q", "side", "-m", "Merge side")
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("command", GIT_COMMANDS)
def test_whatever_git_prints_restores_whole_and_cut_off(repository: Path, command: str) -> None:
    text = subprocess.run(
        ["git", "--no-pager", *command.split()], cwd=repository, check=True, capture_output=True
    ).stdout.decode("utf-8")
    stripped = "\n".join(line.rstrip() for line in text.split("\n"))
    for variant in (text, stripped, text.replace("\r\n", "\n").replace("\n", "\r\n")):
        assert restores(variant)
        assert all(restores(variant[: len(variant) * part // 7]) for part in range(1, 7))
    if len(text) > 400 and "--graph" not in command and "--format=email" not in command:
        rendering = DIFF.encode(Facts(text))
        assert rendering is not None
        assert tokens.counter().count(rendering) < tokens.counter().count(text)


pieces = st.one_of(
    st.sampled_from([*FILE.split("\n"), *COMMIT.split("\n"), *TABLE.split("\n"), "", " ", "    ", "\r"]),
    st.sampled_from([FILE, COMMIT, TABLE, COMMIT + "\n" + TABLE, COMMIT + "\n" + FILE]).map(lambda s: s[:-1]),
    st.sampled_from([line for text in (FILE, TABLE, COMMIT) for line in rendered(text * 2)]),
    st.sampled_from([
        "\\", "\\ No newline at end of file", "--- ", "+++ b/x", "--- a/x", "@@ -1,9 +1,9 @@", "@@@ -1 -1 +1 @@@",
        "diff --git a/x b/x", "diff x", "diff x => y", "index 77a54a7..1037fa5", "commit 676249b", "Merge: a1b2 c3d4",
        "Author: A <a>", "Author: A", "Author: A | B <c>", "Date:   x", "commit 676249b | A | x", " a/:", " ./:",
        " a 1 +", " a | 1 +", " 1 file changed, 1 insertion(+)", "    a 1 +", " 2 files changed (width 3)",
        "\\diff x", "\\\\diff x", "\\commit 676249b | A", "\\ 1 file changed", "Index: x", "=" * 67,
        "--- x\ta", "+++ x\tb",
    ]),
    st.text(max_size=12),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, max_size=16).map("\n".join))
@example(COMMIT + "\n a 1 +\n 1 file changed, 1 insertion(+)\n")
@example("diff x\n" + FILE + " a/:\n" + TABLE)
def test_any_mixture_of_lines_restores(text: str) -> None:
    for variant in (FILE + text, COMMIT + text, TABLE + text, text + "\n" + FILE, FILE[:-12] + text):
        assert restores(variant)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=16).map("\n".join))
def test_garbage_below_a_header_decodes_or_raises_a_format_error(text: str) -> None:
    for mark in DIFF.marks:
        assert isinstance(DIFF.decode(f"{mark}]\n{text}"), str)
    with pytest.raises(FormatError):
        DIFF.decode(f"{DIFF.marks[0]}; unheard of]\n{text}")
    with pytest.raises(FormatError):
        DIFF.decode(f"{DIFF.marks[0]}]")


@pytest.mark.parametrize(
    "text",
    [
        "def diff(a, b):\n    commit(a)\n    return a - b\n" * 9,
        "src/a.py:12:diff --git a/x b/x\nsrc/a.py:13:index 1..2\n" * 9,
        "- diff of a and b\n- commit messages\n+ added\n" * 9,
        "---\ntitle: Diff\ndate: 2025-03-12\n---\n\n# Commits\n\n2 files changed, says git.\n",
        "     1\tdiff --git a/x b/x\n     2\tindex 77a54a7..1037fa5 100644\n" * 9,
        "[main 676249b] Count the sill\n 2 files changed, 3 insertions(+)\n create mode 100644 x\n",
    ],
    ids=["source", "grep", "list", "front matter", "read", "git commit"],
)
def test_other_kinds_of_text_do_not_fit(text: str) -> None:
    assert DIFF.fit(Facts(text)) == 0
    assert DIFF.encode(Facts(text)) is None


def test_every_corpus_file_fits() -> None:
    texts = [sample.text for sample in samples() if sample.kind == DIFF.name]
    assert len(texts) >= 5
    assert all(DIFF.fit(Facts(text)) >= 0.5 and rendered(text) for text in texts)


def local_cli(pattern: str) -> list[str]:
    if not LOCAL_CLI.exists():
        pytest.skip("the shared command outputs are not on this machine")
    with tarfile.open(LOCAL_CLI) as archive:
        found = [member for member in archive if re.search(pattern, member.name)]
        return [(archive.extractfile(member) or io.BytesIO()).read().decode("utf-8") for member in found]


@pytest.mark.parametrize(
    ("pattern", "share"), [(r"git-log\.txt", 0.13), (r"git-log-stat\.txt", 0.14), (r"diff-stat\.txt", 0.32)]
)
def test_real_logs_and_tables_save_what_is_promised(pattern: str, share: float) -> None:
    assert saved(local_cli(pattern)) >= share


def test_real_diffs_save_what_is_promised_where_lines_are_not_generated() -> None:
    written = [text for text in local_cli(r"\.diff$") if max(map(len, text.split("\n"))) < 5_000]
    assert len(written) > 100
    assert saved(written) >= 0.05


def test_diffs_of_real_agents_save_what_is_promised() -> None:
    if not MINI_SWE.exists():
        pytest.skip("the shared trajectories are not on this machine")
    with gzip.open(MINI_SWE, "rt", encoding="utf-8") as lines:
        outputs = (json.loads(line)["output"] for line in lines if "diff --git" in line)
        assert saved([text for text in outputs if "\ndiff --git" in text]) >= 0.12
