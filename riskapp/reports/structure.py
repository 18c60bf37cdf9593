"""The structure tree of a tagged PDF: what each stretch of content is, in reading order.

ISO 32000-1, section 14.7.
"""

from __future__ import annotations

from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.pdfdoc import PDFObject, PDFString


class Element(PDFObject):
    """One node of the tree: its kids are nodes, marked content and annotations, in reading order."""

    __slots__ = ("__InternalName__", "alternative", "attributes", "kids", "page", "parent", "tag")
    __RefOnly__ = 1

    def __init__(self, tag: str, parent: Any, attributes: str = "", alternative: str = "") -> None:
        self.tag, self.parent = tag, parent
        self.attributes, self.alternative = attributes, alternative
        self.kids: list[Element | tuple[str, Any, Any]] = []
        self.page: Any = None
        if isinstance(parent, Element):
            parent.kids.append(self)

    def add_content(self, page: Any, number: int) -> None:
        """Own a marked-content sequence of a page, by its number there."""
        self.page = self.page or page
        self.kids.append(("content", page, number))

    def add_object(self, annotation: Any, page: Any) -> None:
        """Own an annotation on a page."""
        self.page = self.page or page
        self.kids.append(("object", page, annotation))

    def format(self, document: Any) -> bytes:
        out = [b"<</Type/StructElem/S/", self.tag.encode(), b"/P ", _reference(self.parent, document)]
        if self.page is not None:
            out += [b"/Pg ", _written(self.page, document)]
        if self.alternative:
            out += [b"/Alt ", _written(PDFString(self.alternative), document)]
        if self.attributes:
            out += [b"/A<<", self.attributes.encode("latin-1", "replace"), b">>"]
        out += [b"/K[", b" ".join(self._kid(kid, document) for kid in self.kids), b"]>>"]
        return b"".join(out)

    def _kid(self, kid: Element | tuple[str, Any, Any], document: Any) -> bytes:
        if isinstance(kid, Element):
            return _reference(kid, document)
        kind, page, what = kid
        on = _written(page, document)
        if kind == "object":
            return b"<</Type/OBJR/Obj %s/Pg %s>>" % (_written(what, document), on)
        if page.name == self.page.name:
            return b"%d" % what
        return b"<</Type/MCR/Pg %s/MCID %d>>" % (on, what)


class ParentTree(PDFObject):
    """Finds the element of a page's marked content, or of an annotation, by number."""

    __RefOnly__ = 1

    def __init__(self) -> None:
        self._entries: list[Element | list[Element]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add_page(self, marked: list[Element]) -> int:
        """Take the growing list of a page's elements and give its key."""
        self._entries.append(marked)
        return len(self._entries) - 1

    def add(self, element: Element) -> int:
        self._entries.append(element)
        return len(self._entries) - 1

    def check(self, document: Element) -> None:
        """Refuse (`ValueError`) content that the tree does not reach: validators do not see this."""
        reached: set[int] = set()
        todo = [document]
        while todo:
            node = todo.pop()
            reached.add(id(node))
            todo += [kid for kid in node.kids if isinstance(kid, Element)]
        for entry in self._entries:
            for node in entry if isinstance(entry, list) else (entry,):
                if id(node) not in reached:
                    raise ValueError(f"content belongs to a {node.tag} outside the structure tree")

    def format(self, document: Any) -> bytes:
        parts = []
        for key, entry in enumerate(self._entries):
            if isinstance(entry, Element):
                value = _reference(entry, document)
            else:
                value = b"[" + b" ".join(_reference(node, document) for node in entry) + b"]"
            parts.append(b"%d %s" % (key, value))
        return b"<</Nums[" + b"\n".join(parts) + b"]>>"


def _reference(what: Any, document: Any) -> bytes:
    return _written(document.Reference(what), document)


def _written(what: Any, document: Any) -> bytes:
    return bytes(pdfdoc.format(what, document))


def literal(text: str) -> str:
    """Write a text as a string inside attributes."""
    return "(" + text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") + ")"


def metadata(*, title: str, author: str, subject: str, language: str) -> bytes:
    """XMP that calls the file PDF/UA-1; bytes, since reportlab would write a text in another encoding."""
    facts = {"title": title, "author": author, "subject": subject, "language": language}
    return (_XMP % {name: escape(value) for name, value in facts.items()}).encode()


_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<pdfuaid:part>1</pdfuaid:part>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%(title)s</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>%(author)s</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">%(subject)s</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>%(language)s</rdf:li></rdf:Bag></dc:language>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
