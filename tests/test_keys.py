"""Key sets by themselves: which instances there are, and which of one set feed which of another."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sncompile.diagnostics import Span
from sncompile.ir.keys import key_set
from sncompile.ir.keys.key_set import KeySet, Link, Rows, Sparse, keys_of
from sncompile.ir.keys.table import Cell, Table
from sncompile.ir.language.operands import ValueFault

HERE = Span("tables", 1, 1, 1, 2)


def table(name: str, key: str, **columns: str) -> Table:
    """A table of columns, the cells of which are words; `-` is an absent one."""
    cells: dict[str, Sequence[Cell]] = {
        name: [None if cell == "-" else cell for cell in text.split()] for name, text in columns.items()
    }
    return Table(name, tuple(key.split()), cells, span=HERE)


def over(by: str, *tables: Table) -> KeySet:
    """The instances by some keys of tables that are joined."""
    rows = Rows.of(tables[0])
    for each in tables[1:]:
        rows, _ = rows.join(each)
    return KeySet(rows, tuple(by.split()))


def numbers(related: Sequence[Sequence[int]]) -> list[list[int]]:
    """What each instance is fed by."""
    return [list(each) for each in related]


PATIENTS = table("samples", "patient tissue", patient="P1 P2 P1 P1", tissue="blood liver skin liver", label="b l s r")
NONE = KeySet(Rows.unit(), ())


def test_instances_are_in_the_order_of_rows() -> None:
    assert over("patient tissue", PATIENTS).instances == [
        ("P1", "blood"), ("P2", "liver"), ("P1", "skin"), ("P1", "liver"),
    ]  # fmt: skip
    tissues = over("tissue", PATIENTS)
    assert tissues.instances == [("blood",), ("liver",), ("skin",)]
    assert (len(tissues), len(NONE), len(over("patient", PATIENTS))) == (3, 1, 2)
    assert tissues.position == {("blood",): 0, ("liver",): 1, ("skin",): 2}
    assert list(tissues.column("tissue")) == ["blood", "liver", "skin"]
    assert list(tissues.member()) == [0, 1, 2, 1]
    assert list(over("patient tissue", PATIENTS).member()) == [0, 1, 2, 3]
    assert (list(NONE.member()), NONE.instances) == ([0], [()])


def test_an_instance_in_words() -> None:
    keys = over("patient tissue", PATIENTS)
    assert keys.describe(3) == "patient=P1, tissue=liver"
    assert (keys.describe(4), NONE.describe(0)) == ("", "")
    assert repr(keys) == "KeySet(by=['patient', 'tissue'], of=samples, size=4)"
    assert repr(NONE) == "KeySet(by=[], of=-, size=1)"


def test_who_feeds_whom() -> None:
    """The instance's own rows say it, in their order."""
    both, patients, tissues = (over(by, PATIENTS) for by in ("patient tissue", "patient", "tissue"))
    assert numbers(both.related(both)) == [[0], [1], [2], [3]]
    assert numbers(both.related(patients)) == [[0], [1], [0], [0]]
    assert numbers(both.related(tissues)) == [[0], [1], [2], [1]]
    assert numbers(patients.related(both)) == [[0, 2, 3], [1]]
    assert numbers(patients.related(tissues)) == [[0, 2, 1], [1]]
    assert numbers(tissues.related(patients)) == [[0], [1, 0], [0]]
    assert numbers(NONE.related(tissues)) == [[0, 1, 2]]
    assert numbers(tissues.related(NONE)) == [[0], [0], [0]]
    assert (both.has_one(patients), patients.has_one(both), tissues.has_one(NONE)) == (True, False, True)
    assert patients.related(tissues) is patients.related(tissues)


def test_some_of_the_rows() -> None:
    """What is left out feeds nobody."""
    chosen = KeySet(Rows.of(PATIENTS).select([1, 3]), ("patient", "tissue"))
    assert chosen.instances == [("P2", "liver"), ("P1", "liver")]
    assert numbers(over("patient tissue", PATIENTS).related(chosen)) == [[], [0], [], [1]]
    assert numbers(over("patient", PATIENTS).related(chosen)) == [[1], [0]]
    assert list(chosen.rows.column("label")) == ["l", "r"]
    assert list(chosen.rows.rows_of(PATIENTS)) == [1, 3]


