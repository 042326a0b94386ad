"""The documents of the project as tests read them: links, headings, tables, command lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

from linkedin_pipeline.settings import PROJECT_ROOT

DOCUMENTS = [
    PROJECT_ROOT / "README.md",
    PROJECT_ROOT / "CHANGELOG.md",
    *sorted((PROJECT_ROOT / "docs").rglob("*.md")),
    *sorted((PROJECT_ROOT / "sql").rglob("*.md")),
]
GENERATED = {"sql.md": "database.reference", "commands.md": "command_reference"}
"""Pages of docs, and the module that prints each."""
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"(?<![\w-])linkedin-pipeline(?= [^\[])")


def read(path: str) -> str:
    """Return the text of a document, named from the top."""
    return (PROJECT_ROOT / path).read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    """Return the fenced blocks in one of the languages, in any without one."""
    return [
        block for language, block in _FENCED.findall(text) if not languages or language in languages
    ]


def prose(text: str) -> str:
    """Return a document without its fenced blocks."""
    return _FENCED.sub("", text)


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, to the next one that is not below it."""
    level = heading.partition(" ")[0]
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    assert found, f"there is no heading {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table(text: str, first: str) -> list[list[str]]:
    """Return the rows, as cells, of all tables whose first column has that title."""
    rows: list[list[str]] = []
    inside = False
    for line in prose(text).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        inside = bool(cells) and (inside or cells[0] == first)
        if inside and cells[0] != first and set(cells[0]) != {"-"}:
            rows.append([cell.replace(r"\|", "|") for cell in cells])
    return rows


def literals(cell: str) -> list[str]:
    """Return what stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def anchors(text: str) -> set[str]:
    """Return the names under which GitHub links to the headings."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(document: Path) -> Iterator[str]:
    """Yield the relative links that lead to no file, or to no heading of one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text(encoding="utf-8"))):
        place, _, anchor = target.partition("#")
        leads_to = document.parent / place if place else document
        if re.match(r"\w+:", target):
            continue
        if not leads_to.exists() or (
            anchor and anchor not in anchors(leads_to.read_text(encoding="utf-8"))
        ):
            yield f"{document.name}: {target}"


def calls(text: str, names: Collection[str]) -> Iterator[tuple[list[str], bool]]:
    """Yield the words of every call of the program; whether it is whole, as in a fenced block.

    What stands between backticks in the prose may be the beginning of a call, and may begin with
    one of the commands' ``names``; alone a name may be something else.
    """
    pieces = [(block, True) for block in blocks(text)]
    for literal in literals(prose(text).replace(r"\|", "|")):
        name, *words = literal.split()
        bare = name in names and words and "[" not in literal
        pieces.append((f"linkedin-pipeline {literal}" if bare else literal, False))
    for text_of_piece, whole in pieces:
        piece = re.sub(r"(?<=\s)#.*$", "", text_of_piece.replace("\\\n", " "), flags=re.MULTILINE)
        for found in _CALL.finditer(piece):
            if piece[: found.start()].endswith("Usage: "):
                continue
            lexer = shlex.shlex(piece[found.start() :], posix=True, punctuation_chars=";|&()<>\n")
            lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
            call: list[str] = []
            for word in lexer:
                if set(word) <= set(";|&()<>\n"):
                    break
                call.append(word)
            yield call, whole
