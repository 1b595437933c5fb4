"""Cut the fonts beside this file out of their originals.

Use: `python make_fonts.py INTER_FOLDER STIX_TWO_MATH_FILE STIX_TWO_TEXT_BOLD_FILE`.
Needs fonttools and brotli. The README beside this file names the originals and says what is changed and why.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.filterPen import DecomposingFilterPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.ttGlyphSet import _TTGlyphSet as GlyphSet

HERE = Path(__file__).parent

# What is written in sentences, tables and on the canvas.
COMMON = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),  # Latin-1 and Latin Extended-A
    *range(0x300, 0x30D),  # combining accents: hat, bar, tilde
    *range(0x391, 0x3CA),  # Greek
    *map(ord, "ϑϕϖϱϵẑŵŷẍẋ"),
    *range(0x2010, 0x2027),  # dashes, quotes, bullets, ellipsis
    *map(ord, "  ′″‴⁄€™"),
    *range(0x2070, 0x209D),  # superscripts and subscripts
    *map(ord, "⅓⅔¼½¾⅛ℓ"),
    *range(0x2190, 0x219A),  # arrows
    *map(ord, "↦⇐⇒⇔↺↻"),
    *map(ord, "∀∂∃∅∆∇∈∉∏∑−∓∗∘∙√∝∞∥∫∴∼≃≅≈≠≡≤≥≪≫⊂⊆⊕⊖⊗⊙⊤⊥⋅⋮⋯⋱⌈⌉⌊⌋⟨⟩‖"),
    *map(ord, "✓✗■□●○◆▲▼"),
]
SUPERSCRIPT_LETTERS = dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
SUBSCRIPT_LETTERS = dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
MATH = [
    *map(ord, "ℎℝ"),
    *range(0x239B, 0x23AE),  # pieces of tall brackets
    *range(0x1D400, 0x1D49C),  # bold, italic, bold italic Latin
    *range(0x1D6A8, 0x1D756),  # bold, italic, bold italic Greek
    *range(0x1D7CE, 0x1D7D8),  # bold digits
]
# Where a cut finds its letters: A…Z and a…z, α…ω, Α…Ω, digits.
ALPHABETS = {
    "Bold": (0x1D400, 0x1D6C2, 0x1D6A8, 0x1D7CE),
    "Italic": (0x1D434, 0x1D6FC, None, None),
    "BoldItalic": (0x1D468, 0x1D736, 0x1D6A8, 0x1D7CE),
}
# Signs without a bold form of their own in the mathematical font.
BOLD_SIGNS = ".,:;/()[]{}|<>=+-−±×÷·%!'"
# A small raised T would look thin; so it is taken from a heavier cut.
HEAVIER = {
    "Regular": "SemiBold",
    "Italic": "SemiBoldItalic",
    "Medium": "Bold",
    "SemiBold": "ExtraBold",
    "SemiBoldItalic": "ExtraBoldItalic",
}


def cut(font: TTFont, characters: list[int], features: list[str]) -> None:
    """Keep `characters` and `features`; drop hints and the tables of variable and mathematical setting."""
    options = Options()
    options.layout_features = features
    options.hinting = False
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    options.drop_tables = [*options.drop_tables, "MATH", "DSIG"]
    options.notdef_outline = True
    cutter = Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    font.flavor = None


def rename(font: TTFont, family: str, cut_name: str, licence: str) -> None:
    """Give the cut its own family name: it never mixes with an original that is installed."""
    italic, bold = "Italic" in cut_name, cut_name.startswith("Bold")
    weight = cut_name.removesuffix("Italic").removesuffix("Regular")
    style = f"{weight} {'Italic' * italic}".strip() or "Regular"
    # Only regular, italic, bold and bold italic share a plain family name; other weights get their own.
    plain_weight = weight if weight and not bold else ""
    texts = {
        1: f"{family} {plain_weight}".strip(),
        2: f"{'Bold' * bold} {'Italic' * italic}".strip() or "Regular",
        3: f"{family} {style}; cut for backprop-gui",
        4: f"{family} {style}",
        6: f"{family}-{style}".replace(" ", ""),
        13: f"SIL Open Font License 1.1; {licence}",
        16: family,
        17: style,
    }
    for number, text in texts.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    selection = font["OS/2"].fsSelection & ~0b1100001  # bold, italic and regular are told anew
    regular = 0b1000000 * (not italic and not bold)
    font["OS/2"].fsSelection = selection | italic | bold << 5 | regular
    font["head"].macStyle = bold | italic << 1
    if bold:
        font["OS/2"].usWeightClass = 700


def bounds(glyphs: GlyphSet, name: str) -> tuple[float, float, float, float]:
    """The box around a glyph: left, bottom, right, top."""
    pen = BoundsPen(glyphs)
    glyphs[name].draw(pen)
    assert pen.bounds is not None
    return pen.bounds


def map_scripts(font: TTFont, heavier: TTFont) -> list[int]:
    """Reach Inter's raised and lowered letters by their own code points, and add the raised T of Wᵀ."""
    tables = [table for table in font["cmap"].tables if table.isUnicode()]
    added: dict[int, str] = {}
    for letters, suffix in ((SUPERSCRIPT_LETTERS, "sups"), (SUBSCRIPT_LETTERS, "subs")):
        added |= {ord(raised): f"{letter}.{suffix}" for letter, raised in letters.items()}
    glyphs, heavier_glyphs = font.getGlyphSet(), heavier.getGlyphSet()
    _, low, _, high = bounds(glyphs, "one.sups")
    left, _, _, height = bounds(heavier_glyphs, "T")
    share = (high - low) / height
    outline = TTGlyphPen(None)
    heavier_glyphs["T"].draw(TransformPen(outline, (share, 0, 0, share, 0, low)))
    font.setGlyphOrder([*font.getGlyphOrder(), "T.sups"])
    font["glyf"]["T.sups"] = outline.glyph()
    font["hmtx"]["T.sups"] = (round(heavier_glyphs["T"].width * share), round(left * share))
    added[ord("ᵀ")] = "T.sups"
    for table in tables:
        table.cmap.update({code: name for code, name in added.items() if code < 0x10000})
    return list(added)


