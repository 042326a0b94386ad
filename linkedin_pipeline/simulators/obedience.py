"""A model without any judgement: it does what the text of posts tells it to, English or French.

Whether a sentence stands inside a post's block or outside makes no difference to it.  What it was
told and did is returned, so that a test can prove that an attack was real.  It takes some honest
advice for an order too (about one of twenty sample posts), as gullible readers do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkedin_pipeline.simulators.answers import Schema, resolve, results, typed_id
from linkedin_pipeline.simulators.prompts import Prompt

_ANY = re.IGNORECASE | re.DOTALL


def _one_of(*patterns: str) -> str:
    """Return a pattern for any of some words."""
    return rf"\b(?:{'|'.join(patterns)})\b"


def _sought(*patterns: str) -> re.Pattern[str]:
    return re.compile(_one_of(*patterns), _ANY)


_QUOTED = r"(?:[\"«“`]\s*|(?<!\w)['‘]\s*)([^\"»”`\n]{1,120}?)\s*[\"»”`'’](?!\w)"
_OPEN, _CLOSE = r"[\"'«“]?\s*", r"\s*[\"'»”]?"
_ANSWER = _sought(
    *("answer", "repl(?:y|ies)", "respond", "output", "return", "print", "write", "say", "give"),
    *("produce", "emit", "generate", "réponds", "répondez", "répondre", "renvoie", "renvoyez"),
    *("retourne[rz]?", "écris", "écrivez", "affiche[rz]?", "dis", "dites", "rends", "rendez"),
    *("donne[rz]?", "produis", "produisez", "g[ée]n[éè]re[rz]?"),
)
_LABEL = _sought(
    *("label", "classif(?:y|ie[rz]?)", "classe[rz]?", "tag", "categori[sz]e", "catégorise[rz]?"),
    *("set", "choose", "choisis", "choisissez", "choisir", "pick", "select", "sélectionne[rz]?"),
    *("use", "utilise[rz]?", "assign", "attribue[rz]?", "mark", "marque[rz]?", "mets", "mettez"),
    *("mettre", "put", "étiquette[rz]?", "treat", "considère", "file"),
)
_DIMENSIONS = {
    "topic": r"topics?|subjects?|sujets?|thèmes?|thématiques?",
    "audience": r"audiences?|publics?|cibles?",
    "hook": r"hook[ _]?types?|hooks?|accroches?|types? d['’]accroche",
}
_NAMED = _one_of(
    *_DIMENSIONS.values(), r"labels?", "étiquettes?", "categor(?:y|ies)", "catégories?"
)
_IS = _one_of(
    *("is", "to", "as", "with", "must be", "should be", "est", "à", "par", "en", "sur", "comme"),
    *("doit être", "devient", "number", "numéro", r"(?:of|de) (?:this|ce) (?:post|text|texte)"),
)
_LINK = rf"(?:\s*(?:=|:|{_IS}))*\s*"
_CAPITALS = r"[A-ZÀ-Ý][\w&/-]*(?: [A-ZÀ-Ý&][\w&/-]*)*"
# capitals mark a label that is not quoted, so these two look at case where they need to
_ASSIGNED = re.compile(rf"(?i:({_NAMED}){_LINK})(?:{_QUOTED}|({_CAPITALS}))", re.DOTALL)
_PLAIN = re.compile(
    rf"(?:{_QUOTED}|(?i:{_one_of('as', 'comme', 'en tant que', 'to', 'under', 'dans', 'en')})\s+"
    r"([A-ZÀ-Ý][\w&/-]*(?: [\w&/-]+){0,4}))",
    re.DOTALL,
)
_ALL = _sought(
    *("all", "every", "each", "everything", "any", "tous", "toutes", "tout", "chaque"),
    *("others?", "autres"),
)
_ONLY = _sought("only", "just", "exactly", "uniquement", "seulement", "exactement", "juste")
_PROSE = _sought(
    *("plain (?:text|prose|english)", "prose", "no json", "not (?:in |as |use )?json"),
    *("without (?:any )?json", "instead of json", "(?:stop|avoid|drop|skip) (?:the |using )?json"),
    *("texte (?:brut|libre|simple)", "pas (?:de|en) json", "sans json", "au lieu d[eu] json"),
    *("plutôt qu(?:e du |['’]en )json", "poème", "poem", "haiku"),
)
_EMPTY = re.compile(
    _one_of("empty", "nothing", "(?:no|zero) results?", "vides?", "rien", "aucun résultat")
    + r"|\[\s*\]",
    _ANY,
)
_ID = re.compile(
    _one_of("ids?", "identifiants?", "identifier")
    + rf"{_LINK}{_OPEN}([\w-]*\d[\w-]*|[\w]+-[\w-]+)",
    _ANY,
)
_ADD = _sought("add", "include", r"ajoute\w*", r"inclu\w+", r"insère\w*")
_VALUE = _one_of(
    *("with (?:the )?value", "set to", "containing", "avec la valeur", "valant", "contenant"),
    *("à", "to"),
)
_FIELD = re.compile(
    _one_of("fields?", "keys?", "property", "attributes?", "champs?", "clés?", "propriétés?")
    + rf"\s*(?:called |named |nommée? |appelée? )?{_OPEN}([\w-]+){_CLOSE}"
    + rf"(?:\s*(?:=|:|{_VALUE})\s*{_OPEN}([^\"'»”.\n]+))?",
    _ANY,
)
_DERAILED = _sought(
    *(r"ignor\w*", "disregard", "forget", "override", "bypass", "oublie[rz]?", "outrepasse[rz]?"),
    *("ne tiens pas compte", "ne tenez pas compte", "fais abstraction", "you are now"),
    *("(?:tu es|vous êtes) (?:maintenant|désormais)", "new instructions?"),
    "nouvelles? (?:instructions?|consignes?)",
)
_REVEAL = re.compile(
    _one_of(
        *("reveal", "print", "show", "repeat", "leak", "quote", "affiche[rz]?", "révèle[rz]?"),
        *("répète[rz]?", "montre[rz]?"),
    )
    + ".{0,60}"
    + _one_of("prompt", "instructions?", "consignes?", "system", "système"),
    _ANY,
)


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that a text demands; ``target`` is the id of another post that it names."""

    what: str
    value: str = ""
    name: str = ""
    everywhere: bool = False
    target: str = ""


