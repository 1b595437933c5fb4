"""Training stops at the very first iteration that meets a condition, however it was cut into chunks."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.engine.stepper import Record, Stepper
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import build
from backprop_gui.experiment.document import Dense, Experiment, Loss, Network, OptimizerSettings, Training
from backprop_gui.steps.stopping import Condition, Stop, Stopped, Watch, parse_condition, train_until
from tests.networks import preset


def never() -> bool:
    return False


def stop_of(document: Experiment, *conditions: str, until: int = 400, seconds: float = 1e-4) -> Stop | None:
    """Where a run stops; what it handed over ends right there, with the very state of a plain run."""
    model = build(document)
    stepper = model.stepper()
    start = stepper.start(model.initial)
    watch = Watch([parse_condition(text) for text in conditions], stepper, start)
    run = train_until(stepper, start, until, 16, seconds, never, watch)
    done = 0
    for part in run:
        chunk = part.chunk if isinstance(part, Stopped) else part
        assert chunk.first == done
        assert len(chunk.losses) == chunk.last.iteration - chunk.first
        done = chunk.last.iteration
        if isinstance(part, Stopped):
            assert done == part.stop.iteration
            np.testing.assert_array_equal(
                chunk.last.parameters, plain(stepper, model.initial, done)[-1].before.parameters
            )
            return part.stop
    assert done == until
    return None


def plain(stepper: Stepper, parameters: np.ndarray, until: int) -> list[Record]:
    """The records of iterations 0 … until, one after the other."""
    records = [stepper.record(stepper.start(parameters))]
    for _ in range(until):
        records.append(stepper.record(records[-1].after))
    return records


def records_of(document: Experiment, until: int) -> tuple[Stepper, list[Record]]:
    model = build(document)
    stepper = model.stepper()
    return stepper, plain(stepper, model.initial, until)


def first(hits: list[bool]) -> int:
    return hits.index(True)


@pytest.mark.parametrize("seconds", [0.0, 1e-4, 1.0])
def test_stops_at_the_first_loss_below(seconds: float) -> None:
    """However long the chunks are."""
    stepper, records = records_of(preset("worked-example"), 200)
    wanted = first([stepper.loss_of(record) < 0.02 for record in records])
    stop = stop_of(preset("worked-example"), "loss < 0,02", seconds=seconds)
    assert stop is not None
    assert stop.iteration == wanted
    assert stop.value == stepper.loss_of(records[wanted])


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_stops_when_the_loss_rose_so_often_in_a_row(count: int, seconds: float) -> None:
    """The count goes on from one chunk to the next."""
    document = preset("two-layer-chain")  # a sample after the other: the loss goes up and down
    stepper, records = records_of(document, 120)
    losses = [stepper.loss_of(record) for record in records]
    rises, wanted = 0, None
    for place in range(1, len(losses)):
        rises = rises + 1 if losses[place] > losses[place - 1] else 0
        if rises >= count and wanted is None:
            wanted = place
    stop = stop_of(document, f"loss rises {count}", until=120, seconds=seconds)
    assert (stop.iteration if stop else None) == wanted


def test_stops_at_a_small_gradient() -> None:
    """By the norm over all parameters."""
    _, records = records_of(preset("worked-example"), 200)
    wanted = first([bool(np.linalg.norm(record.parameter_gradient) < 0.05) for record in records])
    stop = stop_of(preset("worked-example"), "gradient norm < 1/20")
    assert stop is not None
    assert stop.iteration == wanted
    assert stop.value < 0.05


def test_stops_when_a_weight_changes_its_sign() -> None:
    """And not before; the other weights do not matter."""
    _, records = records_of(preset("worked-example"), 200)
    place = build(preset("worked-example")).graph.parameters.place_of("w10")
    wanted = first([bool(record.before.parameters[place] < 0) for record in records])
    stop = stop_of(preset("worked-example"), "w10 changes sign")
    assert stop is not None
    assert (stop.iteration, stop.condition.parameter) == (wanted, "w10")
    assert stop_of(preset("worked-example"), "w10 changes sign", until=wanted) is None


def test_stops_when_a_relu_dies_for_all_samples() -> None:
    """A neuron that fires for one row of the data, in the batch or not, is alive."""
    document = Experiment(
        format=1,
        title="Dying",
        network=Network(
            {"x": 1},
            [
                Dense("h", "x", 2, [[0.6], [0.5]], "relu", [0.0, 1.0]),
                Dense("out", "h", 1, [[1.0, 1.0]], "identity", None),
            ],
            Loss("half_squared_error", "out"),
        ),
        data={"x": [[1.0], [2.0]], "targets": [[-9.0], [-9.0]]},
        training=Training(OptimizerSettings(learning_rate=0.02)),
    )
    stepper, records = records_of(document, 40)
    wanted = first([dead(stepper, record) for record in records])
    assert wanted > 1
    stop = stop_of(document, "a relu dies", until=40)
    assert stop is not None
    assert stop.iteration == wanted
    assert stop.neurons


def dead(stepper: Stepper, record: Record) -> bool:
    graph = stepper.graph
    data = stepper.leaves[graph.by_name["x"]]
    layout = graph.parameters
    weights = [record.before.parameters[layout.place_of(name)] for name in ("w1", "w2")]
    biases = [record.before.parameters[layout.place_of(name)] for name in ("b1", "b2")]
    return any(all(w * x + b <= 0 for x in data[:, 0]) for w, b in zip(weights, biases, strict=True))


def test_the_earliest_of_several_conditions_stops_the_run() -> None:
    """Whatever the order they stand in."""
    one = stop_of(preset("worked-example"), "loss<0.02")
    other = stop_of(preset("worked-example"), "loss<0.1")
    both = stop_of(preset("worked-example"), "loss<0.02", "loss<0.1")
    mixed = stop_of(preset("worked-example"), "gradient<1e-9", "loss<0.1")
    assert one is not None
    assert other is not None
    assert one.iteration > other.iteration
    assert both == other == mixed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "loss",
        "loss < ",
        "loss < 0",
        "loss < nan",
        "loss > 1",
        "w5",
        "gradient < -1",
        "rises 5",
        "loss rises 0",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    """In a sentence that says what would be right."""
    with pytest.raises(InvalidEdit, match="right"):
        parse_condition(text)


@pytest.mark.parametrize("text", ["w99 changes sign", "a relu dies"])
def test_a_condition_must_fit_the_network(text: str) -> None:
    """A weight that is not there, a ReLU where there is none."""
    with pytest.raises(InvalidEdit, match="right"):
        stop_of(preset("worked-example"), text)


def test_conditions_are_read_in_plain_words() -> None:
    """With and without spaces."""
    assert parse_condition("loss<0.01") == Condition("loss_below", 0.01)
    assert parse_condition("Loss rises for 20 iterations") == Condition("loss_rises", count=20)
    assert parse_condition("theta2[1,2] changes sign") == Condition("sign_changes", parameter="theta2[1,2]")


def test_a_dead_neuron_stops_a_run_unless_it_is_known() -> None:
    """From the start on, and again when it died anew; a gradient beyond all numbers is no warning."""
    stop = stop_of(preset("dead-relu"), "a relu dies")
    assert stop is not None
    assert stop.iteration == 0
    model = build(preset("dead-relu"))
    stepper = model.stepper()
    start = stepper.start(model.initial)
    watch = Watch([parse_condition("a relu dies")], stepper, start, known=stop.neurons)
    assert watch.look(stepper.record(start)) is None
    alive = start.parameters.copy()
    alive[model.graph.parameters.place_of("b2")] = 3.0
    assert watch.look(stepper.record(stepper.start(alive, 1))) is None
    died = watch.look(stepper.record(start))
    assert died is not None
    assert died.neurons == stop.neurons
    assert stop_of(preset("too-fast"), "gradient<1e-6", until=320) is None


@pytest.mark.parametrize("text", ["loss<0.1", "gradient<0.2"])
def test_who_goes_on_training_below_a_limit_is_not_stopped_at_once(text: str) -> None:
    """A limit that holds from the start counts again once it did not hold."""
    model = build(preset("worked-example"))
    stepper = model.stepper()
    start = stepper.start(model.initial)
    while stepper.loss_of(stepper.record(start)) > 0.01:
        start = stepper.advance(start, 1).after
    for crossing in (False, True):
        watch = Watch([parse_condition(text)], stepper, start, crossing)
        parts = list(train_until(stepper, start, start.iteration + 50, 16, 0.0, never, watch))
        assert isinstance(parts[-1], Stopped) is not crossing
