"""The main window: where every part stands, how it looks, and which part has the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.pictures import StatusPicture
from backprop_gui.settings import Settings
from backprop_gui.views.actions import Actions, fill_menu_bar
from backprop_gui.views.bottom_panels import TableTabs
from backprop_gui.views.canvas import GraphCanvas
from backprop_gui.views.canvas_zoom import ZoomView
from backprop_gui.views.dialogs import about_dialog, help_dialog
from backprop_gui.views.explain_panel import ExplainPanel
from backprop_gui.views.focus_ring import FocusRing
from backprop_gui.views.icons import app_icon
from backprop_gui.views.keys import keeps_key
from backprop_gui.views.look import Part, WindowLook
from backprop_gui.views.plot_tabs import PlotTabs
from backprop_gui.views.side_panels import SidePanels
from backprop_gui.views.status import Kind, MessageBar, StatusBar
from backprop_gui.views.theme import Theme
from backprop_gui.views.timeline_bar import TimelineBar
from backprop_gui.views.toolbar import Toolbar
from backprop_gui.views.window_room import LEAST_TOP, WindowRoom

DEFAULT_SIZE = (1440, 900)


class MainWindow(QMainWindow):
    """The frame around all parts. It knows its own look and nothing of the experiment."""

    preset_requested = Signal(str)
    numbers_requested = Signal(object)  # the NumberFormat
    number_asked = Signal(object)  # a quantity of this iteration, anywhere: why this number?
    closing = Signal(object)  # the QCloseEvent: ignore it and the window stays

    def __init__(self, settings: Settings | None = None, version: Callable[[], str] = str) -> None:
        super().__init__()
        self._settings = settings or Settings()
        self._version = version
        self._clearable = self._playing = self._training = False
        self._painted = False
        self._after_first_paint = QTimer(self)
        self._after_first_paint.setSingleShot(True)
        self.commands = Actions(self)
        self.commands.choose("theme", self._settings.theme)
        self.look = WindowLook(self.commands, self._settings.text_scale, self)
        self._make_parts()
        self._lay_out()
        self._connect()
        self._restore()
        self.show_document("", False)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- parts -----------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.menus = fill_menu_bar(self.menuBar(), self.commands)
        self.addActions(list(self.commands))  # they also act while the menu bar is hidden
        for name in ("presetMenu", "runMenu", "learnMenu"):
            self.menus[name].setToolTipsVisible(True)
        self.toolbar = Toolbar(self.commands)
        self.canvas = GraphCanvas()
        self.explain = ExplainPanel()
        self.side = SidePanels(self.explain)
        self.stage = QStackedWidget()  # the network, and other ways to draw it
        self.stage.addWidget(self.canvas)
        self.timeline = TimelineBar()
        self.plot_tabs = PlotTabs()
        self.table_tabs = TableTabs(self.commands["copyTable"])
        self.loss_plot = self.plot_tabs.loss_plot
        self.gradient_table = self.table_tabs.gradient_table
        self.parameter_table = self.table_tabs.parameter_table
        self.samples_table = self.table_tabs.samples_table
        self.message_bar = MessageBar()
        self.status = StatusBar()
        for part, name in ((self.canvas, "canvas"), (self.explain, "explain"), (self.timeline, "timeline")):
            part.setObjectName(name)
        self.stage.setMinimumSize(240, LEAST_TOP)
        page = self.explain.findChild(QScrollArea)  # moves by ↑ and ↓ when it has the keyboard
        self._rings = {
            self.explain: FocusRing(self.explain, page or self.explain),
            self.loss_plot: FocusRing(self.loss_plot, self.loss_plot),
        }
        parts: tuple[Part, ...] = (
            *(self.toolbar, self.timeline, self.canvas, self.explain, self.loss_plot),
            *(self.gradient_table, self.parameter_table, self.samples_table, self.table_tabs),
            *(self.message_bar, self.status, self.side),
            *self._rings.values(),
        )
        self.look.dress(parts)

    def _lay_out(self) -> None:
        self._room = WindowRoom(self.stage, self.side, self.plot_tabs, self.table_tabs)
        self._bars = (self.toolbar, _line(), self.timeline, _line())
        self._foot = (_line(), self.status)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for bar in self._bars:
            layout.addWidget(bar)
        layout.addWidget(self._room.whole, 1)
        layout.addWidget(self.message_bar)
        for part in self._foot:
            layout.addWidget(part)
        self.setCentralWidget(central)
        self.setWindowIcon(app_icon())
        self.resize(*DEFAULT_SIZE)

    def _connect(self) -> None:
        slots = {
            "quit": self.close,
            "nextPanel": self.focus_next_panel,
            "clearFocus": self._escape,
            "copyTable": self._copy_table,
            "zoomIn": self._zoom_in,
            "zoomOut": self._zoom_out,
            "fit": self._fit,
            "goToIteration": self._go_to_iteration,
            "help": self._show_help,
            "about": self._show_about,
        }
        for name, slot in slots.items():
            self.commands[name].triggered.connect(slot)
        self.commands["projector"].toggled.connect(self.set_projector)
        self.commands["reducedMotion"].toggled.connect(self.canvas.set_reduced_motion)
        self.commands["singleKeys"].toggled.connect(self.commands.set_single_keys)
        self.look.changed.connect(self._share_room)
        self.commands.group("digits").triggered.connect(self._choose_numbers)
        for name in ("digitsFixed", "decimalComma"):
            self.commands[name].triggered.connect(self._choose_numbers)
        self._after_first_paint.timeout.connect(self.loss_plot.prepare)
        self.menus["presetMenu"].triggered.connect(self._choose_preset)
        self.toolbar.preset_requested.connect(self.preset_requested)
        self.toolbar.edit_left.connect(self._focus_canvas)
        self._room.follow(self._keep_sizes)

    # --- what is shown ---------------------------------------------------------------------------

    def show_document(self, title: str, modified: bool) -> None:
        """Name the experiment in the title bar, with the platform's sign for unsaved changes."""
        self.setWindowTitle(f"{title}[*] — backprop-gui" if title else "backprop-gui[*]")
        self.setWindowModified(modified)
        self.toolbar.show_title(title)

    def show_presets(self, presets: Sequence[tuple[str, str, str]], current: str) -> None:
        """Offer the experiments as (identity, title, what it teaches), in the toolbar and the File menu."""
        self.toolbar.show_presets(presets, current)
        menu = self.menus["presetMenu"]
        menu.clear()
        for identity, title, teaches in presets:
            action = menu.addAction(title.replace("&", "&&"))
            action.setData(identity)
            action.setToolTip(teaches)
            action.setCheckable(True)
            action.setChecked(identity == current)

    def show_status(self, picture: StatusPicture) -> None:
        """Show conventions, check stamp and digits."""
        self.status.show_status(picture)

    def show_message(self, text: str, kind: Kind = "info") -> None:
        """Tell something: what must be read stays until it is closed, a remark goes by itself."""
        if kind == "info":
            self.status.show_remark(text)
        else:
            self.message_bar.show_message(text, kind)

    def clear_message(self) -> None:
        """Take back a warning or an error that no longer holds."""
        self.message_bar.dismiss()

    def show_progress(self, text: str) -> None:
        """Show how far training is; an empty text when it is over."""
        self.status.show_progress(text)

    def show_undo(self, undo_text: str, redo_text: str) -> None:
        """Name what would be undone and redone: "set w₅ to 0.5"; empty: nothing."""
        self.commands.show_undo(undo_text, redo_text)

    def show_playing(self, playing: bool) -> None:
        """Show whether steps are taken one after the other."""
        self._playing = playing
        self.toolbar.show_playing(playing)

    def show_training(self, training: bool) -> None:
        """Show whether training runs."""
        self._training = training
        self.toolbar.show_training(training)

    def show_clearable(self, clearable: bool) -> None:
        """Tell whether Esc has a focus to clear; otherwise it leaves the projector view."""
        self._clearable = clearable

    # --- look ------------------------------------------------------------------------------------

    def apply_theme(self, theme: Theme, scale: float) -> None:
        """Give all parts the colours of `theme` and text of `scale` times the usual size."""
        self.look.apply(theme, scale)

    def add_part(self, part: Part) -> None:
        """Give a part that was made later the look of the window, now and from now on."""
        self.look.add(part)

    def number_format(self) -> NumberFormat:
        """How numbers are to be written, as the menu says."""
        fixed, comma = (self.commands[name].isChecked() for name in ("digitsFixed", "decimalComma"))
        return NumberFormat(int(self.commands.checked("digits")), fixed, comma)

    def theme(self) -> Theme:
        """The colours in force."""
        return self.look.theme

    def paintEvent(self, event: QPaintEvent) -> None:
        """What takes long to make comes after the first picture of the window."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self._after_first_paint.start()

    # --- room ------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room anew, unless somebody has shared it by hand."""
        super().resizeEvent(event)
        self._share_room()

    def _keep_sizes(self) -> None:
        self._room.keep_sizes()

    def _share_room(self) -> None:
        """Where huge text leaves room for one row only, F6 changes between canvas and tables."""
        self._room.share(self.width(), self._room_below_the_bars(), self.look.scale, self._projecting())

    def _room_below_the_bars(self) -> int:
        """The height that is left for the canvas row and the tables row."""
        bars = (self.menuBar(), *self._bars, self.message_bar, *self._foot)
        return self.height() - sum(bar.sizeHint().height() for bar in bars if not bar.isHidden())

    def _projecting(self) -> bool:
        return self.commands["projector"].isChecked()

    def set_projector(self, on: bool) -> None:
        """Fill the screen with canvas and explanation alone, or bring everything back."""
        self.commands["projector"].setChecked(on)
        for part in (self.menuBar(), *self._bars, *self._foot):
            part.setVisible(not on)
        self._share_room()
        state, full = self.windowState(), Qt.WindowState.WindowFullScreen
        self.setWindowState(state | full if on else state & ~full)

    def give_to_plots(self, all_of_it: bool) -> None:
        """Whether the plots have the room of the tables too."""
        self._room.give_to_plots(all_of_it)
        self._share_room()

    # --- keyboard --------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Let the focused widget keep its own keys before the commands of the menus take them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if keeps_key(self.focusWidget(), event):
                event.accept()
                return True
        elif event.type() == QEvent.Type.LayoutRequest:
            self._share_room()  # a bar wrapped into another row
        return super().event(event)

    def panels(self) -> tuple[QWidget, ...]:
        """The parts F6 goes through, in this order."""
        stage = self.stage.currentWidget() or self.canvas
        if self._projecting():
            return (stage, self.side.panel())
        tables = () if self.plot_tabs.together else (self.table_tabs.table(),)
        return (stage, self.side.panel(), self.timeline, *tables, *self.plot_tabs.in_front())

    def bring_forward(self, part: QWidget) -> None:
        """Where there is room for one row only, let it be the one with this part."""
        self._room.put_first(part)
        self._share_room()

    def focus_next_panel(self) -> None:
        """Move the keyboard to the next panel."""
        panels, focus = self.panels(), self.focusWidget()
        here = [i for i, panel in enumerate(panels) if focus in (panel, *panel.findChildren(QWidget))]
        following = panels[(here[0] + 1) % len(panels)] if here else panels[0]
        self.bring_forward(following)
        target = self._rings[following].target() if following in self._rings else following
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def _focus_canvas(self) -> None:
        (self.stage.currentWidget() or self.canvas).setFocus(Qt.FocusReason.OtherFocusReason)

    def _escape(self) -> None:
        """What Esc closes besides the focus on the canvas: a message, the projector view."""
        if self.message_bar.text():
            self.message_bar.dismiss()
        elif not (self._clearable or self._playing or self._training):
            self.set_projector(False)

    # --- commands of the window itself -----------------------------------------------------------

    def drawing(self) -> ZoomView:
        """The drawing on the stage, which is zoomed and written into pictures."""
        view = self.stage.currentWidget()
        assert isinstance(view, ZoomView)
        return view

    def _zoom_in(self) -> None:
        self.drawing().zoom_in()

    def _zoom_out(self) -> None:
        self.drawing().zoom_out()

    def _fit(self) -> None:
        self.drawing().fit()

    def _choose_preset(self, action: QAction) -> None:
        self.preset_requested.emit(action.data())

    def _choose_numbers(self, _chosen: object) -> None:
        self.numbers_requested.emit(self.number_format())

    def _go_to_iteration(self) -> None:
        if self.timeline.isVisible():
            self.timeline.edit_iteration()

    def _copy_table(self) -> None:
        self.table_tabs.copy_table()
        self.show_message(f"{self.table_tabs.title()} copied")

    def _show_help(self) -> None:
        help_dialog(self, self.commands, self.look.theme).open()

    def _show_about(self) -> None:
        about_dialog(self, self._version()).open()

    # --- from one start to the next --------------------------------------------------------------

    def settings(self) -> Settings:
        """How the window stands now, to be remembered."""
        return msgspec.structs.replace(
            self._settings,
            geometry=bytes(self.saveGeometry().toBase64().data()).decode(),
            theme=self.commands.checked("theme"),
            text_scale=self.look.scale,
            digits=int(self.commands.checked("digits")),
            digits_fixed=self.commands["digitsFixed"].isChecked(),
            decimal_comma=self.commands["decimalComma"].isChecked(),
            reduced_motion=self.commands["reducedMotion"].isChecked(),
            single_keys=self.commands["singleKeys"].isChecked(),
            ask_first=self.commands["askFirst"].isChecked(),
            speed=self.toolbar.speed(),
            step_size=self.commands.checked("stepSize"),
            train_count=self.toolbar.train_count() or 0,
            **self._room.sizes(),
        )

    def remember_file(self, path: str) -> None:
        """Put a file that was opened or saved at the head of the recent ones."""
        self._settings = self._settings.with_recent_file(path)

    def forget_recent_files(self) -> None:
        """Begin the list of recent files anew."""
        self._settings = msgspec.structs.replace(self._settings, recent_files=())

    def _restore(self) -> None:
        """Stand as the settings say. Facts about the experiment are shown later by whoever knows them."""
        settings = self._settings
        self.commands.choose("digits", settings.digits)
        self.commands["digitsFixed"].setChecked(settings.digits_fixed)
        self.commands["decimalComma"].setChecked(settings.decimal_comma)
        self.commands["reducedMotion"].setChecked(settings.reduced_motion)
        self.commands.set_single_keys(settings.single_keys)
        self.commands["askFirst"].setChecked(settings.ask_first)
        self.toolbar.show_speed(settings.speed)
        self.toolbar.show_step_size(settings.step_size)
        self.toolbar.show_train_count(settings.train_count or None)
        self.restoreGeometry(QByteArray.fromBase64(QByteArray(settings.geometry.encode())))
        self._room.restore((settings.side_by_side, settings.top_and_bottom, settings.bottom))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask whoever listens; without an answer the window closes."""
        event.accept()
        self.closing.emit(event)


def _line() -> QFrame:
    """A hairline between two bars."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    return line
