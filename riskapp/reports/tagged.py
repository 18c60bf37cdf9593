"""A surface that writes tagged PDF (PDF/UA-1, ISO 14289-1) with open-source reportlab.

Every operator stands in a marked-content sequence: words in the open element's, everything else in an
artifact's. So content that is neither tagged nor an artifact (Matterhorn protocol 01-003) cannot occur.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from reportlab import rl_config
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from riskapp.reports.ink import operands
from riskapp.reports.structure import Element, ParentTree, metadata
from riskapp.reports.surface import Dash, Point, Surface
from riskapp.reports.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskapp.reports.fonts import Faces, Weight

LANGUAGE: Final = "en-GB"
LONGEST_ALTERNATIVE: Final = 20_000  # letters that tell a drawing
_PRINTED: Final = 4  # annotation flag: shown on paper too (ISO 32000-1, table 165)
_CIRCLE: Final = 0.5523  # length of the handles of a quarter circle


class _Link(pdfdoc.LinkAnnotation):
    permitted = (*pdfdoc.LinkAnnotation.permitted, "StructParent")


rl_config.useA85 = 0  # letters in place of bytes: an eighth of the drawing time and a quarter of the file, for nothing


class _Canvas(Canvas):
    """Reportlab's canvas, whose pages carry their key in the parent tree and their tab order."""

    page_key = 0

    def _setAnnotations(self, page: Any) -> None:  # noqa: N802 - reportlab calls it by this name
        super()._setAnnotations(page)  # type: ignore[misc]  # reportlab's types leave it out
        page.__NoDefault__ = [*pdfdoc.PDFPage.__NoDefault__, "StructParents", "Tabs"]
        page.StructParents, page.Tabs = self.page_key, pdfdoc.PDFName("S")


