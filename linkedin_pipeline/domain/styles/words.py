"""Words that carry style and not subject: function words, pronouns, calls to answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

Language = Literal["en", "fr"]
Person = Literal["i", "we", "you", "they"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FUNCTION_WORDS: dict[Language, tuple[str, ...]] = {
    "en": _words(
        """
        a about after again all almost also always am an and another any are as at back be because
        been before being best better between both but by can can't could did do does doesn't don't
        down each else enough even ever every few first for from get go good got great had has have
        he her here him his how i i'm i've if in into is isn't it it's its just last least less let
        let's like little made make many may maybe me might more most much must my never new no nor
        not nothing now of off on once one only or other our out over own perhaps quite rather
        really same see she should since so some something soon still such than that that's the
        their them then there these they thing things this those though through to today together
        too under until up us very was way we we're well were what when where whether which while
        who why will with within without won't would yes yet you you're your
        """
    ),
    "fr": _words(
        """
        a à ai alors après assez au aucun aujourd'hui aussi autre aux avant avec avez avoir avons
        beaucoup bien c' car ce cela celle celui ces cet cette ceux chaque chez comme comment d'
        dans de depuis des donc du elle elles en encore enfin ensuite entre est et étaient était été
        être eux fait faire faut il ils j' jamais je l' la là le les leur leurs lors lui m' ma mais
        me même mes moi moins mon n' ne ni nos notre nous on ont ou où par parce parfois pas pendant
        peu peut plus plutôt pour pourquoi pourtant presque puis qu' quand que quel quelle quelques
        qui quoi rien s' sa sans se ses si soi son sont souvent sous suis sur surtout t' ta te tes
        toi ton toujours tous tout toute toutes très trop tu un une va vers veut vos votre vous
        voici voilà vraiment y
        """
    ),
}

PERSONS: dict[Language, dict[str, Person]] = {
    "en": {
        **dict.fromkeys(_words("i me my mine myself i'm i've i'll i'd"), "i"),
        **dict.fromkeys(_words("we us our ours ourselves we're we've we'll we'd let's"), "we"),
        **dict.fromkeys(_words("you your yours yourself you're you've you'll you'd"), "you"),
        **dict.fromkeys(_words("he she they him her them his hers their theirs"), "they"),
    },
    "fr": {
        **dict.fromkeys(_words("je j' me m' moi mon ma mes mien mienne"), "i"),
        **dict.fromkeys(_words("nous notre nos nôtre on"), "we"),
        **dict.fromkeys(_words("tu te t' toi ton ta tes vous votre vos"), "you"),
        **dict.fromkeys(_words("il elle ils elles lui leur leurs eux"), "they"),
    },
}
FAMILIAR = frozenset(_words("tu te t' toi ton ta tes"))
"""French for "you" among people who know each other."""

CALLS: dict[Language, frozenset[str]] = {
    "en": frozenset(_words("comment comments thoughts agree repost follow dm share tell tag")),
    "fr": frozenset(
        _words("commentaire commentaires avis partagez partage dites abonnez-vous repostez pensez")
    ),
}
"""Words that, near the end of a post, ask readers to do something about it."""

_TELLING: dict[Language, tuple[str, ...]] = {
    "en": _words(
        """
        the and of to is are was were have has had you your it it's its this that these those with
        for from by an been will would can could should not does did my we our they their he she
        his her what when how why who i i'm i've don't at in
        """
    ),
    "fr": _words(
        """
        le les des du une et est sont dans pour pas qui avec sur au aux ce cette ces je j' c' l' d'
        qu' n' nous vous il elle ils elles mais où votre notre mes ses leur être avoir été plus très
        tout tous comme mon son sa ne
        """
    ),
}
"""Words that tell one of the two languages from the other and from their neighbours."""
_LANGUAGES: dict[str, Language] = {
    word: language for language, words in _TELLING.items() for word in words
}
_SHARE = 0.1
"""Telling words among all words under which a text is neither; prose has a quarter and more."""


def language_of(words: Iterable[str]) -> Language | None:
    """Tell the language of lower-case words by its typical ones; None for neither.

    Too little text, a mixture in which neither leads, and every other language answer None.
    """
    found = Counter(_LANGUAGES.get(word) for word in words)
    english, french = found["en"], found["fr"]
    if english == french or max(english, french) < _SHARE * found.total():
        return None
    return "en" if english > french else "fr"