def math_letters(cut_name: str) -> dict[int, int]:
    """Plain code point → that of its form in the cut. As in TeX, digits and Greek capitals never slant."""
    latin, greek, capitals, digits = ALPHABETS[cut_name]
    forms = {ord("A") + i: latin + i for i in range(26)} | {ord("a") + i: latin + 26 + i for i in range(26)}
    forms |= {0x3B1 + i: greek + i for i in range(25)}
    forms |= {ord(sign): greek + 25 + i for i, sign in enumerate("∂ϵϑϰϕϱϖ")}
    if capitals is not None:
        forms |= {0x391 + i: capitals + i for i in range(25) if i != 17}  # no capital form of final sigma
        forms[ord("∇")] = capitals + 25
    if digits is not None:
        forms |= {ord("0") + i: digits + i for i in range(10)}
    if cut_name == "Italic":
        forms[ord("h")] = ord("ℎ")
    return forms


def map_math_letters(font: TTFont, cut_name: str, text_bold: TTFont) -> None:
    """Let the plain letters of the mathematical font be its bold or slanted ones, as TeX sets them."""
    glyph_of = dict(font.getBestCmap())
    changed = {plain: glyph_of[form] for plain, form in math_letters(cut_name).items()}
    if "Bold" in cut_name:
        bold_glyphs, bold_names = text_bold.getGlyphSet(), text_bold.getBestCmap()
        for sign in BOLD_SIGNS:
            bold_name, name = bold_names.get(ord(sign)), glyph_of[ord(sign)]
            if bold_name is not None:
                outline = TTGlyphPen(None)
                bold_glyphs[bold_name].draw(DecomposingFilterPen(outline, bold_glyphs))
                font["glyf"][name] = outline.glyph()
                font["hmtx"][name] = text_bold["hmtx"][bold_name]
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update(changed)


def main(inter: Path, math: Path, text_bold: Path) -> None:
    """Write all cuts beside this file."""
    for cut_name in HEAVIER:
        font = TTFont(inter / f"Inter-{cut_name}.woff2")
        scripts = map_scripts(font, TTFont(inter / f"Inter-{HEAVIER[cut_name]}.woff2"))
        cut(font, [*COMMON, *scripts], ["kern", "tnum", "ccmp", "mark", "mkmk"])
        rename(font, "Backprop Sans", cut_name, "see OFL-Inter.txt")
        font.save(HERE / f"BackpropSans-{cut_name}.ttf")
    for cut_name in ("Regular", *ALPHABETS):
        font = TTFont(math)
        if cut_name in ALPHABETS:
            map_math_letters(font, cut_name, TTFont(text_bold))
        cut(font, [*COMMON, *MATH], ["kern", "ccmp", "mark", "mkmk"])
        rename(font, "Backprop Math", cut_name, "see OFL-STIXTwo.txt")
        # The original reserves 2.6 em for tall integrals, which would push lines of text apart on Windows.
        font["OS/2"].usWinAscent, font["OS/2"].usWinDescent = 1000, 400
        font["hhea"].lineGap = font["OS/2"].sTypoLineGap = 0
        font.save(HERE / f"BackpropMath-{cut_name}.ttf")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
