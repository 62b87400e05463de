r"""What a terminal shows of a text, and that nothing else than what is surely drawn over goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._screen import screen

BAR = "".join(f"\r    Building [{'=' * i}>{' ' * (20 - i)}] {i}/20: serde, syn" for i in range(20))
PROGRESS = {
    "a count of a sum": "".join(f"Rebasing ({i}/1241)\r" for i in range(1, 1242)) + "Successfully rebased.\n",
    "a share": "".join(f"Receiving objects: {i:3}% ({i}/100), {i}.2 MiB | 3.1 MiB/s\r" for i in range(100)) + "done.\n",
    "a bar that is wiped out": f"{BAR}\r\x1b[K    Finished dev\n",
    "a bar of blocks": "".join(f"\r{i}%|{'█' * (i // 10)}| {i}/100 [00:01<00:09]" for i in range(101)) + "\n",
    "columns of figures": "% Total  Time\n" + "".join(f"\r {i} 12.3M  0 16384 0:10:12" for i in range(50)) + "\n",
    "a figure that turns": "Installing dependencies ... -\b \b\\\b \b|\b \bdone\n",
    "numbers written back": "copied " + "".join(f"{i:3}%" + "\b" * 4 for i in range(100)) + "100%\n",
    "one line up": "".join(f"Progress: resolved {i}\n\x1b[1A\x1b[K" for i in range(50)) + "Progress: resolved 50\n",
    "several lines up": "a\nb\n" + "".join(f"\x1b[2A\x1b[2Ka {i}\n\x1b[2Kb {i}\n" for i in range(50)),
    "a wiped page below": "a\nb\nc\n\x1b[3A\x1b[Jall done\n",
    "spinners at the first column": "".join(f"\x1b[1G\x1b[0K{c}" for c in "⠙⠹⠸⠼") + "\x1b[1G\x1b[0Kadded 12 packages\n",
    "bold letters": "r\bre\bea\bad\bd me\n",
}
LEFT = {
    "a count of a sum": "Rebasing (1241/1241)\rSuccessfully rebased.\n",
    "a share": "Receiving objects:  99% (99/100), 99.2 MiB | 3.1 MiB/s\rdone.\n",
    "a bar that is wiped out": "    Finished dev\n",
    "a bar of blocks": "100%|██████████| 100/100 [00:01<00:09]\n",
    "columns of figures": "% Total  Time\n 49 12.3M  0 16384 0:10:12\n",
    "a figure that turns": "Installing dependencies ... done\n",
    "numbers written back": "copied 100%\n",
    "one line up": "Progress: resolved 50\n",
    "several lines up": "a 49\nb 49\n",
    "a wiped page below": "all done\n\n\n",
    "spinners at the first column": "added 12 packages\n",
    "bold letters": "read me\n",
}
WHOLE = {
    "lines that end in CR LF": "one 1%\r\ntwo 2%\r\n",
    "a file of lines that end in CR": "name,1\rfoo bar baz,2\rqux,3\rfoo,4\n",
    "source with CR alone": "import os\rdef f():\r    return 100 / 5\r",
    "what stands beside what was drawn over": "[....] Starting nginx\r[ ok ]\n[....] Starting db\r[FAIL]\n",
    "colours": "\x1b[32m✓\x1b[0m passed 1%\n",
    "a diff": "diff --git a/x b/x\n@@ -1 +1 @@\n-1%\r2%\r3%\n",
    "a second screen": "1%\r2%\x1b[?1049hmenu\x1b[2;5Hitem\n\x1b[1Aback\n",
    "writing amid a line above": "abc\ndef\x1b[1Axyz\n",
    "a cleared page": "all of it\n\x1b[H\x1b[2Jand more\n",
    "no end": "\x1b[",
}


@pytest.mark.parametrize("case", PROGRESS)
def test_of_progress_the_last_state_is_left(case: str) -> None:
    seen = screen(PROGRESS[case])
    assert seen is not None
    assert seen.text == LEFT[case]


@pytest.mark.parametrize("case", WHOLE)
def test_what_is_not_surely_drawn_over_stays(case: str) -> None:
    assert screen(WHOLE[case]) is None


def test_lines_keep_their_numbers_where_nothing_moves_up() -> None:
    seen = screen("first\n1%\r2%\r3%\nthird\n1%\r2%\n")
    assert seen is not None
    assert (seen.text, seen.first, seen.last) == ("first\n3%\nthird\n2%\n", 2, 4)
    assert seen.what == "3 states that the program drew over"
    assert seen.aligned
    up = screen("a 1%\n\x1b[1Aa 2%\n")
    assert up is not None
    assert not up.aligned


@pytest.mark.parametrize(
    "text",
    [
        "Building 1%\rERROR: disk full on db-2\rBuilding 2%\rdone\n",
        "Building 1%\rERROR: disk full on db-2\r\x1b[KBuilding 2%\n",
        "ERROR 1%: disk full on db-2\rERROR 2%: disk full on db-3\n",
        "a 1%\nb 1%\n\x1b[2A\x1b[2Ka ERROR: disk full on db-2\n\x1b[2Kb 2%\n\x1b[2A\x1b[Ja 3%\nb 3%\n",
    ],
)
def test_what_tells_of_failure_stays_though_it_was_drawn_over(text: str) -> None:
    seen = screen(text)
    assert "disk full on db-2" in (text if seen is None else seen.text)


def test_a_count_of_failures_goes_for_a_later_one() -> None:
    seen = screen("1/9 done, 1 failed\r5/9 done, 2 failed\r9/9 done, 3 failed\n")
    assert seen is not None
    assert seen.text == "9/9 done, 3 failed\n"


def test_ends_of_lines_and_colours_stay() -> None:
    seen = screen("one\r\n\x1b[32m1%\x1b[0m\r\x1b[32m2%\x1b[0m\r\nthree\r\n")
    assert seen is not None
    assert seen.text == "one\r\n\x1b[32m2%\x1b[0m\r\nthree\r\n"


def test_without_its_colours_a_text_keeps_its_words_and_what_is_left_out_is_counted() -> None:
    plain = screen("ok\n\x1b[32m✓\x1b[0m one\n\x1b[1;31m✕\x1b[0m two\n", colours=False)
    assert plain is not None
    assert (plain.text, plain.what, plain.first, plain.last) == ("ok\n✓ one\n✕ two\n", "4 colour codes", 2, 3)
    both = screen("1%\r2%\n\x1b[32mdone\x1b[0m\n", colours=False)
    assert both is not None
    assert (both.text, both.first, both.last, both.coloured) == ("2%\ndone\n", 1, 2, False)
    assert both.what == "1 states that the program drew over, 2 colour codes"


@pytest.mark.parametrize(
    "text", ["no colours\n", "\x1b[1mdiff --git a/x b/x\x1b[m\n\x1b[36m@@ -1 +1 @@\x1b[m\n-a\n+b\n"]
)
def test_colours_of_a_diff_stay(text: str) -> None:
    assert screen(text, colours=False) is None


PIECES = st.sampled_from(
    ["\r", "\n", "\r\n", "\b", "\x1b[K", "\x1b[2K", "\x1b[1A", "\x1b[J", "\x1b[2J", "\x1b[31m", "\x1b[", "\x1b]0;t\x07",
     "\x1b[3C", "\x1b[1G", "\x1b[9G", "a 1%", "a 2%", "ERROR x", "plain words", " ", "─"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_failure_is_ever_drawn_over_and_the_count_is_of_the_text(text: str) -> None:
    seen = screen(text)
    if seen is None:
        return
    assert 1 <= seen.first <= seen.last <= text.count("\n") + 1
    if not seen.aligned:
        return
    assert seen.text.count("\n") == text.count("\n")
    if "\b" not in text and "\x1b" not in text:
        assert pieces(seen.text) <= pieces(text)
        assert ("ERROR x" in seen.text) == ("ERROR x" in text)


def pieces(text: str) -> set[str]:
    return {piece.rstrip() for piece in text.replace("\r", "\n").split("\n")}


@given(st.text(alphabet="a1%/ \r\n\b\x1b[]0;2AGKJHm\x07é─", max_size=60))
def test_any_text_can_be_followed(text: str) -> None:
    seen = screen(text)
    assert seen is None or seen.what[0] in "123456789"
