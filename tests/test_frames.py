"""Traces in outlines of runs: which frames and lines of libraries go, and what stays of each."""

from __future__ import annotations

from headroom import notices
from tests.test_runs_outline import numbered, outline, words

SITE = "/srv/shop/.venv/lib/python3.12/site-packages/"


def failure(name: str, order: int) -> list[str]:
    """A failure of pytest in the short form: own code, then twelve frames of libraries, then logged lines."""
    lines = [f"____ {name} ____", f"tests/test_orders.py:{order}: in {name}", f"    client.post({order})"]
    for i in range(12):
        lines += [f"{SITE}urllib3/part{i}.py:{80 + i}: in call_{i}", f"    return self.next_{i}(request)"]
    lines += [f"E   shop.Refused: order {order} was refused", "------- Captured log call -------"]
    lines += [f"INFO     shop:client.py:41 POST /orders/{order} attempt {i}" for i in range(12)]
    return [*lines, f"WARNING  shop:client.py:60 gave up on {order}"]


HEAD = ("=== test session starts ===", *numbered("tests/test_{0}.py .. [ 12%]", 0, 4), "", "=== FAILURES ===")


def test_frames_of_libraries_go_but_the_one_that_raised_and_the_notice_says_what_the_project_called() -> None:
    text = "\n".join([*HEAD, *failure("test_a", 17), *failure("test_b", 18), "=== 2 failed in 1s ==="])
    made = outline(text)
    shown = made.text.split("\n")

    assert "11 library frames from urllib3 on" in words(made)
    assert "12 library frames" in words(made)
    assert [line for line in shown if SITE in line] == [f"{SITE}urllib3/part11.py:91: in call_11"]
    for name, order in (("test_a", 17), ("test_b", 18)):
        assert f"tests/test_orders.py:{order}: in {name}" in shown
        assert f"E   shop.Refused: order {order} was refused" in shown
        assert f"WARNING  shop:client.py:60 gave up on {order}" in shown


def test_of_a_cause_in_a_library_the_frame_that_raised_stays() -> None:
    frames = [
        line for i in range(12) for line in (f"{SITE}urllib3/part{i}.py:{80 + i}: in call_{i}", "    go(request)")
    ]
    through = [
        line for i in range(9) for line in (f"{SITE}retry/part{i}.py:{i}: in attempt_{i}", "    return go(*args)")
    ]
    chain = "The above exception was the direct cause of the following exception:"
    lines = [
        "____ test_a ____", *frames, "E   urllib3.Refused: refused", "", chain, "",
        *[line.replace("call", "send") for line in frames], "E   urllib3.NoAnswer: no answer", "", chain, "",
        "tests/test_orders.py:17: in test_a", "    client.post(17)", *through, "shop/client.py:41: in post",
        "    return self._send(order)", *[line.replace("call", "post") for line in frames], "E   shop.Refused: 17",
    ]  # fmt: skip
    made = outline("\n".join([*HEAD, *lines, "=== 1 failed in 1s ==="]))

    assert [line.split("/")[-1] for line in made.text.split("\n") if SITE in line] == [
        f"part11.py:91: in {name}_11" for name in ("call", "send", "post")
    ]
    assert "9 library frames from retry on" in words(made)
    assert "11 library frames from urllib3 on" in words(made)


def test_the_frame_by_which_a_library_is_entered_stays_where_the_call_is_not_shown() -> None:
    frames = [f'  File "{SITE}urllib3/part{i}.py", line {80 + i}, in call_{i}' for i in range(20)]
    own = ["Traceback (most recent call last):", '  File "/srv/shop/client.py", line 41, in post']
    made = outline("\n".join([*HEAD, *own, *frames, "shop.Refused: 17", "=== 1 failed in 1s ==="]))

    assert [line for line in made.text.split("\n") if SITE in line] == [frames[0], frames[-1]]


def entry(module: str, order: int, raised: bool = True) -> list[str]:
    """A function of a library as pytest shows it in the long form, down to the statement that raised."""
    source = [f"        self.{module}_{i} = prepare(request, {i})" for i in range(20)]
    ends = [">       raise Refused(request)", f"E       shop.{module.title()}: {order}"] if raised else [">       go()"]
    place = f"{SITE}shop/{module}.py:61: " + "Refused" * raised
    return ["", "    def send(self, request):", *source, *ends, "", place]


def long_failure(name: str, order: int) -> list[str]:
    """A failure of pytest in the long form: a cause in a library, then the project's call into the same one."""
    rule = "_ " * 40
    frames = [
        line for i in range(6) for line in (f"{SITE}retry/part{i}.py:{i}: in attempt_{i}", "    return go(*args)")
    ]
    return [
        f"____ {name} ____", *entry("pool", 0, raised=False), rule, *frames[:-2], rule, *entry("socket", 0), "",
        "The above exception was the direct cause of the following exception:", "",
        f"    def {name}():", f">       client.post({order})", "", f"tests/test_orders.py:{order}: ", rule,
        *frames, rule, *entry("adapter", order),
    ]  # fmt: skip


