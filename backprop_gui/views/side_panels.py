"""The right side of the window: the explanation, and beside it further ways to ask about a number."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QWidget

from backprop_gui.views.explain_panel import ExplainPanel
from backprop_gui.views.theme import Theme


class SidePanels(QTabWidget):
    """The explain panel and its neighbours; with nothing beside it, it needs no tab of its own."""

    def __init__(self, explain: ExplainPanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.tabBar().setAccessibleName("Panels")
        self.tabBar().setUsesScrollButtons(True)
        self.setTabBarAutoHide(True)
        self.explain = explain
        self.addTab(explain, "Explain")

    def panel(self) -> QWidget:
        """The panel that is shown."""
        return self.currentWidget() or self.explain

    def set_theme(self, theme: Theme) -> None:
        """The style sheet colours the tabs; the panels are told by the window."""

    def set_text_scale(self, scale: float) -> None:
        """The tabs take the size of the application's text."""
