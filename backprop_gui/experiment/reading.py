"""Reading and writing experiment files: bytes to a checked document, and back, whole or not at all."""

from __future__ import annotations

import codecs
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import msgspec

from backprop_gui.errors import FileTrouble, InvalidExperiment
from backprop_gui.experiment.data_sources import SOURCES, GeneratedData, Rows, ShippedData
from backprop_gui.experiment.document import FORMAT, Draw, Experiment, Node, Notation
from backprop_gui.experiment.sentences import shown

HINTS = {
    "weights": 'a list of rows of numbers, the name of a parameter, or {"init": …}',
    "biases": 'a list of numbers, the name of a parameter, {"init": …}, or null for none',
}
LARGEST_FILE = 64 * 1024 * 1024  # bytes; bounded before memory is taken


def _form(kind: object) -> type[Experiment]:
    """The document with data of one kind: msgspec can't tell fields from a mapping with any names."""
    form = msgspec.defstruct("Experiment", [("data", kind)], bases=(Experiment,), frozen=True, kw_only=True)
    form.__doc__ = Experiment.__doc__
    return cast(type[Experiment], form)


PLAIN = _form(dict[str, Rows])
FORMS = {word: _form(source) for word, source in SOURCES.items()}


def read_experiment(path: Path) -> Experiment:
    """The document in a file. Raises FileTrouble or InvalidExperiment."""
    try:
        if path.is_dir():
            raise FileTrouble(f"{path}: is a folder; an experiment is a .json file")
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)  # not more: the size of a pipe or device is not known
        if len(data) > LARGEST_FILE:
            raise FileTrouble(f"{path}: is too large; an experiment may have up to {LARGEST_FILE:,} bytes")
    except FileNotFoundError:
        raise FileTrouble(
            f"{path}: there is no such file; `backprop-gui presets` lists what is built in"
        ) from None
    except (OSError, ValueError) as error:  # ValueError: no path can hold a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        raise FileTrouble(f"{path}: can't be read ({reason}); choose another file") from None
    return decode(data, str(path))


def decode(data: bytes, source: str = "") -> Experiment:
    """The document in `data`; `source` names it in faults."""
    data = data.removeprefix(codecs.BOM_UTF8)  # some editors write one
    form = PLAIN
    try:
        head = msgspec.json.decode(data, type=_Head)
        version = head.format
        if version == FORMAT:
            form = _form_of(head.data)
            return Experiment(**msgspec.structs.asdict(msgspec.json.decode(data, type=form)))
        fault = (
            f"$.format: {shown(version)} is newer than this program reads; "
            f"it reads up to {FORMAT}, so update the program"
            if version > FORMAT
            else f"$.format: {shown(version)} is no format; {FORMAT} would be right"
        )
    except msgspec.ValidationError as error:
        fault = _located(data, str(error), form)
    except msgspec.DecodeError as error:
        fault = _json_fault(data, str(error))
    except UnicodeDecodeError:
        fault = _json_fault(data, "")
    except RecursionError:
        fault = "$: is nested too deeply; an experiment has a few levels"
    raise InvalidExperiment([fault], source)


class _Head(msgspec.Struct):
    format: int
    data: msgspec.Raw = msgspec.Raw(b"{}")


def _form_of(data: msgspec.Raw) -> type[Experiment]:
    """The form of a document by what its data holds: where an input would have rows, a source has a word."""
    try:
        entries = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return PLAIN
    for word, form in FORMS.items():
        if word in entries and not bytes(entries[word]).startswith(b"["):
            return form
    return PLAIN


def _located(data: bytes, message: str, form: type[Experiment]) -> str:
    """msgspec's `what - at `$.where`` turned round, with what would be right."""
    found = re.fullmatch(r"(.*) - at `(.*)`", message, re.DOTALL)
    what, where = found.groups() if found else (message, "$")
    if "[...]" in where:
        where = _with_keys(data, message, where, form)
    if where == "$" and what.startswith("Expected `object`"):
        return "$: holds no experiment; it should be an object {…}"
    if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
        remedy = f'begin with {{"format": {FORMAT}, …}}' if missing[1] == "format" else "add it"
        return f"{where}.{missing[1]}: the field is missing; {remedy}"
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        return f"{where}.{unknown[1]}: there is no such field; remove it, or mind the spelling"
    if expected := re.fullmatch(r"Expected `([^`]*)`(?:, got `([^`]*)`)?", what):
        wanted, given = (_in_words(kind or "something else") for kind in expected.groups())
        return f"{where}: holds {given}; {HINTS.get(where.rpartition('.')[2], wanted)} would be right"
    if wrong := re.fullmatch(r"Invalid (?:enum )?value (.*)", what, re.DOTALL):
        known = _known_values(where)
        return f"{where}: {wrong[1]} is unknown; {f'{known} would be right' if known else 'see the schema'}"
    if "out of range" in what:
        return f"{where}: holds a number that is too large; up to 1.8e308 is possible"
    return f"{where}: {what[:1].lower()}{what[1:]}; mend it"


