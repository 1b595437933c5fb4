"""The toolbar's fields: a text that is committed as a whole, a count, a list to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QStyleOptionSpinBox,
    QWidget,
)

MOST_UPDATES = 100_000_000
ENGLISH = (QLocale.Language.English, QLocale.Country.UnitedStates)


class CommittedEdit(QLineEdit):
    """A line that tells of its text once it is meant: at Return or on leaving. Esc takes it back."""

    committed = Signal(str)
    left = Signal()  # Return or Esc: the keyboard may go back to where it came from

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Room for the value in force, and for a usual one."""
        self.ensurePolished()
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        metrics = self.fontMetrics()
        width = max(metrics.horizontalAdvance(text) for text in (self._shown, "0.001"))
        content = QSize(width + metrics.averageCharWidth(), metrics.height())
        return self.style().sizeFromContents(QStyle.ContentsType.CT_LineEdit, option, content, self)

    def minimumSizeHint(self) -> QSize:
        """Never narrower: the toolbar makes room in other ways."""
        return self.sizeHint()

    def show_text(self, text: str) -> None:
        """Show the value in force; what is being typed at this moment is left alone."""
        self._shown = text
        self.updateGeometry()
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return commits, Esc takes back; everything else is typed."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._commit()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving commits; a context menu is no leaving."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._commit()

    def _commit(self) -> None:
        text, typed = self.text().strip(), self.isModified()
        self.setModified(False)
        if typed and text != self._shown:
            self.committed.emit(text)


class CountBox(QSpinBox):
    """How many updates: 1 to 100,000,000 with separators, or 0, which reads "until stopped"."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = 0
        self.setLocale(QLocale(*ENGLISH))
        self.setGroupSeparatorShown(True)
        self.setRange(0, MOST_UPDATES)
        self.setSpecialValueText("until stopped")
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel: scrolling past changes nothing
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setValue(1000)

    def show_comma(self, comma: bool) -> None:
        """Thousands apart as elsewhere: where a comma is the decimal sign, by a narrow space."""
        language = (QLocale.Language.French, QLocale.Country.France) if comma else ENGLISH
        self.setLocale(QLocale(*language))
        self.updateGeometry()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def sizeHint(self) -> QSize:
        """Room for the count that stands there, and for a usual one; longer ones scroll while typed."""
        self.ensurePolished()
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        metrics = self.fontMetrics()
        standing = self.specialValueText() if self.value() == 0 else self.locale().toString(self.value())
        width = max(metrics.horizontalAdvance(text) for text in (standing, "10,000"))
        content = QSize(width + metrics.averageCharWidth(), metrics.height())
        return self.style().sizeFromContents(QStyle.ContentsType.CT_SpinBox, option, content, self)

    def minimumSizeHint(self) -> QSize:
        """Never narrower: the toolbar makes room in other ways."""
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Remember the count that Esc brings back."""
        self._before = self.value()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return commits, Esc takes back; everything else is typed."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.interpretText()
            self._before = self.value()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.setValue(self._before)
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ChoiceBox(QComboBox):
    """A list to choose from, as wide as its longest title up to a number of characters.

    It takes the keyboard by Tab only, so that a choice with the mouse leaves it where it was, and
    leaves the wheel alone, so that scrolling past changes nothing.
    """

    chosen = Signal(object)  # the value of what the user chose

    def __init__(self, most_characters: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_characters = most_characters
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.activated.connect(self._tell)

    def show_choices(self, choices: Sequence[tuple[object, str]], current: object) -> None:
        """Show the choices as (value, title); `current` need not be among them."""
        if choices != [(self.itemData(i), self.itemText(i)) for i in range(self.count())]:
            self.clear()
            for value, title in choices:
                self.addItem(title, value)
        self.show_choice(current)

    def show_choice(self, current: object) -> None:
        """Show which of the choices is in force."""
        values = [self.itemData(i) for i in range(self.count())]
        self.setCurrentIndex(values.index(current) if current in values else -1)

    def set_most_characters(self, most_characters: int) -> None:
        """Limit the width; a longer choice ends in an ellipsis and is read whole in the tip."""
        self._most_characters = most_characters
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """The longest title; Qt's own hint forgets the placeholder and knows no upper bound."""
        self.ensurePolished()
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        metrics = self.fontMetrics()
        titles = [self.itemText(i) for i in range(self.count())] + [self.placeholderText()]
        longest = max(metrics.horizontalAdvance(title) for title in titles)
        most = self._most_characters * metrics.averageCharWidth()
        content = QSize(min(longest, most) + 2, metrics.height())
        return self.style().sizeFromContents(QStyle.ContentsType.CT_ComboBox, option, content, self)

    def minimumSizeHint(self) -> QSize:
        """Never narrower: the toolbar makes room in other ways."""
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what is behind."""
        event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """A title that is too long ends in an ellipsis; Qt would cut it in the middle of a letter."""
        super().initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        title = option.currentText
        option.currentText = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, field.width())

    def showPopup(self) -> None:
        """Open the list, wide enough for its longest title."""
        titles = [self.itemText(i) for i in range(self.count())]
        longest = max((self.fontMetrics().horizontalAdvance(title) for title in titles), default=0)
        self.view().setMinimumWidth(longest + 3 * self.fontMetrics().height())  # padding, perhaps a bar
        self.setMaxVisibleItems(max(self.count(), 1))  # Qt scrolls in it where the screen ends
        super().showPopup()

    def _tell(self, index: int) -> None:
        self.chosen.emit(self.itemData(index))
