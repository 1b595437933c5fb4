"""Where the chips of the weights stand: they slide along their edges until none touches another.

Every chip has a row of candidates along its route. Candidates on cards or captions are out; of the
rest a chip prefers the middle of its edge and keeps off other edges. A few sweeps of "move to the
best candidate" settle who stands where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.present.canvas_measures import Box, Point, Route

_SHARES = np.linspace(0.14, 0.86, 29)
_CROSSING = 0.35  # what standing on another edge costs, against a distance from the middle
_OVERLAP = 100.0
_SWEEPS = 15
_STARTS = 5

Numbers = NDArray[np.float64]


class _Group(Struct, frozen=True):
    """Chips that compete for the same gap: candidate centres (chip, share, 2) and what each costs.

    `conflicts` (chip, share, chip, share) tells which candidates of different chips would touch.
    """

    names: list[str]
    centres: Numbers
    costs: Numbers
    conflicts: NDArray[np.bool_]


def place_chips(
    groups: Iterable[Sequence[str]],
    routes: Mapping[str, Route],
    obstacles: Sequence[Box],
    size: Point,
    clearance: float,
) -> tuple[dict[str, Box], set[str]]:
    """Boxes for the chips of the edges in `groups`, and the edges whose chips found no free place.

    The groups are settled one after the other; those before are in the way of those behind.
    """
    placed: dict[str, Box] = {}
    failed: set[str] = set()
    for names in groups:
        group = _candidates(names, routes, [*obstacles, *placed.values()], size, clearance)
        chosen, free = _settle(group)
        for number, (name, good) in enumerate(zip(group.names, free, strict=True)):
            x, y = group.centres[number, chosen[number]]
            placed[name] = Box(float(x) - size[0] / 2, float(y) - size[1] / 2, *size)
            if not good:
                failed.add(name)
    return placed, failed


def point_at(route: Route, share: float) -> Point:
    """The point after `share` of the length of a route."""
    x, y = _points_at(np.array(route), np.array([share]))[0]
    return float(x), float(y)


def _points_at(route: Numbers, shares: Numbers) -> Numbers:
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(route, axis=0).T))])
    at = shares * lengths[-1]
    return np.column_stack([np.interp(at, lengths, route[:, 0]), np.interp(at, lengths, route[:, 1])])


def _candidates(
    names: Sequence[str],
    routes: Mapping[str, Route],
    obstacles: Sequence[Box],
    size: Point,
    clearance: float,
) -> _Group:
    lines = [np.array(routes[name]) for name in names]
    centres = np.stack([_points_at(line, _SHARES) for line in lines])
    costs = np.tile(np.abs(_SHARES - 0.5) + 0.02 * _SHARES, (len(names), 1))
    for number, line in enumerate(lines):
        crossing = _stands_on(centres, line, size)
        crossing[number] = False
        costs += _CROSSING * crossing
    for box in obstacles:
        x, y = box.centre
        costs += _OVERLAP * _near(
            centres - (x, y), (size[0] + box.width) / 2, (size[1] + box.height) / 2, clearance
        )
    flat = centres.reshape(-1, 2)
    near = [
        np.abs(at[:, None] - at) < room + clearance for at, room in zip(flat.T, size, strict=True)
    ]  # an axis at a time: half the memory, twice as quick
    conflicts = (near[0] & near[1]).reshape(*costs.shape, *costs.shape)
    own = np.arange(len(names))
    conflicts[own, :, own, :] = False
    return _Group(list(names), centres, costs, conflicts)


def _near(difference: Numbers, width: float, height: float, clearance: float) -> NDArray[np.bool_]:
    apart = np.abs(difference)
    near: NDArray[np.bool_] = (apart[..., 0] < width + clearance) & (apart[..., 1] < height + clearance)
    return near


def _stands_on(centres: Numbers, line: Numbers, size: Point) -> NDArray[np.bool_]:
    """Which chips at `centres` would lie on the line; its x never falls."""
    across = centres[..., 0, None] + np.array([-0.5, -0.25, 0.0, 0.25, 0.5]) * size[0]
    level = np.interp(across, line[:, 0], line[:, 1], left=np.nan, right=np.nan) - centres[..., 1, None]
    low, high = np.where(np.isnan(level), np.inf, level), np.where(np.isnan(level), -np.inf, level)
    on: NDArray[np.bool_] = (low.min(axis=-1) < size[1] / 2) & (high.max(axis=-1) > -size[1] / 2)
    return on


def _orders(count: int) -> Iterator[NDArray[np.intp]]:
    """As they come, then by chance; numpy's random numbers take long to import and are rarely needed."""
    yield np.arange(count)
    random = np.random.default_rng(0)
    for _ in range(_STARTS - 1):
        yield random.permutation(count)


def _settle(group: _Group) -> tuple[list[int], list[bool]]:
    """The candidate of every chip, and whether it is free; the best of a few orders of moving."""
    tries: list[tuple[float, list[int], list[bool]]] = []
    for order in _orders(len(group.names)):
        chosen, costs = _sweep(group, order)
        tries.append((float(costs.sum()), chosen.tolist(), (costs < _OVERLAP).tolist()))
        if costs.max() < _OVERLAP:
            break
    _, best, free = min(tries)
    return best, free


def _sweep(group: _Group, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], Numbers]:
    """Let every chip move to its best candidate in turn, until none wants to; choices and costs."""
    chosen = np.argmin(group.costs, axis=1)
    everyone = np.arange(len(chosen))
    for _ in range(_SWEEPS):
        before = chosen.copy()
        for number in order:
            touched = group.conflicts[number][:, everyone, chosen].sum(axis=1)
            chosen[number] = np.argmin(group.costs[number] + _OVERLAP * touched)
        if np.array_equal(before, chosen):
            break
    touched = group.conflicts[everyone, chosen][:, everyone, chosen].sum(axis=1)
    return chosen, group.costs[everyone, chosen] + _OVERLAP * touched


def grouped(names: Iterable[tuple[str, tuple[int, int]]]) -> list[list[str]]:
    """Edges by the columns they connect: neighbours first, then those that skip columns."""
    groups: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for name, columns in names:
        groups[columns].append(name)
    return [groups[key] for key in sorted(groups, key=_reach_first)]


def _reach_first(columns: tuple[int, int]) -> tuple[int, int]:
    return columns[1] - columns[0], columns[0]
