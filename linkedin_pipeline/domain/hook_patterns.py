"""The set phrases and forms, English and French, that `hook_rules` looks for in an opening.

Patterns are matched against small letters with straight apostrophes and single spaces; ``^`` is the
first word (or quotation mark, figure, question mark), ``$`` the end.  Strength 1 is what hardly any
other reading survives, 0.3 a hint.  Repetitions are bounded, so that no text makes them slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

QUESTION: Final = "Question"
CONTRARIAN: Final = "Contrarian Statement"
NUMBER: Final = "Striking Number"
STORY: Final = "Story Opening"
CONFESSION: Final = "Confession or Failure"
LIST: Final = "List Promise"
HOW_TO: Final = "How-To Promise"
ANNOUNCEMENT: Final = "Announcement"
QUOTE: Final = "Quote or Dialogue"
WARNING: Final = "Warning"
CONTRAST: Final = "Before and After"
CURIOSITY: Final = "Curiosity Gap"
ADDRESS: Final = "Direct Address"
GRATITUDE: Final = "Gratitude and Celebration"


@dataclass(frozen=True, slots=True)
class Rule:
    """A hook type's name, how strongly a match speaks for it (above 0, up to 1), what to find."""

    name: str
    strength: float
    pattern: re.Pattern[str]


def _rule(name: str, strength: float, *alternatives: str) -> Rule:
    return Rule(name, strength, re.compile("|".join(alternatives)))


_COUNT = (
    r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|twelve|a few|some"
    r"|deux|trois|quatre|cinq|sept|huit|neuf|dix|douze|quelques)"
)
_LISTED = (
    r"(?:things|ways|tips|lessons|mistakes|signs|reasons|rules|habits|questions|steps|books|ideas"
    r"|tools|facts|myths|skills|tricks|truths|traits|principles|trends|takeaways|sentences|phrases"
    r"|choses|façons|conseils|leçons|erreurs|signes|raisons|règles|habitudes|étapes|livres|idées"
    r"|outils|vérités|trucs|astuces|clés|pièges|principes|mots|accroches)\b"
)
_UNIT = (
    r"(?:%|[£$€]|k\b|m\b|bn\b|per ?cent|pour ?cent|millions?|billions?|milliards?|euros?|dollars?"
    r"|pounds?|tonnes?|seconds?|secondes?|minutes?|mins?|hours?|heures?|h\b|days?|jours?|weeks?"
    r"|semaines?|months?|mois|years?|ans)"
)
_AMOUNT = rf"[~≈+<>±-]?\s?(?:[£$€]\s?\d[\d\s.,]{{0,14}}|\d[\d\s.,]{{0,14}}\s?{_UNIT})"
_FIGURE = r"[£$€]?\d[\d.,]*(?![\d:]| ?[ap]\.?m| ?h\b| ?et\b)"  # no time of day
_DAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche)"
)
_YEAR = r"(?:19|20)\d\d"
_AGO = r"(?:years?|months?|weeks?|days?) ago"
_IL_Y_A = r"il y a .{1,25}?(?:ans?|mois|semaines?|jours?)\b"
_NOW = r"(?:today|now|this (?:year|month|week)|aujourd'hui|maintenant|désormais|hier|demain)\b"
_SAID = r"(?:said|says|told|asked|asks|replied|wrote|di[ts]|disait|répond\w*|demand\w+|écri\w+)\b"

