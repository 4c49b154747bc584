"""Every public name says what it is: a docstring, with shapes and units of the numbers in it."""

import ast
import dataclasses
import importlib
import inspect
import itertools
import pkgutil
import re

import pytest

import nacjax as nj
from nacjax.commands.main import COMMANDS, options

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


def explanations(kind) -> dict[str, str]:
    """Field of a dataclass → the string literal that follows it."""
    body = ast.parse(inspect.getsource(kind)).body[0].body  # pyright: ignore[reportAttributeAccessIssue]
    return {
        field.target.id: text.value.value
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained_with_its_unit(command):
    module, name, _ = COMMANDS[command]
    kind = getattr(importlib.import_module(module), name)
    groups = {kind} | {
        field.type for field in dataclasses.fields(kind) if dataclasses.is_dataclass(field.type)
    }
    found = {name: text for group in groups for name, text in explanations(group).items()}
    for field in options(kind).values():
        assert found.get(field.name), f"--{field.name} of {command} is not explained"
        if field.type in (float, "float") or str(field.type).startswith("tuple[float"):
            assert re.search(r"\(.+\)", found[field.name]), f"--{field.name} of {command} has no unit"
