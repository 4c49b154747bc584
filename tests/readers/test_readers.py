"""read_dos: what it accepts, and refusals that name the file and the line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nacjax.readers import read_dos


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "band.dat"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_reads_blanks_commas_comments(table):
    dos = read_dos(table("# energy DoS v2D\n\n0.0 0.0 0.0\n1.0, 2.0, 4.0  # top\n2.0,0.0,0.0\n"))
    assert (dos.bottom, dos.top) == (0.0, 2.0)
    assert float(dos.density(1.0)) == pytest.approx(1.0)
    assert float(dos.velocity_squared(1.0)) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="no velocity column"):
        read_dos(table("0 0\n1 1\n2 0\n")).velocity_squared(1.0)


def test_empty_tails_are_cut_to_the_band_edges(table):
    dos = read_dos(table("-9 0\n-8 0\n-1 0\n0 1\n0.5 0\n1 1\n2 0\n7 0\n"))
    assert (dos.bottom, dos.top) == (-1.0, 2.0)
    assert float(dos.cumulative(0.5)) == pytest.approx(0.5 * (0.5 + 0.25) / (0.75 + 0.0))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(0.1, 10.0)), min_size=6, max_size=6))
def test_round_trip(tmp_path_factory, rows):
    steps, density = np.array(rows).T
    path = tmp_path_factory.mktemp("dos") / "table.txt"
    np.savetxt(path, np.column_stack([np.cumsum(steps), density]), fmt="%.17g")
    dos = read_dos(path)
    np.testing.assert_allclose(dos.energy, np.cumsum(steps), rtol=1e-12)
    area = np.sum(0.5 * (density[1:] + density[:-1]) * steps[1:])
    np.testing.assert_allclose(dos.slope, density / area, rtol=1e-9)


BAD = [
    ("0 1\n1 x\n2 1\n", r"line 2: 'x' is not a number"),
    ("0 1\n\n# c\n1 1 1\n2 1\n", r"line 4: 3 columns, expected 2"),
    ("0\n", r"line 1: 1 columns, expected 2 or 3"),
    ("0 1 2 3\n", r"line 1: 4 columns, expected 2 or 3"),
    ("0 1\n2 1\n1 1\n", r"line 3: energy 1.0 does not exceed 2.0"),
    ("0 1\n0 1\n1 1\n", r"line 2: energy 0.0 does not exceed 0.0"),
    ("0 1\n1 -1\n2 1\n", r"line 2: .*negative"),
    ("0 1\n1 nan\n2 1\n", r"line 2: .*not finite"),
    ("0 1\n1 inf\n2 1\n", r"line 2: .*not finite"),
    ("", "no rows of numbers"),
    ("# only a comment\n", "no rows of numbers"),
    ("0 1\n1 1\n", "2 rows; a table needs at least 3"),
    ("0 0\n1 0\n2 0\n", "no DoS above zero"),
]


@pytest.mark.parametrize("text, message", BAD)
def test_refusals_name_file_and_line(table, text, message):
    with pytest.raises(ValueError, match="band.dat.*" + message):
        read_dos(table(text))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt: there is no such file"):
        read_dos(tmp_path / "nowhere.txt")
