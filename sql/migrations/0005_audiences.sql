-- Audiences of our own writing, in English and French, good enough to classify by.
-- Rows are for people to edit afterwards: a deleted one stays deleted.

insert into audiences (
    name, label_fr, description, description_fr, job_titles, pain_points, goals,
    vocabulary_to_use, vocabulary_to_avoid, tone_preferences
)
values
    (
        'Founders and Entrepreneurs',
        'Fondateurs et entrepreneurs',
        'Entrepreneurs and start-up founders: creating a company, raising money from investors, '
        'running out of cash, pricing the product, co-founders who fall out, small business '
        'owners building a profitable company.',
        'Entrepreneurs et fondateurs de start-up : créer sa boîte, lever des fonds auprès '
        'd''investisseurs, manquer de trésorerie, fixer ses prix, associés qui se disputent, '
        'patrons de petites entreprises.',
        array['Founder', 'Co-founder and CEO', 'Small business owner', 'Fondatrice de start-up',
            'Gérant de PME'],
        array['Cash runs out before the next round', 'Doing everyone''s job at once',
            'Not knowing what to charge', 'Solitude du dirigeant'],
        array['Find the first customers', 'Raise a round on fair terms',
            'Construire une entreprise rentable'],
        array['runway', 'first customer', 'co-founder', 'marge', 'levée de fonds'],
        array['synergy', 'corporate policy', 'process owner'],
        'Honest, concrete, one founder to another; numbers welcome, no glory.'
    ),
    (
        'Team Managers',
        'Managers d''équipe',
        'Managers and team leaders who lead people every day: team managers, shift supervisors, '
        'too many meetings, one-to-ones with employees, team morale, a colleague who is not well, '
        'leading a remote team.',
        'Managers et chefs d''équipe qui encadrent des personnes au quotidien : managers '
        'd''équipe, pas le temps de manager, réunions, points individuels, moral de l''équipe, '
        'collègue qui va mal, équipes à distance.',
        array['Team leader', 'Engineering manager', 'Shift supervisor', 'Chef d''équipe',
            'Responsable de service'],
        array['Too many meetings', 'A team that no longer says what it thinks',
            'Pas le temps de manager'],
        array['Build trust', 'Run shorter meetings', 'Faire grandir son équipe'],
        array['one-to-one', 'team', 'écouter', 'confiance', 'feedback'],
        array['resources', 'headcount', 'collaborateurs lambda'],
        'Warm and practical: a scene, then one thing to try on Monday.'
    ),
    (
        'HR and Recruiters',
        'RH et recruteurs',
        'Human resources and recruiters: recruiting and job interviews, candidates and '
        'application forms, onboarding new employees, staff retention, equality at work, an HR '
        'director.',
        'Ressources humaines et recruteurs : recrutement et entretiens, candidatures, intégration '
        'des salariés, égalité professionnelle, plan de formation, un responsable RH.',
        array['HR director', 'Recruiter', 'Talent acquisition specialist', 'Responsable RH',
            'Chargée de recrutement'],
        array['New hires who leave within weeks', 'Job ads nobody answers',
            'Des processus que personne ne suit'],
        array['Hire fairly and faster', 'Keep the people they hire', 'Réussir chaque intégration'],
        array['candidate', 'onboarding', 'entretien', 'égalité', 'intégration'],
        array['human capital', 'war for talent', 'ninja'],
        'Human, precise, respectful of candidates; figures from the field.'
    ),
    (
        'Sales Professionals',
        'Commerciaux',
        'Salespeople and sales managers: cold calls, closing a deal, losing a deal, discounts and '
        'objections, defending the price, sales meetings with a prospect, sales pipeline and '
        'forecast, buyers and procurement.',
        'Commerciaux et directeurs commerciaux : appels à froid, signer une vente, perdre une '
        'affaire, remises et objections, défendre son prix, rendez-vous avec un prospect, '
        'pipeline de vente.',
        array['Account executive', 'Sales director', 'Business developer',
            'Directeur commercial', 'Ingénieur d''affaires'],
        array['Prospects who stop answering', 'Pressure to discount',
            'Un pipeline plein de touristes'],
        array['Book more meetings', 'Defend the price', 'Signer sans remise'],
        array['prospect', 'pipeline', 'objection', 'rendez-vous', 'signature'],
        array['hustle', 'crush it', 'tueur'],
        'Short, spoken, direct; a real dialogue beats a theory.'
    ),
    (
        'Marketers and Content Creators',
        'Marketing et créateurs de contenu',
        'Marketers, copywriters and content creators: social media, advertising campaigns, '
        'LinkedIn posts, newsletters, personal brand, turning attention into customers, followers '
        'and audience.',
        'Responsables marketing, rédacteurs et créateurs de contenu : réseaux sociaux, campagnes '
        'de publicité, posts LinkedIn, accroches, marque personnelle, abonnés et audience.',
        array['Marketing manager', 'Content creator', 'Copywriter', 'Responsable communication',
            'Community manager'],
        array['Content nobody reads', 'Being asked for more leads with less budget',
            'Une marque qui ressemble aux autres'],
        array['Be remembered', 'Turn attention into customers', 'Trouver une voix'],
        array['hook', 'audience', 'copy', 'accroche', 'contenu'],
        array['viral', 'growth hack', 'disruptif'],
        'Playful, visual, generous with examples to copy.'
    ),
    (
        'Product Managers and Designers',
        'Équipes produit et design',
        'Product managers and designers: users and user research, features nobody opens, '
        'prototypes, user tests of an app, accessibility of a product, product roadmap, product '
        'team.',
        'Product managers et designers : utilisateurs et tests utilisateurs, prototypes, '
        'ergonomie, demandes de fonctionnalités, retours des clients sur le produit, '
        'accessibilité du produit, équipe produit.',
        array['Product manager', 'UX designer', 'Head of product', 'Responsable produit',
            'Product owner'],
        array['Stakeholders who want dates', 'Features nobody opens',
            'Des retours clients illisibles'],
        array['Solve the right problem', 'Ship less, better', 'Comprendre l''usage réel'],
        array['user', 'problem', 'prototype', 'usage', 'feuille de route'],
        array['pixel-perfect', 'quick win', 'simple'],
        'Curious, asks questions, shows what a user did rather than what a team felt.'
    ),
    (
        'Software Engineers',
        'Développeurs et ingénieurs logiciel',
        'Software engineers and developers: code review, bugs, legacy code nobody understands, '
        'databases, production incidents, software architecture, site reliability, technical '
        'interviews.',
        'Développeurs et ingénieurs logiciel : revue de code, bugs, vieux code que personne ne '
        'comprend, bases de données, incidents de production, architecture logicielle, '
        'déploiement.',
        array['Software engineer', 'CTO', 'Site reliability engineer', 'Développeuse',
            'Architecte logiciel'],
        array['Alerts at night', 'Legacy code nobody understands',
            'Des interviews techniques absurdes'],
        array['Ship with confidence', 'Sleep through the night', 'Réduire la dette technique'],
        array['deploy', 'test', 'incident', 'migration', 'code'],
        array['rockstar developer', 'simply', '10x'],
        'Dry, exact, with the failure first and the fix after.'
    ),
    (
        'Data and AI Practitioners',
        'Métiers de la donnée et de l''IA',
        'Data analysts, data scientists and machine learning engineers: AI models and their '
        'errors, databases and SQL, statistics, metrics, dashboards nobody opens, data quality.',
        'Analystes, data scientists et ingénieurs en apprentissage automatique : modèles d''IA et '
        'leurs erreurs, bases de données et SQL, statistiques, indicateurs, tableaux de bord, '
        'qualité des données.',
        array['Data analyst', 'Data scientist', 'Machine learning engineer', 'Ingénieure data',
            'Responsable BI'],
        array['Definitions that differ between teams', 'Dashboards nobody opens',
            'Des modèles que personne n''utilise'],
        array['Trustworthy numbers', 'Models that are used', 'Une seule définition par indicateur'],
        array['metric', 'model', 'query', 'indicateur', 'jeu de données'],
        array['data-driven culture', 'crystal ball', 'magie de l''IA'],
        'Lists, definitions, an honest margin of error.'
    ),
    (
        'Job Seekers and Career Changers',
        'Candidats et reconversion',
        'People looking for a job or changing career: job seekers, career changers, a gap in the '
        'CV, job interview from the candidate''s side, being laid off, courage to resign, salary.',
        'Personnes en recherche d''emploi ou en reconversion : changer de métier, trous dans le '
        'CV, candidature, licenciement, oser démissionner, salaire.',
        array['Job seeker', 'Career changer', 'Returning parent', 'Candidat',
            'Salariée en reconversion'],
        array['Silence after applications', 'Fear of being too old', 'Peur du regard des autres'],
        array['Find work that fits', 'Tell their story without apology',
            'Changer de métier sans tout risquer'],
        array['career', 'next step', 'interview', 'reconversion', 'premier pas'],
        array['unemployed', 'overqualified', 'loser'],
        'Encouraging and concrete; never pity, never miracle recipes.'
    ),
    (
        'Freelancers and Consultants',
        'Indépendants et consultants',
        'Freelancers and independent consultants: freelance clients, unpaid invoices, late '
        'payment, irregular income, working alone from home, being your own boss.',
        'Freelances et consultants indépendants : rédactrice freelance, factures impayées, devis, '
        'revenus irréguliers, travailler seul chez soi, URSSAF.',
        array['Freelance writer', 'Independent consultant', 'Solo designer',
            'Rédactrice freelance', 'Consultant indépendant'],
        array['Late payment', 'One client who is most of the income', 'Oser annoncer son prix'],
        array['Charge what it is worth', 'A steady pipeline', 'Garder du temps pour soi'],
        array['client', 'invoice', 'daily rate', 'devis', 'mission'],
        array['side hustle guru', 'passive income', 'argent facile'],
        'Complicit, funny, transparent about money.'
    ),
    (
        'Customer Success Teams',
        'Équipes relation client',
        'Customer success and support teams: customers who leave, angry customers, customers who '
        'go silent, complaints, support tickets, renewals, onboarding of customers.',
        'Équipes support et relation client : clients qui partent, clients mécontents, '
        'réclamations, résiliations, renouvellements, fidéliser les clients.',
        array['Customer success manager', 'Support agent', 'Head of customer care',
            'Responsable relation client', 'Chargée de support'],
        array['Customers who go silent', 'Promises made before they arrive',
            'Répondre à tout, tout de suite'],
        array['Renew', 'Spot risk early', 'Des clients qui recommandent'],
        array['renewal', 'customer', 'ticket', 'fidélisation', 'écoute'],
        array['delight', 'wow effect', 'customer-obsessed'],
        'Scenes with real customers, calm, attentive to words.'
    ),
    (
        'Executives and Board Members',
        'Dirigeants et administrateurs',
        'Company directors, chief executives and board members: governance, the board, '
        'company-wide risk, regulation and public policy, keeping the company standing, '
        'sustainability commitments, industrial groups.',
        'Directeurs généraux, présidents et administrateurs d''entreprises : gouvernance, comité '
        'de direction, risques, réglementation, tenir l''entreprise debout, engagements '
        'écologiques, groupes industriels.',
        array['Chief executive', 'Non-executive director', 'Managing director',
            'Directrice générale', 'Président d''ETI'],
        array['Rules that change every year', 'Bad news that arrives late',
            'Des engagements difficiles à tenir'],
        array['Decide well', 'Keep the company standing', 'Transmettre une entreprise saine'],
        array['board', 'governance', 'responsibility', 'gouvernance', 'engagement'],
        array['hack', 'guys', 'buzz'],
        'Measured, formal, owns mistakes; figures with their source.'
    ),
    (
        'Finance Professionals and Investors',
        'Finance et investisseurs',
        'Investors, economists and finance directors: interest rates, inflation, debt, central '
        'banks, stock markets, bonds and shares, valuation, economic growth.',
        'Investisseurs, économistes et directeurs financiers : taux d''intérêt, inflation, dette, '
        'banques centrales, bourse, marchés financiers, croissance économique.',
        array['CFO', 'Investment analyst', 'Economist', 'Directeur administratif et financier',
            'Gérante de fonds'],
        array['Forecasts that are wrong', 'Debt to refinance', 'Des chiffres sans contexte'],
        array['Understand the cycle', 'Protect margins', 'Anticiper les taux'],
        array['rate', 'cash flow', 'growth', 'inflation', 'trésorerie'],
        array['to the moon', 'sure thing', 'coup sûr'],
        'Sober, numerical, caveats stated.'
    ),
    (
        'Operations and Manufacturing Leaders',
        'Industrie, production et logistique',
        'Factory, production and logistics managers: production lines, machines and maintenance, '
        'suppliers that fail, stock, waste, transport, supply chain.',
        'Responsables d''usine, de production et de logistique : chaînes de production, machines '
        'et maintenance, fournisseurs, stocks, déchets, transport.',
        array['Plant manager', 'Supply chain manager', 'Production supervisor',
            'Directeur d''usine', 'Responsable logistique'],
        array['Lines that stop', 'Suppliers that fail',
            'Des savoir-faire qui partent à la retraite'],
        array['Keep the line running', 'Cut waste', 'Sécuriser les approvisionnements'],
        array['line', 'shift', 'supplier', 'atelier', 'stock'],
        array['disruption', 'paradigm', 'digital native'],
        'Plain, from the shop floor, names the person who found the fix.'
    ),
    (
        'Healthcare Professionals',
        'Professionnels de santé',
        'Doctors, nurses, pharmacists and hospital managers: patients, clinical care, medicines, '
        'digital health, public health, hospital wards.',
        'Médecins, infirmières, pharmaciens et cadres hospitaliers : patients, soins, '
        'médicaments, santé numérique, santé publique, services hospitaliers.',
        array['Doctor', 'Nurse', 'Hospital manager', 'Infirmière', 'Pharmacien'],
        array['Waiting lists', 'Software that slows care', 'Le manque de soignants'],
        array['Safer care', 'Time with patients', 'Des outils qui aident'],
        array['patient', 'ward', 'care', 'soins', 'sécurité'],
        array['disrupt healthcare', 'users', 'consommateurs de soins'],
        'Careful, modest, evidence before enthusiasm.'
    ),
    (
        'Students and Early Careers',
        'Étudiants et jeunes diplômés',
        'Students, apprentices and graduates: apprenticeships, exams and diplomas, internships, '
        'first job, learning a new skill, school.',
        'Étudiants, apprentis et jeunes diplômés : apprentissage, examens et diplômes, stage, '
        'premier emploi, apprendre une compétence, école.',
        array['Student', 'Apprentice', 'Graduate trainee', 'Alternant', 'Jeune diplômée'],
        array['No experience, no job', 'Not knowing where to start', 'Choisir une voie trop tôt'],
        array['Get a first job', 'Learn a skill that pays', 'Trouver un mentor'],
        array['learn', 'first job', 'apprenticeship', 'apprendre', 'stage'],
        array['entitled', 'kids', 'les jeunes d''aujourd''hui'],
        'Clear steps, no condescension.'
    )
on conflict (name) do nothing;
