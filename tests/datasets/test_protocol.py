"""A protocol is data that is checked when made."""

import pytest

from gaitheat.clips import ClipKey
from gaitheat.datasets import protocol_called
from gaitheat.datasets.protocol import Cell, Protocol, Selection, dealt

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
        (Selection(condition_has=frozenset({"bg", "m"})), True),
        (Selection(condition_has=frozenset({"nm-bg"})), False),
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


def test_a_camera_is_told_by_fields_of_the_key():
    cell = Cell("a", Selection(), Selection())
    protocol = Protocol("p", "somewhere", (cell,), ("a",), camera=("condition", "view"))
    assert protocol.camera_of(KEY) == "nm/090"
    with pytest.raises(ValueError, match=r"camera.*got \['lens'\]"):
        Protocol("p", "somewhere", (cell,), ("a",), camera=("lens",))


def test_kth_has_a_camera_a_scenario_and_walkers_one_a_view():
    assert protocol_called("kth").camera_of(KEY) == "nm"
    assert protocol_called("walkers-1-indoor").camera_of(KEY) == "090"


def test_people_are_dealt_into_groups_of_equal_size_always_alike_and_not_in_turn():
    people = [f"{number:03d}" for number in range(42)]
    groups = dealt([*people, *people[::-1]], 4)
    assert sorted(list(groups.values()).count(group) for group in range(4)) == [10, 10, 11, 11]
    assert dealt(reversed(people), 4) == groups
    assert [groups[name] for name in people[:8]] != [0, 1, 2, 3, 0, 1, 2, 3]
