-- Hook types of our own writing, in English and French, good enough to classify by.
-- Rows are for people to edit afterwards: a deleted one stays deleted.

insert into hook_types (
    name, label_fr, description, description_fr, formula, examples, classification_keywords,
    prompt_instruction
)
values
    (
        'Question',
        'Question',
        'Opens with a question put to the reader and ends with a question mark: what would you '
        'do, when was the last time, have you ever, who decides, is it really?',
        'Commence par une question posée au lecteur : et si, combien, pourquoi, connaissez-vous, '
        'que reste-t-il de, qui décide ?',
        '[Question the reader has half asked already]?',
        array['Why do we still write job ads that nobody would answer?',
            'Have you ever counted the minutes you spend looking for a file?',
            'Who owns the number on that slide?', 'Et si on arrêtait les entretiens annuels ?',
            'Pourquoi vos meilleurs clients ne vous parlent-ils plus ?',
            'Tu sais combien coûte une réunion de dix personnes ?'],
        array['?', 'what if', 'have you ever', 'when was the last time', 'why do we', 'et si',
            'pourquoi', 'combien', 'connaissez-vous', 'savez-vous'],
        'Open with one question that the reader can answer from their own week. No yes/no '
        'question, no second question behind it.'
    ),
    (
        'Contrarian Statement',
        'Prise de position à contre-courant',
        'Opens against common belief: unpopular opinion, hot take, contrary to popular belief, '
        'the worst advice, everyone says this but it is wrong, X is not dead, I do not believe in '
        'X any more.',
        'Prend le contre-pied d''une idée reçue : avis impopulaire, contrairement à ce qu''on '
        'croit, on le répète partout mais c''est faux, X n''est pas mort, je ne suis pas '
        'd''accord.',
        '[Accepted idea] is [wrong / the worst advice]. [One-line reason].',
        array['Unpopular opinion: brainstorming makes ideas worse.',
            'Everyone says you need a morning routine. You don''t.',
            'Networking is overrated. Being useful is not.',
            'Avis impopulaire : les valeurs d''entreprise ne servent à rien.',
            'Le télétravail ne tue pas la culture. Il la révèle.',
            'On vous a dit de suivre votre passion. Mauvais conseil.',
            'I don''t believe in annual reviews any more.',
            'The customer is not always right, and your team knows it.',
            'On accuse les jeunes de ne plus vouloir travailler. C''est faux.'],
        array['unpopular opinion', 'hot take', 'contrary to', 'worst advice', 'overrated',
            'nobody needs', 'avis impopulaire', 'contrairement à', 'idée reçue', 'n''est pas mort',
            'on le répète partout'],
        'State the accepted idea and reject it in the same breath; the rest of the post must earn '
        'the claim with one case.'
    ),
    (
        'Striking Number',
        'Chiffre choc',
        'Opens with a figure standing alone: a percentage, an amount of money, a number of days, '
        'hours, seconds or tonnes, then what it measures.',
        'Commence par un chiffre isolé : un pourcentage, une somme en euros, un nombre de jours, '
        'd''heures ou de secondes, puis ce qu''il mesure.',
        '[Number]. [What it measures, in plain words].',
        array['14 minutes. That is how long our customers wait before they hang up.',
            '£3,200 a month. The price of a meeting nobody wanted.',
            '83% of our invoices were paid late last year.',
            '6 heures. C''est le temps que nous perdions chaque lundi.',
            '92 % des candidats ne reçoivent jamais de réponse.',
            '1 200 €. Voilà ce que coûte un mauvais devis.',
            '312 emails in one week. I answered nine of them.',
            '4 seconds: the time a visitor spends on your home page.',
            '0,7 %. C''est le taux de clic de notre dernière campagne.'],
        array['%', 'percent', 'million', 'hours', 'per cent', 'that is how much', 'pour cent',
            'euros', 'c''est la part', 'c''est le temps'],
        'Put the number first and alone on its line, then say what it counts and where it comes '
        'from.'
    ),
    (
        'Story Opening',
        'Entrée dans une histoire',
        'Opens in the middle of a scene with a time, a place and a person: last Friday, on Monday '
        'at nine, at two in the morning, it was raining, he arrived, she put the box on the '
        'table, in 2014 I was.',
        'Entre directement dans une scène avec un moment, un lieu et une personne : lundi matin, '
        'samedi à 21 h, il était six heures, elle est arrivée avec, le premier jour, mon père.',
        '[Time and place], [somebody does something small and odd].',
        array['Tuesday, 6:50, platform 4. My phone rings and it is the client I was about to lose.',
            'The lights went out in the middle of the demo.',
            'Last winter, an old man knocked on the door of our workshop.',
            'Jeudi, 18 h 30, salle B. Elle pose son badge sur la table.',
            'Il pleuvait ce matin-là, et le camion n''est jamais arrivé.',
            'Mon premier patron gardait une chaise vide à côté de son bureau.',
            'The machine stopped at noon, and nobody knew why.',
            'On Saturday my neighbour showed me his ledger from 1983.',
            'Vendredi soir, la cliente m''appelle, elle chuchote.'],
        array['last week', 'one morning', 'in 2014', 'a.m.', 'on Monday', 'ce matin-là', 'lundi',
            'il était', 'la semaine dernière', 'le premier jour'],
        'Start inside the scene: an hour, a place, one detail that could not be invented. No '
        'moral before the last lines.'
    ),
    (
        'Confession or Failure',
        'Aveu ou échec',
        'Opens by admitting a mistake, a failure or a weakness: I was wrong, I made a mistake, I '
        'lost, I failed, I must confess, I have never told anyone, I owe an apology, I cried.',
        'Avoue une erreur, un échec ou une faiblesse : je me suis trompé, j''ai raté, j''ai '
        'perdu, j''ai failli, j''avoue, je dois reconnaître une erreur, j''avais honte, j''ai '
        'pleuré.',
        'I [got it wrong / failed / hid it] and [what it cost].',
        array['I was wrong about open-plan offices.',
            'I failed my first year as a manager, and my team knew it before me.',
            'I have to admit it: I did not read the contract.',
            'Je me suis trompée sur toute la ligne.',
            'J''ai raté ma première présentation devant le comité.',
            'J''avoue, j''ai menti à mon équipe pendant six mois.'],
        array['I was wrong', 'I failed', 'my mistake', 'I must confess', 'I lost',
            'I owe an apology', 'je me suis trompé', 'j''ai raté', 'j''ai perdu', 'j''avoue',
            'j''ai failli'],
        'Admit one precise mistake of your own in the first line, with its cost. No '
        'humble-bragging.'
    ),
    (
        'List Promise',
        'Promesse de liste',
        'Opens by announcing a numbered list: five things, seven signs, three sentences, nine '
        'questions, 4 mistakes, 8 lessons, followed by a colon.',
        'Annonce une liste numérotée : 5 choses, 6 signes, 3 phrases, 8 leçons, 4 erreurs, 10 '
        'questions, suivies de deux-points.',
        '[Number] [things] that [result]:',
        array['7 habits of teams that never miss a deadline:',
            '5 questions to ask before you sign a lease:',
            'Three books that changed how I run meetings:',
            '6 erreurs que je vois dans tous les CV :',
            '4 outils gratuits que j''utilise chaque jour :',
            'Cinq leçons apprises après dix ans de conseil :'],
        array['things', 'signs', 'lessons', 'mistakes', 'questions to ask', 'tips', 'signes',
            'leçons', 'erreurs', 'phrases', 'trucs'],
        'Give the count and the benefit in one line ending in a colon; the list that follows '
        'keeps the count.'
    ),
    (
        'How-To Promise',
        'Promesse de méthode',
        'Opens by promising a method: how to do something step by step, a guide, a checklist, '
        'here is how I did it, the process in ten steps.',
        'Promet une méthode : comment faire quelque chose étape par étape, mode d''emploi, voici '
        'comment, la marche à suivre, ma méthode.',
        'How to [result] [without the usual pain]:',
        array['How to say no to your boss without losing your job:',
            'How to write a project brief in twenty minutes:',
            'Here''s how we cut our onboarding time in half, step by step.',
            'Comment préparer un entretien en une heure :',
            'Voici comment relancer un client sans le vexer.',
            'Comment j''ai appris à parler en public, étape par étape :'],
        array['how to', 'step by step', 'here''s how', 'guide', 'in 30 days', 'comment',
            'voici comment', 'étape par étape', 'mode d''emploi', 'méthode'],
        'Promise one result in the words the reader would use, then give steps that can be done '
        'today.'
    ),
    (
        'Announcement',
        'Annonce',
        'Opens with news: we are hiring, I am pleased to announce, it''s out, we raised, join us '
        'on Wednesday, save the date, I shall be speaking at, now available.',
        'Annonce une nouvelle : nous recrutons, j''ai le plaisir de vous annoncer, c''est '
        'officiel, on l''a fait, rendez-vous mercredi, inscription ouverte, je reçois, ça y est.',
        '[News in one line]. [What it changes for the reader].',
        array['We''re opening a second office in Leeds!',
            'It''s official: our book is in shops today.',
            'I''m delighted to share that I am joining the team at a new company.',
            'Ça y est, notre application est disponible !',
            'Rendez-vous jeudi 12 à 18 h pour notre prochaine conférence.',
            'Nous recherchons une responsable d''atelier à Tours.'],
        array['announce', 'we''re hiring', 'it''s out', 'join us', 'launch', 'pleased to',
            'nous recrutons', 'j''ai le plaisir', 'ça y est', 'inscription', 'c''est officiel'],
        'Say the news in the first line, plainly, then what it changes for the reader. No '
        '''humbled and honoured''.'
    ),
    (
        'Quote or Dialogue',
        'Citation ou dialogue',
        'Opens with somebody''s words in quotation marks: a sentence said by a customer, a boss, '
        'a candidate or a grandmother, then who said it.',
        'Commence par une phrase entre guillemets prononcée par quelqu''un : un client, un '
        'patron, un candidat, une collègue, puis qui l''a dite.',
        '"[Sentence somebody really said]" – [who, where].',
        array['"You don''t look like an engineer," the visitor said.',
            '"We love it, but we have no budget," she told me on the stairs.',
            '"Who taught you to listen like that?" a patient asked me.',
            '« Vous êtes trop gentille pour diriger », m''a dit mon premier patron.',
            '« On a toujours fait comme ça. » C''est la phrase la plus chère de l''usine.',
            '« Je n''ai rien compris à votre devis », m''écrit un client ce matin.'],
        array['said', 'told me', 'he asked', '"', '« ', 'm''a dit', 'm''a répondu', 'me dit',
            'a déclaré'],
        'Open with the exact words of one person, in quotation marks, then name the situation in '
        'half a line.'
    ),
    (
        'Warning',
        'Mise en garde',
        'Opens by telling the reader to stop or beware: stop doing this, don''t, never, beware '
        'of, your number is lying to you, the most expensive mistake.',
        'Met le lecteur en garde : arrêtez de, ne faites jamais, attention, méfiez-vous, '
        'n''acceptez pas, l''erreur qui coûte cher.',
        'Stop [common habit]. [What it costs].',
        array['Stop sending calendar links to people you have never met.',
            'Never sign a contract on a Friday afternoon.',
            'Beware of the customer who agrees with everything.',
            'Arrêtez de répondre aux mails pendant vos congés.',
            'Attention aux indicateurs que tout le monde aime.',
            'Ne donnez jamais votre prix au téléphone.',
            'Don''t hire a manager before you have written down what they decide.',
            'Your best metric is hiding a problem.',
            'N''envoyez plus de questionnaire de satisfaction.'],
        array['stop', 'don''t', 'never', 'beware', 'avoid', 'is lying to you', 'arrêtez',
            'ne jamais', 'attention', 'méfiez-vous', 'ne faites pas'],
        'Name the habit to stop in the imperative, then the cost. One warning, with the thing to '
        'do instead.'
    ),
    (
        'Before and After',
        'Avant et après',
        'Opens with a contrast between then and now: before and after, two years ago and today, '
        'from 31 meetings to 12, used to, my calendar in January and in June.',
        'Oppose un avant et un après : avant, maintenant ; il y a quatre ans, aujourd''hui ; '
        'hier, demain ; 2015, 2025 ; de 31 à 12.',
        '[Then: situation]. [Now: situation].',
        array['Three years ago I cleaned offices at night. Today I manage the building.',
            'Before: 90 emails a day. After: 12.',
            'We used to ship twice a year. Now we ship every morning.',
            '2018 : stagiaire. 2025 : associée.',
            'Avant, nos devis prenaient dix jours. Maintenant, une heure.',
            'Il y a cinq ans, je bégayais en réunion ; hier j''ai parlé devant 400 personnes.'],
        array['before', 'after', 'years ago', 'today', 'used to', 'from', 'avant', 'après',
            'il y a', 'aujourd''hui', 'maintenant'],
        'Set two dated situations side by side in two short lines; the difference must be '
        'measurable.'
    ),
    (
        'Curiosity Gap',
        'Mystère',
        'Opens by hinting at something surprising and holding it back: one sentence, one slide, '
        'what happened next, I have never written this down, there is one thing that, the secret '
        'nobody rehearses.',
        'Éveille la curiosité sans donner la réponse : voici ce qui s''est passé, je n''ai pas '
        'été déçu, elle est partie d''une faute, une seule chose, vous ne devinerez pas.',
        '[Odd fact], and [what it led to] is not what you think.',
        array['There is one line in our contract that every customer reads twice.',
            'I changed a single word in my email, and what happened next surprised me.',
            'The best hire I ever made never answered my question.',
            'J''ai caché un message dans ma signature, et voici ce qui est arrivé.',
            'Notre meilleure idée de l''année tenait sur un ticket de caisse.',
            'Il y a une chose que les bons vendeurs ne disent jamais.'],
        array['what happened next', 'there is one', 'the secret', 'never told',
            'you won''t guess', 'voici ce qui', 'il y a une chose', 'le secret', 'vous ne devinerez'],
        'Reveal the odd fact, hold back the reason, and pay it back within five lines.'
    ),
    (
        'Direct Address',
        'Interpellation',
        'Opens by calling out to one kind of reader: if you are a freelancer, product managers, '
        'to you who, dear managers, this one is for you, salespeople who never post.',
        'Interpelle un type de lecteur : si tu es freelance, à toi qui, chers managers, toi qui '
        'hésites, commercial qui ne poste jamais, ce post est pour toi.',
        '[Kind of reader]: [what you know about their day].',
        array['If you manage people for the first time, read this.',
            'Dear recruiters: we can see when you copy and paste.',
            'To every nurse who is finishing a night shift right now:',
            'À toi qui n''oses pas demander un congé :',
            'Si vous êtes indépendant depuis moins d''un an, ce post est pour vous.',
            'Parents qui télétravaillent, on vous voit.'],
        array['if you''re', 'to you', 'dear', 'this one''s for you', 'attention managers',
            'si tu', 'si vous', 'à toi', 'à vous qui', 'ce post est pour'],
        'Name the reader precisely and show that you know one hour of their week.'
    ),
    (
        'Gratitude and Celebration',
        'Remerciement et célébration',
        'Opens by thanking or congratulating people: thank you to everyone who, congratulations '
        'to our team, happy birthday, proud of, celebrating an anniversary.',
        'Remercie ou félicite : merci à, félicitations à, bravo, joyeux anniversaire, fière de '
        'mon équipe, quatre ans aujourd''hui.',
        'Thank you / congratulations to [who], who [one precise thing].',
        array['Congratulations to the whole support team on their hundredth week without a missed call!',
            'Thank you to the stranger who found my bag on the 7:15.',
            'Ten years in business today, and so many people to thank.',
            'Merci à toutes celles et ceux qui sont venus hier soir.',
            'Bravo à Malik, qui termine sa thèse après six ans.',
            'Cinq ans déjà ! Merci à nos premiers clients.'],
        array['thank you', 'thanks to', 'congratulations', 'proud of', 'anniversary', 'merci',
            'félicitations', 'bravo', 'anniversaire', 'fier de'],
        'Thank or congratulate by name, each with one precise act; keep yourself out of the first '
        'line.'
    )
on conflict (name) do nothing;
