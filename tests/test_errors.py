"""The error tree: what the docstring draws is what the classes are, and every edge finds its status on the class."""

from __future__ import annotations

import inspect
import re

import pytest

from headroom import errors

CLASSES = {
    name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, errors.HeadroomError)
}


def drawn_tree() -> dict[str, str | None]:
    """Child to parent, read from the tree in the module's docstring."""
    parents: dict[str, str | None] = {}
    open_branches: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^(?P<indent>(?:│   |    )*)(?P<branch>[├└]── )?(?P<name>[A-Z]\w+Error)\b", line)
        if found is None:
            continue
        depth = len(found["indent"]) // 4 + bool(found["branch"])
        parents[found["name"]] = open_branches[depth - 1] if depth else None
        open_branches[depth:] = [found["name"]]
    return parents


def test_the_tree_in_the_docstring_is_the_class_hierarchy() -> None:
    real = {name: None if cls is errors.HeadroomError else cls.__bases__[0].__name__ for name, cls in CLASSES.items()}

    assert drawn_tree() == real


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_an_error_is_one_sentence_and_has_one_base(name: str) -> None:
    cls = CLASSES[name]
    doc = inspect.cleandoc(cls.__doc__ or "")

    assert doc.splitlines()[0].rstrip().endswith(".")
    assert len(cls.__bases__) == 1


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_callers_mistake_exits_2_with_a_4xx_and_ours_exits_1_with_a_5xx(name: str) -> None:
    cls = CLASSES[name]

    if issubclass(cls, errors.UsageError):
        assert (cls.exit_code, cls.http_status // 100) == (2, 4)
    else:
        assert (cls.exit_code, cls.http_status // 100) == (1, 5)


def test_one_except_clause_catches_every_error() -> None:
    for cls in CLASSES.values():
        with pytest.raises(errors.HeadroomError, match="what happened; what to do"):
            raise cls("what happened; what to do")
