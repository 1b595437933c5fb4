"""Playing and training: what goes on by itself until it is stopped."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from backprop_gui.session.trainer import Trainer
from backprop_gui.steps.stopping import Condition, Neuron, Stop, Stopped, Watch
from backprop_gui.steps.training import Chunk

if TYPE_CHECKING:
    from backprop_gui.session.session import Session

FRAME_MILLISECONDS = 16
TRAINING_TO_FRAME = 2.3  # how much longer training runs than it rests for a frame
TURNS = 12  # what takes its time is not shown in each frame of training …
SLOW_SECONDS = 0.3  # … unless there is that long between two of them
WITHOUT_END = 10**15


class Running(QObject):
    """Steps a session on by a timer, or trains it in a thread and takes what arrives."""

    playing_changed = Signal(bool)
    training_changed = Signal(bool)
    frame_painted = Signal()  # training: now is the time to show what takes long, in turns; see `is_turn`
    condition_met = Signal(object)  # the Stop: training has ended where a condition was met

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self.speed = 2.0
        self.conditions: tuple[Condition, ...] = ()  # on which training stops by itself
        self.known_dead: set[Neuron] = set()  # on which it has stopped already
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
        self._rest_shown = False  # of this frame
        self._frame = 0.0  # milliseconds that a frame takes, on average
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

    def is_turn(self, *turns: int) -> bool:
        """Whether a part of the window that takes its time is shown after this frame of training.

        The turns it has are numbers below TURNS; parts with different ones do not meet in a frame.
        """
        return self._turn in turns or self._turn < 0

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
        watch = None
        if self.conditions:
            watch = Watch(self.conditions, segment.stepper, state, crossing=True, known=self.known_dead)
        self._trainer = Trainer(segment.stepper, state, until, segment.stride, watch)

    def stop_training(self) -> None:
        """End training on an iteration boundary."""
        if self._trainer is not None:
            self._take(self._trainer.stop(), announce=False)
            self._trainer = None  # only now: what grows with a run is shown once, when it has ended
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
            self.known_dead.update(met.neurons)
            self.condition_met.emit(met)

    def _take_arrivals(self) -> None:
        """Take what the training thread has done since the last frame."""
        if self._trainer is None:
            return
        self._frame_began = perf_counter()
        self._trainer.rest()
        done = self._trainer.done
        arrived = self._trainer.parts()
        diverged = self._take(arrived)
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
            self._rest_shown = not arrived
            self._painted.start()

    def _end_frame(self) -> None:
        """Show the rest, then let training go on, for the longer the longer frames take."""
        if self._trainer is None:
            return
        if not self._rest_shown:
            self._rest_shown = True
            self.frame_painted.emit()
            self._painted.start()
            return
        spent = 1000 * (perf_counter() - self._frame_began)
        self._frame += 0.2 * (spent - self._frame)
        self._trainer.go_on()
        pause = FRAME_MILLISECONDS - spent
        if self._trainer.rests:  # at an even pace, though some frames take longer
            pause = max(pause, spent, (1 + TRAINING_TO_FRAME) * self._frame - spent)
        self._arrivals.start(round(max(pause, 1.0)))

    def _take(self, arrived: list[Chunk | Stopped], announce: bool = True) -> bool:
        """Append chunks to the timeline and show the newest iteration; whether the run diverged."""
        diverged = False
        for part in arrived:
            chunk = part.chunk if isinstance(part, Stopped) else part
            self._met = part.stop if isinstance(part, Stopped) else None
            self.session.timeline.take(chunk)
            diverged = diverged or chunk.diverged
        if arrived:
            self._turn_on()
            self.session.show_newest(announce)
        return diverged

    def _turn_on(self) -> None:
        """Whose turn it is to be shown; below 0 it is everyone's."""
        now = perf_counter()
        slow = now - self._shown_at > SLOW_SECONDS
        self._turn, self._shown_at = -1 if slow else (self._turn + 1) % TURNS, now
