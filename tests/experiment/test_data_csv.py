"""CSV files as people have them: read to the number, faults told by line, and no other file is touched."""
# ruff: noqa: E501 - a table of sentences, one a line

from __future__ import annotations

import csv
import io
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment import csv_data, csv_text
from backprop_gui.experiment.csv_data import read_csv
from backprop_gui.experiment.csv_preview import preview
from backprop_gui.experiment.data_sources import CsvData

PLAIN = "width,height,class\n1,2.5,yes\n-3e-1,4,no\n"
# As a spreadsheet in a country with decimal commas writes it.
GERMAN = '\ufeffBreite;"Höhe; außen";Art\r\n1,5;"2,25";"groß ""A"""\r\n-0,5;1e3;klein\r\n;;\r\n'


def described(folder, text, encoding="utf-8", **fields):
    """A file in the folder, and a description that takes its first columns and its last."""
    content = text if isinstance(text, bytes) else text.encode(encoding)
    (folder / "m.csv").write_bytes(content)
    return CsvData(**{"csv": "m.csv", "inputs": {"x": [1, 2]}, "targets": [3], **fields})


def faults(folder, text, **fields):
    """What is wrong, without the place in the experiment file when that is the CSV."""
    with pytest.raises(InvalidExperiment) as caught:
        read_csv(described(folder, text, **fields), folder)
    return [fault.removeprefix("$.data.csv: ") for fault in caught.value.faults]


