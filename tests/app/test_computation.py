"""G: the same iteration as a computational graph, in the real window."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QImage, QPainter
from PySide6.QtTest import QTest

from tests.app.program import KEY, NO, Program


@pytest.fixture
def drawn(program):
    """The program with the graph in the place of the network; the network is back at the end."""
    program.press(KEY.Key_G)
    yield program
    program.action("graphView").setChecked(False)


def graph(program: Program) -> Any:
    return program.window.stage.currentWidget()


def told(program: Program) -> list[str]:
    """What screen readers are told of every node."""
    interface = QAccessible.queryAccessibleInterface(graph(program))
    name = QAccessible.Text.Name
    return [interface.child(number).text(name) for number in range(interface.childCount())]


def item_of(program: Program, name: str) -> Any:
    """The node that makes a wire of this name."""
    shape = graph(program)._picture.shape
    return graph(program)._items[next(wire.node for wire in shape.wires if wire.name == name)]


def click(program: Program, name: str) -> None:
    """Click the node that makes a wire of this name."""
    view = graph(program)
    view.ensureVisible(item_of(program, name).place)
    where = view.mapFromScene(item_of(program, name).box.center())
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, NO, where)


def test_key_switches_to_and_fro(drawn):
    """G shows the graph, G again the network; the keyboard stays on the stage."""
    view = graph(drawn)
    assert view.objectName() == "computation"
    assert view.hasFocus()
    drawn.press(KEY.Key_G)
    assert graph(drawn) is drawn.canvas
    assert drawn.canvas.hasFocus()
    drawn.press(KEY.Key_G)
    assert graph(drawn) is view


def test_same_steps(drawn):
    """The graph follows the step, and tells it in words."""
    drawn.go(5)
    assert "parameter w 5: value 0.9, derivative not yet known" in told(drawn)
    assert any(text.endswith("value 0.541, derivative not yet known") for text in told(drawn))
    drawn.go(19)
    assert "parameter w 5: value 0.9, derivative 0.009189" in told(drawn)
    assert "input x 1: value 0.4" in told(drawn)
    drawn.press(KEY.Key_Left)
    assert "parameter w 5: value 0.9, derivative not yet known" in told(drawn)


def test_same_focus(drawn):
    """A click asks about the weight as on the network; again, or Esc, shows all."""
    drawn.go(36)
    click(drawn, "w₅")
    assert drawn.session.focus == "w5"
    assert "w₅" in drawn.explanation
    assert "every path" in graph(drawn)._hint._text
    click(drawn, "w₅")
    assert drawn.session.focus == ""
    click(drawn, "z₁⁽²⁾")
    assert drawn.session.focus == "h2[1]"
    drawn.press(KEY.Key_Escape)
    assert drawn.session.focus == ""


def test_click_on_a_number_asks_about_it(drawn):
    """The gradient below the edge of w₅."""
    drawn.go(19)
    item = item_of(drawn, "w₅")
    view = graph(drawn)
    view.ensureVisible(item.place)
    stem = view._layout.stems[item.drawn.outputs[0]]
    where = view.mapFromScene((stem.start[0] + stem.end[0]) / 2, stem.start[1] + 9)
    assert "0.00918855" in view._tip_at(where)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, NO, where)
    asked = drawn.session.asked
    assert asked.aspect == "gradient"
    assert drawn.session.focus == "w5"
    drawn.press(KEY.Key_Escape)


def test_keyboard_walks_through_the_operations(drawn):
    """↓ moves the ring, Enter asks about what has it."""
    view = graph(drawn)
    drawn.press(KEY.Key_Down)
    assert view.focused_stop() >= 0
    stop = view.stops()[view.focused_stop()]
    drawn.press(KEY.Key_Return)
    assert drawn.session.focus == view._picture.shape.nodes[int(stop.identity)].identity
    drawn.press(KEY.Key_Escape)


def test_this_step_is_in_view(drawn):
    """The graph is wider than its place: it follows the step."""
    view = graph(drawn)
    for position in (1, 11, 19, 36):
        drawn.go(position)
        room = view.viewport().rect()
        for index in view._picture.here:
            if view._picture.nodes[index].emphasis == "lit":
                box = view.viewportTransform().mapRect(view._items[index].box).toRect()
                assert room.contains(box), position


def test_numbers_are_legible(drawn):
    """At least nine pixels high, whatever the size of the window."""
    assert graph(drawn).transform().m11() * 12 >= 9


def test_zoom_commands_act_on_what_is_shown(drawn):
    """The same keys; the network behind stays as it is."""
    before, network = graph(drawn).transform().m11(), drawn.canvas.transform().m11()
    drawn.do("zoomIn")
    assert graph(drawn).transform().m11() > before
    assert drawn.canvas.transform().m11() == network
    drawn.do("fit")
    assert graph(drawn).transform().m11() == before


def test_projector_and_next_panel(drawn):
    """F6 goes from the graph to the explanation and back; the projector shows both."""
    drawn.do("projector")
    assert graph(drawn).isVisible()
    graph(drawn).setFocus()
    drawn.press(KEY.Key_F6)
    assert not graph(drawn).hasFocus()
    drawn.press(KEY.Key_F6)
    assert graph(drawn).hasFocus()
    drawn.press(KEY.Key_Escape)
    assert not drawn.action("projector").isChecked()


def test_edits_and_other_experiments_arrive(drawn):
    """An edit is an edit everywhere; another network is another graph."""
    drawn.window.controller.edit("w5", "0.25")
    assert any(text.startswith("parameter w 5: value 0.25") for text in told(drawn))
    drawn.do("undo")
    drawn.window.controller.files.open("two-layer-chain")
    assert len(told(drawn)) == 14
    drawn.window.controller.files.open("digits")
    assert any("matrix times" in text for text in told(drawn))


def test_look_is_that_of_the_window(drawn):
    """Theme and text size arrive; larger text is laid out anew."""
    view = graph(drawn)
    width = view._layout.bounds.width
    drawn.do("theme.dark", "textLarger")
    assert view._look.theme.name == "dark"
    assert view._layout.bounds.width > width
    drawn.do("theme.light", "textReset")
    assert view._layout.bounds.width == width


def test_building_needs_the_network(drawn):
    """Neurons are added on the network's canvas."""
    drawn.do("build")
    assert graph(drawn) is drawn.canvas
    drawn.do("graphView")
    assert not drawn.action("build").isChecked()


