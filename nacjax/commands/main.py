"""The command line: `nacjax COMMAND [study.toml] [options]`.

A command is a dataclass in `nacjax/commands`: documented fields are its options, or groups of options,
`run()` does it.
A TOML file gives the same options; what follows on the command line wins.
"""

import contextlib
import difflib
import importlib
import io
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any

from ..numerics.versions import __version__
from .interrupt import ENDING, INTERRUPTED, watch

COMMANDS = {
    "sweep": (
        "nacjax.commands.sweep",
        "Sweep",
        "σ(ω_p) for several pump strengths: a table, a NetCDF file and a figure",
    ),
    "evolve": (
        "nacjax.commands.evolve",
        "Evolve",
        "a pump pulse in time: σ, ζ, the fields E*, f(ε); a NetCDF file and a figure",
    ),
    "steady": (
        "nacjax.commands.steady",
        "Steady",
        "σ(ω_p) at t → ∞ beside the plateau before it; a table, a NetCDF file and a figure",
    ),
    "search": (
        "nacjax.commands.search",
        "Search",
        "where the conductivity is lowest, by gradients; a NetCDF file and a figure of the paths",
    ),
    "material": (
        "nacjax.commands.material",
        "Material",
        "a real metal in eV, K, fs and mJ/cm²: is σ < 0? A table, a NetCDF file and a figure",
    ),
    "probe": (
        "nacjax.commands.probe",
        "Probe",
        "what an experiment sees of K3C60: R(ω), lifetimes, E*; beside what was published",
    ),
    "figures": (
        "nacjax.commands.figures",
        "Figures",
        "the figures of the paper and some beyond, computed afresh; a table of its claims",
    ),
    "info": (
        "nacjax.commands.info",
        "Info",
        "what a result or a store holds and how far it got; the installation",
    ),
}
"""Name of a command → module, class, and what it does in a line."""

OK, FAILED, BAD_INPUT = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, 1 for a failure, 2 for bad input, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        watch()
    if not words or words[0] in ("-h", "--help"):
        print(overview())
        return OK
    if words[0] == "--version":
        print(f"nacjax {__version__}")
        return OK
    name, *words = words
    if name not in COMMANDS:
        return complain(
            "", f"there is no command {name!r}{nearest(name, COMMANDS)} known: {', '.join(COMMANDS)}"
        )
    if "--no-cache" not in words:
        from ..numerics.compiled import without_callbacks

        without_callbacks()
    module, kind, _ = COMMANDS[name]
    ENDING.name = name
    command = getattr(importlib.import_module(module), kind)
    try:
        ENDING.begun = True
        return parse(name, command, words).run() or OK
    except (ValueError, FileNotFoundError, FileExistsError) as error:
        return complain(name, str(error))
    except (OSError, ModuleNotFoundError) as error:
        return complain(name, str(error), FAILED)
    except KeyboardInterrupt as error:
        ENDING.say(str(error))
        return INTERRUPTED


def overview() -> str:
    """What `nacjax --help` prints."""
    lines = [f"  {name:8} {text}" for name, (_, _, text) in COMMANDS.items()]
    return "\n".join([
        "usage: nacjax COMMAND [study.toml] [options]",
        "",
        "Negative absolute conductivity of photoexcited metals (PRB 101, 041105).",
        "",
        *lines,
        "",
        "nacjax COMMAND --help explains the options of a command; a TOML file may give them as well.",
    ])  # fmt: skip


def parse(name: str, command: type, words: list[str]) -> Any:
    """The command's dataclass from its TOML file, if the first word is one, and the options after it."""
    import tyro

    first: list[str] = []
    if words and words[0].endswith(".toml"):
        first, words = toml_words(Path(words[0]), command), words[1:]

    check_repeated(words, command)
    words = [*first, *words]
    if broken := next((word for word in words if "\0" in word), ""):
        raise ValueError(f"{broken!r} is not allowed: it holds a null character")
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            found = tyro.cli(command, prog=f"nacjax {name}", args=words, config=(tyro.conf.OmitArgPrefixes,))
    except SystemExit as stop:
        if not stop.code:  # --help
            raise
        raise ValueError(in_a_line(said.getvalue(), list(options(command)))) from None
    found.given = frozenset(flags(words, command))
    return found


