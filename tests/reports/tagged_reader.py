"""Reads a tagged PDF back as a screen reader would: by its structure tree, and page by page."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import cached_property

from pypdf import PdfReader
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject

_PAIR = re.compile(r"<([0-9A-F]{2})> <([0-9A-F]+)>")


@dataclass
class Node:
    tag: str
    words: str = ""
    alternative: str = ""
    page: int | None = None
    attributes: dict = field(default_factory=dict)
    kids: list = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.words + "".join(kid.text for kid in self.kids)

    def walk(self):
        yield self
        for kid in self.kids:
            yield from kid.walk()

    def all(self, *tags):
        return [node for node in self.walk() if node.tag in tags]


class TaggedReader:
    def __init__(self, data: bytes) -> None:
        self.pdf = PdfReader(io.BytesIO(data))
        self.content = [_Content(page, self.pdf) for page in self.pdf.pages]
        self.keys = {page.indirect_reference.idnum: at for at, page in enumerate(self.pdf.pages)}
        self.root = self._node(self.pdf.trailer["/Root"]["/StructTreeRoot"]["/K"].get_object())

    @cached_property
    def text(self) -> str:
        """Words in reading order of the tree, each space one."""
        return " ".join(self.root.text.split())

    @cached_property
    def page_text(self) -> str:
        """Words of the pages that are no artifacts, in the order they are drawn."""
        return " ".join("".join(page.spoken for page in self.content).split())

    def page(self, at: int) -> str:
        """All words of a page, artifacts too; the first is 0."""
        return " ".join(self.content[at].everything.split())

    def _node(self, raw: DictionaryObject) -> Node:
        node = Node(raw["/S"][1:], alternative=raw.get("/Alt", ""), attributes=dict(raw.get("/A", {})))
        for reference in raw.get("/K", ArrayObject()):
            kid = reference.get_object()
            if isinstance(kid, int):
                self._add_words(node, raw["/Pg"], kid)
            elif kid.get("/Type") == "/MCR":
                self._add_words(node, kid.raw_get("/Pg"), kid["/MCID"])
            elif kid.get("/Type") != "/OBJR":
                node.kids.append(self._node(kid))
        return node

    def _add_words(self, node: Node, page, number: int) -> None:
        at = self.keys[page.idnum if hasattr(page, "idnum") else page.indirect_reference.idnum]
        node.kids.append(Node("words", self.content[at].marked.get(number, ""), page=at))


class _Content:
    """The words of a page by marked-content number, and those of its artifacts."""

    def __init__(self, page, pdf: PdfReader) -> None:
        fonts = page["/Resources"]["/Font"]
        self.letters = {name: _to_unicode(fonts[name].get_object()) for name in fonts}
        self.marked: dict[int, str] = {}
        self.spoken = self.everything = ""
        font, number = "", None
        for operands, operator in ContentStream(page.get_contents(), pdf).operations:
            if operator == b"BDC":
                number = operands[1]["/MCID"]
                self.marked.setdefault(number, "")
            elif operator in {b"BMC", b"EMC"}:
                number = None
            elif operator == b"Tf":
                font = operands[0]
            elif operator == b"Tj":
                self._add(number, "".join(self.letters[font][code] for code in operands[0].original_bytes))

    def _add(self, number: int | None, words: str) -> None:
        self.everything += words
        if number is not None:
            self.marked[number] += words
            self.spoken += words


def _to_unicode(font) -> dict[int, str]:
    table = font["/ToUnicode"].get_object().get_data().decode()
    pairs = _PAIR.findall(table[table.index("beginbfchar") :])
    return {int(code, 16): bytes.fromhex(letters).decode("utf-16-be") for code, letters in pairs}
