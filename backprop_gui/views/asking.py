"""How any number on screen is asked "why?": with the right button, and with Ctrl and a click."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QCursor, QMouseEvent
from PySide6.QtWidgets import QAbstractScrollArea, QLineEdit, QMenu, QWidget

WHY = "Why this number?"
TIP = "W: why"  # the last line of a number's tip


def with_why(tip: str, there: bool) -> str:
    """A tip that says how to ask, where there is a number to ask about."""
    return "\n".join(part for part in (tip, TIP) if part) if there else tip


class Asking(QObject):
    """Watches a view whose numbers can be asked; the view itself knows nothing of it.

    `find` gives what stands at a point (of the viewport, where the view has one), None for no number.
    `at_keyboard` gives the point the menu key means.
    """

    asked = Signal(object)

    def __init__(
        self,
        view: QWidget,
        find: Callable[[QPoint], object | None],
        at_keyboard: Callable[[], QPoint | None] | None = None,
        clicks: bool = False,
    ) -> None:
        super().__init__(view)
        self._view = view
        self._port = view.viewport() if isinstance(view, QAbstractScrollArea) else view
        self._find, self._at_keyboard, self._clicks = find, at_keyboard, clicks
        self._offered: object | None = None
        for watched in {self._view, self._port}:
            watched.installEventFilter(self)

    def pointed(self) -> object | None:
        """What stands under the pointer, None when the pointer is elsewhere."""
        if not self._port.isVisible():
            return None
        point = self._port.mapFromGlobal(QCursor.pos())
        return self._find(point) if self._port.rect().contains(point) else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Offer the menu, or ask at once; everything else goes its way."""
        if event.type() == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent):
            by_keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
            point: QPoint | None = event.pos()
            if by_keyboard:
                point = self._at_keyboard() if self._at_keyboard is not None else None
            elif watched is not self._port:
                return False  # the viewport has had it already
            return point is not None and self._offer(point)
        presses = self._clicks and event.type() == QEvent.Type.MouseButtonPress and watched is self._port
        if presses and isinstance(event, QMouseEvent) and _is_ctrl_click(event):
            found = self._find(event.position().toPoint())
            if found is not None:
                self.asked.emit(found)
                return True
        return False

    def _offer(self, point: QPoint) -> bool:
        """Show the menu for what stands at a point; False where there is nothing."""
        self._offered = self._find(point)
        if self._offered is None:
            return False
        menu = self._menu()
        menu.setObjectName("whyMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_why(menu).triggered.connect(self._ask)
        menu.popup(self._port.mapToGlobal(point))
        return True

    def _menu(self) -> QMenu:
        """An empty menu; that of a field still has what fields offer."""
        if not isinstance(self._view, QLineEdit):
            return QMenu(self._view)
        menu = self._view.createStandardContextMenu()
        menu.addSeparator()
        return menu

    def _ask(self) -> None:
        if self._offered is not None:
            self.asked.emit(self._offered)


def add_why(menu: QMenu) -> QAction:
    """The entry of a menu that asks, called as everywhere."""
    return menu.addAction(WHY)


def _is_ctrl_click(event: QMouseEvent) -> bool:
    held = event.modifiers() == Qt.KeyboardModifier.ControlModifier
    return held and event.button() == Qt.MouseButton.LeftButton
