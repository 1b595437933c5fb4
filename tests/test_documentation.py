"""The documentation says what is true: examples load, commands parse, keys and fields exist, links hold."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from pathlib import Path

import msgspec
import pytest

from backprop_gui.cli_options import parser
from backprop_gui.engine.losses import LOSSES
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.experiment import data_sources, document
from backprop_gui.experiment.generated_data import CLASSES, CURVES, TRUTH_TABLES
from backprop_gui.experiment.presets import preset_names
from backprop_gui.experiment.reading import decode
from backprop_gui.present.csv_files import GradientTable, LossTable, StepTable
from backprop_gui.steps.timeline import Timeline
from backprop_gui.views.commands import COMMANDS, MENUS, SEPARATOR, Submenu
from backprop_gui.views.dialogs import key_text

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "backprop_gui"
README, GUIDE, FORMAT = ROOT / "README.md", ROOT / "docs" / "guide.md", ROOT / "docs" / "file-format.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
STRUCTS = [
    *(document.Experiment, document.Network, document.Loss, document.Training, document.OptimizerSettings),
    *(document.Notation, document.Expected, document.Edit, document.SavedState),
    *data_sources.SOURCES.values(),
    *document.Node.__args__,
]
BY_KIND = "by kind"  # a default that depends on the optimiser


def title_of(struct):
    """The heading below which a struct is described: an operation by its name in files."""
    tag = struct.__struct_config__.tag
    return tag if isinstance(tag, str) else struct.__name__


def found(pattern, text, flags=0):
    """A match that must be there."""
    match = re.search(pattern, text, flags)
    assert match, pattern
    return match


def section(page, title):
    """What stands below a heading, up to the next one."""
    return found(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", page.read_text("utf-8"), re.M | re.S)[1]


def tables(text):
    """The tables of a text, each as rows of cells, without its head."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.M)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]
        for block in blocks
    ]


# --- examples -----------------------------------------------------------------------------------------------


