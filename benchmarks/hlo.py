"""What an optimised GPU program launches, reads and writes, from its HLO text.

A kernel reads what it needs of its operands (a slice counts for itself) and writes its results once. A conditional, and
a loop whose turns are not known when it is compiled, stop for the host once a turn.
"""

import collections
import re
from dataclasses import dataclass, field
from functools import cached_property

WIDTHS = {"f64": 8, "f32": 4, "s64": 8, "u64": 8, "s32": 4, "u32": 4, "pred": 1, "s8": 1, "u8": 1}
FREE = {"parameter", "constant", "get-tuple-element", "tuple", "bitcast", "after-all", "partition-id"}
SLICES = {"slice", "dynamic-slice", "gather"}
HEAD = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\) -> .* \{$")
BODY = re.compile(r"^\s+(ROOT )?%?([\w.\-]+) = (\(.*?\)|\S+) ([\w\-]+)\((.*)$")


@dataclass
class Instruction:
    """One line of HLO."""

    name: str
    shape: str
    op: str
    operands: list[str]
    attributes: str
    root: bool

    @cached_property
    def bytes(self) -> int:
        """The size of the result."""
        found = re.findall(rf"\b({'|'.join(WIDTHS)})\[([\d,]*)\]", self.shape)
        return sum(WIDTHS[kind] * _product(sizes) for kind, sizes in found)

    def called(self, key: str) -> str:
        """The computation that an attribute names."""
        found = re.search(rf"{key}=%?([\w.\-]+)", self.attributes)
        assert found, (key, self.name)
        return found.group(1)


def _product(sizes: str) -> int:
    total = 1
    for size in filter(None, sizes.split(",")):
        total *= int(size)
    return total


@dataclass
class Launch:
    """A kernel, or a stop for the host (`bytes` None), so often in one turn of each of the `loops` it is in."""

    name: str
    bytes: int | None
    loops: tuple[str, ...]
    times: float


@dataclass
class Program:
    """Computations by name, and which is the entry."""

    computations: dict[str, list[Instruction]] = field(default_factory=dict)
    entry: str = ""

    @classmethod
    def parsed(cls, text: str) -> "Program":
        """From HLO text."""
        program, current = cls(), []
        for line in text.splitlines():
            line = re.sub(r", metadata=\{[^}]*\}|/\*.*?\*/", "", line)
            if head := HEAD.match(line):
                current = program.computations[head.group(2)] = []
                program.entry = head.group(2) if head.group(1) else program.entry
            elif body := BODY.match(line):
                root, name, shape, op, rest = body.groups()
                arguments, _, attributes = rest.partition(")")
                operands = re.findall(r"%([\w.\-]+)", arguments)
                current.append(Instruction(name, shape, op, operands, attributes, bool(root)))
        return program

    def launches(self, name: str = "", loops: tuple[str, ...] = (), times: float = 1.0) -> list[Launch]:
        """All of them, from a computation on; a loop of unknown length counts as one turn, and is named."""
        found = []
        body = self.computations[name or self.entry]
        sizes = {one.name: one.bytes for one in body}
        for one in body:
            if one.op in FREE:
                continue
            if one.op == "while":
                found += self._loop(one, loops, times)
            elif one.op == "conditional":
                branches = re.findall(r"%([\w.\-]+)", one.attributes)
                found.append(Launch(one.name, None, loops, times))
                for branch in branches:
                    found += self.launches(branch, loops, times / len(branches))
            elif one.op == "call":
                found += self.launches(one.called("to_apply"), loops, times)
            else:
                moved = (
                    self.fused(one)
                    if one.op == "fusion"
                    else one.bytes + sum(sizes.get(o, 0) for o in one.operands)
                )
                found.append(Launch(one.name, moved, loops, times))
        return found

    def _loop(self, loop: Instruction, loops: tuple[str, ...], times: float) -> list[Launch]:
        count = re.search(r'known_trip_count":\{"n":"(\d+)"', loop.attributes)
        body, condition = loop.called("body"), loop.called("condition")
        if count:
            return self.launches(body, loops, times * int(count.group(1)))
        inner = (*loops, loop.name)
        stop = Launch(loop.name, None, inner, times)
        return [stop, *self.launches(condition, inner, times), *self.launches(body, inner, times)]

    def fused(self, fusion: Instruction) -> int:
        """Bytes that a fusion reads and writes."""
        body = self.computations[fusion.called("calls")]
        users = collections.defaultdict(list)
        for one in body:
            for operand in one.operands:
                users[operand].append(one)

        def read(name: str, whole: int) -> int:
            total = 0
            for user in users[name]:
                if user.op in ("bitcast", "reshape"):
                    total += read(user.name, whole)
                elif user.op in SLICES and user.operands[0] == name:
                    total += user.bytes
                elif not (user.op == "dynamic-update-slice" and user.operands[0] == name):
                    return whole
            return min(total, whole)

        by_name = {one.name: one for one in body}

        def written(one: Instruction) -> int:
            if one.op == "tuple":
                return sum(written(by_name[operand]) for operand in one.operands)
            target = by_name[one.operands[0]] if one.op == "bitcast" else one
            return by_name[target.operands[1]].bytes if target.op == "dynamic-update-slice" else one.bytes

        reads = sum(read(one.name, one.bytes) for one in body if one.op == "parameter")
        return reads + sum(written(one) for one in body if one.root)
