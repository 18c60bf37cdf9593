"""A sample of the matrix on PostgreSQL: the limits are written in SQL, and each database reads them for itself."""

from tests.authorisation.matrix import in_haste

FLOOR = 1_000


def test_a_sample_comes_out_the_same_on_postgresql(postgresql_matrix, tell):
    with in_haste():
        postgresql_matrix.try_lists()
        postgresql_matrix.try_doors(every=97)
    report = postgresql_matrix.report
    tell(f"Authorisation matrix, a sample on PostgreSQL: {report.words}")
    assert report.found == []
    assert report.cells > FLOOR