class TaggedSurface(Surface):
    """Draws on pages and grows the structure tree beside them."""

    def __init__(self, faces: Faces, *, title: str, author: str, subject: str) -> None:
        self._out = io.BytesIO()
        self._faces = faces
        self._canvas: Any = _Canvas(  # Any: reportlab's types do not cover what a tagged page needs
            self._out,
            lang=LANGUAGE,
            invariant=1,
            pageCompression=1,
            pdfVersion=(1, 7),
            initialFontName=faces["R"].font.fontName,  # type: ignore[arg-type]  # typed as a number there
        )
        self._canvas.showOutline()
        self._about = {"title": title, "author": author, "subject": subject}
        self._root = pdfdoc.PDFDictionary({"Type": pdfdoc.PDFName("StructTreeRoot")})
        self._document = Element("Document", self._root)
        self._open = [self._document]
        self._parents = ParentTree()
        self._marked: list[Element] = []
        self._into: Element | None = None
        self._figure: Element | None = None
        self._aside = False
        self._height = 0.0
        self._encoded: dict[tuple[str, Weight], tuple[tuple[str, str], ...]] = {}

    # pages

    def page(self, width: float, height: float) -> None:
        if self._height:
            self._end_page()
        self._height = height
        self._canvas.setPageSize((width, height))
        self._canvas.page_key = self._parents.add_page(self._marked)
        self._canvas._code.append("/Artifact BMC")

    def save(self) -> bytes:
        """Close the file and give its bytes; the same drawing gives the same bytes."""
        self._end_page()
        self._parents.check(self._document)
        document, canvas = self._canvas._doc, self._canvas
        self._root.dict.update(
            K=document.Reference(self._document),
            ParentTree=document.Reference(self._parents),
            ParentTreeNextKey=len(self._parents),
        )
        catalog = document.Catalog
        catalog.StructTreeRoot = self._root
        catalog.MarkInfo = pdfdoc.PDFDictionary({"Marked": "true"})
        canvas.setViewerPreference("DisplayDocTitle", "true")
        canvas.setTitle(self._about["title"])
        canvas.setAuthor(self._about["author"])
        canvas.setSubject(self._about["subject"])
        canvas.setCreator(self._about["author"])
        xmp = metadata(language=LANGUAGE, **self._about)
        catalog.Metadata = pdfdoc.XMP(creator=lambda _: xmp)
        document.SaveToFile(self._out, canvas)
        return self._out.getvalue()

    def _end_page(self) -> None:
        self._turn_to(None)
        self._canvas._code.append("EMC")
        self._canvas.showPage()
        self._marked = []

    # what content belongs to

    def _turn_to(self, element: Element | None) -> None:
        """Let what is drawn next belong to an element, or to none."""
        if element is self._into:
            return
        self._into = element
        if element is None:
            self._write("EMC", "/Artifact BMC")
            return
        number = len(self._marked)
        element.add_content(self._canvas._doc.thisPageRef(), number)
        self._marked.append(element)
        self._write("EMC", f"/{element.tag} <</MCID {number}>> BDC")

    def _write(self, *operators: str) -> None:
        self._canvas._code += operators

    @contextmanager
    def element(self, tag: str, attributes: str = "", alternative: str = "") -> Iterator[None]:
        if self._aside:
            yield
            return
        self._open.append(Element(tag, self._open[-1], attributes, clean(alternative, LONGEST_ALTERNATIVE)))
        yield
        self._open.pop()
        self._turn_to(None)

    @contextmanager
    def figure(self, alternative: str, at: Point, size: Point) -> Iterator[None]:
        (x, top), (width, height) = at, size
        corners = (x, self._height - top - height, x + width, self._height - top)
        box = "/O/Layout/Placement/Block/BBox[" + " ".join(f"{corner:.1f}" for corner in corners) + "]"
        with self.element("Figure", box, alternative):
            self._figure = self._open[-1]
            yield
            self._figure = None

    @contextmanager
    def artifact(self) -> Iterator[None]:
        self._aside = True
        yield
        self._aside = False

    # words

    def words(self, x: float, top: float, text: str, weight: Weight, size: float, colour: str) -> None:
        if not text:
            return
        self._turn_to(None if self._aside else self._figure or self._open[-1])
        shown = " ".join(f"{font} {size:g} Tf ({letters}) Tj" for font, letters in self._letters(text, weight))
        at = f"1 0 0 1 {x:.2f} {self._height - top:.2f} Tm"
        self._write(f"BT {operands(colour)} rg {at} {shown} ET")

    def heard(self, x: float, top: float, text: str) -> None:
        self._write("3 Tr")
        self.words(x, top, text, "R", 6, "#000000")
        self._write("0 Tr")

    def _letters(self, text: str, weight: Weight) -> tuple[tuple[str, str], ...]:
        """Encode a text as pairs of a font's name in the file and the operand that shows its letters."""
        key = (text, weight)
        known = self._encoded.get(key)
        if known is None:
            document, escape = self._canvas._doc, self._canvas._escape
            known = self._encoded[key] = tuple(
                (font.getSubsetInternalName(subset, document), escape(letters))
                for font, run in self._faces[weight].runs(text)
                for subset, letters in font.splitString(run, document)
            )
        return known

    # marks

    def _mark(self, *operators: str) -> None:
        self._turn_to(self._figure)
        self._write(*operators)

    def _paint(self, path: str, fill: str | None, edge: str | None, width: float) -> None:
        ink = (f"{operands(fill)} rg " if fill else "") + (f"{operands(edge)} RG {width:g} w " if edge else "")
        self._mark(f"{ink}{path} {'B' if fill and edge else 'f' if fill else 'S'}")

    def line(self, start: Point, end: Point, width: float, colour: str, dash: Dash = None) -> None:
        (x1, top1), (x2, top2) = start, end
        pattern = f"[{dash[0]:g} {dash[1]:g}] 0 d " if dash else ""
        path = f"{x1:.2f} {self._height - top1:.2f} m {x2:.2f} {self._height - top2:.2f} l S"
        self._mark(f"{operands(colour)} RG {width:g} w {pattern}{path}{' [] 0 d' if dash else ''}")

    def rect(
        self,
        at: Point,
        size: Point,
        fill: str | None = None,
        edge: str | None = None,
        width: float = 0.5,
        corner: float = 0,
    ) -> None:
        (x, top), (wide, high) = at, size
        bottom = self._height - top - high
        if corner:
            path = _rounded(x, bottom, x + wide, bottom + high, corner)
        else:
            path = f"{x:.2f} {bottom:.2f} {wide:.2f} {high:.2f} re"
        self._paint(path, fill, edge, width)

    def shape(
        self, points: Sequence[Point], fill: str | None = None, edge: str | None = None, width: float = 0.5
    ) -> None:
        (x, top), *others = points
        sides = " ".join(f"{px:.2f} {self._height - ptop:.2f} l" for px, ptop in others)
        self._paint(f"{x:.2f} {self._height - top:.2f} m {sides} h", fill, edge, width)

    def dot(
        self, centre: Point, radius: float, fill: str | None = None, edge: str | None = None, width: float = 1
    ) -> None:
        x, y = centre[0], self._height - centre[1]
        self._paint(_rounded(x - radius, y - radius, x + radius, y + radius, radius), fill, edge, width)

    def half_dot(self, centre: Point, radius: float, fill: str) -> None:
        x, y, handle = centre[0], self._height - centre[1], radius * _CIRCLE
        lower = _curve((x - handle, y - radius), (x - radius, y - handle), (x - radius, y))
        upper = _curve((x - radius, y + handle), (x - handle, y + radius), (x, y + radius))
        self._paint(f"{x:.2f} {y - radius:.2f} m {lower} {upper} h", fill, None, 0)

    # ways through the file

    def link(self, place: str, says: str, at: Point, size: Point) -> None:
        (x, top), (wide, high) = at, size
        node, canvas = self._open[-1], self._canvas
        annotation = _Link(
            Rect=(x, self._height - top - high, x + wide, self._height - top),
            Contents=says,
            Destination=canvas._bookmarkReference(place),
            Border="[0 0 0]",
            StructParent=self._parents.add(node),
            F=_PRINTED,
        )
        canvas._addAnnotation(annotation)
        node.add_object(canvas._annotationrefs[-1], canvas._doc.thisPageRef())

    def place(self, name: str, top: float) -> None:
        self._canvas.bookmarkHorizontal(name, 0, self._height - top)

    def bookmark(self, place: str, title: str, level: int) -> None:
        self._canvas.addOutlineEntry(title, place, level, 0)


def _rounded(left: float, low: float, right: float, high: float, radius: float) -> str:
    """Path of a box with round corners, anticlockwise from the lower left."""
    cut = radius * (1 - _CIRCLE)
    return " ".join(
        (
            f"{left + radius:.2f} {low:.2f} m {right - radius:.2f} {low:.2f} l",
            _curve((right - cut, low), (right, low + cut), (right, low + radius)),
            f"{right:.2f} {high - radius:.2f} l",
            _curve((right, high - cut), (right - cut, high), (right - radius, high)),
            f"{left + radius:.2f} {high:.2f} l",
            _curve((left + cut, high), (left, high - cut), (left, high - radius)),
            f"{left:.2f} {low + radius:.2f} l",
            _curve((left, low + cut), (left + cut, low), (left + radius, low)),
            "h",
        )
    )


def _curve(first: Point, second: Point, end: Point) -> str:
    return " ".join(f"{x:.2f} {y:.2f}" for x, y in (first, second, end)) + " c"
