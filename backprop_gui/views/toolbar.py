"""The toolbar: choose an experiment, step, set how large a step is, set the rate, train.

It always shows everything it has. When there is little room, words become icons, the row of step
sizes becomes a list, and at last the groups wrap into a second row.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.actions import Actions
from backprop_gui.views.commands import STEP_SIZES
from backprop_gui.views.fields import ChoiceBox, CommittedEdit, CountBox
from backprop_gui.views.fitting_bar import FittingBar
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.icons import icon
from backprop_gui.views.style import BASE_PIXELS
from backprop_gui.views.theme import LIGHT, Theme, dimmed

SPEEDS = [*((speed, f"{speed:g}/s") for speed in (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)), (0.0, "fastest")]
ICON_PIXELS = 16
STEPPING = {  # the buttons and their icons
    "restart": "restart",
    "previous": "previous",
    "next": "next",
    "play": "play",
    "nextPhase": "phase-next",
}


class Density(Struct, frozen=True):
    """How much room the parts take."""

    words: bool  # on the buttons; otherwise icons alone
    icons: bool  # beside the words
    segments: bool  # all step sizes side by side; otherwise a list
    captions: bool
    preset_characters: int


DENSITIES = (
    Density(words=True, icons=True, segments=True, captions=True, preset_characters=22),
    Density(words=True, icons=False, segments=True, captions=True, preset_characters=20),
    Density(words=True, icons=False, segments=True, captions=False, preset_characters=20),
    Density(words=True, icons=False, segments=True, captions=False, preset_characters=15),
    Density(words=True, icons=False, segments=False, captions=True, preset_characters=22),
    Density(words=True, icons=False, segments=False, captions=False, preset_characters=20),
    Density(words=False, icons=True, segments=False, captions=True, preset_characters=22),
    Density(words=False, icons=True, segments=False, captions=False, preset_characters=20),
    Density(words=False, icons=True, segments=False, captions=False, preset_characters=14),
)


class Toolbar(FittingBar):
    """Bound to the window's actions; the rest it tells by signals and shows when told to."""

    forms = len(DENSITIES)

    preset_requested = Signal(str)
    speed_requested = Signal(float)  # steps a second; 0 is as fast as possible
    learning_rate_requested = Signal(str)
    optimizer_requested = Signal(str)
    edit_left = Signal()  # Return or Esc in a field: the keyboard may go back to the canvas

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolbar")
        self.setAccessibleName("Toolbar")
        self._actions = actions
        self._theme = LIGHT
        self._stepping: dict[str, QToolButton] = {}
        self._segments: list[QToolButton] = []
        self._captions: list[QLabel] = []
        self._make_fields()
        self._add_groups()
        self._connect()
        self._dress()

    # --- what is shown ---------------------------------------------------------------------------

    def show_presets(self, presets: Sequence[tuple[str, str, str]], current: str) -> None:
        """Show the experiments as (identity, title, what it teaches); `current` may be none of them."""
        self._presets.show_choices([(identity, title) for identity, title, _ in presets], current)
        for row, (_, _, teaches) in enumerate(presets):
            self._presets.setItemData(row, teaches, Qt.ItemDataRole.ToolTipRole)
        self.measure_again()

    def show_title(self, title: str) -> None:
        """Name the experiment; seen where it is none of the presets."""
        self._presets.setPlaceholderText(title)
        self._presets.setToolTip(title)
        self.measure_again()

    def show_speed(self, steps_per_second: float) -> None:
        """Show how fast Play steps."""
        self._speed.show_choice(steps_per_second)

    def show_rate_name(self, name: str) -> None:
        """Show the sign of the learning rate in the notation: α, η."""
        self._rate_name.setText(name)
        self.measure_again()

    def show_learning_rate(self, text: str) -> None:
        """Show the learning rate in force."""
        self._rate.show_text(text)
        self.measure_again()

    def show_optimizers(self, optimizers: Sequence[tuple[str, str]], current: str) -> None:
        """Show the optimisers as (kind, title)."""
        self._optimizer.show_choices(list(optimizers), current)
        self.measure_again()

    def show_step_size(self, size: str) -> None:
        """Show how much a step uncovers."""
        self._actions.choose("stepSize", size)
        self._step_sizes.show_choice(size)

    def show_playing(self, playing: bool) -> None:
        """Show Pause instead of Play, in the same place and width."""
        self._actions.show_playing(playing)
        self._set_icon("play", "pause" if playing else "play")

    def show_training(self, training: bool) -> None:
        """Show Stop instead of Train, in the same place and width."""
        self._actions.show_training(training)
        self._set_icon("train", "stop" if training else "train")

    def show_train_count(self, count: int | None) -> None:
        """Show how many updates Train makes; None is until stopped."""
        self._count.setValue(count or 0)

    def speed(self) -> float:
        """Steps a second while playing; 0 is as fast as possible."""
        return float(self._speed.currentData())

    def train_count(self) -> int | None:
        """How many updates Train makes; None is until stopped."""
        self._count.interpretText()
        return self._count.value() or None

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self._dress()

    def set_text_scale(self, scale: float) -> None:
        """Let icons and gaps grow with the text, which the style sheet sizes."""
        super().set_text_scale(scale)
        self._dress()

    def set_number_format(self, form: NumberFormat) -> None:
        """Write the number of updates as all other counts."""
        self._count.show_comma(form.comma)

    def edit_rate(self) -> None:
        """Give the keyboard to the learning rate, to be typed over, where it is on screen."""
        if self._rate.isVisible():
            self._rate.setFocus(Qt.FocusReason.TabFocusReason)
            self._rate.selectAll()

    # --- the parts -------------------------------------------------------------------------------

    def _make_fields(self) -> None:
        self._presets = ChoiceBox(DENSITIES[0].preset_characters)
        self._speed = ChoiceBox(12)
        self._speed.show_choices(SPEEDS, 2.0)
        self._rate = CommittedEdit()
        self._optimizer = ChoiceBox(16)
        self._count = CountBox()
        self._step_sizes = ChoiceBox(20)
        self._step_sizes.show_choices([(size, f"Step: {size}") for size in STEP_SIZES], STEP_SIZES[0])
        fields: tuple[tuple[QWidget, str, str, str], ...] = (
            (self._presets, "presetPicker", "Experiment", ""),
            (self._speed, "speed", "Speed", "Steps a second while playing"),
            (self._rate, "learningRate", "Learning rate", "Learning rate: a number above 0"),
            (self._optimizer, "optimizer", "Optimizer", "How an update uses the gradient"),
            (self._count, "trainCount", "Number of updates", "Updates that Train makes; 0: until stopped"),
            (self._step_sizes, "stepSizePicker", "Step size", "How much one step uncovers"),
        )
        for field, name, spoken, tip in fields:
            field.setObjectName(name)
            field.setAccessibleName(spoken)
            field.setToolTip(tip)
        for quiet in (self._speed, self._optimizer):
            quiet.setProperty("quiet", "true")

    def _add_groups(self) -> None:
        for name in STEPPING:
            self._stepping[name] = self._button(self._actions[name])
        self._stepping["next"].setProperty("primary", "true")
        self._make_segments()
        self._rate_name = self._caption("α", self._rate)
        speed_caption = self._caption("Speed", self._speed)
        self._captions.append(speed_caption)
        self._train = self._button(self._actions["train"])
        self.add_group(self._presets)
        self.add_group(*self._stepping.values(), spacing=6)
        self.add_group(self._segment_row, self._step_sizes)
        self.add_group(speed_caption, self._speed)
        self.add_group(self._rate_name, self._rate, self._optimizer, spacing=6, right=True)
        self.add_group(self._train, self._count, spacing=4, right=True)

    def _make_segments(self) -> None:
        self._segment_row = QFrame()
        self._segment_row.setProperty("segmented", "true")
        layout = QHBoxLayout(self._segment_row)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(0)
        for size in STEP_SIZES:
            button = self._button(self._actions[f"stepSize.{size}"])
            button.setProperty("segment", "true")
            self._segments.append(button)
            layout.addWidget(button)

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setObjectName(f"{action.objectName()}Button")
        button.setAccessibleName(action.text().replace("&", ""))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _caption(self, text: str, field: QWidget) -> QLabel:
        label = QLabel(text)
        label.setProperty("quiet", "true")
        label.setBuddy(field)
        return label

    def _connect(self) -> None:
        self._presets.chosen.connect(self.preset_requested.emit)
        self._speed.chosen.connect(self.speed_requested.emit)
        self._optimizer.chosen.connect(self.optimizer_requested.emit)
        self._rate.committed.connect(self.learning_rate_requested)
        self._rate.left.connect(self.edit_left)
        self._count.left.connect(self.edit_left)
        self._count.valueChanged.connect(self.measure_again)
        self._step_sizes.chosen.connect(self._choose_step_size)
        for size in STEP_SIZES:
            self._actions[f"stepSize.{size}"].toggled.connect(self._follow_step_size)

    def _choose_step_size(self, size: str) -> None:
        self._actions[f"stepSize.{size}"].trigger()

    def _follow_step_size(self, on: bool) -> None:
        if on:
            self._step_sizes.show_choice(self._actions.checked("stepSize"))

    # --- look ------------------------------------------------------------------------------------

    def take_form(self, form: int) -> None:
        """Take as much room as a density says."""
        density = DENSITIES[form]
        icon_only, text_only, both = (
            Qt.ToolButtonStyle.ToolButtonIconOnly,
            Qt.ToolButtonStyle.ToolButtonTextOnly,
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon,
        )
        plain = (both if density.icons else text_only) if density.words else icon_only
        styles = dict.fromkeys(STEPPING, plain) | {"next": both}
        if not density.icons:
            styles["restart"] = icon_only  # its circling arrow is known everywhere
        for name, style in styles.items():
            self._stepping[name].setToolButtonStyle(style)
        self._train.setToolButtonStyle(both if density.words and density.icons else text_only)
        self._segment_row.setVisible(density.segments)
        self._step_sizes.setVisible(not density.segments)
        for caption in self._captions:
            caption.setVisible(density.captions)
        self._presets.set_most_characters(density.preset_characters)
        self._hold_widths()

    def _hold_widths(self) -> None:
        """What changes its word keeps the room of the widest one, so that nothing jumps."""
        metrics = QFontMetrics(ui_font(BASE_PIXELS * self._scale, "semibold"))
        held: list[tuple[QToolButton, tuple[str, ...]]] = [
            (self._stepping["play"], ("Play", "Pause")),
            (self._train, ("Train", "Stop")),
            *((segment, (segment.text(),)) for segment in self._segments),
        ]
        for button, words in held:
            button.setMinimumWidth(0)
            if button.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly:
                own = button.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, button.text()).width()
                widest = max(metrics.size(Qt.TextFlag.TextShowMnemonic, word).width() for word in words)
                button.setMinimumWidth(button.sizeHint().width() - own + widest)

    def _dress(self) -> None:
        """Icons in the colours of the theme and the size of the text; what is denser here than elsewhere."""
        for name, file in STEPPING.items():
            self._set_icon(name, file)
        self._set_icon("train", "train")
        pixels = round(ICON_PIXELS * self._scale)
        for button in (*self._stepping.values(), self._train):
            button.setIconSize(QSize(pixels, pixels))
        self.setStyleSheet(_tight_style(self._theme, self._scale))
        self.measure_again()

    def _set_icon(self, name: str, file: str) -> None:
        action = self._actions[name]
        colour, ground = self._theme.text, self._theme.block
        if name == "next":
            colour, ground = self._theme.on_accent, self._theme.accent
        action.setIcon(icon(file, colour, dimmed(colour, ground)))
        action.setIconVisibleInMenu(False)