RULES: Final = (
    _rule(QUESTION, 1.0, r"\?[\W_]*$"),
    _rule(QUESTION, 0.4, r"\?(?:\s|$)"),
    _rule(QUESTION, 0.3, r"^(?:did you know|have you ever|what if|et si|savez-vous|sais-tu)\b"),
    _rule(
        CONTRARIAN,
        1.0,
        r"unpopular opinion|hot take|contrary to|worst advice|overrated",
        r"(?:received|conventional) wisdom",
        r"avis impopulaire|contrairement à|idées? reçues?|surcoté",
    ),
    _rule(
        CONTRARIAN,
        0.8,
        r"^(?:everyone|everybody|people|they|experts) (?:says?|thinks?|believes?|tells?)",
        r"^(?:tout le monde|on (?:vous|te|nous) (?:a dit|dit|répète)|on (?:répète|accuse))",
        r"\bi (?:don't|do not|no longer) believe\b|\bje ne crois (?:pas|plus)\b",
        r"\b(?:is|are) (?:not )?dead\b|n'(?:est|sont) pas mort|\bmyth\b|\bmythe\b",
    ),
    _rule(
        CONTRARIAN,
        0.6,
        r"^(?:nobody|no one) (?:needs|cares|remembers|wants)|^personne n'a besoin",
        r"\b(?:is|are)(?: not|n't) .{1,40}?[,.;:–—] ?(?:it's|it is|they're|they are)\b",
        r"n(?:e |')(?:est|sont) pas .{1,60}?[,.;:–—] ?(?:c'est|ce sont|elle|il)\b",
        r"\b(?:doesn't|don't|does not|do not) work\b|ne sert à rien|ne servent à rien",
    ),
    _rule(NUMBER, 1.0, rf"^{_AMOUNT}(?: (?:a|an|per|par) \w+)?(?:\s?[.:!]|,\s?\d|\n|$)"),
    _rule(NUMBER, 0.8, rf"^(?:only |just |over |plus de |seulement )?{_AMOUNT}(?:\s|$)"),
    _rule(NUMBER, 0.3, r"\d\s?%|[£$€]\s?\d|\d\s?(?:€|per ?cent|million|billion|milliard)"),
    _rule(
        STORY,
        0.9,
        rf"^(?:last|one|on|it was (?:a )?) ?(?:{_DAY}|week|month|morning|night|evening|day)\b",
        r"^(?:last|one) (?:winter|spring|summer|autumn|year)\b|^it was (?:raining|\d)",
        r"^(?:yesterday|last night|this morning|the day (?:i|we|my))\b",
        r"^the (?:first|last) (?:day|time)\b",
        rf"^{_DAY}(?: dernier| matin| soir| après-midi|, )",
        r"^(?:ce matin|ce soir|hier|cette nuit|un (?:matin|soir|jour)|le (?:premier )?jour)\b",
        r"^(?:la semaine dernière|le mois dernier|l'(?:an|été|hiver|année) derni)",
        r"^(?:at|à) \d{1,2}(?:[:h .]|\b)|^il (?:était|pleuvait|neigeait)\b",
    ),
    _rule(
        STORY,
        0.7,
        rf"^(?:in|en) {_YEAR}\b|^when (?:i|we) (?:was|were|started|joined|left|got)\b",
        r"^(?:quand|lorsque) (?:j'|je |nous |on )(?:étais|ai|avais|étions|était)",
        r"^(?:my|mon|ma) (?:first|old|former|premi\w+|ancien\w*) \w+",
        r"^an? (?:old |young )?(?:man|woman|candidate|customer|client|colleague|friend|stranger)\b",
        r"^une? (?:vieil |jeune )?(?:homme|femme|client|candidat|collègue|ami|inconnu)\w*\b",
        r"^(?:elle|il) (?:est|a|m'a|avait|était|s'est) \w+",
        r"^(?:she|he) (?:was|had|came|walked|said|asked|sat|put|looked|called|arrived)\b",
        r"^.{0,20}\d{1,2}(?::\d\d)? ?[ap]\.?m\b|\d{1,2} ?h(?: ?\d\d)? du (?:matin|soir)",
    ),
    _rule(
        STORY,
        0.4,
        r"^i (?:walked|met|saw|got|received|sat|bought|remember|once|was (?:sitting|standing))\b",
        rf"^j'(?:étais|ai (?:rencontré|croisé|reçu|vu))\b|{_AGO}|^.{{0,25}}\b{_DAY}\b",
    ),
    _rule(
        CONFESSION,
        1.0,
        r"\bi (?:was wrong|failed|screwed up|messed up|made (?:a|the|my|one) .{0,20}mistakes?)\b",
        r"\bi (?:must|have to|need to) (?:confess|admit)\b|^confession|\bi owe .{1,30} apology",
        r"\bi (?:haven't|have not|'ve never|have never|never) (?:told|said)\b|\bmea culpa\b",
        r"\bje me suis tromp|\bj'ai (?:raté|échoué|merdé|menti|honte|commis|failli)\b|\bj'avoue\b",
        r"\bje (?:dois|vais) (?:reconnaître|avouer|admettre)\b|\bj'avais honte\b",
    ),
    _rule(
        CONFESSION,
        0.7,
        r"^(?:i|my) .{0,12}(?:lost|(?:got|was) fired|cried|quit|regret|ashamed|afraid|scared)\b",
        r"^(?:i burned out|i almost|my biggest (?:mistake|failure|regret))\b|\bi used to think\b",
        r"\bmy (?:failure|mistake)s?\b|\bmon (?:plus grand|pire) \w+|\bmes? (?:échecs?|erreurs?)\b",
        r"\bj'ai (?:perdu|pleuré|craqué|abandonné|confondu)\b|personne ne m'avait\b",
    ),
    _rule(
        LIST, 1.0, rf"^(?:the |my |here are |voici |les |mes )?(?:top )?{_COUNT} .{{0,60}}{_LISTED}"
    ),
    _rule(LIST, 0.9, rf"\b(?:here are|voici) (?:my |mes )?{_COUNT} (?:\w+ )?{_LISTED}"),
    _rule(
        LIST,
        0.8,
        rf"^(?:here are |voici )?(?:my |the |mes |les )?{_COUNT} [^\d\W].{{5,150}}:[\W_]*$",
    ),
    _rule(
        LIST,
        0.5,
        rf"^(?:the |some |les |des |here are .{{0,20}}|voici .{{0,20}}){_LISTED}.*:[\W_]*$",
        rf"^{_LISTED}.*:",
    ),
    _rule(
        HOW_TO,
        1.0,
        r"^how (?:to|i|we|you can|not to|did (?:i|we))\b(?!.*\?)",
        r"^comment (?:\w+(?:er|ir|re)|ne pas|j'ai|nous avons|on a|je)\b(?!.*\?)",
    ),
    _rule(
        HOW_TO,
        0.8,
        r"\bhere(?:'s| is) (?:exactly )?how\b|\bstep[- ]by[- ]step\b|\bchecklist\b",
        r"^(?:a |the |my )?.{0,20}\bguide to\b|\b(?:in|en) \w+ (?:steps|étapes)\b",
        r"\bvoici comment\b|\bétape par étape\b|\bmode d'emploi\b|\bma méthode\b",
        r"\bmarche à suivre\b",
    ),
    _rule(HOW_TO, 0.4, r"\bhow to\b|\bcomment (?:faire|\w+er)\b"),
    _rule(
        ANNOUNCEMENT,
        1.0,
        r"\b(?:we're|we are|i'm|i am|now|is) hiring\b|\b(?:nous|on|je) recrut(?:ons|e)\b",
        r"\bannounc(?:e|es|ing|ement)\b|\bsave the date\b|\bregister (?:now|here|today)\b",
        r"\b(?:nous|je|j'|vous) .{0,15}annonc(?:er|e|ons)\b|\b(?:it's|c'est) offici[ae]l\b",
        r"\b(?:it's|is) (?:finally )?(?:out|live|here)(?: now| today)?[!.]|\bça y est\b|^join us\b",
        r"\b(?:j'ai|nous avons) le plaisir\b|\binscri(?:ptions?|vez-vous)\b|\bon l'a fait\b",
    ),
    _rule(
        ANNOUNCEMENT,
        0.8,
        r"\b(?:pleased|thrilled|delighted|excited|stoked) (?:to|that)\b",
        r"\b(?:ravi\w*|heureu\w+) (?:d['e]|que)",
        r"^introducing\b|\bnow available\b|\blaunch(?:es|ed|ing)?\b|\blan(?:cement|ce|çons)\b",
        r"\bwe(?:'ve| have)? (?:just )?raised\b|\bwe(?:'ve| have)? just released\b",
        r"\bi(?:'ll| will| shall) (?:be (?:speaking|hosting|giving|joining)|have the honour)\b",
        r"\blevée de fonds\b|^rendez-vous\b|\bnous recherchons\b|\bje cherche\b|\brejoignez\b",
        r"\bjoin (?:us|me)\b",
    ),
    _rule(
        ANNOUNCEMENT,
        0.5,
        r"\b(?:new|latest|our|my) (?:podcast|episode|webinar|video|article|blog|book|report)\b",
        r"\b(?:nouve(?:l|au|lle)|notre) (?:podcast|épisode|webinaire|vidéo|article|livre)\b",
        r"\bi(?:'m| am) (?:hosting|speaking|joining|moderating|emceeing)\b",
    ),
    _rule(
        QUOTE,
        1.0,
        r'^["“”«„][^"“”«»]{2,}["“”»][\W_]*$',
        rf'^["“”«„][^"“”«»]{{2,}}["“”»][^.!?\n]{{0,40}}\b{_SAID}',
    ),
    _rule(QUOTE, 0.7, r'^["“”«„‘].{2,}|^[–—]\s?\w'),
    _rule(QUOTE, 0.4, r"\b(?:said|told me|m'a dit|me dit|a déclaré|once asked me)\b"),
    _rule(
        WARNING,
        1.0,
        r"^(?:please |and )?(?:stop|never(?! thought| mind)|beware|avoid)\b",
        r"^(?:et )?(?:arrête[zs]?|évite[zs]?|méfie[zs]?|gare à)\b",
        r"^(?:attention|warning|careful)(?:\s?[:!,]| à| aux)",
        r"^(?:don't|do not) (?!miss|forget|worry)\w+|\b(?:is|are) lying to you\b",
        r"^n(?:e |')\w+ez (?:pas|jamais|plus)\b|^ne \w+ (?:pas|jamais|plus)\b",
    ),
    _rule(
        WARNING,
        0.5,
        r"\bbeware\b|\bwarning\b|\bred flags?\b|\bdangers?\b|\bwake-up call\b|\bscam\b|\bméfi",
        r"\byou (?:should|must) (?:never|stop)\b|\b(?:vous|tu) ne (?:devriez|devez|dois)\b",
        r"\b(?:may|can|will|could) cost you\b|\b(?:vous|te) coûte\b",
    ),
    _rule(
        CONTRAST,
        1.0,
        rf"(?:{_AGO}|{_IL_Y_A}).{{3,}}\b{_NOW}",
        rf"^(?:in |en )?{_YEAR}\s?[:,=–-].+?\b(?:{_YEAR}|{_NOW})",
    ),
    _rule(CONTRAST, 0.9, r"^(?:before|avant)\s?[:,].+|\bused to\b.+\bnow\b|\b(?:after|après) ?:"),
    _rule(
        CONTRAST,
        0.8,
        rf"\bfrom {_FIGURE} .{{0,40}}?\bto {_FIGURE}",
        rf"\bd(?:e |'){_FIGURE} .{{0,40}}?\bà {_FIGURE}",
    ),
    _rule(CONTRAST, 0.6, rf"^(?:\w+ ){{1,3}}{_AGO}|^{_IL_Y_A}|^(?:in |en )?{_YEAR}\s?:"),
    _rule(CONTRAST, 0.5, rf"\b(?:in|en) (?:january|june|janvier|juin|{_YEAR})\s?:"),
    _rule(
        CURIOSITY,
        0.9,
        r"what happened next|you(?:'ll| will| won't) (?:never )?(?:guess|believe)\b|guess what",
        r"ce qui (?:s'est|est) (?:passé|arrivé)|ne devin\w+ (?:jamais|pas)|devine[zs]?\b",
        r"je n'ai pas été déçu|\b(?:the|le) secret\b|\blittle[- ]known\b",
    ),
    _rule(
        CURIOSITY,
        0.6,
        r"\b(?:nobody|no one) (?:tells|talks|told|rehearses)\b|\bthe truth about\b",
        r"\bpersonne ne (?:vous |te |le )?(?:dit|parle)\b|\bla vérité sur\b",
        r"\b(?:there(?:'s| is)|the) (?:only )?one (?:\w+ )?(?:thing|word|line|question)\b",
        r"\bune seule (?:chose|phrase|question)\b|\bil y a une (?:seule )?chose\b",
        r"\bone (?:sentence|word|line|slide)\b",
    ),
    _rule(CURIOSITY, 0.4, r"\.\.\.$|\bhere(?:'s| is) (?:why|what)\b|\bvoici (?:pourquoi|ce)\b"),
    _rule(
        ADDRESS,
        0.9,
        r"^dear\b|^chère?s? |^calling all\b",
        r"^to (?:all|every\w*|any\w*|the|those|you) .{0,40}(?:who|[:,])",
        r"^(?:à|a) (?:toi|vous|ceux|celles|tou[ts]\w*) (?:qui|ceux|celles)",
        r"\b(?:post|one|message)(?:'s| is| est) (?:for|pour) (?:you|toi|vous)\b",
    ),
    _rule(ADDRESS, 0.8, r"^if you(?:'re| are|'ve| have)?\b|^si (?:tu|vous)\b|^(?:toi|vous) qui\b"),
    _rule(
        ADDRESS,
        0.6,
        r"^(?:hey|hi|hello|bonjour|attention) [a-zà-ÿ]+s?\b|^[a-zà-ÿ]+s (?:who|qui)\b",
        r"^(?:fellow |young )?(?:founders|managers|leaders|recruiters|marketers|parents|students"
        r"|freelancers|developers|designers|salespeople|entrepreneurs|engineers)\s?[,:]",
        r"^(?:jeunes )?(?:fondateurs|recruteurs|commerciaux|indépendants|développeurs|étudiants"
        r"|dirigeants)\s?[,:]",
    ),
    _rule(
        GRATITUDE,
        1.0,
        r"^(?:(?:a|very|big|huge|un|grand|enormous|énorme|so) ){0,3}(?:thanks?|congrat\w*|kudos"
        r"|shout-?out|happy (?!to\b)\w+|proud|grateful|honou?red|bravo|merci|félicitations|chapeau"
        r"|fière?s?|joyeux|bon anniversaire)\b",
    ),
    _rule(
        GRATITUDE,
        0.5,
        r"\b(?:thank you|thanks to|congratulations|proud of|grateful|anniversary)\b",
        r"\b(?:merci à|fière? d|félicitations|bravo à|anniversaire)\b",
    ),
)
