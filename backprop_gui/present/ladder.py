"""The ladder of gradients in rows and words: how large the signal is at each layer, and what made it so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.linear import AFFINE
from backprop_gui.present.math_text import plain
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.plot_csv import all_digits, csv_text
from backprop_gui.steps.blocks import Block
from backprop_gui.steps.gradient_ladder import NEARLY_FLAT, Idle, Rung
from backprop_gui.steps.plan import Plan

SHRINKS, GROWS = 0.5, 2.0  # a layer that changes the signal by less is not named
VANISHES, EXPLODES = 0.01, 100.0  # from the first layer of the way back to the last
MOST_NAMED = 6  # idle neurons of a layer
Verdict = Literal["", "shrinks", "grows", "ends", "lost"]


class Part(Struct, frozen=True):
    """One factor: what it is of ("weights", "σ′") and how large it is."""

    name: str
    factor: float


class LadderRow(Struct, frozen=True):
    """One layer. `size` is the root mean square of its ∂L/∂z; `parts` multiply to `factor`.

    `above` are the rows the signal comes from, `sources` their names: empty at the loss. `identity` is
    the neuron with the largest gradient, as the experiment calls it; `idle` says in words which neurons let
    nothing through, `idle_short` in few: `1 dead`.
    """

    name: str
    size: float
    above: tuple[int, ...]
    sources: tuple[str, ...]
    parts: tuple[Part, ...]
    factor: float
    verdict: Verdict
    identity: str
    idle: str
    idle_short: str
    idle_names: tuple[str, ...]
    is_end: bool


class LadderPicture(Struct, frozen=True, eq=False):
    """All rows, from the loss to the inputs."""

    rows: tuple[LadderRow, ...]
    iteration: int
    samples: int
    here: int | None  # the row of the layer on screen
    format: NumberFormat

    @property
    def title(self) -> str:
        """`Iteration 0 · the signal reaches s1 at 0.0037 of its size`, and what is idle."""
        ends = [words for place, row in enumerate(self.rows) if row.is_end and (words := self._way(place))]
        idle = ", ".join(f"{row.idle_short} in {row.name}" for row in self.rows if row.idle)
        parts = [f"Iteration {self.format.count(self.iteration)}", *ends[:2]]
        return " · ".join([*parts, idle] if idle else parts)

    def words(self, place: int) -> str:
        """One row as a sentence."""
        row, form = self.rows[place], self.format
        if row.verdict == "lost":
            return f"{row.name}: the gradient is no longer a finite number"
        size = f"{row.name}: ∂L/∂z has size {form.text(row.size)}"
        came = " and ".join(row.sources) or "the loss"
        parts = " · ".join(f"{part.name} ×{form.text(part.factor)}" for part in row.parts)
        change = f", ×{form.text(row.factor)} from {came}"
        detail = f" = {parts}" if len(row.parts) > 1 else f" ({parts})" if parts else ""
        verdict = ": nothing is left of it" if row.verdict == "ends" else ""
        if row.verdict in ("shrinks", "grows"):
            verdict = f": {row.verdict} it{_mostly(row)}"
        idle = f". {row.idle}" if row.idle else ""
        return f"{size}{change}{detail}{verdict}{idle}"

    def story(self) -> str:
        """What is to be seen, in sentences."""
        told = []
        for place, row in enumerate(self.rows):
            if row.is_end and (way := self._verdict_of(place)):
                told.append(way)
        told += [row.idle for row in self.rows if row.idle]
        return " ".join(f"{sentence}." for sentence in told)

    def summary(self) -> str:
        """What a screen reader is told."""
        rows = ". ".join(self.words(place) for place in range(len(self.rows)))
        return f"Iteration {self.format.count(self.iteration)}. {self.story()} {rows}."

    def _top(self, place: int) -> int:
        """The row at which the way to a row begins, at the loss."""
        while self.rows[place].above:
            place = self.rows[place].above[0]
        return place

    def _share(self, place: int) -> float | None:
        """What is left of the signal at a row; None where that cannot be told."""
        top = self._top(place)
        before, after = self.rows[top].size, self.rows[place].size
        if top == place or not (math.isfinite(before) and math.isfinite(after)) or not before:
            return None
        return after / before

    def _way(self, place: int) -> str:
        share = self._share(place)
        row, top = self.rows[place], self.rows[self._top(place)]
        return "" if share is None else f"{top.name} → {row.name} ×{self.format.text(share)}"

    def _verdict_of(self, place: int) -> str:
        """A sentence about the whole way to a layer: what became of the signal, and which layers did it."""
        row, top = self.rows[place], self.rows[self._top(place)]
        if not math.isfinite(row.size):
            return f"At {row.name} the gradient is no longer a finite number"
        share = self._share(place)
        if share is None:
            return ""
        way = f"From {top.name} to {row.name} the signal"
        times = f"×{self.format.text(share)}"
        if share == 0:
            return f"{way} dies: nothing arrives"
        if SHRINKS <= share <= GROWS:
            return f"{way} keeps its size ({times})"
        verdict: Verdict = "shrinks" if share < 1 else "grows"
        word = "vanishes" if share < VANISHES else "explodes" if share > EXPLODES else verdict
        layers = self._culprits(place, verdict)
        do = verdict if len(layers) == 1 else verdict.removesuffix("s")
        return f"{way} {word} ({times})" + (f": {self.format.listed(layers)} {do} it" if layers else "")

    def _culprits(self, place: int, verdict: Verdict) -> list[str]:
        """The layers on the way to a row that shrink, or grow, the signal; the loss itself is none."""
        found = []
        while self.rows[place].above:
            if self.rows[place].verdict == verdict:
                found.append(self.rows[place].name)
            place = self.rows[place].above[0]
        return found[::-1]


def ladder_picture(
    plan: Plan,
    rungs: Sequence[Rung],
    naming: Naming,
    form: NumberFormat,
    iteration: int,
    samples: int,
) -> LadderPicture:
    """The picture of an iteration."""
    graph = plan.graph
    of_node = {rung.node: rung for rung in rungs}
    blocks = ordered(graph, [block for block in plan.backward_blocks if _rungs(block, of_node)])
    place_of = {node: place for place, block in enumerate(blocks) for node in block.nodes}
    rows = [_row(graph, block, of_node, place_of, naming, form, samples) for block in blocks]
    names = [row.name for row in rows]
    rows = [replace(row, sources=tuple(names[each] for each in row.above)) for row in rows]
    return LadderPicture(tuple(rows), iteration, samples, None, form)


def ordered(graph: Graph, blocks: Sequence[Block]) -> list[Block]:
    """The blocks from the loss to the inputs, each after those that use it; a chain stays together."""
    block_of = {node: block for block in blocks for node in block.nodes}
    users = {
        id(block): {
            id(block_of[use.consumer])
            for node in block.nodes
            for use in graph.uses[node]
            if use.consumer in block_of and block_of[use.consumer] is not block
        }
        for block in blocks
    }
    found: list[Block] = []
    done: set[int] = set()
    waiting = list(blocks)
    while waiting:
        free = [block for block in waiting if users[id(block)] <= done]
        newest = id(found[-1]) if found else 0
        chosen = next((block for block in free if newest in users[id(block)]), free[0])
        found.append(chosen)
        done.add(id(chosen))
        waiting.remove(chosen)
    return found


def ladder_csv(picture: LadderPicture) -> str:
    """A row for each layer: its size, the factor to it, what that is made of, idle neurons; all digits."""
    head = ["iteration", "layer", "size", "from", "factor", "parts", "idle"]
    rows = []
    for row in picture.rows:
        parts = " ".join(f"{part.name.replace(' ', '_')}={part.factor!r}" for part in row.parts)
        idle = " ".join(f"{row.idle_short.split()[-1]}:{name}" for name in row.idle_names)
        sources = " ".join(row.sources) or "loss"
        sizes = all_digits(row.size), all_digits(row.factor)
        rows.append([str(picture.iteration), row.name, sizes[0], sources, sizes[1], parts, idle])
    return csv_text(head, rows)


def _mostly(row: LadderRow) -> str:
    """The factor that does most of it, where there are several."""
    if len(row.parts) < 2:
        return ""
    extreme = min if row.verdict == "shrinks" else max
    return f", most of all by {extreme(row.parts, key=_factor_of).name}"


def _factor_of(part: Part) -> float:
    return part.factor


def _rungs(block: Block, of_node: dict[int, Rung]) -> list[Rung]:
    """A block's rungs in the order of the way back: ∂L/∂a, then ∂L/∂z."""
    return [of_node[node] for node in reversed(block.nodes) if node in of_node]


