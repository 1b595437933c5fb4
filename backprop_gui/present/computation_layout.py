"""Where the computational graph stands: columns by the longest path, rows with few crossings.

Inputs of the network stand at the far left, every other leaf just before its first use. Within the
columns the order follows the barycentres of the neighbours (Sugiyama's method); then every node moves
towards its neighbours as far as the order and the distances allow (isotonic regression).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from backprop_gui.present.canvas_measures import Box, Measures, Point, Route
from backprop_gui.present.computation_pictures import ComputationShape, NodeShape

NUMBER_PIXELS, SHARE_PIXELS, SIGN_PIXELS, CAPTION_PIXELS = 12.0, 11.0, 14.0, 11.0
_CIRCLE, _DOT, _LEAF, _ROW = 32.0, 20.0, 26.0, 36.0  # heights; a row has a number above and one below
_GAP = 8.0  # between rows
_STRAIGHT, _TURNING = 14.0, 30.0  # between columns: where edges run straight on, where they turn
_OUTPUT = 40.0  # between the outputs of a box
_CAPTION = 18.0
_SWEEPS = 12


class Stem(Struct, frozen=True):
    """The piece of line right behind a node on which the numbers of a wire stand."""

    start: Point
    end: Point


class ComputationLayout(Struct, frozen=True):
    """Boxes of the nodes, a stem for each wire, a route and a place for its share for each branch."""

    nodes: tuple[Box, ...]
    stems: tuple[Stem, ...]
    branches: tuple[tuple[Route, ...], ...]  # of each wire, in the order of its uses
    shares: tuple[tuple[Box | None, ...], ...]
    bounds: Box
    scale: float


def lay_out(shape: ComputationShape, scale: float = 1.0) -> ComputationLayout:
    """The places of everything at a text scale."""
    return _Layout(shape, scale).result()


class _Slot(Struct):
    """What stands in a column: a node, or an edge that passes through."""

    node: int  # −1 for an edge that passes
    height: float
    column: int
    before: list[_Slot]
    after: list[_Slot]
    place: float = 0.0  # of the height of the column
    y: float = 0.0


class _Layout:
    def __init__(self, shape: ComputationShape, scale: float) -> None:
        self.shape, self.scale = shape, scale
        measures = Measures(max(shape.number_width - 1, 6), scale)
        self.number_width = measures.number(NUMBER_PIXELS)
        self.share_width = measures.number(SHARE_PIXELS) + 4 * scale
        self.measures = measures
        self.columns = columns_of(shape)
        self.slots = [
            _Slot(index, self._height(node), column, [], [])
            for index, (node, column) in enumerate(zip(shape.nodes, self.columns, strict=True))
        ]
        self.passing: dict[tuple[int, int], list[_Slot]] = {}
        for wire in shape.wires:
            for use in wire.uses:
                self._connect(wire.node, use)
        count = max(self.columns, default=0) + 1
        self.rows: list[list[_Slot]] = [[] for _ in range(count)]
        for slot in [*self.slots, *(slot for chain in self.passing.values() for slot in chain)]:
            self.rows[slot.column].append(slot)
        self._order()
        self._place()

    def _connect(self, source: int, use: tuple[int, int]) -> None:
        """Link two slots through all columns between them."""
        last, target = self.slots[source], self.slots[use[0]]
        chain = []
        for column in range(last.column + 1, target.column):
            slot = _Slot(-1, 8 * self.scale, column, [last], [])
            last.after.append(slot)
            chain.append(slot)
            last = slot
        last.after.append(target)
        target.before.append(last)
        self.passing[use] = chain

    # ---------------------------------------------------------------- sizes

    def _height(self, node: NodeShape) -> float:
        rows = len(node.outputs) * _OUTPUT if len(node.outputs) > 1 else 0.0
        return (
            max(self._size(node)[1] / self.scale + (_CAPTION if node.caption else 0.0), _ROW, rows)
            * self.scale
        )

    def _size(self, node: NodeShape) -> Point:
        """Width and height of the shape around the sign."""
        scale = self.scale
        words = self.measures.words(node.sign, SIGN_PIXELS)
        if node.kind == "constant":
            return max(words + 6 * scale, _DOT * scale), _DOT * scale
        if node.kind == "leaf":
            return max(words + 14 * scale, 34 * scale), _LEAF * scale
        if node.kind == "operation":
            return max(words + 12 * scale, _CIRCLE * scale), _CIRCLE * scale
        height = max(_CIRCLE, len(node.outputs) * _OUTPUT if len(node.outputs) > 1 else 0.0)
        return max(words + 20 * scale, 44 * scale), height * scale

    # ---------------------------------------------------------------- order

    def _order(self) -> None:
        """Sweep to and fro until the crossings get no fewer."""
        for row in self.rows:
            row.sort(key=self._first_guess)
            _number(row)
        best, kept = self._crossings(), [list(row) for row in self.rows]
        for sweep in range(_SWEEPS):
            rows = self.rows[1:] if sweep % 2 == 0 else self.rows[-2::-1]
            for row in rows:
                row.sort(key=_middle_before if sweep % 2 == 0 else _middle_after)
                _number(row)
            crossings = self._crossings()
            if crossings < best:
                best, kept = crossings, [list(row) for row in self.rows]
        self.rows = kept
        for row in self.rows:
            _number(row)

    def _first_guess(self, slot: _Slot) -> float:
        """Leaves beside what uses them, all else in network order."""
        if slot.node < 0:
            return slot.before[0].node if slot.before[0].node >= 0 else len(self.slots)
        node = self.shape.nodes[slot.node]
        if node.kind in ("leaf", "constant") and slot.after:
            return min(after.node if after.node >= 0 else len(self.slots) for after in slot.after) - 0.5
        return slot.node

    def _crossings(self) -> int:
        """Pairs of edges between neighbouring columns that cross."""
        total = 0
        for row in self.rows:
            edges = sorted((slot.place, after.place) for slot in row for after in slot.after)
            ends = [end for _, end in edges]
            total += sum(ends[j] < ends[i] for i in range(len(ends)) for j in range(i + 1, len(ends)))
        return total

    # ---------------------------------------------------------------- places

    def _place(self) -> None:
        """Give every slot its height: near its neighbours, no nearer to the next than it may."""
        for row in self.rows:
            level = 0.0
            for above, slot in pairwise([None, *row]):
                assert slot is not None
                level += self._apart(above, slot)
                slot.y = level
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            for row in self.rows[1:] if down else self.rows[-2::-1]:
                self._settle(row, _before if down else _after)
        for row in self.rows:
            self._settle(row, _around)

    def _settle(self, row: list[_Slot], neighbours: Callable[[_Slot], list[_Slot]]) -> None:
        """Move a column's slots to the mean of their neighbours, as near as their distances allow."""
        wanted = [_mean([each.y for each in neighbours(slot)], slot.y) for slot in row]
        steps, total = [], 0.0
        for above, slot in pairwise([None, *row]):
            assert slot is not None
            total += self._apart(above, slot)
            steps.append(total)
        level = isotonic([want - step for want, step in zip(wanted, steps, strict=True)])
        for slot, place, step in zip(row, level, steps, strict=True):
            slot.y = place + step

    def _apart(self, above: _Slot | None, slot: _Slot) -> float:
        return 0.0 if above is None else (above.height + slot.height) / 2 + _GAP * self.scale

    # ---------------------------------------------------------------- result

    def result(self) -> ComputationLayout:
        """Boxes, stems and routes."""
        left, nodes = 0.0, {}
        stems: dict[int, Stem] = {}
        edges: list[tuple[float, float]] = []  # of each column: where it begins, where its stems end
        for column, row in enumerate(self.rows):
            left += self._room_for_shares(column)
            widest = max((self._size(self.shape.nodes[s.node])[0] for s in row if s.node >= 0), default=0.0)
            has_numbers = any(s.node >= 0 and self.shape.nodes[s.node].kind != "constant" for s in row)
            end = left + widest + (self.number_width + 12 * self.scale if has_numbers else 4 * self.scale)
            for slot in row:
                if slot.node >= 0:
                    nodes[slot.node] = self._box(slot, left + widest / 2)
                    stems.update(self._stems(slot, nodes[slot.node], end))
            edges.append((left, end))
            left = end + self._across(row)
        boxes = tuple(nodes[index] for index in range(len(self.shape.nodes)))
        ports = self._ports(boxes)
        branches, shares = [], []
        for place, wire in enumerate(self.shape.wires):
            routes = [self._route(stems[place].end, use, edges, ports) for use in wire.uses]
            branches.append(tuple(routes))
            shares.append(tuple(self._share(route) if wire.has_shares else None for route in routes))
        ends = tuple(stems[place] for place in range(len(self.shape.wires)))
        return ComputationLayout(
            boxes, ends, tuple(branches), tuple(shares), self._bounds(boxes, ends), self.scale
        )

    def _across(self, row: list[_Slot]) -> float:
        """From a column to the next: the farther up or down its edges turn, the more, up to a limit."""
        turns = max((abs(after.y - slot.y) for slot in row for after in slot.after), default=0.0)
        return min(_STRAIGHT * self.scale + turns / 2, _TURNING * self.scale)

    def _room_for_shares(self, column: int) -> float:
        """Room before a column into which branches lead that bring shares."""
        leading = any(
            self.columns[node] == column
            for wire in self.shape.wires
            if wire.has_shares
            for node, _ in wire.uses
        )
        return self.share_width + 6 * self.scale if leading else 0.0

    def _box(self, slot: _Slot, middle: float) -> Box:
        node = self.shape.nodes[slot.node]
        width, height = self._size(node)
        lower = _CAPTION / 2 * self.scale if node.caption else 0.0
        return Box(middle - width / 2, slot.y - height / 2 + lower, width, height)

    def _stems(self, slot: _Slot, box: Box, end: float) -> dict[int, Stem]:
        outputs = self.shape.nodes[slot.node].outputs
        found = {}
        for rank, wire in enumerate(outputs):
            level = box.centre[1] + (rank - (len(outputs) - 1) / 2) * _OUTPUT * self.scale
            found[wire] = Stem((box.right, level), (end, level))
        return found

    def _ports(self, boxes: tuple[Box, ...]) -> dict[tuple[int, int], Point]:
        """Where each input enters its node: from top to bottom as the edges arrive."""
        arriving: dict[int, list[tuple[float, int]]] = {}
        for wire in self.shape.wires:
            for node, port in wire.uses:
                chain = self.passing[node, port]
                level = chain[-1].y if chain else self.slots[wire.node].y
                arriving.setdefault(node, []).append((level, port))
        ports = {}
        for node, found in arriving.items():
            box = boxes[node]
            spread = min((box.height - 10 * self.scale) / max(len(found) - 1, 1), 18 * self.scale)
            for rank, (_, port) in enumerate(sorted(found)):
                offset = (rank - (len(found) - 1) / 2) * spread
                ports[node, port] = self._entry(node, box, offset)
        return ports

    def _entry(self, node: int, box: Box, offset: float) -> Point:
        """The point on the left side of a node at an offset from its middle."""
        left, level = box.left, box.centre[1] + offset
        if self.shape.nodes[node].kind == "operation":
            radius = box.height / 2
            left += radius - max(radius**2 - offset**2, 0.0) ** 0.5
        return left, level

    def _route(
        self,
        start: Point,
        use: tuple[int, int],
        edges: list[tuple[float, float]],
        ports: dict[tuple[int, int], Point],
    ) -> Route:
        points = [start]
        for slot in self.passing[use]:
            points += [(edges[slot.column][0], slot.y), (edges[slot.column][1], slot.y)]
        return (*points, ports[use])

    def _share(self, route: Route) -> Box:
        """On the edge, just before it arrives."""
        (x, y), height = route[-1], 15 * self.scale
        return Box(x - 7 * self.scale - self.share_width, y - height / 2, self.share_width, height)

    def _bounds(self, boxes: Sequence[Box], stems: Sequence[Stem]) -> Box:
        margin = 16 * self.scale
        left = min(box.left for box in boxes) - margin
        right = max(*(stem.end[0] for stem in stems), *(box.right for box in boxes)) + margin
        top = min(slot.y - slot.height / 2 for slot in self.slots) - margin
        bottom = max(slot.y + slot.height / 2 for slot in self.slots) + margin
        return Box(left, top, right - left, bottom - top)


