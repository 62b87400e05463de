"""JSON, TOML and YAML as programs and people write them: where an edit goes, and that every other byte stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headroom.configs import Change, Form
from headroom.errors import ConfigError
from tests.config_samples import CODEX, CONTINUE, EMPTY, SETTINGS, journal, sets, written

SERVER = {"command": "/bin/headroom", "args": ["mcp", "--stdio"]}
URL = "http://127.0.0.1:8787/v1"


def edited(home: Path, form: Form, text: str, *pairs: tuple[str, object], appends: tuple[object, ...] = ()) -> str:
    """The text after an edit, which was undone and found to be undone."""
    file = written(home / f"config.{form}", text)
    path = ("list",) if appends else ()
    changes = [
        sets(file, form, *pairs),
        Change(file=file, form=form, appends=tuple((path, value) for value in appends)),
    ]
    journal(home).apply("wrap", changes)
    after = file.read_bytes().decode()
    journal(home).undo("wrap")
    assert file.read_bytes().decode() == text
    return after


WHERE: tuple[tuple[str, Form, str, tuple[tuple[str, object], ...], str], ...] = (
    ("after the last key", "json", '{\n\t"a": 1\n}', (("b", 2),), '{\n\t"a": 1,\n\t"b": 2\n}'),
    ("on the same line", "json", '{"a": 1}', (("b", [2, 3]),), '{"a": 1, "b": [2, 3]}'),
    ("without blanks in a minified file", "json", '{"a":1,"o":{}}', (("o.b", [2, 3]),), '{"a":1,"o":{"b":[2,3]}}'),
    ("before a trailing comma's end", "json", '{\n  "a": 1,\n}', (("b", 2),), '{\n  "a": 1,\n  "b": 2,\n}'),
    ("after a comment", "json", '{\n  "a": 1 // x, y\n}', (("b", 2),), '{\n  "a": 1, // x, y\n  "b": 2\n}'),
    ("after a comment on one line", "json", '{"a": 1 // x\n}', (("b", 2),), '{"a": 1, // x\n"b": 2\n}'),
    ("with the file's newlines", "json", '{\r\n  "a": 1\r\n}', (("b.c", 2),),
     '{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 2\r\n  }\r\n}'),
    ("in place of a value", "json", '{"a": [1, // x\n 2], "b": 3}', (("a", None),), '{"a": null, "b": 3}'),
    ("the last of two equal keys", "json", '{"a": 1, "a": 2}', (("a", 3),), '{"a": 1, "a": 3}'),
    ("in an object with a comment only", "json", "{ // none\n}", (("a", 1),), '{ // none\n  "a": 1\n}'),
    ("before the first table", "toml", "[t]\na = 1\n", (("b", 2),), "b = 2\n\n[t]\na = 1\n"),
    ("after the last key of no table", "toml", "a = 1 # x\n\n[t]\n", (("b", 2),), "a = 1 # x\nb = 2\n\n[t]\n"),
    ("above a table's comment", "toml", "# top\n\n# t\n[t]\n", (("b", 2),), "# top\n\nb = 2\n\n# t\n[t]\n"),
    ("at the end of its table", "toml", "[t]\n  a = 1\n\n[u]\n", (("t.b", 2),), "[t]\n  a = 1\n  b = 2\n\n[u]\n"),
    ("in a table without keys", "toml", "[t] # x\n[u]\n", (("t.b", 2),), "[t] # x\nb = 2\n[u]\n"),
    ("in an inline table", "toml", "t = { a = 1 }\n", (("t.b", 2),), "t = { a = 1, b = 2 }\n"),
    ("in an inline table in it", "toml", "t = { a = {} }\n", (("t.a.b", 2),), "t = { a = { b = 2 } }\n"),
    ("beside dotted keys", "toml", "t.a = 1\nc = 1\n", (("t.b", 2),), "t.a = 1\nt.b = 2\nc = 1\n"),
    ("beside dotted keys in a table", "toml", "[s]\nt.a = 1\n", (("s.t.b", 2),), "[s]\nt.a = 1\nt.b = 2\n"),
    ("in a table of its own", "toml", "[s.t]\na = 1", (("s.b", 2),), "[s.t]\na = 1\n\n[s]\nb = 2"),
    ("as a section", "toml", "[s.t]\na = 1\n", (("s.u", {"b": 1, "c": {"d": 2.5}}),),
     "[s.t]\na = 1\n\n[s.u]\nb = 1\nc = { d = 2.5 }\n"),
    ("in place of a section", "toml", "[t]\na = 1\n[t.u]\nb = 1 # x\n\n# v\n[v]\n", (("t", {"c": 2}),),
     "[t]\nc = 2\n\n# v\n[v]\n"),
    ("in place of a string over lines", "toml", 'a = """\n[t]\n""" # x\n', (("a", 1),), "a = 1 # x\n"),
    ("under a quoted key", "toml", '["a b"]\n"c.d" = 1\n', (("a b.e", 'q"'),), '["a b"]\n"c.d" = 1\ne = "q\\""\n'),
    ("with the file's newlines", "toml", "[t]\r\na = 1\r\n", (("t.b", 2),), "[t]\r\na = 1\r\nb = 2\r\n"),
    ("after the last key", "yaml", "a: 1 # x\n\n# end\n", (("b", 2),), "a: 1 # x\nb: 2\n\n# end\n"),
    ("with the file's indentation", "yaml", "a:\n    b: 1\nc: 2\n", (("a.d.e", "x"),),
     "a:\n    b: 1\n    d:\n        e: x\nc: 2\n"),
    ("below a key without a value", "yaml", "a: # x\nc: 2\n", (("a.b", URL),), f'a: # x\n  b: "{URL}"\nc: 2\n'),
    ("in brackets", "yaml", "a: {b: 1}\n", (("a.c", [2]),), 'a: {b: 1, "c": [2]}\n'),
    ("in empty brackets", "yaml", "a: {}\n", (("a.c", "on"),), 'a: {"c": "on"}\n'),
    ("in place of a block", "yaml", "a:\n  - 1 # x\n  - 2\nb: 3\n", (("a", {"c": 1}),), 'a:\n  {"c": 1}\nb: 3\n'),
    ("in place of nothing", "yaml", "a:\nb: 3\n", (("a", 1),), "a: 1\nb: 3\n"),
    ("after a block of text", "yaml", "a: |\n  x\n\n\nb:\n  c: >-\n    y\n", (("b.d", "no"),),
     'a: |\n  x\n\n\nb:\n  c: >-\n    y\n  d: "no"\n'),
    ("with the file's newlines", "yaml", "a:\r\n  b: 1\r\n", (("a.c", 2),), "a:\r\n  b: 1\r\n  c: 2\r\n"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("form", "text", "pairs", "after"), [row[1:] for row in WHERE], ids=[f"{row[1]}: {row[0]}" for row in WHERE]
)
def test_an_edit_goes_where_a_person_would_put_it(
    tmp_path: Path, form: Form, text: str, pairs: tuple[tuple[str, object], ...], after: str
) -> None:
    assert edited(tmp_path, form, text, *pairs) == after


APPENDED: tuple[tuple[Form, str, object, str], ...] = (
    ("json", '{\n  "list": [\n    1\n  ]\n}', {"a": 1}, '{\n  "list": [\n    1,\n    {\n      "a": 1\n    }\n  ]\n}'),
    ("json", '{"list": []}', 1, '{"list": [1]}'),
    ("json", "{}", 1, '{\n  "list": [\n    1\n  ]\n}'),
    ("toml", "list = [\n  1, # x\n]\n", 2, "list = [\n  1, # x\n  2,\n]\n"),
    ("toml", "list = []\n", {"a": 1}, "list = [{ a = 1 }]\n"),
    ("toml", "[[list]]\na = 1\n[list.b]\n\n[t]\n", {"a": 2}, "[[list]]\na = 1\n[list.b]\n\n[t]\n\n[[list]]\na = 2\n"),
    ("toml", "", 1, "list = [1]\n"),
    ("yaml", "list:\n- a: 1\n  b: 2\nc: 1\n", {"a": 2, "d": [3]},
     "list:\n- a: 1\n  b: 2\n- a: 2\n  d:\n    - 3\nc: 1\n"),
    ("yaml", "list:\n    - a # x\n", "b", "list:\n    - a # x\n    - b\n"),
    ("yaml", "list: [a, b]\n", {"c": 1}, 'list: [a, b, {"c": 1}]\n'),
    ("yaml", "list:\n", 1, "list:\n  - 1\n"),
)  # fmt: skip


@pytest.mark.parametrize(("form", "text", "element", "after"), APPENDED)
def test_an_element_goes_to_the_end_of_its_list(
    tmp_path: Path, form: Form, text: str, element: object, after: str
) -> None:
    assert edited(tmp_path, form, text, appends=(element,)) == after
    assert edited(tmp_path, form, after, appends=(element,)) == after


@pytest.mark.parametrize(("form", "text"), [(form, text) for form in EMPTY for text in EMPTY[form]])
def test_a_file_with_nothing_in_it_is_filled_and_emptied(tmp_path: Path, form: Form, text: str) -> None:
    pairs = (("a.b", {"c": [1]}), ("d", "e"))
    after = edited(tmp_path, form, text, *pairs)

    assert after.startswith(text.rstrip().rstrip("}").rstrip())
    file = written(tmp_path / f"config.{form}", text)
    journal(tmp_path).apply("wrap", [sets(file, form, *pairs)])
    note = "// mine\n" if form == "json" else "# mine\n"
    file.write_bytes((note + after).encode())
    journal(tmp_path).undo("wrap")
    assert file.read_bytes().decode() == note + text


def test_settings_of_claude_code(tmp_path: Path) -> None:
    after = edited(tmp_path, "json", SETTINGS, ("env.ANTHROPIC_BASE_URL", URL), ("permissions.deny", ["x"]))

    assert after == SETTINGS.replace('"1" // keep', f'"1", // keep\n    "ANTHROPIC_BASE_URL": "{URL}"').replace(
        '"deny": []', '"deny": [\n    "x"\n  ]'
    )


def test_configuration_of_codex(tmp_path: Path) -> None:
    pairs = ("openai_base_url", URL), ("mcp_servers.headroom", SERVER), ("tui.theme.size", 2), ("profiles.work.x", 1)
    after = edited(tmp_path, "toml", CODEX, *pairs)

    assert after == CODEX.replace("]\n\n# profiles", f']\nopenai_base_url = "{URL}"\n\n# profiles').replace(
        'key = "value" ]\n"""\n', 'key = "value" ]\n"""\nx = 1\n'
    ).replace('theme.name = "dark"\n', 'theme.name = "dark"\ntheme.size = 2\n') + (
        '\n[mcp_servers.headroom]\ncommand = "/bin/headroom"\nargs = ["mcp", "--stdio"]\n'
    )


def test_configuration_of_continue(tmp_path: Path) -> None:
    after = edited(tmp_path, "yaml", CONTINUE, ("extensions.headroom", SERVER), ("env.URL", URL), ("version", "2"))

    assert after == CONTINUE.replace("version: 1.0.0", 'version: "2"').replace(
        "env: {} #", f'env: {{"URL": "{URL}"}} #'
    ).replace(
        "extensions:\n",
        'extensions:\n  headroom:\n    command: "/bin/headroom"\n    args:\n      - mcp\n      - "--stdio"\n',
    )


def test_a_large_file_on_one_line(tmp_path: Path) -> None:
    projects = {
        f"/app/{i}": {"history": [{"n": i, "text": "süß 😀 \\u0041"}] * 20, "cost": 1e-7 * i} for i in range(300)
    }
    text = json.dumps({"projects": projects, "big": 12345678901234567890}, separators=(",", ":"))

    after = edited(tmp_path, "json", text, ("mcpServers.headroom", SERVER), ("projects./app/7.x", 1))

    assert json.loads(after) == json.loads(text) | {
        "mcpServers": {"headroom": SERVER},
        "projects": projects | {"/app/7": projects["/app/7"] | {"x": 1}},
    }
    assert len(text) > 300_000


NEIGHBOURS: tuple[tuple[Form, str, str, str], ...] = (
    ("json", '{\n  "a": 1\n}', '"ours": 1\n', '"ours": 1,\n  "theirs": 2\n'),
    ("json", "{}", '"ours": 1\n', '"ours": 1,\n  "theirs": 2\n'),
    ("json", '{"a": 1}', '"ours": 1', '"ours": 1, "theirs": 2'),
    ("json", '{\n  "a": 1,\n}', '"ours": 1,\n', '"ours": 1,\n  // mine\n  "theirs": 2,\n'),
    ("toml", "a = 1\n[t]\n", "ours = 1\n", "ours = 1\ntheirs = 2\n"),
    ("toml", "[t]\n", "ours = 1\n", "ours = 1\ntheirs = 2\n"),
    ("toml", "", "ours = 1\n", "ours = 1\n\n[theirs]\n"),
    ("yaml", "a: 1\n", "ours: 1\n", "ours: 1\ntheirs: 2\n"),
    ("yaml", "a: 1", "ours: 1", "ours: 1\ntheirs: 2"),
)


@pytest.mark.parametrize(("form", "text", "old", "new"), NEIGHBOURS)
def test_what_the_user_adds_beside_our_key_stays(tmp_path: Path, form: Form, text: str, old: str, new: str) -> None:
    file = written(tmp_path / "config", text)
    journal(tmp_path).apply("wrap", [sets(file, form, ("ours", 1))])
    touched = file.read_bytes().decode()
    assert touched.count(old) == 1
    file.write_bytes(touched.replace(old, new).encode())

    journal(tmp_path).undo("wrap")

    after = file.read_bytes().decode()
    assert ("theirs" in after, "ours" in after) == (True, False)
    assert after.replace(" ", "").replace("\n", "") == (
        touched.replace(old, new).replace("ours = 1", "").replace("ours: 1", "").replace('"ours": 1,', "")
    ).replace(" ", "").replace("\n", "")  # fmt: skip


REFUSED: tuple[tuple[Form, str, str, object], ...] = (
    ("toml", "[a]\nb = 1\n[c]\n[a.d]\n", "a", {"x": 1}),
    ("toml", "[[a]]\nb = 1\n", "a", 1),
    ("toml", "a = 1\n", "b", None),
    ("toml", "[[a]]\n", "a.b", 1),
    ("yaml", "a: &x\n  b: 1\nc: *x\n", "a.b", 2),
    ("yaml", "a: &x {b: 1}\nc: *x\n", "a.d", 2),
    ("yaml", "a: &x 1\nc: *x\n", "a", 2),
    ("yaml", "a: 1\n--- \nb: 1\n", "a", 2),
    ("yaml", "- a\n", "a", 2),
    ("json", "[]", "a", 2),
)


@pytest.mark.parametrize(("form", "text", "key", "value"), REFUSED)
def test_what_cannot_be_edited_safely_is_refused(
    tmp_path: Path, form: Form, text: str, key: str, value: object
) -> None:
    file = written(tmp_path / "config", text)

    with pytest.raises(ConfigError, match="nothing was changed"):
        journal(tmp_path).apply("wrap", [sets(file, form, (key, value))])

    assert file.read_bytes().decode() == text


BAD_JSON = ("{'a': 1}", '{"a": 01}', '{"a": 1 "b": 2}', '{"a"}', "{", '{"a": tru}', '{"a": "\t"}', '{"a": 1}}', "{,}",
            '{"a": NaN}', '{"a": +1}', '{"a": /* x }', '{"a": ' + "[" * 500 + "]" * 500 + "}")  # fmt: skip


@pytest.mark.parametrize("text", BAD_JSON)
def test_what_is_not_json_is_not_taken_for_it(tmp_path: Path, text: str) -> None:
    file = written(tmp_path / "config", "\n" + text)

    with pytest.raises(ConfigError, match="config:2: "):
        journal(tmp_path).apply("wrap", [sets(file, "json", ("x", 1))])
