"""Playing and training: what goes on by itself until it is stopped."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from backprop_gui.session.trainer import Trainer
from backprop_gui.steps.stopping import Condition, Stop, Stopped, Watch
from backprop_gui.steps.training import Chunk

if TYPE_CHECKING:
    from backprop_gui.session.session import Session

FRAME_MILLISECONDS = 16
TRAINING_TO_FRAME = 2.75  # how much longer training runs than it rests for a frame
TURNS = 4  # what takes its time is shown in every fourth frame of training …
SLOW_SECONDS = 0.1  # … unless there is that long between two of them
WITHOUT_END = 10**15


class Running(QObject):
    """Steps a session on by a timer, or trains it in a thread and takes what arrives."""

    playing_changed = Signal(bool)
    training_changed = Signal(bool)
    condition_met = Signal(object)  # the Stop: training has ended where a condition was met

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self.speed = 2.0
        self.conditions: tuple[Condition, ...] = ()  # on which training stops by itself
        self._playing = QTimer(self)
        self._playing.timeout.connect(self._play_on)
        self._arrivals = QTimer(self)
        self._arrivals.setSingleShot(True)
        self._arrivals.timeout.connect(self._take_arrivals)
        self._painted = QTimer(self)  # without an interval: once the paints of a frame are done
        self._painted.setSingleShot(True)
        self._painted.timeout.connect(self._end_frame)
        self._frame_began = 0.0
        self._shown_at = 0.0  # when training last brought something
        self._turn = 0
        self._trainer: Trainer | None = None
        self._met: Stop | None = None
        self._until: int | None = None

    @property
    def is_playing(self) -> bool:
        return self._playing.isActive()

    @property
    def is_busy(self) -> bool:
        """Whether anything goes on by itself."""
        return self.is_playing or self.is_training

    @property
    def is_training(self) -> bool:
        return self._trainer is not None

    def is_turn(self, turn: int) -> bool:
        """Whether a part of the window that takes its time is shown now: while training, not in every frame.

        `turn` is below TURNS; parts with different turns do not meet in one frame.
        """
        return self._trainer is None or self._turn == turn or self._turn < 0

    def play(self) -> None:
        """Step on by itself, at `speed` steps a second (0: as fast as it can be seen)."""
        self.stop_training()
        if not self.is_playing:
            self._playing.start(self._pause_between_steps())
            self.playing_changed.emit(True)

    def pause(self) -> None:
        """End playing."""
        if self.is_playing:
            self._playing.stop()
            self.playing_changed.emit(False)

    def set_speed(self, steps_per_second: float) -> None:
        """How fast playing goes."""
        self.speed = steps_per_second
        self._playing.setInterval(self._pause_between_steps())

    def _pause_between_steps(self) -> int:
        return FRAME_MILLISECONDS if self.speed <= 0 else max(FRAME_MILLISECONDS, round(1000 / self.speed))

    def _play_on(self) -> None:
        if not self.session.next():
            self.pause()

    def train(self, count: int | None) -> None:
        """Do `count` more updates beside the window, or go on until stopped."""
        self.pause()
        if self._trainer is None and (count is None or count > 0):
            self._until = None if count is None else self.session.timeline.newest + count
            self.session.forget_question()
            self._start_trainer()
            self._arrivals.start(FRAME_MILLISECONDS)
            self.training_changed.emit(True)

    def _start_trainer(self) -> None:
        newest, room = self.session.timeline.newest, self.session.timeline.room()
        ends = [end for end in (self._until, room) if end is not None]
        segment = self.session.timeline.segment_of(newest)
        until = min(ends) if ends else WITHOUT_END
        state = self.session.timeline.state(newest)
        watch = Watch(self.conditions, segment.stepper, state, crossing=True) if self.conditions else None
        self._trainer = Trainer(segment.stepper, state, until, segment.stride, watch)

    def stop_training(self) -> None:
        """End training on an iteration boundary."""
        if self._trainer is not None:
            chunks = self._trainer.stop()
            self._trainer = None
            self._take(chunks)
            self._end_training()

    def halt(self) -> None:
        """End playing and training."""
        self.pause()
        self.stop_training()

    def _end_training(self) -> None:
        self._arrivals.stop()
        self.training_changed.emit(False)
        self.session.announce_move()
        self.session.warn_when_stuck()
        if self._met is not None:
            met, self._met = self._met, None
            self.condition_met.emit(met)

    def _take_arrivals(self) -> None:
        """Take what the training thread has done since the last frame."""
        if self._trainer is None:
            return
        self._frame_began = perf_counter()
        self._trainer.rest()
        done = self._trainer.done
        diverged = self._take(self._trainer.parts())
        if diverged:
            self._trainer = None
            self._arrivals.stop()
            self.training_changed.emit(False)
            self.session.stop_at_fault()
        elif self._met is not None:
            self._trainer = None
            self._end_training()
        elif done:
            self._trainer = None
            if self._until is not None and self.session.timeline.newest >= self._until:
                self._end_training()
            else:
                self._start_trainer()  # an edit that waited for this iteration comes into force
        if self._trainer is not None:
            self._painted.start()

    def _end_frame(self) -> None:
        """Let training go on, for the longer the longer the frame took."""
        if self._trainer is not None:
            spent = 1000 * (perf_counter() - self._frame_began)
            self._trainer.go_on()
            pause = TRAINING_TO_FRAME * spent if self._trainer.rests else 1.0
            self._arrivals.start(round(max(FRAME_MILLISECONDS - spent, pause)))

    def _take(self, arrived: list[Chunk | Stopped]) -> bool:
        """Append chunks to the timeline and show the newest iteration; whether the run diverged."""
        diverged = False
        for part in arrived:
            chunk = part.chunk if isinstance(part, Stopped) else part
            self._met = part.stop if isinstance(part, Stopped) else None
            self.session.timeline.take(chunk)
            diverged = diverged or chunk.diverged
        if arrived:
            self._turn_on()
            self.session.show_newest()
        return diverged

    def _turn_on(self) -> None:
        """Whose turn it is to be shown; below 0 it is everyone's."""
        now = perf_counter()
        slow = now - self._shown_at > SLOW_SECONDS
        self._turn, self._shown_at = -1 if slow else (self._turn + 1) % TURNS, now
