"""Frames on one line: what a legend says only where it pays, and what comes back."""

from __future__ import annotations

import pytest

from headroom.compressors.runs import Runs
from headroom.types import Facts

RUNS = Runs()
CAUSED = "The above exception was the direct cause of the following exception:"
HANDLING = "During handling of the above exception, another exception occurred:"


def rendered(*lines: str) -> str:
    text = "\n".join(lines)
    rendering = RUNS.encode(Facts(text)) or text
    assert rendering == text or RUNS.decode(rendering) == text
    return rendering


def frames(paths: list[str]) -> list[str]:
    return [line for n, path in enumerate(paths) for line in (f'  File "{path}", line {n}0, in load', f"    go({n})")]


def test_paths_told_by_their_end_are_in_the_legend_only_where_they_save_more_than_it_costs() -> None:
    deep = "/srv/app/src/orders/services/refunds/gateway.py"
    many = rendered("Traceback (most recent call last):", *frames([deep, "/x/a.py"] * 6), "ValueError: no")
    few = rendered("Traceback (most recent call last):", *frames(["a/b/c.py", "a/b/d.py"] * 2), "ValueError: no")

    assert "…/p: a path above" in many.split("\n")[0]
    assert "…/gateway.py:" in many
    assert "…/" not in few
    assert "a/b/c.py:" in few.split("\n")[-3]


@pytest.mark.parametrize(("sentence", "told"), [(CAUSED, "The above caused…"), (HANDLING, "During handling…")])
def test_what_python_says_between_exceptions_is_told_in_a_few_words(sentence: str, told: str) -> None:
    trace = [
        "Traceback (most recent call last):",
        *frames(["/srv/app/a.py", "/srv/app/b.py"] * 3),
        "ValueError: no",
        "",
    ]
    rendering = rendered(*trace, sentence, "", *[line.replace("/a.py", "/c.py") for line in trace], "exit code 1")

    assert f"\n{told}\n" in rendering
    assert sentence not in rendering


def test_a_line_that_reads_as_such_a_sentence_comes_back() -> None:
    trace = ["Traceback (most recent call last):", *frames(["/srv/app/a.py", "/srv/app/b.py"] * 3), "ValueError: no"]

    assert "\n\\The above caused…\n" in rendered(*trace, "The above caused…", "During handling…", "", CAUSED, "the end")


def test_a_path_that_begins_like_one_told_by_its_end_comes_back() -> None:
    paths = [path for n in range(9) for path in (f"/srv/app/src/orders/gateway/client{n % 2}.py", "…/client0.py")]
    rendering = rendered("Traceback (most recent call last):", *frames(paths), "X: no")

    assert "…/p: a path above" in rendering.split("\n")[0]
    assert '\n  File "…/client0.py", line 10, in load\n' in rendering
