"""Who read what is exempt: a row for each thing that a request showed, appended and never changed."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class ExemptRead(Base):
    """A person was shown exempt groups of a thing's fields, in what post, where and when."""

    __tablename__ = "exempt_read"
    __table_args__ = (
        UniqueConstraint("request_id", "thing_id", "outlet"),
        Index(None, "at"),
        Index(None, "thing_id", "at"),
        Index(None, "person_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    thing_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="RESTRICT"))
    field_groups: Mapped[list[str]]
    outlet: Mapped[str] = mapped_column(Word)
    door: Mapped[str] = mapped_column(Word)
    request_id: Mapped[str | None] = mapped_column(Word)
