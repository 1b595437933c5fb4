"""Pictures of the loss over one parameter or two: curve, tangent, update, and a sentence on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.present.contours import contour, levels
from backprop_gui.present.math_text import plain
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.plot_csv import all_digits, csv_text
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import loss_word, slanted
from backprop_gui.steps.loss_slice import Plane, Slice
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity

NOW, AFTER = "now", "after the update"


class SlicePicture(Struct, frozen=True, eq=False):
    """A curve; `close` is the same around the update alone, None where there is none.

    `value` and `here` are the point one is at, `landing` and `landing_loss` where the update leads on
    this curve (None while it has no number), `slope` the tangent's. `name` and `loss` title the
    axes; `sentence` may hold names between asterisks, `summary` is the same for screen readers.
    """

    name: str
    loss: str
    curve: tuple[Array, Array]
    close: tuple[Array, Array] | None
    value: float
    here: float
    slope: float
    landing: float | None
    landing_loss: float
    sentence: str
    summary: str
    columns: tuple[str, ...]  # what a file calls the axes
    format: NumberFormat


class Level(Struct, frozen=True, eq=False):
    """A line of equal loss: its height, how it is written, its pieces."""

    height: float
    text: str
    pieces: Array


class PlanePicture(Struct, frozen=True, eq=False):
    """Lines of equal loss over two parameters, and the way training took between them."""

    names: tuple[str, str]
    loss: str
    xs: Array
    ys: Array
    losses: Array
    levels: tuple[Level, ...]
    path: Array
    iterations: tuple[int, ...]
    now: tuple[float, float]
    landing: tuple[float, float] | None
    sentence: str
    summary: str
    columns: tuple[str, ...]  # what a file calls the axes
    format: NumberFormat


class Update(Struct, frozen=True, eq=False):
    """Where the next update leads: all parameters, their loss, and the rate that was tried instead."""

    parameters: Array
    loss: float
    rate: float | None = None


@dataclass(frozen=True)
class ParameterNames(Sequence[str]):
    """The names of all parameters in order, each made when it is looked at."""

    naming: Naming
    places: tuple[int, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rank):  # type: ignore[no-untyped-def]  # one name, or those of a slice
        if isinstance(rank, slice):
            return [self[each] for each in range(*rank.indices(len(self)))]
        graph = self.naming.graph
        array, element = graph.parameters.locate(self.places[rank])
        return self.naming.plain(Quantity(graph.parameter_nodes[array], element))


def parameter_names(naming: Naming) -> ParameterNames:
    """The names of all parameters of a network."""
    return ParameterNames(naming, tuple(int(place) for place in naming.graph.parameters.scalars))


def slice_picture(
    scene: Scene, cut: Slice, close: Slice | None, update: Update, landing_loss: float
) -> SlicePicture:
    """The curve with what is known of it."""
    place, record = cut.place, scene.frame.record
    sentence = _slice_sentence(scene, place, update, landing_loss)
    moves = not scene.model.frozen[place] and _reaches(scene, place)
    landing = float(update.parameters[place])
    return SlicePicture(
        _name(scene, place),
        _loss_title(scene),
        (cut.xs, cut.losses),
        (close.xs, close.losses) if close is not None else None,
        float(record.before.parameters[place]),
        scene.loss,
        float(record.parameter_gradient[place]),
        landing if moves and math.isfinite(landing) else None,
        landing_loss,
        sentence,
        sentence.replace("*", ""),
        (_own_name(scene, place), "loss"),
        scene.format,
    )


def plane_lines(plane: Plane) -> tuple[tuple[float, Array], ...]:
    """The lines of equal loss of a plane, each with its height: to be made once."""
    heights = levels(plane.losses)
    return tuple((height, contour(plane.xs, plane.ys, plane.losses, height)) for height in heights)


def plane_picture(
    scene: Scene,
    plane: Plane,
    lines: Sequence[tuple[float, Array]],
    update: Update,
    iterations: Sequence[int],
    path: Array,
) -> PlanePicture:
    """The lines of equal loss, the path and the update."""
    before = scene.frame.record.before.parameters
    first, second = plane.places
    written = tuple(
        Level(height, scene.format.text(float(f"{height:.2g}")), pieces) for height, pieces in lines
    )
    landing = float(update.parameters[first]), float(update.parameters[second])
    sentence = _plane_sentence(scene, plane.places, update, len(iterations))
    return PlanePicture(
        (_name(scene, first), _name(scene, second)),
        _loss_title(scene),
        plane.xs,
        plane.ys,
        plane.losses,
        written,
        path,
        tuple(iterations),
        (float(before[first]), float(before[second])),
        landing if all(map(math.isfinite, landing)) and landing != (before[first], before[second]) else None,
        sentence,
        sentence.replace("*", ""),
        (_own_name(scene, first), _own_name(scene, second), "loss"),
        scene.format,
    )


def slice_csv(picture: SlicePicture | PlanePicture) -> str:
    """The points as a table: shortest texts that read back to the same numbers."""
    points: Iterable[tuple[float, ...]]
    if isinstance(picture, SlicePicture):
        points = zip(*picture.curve, strict=True)
    else:
        points = (
            (x, y, loss)
            for y, losses in zip(picture.ys, picture.losses, strict=True)
            for x, loss in zip(picture.xs, losses, strict=True)
        )
    return csv_text(picture.columns, ([*map(all_digits, point)] for point in points))


# --- words ----------------------------------------------------------------------------------------


def _slice_sentence(scene: Scene, place: int, update: Update, landing_loss: float) -> str:
    """What the tangent says, what the update does, and that it moves the others too."""
    quantity, record = scene.parameter(place, VALUE), scene.frame.record
    name, loss, value = slanted(scene, quantity), loss_word(scene), float(record.before.parameters[place])
    slope = float(record.parameter_gradient[place])
    sign = "=" if scene.format.is_exact(value) else "≈"
    begin = f"At {name} {sign} {scene.format.text(value)} the {loss}"
    if not _reaches(scene, place):
        return f"{name} does not reach the {loss}: whatever it is, the {loss} stays as it is."
    if waits := _waits(scene, place):
        return f"{name} {sign} {scene.format.text(value)}. {waits}"
    if not math.isfinite(slope):
        return f"{begin} has no finite slope."
    text, signed = scene.format.text, scene.format.signed
    told = f"{begin} is level"
    if slope != 0:
        told = f"{begin} {'rises' if slope > 0 else 'falls'} by {text(abs(slope))} per unit"
    if scene.model.frozen[place]:
        return f"{told}. {name} is frozen: no update moves it."
    landing = float(update.parameters[place])
    rate = scene.experiment.notation.rate
    tried = update.rate is not None
    told += f"; with {rate} = {text(update.rate)} the update" if update.rate is not None else "; the update"
    told += f" {'would move' if tried else 'moves'} {name} by {signed(landing - value)} to {text(landing)},"
    return f"{told} on this curve to {text(landing_loss)}. {_together(scene, update)}".strip()


def _plane_sentence(scene: Scene, places: tuple[int, int], update: Update, known: int) -> str:
    """What the lines are, and where the update leads."""
    first, second = (slanted(scene, scene.parameter(place, VALUE)) for place in places)
    loss = loss_word(scene)
    told = f"Each line joins equal {'costs' if loss == 'cost' else 'losses'}, all else as it is now. "
    told += f"The trail shows where {first} and {second} have been. " if known > 1 else ""
    waits = next((each for each in (_waits(scene, place) for place in places) if each), "")
    if waits:
        return told + waits
    x, y = (scene.format.text(float(update.parameters[place])) for place in places)
    rate = scene.experiment.notation.rate
    tried = f"With {rate} = {scene.format.text(update.rate)} the" if update.rate is not None else "The"
    would = "would lead" if update.rate is not None else "leads"
    return (
        f"{told}{tried} update {would} to {first} = {x}, {second} = {y}. {_together(scene, update)}".strip()
    )


def _together(scene: Scene, update: Update) -> str:
    """What becomes of the loss when all parameters move, as they do."""
    trained = int((~scene.model.frozen[scene.graph.parameters.scalars]).sum())
    if trained == 1:
        return ""
    would = "would be" if update.rate is not None else "is"
    after = scene.format.text(update.loss)
    return f"The other parameters move too: the {loss_word(scene)} after the update {would} {after}."


def _waits(scene: Scene, place: int) -> str:
    """What the numbers of slope and update wait for; empty when they are uncovered."""
    sample = 0 if scene.frame.record.samples == 1 else None
    quantity = scene.parameter(place, GRADIENT, sample)
    if scene.frame.knows(quantity) and not scene.asking:
        return ""
    step = scene.frame.plan.step_of(quantity)
    when = f"from step {scene.count(step)} on" if step is not None else "later"
    return f"Slope and update have their numbers {when}; you are at step {scene.count(scene.frame.position)}."


def _reaches(scene: Scene, place: int) -> bool:
    array, _ = scene.graph.parameters.locate(place)
    return scene.graph.parameter_nodes[array] in scene.graph.reaches_loss


def _name(scene: Scene, place: int) -> str:
    return scene.naming.plain(scene.parameter(place, VALUE))


def _own_name(scene: Scene, place: int) -> str:
    return scene.graph.parameters.name_at(place)


def _loss_title(scene: Scene) -> str:
    """`L`, and what it is of where a batch has several samples."""
    samples = scene.frame.record.samples
    name = plain(scene.naming.loss)
    return name if samples == 1 else f"{name}, {scene.batch_word} of {scene.count(samples)} samples"
