"""A protocol is data that is checked when made."""

import pytest

from gaitheat.clips import ClipKey
from gaitheat.datasets.protocol import Cell, Protocol, Selection

KEY = ClipKey("somewhere", "anna", "nm", "090", "01", 0)


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        (Selection(), True),
        (Selection(conditions=frozenset({"nm", "bg"})), True),
        (Selection(conditions=frozenset({"bg"})), False),
        (Selection(conditions=frozenset({"nm"}), views=frozenset({"000"})), False),
        (Selection(takes=frozenset({"01", "02"})), True),
        (Selection(takes=frozenset()), False),
    ],
)
def test_a_selection_holds_the_clips_whose_fields_it_names(selection, selected):
    assert (KEY in selection) is selected


def test_a_cell_that_excludes_by_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match=r"expected fields.*got \['colour'\]"):
        Cell("a", Selection(), Selection(), (frozenset({"view", "colour"}),))


def test_a_headline_must_name_cells_and_labels_must_differ():
    cell = Cell("a", Selection(), Selection())
    with pytest.raises(ValueError, match="headline"):
        Protocol("p", "somewhere", (cell,), ("b",))
    with pytest.raises(ValueError, match="headline"):
        Protocol("p", "somewhere", (cell,), ())
    with pytest.raises(ValueError, match="labels"):
        Protocol("p", "somewhere", (cell, cell), ("a",))