def test_picture_of_the_graph_is_exported(drawn):
    """What is shown is what is painted into a file."""
    image = QImage(800, 400, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    graph(drawn).paint_scene(painter, image.rect())
    painter.end()
    colours = {image.pixelColor(QPoint(x, 200)).name() for x in range(0, 800, 3)}
    assert len(colours) > 3


def test_hidden_graph_costs_nothing(program):
    """It is neither made before it is looked at nor painted behind the network."""
    feature = program.window.controller.features["ComputationView"]
    made = feature._canvas
    program.action("graphView").setChecked(False)
    program.go(3)
    assert feature._canvas is made
    if made is not None:
        assert made._picture.phase == "given" or not made.isVisible()


def test_network_behind_the_graph_rests(drawn):
    """It is not painted while nobody sees it, and is up to date on return; after another network too."""
    before = drawn.canvas._picture
    drawn.go(3)
    drawn.session.light([drawn.session.subject()])
    assert drawn.canvas._picture is before
    drawn.press(KEY.Key_G)
    assert any("z 0.41" in text for text in drawn.canvas_texts())
    drawn.press(KEY.Key_G)
    drawn.window.controller.files.open("two-layer-chain")
    drawn.press(KEY.Key_G)
    assert drawn.canvas_texts()[0] == "input x: 0.2"


def test_long_graph_scrolls_gently_unless_motion_is_reduced(drawn):
    """With motion the view is on its way, without it is there."""
    view = graph(drawn)
    drawn.do("reducedMotion")
    drawn.go(0)
    drawn.session.seek(0, 12)
    assert view._follower.state() == view._follower.State.Running
    drawn.do("reducedMotion")
    assert view._follower.state() != view._follower.State.Running


def test_screenshot_of_the_graph(tmp_path):
    """`screenshot --view graph` draws it without a display."""
    target = tmp_path / "graph.png"
    command = [sys.executable, "-m", "backprop_gui", "screenshot", "two-layer-chain", "--step", "9"]
    done = subprocess.run(
        [*command, "--view", "graph", "-o", str(target)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    network = tmp_path / "network.png"
    subprocess.run([*command, "-o", str(network)], check=True)
    assert QImage(str(target)) != QImage(str(network))
