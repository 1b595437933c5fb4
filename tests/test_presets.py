"""Every preset does what it promises: it runs, its files add up, each step can be shown, it learns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from random import Random

import pytest

from backprop_gui.cli import main
from backprop_gui.errors import Diverged
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.present.canvas import canvas_picture
from backprop_gui.present.canvas_layout import lay_out
from backprop_gui.present.canvas_memory import CanvasMemory
from backprop_gui.present.canvas_shape import canvas_shape
from backprop_gui.present.csv_files import GradientTable
from backprop_gui.present.explain import explain_page
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.tables import gradient_table, parameter_table
from backprop_gui.present.timeline import timeline_picture
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.steps.evaluation import Evaluation
from backprop_gui.steps.plan import StepSize
from backprop_gui.steps.quantities import GRADIENT
from backprop_gui.steps.references import resolve
from backprop_gui.steps.running import run
from backprop_gui.steps.timeline import Timeline
from tests.calculator import calculated
from tests.networks import HUGE, Story, walkable_presets
from tests.small_experiment import rows_of

PRESETS = walkable_presets()
LARGE = {"digits"}  # one iteration has tens of thousands of steps
MOST_POSITIONS = 200  # of an iteration that are looked at
MOST_ROWS = 2000  # of a file that are calculated


@cache
def trained(name: str, iterations: int) -> Timeline:
    """A preset after so many updates."""
    timeline = Timeline.of(open_experiment(name)[0], name)
    for _ in run(timeline, iterations, lambda: False):
        pass
    return timeline


def judged(name: str, iterations: int) -> tuple[float | None, float | None]:
    """Test loss and accuracy after so many updates."""
    timeline = trained(name, iterations)
    return Evaluation(timeline.segments[-1].model).of(timeline.state(iterations).parameters)


def loss_after(name: str, iterations: int) -> float:
    """The loss of the rows that the next update looks at."""
    timeline = trained(name, iterations)
    return timeline.segments[-1].stepper.loss_of(timeline.record(iterations))


@contextmanager
def opened(name: str) -> Iterator[Session]:
    """A session without a window, whose timers end with it."""
    session = Session(*open_experiment(name), name)
    try:
        yield session
    finally:
        session._idle.stop()
        session.running.halt()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_runs_and_its_files_add_up(name, tmp_path, monkeypatch, capsys):
    """All files at once, with every gradient confirmed; the terms are the gradient, for anyone."""
    monkeypatch.chdir(tmp_path)
    iterations = 1 if name in LARGE else 2
    words = ["--gradients", "g.csv", "--loss", "l.csv", "--check", "--iterations", str(iterations)]
    words += [] if name in LARGE else ["--steps", "s.csv"]
    assert main(["run", name, *words]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "confirmed by finite differences" in said.out
    rows = rows_of("g.csv")
    for row in Random(0).sample(rows, min(MOST_ROWS, len(rows))):
        value, size = calculated(row["terms"])
        assert abs(value - float(row["gradient"])) <= 1e-12 * size, row
    assert len(rows_of("l.csv")) == iterations + 1
    if name not in LARGE:
        assert all(math.isfinite(float(row["value"])) for row in rows_of("s.csv"))


@pytest.mark.parametrize("size", ["neuron", "layer", "phase"])
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_steps_to_the_end_of_an_iteration(name, size: StepSize, qapp):
    """By session.next() and back again; of a large one every tenth moment is looked at, by chance."""
    with opened(name) as session:
        total = session.plan.total
        session.set_step_size(size)
        show = shower(session)
        places, chance = [0], Random(2)
        show()
        while session.position < total:
            before = session.position
            assert session.next()
            assert (session.iteration, session.position > before) == (0, True)
            places.append(session.position)
            if total < 2 * MOST_POSITIONS or session.position == total or chance.random() < 0.1:
                show()
        while session.position > 0:
            assert session.position == places.pop()
            session.previous()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_steps_operation_by_operation(name, qapp):
    """Every position of a small one, 200 by chance of a large one; a step is one new number."""
    with opened(name) as session:
        total = session.plan.total
        show = shower(session)
        positions: Sequence[int] = range(total + 1)
        if total > MOST_POSITIONS:
            positions = sorted({0, total, *Random(1).sample(positions, MOST_POSITIONS - 2)})
        for position in positions:
            session.seek(0, position)
            show()
            if position < total:
                assert session.next()
                assert (session.iteration, session.position) == (0, position + 1)
        session.seek(0, total)
        assert session.next()
        assert (session.iteration, session.position) == (1, 1)


def test_the_largest_preset_steps_and_its_file_adds_up(qapp):
    """By phases, layers, neurons and operations here and there; the first gradients of a sample."""
    with opened(HUGE) as session:
        show, plan = shower(session), session.plan
        sizes: tuple[StepSize, ...] = ("phase", "layer", "neuron", "operation")
        for size in sizes:
            session.set_step_size(size)
            starts = 0, plan.forward_count + 1, plan.sample_count - 3, plan.mean_start, plan.update_start
            for place in starts if size in ("phase", "neuron") else starts[:2]:
                session.seek(0, place)
                assert session.next()
                assert session.position > place
                show()
                reached = session.position
                session.previous()
                assert session.position < reached
        table = GradientTable(session.timeline)
        for row in islice(table.rows(0), 3, 100_000, 977):
            told = dict(zip(table.columns, row, strict=True))
            value, size_of_terms = calculated(told["terms"])
            assert abs(value - told["gradient"]) <= 1e-12 * size_of_terms


def shower(session: Session):
    """Makes everything a window shows of a moment."""
    shape = canvas_shape(session.model.graph, session.naming, NumberFormat())
    assert lay_out(shape, 1000, 480).cards.keys() == {card.identity for card in shape.cards}
    memory = CanvasMemory()

    def show() -> None:
        scene = session.scene()
        page = explain_page(scene)
        assert page.question
        assert page.text
        assert "nan" not in page.text
        picture = canvas_picture(scene, shape, memory)
        assert len(picture.cards) + len(picture.layers) == len(shape.cards)
        for table in (gradient_table(scene), parameter_table(scene)):
            assert table.rows[0].texts
        assert timeline_picture(scene, session.timeline.newest).position == scene.frame.position

    return show


@pytest.mark.parametrize(
    ("name", "iterations", "most"),
    [("xor", 3000, 0.01), ("sine", 3000, 0.02), ("vanishing-gradient", 200, 0.05)],
)
def test_the_loss_falls_as_promised(name, iterations, most):
    """The note of each says how far; the batch is all of the data."""
    assert loss_after(name, 0) > 10 * most / 2
    assert loss_after(name, iterations) < most


@pytest.mark.parametrize(
    ("name", "iterations", "least"),
    [
        ("two-moons", 2000, 0.95),
        ("spiral", 3000, 0.95),
        ("iris", 1500, 0.9),
        ("digits", 2000, 0.9),
        (HUGE, 300, 0.9),
        ("xor", 3000, 0.99),
    ],
)
def test_what_was_learned_is_as_accurate_as_promised(name, iterations, least):
    """On rows kept aside where there are some, and better than it was by the initial values."""
    test_loss, accuracy = judged(name, iterations)
    assert accuracy is not None
    assert accuracy > least
    kept_aside = open_experiment(name)[0].data
    assert (test_loss is not None) == bool(getattr(kept_aside, "test", 0))
    _, before = judged(name, 0)
    assert before is not None
    assert before < 0.9 * accuracy


def test_every_preset_learns():
    """Its own number of iterations lowers the loss; but for the one that shows how it fails."""
    for name in PRESETS:
        if name == "too-fast":
            continue
        updates = open_experiment(name)[0].training.iterations
        timeline = trained(name, updates)
        per_epoch = timeline.segments[0].model.batches.per_epoch
        losses = timeline.losses()[1]
        assert len(losses) == updates
        assert losses[-per_epoch:].mean() < 0.6 * losses[:per_epoch].mean(), name


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("worked-example", 15), ("digits", 1210), (HUGE, 109_386), ("conv-classifier", 3)],
)
def test_a_network_is_as_large_as_it_says(name, parameters):
    """Ten weights and five biases; over a thousand; 109,386; three taps."""
    assert len(Timeline.of(open_experiment(name)[0]).segments[0].model.graph.parameters.scalars) == parameters


def test_epochs_and_samples_are_as_told():
    """Three examples in turn, three in each update, ten or 64 rows of the data in an update."""
    told = {
        "two-layer-chain": (1, 3),
        "averaging-over-examples": (3, 1),
        "two-moons": (10, 16),
        "sine": (64, 1),
    }
    for name, (samples, per_epoch) in told.items():
        batches = Timeline.of(open_experiment(name)[0]).segments[0].model.batches
        assert (batches.size_of(0), batches.per_epoch) == (samples, per_epoch), name


def test_too_fast_diverges_where_it_says():
    """Near iteration 320; a rate below 0.5 converges to w = ½."""
    timeline = Timeline.of(open_experiment("too-fast")[0])
    with pytest.raises(Diverged) as caught:
        for _ in run(timeline, 1000, lambda: False):
            pass
    assert 315 <= caught.value.iteration <= 325
    slower = Timeline.of(open_experiment("too-fast")[0]).branch(0, {"learning_rate": 0.4})
    for _ in run(slower, 100, lambda: False):
        pass
    assert slower.state(100).parameters == pytest.approx([0.5], rel=1e-12)


def test_too_fast_in_a_session_stops_and_says_why(qapp):
    """The rate is edited as in the window, and then it converges."""
    with opened("too-fast") as session:
        told = []
        session.told.connect(lambda *words: told.append(words))
        assert not session.reach(400)
        assert 315 <= session.iteration <= 325
        assert "no longer a finite number" in told[0][0]
        session.seek(0)
        Editor(session).edit("learning_rate", "0.4")
        assert session.reach(100)
        session.seek(100)
        assert session.scene().loss < 1e-20


def test_a_dead_neuron_never_wakes_up():
    """Neither its weight nor its bias moves, and its gradients are exactly 0 throughout."""
    timeline = trained("dead-relu", 300)
    layout = timeline.segments[0].model.graph.parameters
    first, last = timeline.state(0).parameters, timeline.state(300).parameters
    for name in ("w2", "b2"):
        assert last[layout.place_of(name)] == first[layout.place_of(name)]
    for name in ("w1", "b1", "w3"):
        assert last[layout.place_of(name)] != first[layout.place_of(name)]
    assert all(timeline.record(k).parameter_gradient[layout.place_of("w2")] == 0 for k in range(0, 300, 50))


def test_gradients_vanish_along_the_sigmoids():
    """Each σ layer takes at least three quarters away, the ReLU chain nothing."""
    story = Story(Timeline.of(open_experiment("vanishing-gradient")[0]))

    def size(name: str) -> float:
        return abs(story.numbers(resolve(story.graph, f"d({name})")))

    assert size("w1") < 0.02 * size("w5")
    for before, after in (("s1", "s2"), ("s2", "s3"), ("s3", "s4")):
        assert size(f"{before}.a[1]") <= size(f"{after}.a[1]") / 4
    assert {size(f"r{place}.a[1]") for place in (1, 2, 3, 4)} == {0.5}


def mazur(updates: int) -> tuple[list[float], list[float], float]:
    """His example in plain Python: weights, outputs and error after so many updates, biases as they are."""
    w, x, y = [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], [0.05, 0.1], [0.01, 0.99]
    for update in range(updates + 1):
        h = [1 / (1 + math.exp(-(w[2 * k] * x[0] + w[2 * k + 1] * x[1] + 0.35))) for k in (0, 1)]
        o = [1 / (1 + math.exp(-(w[4 + 2 * k] * h[0] + w[5 + 2 * k] * h[1] + 0.6))) for k in (0, 1)]
        if update < updates:
            by_o = [(o[k] - y[k]) * o[k] * (1 - o[k]) for k in (0, 1)]
            by_h = [(by_o[0] * w[4 + j] + by_o[1] * w[6 + j]) * h[j] * (1 - h[j]) for j in (0, 1)]
            slopes = [by_h[k] * x[j] for k in (0, 1) for j in (0, 1)]
            slopes += [by_o[k] * h[j] for k in (0, 1) for j in (0, 1)]
            w = [weight - 0.5 * slope for weight, slope in zip(w, slopes, strict=True)]
    return w, o, 0.5 * sum((a - target) ** 2 for a, target in zip(o, y, strict=True))


def test_mazur_after_ten_thousand_updates():
    """As calculated without the program; his page prints an error of 0.0000351085 and these outputs."""
    timeline = trained("mazur-2-2-2", 10000)
    record = timeline.record(10000)
    output = timeline.segments[0].model.graph.by_name["o.a"]
    weights, outputs, error = mazur(10000)
    assert record.before.parameters[:8] == pytest.approx(weights, rel=1e-11)
    assert record.before.parameters[8:].tolist() == [0.35, 0.35, 0.6, 0.6]
    assert record.values[output][0] == pytest.approx(outputs, rel=1e-11)
    assert loss_after("mazur-2-2-2", 10000) == pytest.approx(error, rel=1e-9)
    assert error == pytest.approx(0.0000351085, rel=2e-3)
    assert outputs == pytest.approx([0.015912196, 0.984065734], abs=2e-6)


def test_mazur_after_one_update():
    """The digits his page prints, and the error that his code gives."""
    timeline = trained("mazur-2-2-2", 10000)
    printed = [
        0.149780716,
        0.19956143,
        0.24975114,
        0.29950229,
        0.35891648,
        0.408666186,
        0.51130127,
        0.561370121,
    ]
    weights, _, error = mazur(1)
    assert weights == pytest.approx(printed, abs=5e-9)
    assert timeline.state(1).parameters[:8] == pytest.approx(weights, rel=1e-15)
    assert error == pytest.approx(0.29102777369359933, rel=1e-15)
    assert loss_after("mazur-2-2-2", 1) == pytest.approx(error, rel=1e-15)


def test_a_skip_collects_both_ways():
    """∂L/∂h1 of the skip connection is what comes directly plus what comes through h2."""
    story = Story(Timeline.of(open_experiment("skip-connection-dag")[0]))
    quantity = resolve(story.graph, "d(h1.a[1])")
    assert quantity.aspect == GRADIENT
    names = [story.graph.nodes[term.consumer].name for term in story.terms.gradient(quantity)]
    assert names == ["h2.z", "h2.z", "s.a"]
