"""Connects one session with one window: what the user asks for goes in, what has happened comes out."""

from __future__ import annotations

from typing import Literal, cast

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCloseEvent

from backprop_gui.app import recovery
from backprop_gui.app.batch_table import BatchTable
from backprop_gui.app.data_import import DataImport
from backprop_gui.app.document_commands import DocumentCommands
from backprop_gui.app.dropping import FileDrops
from backprop_gui.app.features import add_features
from backprop_gui.app.files import Files
from backprop_gui.app.gradient_check import GradientChecker
from backprop_gui.app.loss_curve import LossCurve
from backprop_gui.app.recent import RecentFiles
from backprop_gui.app.time_commands import TimeCommands
from backprop_gui.engine.expressions import Slope
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.errors import BackpropError
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.presets import open_experiment, preset_names
from backprop_gui.present.canvas import canvas_picture
from backprop_gui.present.canvas_memory import CanvasMemory
from backprop_gui.present.canvas_shape import canvas_shape
from backprop_gui.present.explain import explain_page, training_page
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.tables import gradient_table, parameter_table
from backprop_gui.present.timeline import status_picture, timeline_picture
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.settings import save_settings
from backprop_gui.steps.plan import STEP_SIZES, StepSize
from backprop_gui.steps.quantities import Quantity
from backprop_gui.views.main_window import MainWindow

TABLES_TURNS = (0, 6)  # of the frames of training; the plot has another