def test_a_plain_file(tmp_path):
    """Columns by name and by number, labels sorted into outputs."""
    by_name = read_csv(
        described(tmp_path, PLAIN, inputs={"x": ["width"], "u": ["height"]}, targets=["class"]), tmp_path
    )
    assert by_name.inputs["x"].tolist() == [[1.0], [-0.3]]
    assert by_name.inputs["u"].tolist() == [[2.5], [4.0]]
    assert by_name.class_names == ("no", "yes")
    assert by_name.targets.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    by_number = read_csv(described(tmp_path, PLAIN), tmp_path)
    assert by_number.inputs["x"].tolist() == [[1.0, 2.5], [-0.3, 4.0]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_spreadsheet_with_decimal_commas(tmp_path, encoding):
    """Semicolons, commas in numbers, quotes, CRLF, a byte order mark, an empty line of separators at the end."""
    text = GERMAN if encoding == "utf-8" else GERMAN.removeprefix("\ufeff")
    source = described(tmp_path, text, encoding, inputs={"x": ["Breite", "Höhe; außen"]}, targets=["Art"])
    samples = read_csv(source, tmp_path)
    assert samples.inputs["x"].tolist() == [[1.5, 2.25], [-0.5, 1000.0]]
    assert samples.class_names == ('groß "A"', "klein")


def test_a_first_line_for_the_spreadsheet(tmp_path):
    """`sep=;` tells the separator and is no row; lines are still counted from the top."""
    text = "sep=;\na;b;c\n1;2;0\n1;x;0\n"
    assert faults(tmp_path, text) == [
        "m.csv, line 4: 'x' in column 'b' is no number; one such as 0.5 would be right"
    ]


@pytest.mark.parametrize(
    ("text", "header", "delimiter", "decimal"),
    [
        (PLAIN, True, ",", "."),
        (GERMAN, True, ";", ","),
        ("1;2;3\n4;5;6\n", False, ";", "."),
        ("1,5;2,5;0\n1,0;2,0;1\n", False, ";", ","),
        ("a\tb\n1.5\t2\n", True, "\t", "."),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", False, ",", "."),
        ('"1,5","2,5"\n"0,5","1"\n', False, ",", ","),
        ("a,b\nlow,high\n", True, ",", "."),
        ("low,low\nlow,high\n", False, ",", "."),
        ("1\n2\n3\n", False, ",", "."),
        ("x;y\n1,5;2,5\n3,5;4,5\n", True, ";", ","),
    ],
)
def test_how_a_file_is_written_is_detected(tmp_path, text, header, delimiter, decimal):
    """Separator, decimal sign and header follow from what makes most columns and numbers."""
    (tmp_path / "m.csv").write_text(text, encoding="utf-8", newline="")
    found = preview(tmp_path / "m.csv").manner
    assert (found.header, found.delimiter, found.decimal) == (header, delimiter, decimal)


def test_what_is_said_goes_before_what_is_detected(tmp_path):
    """A header of numbers is one when the description says so."""
    source = described(tmp_path, "1,2,3\n4,5,6\n", header=True, inputs={"x": ["1", "2"]}, targets=["3"])
    assert read_csv(source, tmp_path).inputs["x"].tolist() == [[4.0, 5.0]]


LINES = [
    ("a,b,c\n1,2,0\n1,abc,0\n", {}, "m.csv, line 3: 'abc' in column 'b' is no number; one such as 0.5 would be right"),
    ("a,b,c\n1,,0\n", {}, "m.csv, line 2: column 'b' is empty; a number would be right"),
    ("a,b,c\n1,2,0\n\n1,nan,0\n", {}, "m.csv, line 4: 'nan' in column 'b' is not finite; a number such as 0.5 would be right"),
    ("a,b,c\n1,1_0,0\n", {}, "m.csv, line 2: '1_0' in column 'b' is no number; one such as 0.5 would be right"),
    ('a,b,c\n1,"1,5",0\n', {"decimal": "."}, "m.csv, line 2: '1,5' in column 'b' is written with a decimal comma; \"decimal\": \",\", or 0.5, would be right"),
    ("a;b;c\n1;1.5;0\n", {"decimal": ","}, "m.csv, line 2: '1.5' in column 'b' is written with a decimal point; \"decimal\": \".\", or 0,5, would be right"),
    ("a,b,c\n1,2\n", {"header": True, "delimiter": ","}, "m.csv, line 2: has 2 columns; 3 would be right, as the first line has"),
    ("a,b,c\n1,2,3,4\n5,6,7\n8,9,1\n", {}, "m.csv, line 2: has 4 columns; 3 would be right, as the first line has"),
    ('a,b,c\n1,2,"0\n1,2,0\n', {"delimiter": ","}, 'm.csv, line 2: a quoted field does not end as it should; a " before and after it, and "" for one within it, would be right'),
    ('a,b,c\n1,2,0\n"1\n2",2,0\n1,x,0\n', {"inputs": {"x": [2, 2]}}, "m.csv, line 5: 'x' in column 'b' is no number; one such as 0.5 would be right"),
    ("a,b,c\n1,2,yes\n1,2,\n", {}, "m.csv, line 3: column 'c' is empty; a class such as 'yes' would be right"),
    ("a,b,c\n1,2,yes\n1,2,no\n", {"classes": ["yes", "No"]}, "m.csv, line 3: 'no' is no class; one of yes, No would be right"),
    ("a,b,c\n1,2,0\n1,2,1\n1,2,O\n", {}, "m.csv, line 4: 'O' in column 'c' is no number; one such as 0.5 would be right"),
    ("", {}, "m.csv is empty; a row per sample would be right"),
    ("a,b,c\n", {"header": True}, "m.csv has a header but no rows; a row per sample would be right"),
    (b"a,b,c\n1,\x00,2\n", {}, "m.csv is no text; a CSV file in UTF-8 would be right"),
    (PLAIN, {"targets": ["klass"]}, "$.data.targets[0]: there is no column 'klass'; one of width, height, class would be right"),
    (PLAIN, {"inputs": {"x": [0]}}, "$.data.inputs.x[0]: there is no column 0; 1 to 3 would be right"),
    (PLAIN, {"inputs": {"x": [4]}}, "$.data.inputs.x[0]: there is no column 4; 1 to 3 would be right"),
    (PLAIN, {"inputs": {"x": [3]}}, "$.data.targets: column 'class' is an input already; another would be right"),
    (PLAIN, {"inputs": {"x": []}}, "$.data.inputs.x: names no column; one or more would be right"),
    ("a,a,b\n1,2,3\n", {"inputs": {"x": ["a"]}}, "$.data.inputs.x[0]: several columns are called 'a'; a number, 1 or 2, would be right"),
    ("1,2,3\n", {"inputs": {"x": ["a"]}, "header": False}, "$.data.inputs.x[0]: there is no column 'a', the file has no header; 1 to 3 would be right"),
    (PLAIN, {"classes": ["yes", "yes"]}, "$.data.classes: a class is empty or stands there twice; remove it"),
    (PLAIN, {"classes": ["yes"], "one_hot": False}, "$.data.one_hot: 1 class can't be one output; true would be right"),
    (PLAIN, {"classes": ["yes"], "inputs": {"x": [1]}, "targets": [2, 3]}, "$.data.targets: classes stand in one column; one column would be right"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fields", "line"), LINES)
def test_a_fault_names_its_line(tmp_path, text, fields, line):
    """Where, what, and what would be right."""
    assert faults(tmp_path, text, **fields) == [line]


def test_many_bad_lines_are_summed_up(tmp_path):
    """The first ten and a count."""
    found = faults(tmp_path, "a,b,c\n" + "x,2,0\n" * 25 + "1,2,0\n" * 30)
    assert len(found) == 11
    assert found[9].startswith("m.csv, line 11: ")
    assert found[10] == "m.csv: 15 more lines have such a fault"


def test_classes_in_an_order_of_their_own(tmp_path):
    """The order says which output is which; digits are classes when they are named so; two can be one output."""
    digits = "x,y,d\n1,1,1\n1,1,0\n1,1,2\n"
    named = read_csv(described(tmp_path, digits, classes=["2", "1", "0"]), tmp_path)
    assert named.targets.argmax(axis=1).tolist() == [1, 2, 0]
    assert read_csv(described(tmp_path, digits), tmp_path).targets.tolist() == [[1.0], [0.0], [2.0]]
    one = read_csv(described(tmp_path, PLAIN, one_hot=False), tmp_path)
    assert one.targets.tolist() == [[1.0], [0.0]]
    assert one.class_names == ("no", "yes")


def test_sizes_are_bounded(tmp_path, monkeypatch):
    """A file or a table that would fill the memory is refused."""
    monkeypatch.setattr(csv_data, "MOST_NUMBERS", 5)
    assert faults(tmp_path, PLAIN) == ["m.csv holds too much; up to 5 numbers would be right"]
    monkeypatch.setattr(csv_text, "LARGEST_FILE", 20)
    assert faults(tmp_path, PLAIN) == ["'m.csv' is too large; up to 20 bytes would be right"]


@pytest.mark.parametrize(
    "name",
    [
        "../m.csv",
        "sub/m.csv",
        "sub\\m.csv",
        "..",
        ".",
        "",
        "/etc/passwd",
        "C:m.csv",
        "m.csv\0",
        " m.csv",
        "m.json",
        "passwd",
    ],
)
def test_no_file_but_a_csv_beside_the_experiment(tmp_path, name):
    """Paths and other kinds of files are refused before anything is opened."""
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    for place in (tmp_path, here, here / "sub"):
        (place / "m.csv").write_text(PLAIN, encoding="utf-8")
    with pytest.raises(InvalidExperiment, match="would be right"):
        read_csv(CsvData(csv=name, inputs={"x": [1, 2]}, targets=[3]), here)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no links and pipes as here")
def test_no_way_out_by_links_and_pipes(tmp_path):
    """A link out of the folder, one to a file that is no CSV, a folder and a pipe are no file of the folder."""
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "secret.csv").write_text(PLAIN, encoding="utf-8")
    (here / "secret").write_text(PLAIN, encoding="utf-8")
    (here / "own.csv").write_text(PLAIN, encoding="utf-8")
    (here / "out.csv").symlink_to(tmp_path / "secret.csv")
    (here / "other.csv").symlink_to(here / "secret")
    (here / "fine.csv").symlink_to(here / "own.csv")
    (here / "folder.csv").mkdir()
    os.mkfifo(here / "pipe.csv")
    for name in ("out.csv", "other.csv", "folder.csv", "pipe.csv"):
        with pytest.raises(InvalidExperiment, match="is no file of the experiment's own folder"):
            read_csv(CsvData(csv=name, inputs={"x": [1, 2]}, targets=[3]), here)
    assert len(read_csv(CsvData(csv="fine.csv", inputs={"x": [1, 2]}, targets=[3]), here).targets) == 2
    with pytest.raises(
        InvalidExperiment, match=r"there is no file 'gone\.csv' beside the experiment; put it there"
    ):
        read_csv(CsvData(csv="gone.csv", inputs={"x": [1]}, targets=[2]), here)


texts = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
    .map(str.strip)
    .filter(bool)
)
labels = texts.filter(lambda text: not csv_text.is_number(text, ".") and not csv_text.is_number(text, ","))
numbers = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=150)
@given(st.data())
def test_any_table_reads_back(tmp_path_factory, data):
    """Numbers to the last bit and labels as they were, in any manner of writing, with the manner told."""
    width = data.draw(st.integers(1, 3))
    rows = data.draw(
        st.lists(st.tuples(st.lists(numbers, min_size=width, max_size=width), labels), min_size=1, max_size=6)
    )
    header = data.draw(st.none() | st.lists(texts, min_size=width + 1, max_size=width + 1, unique=True))
    delimiter, decimal = data.draw(st.sampled_from([",", ";", "\t"])), data.draw(st.sampled_from([".", ","]))
    stream = io.StringIO(newline="")
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    ends = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    if header:
        writer.writerow(header)
    for values, label in rows:
        writer.writerow([*(repr(value).replace(".", decimal) for value in values), label])
    folder = tmp_path_factory.mktemp("csv")
    columns = list(range(1, width + 1))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    told = {"delimiter": delimiter, "decimal": decimal, "header": header is not None}
    source = described(
        folder, stream.getvalue(), encoding, inputs={"x": columns}, targets=[width + 1], **told
    )
    samples = read_csv(source, folder)
    assert np.array_equal(samples.inputs["x"], np.array([values for values, _ in rows]))
    assert [samples.class_names[k] for k in samples.targets.argmax(axis=1)] == [label for _, label in rows]


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    """A file of anything gives data or sentences, in the preview as in the reading."""
    folder = tmp_path_factory.mktemp("csv")
    for look in (
        lambda: preview(folder / "m.csv"),
        lambda: read_csv(described(folder, content, inputs={"x": [1]}, targets=[2]), folder),
    ):
        (folder / "m.csv").write_bytes(content)
        told: list[str] = []
        try:
            look()
        except InvalidExperiment as refusal:
            told = refusal.faults
        assert all(fault.startswith("$.data.") and "; " in fault for fault in told)


def test_the_preview_guesses_roles(tmp_path):
    """A column that only counts is not used, labels are the target, numbers are inputs."""
    (tmp_path / "m.csv").write_text("id,width,class,height\n1,2,a,3\n2,5,b,7\n3,5,b,7\n", encoding="utf-8")
    found = preview(tmp_path / "m.csv", rows=2)
    assert [column.role for column in found.columns] == ["unused", "input", "target", "input"]
    assert [column.name for column in found.columns] == ["id", "width", "class", "height"]
    assert found.columns[2].values == ("a", "b")
    assert (found.total, found.rows) == (3, (("1", "2", "a", "3"), ("2", "5", "b", "7")))
    (tmp_path / "m.csv").write_text("1,2,10\n3,4,9\n3,4,²\n", encoding="utf-8")
    assert [column.role for column in preview(tmp_path / "m.csv").columns] == ["input", "input", "target"]
