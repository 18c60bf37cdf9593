"""One post, for a change of it."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from riskapp.domain.permissions import Actor
from riskapp.models.database import db
from riskapp.models.people import Post, Unit


def post(actor: Actor, post_id: int) -> Post | None:
    """Find a post with its unit and that one's name."""
    del actor  # the organisation is no secret inside the council
    query = select(Post).options(joinedload(Post.unit).joinedload(Unit.entity)).where(Post.id == post_id)
    return db.session.scalars(query).one_or_none()
