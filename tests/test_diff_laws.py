"""What holds for all diffs and commits: whatever git prints restores, any mixture of lines too, and tokens saved."""

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
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom import policy, tokens
from headroom.errors import FormatError
from headroom.types import Facts
from tests.samples import SHARED, Sample, samples
from tests.test_diff import COMMIT, DIFF, FILE, TABLE, rendered, restores

LOCAL_CLI = SHARED / "data" / "logs" / "local-cli.tar.gz"
MINI_SWE = SHARED / "data" / "trajectories" / "mini-swe-agent-python.jsonl.gz"


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


@settings(max_examples=300)
@given(st.lists(pieces, max_size=16).map("\n".join))
@example(COMMIT + "\n a 1 +\n 1 file changed, 1 insertion(+)\n")
@example("diff x\n" + FILE + " a/:\n" + TABLE)
def test_any_mixture_of_lines_restores(text: str) -> None:
    for variant in (FILE + text, COMMIT + text, TABLE + text, text + "\n" + FILE, FILE[:-12] + text):
        assert restores(variant)


@settings(max_examples=80)
@given(st.sampled_from([s for s in samples() if s.kind == DIFF.name]), st.randoms(use_true_random=False))
def test_samples_with_lines_lost_or_moved_restore(sample: Sample, random: Random) -> None:
    lines = sample.text.split("\n")
    first, last = sorted(random.sample(range(len(lines) + 1), 2))
    lost = [line for line in lines if random.random() > 0.1]
    for variant in (lines[first:last], lost, random.sample(lines, len(lines)), lines[first:] + lost):
        assert restores("\n".join(variant))


@settings(max_examples=200)
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
