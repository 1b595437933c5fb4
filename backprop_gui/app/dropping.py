"""Files dragged onto the window: an experiment is opened, a table of data imported, anything else refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from backprop_gui.views.main_window import MainWindow

EXPERIMENTS, TABLES = (".json",), (".csv", ".tsv", ".txt")


class FileDrops(QObject):
    """Takes what is dropped on one window; both functions are given a path."""

    def __init__(
        self,
        window: MainWindow,
        open_file: Callable[[str], object],
        import_data: Callable[[str], object],
    ) -> None:
        super().__init__(window)
        self._window, self._open, self._import = window, open_file, import_data
        self._dropped: list[QUrl] = []
        window.setAcceptDrops(True)
        window.canvas.setAcceptDrops(False)  # it would take what it has no use for
        window.canvas.viewport().setAcceptDrops(False)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept files; the drop itself is carried out once the other program is done with it."""
        if isinstance(event, QDragEnterEvent | QDragMoveEvent | QDropEvent) and event.mimeData().hasUrls():
            event.setDropAction(Qt.DropAction.CopyAction)  # never moved away from where it is
            event.accept()
            if event.type() == QEvent.Type.Drop:
                self._dropped = event.mimeData().urls()
                QTimer.singleShot(0, self._take)
            return True
        return super().eventFilter(watched, event)

    def _take(self) -> None:
        dropped, self._dropped = self._dropped, []
        if not dropped:
            return
        url = dropped[0]
        path = Path(url.toLocalFile())
        if not url.isLocalFile():
            self._refuse(
                f"{url.toDisplayString()}: is not on this computer; a file from a folder would be right"
            )
        elif path.is_dir():
            self._refuse(f"{path}: is a folder; an experiment (.json) or a table (.csv) would be right")
        elif path.suffix.lower() in EXPERIMENTS:
            self._open(str(path))
        elif path.suffix.lower() in TABLES:
            self._import(str(path))
        else:
            what = "is neither an experiment (.json) nor a table of data (.csv); drop one of these"
            self._refuse(f"{path.name}: {what}")
        if len(dropped) > 1:
            self._window.show_message(f"{len(dropped)} files were dropped; {path.name}, the first, is taken")

    def _refuse(self, sentence: str) -> None:
        self._window.show_message(sentence, "error")
