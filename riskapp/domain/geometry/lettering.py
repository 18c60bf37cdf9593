"""How wide words are in the typeface of the product, and where they break.

Advance widths are the typeface's own (Atkinson Hyperlegible Next, thousandths of an em), so that a drawing made on
the server fits the page and the paper alike without asking either.
"""

from __future__ import annotations

_CHARACTERS = (
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
    "£·½àáâçèéêëìíîïñòóôöùúûüÀÉ\u2013—\u2018\u2019“”•…"
)
_ADVANCES = {
    400: """
        280 286 301 651 592 919 731 160 299 299 485 606 210 362 210 387 648 407 548 576 614 588 598 510 615
        595 210 210 553 628 553 480 778 626 613 645 669 569 552 694 694 392 512 631 541 824 693 714 592 724
        614 592 558 690 593 856 623 575 607 317 387 344 552 372 243 525 566 485 564 538 314 558 550 252 245
        492 262 845 550 548 566 574 349 471 326 540 461 684 481 449 460 344 237 344 555 610 240 820 525 525
        525 485 538 538 538 538 252 252 252 266 550 548 548 548 548 540 540 540 540 626 569 504 824 236 236
        399 399 438 670
    """,
    600: """
        303 298 362 730 604 953 727 195 324 324 485 598 252 369 253 424 656 430 569 592 621 602 617 529 621
        578 253 253 564 617 564 526 780 662 634 654 683 589 562 711 699 415 546 654 548 848 710 737 617 747
        639 604 592 687 628 877 666 627 615 333 424 344 573 391 274 544 587 502 586 555 349 582 565 285 255
        536 301 870 565 567 587 591 368 497 360 559 509 723 522 499 492 370 249 370 543 627 277 843 544 544
        544 502 555 555 555 555 285 285 285 299 565 567 567 567 567 559 559 559 559 662 589 502 830 259 259
        455 455 438 747
    """,
    700: """
        312 303 390 765 610 969 725 210 335 335 485 595 271 373 272 440 659 440 579 600 624 607 626 537 624
        571 272 272 569 612 569 547 781 678 643 658 688 597 566 718 701 424 561 663 552 858 717 746 629 756
        650 610 607 686 644 886 685 650 618 340 440 344 582 400 288 552 596 510 596 563 365 593 571 300 259
        555 318 882 571 576 596 599 376 508 376 567 530 740 539 521 505 381 254 381 537 634 294 852 552 552
        552 510 563 563 563 563 300 300 300 314 571 576 576 576 576 567 567 567 567 678 597 501 832 269 269
        479 479 438 780
    """,
}
_WIDTHS = {weight: dict(zip(_CHARACTERS, map(int, row.split()), strict=True)) for weight, row in _ADVANCES.items()}
_UNKNOWN = 620


def width_of(text: str, size: float, weight: int = 400) -> float:
    """The width of one line of text, in the units of its size; weight is 400, 600 or 700."""
    widths = _WIDTHS[weight]
    return sum(widths.get(character, _UNKNOWN) for character in text) * size / 1000


def wrapped(text: str, width: float, size: float, weight: int = 400) -> tuple[str, ...]:
    """The text as lines no wider than `width`; a single word that is wider keeps a line to itself."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(joined, size, weight) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return tuple(lines)