def _row(
    graph: Graph,
    block: Block,
    of_node: dict[int, Rung],
    place_of: dict[int, int],
    naming: Naming,
    form: NumberFormat,
    samples: int,
) -> LadderRow:
    """The row of one layer; the names of the rows above are not known yet."""
    rungs = _rungs(block, of_node)
    first, last = rungs[0], rungs[-1]
    above = tuple(sorted({place_of[each.via] for each in first.arrivals if each.via in place_of}))
    users = (of_node.get(each.via) for each in first.arrivals)
    before = math.hypot(*(1.0 if user is None else user.size for user in users))  # the loss: ∂L/∂L = 1
    factor = last.size / before if before else 0.0
    parts = [_arriving(graph, first, before)]
    for rung in rungs[1:]:
        parts.append(Part(_slope_name(graph, rung.arrivals[0].via), rung.arrivals[0].factor))
    if len(rungs) == 1 and graph.nodes[block.nodes[0]].operation is AFFINE:
        parts.append(Part("slope", 1.0))  # an identity changes nothing, and that is said too
    verdict: Verdict = ""
    if not math.isfinite(last.size):
        verdict = "lost"
    elif above and last.size == 0:
        verdict = "ends"
    elif above and factor < SHRINKS:
        verdict = "shrinks"
    elif above and factor > GROWS:
        verdict = "grows"
    idle = [each for rung in rungs for each in rung.idle]
    names = [_name_of(naming, graph, each) for each in idle]
    return LadderRow(
        block.group,
        last.size,
        above,
        (),
        tuple(parts),
        factor,
        verdict,
        neuron_identity(block.group, last.largest),
        _idle_words(idle, names, graph, form, samples),
        _idle_short(idle, block),
        tuple(neuron_identity(block.group, each.element) for each in idle),
        last.is_end or not any(operand in place_of for operand in graph.nodes[block.nodes[0]].operands),
    )


