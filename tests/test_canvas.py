"""The graph canvas: pictures in, clicks and edits out; zoom, pulse and keyboard."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from backprop_gui.present.pictures import CanvasPicture
from backprop_gui.views.canvas import GraphCanvas
from backprop_gui.views.canvas_edges import STRONGEST, edge_width
from backprop_gui.views.theme import DARK
from tests.canvas_pictures import network, picture_of, residual, worked_example


@pytest.fixture
def canvas(qtbot) -> GraphCanvas:
    """The worked example in a window of a usual size; its pulse is off so that tests are quick."""
    view = GraphCanvas()
    qtbot.addWidget(view)
    view.resize(1000, 480)
    view.set_reduced_motion(True)
    view.show_picture(worked_example())
    view.show()
    qtbot.waitExposed(view)
    return view


def changed(picture: CanvasPicture, parameter: str, **changes) -> CanvasPicture:
    chips = [replace(chip, **changes) if chip.identity == parameter else chip for chip in picture.chips]
    return dataclasses.replace(picture, chips=tuple(chips))


def on_screen(view: GraphCanvas, identity: str, part: str = "box") -> QPoint:
    item = view._scene.item_of(identity)
    rect = item.edit_target().rect if part == "edit" else item.box
    return view.mapFromScene(item.mapToScene(rect.center()))


def value_cell(view: GraphCanvas, identity: str, number: int) -> QPoint:
    item = view._scene.cards[identity]
    return view.mapFromScene(item.mapToScene(QPointF(*item._value_boxes[number].centre)))


def click(view: GraphCanvas, point: QPoint) -> None:
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point)


def double_click(view: GraphCanvas, point: QPoint) -> QLineEdit | None:
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    return view.findChild(QLineEdit, "canvasEditor")


# ---------------------------------------------------------------- showing


def test_the_same_shape_keeps_its_items(canvas):
    """A step changes what items show, never which items there are."""
    before = dict(canvas._scene.cards)
    canvas.show_picture(changed(worked_example(), "w5", strength=0.4))
    assert canvas._scene.cards == before
    canvas.show_picture(picture_of(network(2, 3, 2)))
    assert not set(before.values()) & set(canvas._scene.cards.values())


def test_only_what_differs_is_painted_again(canvas, monkeypatch):
    """A picture that changes one chip touches that chip and the layer of its edge, and nothing else."""
    touched = []
    scene = canvas._scene
    items = {**scene.cards, **scene.weights, **scene.layers}
    for name, item in items.items():
        monkeypatch.setattr(item, "update", lambda name=name: touched.append(name))
    picture = worked_example()
    canvas.show_picture(picture)
    assert touched == []
    canvas.show_picture(changed(picture, "w6", strength=-0.3))
    assert set(touched) == {"e6", "layer2"}


def test_showing_emits_nothing(canvas):
    heard: list[object] = []
    for name in ("quantity_clicked", "parameter_clicked", "card_clicked", "edit_requested", "hovered"):
        getattr(canvas, name).connect(heard.append)
    canvas.background_clicked.connect(lambda: heard.append("background"))
    canvas.show_picture(picture_of(residual()))
    canvas.set_theme(DARK)
    canvas.set_text_scale(1.5)
    canvas.fit()
    assert heard == []


def test_a_chip_gets_its_second_line_with_its_gradient(canvas):
    chips = canvas._scene.weights
    assert chips["e5"].box.height() > chips["e6"].box.height()


def test_an_edge_is_lit_with_its_chip(canvas):
    """The lit edge is painted last, on top of the others of its layer."""
    layer = canvas._scene.layers["layer2"]
    assert layer.edges[layer.drawn()[-1]].identity == "e5"


def test_edges_are_painted_from_weak_to_strong(qtbot):
    view = GraphCanvas()
    qtbot.addWidget(view)
    view.show_picture(picture_of(network(2, 3, 2)))
    for layer in view._scene.layers.values():
        sizes = abs(layer._strengths[layer.drawn()])
        assert list(sizes) == sorted(sizes)


def test_edge_widths_grow_with_the_weight_within_limits():
    widths = [edge_width(strength) for strength in (0.0, 0.1, -0.5, 1.0, 1000.0)]
    assert widths == sorted(widths)
    assert widths[0] == 1.0
    assert widths[-1] == 6.0


def test_large_layers_show_their_strongest_edges_and_the_lit_one(qtbot):
    view = GraphCanvas()
    qtbot.addWidget(view)
    picture = picture_of(network(10, 20, 2))
    weakest = min((chip for chip in picture.chips if chip.identity[0] == "w"), key=lambda c: abs(c.strength))
    number = weakest.identity[1:]
    view.show_picture(picture)
    layer, index = view._scene._place_of_edge[f"e{number}"]
    assert len(layer.drawn()) == STRONGEST
    assert index not in layer.drawn()
    assert view._scene.item_of(weakest.identity) is None
    view.show_picture(changed(picture, weakest.identity, emphasis="lit"))
    assert index in layer.drawn()
    assert view._scene.item_of(weakest.identity) is not None


def test_a_theme_changes_the_ground_at_once(canvas):
    canvas.set_theme(DARK)
    assert canvas.grab().toImage().pixelColor(3, 3).name() == DARK.canvas


def test_the_network_fills_the_window_until_it_is_zoomed(canvas, qtbot):
    fitted = canvas.transform().m11()
    canvas.resize(700, 420)
    qtbot.waitUntil(lambda: canvas.transform().m11() < fitted)
    canvas.zoom_in()
    zoomed = canvas.transform().m11()
    canvas.resize(900, 420)
    assert canvas.transform().m11() == zoomed
    canvas.fit()
    assert canvas.transform().m11() != zoomed


def test_the_wheel_zooms_around_the_pointer(canvas):
    point = value_cell(canvas, "out[1]", 0)
    before = canvas.mapToScene(point)
    centre = QPointF(point)
    wheel = QWheelEvent(
        centre, canvas.mapToGlobal(centre), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    zoom = canvas.transform().m11()
    QApplication.sendEvent(canvas.viewport(), wheel)
    assert canvas.transform().m11() > zoom
    after = canvas.mapToScene(point)
    assert abs(after.x() - before.x()) < 2
    assert abs(after.y() - before.y()) < 2


def test_enlarged_texts_are_enlarged_on_screen(canvas):
    """A network that filled the window does not shrink back to fit: what is lit stays in sight."""
    zoom = canvas.transform().m11()
    canvas.set_text_scale(2.0)
    assert canvas.transform().m11() >= zoom * 0.99
    assert canvas.viewport().rect().contains(on_screen(canvas, "w5"))


def test_a_painted_scene_has_no_keyboard_ring(canvas):
    """Exported pictures show the network, not where the keyboard happens to be."""
    canvas.activateWindow()
    canvas.setFocus()
    plain = painted(canvas)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert painted(canvas) == plain
    assert plain.pixelColor(1, 1) != plain.pixelColor(200, 60)


def painted(view: GraphCanvas) -> QImage:
    image = QImage(800, 400, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.paint_scene(painter, QRectF(0, 0, 800, 400))
    painter.end()
    return image


# ---------------------------------------------------------------- pulse


def test_the_pulse_runs_shortly_and_ends(qtbot, canvas):
    canvas.set_reduced_motion(False)
    canvas.show_picture(worked_example())
    assert canvas._scene.pulse.running
    qtbot.waitUntil(lambda: not canvas._scene.pulse.running, timeout=2000)
    assert canvas._scene.pulse._dots == []


def test_the_next_picture_ends_the_pulse(canvas):
    canvas.set_reduced_motion(False)
    canvas.show_picture(worked_example())
    canvas.show_picture(dataclasses.replace(worked_example(), pulse=()))
    assert not canvas._scene.pulse.running


@pytest.mark.parametrize(("phase", "end"), [("forward", 0), ("backward", -1)])
def test_the_pulse_runs_in_the_direction_of_the_phase(canvas, phase, end):
    """Values travel to the receiving neuron, gradients to the sending one."""
    canvas.set_reduced_motion(False)
    canvas.show_picture(dataclasses.replace(worked_example(), phase=phase))
    pulse = canvas._scene.pulse
    pulse._move(0.0)
    x, y = canvas._scene.layout.routes["e5"][end]
    assert (pulse._dots[0].x(), pulse._dots[0].y()) == (pytest.approx(x), pytest.approx(y))
    pulse.stop()


def test_reduced_motion_has_no_pulse(canvas):
    canvas.show_picture(changed(worked_example(), "w5", strength=0.1))
    assert not canvas._scene.pulse.running


# ---------------------------------------------------------------- pointer


def test_a_click_on_a_number_hands_back_its_quantity(canvas, qtbot):
    with qtbot.waitSignal(canvas.quantity_clicked) as heard:
        click(canvas, value_cell(canvas, "h1[1]", 1))
    assert heard.args == [("value", "h1[1]", "a = σ(z)")]


def test_a_click_on_a_title_hands_back_the_card(canvas, qtbot):
    item = canvas._scene.cards["h1[1]"]
    with qtbot.waitSignal(canvas.card_clicked) as heard:
        click(canvas, canvas.mapFromScene(item.mapToScene(item._title_box.center())))
    assert heard.args == ["h1[1]"]


def test_a_click_on_a_chip_or_its_edge_hands_back_the_parameter(canvas, qtbot):
    with qtbot.waitSignal(canvas.parameter_clicked) as heard:
        click(canvas, on_screen(canvas, "w5"))
    assert heard.args == ["w5"]
    start, end = (QPointF(*point) for point in canvas._scene.layout.routes["e9"])
    with qtbot.waitSignal(canvas.parameter_clicked) as heard:
        click(canvas, canvas.mapFromScene(start + (end - start) * 0.12))
    assert heard.args == ["w9"]


def test_a_click_on_the_ground_is_told_and_a_drag_is_not(canvas, qtbot):
    ground = QPoint(canvas.width() - 30, 20)
    with qtbot.waitSignal(canvas.background_clicked):
        click(canvas, ground)
    before = canvas.mapToScene(0, 0)
    with qtbot.assertNotEmitted(canvas.background_clicked):
        QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=ground)
        QTest.mouseMove(canvas.viewport(), ground + QPoint(-60, 40))
        QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=ground + QPoint(-60, 40))
    assert canvas.mapToScene(0, 0) != before


def test_hovering_is_told_once(canvas):
    heard: list[object] = []
    canvas.hovered.connect(heard.append)
    for offset in (0, 2):
        QTest.mouseMove(canvas.viewport(), on_screen(canvas, "w5") + QPoint(offset, 0))
    QTest.mouseMove(canvas.viewport(), QPoint(canvas.width() - 30, 20))
    assert heard == ["w5", ""]


def test_all_digits_are_in_the_tip(canvas):
    item = canvas._scene.cards["h2[1]"]
    target = item.target_at(QPointF(*item._value_boxes[0].centre))
    assert target.tip == "1.2130000000001"


# ---------------------------------------------------------------- editing


def test_a_double_click_edits_a_weight_in_place(canvas, qtbot):
    """The field holds all digits, selected; Enter hands back the text as typed, and it closes."""
    editor = double_click(canvas, on_screen(canvas, "w5"))
    assert editor.isVisible()
    assert editor.selectedText() == "0.9"
    QTest.keyClicks(editor, "0.95")
    with qtbot.waitSignal(canvas.edit_requested) as heard:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert heard.args == ["w5", "0.95"]
    assert not editor.isVisible()


def test_inputs_and_targets_are_edited_like_weights(canvas, qtbot):
    editor = double_click(canvas, value_cell(canvas, "x[1]", 0))
    with qtbot.waitSignal(canvas.edit_requested) as heard:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert heard.args[0] == "x[1]"
    editor = double_click(canvas, on_screen(canvas, "loss", "edit"))
    assert editor.text() == "0"
    with qtbot.waitSignal(canvas.edit_requested) as heard:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert heard.args == ["y[1]", "0"]


def test_a_target_is_edited_with_all_its_digits(canvas):
    """A rounded caption must not round the target when it is edited."""
    picture = worked_example()
    loss = replace(picture.cards[-1], caption="target *y* = 0.3333", tip="0.3333333333333333")
    canvas.show_picture(dataclasses.replace(picture, cards=(*picture.cards[:-1], loss)))
    assert double_click(canvas, on_screen(canvas, "loss", "edit")).text() == "0.3333333333333333"


def test_escape_and_leaving_change_nothing(canvas, qtbot):
    with qtbot.assertNotEmitted(canvas.edit_requested):
        editor = double_click(canvas, on_screen(canvas, "w5"))
        QTest.keyClicks(editor, "7")
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        assert not editor.isVisible()
        editor = double_click(canvas, on_screen(canvas, "w5"))
        editor.clearFocus()
        assert not editor.isVisible()


def test_a_computed_number_cannot_be_edited(canvas):
    assert not double_click(canvas, value_cell(canvas, "h1[1]", 0)).isVisible()


def test_another_network_closes_the_field(canvas):
    editor = double_click(canvas, on_screen(canvas, "w5"))
    canvas.show_picture(picture_of(network(2, 3, 2)))
    assert not editor.isVisible()


def test_the_minus_of_the_display_is_edited_as_a_plain_one(qtbot):
    view = GraphCanvas()
    qtbot.addWidget(view)
    picture = worked_example()
    chip = next(chip for chip in picture.chips if chip.identity == "w5")
    view.show_picture(changed(picture, "w5", value=replace(chip.value, text="−0.5", full="−0.51")))
    assert view._scene.item_of("w5").edit_target().digits == "-0.51"


# ---------------------------------------------------------------- keyboard


def test_arrows_walk_in_network_order_and_shift_enter_clicks(canvas, qtbot):
    canvas.activateWindow()
    canvas.setFocus()
    for _ in range(4):
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    with qtbot.waitSignal(canvas.parameter_clicked) as heard:
        QTest.keyClick(canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert heard.args == ["w1"]
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    with qtbot.waitSignal(canvas.card_clicked) as heard:
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert heard.args == ["h1[1]"]


def test_f2_edits_what_has_the_ring(canvas):
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_F2)
    assert canvas.findChild(QLineEdit, "canvasEditor").text() == "0.40000000001"


@pytest.mark.parametrize("key", ["Left", "Right", "Space", "PageUp", "PageDown", "Home", "End", "Escape"])
def test_the_keys_of_the_window_pass_through(qtbot, key):
    """Stepping keys must reach the window although the canvas has the focus."""
    heard: list[object] = []

    class Window(QWidget):
        def keyPressEvent(self, event):
            heard.append(event.key())

    window = Window()
    qtbot.addWidget(window)
    view = GraphCanvas(window)
    view.show_picture(worked_example())
    QTest.keyClick(view, getattr(Qt.Key, f"Key_{key}"))
    assert heard == [getattr(Qt.Key, f"Key_{key}")]