def _with_keys(data: bytes, message: str, where: str, form: type[Experiment]) -> str:
    """`$.data[...][0]` with the names for which `[...]` stands: msgspec does not tell them.

    Halves the entries as long as the same message comes of them, until one is left.
    """
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # it breaks off for another reason
        return where.replace("[...]", ".…")
    while "[...]" in where:
        before, after = where.split("[...]", 1)
        holder = document
        for field, place in re.findall(r"\.(\w+)|\[(\d+)\]", before):
            holder = holder[field or int(place)]
        entries = dict(holder)
        while len(entries) > 1:
            keys = list(entries)
            for part in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
                holder.clear()
                holder.update((key, entries[key]) for key in part)
                if _complaint(document, form) == message:
                    break
            entries = dict(holder)
        where = f"{before}.{next(iter(entries))}{after}"
    return where


def _complaint(document: Any, form: type[Experiment]) -> str:
    """What msgspec says to a document that is parsed already."""
    try:
        msgspec.convert(document, form)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _known_values(where: str) -> str:
    """What may stand at a place whose value is one of a few words."""
    words: dict[str, tuple[str, ...]] = {
        "op": tuple(str(kind.__struct_config__.tag) for kind in get_args(Node) or (Node,)),
        "init": get_args(get_type_hints(Draw)["init"]),
        "style": get_args(get_type_hints(Notation)["style"]),
        "generate": ("one of " + ", ".join(get_args(get_type_hints(GeneratedData)["generate"])),),
        "shipped": get_args(get_type_hints(ShippedData)["shipped"]),
        "delimiter": (", or ; or a tab",),
        "decimal": (". or ,",),
    }
    return " or ".join(words.get(where.rpartition(".")[2], ()))


def _in_words(kinds: str) -> str:
    names = {
        "str": "a text",
        "int": "a whole number",
        "float": "a number",
        "array": "a list",
        "object": "an object {…}",
        "bool": "true or false",
        "null": "null",
    }
    return " or ".join(names.get(kind.strip(), kind.strip()) for kind in kinds.split("|"))


def _json_fault(data: bytes, message: str) -> str:
    """Where in the text the JSON breaks off, and how."""
    if not data.strip():
        return "$: the file is empty; an experiment is an object {…}"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"$: byte {error.start} is not UTF-8; save the file as UTF-8 text"
    if odd := re.search(r"(?<![\w\"])(-?NaN|-?Infinity)(?![\w\"])", text):
        line = text.count("\n", 0, odd.start()) + 1
        return f"$: line {line} holds {odd[1]}; every number in an experiment is finite, such as 0.5 or -2e-3"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return f"$: {where}: this is no JSON ({error.msg}); mend the text there"
    except (ValueError, RecursionError):
        pass  # the one reader stumbles over something else than the other
    return f"$: this is no JSON ({message}); mend the text"


def encode(experiment: Experiment) -> bytes:
    """The document as indented JSON that keeps lists of numbers on one line."""
    return (_indented(msgspec.to_builtins(experiment), 0) + "\n").encode("utf-8")


def _indented(value: Any, depth: int) -> str:
    """JSON text with one space a level; what holds no object stands on one line."""
    if not _holds_object(value):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    pad = "\n" + " " * (depth + 1)
    if isinstance(value, dict):
        entries = (
            f"{json.dumps(key, ensure_ascii=False)}: {_indented(v, depth + 1)}" for key, v in value.items()
        )
        return "{" + pad + ("," + pad).join(entries) + "}"
    return "[" + pad + ("," + pad).join(_indented(v, depth + 1) for v in value) + "]"


def _holds_object(value: Any) -> bool:
    """Whether an object is worth several lines: it has objects or many entries in it."""
    if isinstance(value, list):
        return any(isinstance(v, dict) for v in value)
    return isinstance(value, dict) and (
        any(isinstance(v, dict | list) for v in value.values()) or len(value) > 3
    )


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file by `data`, or leave it as it was. Raises FileTrouble.

    A link stays a link: what it points to is replaced. A device or a pipe is written to.
    """
    path = Path(os.path.realpath(path))
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, _mode_for(path))
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileTrouble(f"{path}: can't be written ({reason}); choose another place") from None


def _mode_for(path: Path) -> int:
    """The permissions of the file that is replaced, else what a new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def schema() -> dict[str, object]:
    """The JSON Schema of experiment files, with every kind of data in the place of the one."""
    whole = msgspec.json.schema(PLAIN)
    kinds, sources = msgspec.json.schema_components(SOURCES.values(), ref_template="#/$defs/{name}")
    definitions = whole["$defs"]
    definitions.update(sources)
    fields = definitions["Experiment"]["properties"]
    fields["data"] = {"anyOf": [fields["data"], *kinds]}
    return whole