def _tight_style(theme: Theme, scale: float) -> str:
    """The toolbar has more to show than any other place: lists without a ground, segments close together."""
    two, three, four, seven, twelve, sixteen = (round(n * scale) for n in (2, 3, 4, 7, 12, 16))
    above = round(5 * scale**0.4)  # rows of large buttons would leave no room for the network
    return f"""
        QToolButton {{ padding: {above}px {four}px; }}
        QToolButton[primary="true"] {{ padding: {above}px {twelve}px; }}
        QToolButton[segment="true"] {{ margin: {two}px 0; padding: {three}px {two}px; }}
        QToolButton[segment="true"]:checked {{ padding: {three + 1}px {two + 1}px; }}
        QToolButton[segment="true"]:focus {{ padding: {three}px {two}px; }}
        QComboBox {{ padding: {above}px {four}px {above}px {seven}px; }}
        QComboBox::drop-down {{ width: {sixteen}px; }}
        QComboBox[quiet="true"] {{ background: {theme.window}; border-color: {theme.window};
            padding: {above}px 0 {above}px {four}px; }}
        QComboBox[quiet="true"]:hover {{ background: {theme.block}; border-color: {theme.block}; }}
        QComboBox:focus, QComboBox[quiet="true"]:focus {{ border-color: {theme.accent}; }}
        QLineEdit, QSpinBox {{ padding: {above}px {four}px; }}
    """
