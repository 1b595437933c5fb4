"""Cards and chips that look as they did a step before are handed out again: a step changes few of many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable

from backprop_gui.present.pictures import CanvasShape, Card, CardShape, Chip, Emphasis, Mark
from backprop_gui.present.scene import Scene
from backprop_gui.steps.quantities import GRADIENT, Quantity

NEVER = sys.maxsize  # the step that uncovers what is never uncovered

CardLook = tuple[Emphasis, Mark, int]  # how many of its numbers are uncovered
ChipLook = tuple[Emphasis, bool, bool, bool]  # whether the update and both gradients are uncovered


class CanvasMemory:
    """The cards and chips of one window, for the iteration that was shown last."""

    def __init__(self) -> None:
        self._order: tuple[object, ...] = ()  # what the steps were found for
        self._steps: list[tuple[str, int, int, int, int]] = []
        self._numbers: tuple[object, ...] = ()  # what the chips were made for
        self._shape: CanvasShape | None = None
        self._cards: dict[str, dict[CardLook, Card]] = {}
        self._card_steps: dict[str, list[int]] = {}
        self._chips: dict[int, dict[ChipLook, Chip]] = {}

    def cards(
        self,
        scene: Scene,
        shape: CanvasShape,
        emphasis_of: Callable[[str], Emphasis],
        mark_of: Callable[[CardShape], Mark],
        make: Callable[[CardShape], Card],
    ) -> tuple[Card, ...]:
        """A card for each in the shape; `make` is asked for those that look different."""
        self._recall(scene, shape)
        position, shown = scene.frame.position, []
        for card in shape.cards:
            if card.is_block:
                continue  # drawn as a whole
            name, emphasis = card.identity, emphasis_of(card.identity)
            if emphasis == "lit":  # this step's own numbers are marked, too
                shown.append(make(card))
                continue
            if name not in self._card_steps:
                made = make(card)
                cells = (*made.values, *made.gradients)
                self._card_steps[name] = [_step(scene, cell.quantity) for cell in cells]
            known = sum(step <= position for step in self._card_steps[name])
            looks, look = self._cards.setdefault(name, {}), (emphasis, mark_of(card), known)
            if look not in looks:
                looks[look] = make(card)
            shown.append(looks[look])
        return tuple(shown)

    def chips(
        self,
        scene: Scene,
        shape: CanvasShape,
        emphasis_of: Callable[[str], Emphasis],
        make: Callable[[str, int], Chip],
    ) -> tuple[Chip, ...]:
        """A chip for each parameter, in their order; `make` is asked for those that look different."""
        self._recall(scene, shape)
        position, shown = scene.frame.position, []
        for name, place, updated, gradient, instead in self._steps:
            emphasis = emphasis_of(name)
            if emphasis == "lit":  # this step's own numbers are marked, too
                shown.append(make(name, place))
                continue
            look = (emphasis, updated <= position, gradient <= position, instead <= position)
            looks = self._chips.setdefault(place, {})
            if look not in looks:
                looks[look] = make(name, place)
            shown.append(looks[look])
        return tuple(shown)

    def _recall(self, scene: Scene, shape: CanvasShape) -> None:
        """Forget what belongs to another network, iteration, sample or way of writing."""
        frame = scene.frame
        order = (frame.plan, frame.sample, frame.shown_sample)
        numbers = (*order, frame.record, scene.naming, scene.format)
        if numbers != self._numbers or shape is not self._shape:
            self._numbers, self._shape = numbers, shape
            self._cards.clear()
            self._chips.clear()
        if order != self._order:
            self._order = order
            self._card_steps.clear()
            layout = scene.graph.parameters
            places = _with_chips(scene, shape)
            self._steps = [(layout.name_at(place), place, *_steps_of(scene, place)) for place in places]


def _with_chips(scene: Scene, shape: CanvasShape) -> list[int]:
    """The places of the parameters that have chips: all but those at blocks, which are made when asked."""
    layout = scene.graph.parameters
    if not shape.bundles:
        return [int(place) for place in layout.scalars]
    names = dict.fromkeys(edge.weight for edge in shape.edges if edge.weight)
    names |= dict.fromkeys(card.bias for card in shape.cards if card.bias)
    return sorted(place for name in names if (place := layout.place_of(name)) is not None)


def _steps_of(scene: Scene, place: int) -> tuple[int, int, int]:
    """When the update, the gradient, and the sample's gradient in its place are uncovered."""
    shown = scene.parameter(place, GRADIENT, scene.frame.shown_sample)
    gradient, instead = scene.gradient_of(place), _step(scene, shown)
    first = instead if gradient == shown else _step(scene, gradient)
    return _step(scene, scene.updated_of(place)), first, instead


def _step(scene: Scene, quantity: Hashable) -> int:
    assert isinstance(quantity, Quantity)
    step = scene.frame.plan.step_of(quantity)
    return NEVER if step is None else step
