"""Writes riskapp/web/static/css/preview-cells.css; a test compares the file with this."""

from pathlib import Path

HEAD = """/* Lights the cell and the result of each choice, for matrices up to 6 by 6.
   Of several impacts the highest counts. Written by tests/web/preview_rules.py. */
"""
SHEET = Path(__file__).parents[2] / "riskapp/web/static/css/preview-cells.css"
SIZE = 6


def preview_rules() -> str:
    return HEAD + "".join(
        rule(basis, likelihood, impact)
        for basis in ("inherent", "current", "target", "forecast")
        for likelihood in range(1, SIZE + 1)
        for impact in range(1, SIZE + 1)
    )


def rule(basis: str, likelihood: int, impact: int) -> str:
    chosen = f':has([data-likelihood="{basis}-{likelihood}"]:checked):has([data-impact="{basis}-{impact}"]:checked)'
    higher = ", ".join(f'[data-impact="{basis}-{level}"]:checked' for level in range(impact + 1, SIZE + 1))
    worst = f":not(:has({higher}))" if higher else ""
    lit = f":is(.cell-{likelihood}-{impact}, .{basis}-{likelihood}-{impact})"
    return f"form{chosen}{worst} {lit} {{ --{basis}: flex; --number: hidden; }}\n"


if __name__ == "__main__":
    SHEET.write_text(preview_rules(), encoding="utf-8")
