"""HTML as a browser's parser takes it apart, as far as the standard library knows."""

from __future__ import annotations

from html.parser import HTMLParser

INLINE = {"a", "bdi", "code", "span", "strong", "time"}
VOID = {"input", "link", "meta"}


class ParsedPage(HTMLParser):
    """Tags with the names of their attributes, values of attributes, and what can be read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.skeleton: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.style = ""
        self._pieces: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == [], "elements are left open"

    @property
    def tags(self) -> set[str]:
        """The names of all elements."""
        return {tag for tag, _ in self.skeleton}

    @property
    def attributes(self) -> set[str]:
        """The names of all attributes."""
        return {name for _, names in self.skeleton for name in names}

    @property
    def text(self) -> str:
        """What can be read, white space folded."""
        return " ".join("".join(self._pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a start tag."""
        self.skeleton.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]
        if tag not in INLINE:
            self._pieces.append(" ")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Take an end tag, which must close the innermost element."""
        assert self._open[-1:] == [tag], f"</{tag}> within {self._open}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Take text."""
        if self._open[-1:] == ["style"]:
            self.style += data
        else:
            self._pieces.append(data)
