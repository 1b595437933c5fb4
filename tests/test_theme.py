"""The look: contrasts hold, every character has a glyph, fonts, icons and style sheet are complete."""

from __future__ import annotations

import os
import re

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from xml.etree import ElementTree

import pytest
from msgspec.structs import fields
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QIcon, QPalette, QRawFont
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QSpinBox

from backprop_gui.paths import resources_folder
from backprop_gui.views.fonts import MATH, SANS, load_fonts, math_font, slanted_text, ui_font
from backprop_gui.views.icons import app_icon, icon
from backprop_gui.views.style import apply_look, palette, style_sheet
from backprop_gui.views.theme import DARK, LIGHT, Theme, blend, contrast, dimmed

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
GROUNDS = ("window", "canvas", "card", "block", "lit")
TEXTS = (
    "text",
    "muted",
    "accent",
    "forward",
    "loss",
    "backward",
    "update",
    "positive",
    "negative",
    "good",
    "warning",
)
ICONS = sorted(path.stem for path in (resources_folder() / "icons").glob("*.svg"))
ASKED_ICONS = """
app check chevron-down close copy export fit help iteration-next iteration-previous newest next open pause
phase-next phase-previous play previous redo restart save stop theme train undo zoom-in zoom-out
"""

ASCII = "".join(map(chr, range(0x20, 0x7F)))
SHOWN = (
    ASCII + "αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΛΞΠΣΦΨΩ" + "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎" + "ᵀᵏˡⁱʲⁿᵢⱼₖₗₘₙₓₜ"
    "∂∇Σ∑∏√∞≈≠≤≥·×÷−±→←↑↓⊙∘′″…–—“”‘’„•½⅓¼⅔¾✓✗∈∥‖⟨⟩ŷẑŵ\u0302\u0304°§µäöüßéèçñøåÆ"
)
SLANTED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZαβγδεζηθλμνξπρστφχψω∂"


@pytest.fixture(autouse=True)
def _fonts(qapp: QApplication) -> None:
    load_fonts()


@THEMES
@pytest.mark.parametrize("name", TEXTS)
def test_text_stands_out_from_every_ground(theme: Theme, name: str) -> None:
    """Text and phase colours keep 4.5:1, and their dimmed variants 3:1, wherever they may stand."""
    colour = getattr(theme, name)
    for ground in (getattr(theme, ground) for ground in GROUNDS):
        assert contrast(colour, ground) >= 4.5
        assert 3.0 <= contrast(dimmed(colour, ground), ground) <= contrast(colour, ground)


@THEMES
def test_primary_button_is_legible(theme: Theme) -> None:
    """The text of the primary button keeps 4.5:1 and the button itself 3:1 to the bar it stands on."""
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.accent, theme.window) >= 3