class Controller(QObject):
    """Lives as long as its window."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        session.setParent(self)
        self.session = session
        self.window = window
        self.editor = Editor(session)
        self.keeper = recovery.Keeper()
        self.files = Files(session, window, self.keeper)
        self.data_import = DataImport(session, self.editor, window)
        self._recent = RecentFiles(window, self.files.leave_for)
        self._drops = FileDrops(window, self.files.leave_for, self.data_import.show)
        self._memory = CanvasMemory()
        self._keeping = QTimer(self)
        self._keeping.setSingleShot(True)
        self._keeping.setInterval(500)
        self._keeping.timeout.connect(self._keep)
        self.checker = GradientChecker(session, window)
        self._batch_table = BatchTable(session, window)
        self._loss_curve = LossCurve(session, window)
        self._time_commands = TimeCommands(session, window)
        self._document_commands = DocumentCommands(session, window, self._replace)
        self._take_settings()
        self._connect_session()
        self._connect_actions()
        self._connect_views()
        self.features = add_features(session, window)
        self.show_experiment()

    def _take_settings(self) -> None:
        """The session looks at things as the window was left."""
        session, window = self.session, self.window
        session.format = window.number_format()
        window.look.show_numbers(session.format)
        session.ask_first = window.commands["askFirst"].isChecked()
        session.running.set_speed(window.toolbar.speed())
        session.set_step_size(cast(StepSize, window.commands.checked("stepSize")))

    def _connect_session(self) -> None:
        session = self.session
        session.opened.connect(self.show_experiment)
        session.changed.connect(self.show_change)
        session.moved.connect(self.show_moment)
        session.lit_changed.connect(self._show_canvas)
        session.told.connect(self.window.show_message)
        session.running.playing_changed.connect(self._show_playing)
        session.running.training_changed.connect(self._show_training)
        session.running.frame_painted.connect(self._show_progress)

    def _connect_actions(self) -> None:
        commands, files = self.window.commands, self.files
        slots = {
            "open": files.ask_and_open,
            "importData": self.data_import.ask,
            "save": files.save,
            "saveAs": files.save_as,
            "exportGradients": files.export_gradients,
            "exportSteps": files.export_steps,
            "exportLoss": files.export_loss,
            "exportImage": files.export_image,
            "undo": self._undo,
            "redo": self._redo,
            "restart": self._restart,
            "clearFocus": self._clear,
            "unfold": self._unfold,
            "checkGradients": self.checker.start,
        }
        for name, slot in slots.items():
            commands[name].triggered.connect(slot)
        commands["askFirst"].toggled.connect(self._ask_first)
        commands.group("stepSize").triggered.connect(self._step_size)

    def _connect_views(self) -> None:
        window = self.window
        window.preset_requested.connect(self._open_preset)
        window.numbers_requested.connect(self._numbers)
        window.closing.connect(self._closing)
        window.toolbar.speed_requested.connect(self.session.running.set_speed)
        window.toolbar.learning_rate_requested.connect(self._learning_rate)
        window.toolbar.optimizer_requested.connect(self._optimizer)
        window.stage.currentChanged.connect(self._show_canvas)
        window.canvas.parameter_clicked.connect(self._focus)
        window.canvas.card_clicked.connect(self._focus)
        window.canvas.quantity_clicked.connect(self._ask)
        window.canvas.background_clicked.connect(self._unfocus)
        window.explain.target_activated.connect(self._target)
        window.explain.unfold_requested.connect(self._unfold)
        window.explain.ask_first_requested.connect(window.commands["askFirst"].setChecked)
        window.gradient_table.row_activated.connect(self._focus)
        window.parameter_table.row_activated.connect(self._focus)
        window.table_tabs.export_requested.connect(self.files.export_table)

    # --- what has happened ------------------------------------------------------------------------

    def show_experiment(self) -> None:
        """Another experiment: everything is shown anew."""
        presets = []
        for name in preset_names():
            try:
                preset = open_experiment(name)[0]
            except BackpropError:
                continue  # a damaged preset must not keep the window from opening
            presets.append((name, preset.title, preset.teaches))
        self.window.show_presets(presets, self.session.name)
        self.window.clear_message()
        self._document_commands.show_document()
        self._batch_table.show_moment()
        self.show_change()
        self.show_moment()

    def show_change(self) -> None:
        """The experiment was edited, undone or saved."""
        session, window = self.session, self.window
        graph = session.model.graph
        window.toolbar.show_rate_name(session.experiment.notation.rate)
        self._shape = canvas_shape(graph, session.naming, session.format)
        window.show_document(session.experiment.title, session.modified)
        self._show_model()
        window.show_undo(session.history.undo_name, session.history.redo_name)
        self._keeping.start()

    def _show_model(self) -> None:
        """The rate and the optimiser in force: an edit may have changed them at a later iteration."""
        self._model = self.session.model
        toolbar = self.window.toolbar
        toolbar.show_learning_rate(self.session.format.full(self._model.settings["learning_rate"]))
        optimizers = [(row.kind, row.title) for row in OPTIMIZERS.values()]
        toolbar.show_optimizers(optimizers, self._model.optimizer.kind)

    def show_moment(self) -> None:
        """Another moment, or the same seen differently."""
        session, window = self.session, self.window
        if session.model is not self._model:
            self._show_model()
        scene = session.scene()
        self._show_canvas()
        if not session.running.is_training:
            self._show_figures()
        busy = session.running.is_busy or session.branches.is_racing
        window.show_clearable(bool(session.focus) or busy)
        if not session.running.is_training:
            window.explain.show_page(explain_page(scene))

    def _show_figures(self) -> None:
        """Where one is, the numbers as tables, and what the status bar says."""
        session, window, scene = self.session, self.window, self.session.scene()
        window.timeline.show_timeline(timeline_picture(scene, session.timeline.newest))
        window.gradient_table.show_table(gradient_table(scene))
        window.parameter_table.show_table(parameter_table(scene))
        stale = session.was_checked and not scene.numeric
        state: Literal["stale", "none"] = "stale" if stale else "none"
        window.show_status(status_picture(scene, state, session.timeline.nbytes))

    def _show_canvas(self) -> None:
        """The network at this moment, or with other numbers lit; not while another drawing hides it."""
        if self.window.stage.currentWidget() is not self.window.canvas:
            return
        scene = self.session.scene()
        self.window.canvas.show_picture(canvas_picture(scene, self._shape, self._memory))

    def _show_progress(self) -> None:
        """Training goes on: the parts that nobody reads sixty times a second."""
        if self.session.running.is_turn(*TABLES_TURNS):
            self._show_figures()
            self.window.show_progress(f"training · iteration {self.session.timeline.newest:,}")

    def _show_playing(self, playing: bool) -> None:
        self.window.show_playing(playing)
        self.window.show_clearable(bool(self.session.focus) or self.session.running.is_busy)

    def _show_training(self, training: bool) -> None:
        self.window.show_training(training)
        if training:
            self.window.explain.show_page(training_page())
        else:
            self.window.show_progress("")

    # --- what is asked for ------------------------------------------------------------------------

    def _attempt(self, action: object, *arguments: object) -> bool:
        """Do it, or tell in a sentence why not."""
        self.window.clear_message()  # before: the action itself may have something to tell
        try:
            action(*arguments)  # type: ignore[operator]
        except BackpropError as error:
            self.window.show_message(str(error), "error")
            self.show_change()
            return False
        return True

    def edit(self, name: str, text: str) -> None:
        """Set a quantity by its own name to what was typed."""
        self._attempt(self.editor.edit, name, text)

    def _learning_rate(self, text: str) -> None:
        self.edit("learning_rate", text)

    def _optimizer(self, kind: str) -> None:
        self._attempt(self.editor.set_optimizer, kind)

    def _open_preset(self, name: str) -> None:
        if name != self.session.name and self.files.may_leave():
            self._attempt(self.files.open, name)
        self.show_experiment()

    def _replace(self, experiment: Experiment, name: str) -> None:
        self._attempt(self.editor.replace, experiment, name)

    def _undo(self) -> None:
        self._attempt(self.editor.undo)

    def _redo(self) -> None:
        self._attempt(self.editor.redo)

    def _restart(self) -> None:
        self._attempt(self.editor.restart)

    def _clear(self) -> None:
        self.session.running.halt()
        self._unfocus()

    def _focus(self, identity: str) -> None:
        self.session.running.halt()
        self.session.set_focus("" if identity == self.session.focus else identity)

    def _ask(self, quantity: Quantity) -> None:
        self.session.running.halt()
        self.session.ask(quantity)

    def _unfocus(self) -> None:
        if self.session.focus or self.session.rule is not None:
            self.session.set_focus("")

    def _unfold(self) -> None:
        session = self.session
        if session.running.is_training or explain_page(session.scene()).unfold == "none":
            self.window.show_message("Nothing to unfold here")
            return
        session.unfolded = not session.unfolded
        session.refresh()

    def _ask_first(self, on: bool) -> None:
        self.session.ask_first, self.session.asking = on, False
        self.window.explain.show_ask_first(on)
        self.session.refresh()

    def _step_size(self) -> None:
        size = self.window.commands.checked("stepSize")
        assert size in STEP_SIZES
        self.window.toolbar.show_step_size(size)
        self.session.set_step_size(size)

    def _numbers(self, form: NumberFormat) -> None:
        self.session.format = form
        self.window.look.show_numbers(form)
        self.show_change()
        self.session.refresh()

    def _target(self, target: object) -> None:
        """A factor of a formula was clicked: to the step that made it, or its rule."""
        if isinstance(target, Slope):
            self.session.open_rule(target)
        elif isinstance(target, Quantity):
            self.session.running.halt()
            self.session.seek_quantity(target)

    # --- closing ----------------------------------------------------------------------------------

    def _closing(self, event: QCloseEvent) -> None:
        if not self.files.may_leave():
            event.ignore()
            return
        self._end()

    def _end(self) -> None:
        self.checker.close()
        self.session.running.halt()
        self._keeping.stop()
        self.keeper.forget()
        save_settings(self.window.settings())

    def close_without_asking(self) -> None:
        """Close the window and leave neither files nor settings changed."""
        self.checker.close()
        self.session.running.halt()
        self._keeping.stop()
        self.window.closing.disconnect(self._closing)
        self.window.close()

    def _keep(self) -> None:
        """Keep the unsaved experiment for the next start, should this one end badly."""
        session = self.session
        self.keeper.keep(session.experiment if session.modified else None, session.source)

    def offer_recovery(self) -> None:
        """At the start: offer what an earlier run did not save."""
        self.files.offer_recovered()
