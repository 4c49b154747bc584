"""Every public name says what it is: a docstring, with shapes and units of the numbers in it."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import typing

import pytest

import nacjax as nj
from nacjax.commands.main import COMMANDS, main, options

PUBLIC = sorted(
    name for name in dir(nj) if not name.startswith("_") and not inspect.ismodule(getattr(nj, name))
)
MODULES = [info.name for info in pkgutil.walk_packages(nj.__path__, "nacjax.") if "__main__" not in info.name]
UNIT = re.compile(
    r"\(time,?\)|\(scalars?\)|\((?:energy|rate|time|length|axis|event|rung|point|sample|start|quantity)[^)]*\)|"
    r"[Ee]nerg|time|rate|W\b|Γ|σ|per mode|phonons|dataset|field|number|\d"
)


def doc_of(thing) -> str:
    return inspect.getdoc(thing) or ""


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_documented(name):
    thing = getattr(nj, name)
    text = doc_of(thing)
    assert len(text) > 20, f"{name} has no docstring"
    assert UNIT.search(text), f"the docstring of {name} names no unit, shape or range"


def fields_of(kind) -> list[str]:
    return [field.name for field in dataclasses.fields(kind) if not field.name.startswith("_")]


@pytest.mark.parametrize("name", [n for n in PUBLIC if inspect.isclass(getattr(nj, n))])
def test_every_argument_of_a_public_class_is_explained(name):
    kind = getattr(nj, name)
    family = " ".join(doc_of(base) for base in kind.__mro__ if base.__module__.startswith("nacjax"))
    arguments = [a for a in inspect.signature(kind).parameters if a not in ("args", "kwargs")]
    hidden = {"kinetics", "states", "outcome", "stats"}  # what a run is made of, explained by its properties
    missing = [a for a in arguments if not re.search(rf"`{a}`|{a}", family) and a not in hidden]
    assert not missing, f"{name} does not explain {missing}"


@pytest.mark.parametrize("name", [n for n in PUBLIC if inspect.isfunction(getattr(nj, n))])
def test_every_argument_of_a_public_function_is_explained(name):
    function = getattr(nj, name)
    text = doc_of(function)
    arguments = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    missing = [a.name for a in arguments if not re.search(rf"\b{a.name}\b", text)]
    assert not missing, f"{name} does not explain {missing}"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_function_and_method_is_documented(module):
    loaded = importlib.import_module(module)
    if module.count(".") > 1 or module not in ("nacjax.physics", "nacjax.solvers", "nacjax.studies"):
        assert module in ("nacjax.physics", "nacjax.solvers", "nacjax.studies") or loaded.__doc__, module
    for name, thing in vars(loaded).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module:
            continue
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert doc_of(thing), f"{module}.{name} has no docstring"


def help_of(option: str, said: str) -> str:
    """What `--help` says of an option, without its default."""
    flag = "--" + option.replace("_", "-")
    found = re.search(rf"(?:{flag}(?:, --no-\S+)?|{option.upper()}\]?) (.*?)(?= --[a-z]|$)", said)
    return re.sub(r"\(default:.*", "", found[1]) if found else ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained_with_its_unit(command, capsys):
    module, name, _ = COMMANDS[command]
    kind = getattr(importlib.import_module(module), name)
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = re.sub(r"[\s│╭╰╮╯─]+", " ", capsys.readouterr().out)
    for field in options(kind).values():
        text = help_of(field.name, said)
        assert re.search(r"[a-zωζ]{3}", text), f"--{field.name} of {command} is not explained"
        number = (
            typing.get_args(field.type)[0]
            if typing.get_origin(field.type) is typing.Annotated
            else field.type
        )
        if number in (float, float | None) or str(number).startswith("tuple[float"):
            assert re.search(r"\(.+\)", text), f"--{field.name} of {command} has no unit"