def test_contrast_is_that_of_wcag() -> None:
    """Known ratios: black on white 21, equal colours 1, either order, and #767676 on white 4.54."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == 1
    assert contrast("#ffffff", "#767676") == contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_blend_mixes_channels() -> None:
    """A share of the colour over the ground, opaque."""
    assert blend("#ff0000", "#0000ff", 1) == "#ff0000"
    assert blend("#ff0000", "#0000ff", 0) == "#0000ff"
    assert blend("#ffffff", "#000000", 0.2) == "#333333"


def _raw_font(name: str) -> QRawFont:
    path = resources_folder() / "fonts" / f"{name}.ttf"
    return QRawFont(str(path), 200, QFont.HintingPreference.PreferNoHinting)


@pytest.mark.parametrize("cut", ["Regular", "Medium", "SemiBold", "Italic", "SemiBoldItalic"])
def test_every_character_shown_has_a_glyph(cut: str) -> None:
    """Words fall back to the mathematical font and to nothing else, so no box can appear."""
    first, second = _raw_font(f"BackpropSans-{cut}"), _raw_font("BackpropMath-Regular")
    assert first.isValid()
    assert second.isValid()
    assert not [sign for sign in SHOWN if not first.supportsCharacter(ord(sign)) and not _has(second, sign)]
    assert not [sign for sign in ASCII + "ᵀᵢ⁽⁾₁→−✓∂σδα" if not _has(first, sign)]


def test_slanted_characters_have_glyphs() -> None:
    """Every slanted form is another character, and the mathematical font has it; digits and signs stay."""
    font = _raw_font("BackpropMath-Regular")
    for bold in (False, True):
        slanted = slanted_text(SLANTED, bold)
        assert len(slanted) == len(set(slanted)) == len(SLANTED)
        assert not set(slanted) & set(SLANTED)
        assert all(_has(font, letter) for letter in slanted)
    assert slanted_text("h = 2·Σ") == "ℎ = 2·Σ"
    assert slanted_text("ŷ") == "𝑦\u0302"


def _has(font: QRawFont, character: str) -> bool:
    return bool(font.supportsCharacter(ord(character)))


@pytest.mark.parametrize("slanted", [False, True])
@pytest.mark.parametrize("weight", ["regular", "semibold"])
def test_ui_font_is_the_shipped_cut(weight: str, slanted: bool) -> None:
    """The weights are real cuts of the shipped family, with figures of equal width."""
    font = ui_font(13, weight, slanted)
    info = QFontInfo(font)
    assert (info.family(), info.italic(), info.pixelSize()) == (SANS, slanted, 13)
    assert info.weight() == (QFont.Weight.DemiBold if weight == "semibold" else QFont.Weight.Normal)
    measure = QFontMetricsF(font)
    assert measure.horizontalAdvance("1111") == pytest.approx(measure.horizontalAdvance("0000"))


def test_math_font_slants_letters_only() -> None:
    """In the slanted cut of the mathematical font letters slant; digits and signs stay upright."""
    cuts = {cut: _raw_font(f"BackpropMath-{cut}") for cut in ("Regular", "Italic")}
    assert _boxes(cuts["Regular"], "01=+(Σ") == _boxes(cuts["Italic"], "01=+(Σ")
    assert _boxes(cuts["Regular"], "whL∂σ") != _boxes(cuts["Italic"], "whL∂σ")
    assert _boxes(cuts["Regular"], slanted_text("whL∂σ")) == _boxes(cuts["Italic"], "whL∂σ")
    info = QFontInfo(math_font(20, slanted=True))
    assert (info.family(), info.italic()) == (MATH, True)


def test_bold_math_has_bold_digits() -> None:
    """Results are set in bold, digits and decimal point included."""
    plain, bold = _raw_font("BackpropMath-Regular"), _raw_font("BackpropMath-Bold")
    for character in "07.w∂":
        thin, thick = (font.boundingRect(font.glyphIndexesForString(character)[0]) for font in (plain, bold))
        assert thick.width() > thin.width()
    info = QFontInfo(math_font(20, bold=True))
    assert (info.family(), info.bold()) == (MATH, True)


def _boxes(font: QRawFont, text: str) -> list[QRectF]:
    """The box around each glyph: upright and slanted letters never have the same."""
    return [font.boundingRect(glyph) for glyph in font.glyphIndexesForString(text)]


def test_fonts_are_small_and_licensed() -> None:
    """The cuts stay small, and both licence texts stand beside them."""
    folder = resources_folder() / "fonts"
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.ttf")}
    assert len(sizes) == 9
    assert max(size for name, size in sizes.items() if "Sans" in name) <= 120_000
    assert max(size for name, size in sizes.items() if "Math" in name) <= 200_000
    for licence in ("OFL-Inter.txt", "OFL-STIXTwo.txt"):
        assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / licence).read_text(encoding="utf-8")


def test_all_icons_exist() -> None:
    """Every icon the commands name is there."""
    assert not [name for name in ASKED_ICONS.split() if name not in ICONS]


@pytest.mark.parametrize("name", [name for name in ICONS if name != "app"])
def test_icon_takes_the_colour(name: str) -> None:
    """An icon is painted in the colour asked for, another one when disabled, and fills its place."""
    assert (
        ElementTree.parse(resources_folder() / "icons" / f"{name}.svg").getroot().get("viewBox")
        == "0 0 20 20"
    )
    made = icon(name, "#c03b05", "#0b68c9")
    for mode, colour in ((QIcon.Mode.Normal, "#c03b05"), (QIcon.Mode.Disabled, "#0b68c9")):
        image = made.pixmap(QSize(20, 20), 2.0, mode).toImage()
        assert image.size() == QSize(40, 40)
        pixels = [image.pixelColor(x, y) for x in range(40) for y in range(40)]
        solid = [pixel for pixel in pixels if pixel.alpha() == 255]
        wanted = QColor(colour)
        assert solid
        for pixel in solid:  # joints of two outlines are rounded by one
            assert abs(pixel.red() - wanted.red()) <= 2
            assert abs(pixel.green() - wanted.green()) <= 2
            assert abs(pixel.blue() - wanted.blue()) <= 2


def test_app_icon_has_small_and_large_sizes() -> None:
    """The program's icon is sharp in a title bar and on a desktop."""
    sizes = {size.width() for size in app_icon().availableSizes()}
    assert {16, 32, 48, 256} <= sizes


