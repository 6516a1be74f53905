"""Keys of maps know their kind and part, and are strings wherever strings are wanted."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from MarrowQuantLib.model import MapKey

kinds = st.sampled_from(["ff", "ff_vendor", "adc", "dwi_high", "in_phase", "r2star"])


@given(kinds, st.integers(1, 99))
def test_a_key_comes_back_from_what_was_written(kind, part):
    key = MapKey(kind, part)
    for again in (MapKey.read(str(key)), MapKey.read(json.loads(json.dumps({key: 1})).popitem()[0]), pickle.loads(pickle.dumps(key))):
        assert again == key and (again.kind, again.part) == (kind, part)


@given(kinds)
def test_the_first_part_is_looked_up_by_the_kind_alone(kind):
    assert {MapKey(kind): "here"}[kind] == "here"
    assert MapKey(kind, 2) != kind


@pytest.mark.parametrize("text", ["", None, "adc_part", "adc_partial", "_part2x"])
def test_a_text_that_names_no_part_is_a_kind(text):
    assert MapKey.read(text).part == 1 and MapKey.read(text) == (text or "")
