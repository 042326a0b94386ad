"""What rules and keywords read out of an opening, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkedin_pipeline.domain import hook_patterns as names
from linkedin_pipeline.domain.hook_patterns import RULES
from linkedin_pipeline.domain.hook_rules import keyword_strength, rule_strengths

OPENINGS = {
    names.QUESTION: [
        "Why do we still write job ads nobody answers?",
        "Ready for Monday? 🚀",
        "Pourquoi vos clients ne vous parlent-ils plus ?",
    ],
    names.CONTRARIAN: [
        "Unpopular opinion: stand-ups waste time.",
        "Everyone says you need a morning routine. You don't.",
        "Your pipeline is not a forecast, it's a wish list.",
        "Avis impopulaire : les valeurs d’entreprise ne servent à rien.",
        "La prospection à froid n'est pas morte.",
    ],
    names.NUMBER: [
        "83% of our invoices were paid late.",
        "£3,200 a month. The price of one meeting.",
        "14 minutes.\n\nThat is how long they wait.",
        "22 %.\n\nC'est la part des départs précoces.",
        "1 200 €. Voilà ce que coûte un mauvais devis.",
    ],
    names.STORY: [
        "Last Friday an old man knocked on our door.",
        "At 02:14 every ferry sailed twice.",
        "In 2014 I was a hospital porter.",
        "Elle est arrivée à l'entretien avec une glacière.",
        "Il était six heures du matin.",
        "Mercredi, 3 h du matin : la production tombe.",
    ],
    names.CONFESSION: [
        "I was wrong about open-plan offices.",
        "I have to admit it: I did not read the contract.",
        "J'ai raté un recrutement.",
        "Je me suis trompée sur toute la ligne.",
    ],
    names.LIST: [
        "7 habits of teams that never miss a deadline:",
        "Three books that changed how I run meetings:",
        "From the archive, here are 8 ways to say no",
        "6 signes qu'un client va partir :",
        "Cinq leçons apprises après dix ans de conseil :",
    ],
    names.HOW_TO: [
        "How to say no to your boss without losing your job:",
        "Here's how we cut onboarding in half.",
        "Comment préparer un entretien en une heure :",
        "Voici comment relancer un client sans le vexer.",
    ],
    names.ANNOUNCEMENT: [
        "We're hiring!",
        "I am pleased to announce our second office.",
        "Nous recrutons ! 🌊 Un poste à Brest.",
        "Ça y est, notre application est disponible !",
    ],
    names.QUOTE: [
        "“You don't look like an engineer,” the visitor said.",
        "\"It's fine, I'm used to it.\"",
        "« On a toujours fait comme ça. »",
        "« Vous êtes trop gentille pour diriger », m'a dit mon patron.",
    ],
    names.WARNING: [
        "Stop sending calendar links to strangers.",
        "Never sign a contract on a Friday.",
        "Don't hire a manager yet.",
        "Arrêtez de répondre aux mails en congé.",
        "Ne donnez jamais votre prix au téléphone.",
        "N'envoyez plus de questionnaire.",
    ],
    names.CONTRAST: [
        "Three years ago I cleaned offices. Today I manage the building.",
        "Before: 90 emails a day. After: 12.",
        "We used to ship twice a year. Now we ship daily.",
        "Il y a cinq ans, je bégayais ; aujourd'hui je parle à 400 personnes.",
        "2018 : stagiaire. 2025 : associée.",
    ],
    names.CURIOSITY: [
        "I changed one word, and what happened next surprised me.",
        "You'll never guess who called.",
        "Voici ce qui s'est passé ensuite.",
        "Vous ne devinerez jamais qui a appelé.",
    ],
    names.ADDRESS: [
        "If you manage people for the first time, read this.",
        "Dear recruiters: we can see it.",
        "À toi qui n'oses pas demander un congé :",
        "Si vous êtes indépendant, ce post est pour vous.",
    ],
    names.GRATITUDE: [
        "Thank you to the stranger who found my bag.",
        "A big thank you to all who came.",
        "Congratulations to our six apprentices!",
        "Merci à toutes celles qui sont venues.",
        "Bravo à Malik, qui termine sa thèse.",
    ],
}
CASES = [(name, hook) for name, hooks in OPENINGS.items() for hook in hooks]


@pytest.mark.parametrize(("name", "hook"), CASES, ids=[hook for _, hook in CASES])
def test_the_form_of_an_opening_speaks_for_its_type(name: str, hook: str) -> None:
    """The type that a reader would name has the strongest rule, alone or among equals."""
    strengths = rule_strengths(hook)
    assert strengths[name] >= 0.6
    assert strengths[name] == max(strengths.values())


@pytest.mark.parametrize(
    ("hook", "name"),
    [
        ("How can founders hire well?", names.HOW_TO),
        ("Comment as-tu fait ?", names.HOW_TO),
        ("Comment below with your ideas.", names.HOW_TO),
        ("Join us today from 11:05 a.m. to 11:25 a.m.", names.CONTRAST),
        ("2020 was a strange year.", names.NUMBER),
        ("3 things I learned", names.NUMBER),
        ("Never thought I would say this.", names.WARNING),
        ("Don't miss our talk.", names.WARNING),
        ("Happy to help.", names.GRATITUDE),
        ("Notwithstanding the storm, we sailed.", names.STORY),
        ("Missing is not zero.", names.CONTRARIAN),
    ],
)
def test_what_only_looks_alike_is_left_alone(hook: str, name: str) -> None:
    """Neighbouring forms do not set a rule off."""
    assert name not in rule_strengths(hook)


@pytest.mark.parametrize("hook", ["", " \n", "🎉🎉", "Healthcare has outperformed tech.", "漢字"])
def test_most_openings_have_no_such_form(hook: str) -> None:
    """No rule speaks where there is nothing to go by."""
    assert rule_strengths(hook) == {}


@pytest.mark.parametrize(
    "hook",
    [
        "STOP SENDING LINKS.",
        "📢 👉  stop sending links.",
        "• \u200bstop sending links.",
        "𝗦𝘁𝗼𝗽 𝘀𝗲𝗻𝗱𝗶𝗻𝗴 links.",
        "Stop\u00a0sending\u202flinks.",
    ],
    ids=["capitals", "emojis", "bullet", "bold", "spaces"],
)
def test_decoration_hides_nothing(hook: str) -> None:
    """Capitals, emojis, bullets, bold letters and odd spaces are read through."""
    assert rule_strengths(hook)[names.WARNING] == 1.0


def test_typographic_apostrophes_are_apostrophes() -> None:
    """Both forms of "j'ai" are one."""
    assert rule_strengths("J’ai raté") == rule_strengths("J'ai raté") != {}


def test_strengths_are_bounded_and_the_strongest_counts() -> None:
    """Rules of one type do not add up."""
    assert all(0.0 < rule.strength <= 1.0 for rule in RULES)
    assert rule_strengths("Et si on arrêtait ? Vraiment ?")[names.QUESTION] == 1.0


def test_only_the_opening_counts() -> None:
    """What stands beyond 300 characters is not read."""
    assert rule_strengths("word " * 60 + "?") == {}
    assert keyword_strength("word " * 60 + "deadline", ["deadline"]) == 0.0


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    """No text breaks a rule, and no strength is out of bounds."""
    strengths = rule_strengths(text)
    assert set(strengths) <= {rule.name for rule in RULES}
    assert all(0.0 < strength <= 1.0 for strength in strengths.values())
    assert keyword_strength(text, [text, "a", ".*", "("]) in {0.0, 0.5, 1.0}


@pytest.mark.parametrize(
    ("hook", "keywords", "strength"),
    [
        ("We met a deadline.", ["deadline"], 0.5),
        ("Deadline met.", ["deadline"], 1.0),
        ("We met a deadline and a budget.", ["deadline", "BUDGET"], 1.0),
        ("We met a deadline.", ["deadline", " Deadline ", "DEADLINE"], 0.5),
        ("We met deadlines.", ["deadline"], 0.0),
        ("Only 5 % paid.", ["%"], 0.5),
        ("Il dit « non »", ["« "], 0.5),
        ("C’est l’idée reçue du jour.", ["idée reçue"], 0.5),
        ("Un plan (a+b)* facile", ["(a+b)*"], 0.5),
        ("Anything at all", ["", " ", ".*", "a|"], 0.0),
        ("Anything at all", [], 0.0),
    ],
)
def test_keywords_are_found_as_words(hook: str, keywords: list[str], strength: float) -> None:
    """One is a hint; one at the start, or two, are as much as keywords can say."""
    assert keyword_strength(hook, keywords) == strength
