"""Two thousand mutations of the cases: the right value, a warning or a sentence; never a wrong number in silence."""

import gzip
import random
import warnings

import numpy as np
import pytest
from test_cases import CASES, CELL, HAMILTONIANS, READ, WARNED

from nacjax.readers import read_wannier
from nacjax.readers.dos import understand
from nacjax.readers.text import NUMBER
from nacjax.readers.unpack import read_text

TABLES = [name for name in READ if name not in WARNED]
PLAIN = ("bom.csv", "cr.dat", "utf16.dat", "tiny_negative.dat", "header_eV.dat", "spin3.dat", "hartree.OUT")
SEED = 20


def cells(line: str) -> list[str] | None:
    """Words of a row of numbers, or None."""
    words = line.replace(";", " ").replace(",", " ").split()
    return words if len(words) > 1 and all(NUMBER.fullmatch(word) for word in words) else None


def cut_anywhere(text: str, rng) -> bytes:
    return text.encode()[: rng.randrange(1, len(text.encode()))]


def cut_after_a_line(text: str, rng) -> bytes:
    lines = text.splitlines(keepends=True)
    return "".join(lines[: rng.randrange(1, len(lines))]).encode()


def shuffled(text: str, rng) -> bytes:
    lines = text.splitlines(keepends=True)
    rows = [k for k, line in enumerate(lines) if cells(line)]
    order = rng.sample(rows, len(rows)) if rng.random() < 0.3 else None
    if order is None:
        a, b = rng.sample(rows, 2)
        lines[a], lines[b] = lines[b], lines[a]
    else:
        for place, line in zip(rows, [lines[k] for k in order], strict=True):
            lines[place] = line
    return "".join(lines).encode()


def one_row_less_or_more(text: str, rng) -> bytes:
    lines = text.splitlines(keepends=True)
    row = rng.choice([k for k, line in enumerate(lines) if cells(line)])
    lines[row : row + 1] = rng.choice([[], [lines[row]] * 2])
    return "".join(lines).encode()


def columns_swapped(text: str, rng) -> bytes:
    """Two columns interchanged in all rows; the header stays."""
    lines = text.splitlines()
    width = max(len(words) for line in lines if (words := cells(line)))
    a, b = sorted(rng.sample(range(width), 2))
    for k, line in enumerate(lines):
        words = cells(line)
        if words and len(words) > b:
            words[a], words[b] = words[b], words[a]
            lines[k] = "  ".join(words)
    return ("\n".join(lines) + "\n").encode()


def other_line_ends(text: str, rng) -> bytes:
    return text.replace("\n", rng.choice(["\r\n", "\r", "\r\r\n"])).encode()


def other_encoding(text: str, rng) -> bytes:
    packed = rng.choice(["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "gzip"])
    return gzip.compress(text.encode()) if packed == "gzip" else text.encode(packed)


def decimal_commas(text: str, rng) -> bytes:
    """As a spreadsheet of another country writes it."""
    separator = rng.choice([";", "\t", "  "])
    lines = [separator.join(c) if (c := cells(line)) else line for line in text.splitlines()]
    return (
        "\n".join(line.replace(".", ",") if cells(line.replace(separator, " ")) else line for line in lines)
        + "\n"
    ).encode()


def no_header(text: str, rng) -> bytes:
    return "".join(line for line in text.splitlines(keepends=True) if cells(line)).encode()


EVERY = (cut_anywhere, cut_after_a_line, shuffled, one_row_less_or_more, columns_swapped, other_line_ends)
MORE = (*EVERY, other_encoding, decimal_commas, no_header)


def band(path):
    """Edges, states and cumulative DoS (point,) of a file in its own unit."""
    raw, source = understand(path)
    filled = raw.filled() - raw.filled()[0]
    return source.states, lambda x: np.interp(x, raw.energy, filled / filled[-1]), raw


def in_silence(read, path):
    """What `read` makes of a file, or None where it refuses or warns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = read(path)
        except ValueError as error:
            assert path.name.split(".")[0] in str(error), error
            return None
    return None if caught else result


@pytest.mark.parametrize("seed", range(4))
def test_mutated_tables(tmp_path, seed):
    rng = random.Random(SEED + seed)
    right, told = {name: band(CASES / name) for name in TABLES}, 0
    for _ in range(400):
        name, change = rng.choice(TABLES), rng.choice(MORE)
        path = tmp_path / name.removesuffix(".gz")
        path.write_bytes(change(read_text(CASES / name), rng))
        found = in_silence(band, path)
        told += found is None
        if found is None:
            continue
        states, filled, raw = right[name]
        x = np.linspace(raw.energy[0], raw.energy[-1], 50)
        assert found[0] == pytest.approx(states, rel=0.01), (name, change.__name__)
        np.testing.assert_allclose(found[1](x), filled(x), atol=0.01, err_msg=f"{name} {change.__name__}")
    print(f"{told} of 400 refused or warned of")
    assert 100 < told < 350


def test_mutated_hamiltonians(tmp_path):
    """Interchanged vectors or orbitals are another, sound Hamiltonian: columns stay."""
    rng = random.Random(SEED)
    k = np.random.default_rng(5).normal(size=(3, 3))
    names = [name for name in HAMILTONIANS if name != "nonewline_hr.dat"]

    def levels(path):
        with np.errstate(all="ignore"):
            h = read_wannier(path, CELL)
        half = np.einsum(
            "kb,bij->kij", np.exp(1j * (k @ (np.asarray(h.displacements) @ CELL).T)), np.asarray(h.matrices)
        )
        return np.linalg.eigvalsh(half + np.swapaxes(half.conj(), 1, 2) + np.asarray(h.onsite))

    right, told = levels(CASES / "ok_hr.dat"), 0
    changes = [change for change in (*EVERY, other_encoding) if change is not columns_swapped]
    for _ in range(400):
        path = tmp_path / "some_hr.dat"
        path.write_bytes(rng.choice(changes)(read_text(CASES / rng.choice(names)), rng))
        found = in_silence(levels, path)
        told += found is None
        if found is not None:
            np.testing.assert_allclose(found, right, atol=1e-9)
    assert 100 < told < 350


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize(
    "unit, factor", [("eV", 1.0), ("meV", 1e-3), ("Ha", 27.211386245988), ("Ry", 13.605693122994)]
)
def test_other_units(tmp_path, name, unit, factor):
    """The same band in another unit, which the header names: the same in eV."""
    raw, source = understand(CASES / name)
    path = tmp_path / "band.dat"
    rows = zip(raw.energy / factor, raw.density * factor, strict=True)
    path.write_text(
        f"# energy ({unit})   DOS (states/{unit})\n" + "".join(f"{e:.9f} {d:.9f}\n" for e, d in rows)
    )
    again, said = understand(path)
    assert said.unit == unit and said.states == pytest.approx(source.states, rel=1e-4)
    np.testing.assert_allclose(again.energy * said.unit_ev, raw.energy, atol=1e-6)