def test_of_the_long_form_each_cut_holds_all_that_a_library_did_up_to_what_raised() -> None:
    text = "\n".join([*HEAD, *long_failure("test_a", 17), "=== 1 failed in 1s ==="])
    made = outline(text)

    assert [said.split(" from ")[0] for said in words(made).split("; ")] == [
        "44 lines of library source, 5 library frames", "20 lines of library source, 6 library frames",
    ]  # fmt: skip
    assert "6 library frames from retry on" in words(made)


def test_a_cause_of_the_long_form_that_was_told_goes_whole() -> None:
    text = "\n".join([*HEAD, *long_failure("test_a", 17), *long_failure("test_b", 18), "=== 2 failed in 1s ==="])
    again = outline(text).text.partition("____ test_b ____\n")[2].split("\n")

    assert notices.read(again[0]) is not None
    assert again[1:5] == ["", "    def test_b():", ">       client.post(18)", ""]
    assert [line for line in again if line.startswith("E ")] == ["E       shop.Adapter: 18"]


def test_a_library_s_frame_that_only_raised_for_another_error_goes_within_a_chain() -> None:
    chain = "The above exception was the direct cause of the following exception:"
    frames = [line for i in range(6) for line in (f"{SITE}urllib3/part{i}.py:{i}: in call_{i}", "    go(request)")]
    causes = []
    for i, error in enumerate(("Refused", "NoAnswer", "GaveUp")):
        raised = [f"{SITE}urllib3/pool.py:{60 + i}: in send", f"    raise {error}("]
        causes += [*frames, *raised, f"E   {error}: no", "", chain]
    last = [
        "tests/test_orders.py:17: in test_a",
        "    post()",
        f"{SITE}urllib3/pool.py:70: in send",
        "    raise No",
        "E   No",
    ]
    shown = outline("\n".join([*HEAD, "____ test_a ____", *causes, *last, "=== 1 failed in 1s ==="])).text.split("\n")

    assert [line.split("/")[-1] for line in shown if SITE in line] == ["pool.py:60: in send", "pool.py:70: in send"]
    assert [line for line in shown if line.startswith("E ")] == [
        "E   Refused: no",
        "E   NoAnswer: no",
        "E   GaveUp: no",
        "E   No",
    ]
    assert shown.count(chain) == 3


def test_numbers_that_are_others_below_each_failure_are_no_values_that_change() -> None:
    failures = [line for i in range(4) for line in failure(f"test_{i}", 17 + 9_000 * i)]
    made = outline("\n".join([*HEAD, *failures, "=== 4 failed in 1s ==="]))

    assert sum(line.startswith("INFO ") for line in made.text.split("\n")) == 1  # the first of its kind


def test_a_trace_that_was_told_goes_with_the_frames_that_lead_into_the_library() -> None:
    texts = []
    for name, order in (("test_a", 17), ("test_b", 18)):
        lines = failure(name, order)
        lines[3:3] = ["shop/client.py:41: in post", "    return self._send(order)"]
        texts += lines
    made = outline("\n".join(["=== FAILURES ===", *texts, "=== 2 failed in 1s ==="]))

    assert made.text.count("shop/client.py:41: in post") == 1
    assert "12 library frames, 1 frames told above" in words(made)
    for name, order in (("test_a", 17), ("test_b", 18)):
        assert f"tests/test_orders.py:{order}: in {name}" in made.text.split("\n")


def test_the_source_of_a_library_goes_but_the_lines_above_what_raised() -> None:
    source = [f"        self.step_{i} = prepare(request, {i})" for i in range(20)]
    entry = [
        "",
        "    def send(self, request):",
        *source,
        ">       raise Refused(request)",
        "E       shop.Refused: 17",
        "",
    ]
    place = f"{SITE}shop/adapter.py:61: Refused"
    made = outline("\n".join(["=== FAILURES ===", "____ test_a ____", *entry, place, "=== 1 failed in 1s ==="]))

    assert f"{source[-1]}\n>       raise Refused(request)\nE       shop.Refused: 17\n\n{place}" in made.text
    assert source[3] not in made.text


def test_the_frames_of_the_project_are_shown() -> None:
    frames = [line for i in range(40) for line in (f"shop/part{i}.py:{i}: in call_{i}", "    return self.next(order)")]
    text = "\n".join(["=== FAILURES ===", "____ test_a ____", *frames, "E   ValueError: no", "=== 1 failed in 1s ==="])

    assert outline(text).omissions == ()
