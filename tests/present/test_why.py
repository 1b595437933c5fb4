"""The why-tree as it is told: rows with numbers, what kind of leaf, crumbs, and what is not uncovered yet."""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import replace

from backprop_gui.experiment.document import Edit, Experiment
from backprop_gui.present.scene import Scene
from backprop_gui.present.why import WhyPicture, WhyPictures
from backprop_gui.present.why_carry import carried
from backprop_gui.present.why_state import FIRST_PARTS, WhyState
from backprop_gui.steps.provenance import Provenance, Traced
from backprop_gui.steps.quantities import UPDATED, Quantity, Setting
from backprop_gui.steps.references import resolve
from tests.networks import preset
from tests.present.scenes import Stage, numbers_in


class Asked:
    """A stage with one question on it."""

    def __init__(
        self, experiment: Experiment | str, name: str, iteration: int = 0, position: int | None = None
    ) -> None:
        self.stage = Stage(experiment)
        scene = self.stage.scene(0, iteration)
        total = scene.frame.plan.total
        self.scene: Scene = self.stage.scene(total if position is None else position, iteration)
        self.provenance = Provenance(self.stage.timeline, self.stage.experiment)
        self.pictures = WhyPictures(self.provenance, self.scene.naming, self.scene.format)
        self.key = resolve(self.scene.graph, name)
        self.state = WhyState().asking(Traced(iteration, self.key))

    def open(self, *paths: tuple[int, ...]) -> WhyPicture:
        for path in paths:
            self.state = self.state.opening(path)
        return self.picture()

    def picture(self) -> WhyPicture:
        return self.pictures.picture(self.state, self.scene.frame)


def words_of(picture: WhyPicture) -> dict[str, str]:
    """What each row says in words, by its text up to the sign."""
    return {row.text.split(" =")[0].split(" ≈")[0]: row.words for row in picture.rows}


def test_a_gradient_opens_down_to_data_and_first_weights():
    """The formula in names and numbers, then its parts; leaves say what they are."""
    picture = Asked("worked-example", "d(w5)").open((1,), (1, 0))
    first = picture.rows[0]
    assert first.text == "∂L/∂w₅ ≈ 0.009189 = ∂L/∂z₁⁽²⁾ · a₁⁽¹⁾ ≈ 0.01529 · 0.6011"
    assert [row.depth for row in picture.rows] == [0, 1, 1, 2, 3, 3, 3, 3, 3]
    words = words_of(picture)
    assert words["x₁"] == "given: input x₁ of sample 1"
    assert words["w₁"] == "initial weight"
    assert words["b₁"] == "initial bias"


def test_every_number_of_a_row_has_all_its_digits():
    """They are the record's numbers, not rounded ones."""
    asked = Asked("worked-example", "d(w5)")
    (line,) = [row for row in asked.picture().rows if row.depth == 0]
    upstream, a = (asked.provenance.number(part) for part in asked.provenance.parts(Traced(0, asked.key)))
    assert numbers_in(line.lines[-1]) == [upstream, a]


def test_a_trained_weight_says_which_update_made_it():
    """And rows of an earlier iteration are marked as such."""
    picture = Asked("worked-example", "w5", 3).open((0,), (0, 0))
    assert picture.kicker == "Iteration 3"
    assert [row.words for row in picture.rows[:3]] == [
        "made by the update of iteration 2",
        "its value after the update",
        "made by the update of iteration 1",
    ]
    assert [row.mark for row in picture.rows[:3]] == ["", "iteration 2", "iteration 2"]
    assert words_of(picture)["α"] == "learning rate"


def test_hands_seeds_and_saved_states_are_named():
    """Set by you, drawn with a seed, frozen."""
    edited = msgspec.structs.replace(preset("worked-example"), edits=[Edit(3, {"w5": 0.2})])
    assert Asked(edited, "w5", 3).picture().rows[0].words == "set by you in iteration 3"
    assert Asked("digits", "w1").picture().rows[0].words.startswith("initial weight, drawn with seed ")
    training = msgspec.structs.replace(preset("worked-example").training, frozen=["b*"])
    frozen = msgspec.structs.replace(preset("worked-example"), training=training)
    assert Asked(frozen, "b1", 2).picture().rows[0].words == "initial bias, frozen: no update changes it"


