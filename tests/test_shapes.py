"""Columns of a kind of line: what is constant leaves them, what is equal is told, what cannot be parted is refused."""

from __future__ import annotations

from headroom.compressors._lines import shapes
from headroom.compressors._lines.clusters import clusters
from headroom.compressors._lines.shapes import Shape


def shape_of(lines: list[str]) -> Shape:
    [cluster] = clusters(lines, lambda line: False)
    shape = shapes.shape(cluster)
    assert shape is not None
    for row, line in enumerate(lines):
        values = [column[row] for column in shape.columns]
        assert "".join(a + b for a, b in zip(shape.texts, [*values, ""], strict=True)) == line
    return shape


def test_what_all_values_share_beside_punctuation_is_constant_text() -> None:
    shape = shape_of(["sshd[24200]: block blk_385 ok", "sshd[24203]: block blk_-69 ok", "sshd[1]: block blk_7 ok"])

    assert shape.texts == ["sshd[", "]: block blk_", " ok"]
    assert shape.columns == [("24200", "24203", "1"), ("385", "-69", "7")]


def test_an_address_and_a_fraction_stay_whole() -> None:
    shape = shape_of(["from 10.251.73.220 took 0.251", "from 10.251.43.115 took 0.272"])

    assert shape.columns == [("10.251.73.220", "10.251.43.115"), ("0.251", "0.272")]


def test_a_value_that_stands_again_in_its_line_is_one_column() -> None:
    shape = shape_of(["dn228 at dn228/dn228 up", "dn731 at dn731/dn731 up", "dn978 at dn978/dn978 up"])

    assert shape.same == [-1, 0, 0]


def test_short_values_are_not_called_equal() -> None:
    assert shape_of(["a1 b 1 c 1 d", "a1 b 2 c 2 d", "a1 b 3 c 3 d"]).same == [-1, -1]


def test_a_unit_leaves_its_numbers_but_a_name_keeps_its_number() -> None:
    assert shape_of(["took 296ms now", "took 114ms now"]).texts == ["took ", "ms now"]
    assert shape_of(["mount sda1 now", "mount sdb2 now"]).columns == [("sda1", "sdb2")]


def test_numbers_in_text_without_blanks_are_columns() -> None:
    shape = shape_of(["订单18626已支付，金额814.16元", "订单17535已支付，金额596.34元"])

    assert shape.texts == ["订单", "已支付，金额", "元"]
    assert shape.columns == [("18626", "17535"), ("814.16", "596.34")]


def test_a_quoted_phrase_is_one_value() -> None:
    agents = ["Mozilla/5.0 (X11; Linux x86_64) Chrome/121", "Mozilla/5.0 (Macintosh; Intel Mac OS X) Safari/17"]
    lines = [f'10.0.0.{i} "GET / HTTP/1.1" 200 "-" "{agents[i % 2]}"' for i in range(4)]

    assert all(" " not in value.strip('"') or value[0] == '"' for c in shape_of(lines[::2]).columns for value in c)
    assert shapes.is_phrase(f'"{agents[0]}"')
    assert not shapes.is_phrase('"')
    assert not shapes.is_phrase('" x"')
    assert not shapes.is_phrase('"a"b"')
