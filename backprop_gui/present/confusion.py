"""The confusion matrix in words and cells: which classes are taken for which."""

from __future__ import annotations

from msgspec import Struct

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.plot_csv import csv_text
from backprop_gui.steps.confusion import Confusion

MOST_ROWS_TOLD = 8


class ConfusionPicture(Struct, frozen=True, eq=False):
    """The matrix of some rows at one iteration; `is_test` says which they are."""

    matrix: Confusion
    iteration: int
    is_test: bool
    format: NumberFormat

    @property
    def names(self) -> tuple[str, ...]:
        return self.matrix.names

    @property
    def kind(self) -> str:
        return "test" if self.is_test else "training"

    def text(self, target: int, predicted: int, percent: bool) -> str:
        """What stands in a cell: the count, or its share of the class in percent."""
        count = int(self.matrix.counts[target, predicted])
        if not percent:
            return self.format.count(count)
        return self.percent(self.matrix.share(target, predicted)) if count else "0"

    def percent(self, share: float | None) -> str:
        """A share in percent, without the sign; – where there is nothing to share."""
        if share is None:
            return "–"
        text = f"{100 * share:.1f}" if 0 < share < 0.0995 or 0.995 <= share < 1 else f"{100 * share:.0f}"
        return self.format.localised(text)

    @property
    def title(self) -> str:
        """`93 % right: 112 of 120 · iteration 20`."""
        matrix, form = self.matrix, self.format
        share = self.percent(matrix.right / matrix.rows if matrix.rows else None)
        rows = (
            f"{form.count(matrix.right)} of {form.count(matrix.rows)}{' test rows' if self.is_test else ''}"
        )
        lost = f" · {form.count(matrix.lost)} without a number" if matrix.lost else ""
        return f"{share} % right: {rows}{lost} · iteration {form.count(self.iteration)}"

    def words(self, target: int, predicted: int) -> str:
        """A cell in words: `versicolor taken for virginica: 4 of 38 rows (11 %)`."""
        form, matrix = self.format, self.matrix
        count, of = int(matrix.counts[target, predicted]), int(matrix.counts[target].sum())
        share = f" ({self.percent(matrix.share(target, predicted))} %)" if of else ""
        own, other = self.names[target], self.names[predicted]
        head = f"{own} predicted right" if target == predicted else f"{own} taken for {other}"
        return f"{head}: {form.count(count)} of {form.count(of)} rows{share}"

    def rows_words(self, rows: list[int]) -> str:
        """The rows of a cell, the first of them: `rows 3, 17, 20`."""
        if not rows:
            return ""
        listed = self.format.listed(self.format.count(row + 1) for row in rows[:MOST_ROWS_TOLD])
        more = len(rows) - MOST_ROWS_TOLD
        rest = f" and {self.format.count(more)} more" if more > 0 else ""
        return f"{'row' if len(rows) == 1 else 'rows'} {listed}{rest}"

    def summary(self) -> str:
        """What a screen reader is told: the accuracy, and the most frequent confusions."""
        counts = self.matrix.counts
        pairs = [
            (int(counts[i, j]), i, j)
            for i in range(len(counts))
            for j in range(len(counts))
            if i != j and counts[i, j]
        ]
        worst = sorted(pairs, key=lambda pair: -pair[0])[:3]
        told = ". ".join(self.words(i, j) for _, i, j in worst) or "None is taken for another class"
        return f"{self.title}. {told}."


def confusion_csv(picture: ConfusionPicture) -> str:
    """A row for each pair of classes: target, predicted, count, share of the target's rows."""
    rows = []
    for target, name in enumerate(picture.names):
        for predicted, other in enumerate(picture.names):
            count = int(picture.matrix.counts[target, predicted])
            share = repr(picture.matrix.share(target, predicted))
            rows.append([picture.kind, name, other, str(count), share])
    return csv_text(["rows", "target", "predicted", "count", "share_of_target"], rows)
