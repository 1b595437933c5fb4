"""The canvas in words: what a screen reader finds, in which order, and where."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from backprop_gui.present.pictures import Card, Cell
from backprop_gui.views.canvas import GraphCanvas
from backprop_gui.views.canvas_access import spoken_card
from tests.canvas_pictures import network, picture_of, worked_example


@pytest.fixture
def canvas(qtbot) -> GraphCanvas:
    view = GraphCanvas()
    qtbot.addWidget(view)
    view.resize(1000, 480)
    view.set_reduced_motion(True)
    view.show_picture(worked_example())
    view.show()
    qtbot.waitExposed(view)
    return view


def children(view: GraphCanvas) -> list[str]:
    interface = QAccessible.queryAccessibleInterface(view)
    return [interface.child(i).text(QAccessible.Text.Name) for i in range(interface.childCount())]


def test_every_card_and_parameter_is_an_accessible_child(canvas):
    names = children(canvas)
    assert len(names) == 8 + 10 + 5
    assert names[0] == "input 1: 0.4"
    assert (
        names[2]
        == "neuron h1[1]: z 0.41, a 0.6011, derivative by z not yet known, derivative by a not yet known"
    )
    assert names[3] == "weight 1: 0.5"
    assert names[5] == "bias b 1 of neuron h1[1]: 0.2"
    assert "weight 5: 0.9, derivative 0.009189" in names
    assert names[-1] == "loss: 0.3617, target y = 0, complete"


def test_a_card_named_by_its_quantity_says_the_name_once():
    card = Card("x[1]", (Cell("x₁", "−0.4"),))
    assert spoken_card("input x 1", card) == "input x 1: minus 0.4"


def test_accessible_children_follow_the_picture(canvas):
    """Names are made when asked for; a new network has other children, old ones do not crash."""
    children(canvas)
    gc.collect()
    canvas.show_picture(picture_of(network(1, 1)))
    assert len(children(canvas)) == 3 + 1 + 1
    canvas.show_picture(picture_of(network(3, 5, 4, 2)))
    assert len(children(canvas)) == 15 + 43 + 11


def test_accessible_children_lie_where_their_cards_are(canvas):
    interface = QAccessible.queryAccessibleInterface(canvas)
    first, loss = interface.child(0).rect(), interface.child(interface.childCount() - 1).rect()
    assert first.right() < loss.left()
    middle = canvas.mapFromScene(canvas._scene.cards["x[1]"].scenePos())
    assert first.contains(canvas.viewport().mapToGlobal(middle))
    child = interface.childAt(loss.center().x(), loss.center().y())
    assert child.text(QAccessible.Text.Name).startswith("loss")
    assert interface.indexOfChild(child) == interface.childCount() - 1


def test_the_interfaces_of_a_deleted_canvas_are_gone(qtbot):
    """Asking, deleting, collecting and asking anew must not crash."""
    for _ in range(3):
        view = GraphCanvas()
        view.show_picture(worked_example())
        assert len(children(view)) == 23
        view.deleteLater()
        del view
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
