"""The timeline bar and the status bar at a moment."""

from __future__ import annotations

from typing import Literal

from backprop_gui.engine.gradient_terms import TERMS
from backprop_gui.present.checks import check_stamp
from backprop_gui.present.formulas import loss_rule
from backprop_gui.present.math_text import plain
from backprop_gui.present.naming import setting_words
from backprop_gui.present.pictures import StatusPicture, Stretch, TimelinePicture
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import PHASE_WORDS
from backprop_gui.steps.plan import Stretch as PlanStretch

WORTH_TELLING = 16.0  # megabytes of history


def timeline_picture(scene: Scene, newest: int) -> TimelinePicture:
    """Where one is; `newest` is the newest iteration."""
    frame = scene.frame
    stretches = tuple(
        Stretch(stretch.phase, _label(scene, stretch), stretch.start, stretch.end - stretch.start)
        for stretch in frame.plan.stretches()
    )
    at = frame.plan.stretch(frame.position) if frame.position else None
    sample_text = _sample_text(scene, at)
    step_text = f"step {scene.count(frame.position)} of {scene.count(frame.plan.total)}"
    words = PHASE_WORDS[frame.phase].lower()
    return TimelinePicture(
        frame.iteration,
        newest,
        frame.position,
        frame.plan.total,
        stretches,
        sample_text,
        step_text,
        frame.phase,
        f"iteration {frame.iteration}, {sample_text}, step {frame.position} of {frame.plan.total}, {words}",
    )


def _sample_text(scene: Scene, at: PlanStretch | None) -> str:
    """Which sample is on screen: its data row, and in a batch its place where the two are not the same."""
    frame = scene.frame
    samples, rows = frame.record.samples, scene.model.batches.rows
    if scene.model.batches.batch_size == 1:
        return f"sample {int(frame.record.rows[0]) + 1} of {rows}"
    if at is not None and at.phase == "update" and samples > 1:
        return f"all {samples} samples"
    if at is not None and at.sample is None and samples > 1:
        return f"{scene.batch_word} of {samples} samples"
    place = f"{frame.shown_sample + 1} of {samples}"
    row = scene.data_row(frame.shown_sample)
    return f"data row {row} ({place})" if row else f"sample {place}"


def _label(scene: Scene, stretch: PlanStretch) -> str:
    word = PHASE_WORDS[stretch.phase]
    if scene.frame.record.samples == 1 or stretch.phase == "update":
        return word
    return f"{word} {scene.batch_word}" if stretch.sample is None else f"{word} {stretch.sample + 1}"


def status_picture(
    scene: Scene, stamp_state: Literal["none", "good", "stale", "bad"], history_bytes: int = 0
) -> StatusPicture:
    """The conventions in force, how far the gradients were checked, what a long history takes."""
    state, stamp = stamp_state, ""
    if scene.numeric:
        stamp, state = check_stamp(scene)
    elif state == "stale":
        stamp = "the check is stale: gradients changed since"
    megabytes = history_bytes / 2**20
    memory = f"history {scene.format.count(round(megabytes))} MB" if megabytes >= WORTH_TELLING else ""
    return StatusPicture(conventions(scene), stamp, state, scene.format.words, memory=memory)


def conventions(scene: Scene) -> tuple[str, ...]:
    """What is agreed on: the loss, what an update looks at, what is updated."""
    experiment = scene.experiment
    loss = scene.graph.nodes[scene.graph.loss]
    outputs = scene.graph.nodes[loss.operands[0]].shape
    batches = scene.model.batches
    assert loss.operation is not None
    over_outputs = "" if outputs == (1,) else "Σ "
    told = [f"{experiment.notation.loss} = {over_outputs}{plain(loss_rule(loss.operation))}"]
    if batches.batch_size == 1:
        told.append("one sample per update")
    elif batches.batch_size == batches.rows:
        told.append(f"{scene.batch_word} over all {scene.count(batches.rows)} samples")
    else:
        told.append(f"{scene.batch_word} over {scene.count(batches.batch_size)} samples per update")
    told.append(_what_is_updated(scene))
    naming = scene.naming
    told += [
        f"{setting_words(name, naming.notation)} = {scene.format.text(value)}"
        for name, value in scene.model.settings.items()
        if name in (*TERMS, "weight_decay")
    ]
    return tuple(told)


def _what_is_updated(scene: Scene) -> str:
    layout, frozen = scene.graph.parameters, scene.model.frozen
    biases = layout.biases
    if not frozen.any():
        return "biases are updated" if len(biases) else "no biases"
    if len(biases) and frozen[biases].all() and frozen.sum() == len(biases):
        return "biases are frozen"
    return f"{int(frozen.sum())} parameters are frozen"
