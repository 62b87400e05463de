"""No line that holds a secret leaves an audit, and all other texts and figures stay."""

from __future__ import annotations

from headroom.audit.masks import MASK, hidden, masked
from headroom.audit.rows import Waste, as_json
from tests.audit_rows import regret, row

TOKEN = "ghp_" + "a1B2" * 9
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAQAB\n-----END RSA PRIVATE KEY-----"


def test_a_line_that_holds_a_secret_is_masked_and_those_around_it_stay() -> None:
    assert hidden(f"one\nexport TOKEN={TOKEN}\ntwo") == f"one\n{MASK}\ntwo"


def test_a_private_key_is_masked_with_all_its_lines() -> None:
    assert hidden(f"before\n{KEY}\nafter") == f"before\n{MASK}\nafter"
    assert hidden("before\n" + KEY.rsplit("\n", 1)[0]) == f"before\n{MASK}"


def test_secrets_are_masked_in_every_text_of_a_row() -> None:
    one = row(
        project=f"/srv/{TOKEN}", notes=(TOKEN,), skipped={TOKEN: 1},
        wastes=(Waste(kind="re-read", what=f"curl {TOKEN}", count=1, tokens=1, dollars=0.1),),
        regrets=(regret(line=f"key={TOKEN}", used=TOKEN[4:20], call=f"env {TOKEN}", around=f"a\n{TOKEN}\nb"),),
    )  # fmt: skip
    found = masked(one)

    assert TOKEN not in repr(found)
    assert TOKEN[4:20] not in repr(found)
    assert (found.regrets[0].line, found.regrets[0].used, found.regrets[0].around) == (MASK, MASK, f"a\n{MASK}\nb")


def test_a_row_without_secrets_stays_as_it_is() -> None:
    assert as_json(masked(row())) == as_json(row())
