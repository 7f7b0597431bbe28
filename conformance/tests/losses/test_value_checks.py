"""``value_checks``: as a plain call, in a ``with`` block, on a function, and in another thread."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import numpy as np
import pytest

import unifocal


def checked() -> bool:
    """Whether a bad class index is refused."""
    try:
        return bool(np.isfinite(unifocal.cross_entropy(np.zeros((1, 2)), [7])))
    except ValueError:
        return True


@pytest.fixture(autouse=True)
def _checks_as_before() -> Iterator[None]:
    with unifocal.value_checks(True):
        yield


def test_a_plain_call_counts_from_there_on() -> None:
    unifocal.value_checks(False)
    assert not checked()
    unifocal.value_checks(True)
    assert checked()


def test_a_block_restores_what_was_before() -> None:
    for before in (False, True):
        unifocal.value_checks(before)
        with unifocal.value_checks(not before):
            assert checked() is not before
            with unifocal.value_checks(before):
                assert checked() is before
            assert checked() is not before
        assert checked() is before


def test_a_decorated_function_changes_nothing_around_it() -> None:
    unchecked = unifocal.value_checks(False)(checked)
    assert checked()
    assert not unchecked()
    assert checked()
    assert unchecked.__doc__ == checked.__doc__


def test_other_threads_are_left_alone() -> None:
    unifocal.value_checks(False)
    found: list[bool] = []
    thread = Thread(target=lambda: found.append(checked()))
    thread.start()
    thread.join()
    assert found == [True]


@pytest.mark.parametrize("enabled", ["no", 0, None])
def test_anything_but_a_bool_is_refused(enabled: Any) -> None:
    with pytest.raises(TypeError, match=f"value_checks takes True or False; received {type(enabled).__name__}"):
        unifocal.value_checks(enabled)
