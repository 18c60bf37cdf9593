"""A text as squares that a telephone reads."""

import segno


def squares(text: str) -> tuple[int, str]:
    """Give the QR code of a text as the length of its side, margin included, and one SVG path over its dark squares."""
    code = segno.make(text, micro=False, error="m")
    margin, lines = code.default_border_size, list(code.matrix)
    path = "".join(
        f"M{x + margin},{y + margin}h1v1h-1z" for y, line in enumerate(lines) for x, dark in enumerate(line) if dark
    )
    return len(lines) + 2 * margin, path
