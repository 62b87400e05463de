"""An audit as a page: one file that loads nothing, whose every figure is traced to the JSON, and nothing runs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest

from headroom.audit.html import page
from headroom.audit.markup import Sheet, bar, element, html, joined, table
from headroom.audit.rows import Row
from headroom.audit.summary import document
from tests.audit_rows import dearer, regret, row, unpriced

ROWS = [*(row(n, dollars=float(n)) for n in range(1, 13)), dearer(50), unpriced(60)]
DIGITS = re.compile(r"\d+(?:[.,]\d+)*")


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and each piece of text with the path it comes from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.inside: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.elements.append((tag, named))
        above = self.inside[-1][1] if self.inside else ""
        if tag not in ("meta", "link"):
            self.inside.append((tag, named.get("data-from") or above))

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop()[0] == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside[-1][0] not in ("style", "script"):
            self.texts.append((data, self.inside[-1][1]))


def made(rows: Sequence[Row], **options: Any) -> tuple[Any, str]:
    found = document(rows, **options)
    return found, page(found)


def test_the_page_holds_all_that_it_needs_and_may_load_and_run_nothing() -> None:
    _, text = made(ROWS)
    parsed = Page(text)
    links = [
        value for _, named in parsed.elements for name, value in named.items() if name in ("src", "href", "action")
    ]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = next(named["content"] for tag, named in parsed.elements if "http-equiv" in named and tag == "meta")

    assert links == ["data:,"]
    assert "url(" not in text
    assert "@import" not in text
    assert [named for tag, named in parsed.elements if tag == "script"] == [{"type": "application/json", "id": "data"}]
    assert style is not None
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in policy
    assert parsed.inside == []


def test_the_document_is_in_the_page_as_it_is() -> None:
    found, text = made(ROWS)
    data = text.partition('id="data">')[2].partition("</script>")[0]

    assert json.loads(data) == json.loads(json.dumps(found))


def test_every_number_that_is_shown_comes_from_a_place_in_the_json() -> None:
    found, text = made(ROWS, failed=[("a.jsonl", "MemoryError: 3")])
    sheet = Sheet(json.loads(json.dumps(found)))
    loose = [data for data, path in Page(text).texts if DIGITS.search(data) and not path]
    shown = [(data, path) for data, path in Page(text).texts if path]

    assert loose == []
    assert len(shown) > 300
    for data, path in shown:
        value = sheet.value(path)
        assert data.strip() == "" or data == "–" or value is not None, path
        if isinstance(value, str):
            assert data in value or data.rstrip("…") in value, path


def test_a_number_reads_as_the_value_at_its_place() -> None:
    found, text = made([row(dollars=10.0)])
    shown = {path: data for data, path in Page(text).texts if path}

    assert found["summary"]["raw"]["dollars"] == 11.0
    assert shown["$.summary.raw.dollars"] == "$11.00"
    assert shown["$.summary.levels.balanced.turns.more"] == "+25%"
    assert shown["$.tools[0].name"] == "Read"
    assert shown["$.sessions[0].requests"] == "40"


HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&amp;\x1b[31m\u2028"


def test_texts_of_logs_are_text_and_nothing_else() -> None:
    one = regret(line=HOSTILE, used="alert(2)", call=HOSTILE, around=HOSTILE, tool=HOSTILE)
    _, text = made([row(project=HOSTILE, name=HOSTILE, path=HOSTILE, regrets=(one,), notes=(HOSTILE,))])
    parsed = Page(text)

    assert [tag for tag, _ in parsed.elements].count("script") == 1
    assert "img" not in [tag for tag, _ in parsed.elements]
    assert HOSTILE in [data for data, _ in parsed.texts]


@pytest.mark.parametrize("rows", [[], [unpriced()], [row(regrets=(), wastes=(), groups=())], [dearer()]])
def test_there_is_a_page_whatever_there_is_to_tell(rows: list[Row]) -> None:
    found, text = made(rows)

    assert found["summary"]["advice"]["sentence"].partition("$")[0] in text
    assert Page(text).inside == []


def test_a_loss_is_written_with_a_minus_and_in_the_colour_of_one() -> None:
    _, text = made([dearer(more=2.0)])

    assert 'class="lost"' in text
    assert "−$2.00" in text


def test_what_is_html_stays_and_what_is_text_is_escaped() -> None:
    assert element("b", "<i>", class_="a'b", data_head='"') == '<b class="a&#x27;b" data-head="&quot;">&lt;i&gt;</b>'
    assert joined([element("b"), "<"], " & ") == "<b></b> &amp; &lt;"
    assert html(html("<")) == "&lt;"
    assert "<" in element("b") + html("&")


def test_a_sheet_shows_values_by_their_paths_and_a_range_of_equal_ends_once() -> None:
    sheet = Sheet({"a": [{"b-c": 1.0}, {"b-c": None}]})

    assert sheet.value("$.a[0].b-c") == 1.0
    assert sheet.show("$.a[1].b-c") == '<span data-from="$.a[1].b-c">–</span>'
    assert sheet.span("$.a[0].b-c", "$.a[0].b-c", str) == sheet.show("$.a[0].b-c")
    with pytest.raises(LookupError):
        sheet.value("$.a[2]")


def test_a_bar_ends_with_what_was_spared_and_goes_on_with_what_was_lost() -> None:
    parts = re.compile(r'x="([\d.]+)" y="0" width="([\d.]+)" height="10" class="([a-z-]+)"')

    assert parts.findall(bar(80, 10, 20, 100, name="x")) == [
        ("0.00", "60.00", "spent-bar"), ("60.00", "10.00", "maybe-bar"), ("70.00", "10.00", "spared-bar"),
    ]  # fmt: skip
    assert parts.findall(bar(80, -20, -20, 100, name="x")) == [
        ("0.00", "80.00", "spent-bar"), ("80.00", "20.00", "lost-bar"),
    ]  # fmt: skip


def test_narrow_screens_leave_out_the_columns_that_are_marked() -> None:
    made = table(("<Tool", "=", "+Cut"), [("a", "b", "c")])

    assert '<td class="words" data-head="Tool">a</td><td class="bar" data-head="">b</td>' in made
    assert '<td class="more" data-head="Cut">c</td>' in made
