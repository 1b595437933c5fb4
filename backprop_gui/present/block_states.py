"""The blocks and bundles of the canvas at a moment: numbers, light, and the strongest weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backprop_gui.present.block_light import DIM, LIT, PLAIN, BlockLight
from backprop_gui.present.block_shapes import MadeWhenAsked
from backprop_gui.present.layer_pictures import Bundle, BundleShape, Layer, Numbers
from backprop_gui.present.pictures import CanvasShape, Card, CardShape, Chip
from backprop_gui.present.scene import Scene
from backprop_gui.steps.blocks import Block
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity

if TYPE_CHECKING:
    from backprop_gui.steps.frame import Frame

STRONGEST = 60  # weights of a bundle that are always drawn
MOST_DRAWN = 2_000  # where a step lights more at once, its strongest stand for all
MOST_CHIPS = 8


class Chips(Mapping[str, Chip]):
    """The chips of all parameters by name, each made when it is looked at."""

    def __init__(self, scene: Scene, make: Callable[[str, int], Chip]) -> None:
        self._layout, self._make = scene.graph.parameters, make
        self._made: dict[str, Chip] = {}

    def __getitem__(self, name: str) -> Chip:
        if name not in self._made:
            place = self._layout.place_of(name)
            if place is None:
                raise KeyError(name)
            self._made[name] = self._make(name, place)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layout.names)

    def __len__(self) -> int:
        return len(self._layout.scalars)


def layer_states(
    scene: Scene, shape: CanvasShape, light: BlockLight, make: Callable[[CardShape], Card], chips: Chips
) -> tuple[Layer, ...]:
    """The state of every block."""
    blocks = {block.group: block for block in (*scene.frame.plan.blocks, *scene.frame.plan.backward_blocks)}
    found = []
    for card in shape.cards:
        if card.is_block:
            found.append(_layer(scene, card, blocks.get(card.layer), light, make, chips))
    return tuple(found)


def _layer(
    scene: Scene,
    shape: CardShape,
    block: Block | None,
    light: BlockLight,
    make: Callable[[CardShape], Card],
    chips: Chips,
) -> Layer:
    frame, cells = scene.frame, shape.cells

    def card(number: int) -> Card:
        return make(cells[number])

    levels = light.layers[
        scene.graph.nodes[scene.graph.by_name[shape.layer]].group if block is None else block.group
    ]
    values, slopes = _numbers(frame, shape, block)
    complete = _complete(frame, block, len(levels))
    waiting = np.flatnonzero(~complete)
    given = block is None or block not in frame.plan.blocks
    ready = not given and len(waiting) > 0 and frame.mark(_known(block), int(waiting[-1])) == "ready"
    looked_at = _looked_at(levels) if not light.all_plain else -1
    bias = cells[looked_at].bias if looked_at >= 0 else ""
    return Layer(
        shape.identity,
        values,
        slopes,
        levels,
        complete,
        MadeWhenAsked(len(levels), card),
        ready,
        looked_at,
        chips[bias] if bias else None,
        _caption(scene, values, slopes),
    )


def _known(block: Block | None) -> Block:
    assert block is not None
    return block


def _looked_at(levels: NDArray[np.int8]) -> int:
    """The one member that is lit, or else that is plain alone; −1 where there are several."""
    for level in (LIT, PLAIN):
        found = np.flatnonzero(levels == level)
        if len(found):
            return int(found[0]) if len(found) == 1 else -1
    return -1


def _numbers(frame: Frame, shape: CardShape, block: Block | None) -> tuple[Numbers, Numbers]:
    """What the members show: their newest value and gradient, as far as these are uncovered."""
    record, sample, plan = frame.record, frame.shown_sample, frame.plan
    if block is None or block not in plan.blocks:
        node = frame.graph.by_name[shape.layer]
        values = np.array(record.values[node][sample], dtype=np.float64).ravel()
        slopes = np.full(len(values), np.nan)
        if block is not None:
            _uncover(frame, block, slopes)
        return values, slopes
    values, slopes = (np.full(block.neurons, np.nan) for _ in range(2))
    first = plan.step_of(Quantity(block.nodes[0], block.element(0), VALUE, sample))
    assert first is not None
    starts = first + len(block.nodes) * np.arange(block.neurons)
    for behind, node in enumerate(block.nodes):
        known = starts + behind <= frame.position
        values[known] = record.values[node][sample].ravel()[known]
    _uncover(frame, block, slopes)
    return values, slopes


def _uncover(frame: Frame, block: Block, slopes: Numbers) -> None:
    """Fill in the gradients that are known: of a, and of z once that is."""
    record, sample, plan = frame.record, frame.shown_sample, frame.plan
    first = plan.step_of(Quantity(block.nodes[-1], block.element(0), GRADIENT, sample))
    if first is None:
        return
    steps = first + block.backward_starts[: block.neurons]
    for behind, node in enumerate(reversed(block.nodes)):
        known, gradient = steps + behind <= frame.position, record.gradients[node]
        slopes[known] = 0.0 if gradient is None else gradient[sample].ravel()[known]


def _complete(frame: Frame, block: Block | None, count: int) -> NDArray[np.bool_]:
    """Which members the phase is through with; as `Frame.mark` tells of one."""
    if block is None or block not in frame.plan.blocks or frame.phase == "given":
        return np.zeros(count, dtype=bool)
    plan, sample = frame.plan, frame.shown_sample
    if frame.phase == "loss":
        return np.ones(count, dtype=bool)
    if frame.phase == "update" or frame.sample is None:
        return np.full(count, block in plan.backward_blocks)
    if frame.phase == "forward":
        first = plan.step_of(Quantity(block.nodes[0], block.element(0), VALUE, sample))
        ends = (first or 0) - 1 + len(block.nodes) * np.arange(1, count + 1)
    else:
        first = plan.step_of(Quantity(block.nodes[-1], block.element(0), GRADIENT, sample))
        if first is None:
            return np.zeros(count, dtype=bool)
        ends = first - 1 + block.backward_starts[1 : count + 1]
    return np.asarray(ends <= frame.position)


def _caption(scene: Scene, values: Numbers, slopes: Numbers) -> str:
    """From where to where the numbers go."""
    told = []
    for label, numbers in (("", values), ("∂ ", slopes)):
        known = numbers[np.isfinite(numbers)]
        if len(known):
            low, high = (scene.format.text(float(each)) for each in (known.min(), known.max()))
            told.append(f"{label}{low} … {high}" if low != high else f"{label}{low}")
    return "   ".join(told)


def bundle_states(scene: Scene, shape: CanvasShape, light: BlockLight, chips: Chips) -> tuple[Bundle, ...]:
    """The weights of every bundle that are drawn now."""
    if not shape.bundles:
        return ()
    shown = shown_parameters(scene)
    return tuple(_bundle(bundle, shown, light, chips) for bundle in shape.bundles)


def shown_parameters(scene: Scene) -> Numbers:
    """The flat vector of parameters as it is shown: the new ones, where they are uncovered."""
    frame, before = scene.frame, scene.frame.record.before.parameters
    places = frame.plan.known_updates(frame.position)
    if len(places) == 0:
        return before
    shown = before.copy()
    shown[places] = frame.record.lines[UPDATED][places]
    return shown


def _bundle(bundle: BundleShape, shown: Numbers, light: BlockLight, chips: Chips) -> Bundle:
    part = slice(bundle.first, bundle.first + bundle.size)
    weights, levels, wanted = shown[part], light.parameters[part], light.wanted[part]
    size = np.abs(weights)
    if bundle.missing is not None:
        size, levels = np.where(bundle.missing, -1.0, size), np.where(bundle.missing, DIM, levels)
        wanted = wanted & ~bundle.missing
    strongest = _strongest(size)
    drawn = strongest
    if wanted.any():
        must = np.flatnonzero(wanted)
        if len(must) > MOST_DRAWN:
            must = must[_strongest(size[must])]
        drawn = np.union1d(strongest, must)
    drawn = drawn[size[drawn] >= 0]
    drawn = drawn[np.lexsort((size[drawn], levels[drawn]))]
    chosen = np.flatnonzero(levels == LIT)
    if not 0 < len(chosen) <= MOST_CHIPS:
        chosen = np.flatnonzero((levels == PLAIN) & wanted) if (levels == DIM).any() else chosen[:0]
    named = chosen if len(chosen) <= MOST_CHIPS else chosen[:0]
    return Bundle(
        bundle.layer,
        drawn,
        weights[drawn],
        levels[drawn],
        tuple((int(number), chips[bundle.names[int(number)]]) for number in named),
    )


def _strongest(size: Numbers) -> NDArray[np.intp]:
    """The places of the largest."""
    if len(size) <= STRONGEST:
        return np.arange(len(size))
    return np.argpartition(size, -STRONGEST)[-STRONGEST:]