@THEMES
def test_style_sheet_is_complete(theme: Theme) -> None:
    """Nothing is left to fill in, every picture it names exists, and braces match."""
    text = style_sheet(theme, 1.25)
    assert "$" not in text
    assert text.count("{") == text.count("}")
    pictures = [part.split(")")[0] for part in text.split("url(")[1:]]
    assert pictures
    for picture in pictures:
        assert os.path.isfile(picture)


@THEMES
def test_style_pictures_have_the_colours_of_the_theme(theme: Theme) -> None:
    """Style sheets cannot colour pictures, so theirs are stored in the theme's colours."""
    folder = resources_folder() / "icons"
    colours = {
        "chevron-up": theme.muted,
        "chevron-down": theme.muted,
        "check": theme.on_accent,
        "dot": theme.on_accent,
    }
    for name, colour in colours.items():
        original = (folder / f"{name}.svg").read_text(encoding="utf-8")
        stored = (folder / "style" / f"{name}-{theme.name}.svg").read_text(encoding="utf-8")
        assert stored == original.replace("currentColor", colour)


def test_lengths_scale_and_hairlines_stay() -> None:
    """Twice the text, twice the lengths; a line of one pixel never vanishes."""
    assert "border-radius: 14px" in style_sheet(LIGHT, 2.0)
    assert "border-bottom: 1px solid" in style_sheet(LIGHT, 0.8)
    assert "0px" not in style_sheet(LIGHT, 0.8).replace("10px", "").replace("20px", "")


@THEMES
def test_palette_follows_the_theme(theme: Theme) -> None:
    """Widgets that paint themselves get the theme's colours, and quieter ones when disabled."""
    made = palette(theme)
    assert made.color(QPalette.ColorRole.Window).name() == theme.window
    assert made.color(QPalette.ColorRole.Text).name() == theme.text
    disabled = made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text).name()
    assert disabled == dimmed(theme.text, theme.window) != theme.text


def test_look_reaches_widgets_and_leaves_own_fonts(qapp: QApplication) -> None:
    """The look sets size, family and colours at once, can be changed, and a widget's own font stays."""
    before = qapp.font(), qapp.palette(), qapp.styleSheet()
    plain, own = QLabel("0.5"), QLabel("z")
    own.setFont(ui_font(31, "semibold"))
    try:
        for theme, scale in ((LIGHT, 1.0), (DARK, 2.0)):
            apply_look(qapp, theme, scale)
            for label in (plain, own):
                label.ensurePolished()
            assert plain.font().pixelSize() == round(13 * scale)
            assert QFontInfo(plain.font()).family() == SANS
            assert plain.palette().color(QPalette.ColorRole.WindowText).name() == theme.text
            assert own.font().pixelSize() == 31
    finally:
        qapp.setFont(before[0])
        qapp.setPalette(before[1])
        qapp.setStyleSheet(before[2])
        plain.deleteLater()
        own.deleteLater()


@pytest.mark.parametrize("symbols", [QSpinBox.ButtonSymbols.UpDownArrows, QSpinBox.ButtonSymbols.NoButtons])
def test_styled_spin_box_leaves_room_for_its_number(
    qapp: QApplication, symbols: QSpinBox.ButtonSymbols
) -> None:
    """With and without buttons most of a styled spin box belongs to the number."""
    box = QSpinBox()
    box.setButtonSymbols(symbols)
    box.setStyleSheet(style_sheet(LIGHT))
    box.resize(100, 32)
    box.show()
    try:
        edit = box.findChild(QLineEdit)
        assert edit is not None
        assert edit.width() >= 70
    finally:
        box.close()
        box.deleteLater()


def test_every_colour_is_written_in_full() -> None:
    """Blending and the style sheet rely on `#rrggbb`."""
    for theme in (LIGHT, DARK):
        for field in fields(theme):
            if field.name != "name":
                value = getattr(theme, field.name)
                for colour in (value,) if isinstance(value, str) else value:
                    assert re.fullmatch("#[0-9a-f]{6}", colour)


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.25, 1.5, 2.0, 2.5])
def test_radio_buttons_are_round_at_every_size(scale: float) -> None:
    """Qt makes a square of a radius beyond half the side."""
    sheet = style_sheet(LIGHT, scale)
    block = re.search(
        r"QRadioButton::indicator, QMenu[^{]*\{\s*width: (\d+)px.*?border: (\d+)px", sheet, re.DOTALL
    )
    radius = re.search(
        r"QRadioButton::indicator, QMenu::indicator:exclusive \{ border-radius: (\d+)px", sheet
    )
    assert block is not None
    assert radius is not None
    side = int(block[1]) + 2 * int(block[2])
    assert side / 2 - 1 < int(radius[1]) <= side / 2
