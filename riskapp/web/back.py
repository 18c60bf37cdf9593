"""Where a page goes after a deed: back to My work if that is where the form stood, else to the thing itself."""

from flask import request, url_for


def after(address: str) -> str:
    """Choose between My work, which posts `back` as the word "work", and the address of the thing."""
    return url_for("work.my_work") if request.form.get("back") == "work" else address