def test_tables_join_over_keys_alone() -> None:
    """Columns that merely share a name do not join; without a common one it is the product."""
    clinics = table("clinics", "patient", patient="P2 P1 P3", label="x y z")
    rows, origin = Rows.of(PATIENTS).join(clinics)
    assert (list(origin), rows.size) == ([0, 1, 2, 3], 4)
    assert list(rows.rows_of(clinics)) == [1, 0, 1, 1]
    assert list(rows.column("label")) == ["b", "l", "s", "r"]
    doses = table("doses", "dose", dose="1 2", label="x y")
    product, origin = Rows.of(clinics).join(doses)
    assert (list(origin), product.size) == ([0, 0, 1, 1, 2, 2], 6)
    assert (Rows.of(clinics).meets(doses), Rows.of(clinics).meets(PATIENTS)) == (False, True)
    with pytest.raises(KeyError):
        rows.column("dose")


def test_a_column_is_that_of_the_table_whose_key_it_is() -> None:
    """And else of the first that has one."""
    notes = table("notes", "note", note="n m", patient="P1 P1")
    clinics = table("clinics", "patient", patient="P1 P2")
    rows, _ = Rows.of(notes).join(clinics)
    assert rows.owner("patient") == 1
    assert (rows.owner("note"), rows.owner("dose")) == (0, None)
    assert Rows.of(notes).owner("patient") == 0


def test_numbers_join_as_text() -> None:
    """Keys are text, and a plain column may hold numbers; what is absent meets what is absent."""
    plates = table("plates", "plate", plate="1 2")
    wells = Table("wells", ("well",), {"well": ["A", "B", "C"], "plate": [2, 1, None]}, span=HERE)
    rows, _ = Rows.of(wells).join(plates)
    assert list(rows.rows_of(plates)) == [1, 0]
    assert list(rows.column("well")) == ["A", "B"]


def test_sets_of_tables_that_do_not_meet() -> None:
    """Each instance is fed by all of the other set."""
    doses = over("dose", table("doses", "dose", dose="1 2"))
    assert numbers(over("tissue", PATIENTS).related(doses)) == [[0, 1]] * 3
    assert not over("tissue", PATIENTS).has_one(doses)


def test_sets_of_tables_that_meet() -> None:
    clinics = table("clinics", "patient", patient="P2 P1", town="x y")
    towns = over("town", clinics)
    assert numbers(over("patient tissue", PATIENTS).related(towns)) == [[1], [0], [1], [1]]
    assert numbers(towns.related(over("tissue", PATIENTS))) == [[1], [0, 2, 1]]


def test_a_link_overrules_the_keys() -> None:
    """For its source alone."""
    tissues, patients = over("tissue", PATIENTS), over("patient", PATIENTS)
    linked = KeySet(tissues.rows, tissues.by, Link(patients, [(1,), (), (0,)], one=True))
    assert numbers(linked.related(patients)) == [[1], [], [0]]
    assert (linked.has_one(patients), linked.linked(patients), linked.linked(tissues)) == (True, True, False)
    assert (tissues.linked(patients), tissues.has_one(patients)) == (False, False)
    assert numbers(linked.related(over("tissue", PATIENTS))) == [[0], [1], [2]]


def test_links_that_most_do_not_have() -> None:
    found = Sparse({1: (4, 5)}, 3)
    assert (len(found), list(found)) == (3, [(), (4, 5), ()])
    with pytest.raises(IndexError):
        found[3]
    with pytest.raises(IndexError):
        found[-1]


def test_a_table_has_one_set_of_its_rows() -> None:
    assert keys_of(PATIENTS) is keys_of(PATIENTS)
    assert keys_of(PATIENTS).by == ("patient", "tissue")


@pytest.mark.parametrize(("most", "refused"), [(6, False), (5, True)])
def test_too_many_rows(most: int, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A join is refused before it fills the memory, with the tables and what to do."""
    monkeypatch.setattr(key_set, "MAX_ROWS", most)
    left = table("left", "a", a="1 2 3")
    pairs = ((left, table("right", "b", b="1 2")), (left, table("right", "b", b="1 2 3 4 5 6", a="1 1 2 2 3 3")))
    for one, other in pairs:
        if refused:
            with pytest.raises(ValueFault, match="`left` and `right` join to more than 5 rows"):
                Rows.of(one).join(other)
        else:
            assert Rows.of(one).join(other)[0].size == 6
