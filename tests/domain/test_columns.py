"""The columns of a register: their order, their heads, and what an address can say of them."""

from riskapp.domain.columns import ADDRESS, COLUMNS, DAYS, FIXED, USUAL, chosen, heads


def test_columns_stand_in_their_own_order_and_the_risk_is_always_named():
    assert chosen(("review", "owner", "nonsense")) == (FIXED, "owner", "review")
    assert chosen(()) == (FIXED,)


def test_every_column_that_is_a_day_is_narrowed_by_a_first_and_a_last_one():
    assert {f"{key}_{end}" for key in DAYS for end in ("from", "to")} < ADDRESS


def test_the_heads_of_a_file_are_as_many_as_the_cells_of_a_row():
    assert heads(("title", "current", "actions")) == (
        "Reference", "Title", "Current score", "Current band", "Open actions", "Late actions",
    )  # fmt: skip
    assert len(set(heads(COLUMNS))) == len(heads(COLUMNS))
    assert set(USUAL) < set(COLUMNS)