def test_what_is_covered_is_not_told():
    """The note names the step it waits for; one iteration later everything of this one is known."""
    note = Asked("worked-example", "h1.z[1]", position=0).picture()
    assert note.rows == ()
    assert note.note == (
        "*z₁⁽¹⁾* is not uncovered yet. Step on to *z₁⁽¹⁾* of *h₁⁽¹⁾*: that is step 1, forward; "
        "you are at step 0."
    )
    asked = Asked("worked-example", "h1.z[1]", 1, position=0)
    asked.state = WhyState().asking(Traced(0, asked.key))
    assert asked.picture().rows
    assert asked.picture().kicker == "Iteration 0 · you are at 1"


def test_what_no_step_uncovers_is_said_for_good():
    """A frozen parameter has no update."""
    training = msgspec.structs.replace(preset("worked-example").training, frozen=["b*"])
    asked = Asked(msgspec.structs.replace(preset("worked-example"), training=training), "b1")
    asked.state = WhyState().asking(Traced(0, replace(asked.key, aspect=UPDATED)))
    assert asked.picture().note.startswith("No update changes *b₁*")
    assert not asked.picture().leads


def test_crumbs_lead_back_to_trees_as_they_were_left():
    """What was opened there is still open."""
    asked = Asked("worked-example", "w5", 3)
    before = asked.open((0,))
    below = asked.provenance.parts(asked.state.crumbs[0].root)[0]
    asked.state = asked.state.rooted(below)
    assert [crumb.text for crumb in asked.picture().crumbs] == ["w₅ in 3", "w₅ updated in 2"]
    asked.state = asked.state.back_to(0)
    assert asked.picture().rows == before.rows


def test_a_long_sum_is_listed_in_parts():
    """The rest comes when it is asked for."""
    asked = Asked("digits", "h1.z[1]")
    parts = asked.provenance.parts(asked.state.crumbs[0].root)
    last = asked.picture().rows[-1]
    assert last.text == f"… and {len(parts) - FIRST_PARTS} more"
    asked.state = asked.state.showing_more(())
    assert len([row for row in asked.picture().rows if row.depth == 1]) == len(parts)


def test_samples_of_a_batch_are_told_apart():
    """The mean's parts name their sample."""
    stage = Asked("averaging-over-examples", "loss")
    stage.state = WhyState().asking(Traced(0, Quantity(stage.scene.graph.loss)))
    rows = stage.picture().rows
    assert rows[0].words == f"the mean over {stage.scene.frame.record.samples} samples"
    assert [row.mark for row in rows[1:]] == [f"sample {n}" for n in range(1, len(rows))]


def test_rows_are_said_in_words():
    """Level, name, number, kind, open or closed."""
    picture = Asked("worked-example", "h1.z[1]").picture()
    assert picture.rows[0].spoken == "Level 1: z 1 of layer 1 is 0.41, open"
    assert picture.rows[2].spoken == "Level 2: x 1 is 0.4, given: input x₁ of sample 1"


def test_a_question_outlives_an_edit_where_its_number_does():
    """Later iterations are gone, and so are questions about them; settings in force stay."""
    asked = Asked("worked-example", "w5", 3)
    graph = asked.scene.graph
    rate = Traced(1, Setting("learning_rate"))
    state = asked.state.rooted(rate)
    branched = asked.stage.timeline.branch(2, {"w5": 0.1})
    provenance = Provenance(branched, asked.stage.experiment)
    assert [crumb.root for crumb in carried(state, graph, provenance).crumbs] == [rate]
    early = WhyState().asking(Traced(2, asked.key))
    kept = carried(early, graph, provenance)
    assert kept.root == Traced(2, asked.key)
    assert provenance.source(kept.crumbs[0].root).kind == "edited"


def test_constants_are_rounded_and_samples_called_as_everywhere():
    """Mean and deviation of the data as other numbers are; a sample of a shuffled batch by its data row."""
    asked = Asked("iris", "n.a[1]")
    row = int(asked.provenance.record(0).rows[0]) + 1
    picture = asked.picture()
    assert picture.kicker == f"Iteration 0 · data row {row}"
    formula = picture.rows[0].text.split(" ≈ ")[1:]
    assert len(formula) == 3, "the number, the formula in names, in numbers: each rounded"
    assert all(len(number) <= 6 for number in re.findall(r"[\d.]+", " ".join(formula)))
    assert picture.rows[1].words == f"given: input x₁ of data row {row}"
