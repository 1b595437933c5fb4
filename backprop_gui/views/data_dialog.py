"""Taking data from a CSV file: how it is written, which columns are inputs and targets, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSizeF, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.csv_data import Samples, read_csv
from backprop_gui.experiment.csv_preview import Preview, PreviewColumn, preview
from backprop_gui.experiment.data_sources import CsvData
from backprop_gui.experiment.sentences import counted, listed
from backprop_gui.paths import resources_folder
from backprop_gui.views.data_tables import TARGET, UNUSED, RolesModel, RowsModel
from backprop_gui.views.fields import ChoiceBox
from backprop_gui.views.style import BASE_PIXELS
from backprop_gui.views.theme import Theme

SEPARATORS = {",": "comma  ,", ";": "semicolon  ;", "\t": "tab"}
DECIMAL_SIGNS = {".": "point  0.5", ",": "comma  0,5"}
HEADERS = {True: "yes", False: "no"}


class DataDialog(QDialog):
    """Shows a CSV file and asks what its columns are; `chosen()` describes the data.

    `inputs` gives the network's inputs with the number of values each takes, `outputs` how many
    values its loss compares; what does not fit is told. Without them anything fits, for the input x.
    """

    def __init__(
        self,
        path: Path,
        theme: Theme,
        inputs: Mapping[str, int] | None = None,
        outputs: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dataDialog")
        self.setWindowTitle(f"Import data from {path.name}")
        self._path, self._theme = path, theme
        self._sizes, self._outputs = inputs, outputs
        self._inputs = list(inputs) if inputs else ["x"]
        self._preview: Preview | None = None
        self._roles: list[str] = []
        self._header: bool | None = None
        self._delimiter: str | None = None
        self._decimal: str | None = None
        self._make_widgets()
        self._lay_out()
        self._look()

    # --- what it says -----------------------------------------------------------------------------

    def chosen(self) -> CsvData:
        """The description of the data as it is chosen now; columns by name where names tell them apart."""
        assert self._preview is not None
        names = [column.name for column in self._preview.columns]
        by_name = self._preview.manner.header and len(set(names)) == len(names) and all(names)

        def used_as(role: str) -> list[str | int]:
            return [names[k] if by_name else k + 1 for k, used in enumerate(self._roles) if used == role]

        classes = self._class_column()
        one_hot = classes is None or not classes.may_be_classes or self.one_hot.isChecked()
        numbers = classes is not None and classes.numeric and not one_hot
        given = None if classes is None or not classes.may_be_classes or numbers else list(classes.values)
        manner = self._preview.manner
        return CsvData(
            csv=self._path.name,
            inputs={name: used_as(name) for name in self._inputs},
            targets=used_as(TARGET),
            header=manner.header,
            delimiter=manner.delimiter,  # type: ignore[arg-type]  # one of the three
            decimal=manner.decimal,  # type: ignore[arg-type]  # one of the two
            classes=given,
            one_hot=one_hot or given is None,
            test=self.test_share.value() / 100,
        )

    def fault(self) -> str:
        """What is wrong with the file or the choice; empty when nothing is."""
        return self._fault

    # --- how it is made ---------------------------------------------------------------------------

    def _make_widgets(self) -> None:
        self.heading = QLabel()
        self.heading.setObjectName("dataHeading")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        self.header = _choice("dataHeader", "First row holds names")
        self.delimiter = _choice("dataDelimiter", "Separator")
        self.decimal = _choice("dataDecimal", "Decimal sign")
        self.header.chosen.connect(self._set_header)
        self.delimiter.chosen.connect(self._set_delimiter)
        self.decimal.chosen.connect(self._set_decimal)
        self.roles_model = RolesModel(self._inputs)
        self.roles_model.role_requested.connect(self._set_role)
        self.roles_model.setParent(self)
        self.rows_model = RowsModel(self._theme)
        self.rows_model.setParent(self)
        self.columns = _table("dataColumns", "Columns of the file and what they are used as")
        self.columns.setModel(self.roles_model)
        self.columns.verticalHeader().hide()
        self.rows = _table("dataRows", "The first rows of the file")
        self.rows.setModel(self.rows_model)
        self.one_hot = QCheckBox("&One output for each class")
        self.one_hot.setObjectName("dataOneHot")
        self.one_hot.toggled.connect(self._check)
        self.test_share = QSpinBox()
        self.test_share.setObjectName("dataTestShare")
        self.test_share.setRange(0, 90)
        self.test_share.setSingleStep(5)
        self.test_share.setSuffix(" %")
        self.test_share.setSpecialValueText("no rows")
        self.test_share.setAccessibleName("Keep aside for testing")
        self.test_share.valueChanged.connect(self._check)
        self.message = QLabel()
        self.message.setObjectName("dataMessage")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.accept_button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.accept_button.setText("Use this data")
        for button in self.buttons.buttons():
            button.setIcon(QIcon())  # some desktops put stock icons there
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        settings = QFormLayout()
        settings.setVerticalSpacing(6)
        for title, field in (
            ("First row holds &names", self.header),
            ("&Separator", self.delimiter),
            ("&Decimal sign", self.decimal),
        ):
            settings.addRow(title, field)
        aside = QFormLayout()
        aside.addRow("&Keep aside for testing", self.test_share)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addLayout(settings)
        left.addWidget(self.columns, 1)
        left.addWidget(self.one_hot)
        left.addLayout(aside)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self.heading)
        right.addWidget(self.rows, 1)
        halves = QHBoxLayout()
        halves.setSpacing(20)
        halves.addLayout(left, 2)
        halves.addLayout(right, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(12)
        layout.addLayout(halves, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        scale = self.fontInfo().pixelSize() / BASE_PIXELS
        self.setStyleSheet(_boxes(self._theme, scale))
        self.resize((QSizeF(880, 560) * scale).toSize().boundedTo(self.screen().availableSize() * 0.9))

    # --- what happens -----------------------------------------------------------------------------

    def _look(self) -> None:
        """Read the file anew; roles are guessed again, for the columns may be others."""
        try:
            self._preview = preview(self._path, self._header, self._delimiter, self._decimal)
        except InvalidExperiment as error:
            self._preview, self._roles = None, []
            self._unreadable = _plain(error)
        else:
            first = self._inputs[0]
            roles = {"input": first, "target": TARGET, "unused": UNUSED}
            self._roles = [roles[column.role] for column in self._preview.columns]
            rows = counted(self._preview.total, "row", "rows")
            columns = counted(len(self._preview.columns), "column", "columns")
            self.heading.setText(f"{self._path.name}: {rows}, {columns}")
        self._show_manner()
        self.roles_model.show_roles(self._preview, self._roles)
        heads = self.columns.horizontalHeader()
        heads.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        heads.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._show_classes()
        self._check()
        self.rows.resizeColumnsToContents()

    def _show_manner(self) -> None:
        manner = self._preview.manner if self._preview else None

        def choices(words: Mapping[bool, str] | Mapping[str, str], found: object) -> list[tuple[object, str]]:
            told = [words[value] for value in words if value == found]  # type: ignore[index]
            detected = f"detected: {told[0]}" if told else "detected"
            return [(None, detected), *words.items()]

        self.header.show_choices(choices(HEADERS, manner and manner.header), self._header)
        self.delimiter.show_choices(choices(SEPARATORS, manner and manner.delimiter), self._delimiter)
        self.decimal.show_choices(choices(DECIMAL_SIGNS, manner and manner.decimal), self._decimal)

    def _class_column(self) -> PreviewColumn | None:
        """The target column, when there is one alone."""
        assert self._preview is not None
        targets = [
            column for column, role in zip(self._preview.columns, self._roles, strict=True) if role == TARGET
        ]
        return targets[0] if len(targets) == 1 else None

    def _show_classes(self) -> None:
        """Offer an output for each class where the target can be classes; labels leave little choice."""
        column = self._class_column() if self._preview else None
        offered = column is not None and column.may_be_classes
        self.one_hot.setVisible(
            column is not None and offered and (column.numeric or len(column.values) == 2)
        )
        if column is not None and offered:
            self.one_hot.blockSignals(True)
            self.one_hot.setChecked(not column.numeric)
            self.one_hot.blockSignals(False)

    def _set_header(self, header: bool | None) -> None:
        self._header = header
        self._look()

    def _set_delimiter(self, delimiter: str | None) -> None:
        self._delimiter = delimiter
        self._look()

    def _set_decimal(self, decimal: str | None) -> None:
        self._decimal = decimal
        self._look()

    def _set_role(self, column: int, role: str) -> None:
        was_target = TARGET in (self._roles[column], role)
        self._roles[column] = role
        self.roles_model.show_role(column, role)
        if was_target:
            self._show_classes()
        self._check()

    def _check(self) -> None:
        """Read the data as it is chosen, and say what comes of it or what is wrong."""
        self.rows_model.show_rows(self._preview, self._roles)
        self._fault, told = self._unreadable if self._preview is None else "", ""
        if self._preview is not None:
            try:
                samples = read_csv(self.chosen(), self._path.parent)
            except InvalidExperiment as error:
                self._fault = _plain(error)
            else:
                self._fault, told = self._misfit(samples), self._summary(samples)
        self.message.setText(self._fault or told)
        colour = self._theme.negative if self._fault else self._theme.muted
        self.message.setStyleSheet(f"color: {colour};")
        self.accept_button.setEnabled(not self._fault)

    def _misfit(self, samples: Samples) -> str:
        """Where the data does not fit the network."""
        for name, size in (self._sizes or {}).items():
            if (have := samples.inputs[name].shape[1]) != size:
                chosen = counted(have, "column is", "columns are")
                return f"Input {name} takes {counted(size, 'value', 'values')}; {chosen} chosen for it."
        have = samples.targets.shape[1]
        if self._outputs is not None and have != self._outputs:
            outputs = counted(self._outputs, "output", "outputs")
            return f"The network has {outputs}; the targets would be {counted(have, 'number', 'numbers')}."
        if self.test_share.value() and len(samples.targets) < 2:
            return "There is one row only; none can be kept aside."
        return ""

    def _summary(self, samples: Samples) -> str:
        rows = counted(len(samples.targets), "row", "rows")
        inputs = counted(sum(array.shape[1] for array in samples.inputs.values()), "input", "inputs")
        width = samples.targets.shape[1]
        text = f"{rows} with {inputs} and {counted(width, 'output', 'outputs')}"
        if width == len(samples.class_names):
            return f"{text}: {listed(samples.class_names)}."
        if samples.class_names:
            return f"{text}: 0 for {samples.class_names[0]}, 1 for {samples.class_names[1]}."
        return f"{text}."


def _plain(error: InvalidExperiment) -> str:
    """The first fault as a person reads it, without its place in the experiment file."""
    more = len(error.faults) - 1
    text = error.faults[0].partition(": ")[2]
    return f"{text} (and {counted(more, 'more fault', 'more faults')})" if more else text


def _boxes(theme: Theme, scale: float) -> str:
    """Boxes in tables look like those beside them; the numbers of rows keep quiet."""
    check = (resources_folder() / "icons" / "style" / f"check-{theme.name}.svg").as_posix()
    side, radius = round(14 * scale), round(4 * scale)
    return (
        f"QTableView::indicator {{ width: {side}px; height: {side}px; border: 1px solid {theme.outline};"
        f" border-radius: {radius}px; background: {theme.window}; }}"
        f"QTableView::indicator:checked {{ background: {theme.accent}; border-color: {theme.accent};"
        f" image: url({check}); }}"
        "QHeaderView::section:vertical { border: none; font-weight: 400; }"
        "QLabel#dataHeading { font-weight: 600; }"
    )


def _choice(name: str, what: str) -> ChoiceBox:
    box = ChoiceBox(24)
    box.setObjectName(name)
    box.setAccessibleName(what)
    return box


def _table(name: str, what: str) -> QTableView:
    table = QTableView()
    table.setObjectName(name)
    table.setAccessibleName(what)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 12)
    return table
