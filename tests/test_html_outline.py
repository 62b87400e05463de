"""What an outline of a page shows, what it leaves out, and when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom import compress
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, read
from headroom.store import MemoryStore
from headroom.types import Facts, ToolCall

HTML = BY_NAME["html"]
FILLER = "".join(
    f"<p class='t{n}'>Paragraph {n} tells of the <b>{n}</b>th harbour and its tides.</p>\n" for n in range(30)
)
NOISE = "<script>var secretive = 'payload';\n</script><style>.a { color: red }</style>" + "<i></i>\n" * 40


MARKUP = """
<p> </p> <b> </b> <a_href='/x'> </a> <nav> </nav> <li> <ul> </ul> <ol> </ol> <td> <tr> <table> </table> <pre> </pre>
<h2> </h2> <br> <br/> <hr> <i/> <svg> </svg> <path/> <div_hidden> </div> <script> </script> <!-- --> <!x>
<![CDATA[ ]]> <? &lt; &amp; &#65; &bogus; < > </ <a <a/b=c> <img_alt='q'> <title> </title> [… lines <![CDATA
""".split()  # noqa: SIM905


def page(body: str, title: str = "Harbours") -> str:
    return f"<!doctype html>\n<html><head><title>{title}</title></head>\n<body>{NOISE}{body}{FILLER}</body></html>\n"


def hash_of(n: int) -> str:
    return sha256(str(n).encode()).hexdigest()[:20]


def outline(text: str, query: str | None = None, call: ToolCall | None = None) -> str | None:
    """The outline without its notice; every outline is checked to be restored by it."""
    facts = Facts(text, call, query)
    made = HTML.outline(facts, PartNotices("abcdefghijkl", "tool"), False)
    if made is None:
        return None
    shown, _, last = made.text.rpartition("\n")
    told = read(last)
    assert told is not None
    assert (told.unit, told.first, told.last) == ("lines", 1, len(text.split("\n")))
    assert made.omissions[0].last == told.last
    assert HTML.restored(facts, made.text)
    return shown


SHOWN: Mapping[str, tuple[str, str]] = {
    "a title and headings": ("<h1>Tides</h1><h3>Low <em>water</em></h3>", "# Tides\n\n### Low water\n"),
    "lists, nested and numbered": (
        "<ul><li>one<li>two<ol><li>a</li><li>b</li></ol></li></ul>", "- one\n- two\n\n  1. a\n  2. b\n"
    ),
    "tables as rows": (
        "<table><tr><th>Port</th><th>Depth</th></tr><tr><td><p>Riga</p></td><td></td><td>9 m</td></tr></table>",
        "Port | Depth\nRiga | | 9 m\n",
    ),
    "links with where they go": (
        "<p>See <a href='/tides?utm_source=x&y=1'>the <i>table</i></a>, <a href='#top'>top</a>, "
        "<a href='javascript:void(0)'>more</a> and <a href='/tides'>again</a>.</p>",
        "See the table </tides>, top, more and again.\n",
    ),
    "code word for word": ("<pre><code>if a &lt; b:\n    go(  )\n</code></pre>", "```\nif a < b:\n    go(  )\n```\n"),
    "words that tags part": ("<p><b>H</b>arbours and <i>un</i>loading</p>", "Harbours and unloading\n"),
    "what entities stand for": ("<p>Caf&eacute; &amp; &#8364;5&nbsp;each</p>", "Café & €5 each\n"),
    "how a form is filled in and sent": (
        "<p>Book.</p><form method='POST' action='/berths?utm_source=x'><input type=hidden name=csrf value=1>"
        "<p>Your boat <input name=boat placeholder='Heron'></p><select name='size[]'>"
        "<option value=s>short<option value=l>long"
        "</select><textarea name=wishes></textarea><input type=submit name=go value=Book></form>",
        "Book.\n<form method=post action=/berths>\n\nYour boat <input name=boat> Heron\n\n<select name=size[]>\n"
        "short\nlong\n<textarea name=wishes> Book\n",
    ),
    "what pictures and fields say": ("<p><img alt='A map' src=x> <input value='Go' type=submit></p>", "A map Go\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_an_outline_shows(name: str) -> None:
    body, shown = SHOWN[name]
    assert f"# Harbours\n\n{shown}" in (outline(page(body)) or "")


def test_a_field_that_the_page_has_not_is_no_text_of_it() -> None:
    facts = Facts(page("<form><input name=boat></form>"), None, None)
    made = HTML.outline(facts, PartNotices("abcdefghijkl", "tool"), False)

    assert made is not None
    assert not HTML.restored(facts, made.text.replace("<input name=boat>", "<input name=crew>"))


def test_a_field_in_a_text_about_forms_is_text() -> None:
    body = '<pre>&lt;input name="boat"&gt; &lt;form method=post&gt;</pre>'
    assert '<input name="boat"> <form method=post>' in (outline(page(body)) or "")


def test_a_failure_that_was_printed_amid_a_menu_does_not_go_with_it() -> None:
    links = "".join(f"<a href=/a{n}>Boats of harbour {n}</a>\n" for n in range(12))
    body = f"<nav>\n{links}  ✕ counts the boats (3 ms)\n{links}</nav>"
    sent = compress(
        page(body + 5 * FILLER), tool="Bash", way_back="tool", level="balanced", store=MemoryStore()
    ).messages

    assert "✕ counts the boats (3 ms)" in sent


LEFT_OUT = {
    "scripts": "<script>let gone = 1</script>",
    "styles": "<style>.gone { margin: 0 }</style>",
    "drawings": "<svg><title>gone</title><path d='M0'/></svg>",
    "hidden elements": "<div hidden>gone <b>too</b></div>",
    "elements that a style hides": "<p style='color: red; display : none'>gone</p>",
    "comments": "<!-- gone -->",
    "templates": "<template><p>gone</p></template>",
    "menus": "<nav><ul><li><a href='/gone'>gone</a></li><li><a href='/b'>elsewhere</a></li></ul></nav>",
    "fields that nobody fills in": "<input type=hidden name=gone><input type=submit name=gone value=Go>",
    "attributes": "<p data-track='gone' onclick='gone()'>kept</p>",
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_an_outline_leaves_out(name: str) -> None:
    shown = outline(page(LEFT_OUT[name]))
    assert shown is not None
    assert "gone" not in shown
    assert "Paragraph 0 tells of the 0th harbour" in shown
    assert "Paragraph 29 tells" in shown


def test_a_navigation_that_is_mostly_text_is_no_menu() -> None:
    body = "<nav>The harbour office opens at seven, see <a href='/h'>hours</a>.</nav>"
    assert "opens at seven" in (outline(page(body)) or "")


def test_a_menu_stays_where_the_question_names_an_entry_of_it() -> None:
    body = "<nav><a href='/pilots'>Pilotage</a> <a href='/b'>Berths</a></nav>"
    assert "Pilotage </pilots>" not in (outline(page(body), "How deep is it?") or "")
    assert "Pilotage </pilots>" in (outline(page(body), "Where is the pilotage described?") or "")


UNSURE = {
    "the page ends in a script": page("<p>a</p>").replace("</body></html>", "<script>var x"),
    "a hidden element is never closed": page("<div hidden><p>a</p>"),
    "a menu would swallow the rest": "<!doctype html><nav>" + "<a href=x>y</a>" * 9,
    "scripts fill the page": page("").replace(FILLER, "<div id=root></div>"),
    "it is no page": "<feed>" + FILLER + "</feed>",
    "thousands of tags are open": page("<a " * 5000),
    "it is nested too deep": page("<div>" * 5000),
}


@pytest.mark.parametrize("name", UNSURE)
def test_there_is_no_outline_where(name: str) -> None:
    assert outline(UNSURE[name]) is None


@pytest.mark.parametrize("query", ["Which CSS applies?", "find the div with the class tide-table", "data-port values"])
def test_there_is_no_outline_where_the_question_is_about_the_markup(query: str) -> None:
    text = page("<div class='tide-table' data-port='1'>x</div>")
    assert outline(text, query) is None
    assert outline(text, "How deep is it? https://example.com/tide-table") is not None


def test_a_page_that_is_a_file_to_be_edited_has_no_outline() -> None:
    assert outline(page(""), call=ToolCall(name="Read", args={"file_path": "index.html"})) is None
    assert outline(page(""), call=ToolCall(name="Bash", args={"command": "cat index.html"})) is None
    assert outline(page(""), call=ToolCall(name="Bash", args={"command": "curl -s https://example.com"})) is not None


def test_an_unclosed_menu_loses_nothing() -> None:
    assert "Berths" in (outline(page("<div><nav><a href='/b'>Berths</a></div>")) or "")


def test_an_outline_with_a_word_that_the_page_does_not_show_is_refused() -> None:
    facts = Facts(page(""))
    made = HTML.outline(facts, PartNotices("abcdefghijkl", "tool"), False)
    assert made is not None
    assert not HTML.restored(facts, made.text.replace("0th harbour", "0th airport"))
    assert not HTML.restored(facts, made.text.replace("Paragraph 3 ", "Paragraph 9 "))
    assert not HTML.restored(facts, f"<https://example.com>\n{made.text}")
    assert not HTML.restored(facts, made.text.replace("lines 1-", "lines 2-"))


def test_a_page_is_sent_as_its_text_at_balanced_and_word_for_word_at_lossless() -> None:
    text = page(
        "".join(f"<div class='{hash_of(n)}'><a id='{hash_of(-n)}'></a><i>{n}</i></div>\n" for n in range(1, 200))
    )
    sent = compress(text, level="balanced", way_back="tool", store=MemoryStore())
    assert sent.tokens_after < 0.6 * sent.tokens_before
    assert "Paragraph 29 tells of the 29th harbour" in sent.messages
    assert "markup, scripts and styles" in sent.messages
    assert "markup, scripts" not in compress(text, level="lossless", store=MemoryStore()).messages


pieces = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from([tag.replace("_", " ") for tag in MARKUP]),
    ),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(pieces)
@example(["<![x"])
@example(["<!-", "<p>"])
@example(["<td>", "<li>", "1. 2"])
def test_no_page_raises_and_only_what_opens_something_can_take_text_along(made: list[str]) -> None:
    facts = Facts(page("".join(made)) + "<p>" + FILLER)
    shown = HTML.outline(facts, PartNotices("abcdefghijkl", "tool"), False)
    if shown is not None and HTML.restored(facts, shown.text) and not any("<" in piece for piece in made):
        assert "Paragraph 0 tells of the 0th harbour" in shown.text
        assert "Paragraph 29 tells of the 29th harbour" in shown.text
