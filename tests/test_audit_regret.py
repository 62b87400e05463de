"""What a level hides of the used lines: a line is hidden only if what was used of it can no longer be read."""

from __future__ import annotations

from typing import Any

from headroom.audit.regret import same_request, shows, visible
from headroom.audit.used import Used
from headroom.types import Omission, ToolCall


def test_a_fact_is_shown_escaped_or_under_its_files_heading_but_not_elsewhere() -> None:
    assert shows('say "a"', '{"x": "say \\"a\\""}')
    assert shows("src/a.py:12:x = 1", "src/a.py\n12:x = 1\n")
    assert not shows("src/a.py:12:x = 1", "src/b.py\n12:x = 1\n")
    assert not shows("absent", "present")


def test_where_rows_are_left_out_the_used_text_is_looked_for() -> None:
    omission = Omission(unit="rows", first=2, last=3, what="rows", path="$.items")
    text = ['  {"id": "first_one"},', '  {"id": "second_one"},']

    assert visible(Used(1, "named", "first_one"), text, [omission], ['[{"id":"first_one"}]'])
    assert not visible(Used(2, "named", "second_one"), text, [omission], ['[{"id":"first_one"}]'])


def test_a_request_is_the_same_if_it_asks_for_the_same_whatever_it_is_called() -> None:
    def call(name: str = "Bash", **args: Any) -> ToolCall:
        return ToolCall(name=name, args=args)

    assert same_request(call(command="ls", description="a"), call(command="ls", description="b"))
    assert same_request(call("Read", file_path="a.py"), call("Read", file_path="a.py", offset=3))
    assert not same_request(call(command="ls"), call(command="ls -l"))
    assert not same_request(call("Grep", pattern="x", path="a"), call("Grep", pattern="x", path="b"))
    assert not same_request(call("Read", file_path="a.py"), call("Edit", file_path="a.py"))
