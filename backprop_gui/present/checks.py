"""The gradients of an iteration beside their finite differences: stamp, sentence and table."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Literal

from backprop_gui.engine.finite_differences import STEP
from backprop_gui.present.numbers import UNKNOWN, NumberFormat
from backprop_gui.present.pictures import CheckPicture, Column, TablePicture, TableRow
from backprop_gui.present.scene import Scene
from backprop_gui.present.tables import Rows
from backprop_gui.present.verdicts import Verdict
from backprop_gui.steps.quantities import VALUE

COLUMNS = (
    Column("parameter", "parameter"),
    Column("gradient", "gradient", numeric=True, tip="The derivative of the loss, by backpropagation"),
    Column("numeric", "finite diff.", numeric=True, tip="The derivative measured by nudging the parameter"),
    Column("error", "relative error", numeric=True, tip="|n − g| / max(|n|, |g|)"),
    Column("check", "check", tip="What finite differences say of the gradient"),
)
WORDS = {
    Verdict.NOT_FINITE: "not finite",
    Verdict.WRONG: "✗ disagrees",
    Verdict.KINK: "at a kink",
    Verdict.CONFIRMED: "✓",
    Verdict.ROUNDING: "✓ within rounding",
}
EXPONENTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_NAMES = 3


def check_stamp(scene: Scene) -> tuple[str, Literal["good", "bad", "stale"]]:
    """The result in a few words for the status bar."""
    found = scene.verdicts
    if found.count(Verdict.NOT_FINITE):
        return "gradients that are not finite can't be checked", "bad"
    if found.count(Verdict.WRONG):
        return f"finite differences disagree at {_names(scene, Verdict.WRONG)}", "bad"
    if found.count(Verdict.KINK):
        return f"finite differences mean little at a kink: {_names(scene, Verdict.KINK)}", "stale"
    worst = found.worst(Verdict.CONFIRMED)
    if worst is None:
        return "gradients checked, all within rounding", "good"
    return (
        f"gradients checked, largest error {_error(scene, float(found.error[worst]))}",
        "good",
    )


def check_picture(scene: Scene) -> CheckPicture:
    """The whole result; without one, a word that there is none."""
    if not scene.numeric:
        empty = TablePicture(COLUMNS, ())
        return CheckPicture("stale", "The gradients on screen are not checked.", (), empty)
    rows = Rows(scene.verdicts.worst_first(), partial(_row, scene))
    _, state = check_stamp(scene)
    return CheckPicture(state, _sentence(scene), tuple(_remarks(scene)), TablePicture(COLUMNS, rows))


def check_progress(done: int, total: int) -> str:
    """How far a check is that takes a while."""
    return f"Nudging parameter {done:,} of {total:,} …"


def _error(scene: Scene, value: float) -> str:
    """A relative error in one digit, with the decimal sign in force."""
    return scene.format.localised(power(value))


def power(value: float) -> str:
    """`3·10⁻¹¹`, `0.2`: one digit."""
    if value == 0 or value >= 0.01:
        return f"{value:.1g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(EXPONENTS)}"


def _sentence(scene: Scene) -> str:
    """How many gradients are confirmed, and where the worst one stands."""
    found = scene.verdicts
    good = found.count(Verdict.CONFIRMED, Verdict.ROUNDING)
    told = f"{scene.count(good)} of {scene.count(len(found))} gradients confirmed"
    if found.count(Verdict.NOT_FINITE):
        return f"{told}; what is not finite can't be measured."
    for verdict, words in ((Verdict.WRONG, "{} disagrees most"), (Verdict.CONFIRMED, "")):
        worst = found.worst(verdict)
        if worst is None:
            continue
        name, error = (
            _name(scene, int(found.places[worst])),
            _error(scene, float(found.error[worst])),
        )
        if words:
            return f"{told}; {words.format(name)}, by a relative error of {error}."
        return f"{told}; the largest relative error is {error}" + (f" at {name}." if error != "0" else ".")
    return f"{told}."


def _remarks(scene: Scene) -> Iterable[str]:
    """What has to be known to read the numbers, an honest word where they tell little."""
    found, samples = scene.verdicts, scene.frame.record.samples
    mean = f", {scene.batch_word} over {scene.count(samples)} samples" if samples > 1 else ""
    loss = scene.experiment.notation.loss
    yield (
        f"Iteration {scene.count(scene.frame.iteration)}{mean}: "
        f"({loss}(w + h) − {loss}(w − h)) / 2h beside the "
        f"gradient, with h = {power(STEP)} · max(1, |w|)."
    )
    if kinks := found.count(Verdict.KINK):
        where = _names(scene, Verdict.KINK)
        stand = "stands" if kinks == 1 else "stand"
        yield (
            f"{where} {stand} at a kink of the loss: its slopes to the left and to the right differ, so "
            "that finite differences mean little there. What counts as the gradient is a convention."
        )
    if tiny := found.count(Verdict.ROUNDING):
        which = "1 gradient is" if tiny == 1 else f"{scene.count(tiny)} gradients are"
        yield f"{which} too small for finite differences to tell more: confirmed within rounding."


def _row(scene: Scene, index: int) -> TableRow:
    found = scene.verdicts
    place = int(found.places[index])
    numbers = [float(array[index]) for array in (found.gradient, found.numeric, found.error)]
    name = scene.graph.parameters.name_at(place)
    verdict = Verdict(int(found.verdict[index]))
    error = (
        UNKNOWN
        if verdict == Verdict.NOT_FINITE
        else NumberFormat(2, comma=scene.format.comma).text(numbers[2])
    )
    return TableRow(
        name,
        (_name(scene, place), *map(scene.format.text, numbers[:2]), error, WORDS[verdict]),
        (float(scene.graph.parameters.ranks[place]), *numbers, float(verdict)),
        (name, *map(scene.format.full, numbers), WORDS[verdict]),
    )


def _names(scene: Scene, verdict: Verdict) -> str:
    """The parameters that stand so, the first few of them."""
    found = scene.verdicts
    places = found.places[found.verdict == verdict]
    names = [_name(scene, int(place)) for place in places[:MOST_NAMES]]
    more = len(places) - len(names)
    return ", ".join(names) + (f" and {scene.count(more)} more" if more else "")


def _name(scene: Scene, place: int) -> str:
    return scene.naming.plain(scene.parameter(place, VALUE))
