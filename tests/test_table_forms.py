"""Blocks of lines that differ in values alone: what a rendering shows, what comes back, and what is no such text."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import tokens
from headroom.compressors.table import Table
from headroom.errors import FormatError
from headroom.types import Facts, ToolCall

TABLE = Table()
FRUITS = (
    "damson",
    "quince",
    "pear",
    "medlar",
    "plum",
    "cherry",
    "sloe",
    "fig",
    "apple",
    "greengage",
    "mulberry",
    "elder",
)


def _each(form: str, between: str = "\n", around: tuple[str, str] = ("", "")) -> str:
    made = [
        form.replace("NAME", fruit).replace("NUMBER", str(7 * i)).replace("KILOS", f"{40 + 3 * i}.5")
        for i, fruit in enumerate(FRUITS)
    ]
    return around[0] + between.join(made) + around[1]


TEXTS = {
    "console.log": _each(
        "  {\n    id: NUMBER,\n    name: 'NAME',\n    meta: { kilos: KILOS, at: undefined }\n  }",
        ",\n", ("[\n", "\n]\n"),
    ),
    "pprint": _each(
        "{'box': {'kilos': KILOS, 'lid': None},\n  'id': NUMBER,\n  'name': 'NAME',\n  'ok': True}",
        ",\n ", ("[", "]\n"),
    ),
    "Rust": _each(
        '    Lot {\n        id: NUMBER,\n        name: "NAME",\n        state: Pressed,\n    },', "\n", ("[\n", "\n]\n")
    ),
    "print_r": _each(
        "    [NUMBER] => Array\n        (\n            [name] => NAME\n            [kilos] => KILOS\n        )\n",
        "\n", ("Array\n(\n", ")\n"),
    ),
    "INI": _each("[NAME]\nhost = press.example.com\nport = 80NUMBER\nwaits = true\n", "\n"),
    "TOML": _each('[[lot]]\nname = "NAME"\nkilos = KILOS\nfruit = true\n', "\n"),
    "services": _each(
        "  NAME:\n    image: acme/NAME:1.NUMBER\n    environment:\n      LEVEL: info\n    restart: always",
        "\n", ("name: press\nservices:\n", "\nnetworks:\n  default:\n    name: press\n"),
    ),
    "paths": _each(
        "  /NAME/{id}:\n    get:\n      operationId: getNUMBER\n      responses:\n        '200':\n          $ref: OK",
        "\n", ("openapi: 3.0.3\npaths:\n", "\n"),
    ),
    "plan": _each(
        '  # press_lot.NAME will be created\n  + resource "press_lot" "NAME" {\n      + id    = (known after apply)\n'
        '      + kilos = KILOS\n    }\n',
        "\n", ("Terraform will perform the following actions:\n\n", "\nPlan: 12 to add, 0 to change, 0 to destroy.\n"),
    ),
    "XML": _each(
        "  <lot>\n    <name>NAME</name>\n    <kilos>KILOS</kilos>\n    <state>pressed</state>\n  </lot>", "\n",
        ("<lots>\n", "\n</lots>\n"),
    ),
    "rows": _each("********** NUMBER. row **********\n   name: NAME\n  kilos: KILOS\n  state: pressed", "\n"),
    "servers": _each(
        "server {\n    listen 80;\n    server_name NAME.example.com;\n    location / {\n"
        "        proxy_pass http://127.0.0.1:90NUMBER;\n    }\n}\n",
        "\n",
    ),
    "hosts": _each("Host NAME\n    HostName 10.0.0.NUMBER\n    User press\n    Port 22\n", "\n"),
    "page": _each(
        '  - listitem [ref=eNUMBER]:\n    - link "NAME" [ref=x]:\n      - /url: /lots/NAME\n    - text: KILOS kilos',
        "\n", ("- list [ref=x]:\n", "\n"),
    ),
    "stacks": _each(
        "goroutine 1NUMBER [select, 9 minutes]:\npress.wait(0xcNUMBER, 0x1)\n\t/src/press/press.go:1NUMBER +0x85\n"
        "created by press.Start\n\t/src/press/main.go:12 +0x5f\n",
        "\n",
    ),
}  # fmt: skip


def rendered(text: str, call: ToolCall | None = None) -> str:
    facts = Facts(text, call)
    assert TABLE.fit(facts) > 0
    rendering = TABLE.encode(facts)
    assert rendering is not None
    assert TABLE.decode(rendering) == text
    return rendering


@pytest.mark.parametrize("name", TEXTS)
def test_blocks_that_differ_in_values_cost_less_than_two_thirds(name: str) -> None:
    count = tokens.counter().count
    assert count(rendered(TEXTS[name])) < 0.66 * count(TEXTS[name])


def test_the_lines_of_a_block_stand_once_above_a_row_for_each() -> None:
    assert rendered(TEXTS["console.log"]).startswith(
        "[\n[compact table: each row is the 5 lines below, <k> its cell of k]\n"
        "  {\n    id: <id>,\n    name: '<name>',\n"
        "    meta: { kilos: <kilos>, at: undefined }\n  },\n"
        ":id name kilos\n0 damson 40.5\n7 quince 43.5\n"
    )


def test_a_name_stands_in_the_row_of_the_block_it_opens() -> None:
    lines = rendered(TEXTS["services"]).split("\n")
    assert lines[3] == "  <name>:"
    assert any(line.startswith("quince") and "7" in line for line in lines)


def test_braces_are_of_a_pair_that_the_block_does_not_hold() -> None:
    assert "    <name>{name}</name>\n" in rendered(TEXTS["XML"])


def test_a_line_that_some_blocks_lack_is_an_empty_cell() -> None:
    text = TEXTS["INI"].replace(
        "[pear]\nhost = press.example.com\nport = 8014\nwaits = true\n", "[pear]\nport = 8014\n"
    )
    assert text != TEXTS["INI"]
    rendered(text)


def test_lines_of_one_block_alone_stay_with_the_value_above_them() -> None:
    text = TEXTS["services"].replace("    restart: always\n  plum:", "    restart: always\n    # soon\n  plum:")
    assert "# soon" in rendered(text)


def test_blocks_of_another_form_stand_where_they_stood() -> None:
    text = TEXTS["TOML"].replace('[[lot]]\nname = "fig"\nkilos = 61.5\nfruit = true', "[[lot]]\nx\ny\nz\nx")
    assert text != TEXTS["TOML"]
    assert "\\x\n\\y\n\\z\n\\x\n" in rendered(text)


SOURCE = "".join(
    f"def press_{fruit}(kilos):\n    if kilos > {i}:\n        return juice(kilos)\n    {'x' * i} = y\n\n\n"
    for i, fruit in enumerate(FRUITS)
)


FAILURES = _each("FAILED NAME after 0.0s\n    press_test.go:1NUMBER: got KILOS, want 9\n    press: wet", "\n")


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (FAILURES, None),
        (TEXTS["INI"], ToolCall(name="Bash", args={"command": "cat press.ini"})),
        (TEXTS["services"], ToolCall(name="Read", args={"file_path": "compose.yaml"})),
        (SOURCE, None),
        ("\n".join(f"{n}: pressed {n * 7} of {fruit}" for n, fruit in enumerate(FRUITS)), None),
        ("id: 1\nname: a\nid: 2\nname: b\n", None),
    ],
)
def test_failures_files_source_and_single_lines_are_no_blocks(text: str, call: ToolCall | None) -> None:
    assert TABLE.fit(Facts(text, call)) == 0


PIECES = st.sampled_from(
    [
        "{", "}", "},", "", "  id: 1,", "  id: 22,", "  name: 'a',", "  name: 'b, c',", "  name: ''", "<x>1</x>",
        "<x>a<b</x>", "[a]", "[b]", "k = v", "k = {", "k = \\n", "svc:", "web:", "  - run", "\\x", "[end of table]",
        "<id>", "  {k}: [1]", "\t", "row 1 of 2", "row 3 of 4", ":", "a: b: c", 'x: "y"', 'x: ""', "listen 80;",
        "é: «1»",
    ]
)  # fmt: skip


@given(st.lists(PIECES, min_size=2, max_size=6), st.lists(st.lists(PIECES, max_size=2), min_size=5, max_size=9))
def test_any_blocks_come_back(block: list[str], others: list[list[str]]) -> None:
    text = "\n".join(line for other in others for line in (*block, *other))
    facts = Facts(text)
    rendering = TABLE.encode(facts) if TABLE.fit(facts) else None
    assert rendering is None or TABLE.decode(rendering) == text


@pytest.mark.parametrize(
    "rendering",
    [
        "[compact table: each row is the 2 lines below, <k> its cell of k]\na: <a>\n:a\n1",
        "[compact table: each row is the 1 lines below, <k> its cell of k]\na: <b>\n:a\n1",
        "[compact table: each row is the 9 lines below, <k> its cell of k]\na",
        "[compact table: each row is some lines]\n:a\n1",
    ],
)
def test_a_header_that_its_lines_belie_is_refused(rendering: str) -> None:
    with pytest.raises(FormatError):
        TABLE.decode(rendering)


@pytest.mark.parametrize("line", ["k" * 3_000 + ": 1", "a b " * 900, "{" * 3_000, "x: " + "'a', " * 700, "- " * 1_500])
def test_long_lines_take_no_long_time(line: str) -> None:
    start = process_time()
    TABLE.fit(Facts("\n".join([line, "id: 1", f"name: {line}"] * 40)))
    assert process_time() - start < 2