def examples():
    """Every JSON example as a whole document; a part of one is put into the first example of its page."""
    for page in PAGES:
        whole = None
        for number, text in enumerate(
            re.findall(r"^```json\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
        ):
            part = json.loads(text)
            if "format" in part:
                whole = part
            assert whole is not None, f"{page.name} begins with a part"
            rest = {} if part is whole else {k: v for k, v in whole.items() if k != "expected"}
            yield pytest.param({**rest, **part}, id=f"{page.stem}-{number + 1}")


@pytest.mark.parametrize("example", [*examples()])
def test_every_example_is_an_experiment_that_runs(example, tmp_path):
    """What is copied from the documentation loads and makes an update."""
    data = example["data"]
    if "csv" in data:
        csv_text = found(r"^```csv\n(.*?)^```", FORMAT.read_text("utf-8"), re.M | re.S)
        (tmp_path / data["csv"]).write_text(csv_text[1], "utf-8")
    timeline = Timeline.of(decode(json.dumps(example).encode()), str(tmp_path / "example.json"))
    assert timeline.advance()


# --- the file format ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("struct", STRUCTS, ids=title_of)
def test_every_field_is_described_with_its_default(struct):
    """The first table of a section names each field, with the default that is in force."""
    told = {row[0].strip("`"): row[1] for row in tables(section(FORMAT, title_of(struct)))[0]}
    assert told == {field.name: default_text(field) for field in msgspec.structs.fields(struct)}


def default_text(field):
    """A default as it is written in a table."""
    value = field.default if field.default is not msgspec.NODEFAULT else None
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    elif field.required:
        return "–"
    if value is msgspec.UNSET:
        return BY_KIND
    return f"`{json.dumps(msgspec.to_builtins(value), ensure_ascii=False)}`"


def test_draws_are_described_with_their_defaults():
    """So are the settings of drawn initial values, which stand among the values."""
    told = {row[0].strip("`"): row[1] for row in tables(section(FORMAT, "Values"))[0]}
    assert told == {field.name: default_text(field) for field in msgspec.structs.fields(document.Draw)}


def test_every_optimiser_is_described_with_its_settings():
    """Kinds, defaults and what is kept are those of the optimisers themselves."""
    told = tables(section(FORMAT, "OptimizerSettings"))[1]
    assert told == [
        [
            f"`{row.kind}`",
            ", ".join(f"`{name}` {default:g}" for name, default in row.settings.items()),
            ", ".join(f"`{name}`" for name in row.with_settings({}).state),
        ]
        for row in OPTIMIZERS.values()
    ]


@pytest.mark.parametrize(
    ("title", "place", "known"),
    [
        ("Loss", 1, LOSSES),
        ("GeneratedData", 1, [*TRUTH_TABLES, *CLASSES, *CURVES]),
    ],
)
def test_every_kind_is_described(title, place, known):
    """Losses and generators are all there, and no others."""
    words = [re.findall(r"`(\w+)`", row[0]) for row in tables(section(FORMAT, title))[place]]
    assert sorted(itertools.chain.from_iterable(words)) == sorted(known)


def test_columns_of_csv_files_are_described():
    """The guide names every column of the three CSV files, in order."""
    rows = itertools.chain.from_iterable(tables(section(GUIDE, "Saving and exporting"))[1:])
    told = re.findall(r"`(\w+)`", " ".join(row[0] for row in rows))
    assert told == [*GradientTable.columns, *StepTable.columns, *LossTable.columns]


# --- commands -----------------------------------------------------------------------------------------------


def command_lines():
    """Every line of a code block, and every word in backquotes, that calls the program with a command."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for line in [*re.findall(r"^    (.+)$", text, re.M), *re.findall(r"`([^`\n]+)`", text)]:
            called = re.match(r"(?:python3 run\.py|backprop-gui)\s+(.+)", line.partition("  #")[0].strip())
            if called and called[1] not in ("test", "--help", "--version"):
                yield pytest.param(called[1], id=called[1])


@pytest.mark.parametrize("line", [*command_lines()])
def test_every_command_line_parses(line, tmp_path, monkeypatch):
    """What is copied into a terminal is understood; presets that are named exist."""
    monkeypatch.chdir(tmp_path)
    options = parser().parse_args(shlex.split(line))
    named = getattr(options, "experiment", None)
    assert named is None or named.endswith(".json") or named in preset_names()


# --- commands and keys of the window ------------------------------------------------------------------------


def menu_lines(menu, path):
    """(menu, command, keys) of every command, as the guide's table has them."""
    by_name = {command.name: command for command in COMMANDS}
    for entry in menu.entries:
        if isinstance(entry, Submenu):
            title = entry.title.replace("&", "")
            if entry.name == "digitsMenu":
                yield [path, f"{title}: 2 … 17", ""]
            elif entry.entries:
                yield from menu_lines(entry, f"{path}, {title}")
            else:
                yield [path, title, ""]
        elif entry != SEPARATOR:
            keys = ", ".join(map(key_text, by_name[entry].keys))
            yield [path, by_name[entry].text.replace("&", ""), keys]


def test_guide_lists_every_command_with_its_keys():
    """The guide's last table holds the menus as they are, each command with its keys."""
    lines = itertools.chain.from_iterable(menu_lines(menu, menu.title.replace("&", "")) for menu in MENUS)
    assert tables(section(GUIDE, "All commands and keys")) == [list(lines)]


def test_guide_speaks_of_every_command():
    """Each command is also told of in a chapter, not in the list alone."""
    chapters = GUIDE.read_text("utf-8").partition("## All commands and keys")[0]
    chapters = re.sub(r"\s+", " ", chapters).lower()
    unsaid = [command.text.replace("&", "").lower() for command in COMMANDS if not command.text.isdigit()]
    assert [text for text in unsaid if text.rstrip("…") not in chapters] == []


def test_keys_of_the_readme_exist():
    """Every key in the README's table belongs to a command; Ctrl+O, S stands for two keys."""
    known = {key_text(key) for command in COMMANDS for key in command.keys}
    for cell, _ in tables(section(README, "Keys"))[0]:
        keys = cell.replace("Ctrl + / − /", "Ctrl++ / - /").replace("1 … 6", "1 / 2 / 3 / 4 / 5 / 6")
        first = ""  # what is held down for the first key counts for those behind it
        for key in re.findall(r"(?:Ctrl\+|Shift\+|Page )*[^\s/,()]+", keys):
            first = first or found(r"^(.+[+ ])?.+$", key)[1] or ""
            assert key in known or first + key in known, f"{key} in {cell}"


def test_guide_lists_every_preset():
    """The guide's table of presets is complete and in the order of teaching."""
    told = [row[0].strip("`") for row in tables(section(GUIDE, "Other networks"))[0]]
    assert told == preset_names()


# --- links and pictures -------------------------------------------------------------------------------------


def anchor(heading):
    """What a heading is called in a link."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_exist(page):
    """Every relative link leads to a file, and to a heading where it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, place = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if place:
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.M)
            assert place in map(anchor, headings), target


def paths_in(text):
    """Every path in backquotes with the folder of the one before it, where a name without a folder stands."""
    folder = ""
    for path in re.findall(r"`((?:[a-z][\w.*-]*/)*(?:[\w*]+\.(?:py|c)|(?<=/)[\w*.-]*))`", text):
        yield folder, path
        folder = path.rpartition("/")[0] or folder


@pytest.mark.parametrize("page", [*PAGES, ROOT / "benchmarks" / "README.md"], ids=lambda page: page.stem)
def test_paths_exist(page):
    """Every file or folder that is named in backquotes is there, from the top, in the package, or nearby."""
    for line in page.read_text("utf-8").splitlines():
        for folder, path in paths_in(line):
            places = (ROOT, PACKAGE, page.parent, ROOT / folder, PACKAGE / folder)
            there = [file for place in places if place.is_dir() for file in place.glob(path.rstrip("/"))]
            assert there, f"{path} in {line}"


def test_pictures_are_small_and_shown():
    """No picture is heavier than 150 KB, and none lies about unused."""
    pages = "".join(page.read_text("utf-8") for page in PAGES)
    pictures = sorted((ROOT / "docs" / "images").iterdir())
    assert pictures
    for picture in pictures:
        assert f"images/{picture.name})" in pages, f"{picture.name} is not shown"
        assert picture.stat().st_size <= 150 * 1024, f"{picture.name} is too large"
