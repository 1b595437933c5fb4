"""The plots of a window: live, in step with one another, leading through time, and free while hidden."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from backprop_gui.steps.evaluation import Evaluation
from backprop_gui.steps.run_samples import RunSamples


def open_tab(program, title):
    """Bring a plot to the front and wait until all is measured."""
    tabs = program.window.plot_tabs
    tabs.setCurrentIndex([tabs.tabText(place) for place in range(tabs.count())].index(title))
    return tabs.currentWidget()


def lines_of(plot):
    """The lines of a plot by their names in a file."""
    return {line.own_name: line for line in plot.picture.lines}


def measured(program, plot, name, count):
    """Wait until a line has so many points."""
    program.wait_until(lambda: name in lines_of(plot) and len(lines_of(plot)[name].values) == count)
    return lines_of(plot)[name]


def history(program):
    """The plot of histories, of values."""
    program.do("history")
    plot = program.widget("historyPlot")
    plot.gradients_requested.emit(False)
    return plot


def point(plot, iteration):
    """Where an iteration is, at half height."""
    box = plot._curve.getPlotItem().getViewBox()
    low, high = box.viewRange()[1]
    return plot._curve.mapFromScene(box.mapViewToScene(QPointF(iteration, (low + high) / 2)))


def test_the_test_loss_stands_beside_the_loss(start):
    """Of every iteration of a short run, by the rows kept aside; gone with an experiment that has none."""
    program = start("iris")
    program.train(20)
    plot = program.window.loss_plot
    line = measured(program, plot, "test_loss", 21)
    evaluation, timeline = Evaluation(program.session.model), program.session.timeline
    expected = [evaluation.of(timeline.state(at).parameters)[0] for at in range(21)]
    np.testing.assert_allclose(line.values, expected)
    program.window.controller.files.open("worked-example")
    assert list(lines_of(plot)) == ["train_loss"]


def test_accuracy_is_there_where_there_are_classes(start):
    """Of training and test rows; a network whose targets are numbers has no such tab."""
    program = start("iris")
    program.train(10)
    open_tab(program, "Accuracy")
    plot = program.widget("accuracyPlot")
    train = measured(program, plot, "train_accuracy_percent", 11)
    test = measured(program, plot, "test_accuracy_percent", 11)
    parameters = program.session.timeline.state(10).parameters
    for line, of_test in ((test, True), (train, False)):
        share = Evaluation(program.session.model, of_test).of(parameters)[1]
        assert share is not None
        assert line.values[-1] == 100 * share
    program.window.controller.files.open("worked-example")
    tabs = program.window.plot_tabs
    assert "Accuracy" not in [tabs.tabText(place) for place in range(tabs.count())]


def test_histories_follow_what_is_picked_in_the_network(program, tmp_path, monkeypatch):
    """A weight clicked, a gradient asked, a line pinned; exported with all digits."""
    program.train(12)
    plot = history(program)
    w5 = measured(program, plot, "w5", 13)
    record = program.session.timeline.record
    place = program.session.model.graph.parameters.place_of("w5")
    np.testing.assert_array_equal(w5.values, [record(at).before.parameters[place] for at in range(13)])
    program.click("w5")
    assert {name for name, line in lines_of(plot).items() if line.role == "lit"} == {"w5"}
    program.do("pinHistory")
    program.session.set_focus("out[1]")
    roles = {name: line.role for name, line in lines_of(plot).items()}
    assert (roles["w5"], roles["w9"], roles["w10"], roles["b5"], roles["w1"]) == ("main", *3 * ["lit"], "dim")
    program.session.ask(program.session.plan.quantity(19))  # ∂L/∂w5
    gradients = measured(program, plot, "d(w5)", 13)
    np.testing.assert_array_equal(
        gradients.values, [record(at).parameter_gradient[place] for at in range(13)]
    )
    target = tmp_path / "history.csv"
    monkeypatch.setattr("backprop_gui.app.files.ask_save_path", lambda *_: str(target))
    plot.export_requested.emit("csv")
    rows = list(csv.DictReader(target.read_text("utf-8").splitlines()))
    assert [float(row["d(w5)"]) for row in rows] == gradients.values.tolist()


def test_pins_are_kept_by_keyboard_and_let_go(program):
    """The step's own weight is pinned by H; the menu unpins; another experiment has none."""
    program.go(19)
    plot = history(program)
    menu = plot._pins.menu()
    assert [action.text() for action in menu.actions()] == ["w₅"]
    menu.actions()[0].trigger()
    assert plot._pins.text() == "pin"
    program.do("pinHistory")
    assert plot._pins.text() == "1 pinned"
    program.window.controller.files.open("two-layer-chain")
    assert plot._pins.text() == "pin"


def test_a_name_at_the_end_of_a_line_leads_to_the_weight(program):
    """And W over a line asks where its number comes from."""
    program.train(12)
    plot = history(program)
    measured(program, plot, "w5", 13)
    plot.grab()
    right = plot._curve._right
    label, middle = right._placed()[0]
    where = plot._curve.mapFromScene(right.mapToScene(QPointF(right.boundingRect().center().x(), middle)))
    QTest.mouseClick(plot._curve.viewport(), Qt.MouseButton.LeftButton, pos=where)
    name = plot.picture.lines[label.line].own_name
    assert program.session.focus == name
    plot.point_asked.emit((label.line, 3))
    why = program.widget("whyPanel")
    program.wait_until(why.isVisible)
    assert program.window.controller.features["WhyTree"].state.root.iteration == 3


