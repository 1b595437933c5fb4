"""Choosing an optimiser in the window: it is an edit like any other."""

from __future__ import annotations

import pytest

from backprop_gui.app import create_window
from backprop_gui.app.controller import Controller
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.errors import InvalidEdit


@pytest.fixture
def controller(qtbot):
    window = create_window()
    found = window.findChild(Controller)
    yield found
    found.close_without_asking()
    window.deleteLater()


def test_the_list_sets_the_optimizer_from_here_on(controller):
    """All are offered; the chosen one keeps the rate and begins afresh; undo brings the old one back."""
    session, toolbar = controller.session, controller.window.toolbar
    assert [toolbar._optimizer.itemData(i) for i in range(toolbar._optimizer.count())] == list(OPTIMIZERS)
    session.reach(3)
    session.seek(3)
    before = session.timeline.state(3)
    toolbar.optimizer_requested.emit("adam")
    assert session.model.optimizer.kind == toolbar._optimizer.currentData() == "adam"
    assert session.model.settings["learning_rate"] == 0.5
    assert session.timeline.state(3).updates == 0
    assert session.plan.total == 36 + 15 * 5
    assert session.experiment.edits[-1].set == {"optimizer": {"kind": "adam", "learning_rate": 0.5}}
    assert session.history.undo_name == "set the optimizer to Adam"
    session.seek(2)
    assert session.model.optimizer.kind == "gradient_descent"
    session.seek(3)
    controller.editor.undo()
    assert toolbar._optimizer.currentData() == "gradient_descent"
    assert (
        session.timeline.state(3) is before
        or (session.timeline.state(3).parameters == before.parameters).all()
    )
    controller.editor.redo()
    assert session.model.optimizer.kind == "adam"


def test_the_same_again_is_no_edit(controller):
    """Choosing what is in force changes nothing; what is unknown is refused."""
    session = controller.session
    controller.editor.set_optimizer("gradient_descent")
    assert not session.modified
    with pytest.raises(InvalidEdit, match="'sgd' is unknown"):
        controller.editor.set_optimizer("sgd")
    assert not session.modified


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_the_open_list_shows_every_name_whole(controller, scale):
    """The list is as wide as its longest name, however narrow the field and large the text."""
    window = controller.window
    window.look.apply(window.look.theme, scale)
    window.show()
    field = window.toolbar._optimizer
    field.showPopup()
    view = field.view()
    longest = max(field.fontMetrics().horizontalAdvance(field.itemText(i)) for i in range(field.count()))
    assert view.viewport().width() >= longest
    field.hidePopup()
    window.look.apply(window.look.theme, 1.0)
