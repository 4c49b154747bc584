"""The numbers of every reference case are what they were: see `reference.py`, which also runs on its own."""

import pytest
import reference

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", reference.all_cases())
def test_the_numbers_are_what_they_were(name):
    one, kept = reference.all_cases()[name], reference.kept_numbers()[name]
    found = reference.deviations(one, reference.computed(one), kept)
    off = {number: deviation for number, (deviation, allowed) in found.items() if not deviation <= allowed}
    assert not off, f"{name}: relative deviations {off}"