def columns_of(shape: ComputationShape) -> list[int]:
    """The column of every node: operations as far left as they can be, leaves just before they are used."""
    source = [wire.node for wire in shape.wires]
    columns: list[int] = []
    for node in shape.nodes:  # every node comes after its inputs
        columns.append(1 + max((columns[source[wire]] for wire in node.inputs), default=-1))
    for index, node in enumerate(shape.nodes):
        if node.inputs or node.is_input:
            continue
        used = [columns[user] for wire in node.outputs for user, _ in shape.wires[wire].uses]
        columns[index] = max(min(used, default=1) - 1, 0)
    return columns


def isotonic(wanted: Sequence[float]) -> list[float]:
    """The non-decreasing numbers nearest to those wanted (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []  # sum and size
    for number in wanted:
        pools.append((number, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            last, before = pools.pop(), pools.pop()
            pools.append((before[0] + last[0], before[1] + last[1]))
    return [total / size for total, size in pools for _ in range(size)]


def _number(row: list[_Slot]) -> None:
    for place, slot in enumerate(row):
        slot.place = (place + 0.5) / len(row)


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _before(slot: _Slot) -> list[_Slot]:
    return slot.before


def _after(slot: _Slot) -> list[_Slot]:
    return slot.after


def _around(slot: _Slot) -> list[_Slot]:
    return [*slot.before, *slot.after]


def _middle_before(slot: _Slot) -> float:
    return _mean([each.place for each in slot.before] or [each.place for each in slot.after], slot.place)


def _middle_after(slot: _Slot) -> float:
    return _mean([each.place for each in slot.after], slot.place)