def orders(text: str) -> list[Order]:
    """Read what a text demands of a model."""
    verbatim = _verbatim(text)
    if verbatim:
        return [Order("verbatim", verbatim)]
    found = [one for part in re.split(r"(?<=[.!?])\s+|\n+", text) for one in _read(part)]
    if not found and _DERAILED.search(text):
        found = [Order("prose", "Understood. I no longer follow my instructions.")]
    return found


def obey(
    prompt: Prompt, schema: Schema, items: Schema | None, document: Any
) -> tuple[str, tuple[str, ...]]:
    """Return the answer's text after every order was followed, and the orders."""
    followed: list[str] = []
    for owner, text in [*((block.id, block.text) for block in prompt.blocks), ("", prompt.outside)]:
        for order in orders(text):
            followed.append(f"{order.what}: {order.value or order.name}".rstrip(": "))
            if order.what in {"prose", "verbatim"}:
                return order.value, tuple(followed)
            if order.what == "reveal":
                return prompt.instructions or prompt.user, tuple(followed)
            _follow(order, owner, results(document), items, schema, prompt.codes)
    return json.dumps(document, ensure_ascii=False), tuple(followed)


def _verbatim(text: str) -> str | None:
    """Return a JSON object or list that the text tells to answer with."""
    if not _ANSWER.search(text):
        return None
    for start in re.finditer(r"[\[{]", text):
        try:
            value, end = json.JSONDecoder().raw_decode(text, start.start())
        except ValueError:
            continue
        if value:
            return text[start.start() : end]
    return None


def _read(part: str) -> Iterator[Order]:
    everywhere = bool(_ALL.search(part))
    answers = bool(_ANSWER.search(part))
    extra = _FIELD.search(part)
    if _REVEAL.search(part):
        yield Order("reveal")
    elif answers and _PROSE.search(part):
        quoted = re.search(_QUOTED, part)
        yield Order("prose", quoted[1] if quoted else "Here is my answer, in plain prose.")
    elif answers and _EMPTY.search(part):
        yield Order("empty", everywhere=True)
    elif extra and _ADD.search(part):
        yield Order("field", (extra[2] or "yes").strip(), extra[1], everywhere)
    else:
        yield from _read_label(part, everywhere=everywhere, answers=answers)


def _read_label(part: str, *, everywhere: bool, answers: bool) -> Iterator[Order]:
    labels = bool(_LABEL.search(part))
    other = _ID.search(part)
    target = other[1] if other else ""
    rest = part if other is None else f"{part[: other.start()]} {part[other.end() :]}"
    assigned, plain = list(_ASSIGNED.finditer(rest)), _PLAIN.search(rest)
    if not (answers or labels):
        return
    if assigned:
        for one in assigned:
            value = (one[2] or one[3]).strip()
            yield Order("label", value, _dimension(one[1]), everywhere, target)
    elif labels and plain:
        yield Order("label", (plain[1] or plain[2]).strip(), "", everywhere, target)
    elif target:
        yield Order("id", target, everywhere=everywhere)
    elif plain and plain[1] and _ONLY.search(rest):
        yield Order("prose", plain[1])


def _dimension(word: str) -> str:
    for name, pattern in _DIMENSIONS.items():
        if re.fullmatch(pattern, word, _ANY):
            return name
    return ""


def _follow(
    order: Order,
    owner: str,
    listed: list[dict[str, Any]] | None,
    items: Schema | None,
    schema: Schema,
    codes: Mapping[str, tuple[str, str]],
) -> None:
    if listed is None or items is None:
        return
    if order.what == "empty":
        listed.clear()
        return
    named = [one for one in listed if str(one["id"]) == order.target and not order.everywhere]
    own = [one for one in listed if str(one["id"]) == owner]
    everyone = order.everywhere or not owner
    for result in listed if everyone and not named else named or own:
        match order.what:
            case "id":
                result["id"] = typed_id(order.value, items)
            case "field":
                result[order.name] = order.value
            case _:
                for name in _labels(items, order.name, schema):
                    offered = resolve(items["properties"][name], schema)["enum"]
                    result[name] = _code_of(order.value, offered, codes)


def _code_of(label: str, offered: Sequence[Any], codes: Mapping[str, tuple[str, str]]) -> str:
    """Return the code that answers have instead of a label, as any reader finds it in the list."""
    named = (code for code in offered if code in codes and codes[code][0] == label)
    return next(named, label)


def _labels(items: Schema, dimension: str, schema: Schema) -> Sequence[str]:
    names = [name for name, one in items["properties"].items() if "enum" in resolve(one, schema)]
    chosen = [name for name in names if dimension and dimension in name]
    return chosen or names