def flags(words: list[str], command: type) -> list[str]:
    """The options among words, by the names of their fields; `found.given` of a command are those it was given."""
    known = options(command)
    names = [word[2:].partition("=")[0].replace("-", "_") for word in words if word.startswith("--")]
    return [name if name in known else name.removeprefix("no_") for name in names]


def check_repeated(words: list[str], command: type) -> None:
    """Raise `ValueError` for an option that is given twice, of which the first would be lost."""
    named = flags(words, command)
    for name in named:
        if named.count(name) > 1:
            flag = name.replace("_", "-")
            raise ValueError(f"{flag} is given twice: give --{flag} once, with all its values after it")


def in_a_line(box: str, known: list[str]) -> str:
    """What tyro says about wrong words, in a box of several lines, as a sentence."""
    text, about = boxed(box)
    if unknown := re.match(r"Unrecognized options: ([^\s,]+)", text):
        word = unknown[1]
        if not word.startswith("-"):
            return f"{word!r} is not understood: options begin with --, and a study file ends in .toml"
        flags = ["--" + option.replace("_", "-") for option in known]
        return f"there is no option {word!r}{nearest(word, flags)} known: {', '.join(flags)}"
    if wrong := re.match(r"Error parsing --(\S+): (.*)", text):
        name, why = wrong.groups()
        listed = re.search(r"arguments: \[([^\]]*)\]", why)
        value = " ".join(re.findall(r"'([^']*)'", listed[1] if listed else why)[: None if listed else 1])
        return f"{name} = {value!r} is not allowed: it must be {wanted(about)}"
    if choice := re.match(r"invalid choice '(.*)' for argument '--(.*)'\. Expected one of \((.*)\)", text):
        value, name, allowed = choice.groups()
        allowed = allowed.replace("'None', ", "")
        return f"{name} = {value!r} is not allowed: it must be one of {allowed.replace(chr(39), '')}"
    if missing := re.match(r"Missing value for argument '--(.*)'\. Expected (\d+) values?", text):
        name, count = missing.groups()
        return f"{name} is not complete: give {count} value{'s' * (count != '1')} after --{name}"
    return text


def boxed(box: str) -> tuple[str, str]:
    """The first part of a box, which says what is wrong, and the second one, each in a line, without colours."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in box.splitlines()]
    framed = any(line.startswith("╭") for line in lines)
    parts = [""]
    for line in lines:
        inside = line.strip(" │|")
        if inside and set(inside) <= set("-─╰╯"):
            parts.append("")
        elif not line.startswith("╭"):
            parts[-1] += f" {inside}"
    if not framed and len(parts) > 1:
        parts.pop(0)  # the title
    said = [part.strip() for part in parts if part.strip()]
    return said[0] if said else "not understood", said[1] if len(said) > 1 else ""


def wanted(about: str) -> str:
    """What an option takes, from the line of its help."""
    many = "numbers" if "FLOAT" in about else "whole numbers"
    if "FLOAT" not in about and "INT" not in about:
        return f"of the kind that --help names: {about}"
    if about.count("FLOAT") + about.count("INT") > 1:
        return f"two {many}" if "..." not in about else many
    return "a number" if "FLOAT" in about else "a whole number"


def toml_words(path: Path, command: type) -> list[str]:
    """The options in a TOML file as words of a command line; raises `ValueError` for what is no option."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    known = options(command)
    words: list[str] = []
    for key, value in table.items():
        option = key.replace("-", "_")
        if option not in known:
            raise ValueError(
                f"{path}: {key!r} is no option{nearest(option, known)} known: {', '.join(known)}"
            )
        flag = option.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, dict):
            raise ValueError(f"{path}: {key!r} is a table; it must be a value or a list of values")
        else:
            words += [f"--{flag}", *map(str, value if isinstance(value, list) else [value])]
    return words


def options(command: type) -> dict[str, Field]:
    """The options of a command, those of its groups (fields that are dataclasses themselves) among them."""
    found: dict[str, Field] = {}
    for field in fields(command):
        found |= options(field.type) if is_dataclass(field.type) else {field.name: field}  # pyright: ignore[reportArgumentType]
    return found


def nearest(word: str, known: Any) -> str:
    """ "; did you mean …?" where something known is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.4)
    return f"; did you mean {found[0]!r}?" if found else ";"


def complain(name: str, text: str, status: int = BAD_INPUT) -> int:
    """Print an error in a line and return the exit status."""
    print(f"nacjax {name}: error: {text}".replace(" :", ":"), file=sys.stderr)
    return status