def _arriving(graph: Graph, rung: Rung, before: float) -> Part:
    """What comes to a layer from those that use it, in one factor."""
    factor = rung.size / before if before else 0.0
    kinds = {_kind(graph, each.via) for each in rung.arrivals}
    return Part(kinds.pop() if len(kinds) == 1 else f"{len(rung.arrivals)} ways", factor)


def _kind(graph: Graph, node: int) -> str:
    """What lies between a layer and one that uses it: its weights, or the operation itself."""
    operation = graph.nodes[node].operation
    assert operation is not None
    if node == graph.loss:
        return "loss"
    return "weights" if operation.name == "affine" else operation.name.replace("_", " ")


def _slope_name(graph: Graph, node: int) -> str:
    operation = graph.nodes[node].operation
    assert operation is not None
    return f"{operation.symbol or operation.name}′"


def _name_of(naming: Naming, graph: Graph, idle: Idle) -> str:
    """An idle neuron by its name on screen."""
    return plain(naming.neuron(graph.nodes[idle.node].group, idle.element))


def _idle_words(idle: list[Idle], names: list[str], graph: Graph, form: NumberFormat, samples: int) -> str:
    """Which neurons are idle, and what that means: bound and samples."""
    if not idle:
        return ""
    shown = form.listed(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        shown += f" and {form.count(len(names) - MOST_NAMED)} more"
    batch = "this sample" if samples == 1 else f"all {form.count(samples)} samples of this batch"
    many = len(idle) > 1
    if idle[0].kind == "dead":
        return f"{shown} {'are' if many else 'is'} dead: z ≤ 0 for {batch}, so ReLU′ is 0"
    slope = _slope_name(graph, idle[0].node)
    bound = form.text(100 * NEARLY_FLAT)
    return (
        f"{shown} {'are' if many else 'is'} saturated: {slope} is below {bound} % of its largest for {batch}"
    )


def _idle_short(idle: list[Idle], block: Block) -> str:
    if not idle:
        return ""
    count = f"{len(idle)} of {block.neurons}" if block.neurons > 1 else "1"
    return f"{count} {idle[0].kind}"
