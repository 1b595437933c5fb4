"""New experiments from a few words."""

from __future__ import annotations

import pytest

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import build
from backprop_gui.experiment.document import Softmax
from backprop_gui.experiment.templates import TEMPLATES, copy_of, from_template, in_words, planned, uses_data

SHEET = TEMPLATES[0]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_template_runs(template):
    """As it is offered, and with sizes its data does not fit."""
    assert build(from_template(template, template.words))
    assert uses_data(template, planned(template.words)) == (template.data is not None)
    other = from_template(template, "3-2-2 tanh")
    assert other.data == {"x": [[0, 0, 0]], "targets": [[0, 0]]}
    assert build(other).batches.rows == 1


def test_sheet_in_three_words():
    """Sizes, the activation of the hidden layers, that of the outputs; all numbers are 0."""
    sheet = from_template(SHEET, "2-3-2 tanh softmax")
    hidden, out, softmax = sheet.network.nodes
    assert (hidden.units, hidden.activation, out.units, out.activation) == (3, "tanh", 2, "identity")
    assert isinstance(softmax, Softmax)
    assert not build(sheet).initial.any()
    assert build(from_template(SHEET, SHEET.words, "draws")).initial.any()
    assert copy_of(sheet).title == "Exercise sheet 2-3-2 copy"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("2-3-2 tanh softmax", "2 inputs → 3 tanh → 2 softmax → cross-entropy"),
        ("2 3 1", "2 inputs → 3 sigmoid → 1 sigmoid → half squared error"),
        ("1–4–4–1 relu identity mse", "1 input → 4 relu → 4 relu → 1 identity → mean squared error"),
        ("2x2 softmax", "2 inputs → 2 softmax → cross-entropy"),
        ("2-2-1 Tanh, Sigmoid + cross-entropy", None),
        ("2-2-1 tanh sigmoid binary-cross-entropy", "2 inputs → 2 tanh → 1 sigmoid → binary cross-entropy"),
        ("2-2-3 leaky-relu ce", "2 inputs → 2 leaky relu → 3 softmax → cross-entropy"),
    ],
)
def test_words_are_understood(words, said):
    """As people write them, with what follows for the loss."""
    if said is None:
        with pytest.raises(InvalidEdit):
            planned(words)
    else:
        assert in_words(planned(words)) == said


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("tanh", "2-3-2 tanh softmax"),
        ("5", "2-3-2 tanh softmax"),
        ("2-0-1", "1 to 1,000"),
        ("2-3-2 tansh", "such as sigmoid"),
        ("2-3-1 tanh softmax", "2 or more outputs"),
        ("2-3-2 softmax tanh", "second word"),
        ("2-3-2 tanh relu softmax", "one for the hidden"),
        ("2-3-1 tanh tanh bce", "sigmoid for out"),
        ("-".join("2" * 40), "up to 30"),
    ],
)
def test_what_is_not_understood_is_said(words, right):
    """One sentence with what would be right."""
    with pytest.raises(InvalidEdit, match=right):
        planned(words)
