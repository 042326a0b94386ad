"""The hook of a post, by example."""

from __future__ import annotations

import pytest

from linkedin_pipeline.domain.hooks import extract_hook

NARROW = "\u202f"
FAMILY = "👩‍👩‍👧‍👦"
LONG_CLAUSES = (
    "After eleven years of running support teams on three continents, of hiring and losing people I"
    " admired, I have come to believe that the only number worth reading on a Monday is how many"
    " customers wrote back to say thank you, because everything else can be bought or gamed or"
    " explained away by somebody whose bonus depends on it and usually it is"
)
LONG_PLAIN = "we kept going and " * 40

EXAMPLES = {
    "one line": ("We hired nobody this year.", "We hired nobody this year."),
    "one line without a full stop": (
        "How to lose a customer in two emails",
        "How to lose a customer in two emails",
    ),
    "first sentence of a paragraph": (
        "Most onboarding plans fail on day three. Here is what we changed. It worked.",
        "Most onboarding plans fail on day three.",
    ),
    "first line of several": (
        "I read 200 job ads last month\n\nNine in ten say the same thing.",
        "I read 200 job ads last month",
    ),
    "a very short line leads on": (
        "Stop.\n\nYour meeting could have been silence. Think about it.",
        "Stop.\n\nYour meeting could have been silence.",
    ),
    "three very short lines": (
        "No.\nNo.\nAnd no again to unpaid trial days. Full stop.",
        "No.\nNo.\nAnd no again to unpaid trial days.",
    ),
    "a short sentence leads on": (
        "I got fired. It was the best Tuesday of my life. Let me explain.",
        "I got fired. It was the best Tuesday of my life.",
    ),
    "a tiny opening before a long sentence takes what fits": (
        "Wow. " + LONG_CLAUSES,
        "Wow. " + LONG_CLAUSES[: LONG_CLAUSES.index(", because")],
    ),
    "a readable opening stays alone before a long sentence": (
        "Leaders eat last, do they? " + LONG_CLAUSES,
        "Leaders eat last, do they?",
    ),
    "a lead-in takes what it leads to": (
        "Unpopular opinion:\n\nYour CV should have one page. Two at most.",
        "Unpopular opinion:\n\nYour CV should have one page.",
    ),
    "a salutation takes what follows": (
        "Dear first-time managers of the world,\n\nYou will get it wrong. That is fine.",
        "Dear first-time managers of the world,\n\nYou will get it wrong.",
    ),
    "a list keeps to its announcement": (
        "5 tools I use:\n- Paper\n- Pencil\n- Patience",
        "5 tools I use:",
    ),
    "a numbered list keeps to its announcement": (
        "My rules:\n\n1. Ask\n2. Listen\n3. Wait",
        "My rules:",
    ),
    "a list of emojis keeps to its announcement": (
        "What I dropped:\n✅ Reports\n✅ Stand-ups\n✅ Slides",
        "What I dropped:",
    ),
    "a list from the first character": (
        "1. Ask for help.\n2. Say no.\n3. Sleep.",
        "1. Ask for help.",
    ),
    "a list that lost its line breaks": (
        "Three habits. 1. Write it down. 2. Say it aloud. 3. Do it.",
        "Three habits.",
    ),
    "bullets from the first character": ("• Fewer meetings\n• More focus", "• Fewer meetings"),
    "a number alone leads on": (
        "73%\n\nof candidates never hear back. Not once.",
        "73%\n\nof candidates never hear back.",
    ),
    "a wrapped sentence": (
        "I spent ten years of my life\nbuilding a product\nthat nobody wanted.\nThen I asked.",
        "I spent ten years of my life\nbuilding a product\nthat nobody wanted.",
    ),
    "a sentence that trails off into the next line": (
        "I thought I knew everything about sales...\n\n...until a client laughed. Loudly.",
        "I thought I knew everything about sales...\n\n...until a client laughed.",
    ),
    "an emoji line takes what follows": (
        "🚨🚨🚨\n\nOur biggest launch is tomorrow. Join us!",
        "🚨🚨🚨\n\nOur biggest launch is tomorrow.",
    ),
    "an emoji at the start": (
        "🚀 We shipped on time. For once.",
        "🚀 We shipped on time.",
    ),
    "an emoji after the full stop": (
        "We said no to the money. 🙅🏽‍♀️ Here is why.",
        "We said no to the money. 🙅🏽‍♀️",
    ),
    "an emoji instead of a full stop": (
        "We closed the round last night 🎉 Thank you all.",
        "We closed the round last night 🎉",
    ),
    "a heart inside a sentence": (
        "Everybody in this company ❤️ Mondays, says the boss.",
        "Everybody in this company ❤️ Mondays, says the boss.",
    ),
    "a pointing emoji opens the next sentence": (
        "The guide is finally out. 👉 Link in the comments.",
        "The guide is finally out.",
    ),
    "keycaps are not words": (
        "1️⃣ 2️⃣ 3️⃣\nThree lessons from a failed pitch. All costly.",
        "1️⃣ 2️⃣ 3️⃣\nThree lessons from a failed pitch.",
    ),
    "hashtags only": ("#hiring #remote #Paris", "#hiring #remote #Paris"),
    "a tag line first": (
        "#leadership #culture\n\nTrust is built in small moments. Very small.",
        "Trust is built in small moments.",
    ),
    "tags and emojis first": (
        "🔥 #sales #b2b 🔥\n🎯\nCold calls still work. Sorry.",
        "🎯\nCold calls still work.",
    ),
    "an emoji line before a tag line": (
        "🎯\n#sales #b2b\nCold calls still work. Sorry.",
        "Cold calls still work.",
    ),
    "a link first": (
        "https://example.com/report\nThe salary report is out. Read it.",
        "The salary report is out.",
    ),
    "a link only": ("https://example.com/report", "https://example.com/report"),
    "a hashtag inside the sentence": (
        "#Pricing is a conversation, not a number. Ours lasted a year.",
        "#Pricing is a conversation, not a number.",
    ),
    "hashtags after the sentence": (
        "Great teams argue well #team #feedback #hr",
        "Great teams argue well",
    ),
    "a hashtag that ends the sentence": (
        "Why I still believe in #onboarding",
        "Why I still believe in #onboarding",
    ),
    "a hashtag that the sentence needs": (
        "Nobody wants to talk about the #burnout #health #work",
        "Nobody wants to talk about the #burnout",
    ),
    "a short wish with its hashtag": ("Happy #NewYear !", "Happy #NewYear !"),
    "a link after the sentence": (
        "Our new playbook for first calls https://example.com/x",
        "Our new playbook for first calls",
    ),
    "punctuation before the text": (
        "———\nThe quiet ones notice first. Always.",
        "The quiet ones notice first.",
    ),
    "decoration without end": ("━" * 5_000 + " The quiet ones notice.", "The quiet ones notice."),
    "decoration glued to the text": ("━" * 5_000 + "Quiet ones notice.", "Quiet ones notice."),
    "fake-bold letters": (
        "𝗦𝘁𝗼𝗽 𝗮𝗽𝗼𝗹𝗼𝗴𝗶𝘀𝗶𝗻𝗴 𝗳𝗼𝗿 𝗯𝗿𝗲𝗮𝗸𝘀. 𝗡𝗼𝗯𝗼𝗱𝘆 𝗶𝘀 𝗰𝗼𝘂𝗻𝘁𝗶𝗻𝗴.",
        "𝗦𝘁𝗼𝗽 𝗮𝗽𝗼𝗹𝗼𝗴𝗶𝘀𝗶𝗻𝗴 𝗳𝗼𝗿 𝗯𝗿𝗲𝗮𝗸𝘀.",
    ),
    "squared letters": ("🅽🅾", "🅽🅾"),
    "abbreviations": (
        "Dr. Diallo vs. the U.S. Patent Office, i.e. me vs. No. 5 on the list. I lost.",
        "Dr. Diallo vs. the U.S. Patent Office, i.e. me vs. No. 5 on the list.",
    ),
    "an acronym that ends the sentence": (
        "Nobody had done this in the U.S. We tried.",
        "Nobody had done this in the U.S.",
    ),
    "decimals and versions": (
        "Version 3.5 cut our costs by 12.75 percent. Here is how.",
        "Version 3.5 cut our costs by 12.75 percent.",
    ),
    "a year that ends the sentence": (
        "We nearly went under in 2019. Then a stranger called.",
        "We nearly went under in 2019.",
    ),
    "marks in a row": (
        "You charge by the hour?! That explains a lot...",
        "You charge by the hour?!",
    ),
    "an ellipsis inside the sentence": (
        "The plan was simple... and wrong. We followed it.",
        "The plan was simple... and wrong.",
    ),
    "a quotation of two sentences": (
        "“Culture is what you tolerate. Everything else is a poster.” My first boss.",
        "“Culture is what you tolerate. Everything else is a poster.”",
    ),
    "a question quoted inside the sentence": (
        '"Are you happy here?" she asked on my last day. I froze.',
        '"Are you happy here?" she asked on my last day.',
    ),
    "brackets that hold the full stop": (
        "We doubled our prices (and lost one client. One!). Nobody noticed.",
        "We doubled our prices (and lost one client. One!).",
    ),
    "a missing space": (
        "The devil lies in the details.It always did.",
        "The devil lies in the details.",
    ),
    "a domain name": (
        "Why Example.Agency beat us to the deal. A short story.",
        "Why Example.Agency beat us to the deal.",
    ),
    "no capitals at all": (
        "i deleted every dashboard we had. nobody asked where they went.",
        "i deleted every dashboard we had.",
    ),
    "French marks with spaces": (
        f"Vous recrutez encore sur diplôme{NARROW}? Moi, j'ai arrêté.",
        f"Vous recrutez encore sur diplôme{NARROW}?",
    ),
    "French marks with plain no-break spaces": (
        "Quel culot\u00a0! Mon client a payé d'avance\u00a0! Deux fois.",
        "Quel culot\u00a0! Mon client a payé d'avance\u00a0!",
    ),
    "a French quotation inside the sentence": (
        "«\u00a0Tu es trop gentil\u00a0!\u00a0» m'a dit mon directeur. Merci à lui.",
        "«\u00a0Tu es trop gentil\u00a0!\u00a0» m'a dit mon directeur.",
    ),
    "a French quotation of two sentences": (
        "« On a toujours fait ainsi. Pourquoi changer ? » Voilà comment on coule.",
        "« On a toujours fait ainsi. Pourquoi changer ? »",
    ),
    "French abbreviations": (
        "M. Le Goff et Mme. Petit ont signé le 3 janv. 2024 avec nous. Enfin.",
        "M. Le Goff et Mme. Petit ont signé le 3 janv. 2024 avec nous.",
    ),
    "a French lead-in": (
        "Petit rappel du lundi :\n\nun silence est aussi une réponse. À méditer.",
        "Petit rappel du lundi :\n\nun silence est aussi une réponse.",
    ),
    "a French list": (
        "3 erreurs que j'ai payées cher :\n→ Vouloir plaire\n→ Vouloir tout faire",
        "3 erreurs que j'ai payées cher :",
    ),
    "Spanish marks": (
        "¿Quién decide tu salario? ¡Tú! Casi siempre.",
        "¿Quién decide tu salario?",
    ),
    "Japanese": (
        "会議を半分に減らしました。結果は驚くほどでした。理由は三つ。",
        "会議を半分に減らしました。",
    ),
    "Arabic": (
        "هل ما زلت تبحث عن عمل؟ إليك ما تعلمته هذا العام.",
        "هل ما زلت تبحث عن عمل؟",
    ),
    "Hebrew between direction marks": (
        "\u202bפיטרו אותי אתמול בבוקר. זה היה היום הטוב בחיי.\u202c",
        "פיטרו אותי אתמול בבוקר.",
    ),
    "Hindi": (
        "हमने बैठकें बंद कर दीं। टीम खुश है।",
        "हमने बैठकें बंद कर दीं।",
    ),
    "blank-looking characters around": (
        "\ufeff\u200b \u3164\n\u2800\n Good news for the team today. \u200b",
        "Good news for the team today.",
    ),
    "windows line breaks": (
        "Remote work did not kill our culture\r\n\r\nBad managers did.",
        "Remote work did not kill our culture",
    ),
    "the button of a scraped page": (
        "Short and sweet …see more\n\n See translation",
        "Short and sweet",
    ),
    "the button under a short post": ("Hello, Lyon\n\n    See translation", "Hello, Lyon"),
    "an introduction that starts like a button": (
        "One more thing.\nSee more people than slides this week. Please.",
        "One more thing.\nSee more people than slides this week.",
    ),
    "a short sentence whose next one is far too long": (
        "I got fired. And " + LONG_PLAIN,
        "I got fired.",
    ),
    "a long sentence ends with a clause": (
        LONG_CLAUSES,
        LONG_CLAUSES[: LONG_CLAUSES.index(", because")],
    ),
    "a long text without marks ends with a word": (
        LONG_PLAIN,
        LONG_PLAIN[: LONG_PLAIN.rindex(" ", 0, 301)],
    ),
    "a word that is too long": ("x" * 5_000, "x" * 300),
    "a word that is too long after a few": ("Go: " + "x" * 5_000, "Go: " + "x" * 296),
    "a long word after a readable start": (
        "a " * 100 + "x" * 5_000,
        ("a " * 100).strip(),
    ),
    "families stay together": (
        "Us: " + FAMILY * 60,
        "Us: " + FAMILY * 42,
    ),
    "flags stay whole": ("Go:" + "🇫🇷" * 200, "Go:" + "🇫🇷" * 148),
    "accents stay on their letters": ("e\u0301" * 200 + "e", "e\u0301" * 150),
}


@pytest.mark.parametrize(("content", "hook"), EXAMPLES.values(), ids=list(EXAMPLES))
def test_examples(content: str, hook: str) -> None:
    """A content strategist reads these hooks out of these posts."""
    assert extract_hook(content) == hook


@pytest.mark.parametrize(
    "content", ["", " \n\t", "🎉🎉", "—— ... !!", "1️⃣2️⃣", "\u3164\u2800", "\u0301"]
)
def test_no_words_no_hook(content: str) -> None:
    """A post without words has no hook."""
    assert extract_hook(content) is None
