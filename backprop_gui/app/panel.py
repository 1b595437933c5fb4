"""What every further panel of the window has in common: made when first looked at, shown while visible."""

from __future__ import annotations

from typing import ClassVar, Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow


class Holder(QWidget):
    """The page of a tab; the panel itself is put into it once the tab is looked at."""

    shown = Signal()  # it has come into view: its tab to the front, or all tabs

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}Holder")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.shown.emit()

    def take(self, widget: QWidget) -> None:
        """Hold the panel, which has the keyboard whenever the page is given it."""
        layout = self.layout()
        assert layout is not None
        layout.addWidget(widget)
        self.setFocusProxy(widget)


class Panel(QObject):
    """One tab and what keeps it in step with the session; while it is hidden it costs nothing."""

    place: ClassVar[Literal["side", "plots", "tables"]]
    name: ClassVar[str]
    title: ClassVar[str]
    tip: ClassVar[str] = ""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._rank = len(window.findChildren(Panel))  # tabs stand in the order in which panels are made
        self._holder = Holder(self.name)
        self._made: QWidget | None = None
        self._tabs = self._tabs_of(window)
        self.offer(True)
        self._holder.shown.connect(self._show_if_seen)
        for happened in (session.opened, session.changed, session.moved):
            happened.connect(self._show_if_seen)
        session.trained.connect(self._show_growth)

    def make(self) -> QWidget:
        """The panel itself, connected; it is named and dressed by who calls."""
        raise NotImplementedError

    def show_moment(self) -> None:
        """Show the moment the session is at; only asked for while the tab is looked at."""
        raise NotImplementedError

    @property
    def widget(self) -> QWidget:
        """The panel itself, made when it is first asked for."""
        if self._made is None:
            self._made = self.make()
            self._made.setObjectName(self.name)
            self._holder.take(self._made)
            self.window.add_part(self._made)  # type: ignore[arg-type]  # a panel is a part
        return self._made

    def is_shown(self) -> bool:
        """Whether it is in view: its tab in front, or all plots together."""
        return self._holder.isVisible()

    def open(self) -> None:
        """Bring the tab to the front."""
        self.offer(True)
        self._tabs.setCurrentWidget(self._holder)
        if not self._holder.isVisible() and self.window.isVisible():
            self.window.bring_forward(self._tabs)
        self._show_if_seen()

    def offer(self, there: bool) -> None:
        """Whether there is such a tab: a panel without content has none."""
        tab = self._tabs.indexOf(self._holder)
        if there and tab < 0:
            later = {id(each._holder) for each in self.window.findChildren(Panel) if each._rank > self._rank}
            shown = (self._tabs.widget(place) for place in range(self._tabs.count()))
            following = [place for place, page in enumerate(shown) if id(page) in later]
            place = following[0] if following else self._tabs.count()
            self._tabs.setTabToolTip(self._tabs.insertTab(place, self._holder, self.title), self.tip)
        elif not there and tab >= 0:
            self._tabs.removeTab(tab)

    def _show_if_seen(self) -> None:
        if self.is_shown():
            assert self.widget is not None  # made now, at the latest
            self.show_moment()

    def _show_growth(self) -> None:
        """Iterations were added; while training runs the move that follows is enough."""
        if not self.session.running.is_training:
            self._show_if_seen()

    def _tabs_of(self, window: MainWindow) -> QTabWidget:
        places = {"side": window.side, "plots": window.plot_tabs, "tables": window.table_tabs}
        return places[self.place]