@pytest.mark.parametrize("tab", ["Loss", "History"])
def test_a_drag_leads_through_the_run_and_the_latest_wins(program, tab, monkeypatch):
    """Canvas and tables are at the iteration the drag ended at; moves between do not queue up."""
    program.train(2_000)
    program.session.seek(2_000, 30)
    plot = program.window.loss_plot if tab == "Loss" else history(program)
    program.wait_until(lambda: plot.picture.lines and len(plot.picture.lines[0].values) > 100)
    plot.grab()  # lays it out
    gone, go = [], program.session.travelling.go

    def note(*to):
        gone.append(to[0])
        go(*to)

    monkeypatch.setattr(program.session.travelling, "go", note)
    port = plot._curve.viewport()
    first, last = point(plot, 100), point(plot, 1500)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=first)
    for x in range(first.x(), last.x() + 1, 3):
        QTest.mouseMove(port, QPoint(x, first.y()))
    end = plot._curve.iteration_at(QPoint(x, first.y()))
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPoint(x, first.y()))
    program.wait_until(lambda: program.at[0] == end)
    assert program.at == (end, 30)  # at the step one was at
    assert program.window.loss_plot._here == end or tab == "History"
    w5 = program.session.timeline.state(end).parameters[4]
    assert float(program.cell("parameterTable", "w5", "value")) == w5
    assert len(gone) < (last.x() - first.x()) // 3


def test_hidden_plots_cost_nothing(start, monkeypatch):
    """Nothing is measured, smoothed or made into a picture, in training, stepping or editing."""
    program = start("iris")
    for title in ("Accuracy", "History", "Loss"):
        open_tab(program, title)
    calls: list[str] = []

    def count(owner, name):
        plain = getattr(owner, name)

        def note(*arguments, **named):
            calls.append(name)
            return plain(*arguments, **named)

        monkeypatch.setattr(owner, name, note)

    count(RunSamples, "follow")
    count(RunSamples, "work")
    for name in ("accuracyPlot", "historyPlot"):
        count(program.widget(name), "show_lines")
        count(program.widget(name), "show_here")
    program.train(5)
    assert set(calls) <= {"follow", "work"}  # of the test loss, which is looked at
    count(program.window.loss_plot, "show_lines")
    count(program.window.loss_plot, "show_here")
    program.do("projector")
    QTest.qWait(30)
    calls.clear()
    program.train(5)
    program.do("next", "nextPhase", "previousIteration")
    program.window.controller.edit("w5", "0.5")
    program.session.set_focus("w1")
    QTest.qWait(30)
    assert calls == []
    program.do("projector")
    assert "show_lines" in calls
    assert program.window.loss_plot._here == program.session.iteration


def test_what_was_hidden_is_up_to_date_when_it_is_seen_again(program):
    """The projector view hides the plots; afterwards they are at the iteration on screen."""
    program.train(5)
    plot = history(program)
    program.do("projector", "first")
    assert plot._here == 5
    program.do("projector")
    assert plot._here == 0


def test_all_plots_together_are_in_step_and_come_and_go_with_the_experiment(start):
    """P shows them all, also those of the next experiment; P again leaves one in front, beside the tables."""
    program = start("iris")
    program.train(30)
    tabs, tables = program.window.plot_tabs, program.window.table_tabs
    before = [tabs.widget(place) for place in range(tabs.count())]
    open_tab(program, "Accuracy")
    program.canvas.setFocus()
    program.press(Qt.Key.Key_P)
    seen = [program.window.loss_plot, program.widget("accuracyPlot"), program.widget("historyPlot")]
    measured(program, seen[1], "train_accuracy_percent", 31)
    assert list(tabs.in_front()) == before
    assert not tables.isVisible()
    QTest.mouseClick(seen[0]._curve.viewport(), Qt.MouseButton.LeftButton, pos=point(seen[0], 12))
    assert [plot._here for plot in seen] == [program.at[0]] * 3 != [30] * 3
    program.window.controller.files.open("worked-example")
    assert before[1] not in tabs.in_front()
    assert not seen[1].isVisible()
    program.window.controller.files.open("iris")
    assert list(tabs.in_front()) == before
    program.do("plotsTogether")
    assert tables.isVisible()
    assert tabs.currentWidget() is before[1]
    assert [tabs.tabText(place) for place in range(3)] == ["Loss", "Accuracy", "History"]
    assert not seen[0].isVisible()


def test_a_history_asked_for_is_seen_however_large_the_text(start):
    """Where there is room for one row only, the plots take it."""
    program = start("worked-example", (1280, 720))
    program.window.apply_theme(program.window.theme(), 2.2)
    assert not program.window.plot_tabs.isVisible()
    program.do("history")
    program.wait_until(lambda: program.widget("historyPlot").isVisible())
