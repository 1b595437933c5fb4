"""A new experiment: choose where to begin, say the network in a few words, Enter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QIcon, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.templates import (
    TEMPLATES,
    Plan,
    Template,
    Weights,
    from_template,
    in_words,
    planned,
    uses_data,
)
from backprop_gui.views.fields import ChoiceBox
from backprop_gui.views.style import BASE_PIXELS
from backprop_gui.views.theme import Theme


class NewDialog(QDialog):
    """Tells of the experiment that was chosen; the words are read while they are typed."""

    chosen = Signal(object)  # an Experiment

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("newDialog")
        self.setWindowTitle("New experiment")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._template = TEMPLATES[0]
        self._colours = (theme.text, theme.negative)
        self.words, self.title, self.weights = QLineEdit(), QLineEdit(), ChoiceBox(30)
        self.words.setObjectName("newWords")
        self.words.setAccessibleName("network in words, for example 2-3-2 tanh softmax")
        self.title.setAccessibleName("title")
        self.weights.setAccessibleName("initial weights")
        self.weights.show_choices([("zeros", "0, to be typed"), ("draws", "small draws (Xavier)")], "zeros")
        self.said, self._help = QLabel(), QLabel()
        self.said.setObjectName("newSaid")
        for label in (self.said, self._help):
            label.setWordWrap(True)
        self._help.setText(
            "Sizes from the inputs to the outputs, the activation of the hidden layers, that of the outputs, "
            "and the loss where it is not the usual one."
        )
        self._help.setStyleSheet(f"color: {theme.muted};")
        self._group = QButtonGroup(self)
        self._lay_out()
        self.words.textChanged.connect(self._read)
        self._group.idToggled.connect(self._choose)
        self._take(TEMPLATES[0])
        self.words.setFocus()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.addLayout(self._templates())
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow("&Network", self.words)
        form.addRow("&Weights", self.weights)
        form.addRow("&Title", self.title)
        layout.addLayout(form)
        layout.addWidget(self.said)
        layout.addWidget(self._help)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._create = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._create.setText("Create")
        for button in buttons.buttons():
            button.setIcon(QIcon())
        buttons.accepted.connect(self.accept_words)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        scale = self.fontMetrics().height() / (1.25 * BASE_PIXELS)
        self.setMinimumWidth(round(520 * max(scale, 1.0)))

    def _templates(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(14)
        for place, template in enumerate(TEMPLATES):
            button = QRadioButton(template.title)
            button.setAccessibleDescription(template.about)
            button.setChecked(place == 0)
            self._group.addButton(button, place)
            about = QLabel(template.about)
            grid.addWidget(button, place, 0)
            grid.addWidget(about, place, 1)
        grid.setColumnStretch(1, 1)
        return grid

    # --- reading what is typed --------------------------------------------------------------------

    def _choose(self, place: int, on: bool) -> None:
        if on:
            self._take(TEMPLATES[place])

    def _take(self, template: Template) -> None:
        self._template = template
        self.words.setText(template.words)
        self.words.selectAll()
        self.weights.show_choice(template.weights)
        self._read()

    def _read(self) -> None:
        """Say what the words mean, or what would be right."""
        try:
            plan = planned(self.words.text())
        except InvalidEdit as refusal:
            text = str(refusal)
            self._say(f"{text[:1].upper()}{text[1:]}.", True)
            return
        self._say(f"{in_words(plan)}. {self._about_data(plan)}", False)
        self.title.setPlaceholderText(f"{self._template.title} {'-'.join(map(str, plan.sizes))}")

    def _about_data(self, plan: Plan) -> str:
        if self._template.data is None:
            return "One row of data, all 0 until you type it."
        if uses_data(self._template, plan):
            return "Its data comes with it."
        return "The data of this template has other sizes: there is one row, all 0 until you type it."

    def _say(self, text: str, refused: bool) -> None:
        self.said.setText(text)
        self.said.setStyleSheet(f"color: {self._colours[refused]}; font-weight: {500 if refused else 600};")
        self._create.setEnabled(not refused)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Nothing is squeezed, whatever the size of the text."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the lines need at this width."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            self.setMinimumHeight(
                min(layout.totalHeightForWidth(self.width()), self.screen().availableSize().height())
            )

    def accept_words(self) -> None:
        """Make the experiment that is described, or say why it can't be."""
        weights: Weights = "draws" if self.weights.currentData() == "draws" else "zeros"
        try:
            experiment = from_template(self._template, self.words.text(), weights, self.title.text())
        except InvalidEdit as refusal:
            self._say(str(refusal), True)
            if QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, str(refusal)))
            return
        self.accept()
        self.chosen.emit(experiment)
