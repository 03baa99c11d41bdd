"""Web pages as a browser reads them: which tags, which attributes, and where links lead."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """What is in a page.

    Attributes
    ----------
    tags : set of str
        The names of its elements.
    attributes : set of tuple of str, str
        Names of elements, and of attributes that such elements have.
    links : list of str
        Where its links lead.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element's beginning."""
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
