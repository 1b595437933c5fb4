"""Opening, saving and exporting: where a path is asked for and what is said afterwards."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace
from PySide6.QtCore import QMarginsF, QRectF
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter, QPixmap

from backprop_gui.app import recovery
from backprop_gui.app.exporting import CsvExport
from backprop_gui.app.watching import OutsideChanges
from backprop_gui.errors import BackpropError, FileTrouble
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.experiment.reading import write_whole
from backprop_gui.present.csv_files import GradientTable, LossTable, StepTable, Table
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.samples import samples_table
from backprop_gui.present.tables import parameter_table, table_rows
from backprop_gui.session.session import Session
from backprop_gui.steps.timeline import Timeline
from backprop_gui.views.dialogs import (
    CSV_FILTER,
    IMAGE_FILTER,
    ask_about_recovery,
    ask_about_unsaved,
    ask_open_path,
    ask_save_path,
)
from backprop_gui.views.file_questions import ask_to_load_again, ask_to_save_over
from backprop_gui.views.main_window import MainWindow

PICTURES = (".png", ".svg", ".pdf")


class Files:
    """The files of one window."""

    def __init__(self, session: Session, window: MainWindow, keeper: recovery.Keeper) -> None:
        self.session = session
        self.keeper = keeper
        self.window = window
        if session.path:  # named on the command line
            window.remember_file(str(session.path.absolute()))
        self.exporting = CsvExport(session, window)
        self.outside = OutsideChanges(session, window)
        self.outside.load_requested.connect(self.load_again)

    # --- the experiment ---------------------------------------------------------------------------

    def ask_and_open(self) -> None:
        """Ask for a file and open it."""
        path = ask_open_path(self.window, str(self.session.path.parent) if self.session.path else "")
        if path:
            self.leave_for(path)

    def leave_for(self, path: str) -> None:
        """Open a file in place of the experiment, once that may be left; trouble is told in a sentence."""
        self.session.running.halt()
        if self.may_leave():
            self._tell_trouble(lambda: self.open(path))

    def load_again(self) -> None:
        """Open the file anew that another program has changed; changes of one's own are asked about."""
        path, session = self.session.path, self.session
        if path is None or (session.modified and not ask_to_load_again(self.window, path.name)):
            return
        session.running.halt()
        if self._tell_trouble(lambda: self.open(str(path))):
            self.window.show_message(f"Loaded {path.name} again")

    def open(self, preset_or_file: str) -> None:
        """Open a preset or a file. Raises a BackpropError and leaves everything as it was."""
        experiment, path = open_experiment(preset_or_file)
        self.session.open(experiment, path, "" if path else preset_or_file)
        if path:
            self.window.remember_file(str(path.absolute()))

    def save(self) -> bool:
        """Save where the experiment came from, or ask; whether it was saved."""
        path, watch = self.session.path, self.outside.watch
        if path is None:
            return self.save_as()
        if not watch.is_gone() and watch.path == path and watch.differs():
            answer = ask_to_save_over(self.window, path.name)
            if answer != "over":
                return answer == "elsewhere" and self.save_as()
        return self._save_to(path)

    def save_as(self) -> bool:
        """Ask for a place and save; whether it was saved."""
        suggested = str(self.session.path or f"{self._stem()}.json")
        path = ask_save_path(self.window, "Save experiment", suggested)
        if not path:
            return False
        return self._save_to(Path(path))

    def _save_to(self, path: Path) -> bool:
        saved = self._tell_trouble(lambda: self.session.save(path))
        if saved:
            self.keeper.forget()
            self.outside.settle()
            self.window.remember_file(str(path.absolute()))
            self.window.show_message(f"Saved to {path}")
        return saved

    def may_leave(self) -> bool:
        """Whether the experiment may be left: nothing unsaved, or saved now, or given up."""
        if not self.session.modified:
            return True
        answer = ask_about_unsaved(self.window, self.session.experiment.title)
        return self.save() if answer == "save" else answer == "discard"

    def offer_recovered(self) -> None:
        """Offer the newest experiment that an earlier run left unsaved."""
        for path, experiment, when in recovery.abandoned()[:1]:
            if ask_about_recovery(self.window, experiment.title, when):
                if self._tell_trouble(partial(self.session.open_unsaved, experiment, str(path))):
                    self.session.source = self.keeper.adopt(path, experiment)
            else:
                recovery.remove(path.parent)

    # --- exports ----------------------------------------------------------------------------------

    def export_gradients(self) -> None:
        """The gradient table of the iteration on screen as CSV."""
        here = self.session.iteration
        self._export("gradients", f"Gradients of iteration {here:,}", GradientTable, here, here + 1)

    def export_steps(self) -> None:
        """Every step of the iteration on screen as CSV."""
        here = self.session.iteration
        self._export("steps", f"Steps of iteration {here:,}", StepTable, here, here + 1)

    def export_loss(self) -> None:
        """The whole loss curve as CSV."""
        self._export("loss", "The loss curve", LossTable, 0, self.session.timeline.newest + 1)

    def export_table(self, table: str) -> None:
        """The table that is shown as CSV."""
        if table == "gradientTable":
            self.export_gradients()
            return
        what, picture = (
            ("samples", samples_table) if table == "samplesTable" else ("parameters", parameter_table)
        )
        path = self._ask_csv(what)
        if path:
            shown = picture(replace(self.session.scene(), format=NumberFormat()))
            columns = [column.key for column in shown.columns]
            self._tell_trouble(
                partial(
                    self.exporting.write, path, what.capitalize(), columns, table_rows(shown), len(shown.rows)
                )
            )

    def _export(self, kind: str, what: str, make: Callable[[Timeline], Table], first: int, last: int) -> None:
        """Iterations `first` … `last` − 1 of a table."""
        path = self._ask_csv(kind)
        if path:
            table, iterations = make(self.session.timeline), range(first, last)
            rows = itertools.chain.from_iterable(table.rows(iteration) for iteration in iterations)
            count = sum(table.size(iteration) for iteration in iterations)
            self._tell_trouble(partial(self.exporting.write, path, what, table.columns, rows, count))

    def _ask_csv(self, kind: str) -> str:
        """Where a CSV goes; empty when the question was called off, or another is being written."""
        self.session.running.halt()
        if self.exporting.is_under_way:
            self.window.show_message("A file is still being written; wait for it, or stop it with Esc")
            return ""
        return ask_save_path(self.window, f"Export {kind}", f"{self._stem()}-{kind}.csv", CSV_FILTER)

    def export_image(self) -> None:
        """The canvas as PNG, SVG or PDF."""
        path = ask_save_path(self.window, "Export image", f"{self._stem()}.png", IMAGE_FILTER)
        if path:
            target = Path(path)
            if self._tell_trouble(lambda: _write_picture(target, self._paint_canvas)):
                self.window.show_message(f"Picture written to {target}")

    def _paint_canvas(self, path: Path) -> None:
        from PySide6.QtSvg import QSvgGenerator  # only where a drawing is written

        size = self.window.drawing().viewport().size() * 2
        if path.suffix.lower() == ".pdf":
            writer = QPdfWriter(str(path))
            writer.setPageSize(QPageSize(size.toSizeF() * 0.5, QPageSize.Unit.Point))
            writer.setPageMargins(QMarginsF(0, 0, 0, 0))
            self._paint(writer, QRectF(0, 0, writer.width(), writer.height()), path)
        elif path.suffix.lower() == ".svg":
            drawing = QSvgGenerator()
            drawing.setFileName(str(path))
            drawing.setSize(size)
            drawing.setViewBox(QRectF(0, 0, size.width(), size.height()))
            drawing.setTitle(self.session.experiment.title)
            self._paint(drawing, QRectF(0, 0, size.width(), size.height()), path)
        else:
            picture = QPixmap(size)
            picture.fill(self.window.theme().canvas)
            self._paint(picture, QRectF(0, 0, size.width(), size.height()), path)
            if not picture.save(str(path), "PNG"):
                raise FileTrouble(f"{path}: can't be written; choose another place")

    def _paint(self, device: QPixmap | QPdfWriter | object, area: QRectF, path: Path) -> None:
        painter = QPainter()
        if not painter.begin(device):  # type: ignore[arg-type]
            raise FileTrouble(f"{path}: can't be written; choose another place")
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.window.drawing().paint_scene(painter, area)
        finally:
            painter.end()

    def export_drawing(self, what: str, kind: str, write: Callable[[Path], object]) -> None:
        """What another plot shows, as "png", "svg" or "csv"; `write` puts it into a file."""
        filters = {"svg": "SVG drawing (*.svg)", "png": "PNG picture (*.png)", "csv": CSV_FILTER}
        path = ask_save_path(self.window, f"Export {what}", f"{self._stem()}-{what}.{kind}", filters[kind])
        if path:
            target = Path(path)
            action = partial(write, target) if kind == "csv" else partial(_write_picture, target, write)
            if self._tell_trouble(action):
                self.window.show_message(f"{what.capitalize()} written to {target}")

    # --- helpers ----------------------------------------------------------------------------------

    def _stem(self) -> str:
        """What an export is called after."""
        session = self.session
        if session.path:
            return session.path.stem
        title = re.sub(r"\W+", "-", session.experiment.title.lower()).strip("-")
        return session.name or title[:60] or "experiment"

    def _tell_trouble(self, action: Callable[[], object]) -> bool:
        """Do it; what goes wrong is told in one sentence."""
        try:
            action()
        except BackpropError as error:
            self.window.show_message(str(error), "error")
            return False
        except OSError as error:
            where, reason = error.filename or "The file", error.strerror or error
            self.window.show_message(f"{where}: can't be written ({reason}); choose another place", "error")
            return False
        self.window.clear_message()
        return True


def _write_picture(path: Path, paint: Callable[[Path], object]) -> None:
    """Paint into a file aside first: the old picture stays when something goes wrong."""
    if path.suffix.lower() not in PICTURES:
        raise FileTrouble(
            f"{path}: is no kind of picture; a name that ends in .png, .svg or .pdf would be right"
        )
    with TemporaryDirectory() as folder:
        aside = Path(folder) / f"picture{path.suffix}"
        paint(aside)
        write_whole(path, aside.read_bytes())
