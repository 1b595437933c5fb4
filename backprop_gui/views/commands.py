"""The table of commands: each one's name, words and keys, and the menu it stands in."""

from __future__ import annotations

from msgspec import Struct

STEP_SIZES = ("operation", "neuron", "layer", "phase", "iteration", "epoch")
DIGITS = range(2, 18)


class Command(Struct, frozen=True):
    """One command. `text` stands in the menu, `short` on a button, `tip` says what it does.

    Commands that share a `group` exclude each other. Only a command that `repeats` runs again and
    again while its key is held down. `letter` marks keys that can be switched off.
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    short: str = ""
    tip: str = ""
    checkable: bool = False
    group: str = ""
    repeats: bool = False
    letter: bool = False


FILE = (
    Command("new", "&New…", ("Ctrl+N",), tip="Begin an experiment of your own from a few words"),
    Command("open", "&Open…", ("Ctrl+O",), tip="Open an experiment file"),
    Command("importData", "&Import data…", tip="Take the data from a CSV file"),
    Command("save", "&Save", ("Ctrl+S",), tip="Save the experiment"),
    Command("saveAs", "Save &as…", ("Ctrl+Shift+S",), tip="Save the experiment under another name"),
    Command("duplicate", "&Duplicate", tip="Go on with a copy that no file holds yet"),
    Command("rename", "Rena&me…", tip="Give the experiment another title"),
    Command("exportGradients", "Export &gradients…", ("Ctrl+E",), tip="Write the gradient table as CSV"),
    Command("exportSteps", "Export s&teps…", tip="Write every step of the iteration as CSV"),
    Command("exportLoss", "Export &loss…", tip="Write the loss curve as CSV"),
    Command("exportImage", "Export &image…", tip="Write the canvas as a picture"),
    Command("quit", "&Quit", ("Ctrl+Q",)),
)
EDIT = (
    Command("undo", "&Undo", ("Ctrl+Z",), repeats=True),
    Command("redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), repeats=True),
    Command("copy", "Cop&y", ("Ctrl+C",), tip="Copy the numbers that are in focus, in rows and columns"),
    Command("paste", "&Paste numbers", ("Ctrl+V",), tip="Set weights, biases or data to a copied block"),
    Command("copyTable", "&Copy table", ("Ctrl+Shift+C",), short="Copy", tip="Copy the table that is shown"),
)
NETWORK = (
    Command(
        "build",
        "&Build the network",
        ("Ctrl+B",),
        tip="Connect, cut and add on the canvas and in the list of layers",
        checkable=True,
    ),
    Command("networkPanel", "&Layers and data", ("Ctrl+L",), tip="Change layers, loss and data in a list"),
)
RUN = (
    Command("next", "&Next step", ("Right", "PgDown"), "Next", "One step forward in time", repeats=True),
    Command(
        "previous", "&Previous step", ("Left", "PgUp"), "Previous", "One step back in time", repeats=True
    ),
    Command("nextPhase", "Next p&hase", ("Shift+Right",), "Phase", "To the end of this phase", repeats=True),
    Command(
        "previousPhase", "Previous ph&ase", ("Shift+Left",), "", "Back to the phase before", repeats=True
    ),
    Command("nextIteration", "Next &iteration", ("Ctrl+Right",), "", "To the next update", repeats=True),
    Command(
        "previousIteration", "Previous i&teration", ("Ctrl+Left",), "", "To the one before", repeats=True
    ),
    Command("first", "&First iteration", ("Home",), tip="Go to iteration 0"),
    Command("newest", "N&ewest iteration", ("End",), tip="Go to the newest iteration"),
    Command("goToIteration", "&Go to iteration…", ("Ctrl+G",)),
    Command("play", "P&lay", ("Space",), "Play", "Take one step after the other"),
    Command("train", "T&rain", ("T",), "Train", "Make many updates at once", letter=True),
    Command("stopWhen", "Stop trainin&g when…", tip="Name conditions on which training stops by itself"),
    Command(
        "fork", "&Keep this run as a branch", ("Ctrl+Shift+B",), tip="Keep it under a name, and go on with it"
    ),
    Command("race", "Ra&ce…", ("Ctrl+R",), tip="Let optimizers or rates race from this moment"),
    Command("restart", "Re&start", (), "Restart", "Iteration 0 and the initial values"),
    Command(
        "newDraw", "New initial &values", tip="Draw them with the next seed, which also shuffles the data"
    ),
    Command("seed", "See&d…", tip="Another seed for the initial values, or for the data from here on"),
)
STEP_SIZE = tuple(
    Command(
        f"stepSize.{size}",
        size.capitalize(),
        (str(number),),
        tip=f"A step uncovers one {size}",
        checkable=True,
        group="stepSize",
        letter=True,
    )
    for number, size in enumerate(STEP_SIZES, start=1)
)
LEARN = (
    Command("why", "&Why this number?", ("W",), tip="Open where the number comes from", letter=True),
    Command("unfold", "&Unfold to the loss", ("U",), tip="Write the gradient out, path by path", letter=True),
    Command("askFirst", "&Ask first", tip="Show the question, then the number", checkable=True),
    Command("myValue", "&My value", ("M",), tip="Compare your own result with this number", letter=True),
    Command("nudge", "&Nudge…", ("N",), tip="Move one number a little and see what follows", letter=True),
    Command(
        "history", "&History of this weight", ("H",), tip="Plot its values or its gradients", letter=True
    ),
    Command(
        "pinHistory",
        "&Pin its line",
        ("Shift+H",),
        tip="Keep it in the plot of histories, or not",
        letter=True,
    ),
    Command("checkGradients", "&Check gradients", tip="Compare every gradient with finite differences"),
    Command(
        "fusedLoss",
        "&Softmax and cross-entropy in one step",
        tip="Take them as one operation with one derivative, or as two",
        checkable=True,
    ),
    Command("clearFocus", "Clear &focus, stop", ("Esc",), tip="Show everything again; stop what runs"),
)
THEME = tuple(
    Command(f"theme.{name}", text, checkable=True, group="theme")
    for name, text in (("system", "As the &system"), ("light", "&Light"), ("dark", "&Dark"))
)
DIGIT = tuple(Command(f"digits.{count}", str(count), checkable=True, group="digits") for count in DIGITS)
NUMBERS = (
    Command(
        "digitsFixed", "&Fixed decimals", tip="Show so many decimals, not significant digits", checkable=True
    ),
    Command(
        "conventions",
        "&Notation and conventions…",
        ("Ctrl+K",),
        tip="What things are called, ½ or not, mean or sum, biases updated or frozen",
    ),
    Command("decimalComma", "Decimal &comma", tip="Write 0,5 for a half; not in files", checkable=True),
)
VIEW = (
    Command("textLarger", "&Larger text", ("Ctrl++", "Ctrl+="), repeats=True),
    Command("textSmaller", "S&maller text", ("Ctrl+-",), repeats=True),
    Command("textReset", "&Normal text", ("Ctrl+0",)),
    Command("zoomIn", "Zoom &in", ("Alt++", "Alt+="), tip="Enlarge the network", repeats=True),
    Command("zoomOut", "Zoom &out", ("Alt+-",), tip="Shrink the network", repeats=True),
    Command("fit", "&Fit the network", ("Ctrl+9",), tip="Show the whole network"),
    Command(
        "graphView",
        "Computational &graph",
        ("G",),
        tip="Draw the iteration operation by operation, with value and gradient at every edge",
        checkable=True,
        letter=True,
    ),
    Command(
        "plotsTogether",
        "All &plots together",
        ("P",),
        tip="Show every plot beside the others, in the room of the tables",
        checkable=True,
        letter=True,
    ),
    Command("projector", "Canvas and explanation &only", ("F11",), checkable=True),
    Command("nextPanel", "Ne&xt panel", ("F6",), tip="Move the keyboard to the next panel"),
    Command("reducedMotion", "&Reduced motion", checkable=True),
    Command("singleKeys", "Single-letter &keys", tip="Letters and digits act as commands", checkable=True),
)
HELP = (
    Command("help", "All &keys", ("F1",)),
    Command("about", "&About"),
)
COMMANDS = (*FILE, *EDIT, *NETWORK, *RUN, *STEP_SIZE, *LEARN, *THEME, *DIGIT, *NUMBERS, *VIEW, *HELP)

SEPARATOR = ""


class Submenu(Struct, frozen=True):
    """A menu, or a menu in a menu: its entries are names of commands, separators or further menus."""

    name: str
    title: str
    entries: tuple[str | Submenu, ...] = ()


MENUS = (
    Submenu(
        "fileMenu",
        "&File",
        (
            *(
                "new",
                "open",
                Submenu("presetMenu", "&Presets"),
                Submenu("recentMenu", "&Recent files"),
                "importData",
                SEPARATOR,
            ),
            *("save", "saveAs", "duplicate", "rename", SEPARATOR),
            *("exportGradients", "exportSteps", "exportLoss", "exportImage", SEPARATOR, "quit"),
        ),
    ),
    Submenu("editMenu", "&Edit", ("undo", "redo", SEPARATOR, "copy", "paste", "copyTable")),
    Submenu("networkMenu", "&Network", ("build", "networkPanel")),
    Submenu(
        "runMenu",
        "&Run",
        (
            *("next", "previous", "nextPhase", "previousPhase", "nextIteration", "previousIteration"),
            *(
                SEPARATOR,
                "first",
                "newest",
                "goToIteration",
                SEPARATOR,
                "play",
                "train",
                "stopWhen",
                "restart",
                "newDraw",
                "seed",
                SEPARATOR,
                "fork",
                "race",
                SEPARATOR,
            ),
            Submenu("stepSizeMenu", "Step si&ze", tuple(command.name for command in STEP_SIZE)),
        ),
    ),
    Submenu(
        "learnMenu",
        "&Learn",
        (
            "why",
            "unfold",
            "askFirst",
            "myValue",
            SEPARATOR,
            "nudge",
            "history",
            "pinHistory",
            "checkGradients",
            "fusedLoss",
            SEPARATOR,
            "clearFocus",
        ),
    ),
    Submenu(
        "viewMenu",
        "&View",
        (
            *("textLarger", "textSmaller", "textReset", SEPARATOR, "zoomIn", "zoomOut", "fit", SEPARATOR),
            *("graphView", "plotsTogether", "projector", "nextPanel", SEPARATOR),
            Submenu("themeMenu", "&Theme", tuple(command.name for command in THEME)),
            Submenu("digitsMenu", "&Digits", tuple(command.name for command in DIGIT)),
            *("digitsFixed", "decimalComma", "conventions", SEPARATOR),
            *("reducedMotion", "singleKeys"),
        ),
    ),
    Submenu("helpMenu", "&Help", ("help", "about")),
)
