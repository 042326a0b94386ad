-- Topics of our own writing, in English and French, good enough to classify by.
-- Rows are for people to edit afterwards: a deleted one stays deleted.

insert into topics (
    name, slug, label_fr, topic_group, description, description_fr
)
values
    (
        'Hiring and Recruitment',
        'hiring',
        'Recrutement',
        'People',
        'Hiring and recruitment: job interviews, candidates, applications, job ads, CVs and cover '
        'letters. We are hiring, we are looking for an engineer; how to recruit the right person, '
        'bad hires, recruiters.',
        'Recrutement : entretien d''embauche, candidats, candidatures, offre d''emploi, CV et '
        'lettre de motivation. Nous recrutons ; comment embaucher la bonne personne, recrutement '
        'raté, recruteurs.'
    ),
    (
        'Leadership and Management',
        'leadership',
        'Leadership et management',
        'People',
        'Leading people: what makes a good manager or boss, one-to-one meetings with the team, '
        'listening to employees, trust, authority, decisions, a manager''s mistakes, boards and '
        'directors.',
        'Diriger une équipe : être un bon manager, un bon chef, écouter ses collaborateurs, '
        'décider, faire confiance, reconnaître ses erreurs de dirigeant, entretiens individuels, '
        'courage managérial.'
    ),
    (
        'Employee Onboarding',
        'onboarding',
        'Intégration des nouveaux',
        'People',
        'The first day and first weeks of a new employee: onboarding, welcoming newcomers, buddy, '
        'ramp-up, probation period, new starters who leave early.',
        'Le premier jour et les premières semaines d''un nouveau salarié : intégration, accueil '
        'des nouveaux arrivants, parrain, période d''essai, rapport d''étonnement, départs '
        'précoces.'
    ),
    (
        'Remote and Hybrid Work',
        'remote-work',
        'Télétravail et travail hybride',
        'People',
        'Working from home, remote and hybrid teams, distributed colleagues in different cities '
        'and time zones, video calls and cameras, asynchronous work, days in the office, desks '
        'and commuting.',
        'Télétravail, travail à distance et hybride, équipes réparties dans plusieurs villes, '
        'visioconférences et caméra, jours de présence au bureau, retour au bureau, trajets.'
    ),
    (
        'Mental Health and Wellbeing',
        'wellbeing',
        'Santé mentale et bien-être au travail',
        'People',
        'Mental health and wellbeing at work: burnout, stress, anxiety, depression, exhaustion, '
        'crying, sleepless nights, taking time off, therapy, asking a colleague if they are all '
        'right.',
        'Santé mentale et bien-être au travail : burn-out, stress, anxiété, dépression, '
        'épuisement, larmes, nuits blanches, arrêt maladie, psy, demander à un collègue si ça va.'
    ),
    (
        'Diversity and Inclusion',
        'diversity',
        'Diversité et inclusion',
        'People',
        'Diversity, equality and inclusion: women and men at work, women in leadership and '
        'technical jobs, sexism, racism, discrimination, disability, wheelchair users and '
        'accessibility, minorities.',
        'Diversité, égalité et inclusion : femmes et hommes au travail, parité, sexisme, racisme, '
        'discriminations, handicap, fauteuil roulant et accessibilité, minorités.'
    ),
    (
        'Careers and Job Search',
        'career-change',
        'Carrière, emploi et reconversion',
        'Career',
        'Careers and job search: changing jobs or profession, getting fired or laid off, looking '
        'for a job, a gap in the CV, resigning, starting a new career at forty, career advice.',
        'Carrière, emploi et reconversion : changer de métier, être licencié, chercher un emploi, '
        'démissionner, trou dans le CV, nouvelle carrière à quarante ans, conseils de carrière.'
    ),
    (
        'Personal Branding and LinkedIn',
        'personal-branding',
        'Marque personnelle et LinkedIn',
        'Career',
        'Personal branding: writing LinkedIn posts, your LinkedIn profile and headline, hooks, '
        'followers and likes, what your network says about you, finding your voice.',
        'Marque personnelle : écrire des posts LinkedIn, profil et titre LinkedIn, accroches, '
        'abonnés, ce que le réseau dit de vous, trouver sa voix.'
    ),
    (
        'Learning and Training',
        'learning',
        'Apprentissage et formation',
        'Career',
        'Learning new skills: training courses, apprentices and apprenticeships, students, '
        'teachers, education, exams and diplomas, beginners, mentoring, passing on know-how.',
        'Apprendre et se former : formation, apprentis et apprentissage, étudiants, école, '
        'examens et diplômes, compétences, débutants, transmission des savoir-faire.'
    ),
    (
        'Productivity and Time',
        'productivity',
        'Productivité et organisation',
        'Career',
        'Productivity and time management: too many meetings, calendar, concentration and focus, '
        'interruptions and distractions, notifications, to-do list, hours saved every week.',
        'Productivité et gestion du temps : trop de réunions, agenda, concentration, '
        'interruptions et distractions, notifications, liste de tâches, heures gagnées chaque '
        'semaine.'
    ),
    (
        'Freelancing and Side Projects',
        'freelancing',
        'Freelance et projets personnels',
        'Career',
        'Freelancing, self-employment and side projects: being your own boss, freelance clients, '
        'unpaid invoices and late payment, irregular income, weekend projects made for fun.',
        'Freelance, indépendants et projets parallèles : vivre à son compte, missions, clients '
        'freelance, factures impayées, relances, URSSAF, projet personnel du week-end.'
    ),
    (
        'Sales and Prospecting',
        'sales',
        'Vente et prospection',
        'Business',
        'Selling: sales calls and cold calling, prospects, discovery questions, pipeline and CRM, '
        'quota, follow-up emails, closing or losing a deal, sales reps.',
        'Vendre : commerciaux, prospection, appels à froid, prospects, rendez-vous, pipeline et '
        'CRM, relances, quotas, signer ou perdre un client, closing.'
    ),
    (
        'Negotiation and Pay',
        'negotiation',
        'Négociation et rémunération',
        'Business',
        'Negotiation and pay: negotiating a contract with a buyer, discounts and concessions, '
        'procurement, counter-offers, salary negotiation, asking for a raise.',
        'Négociation et rémunération : négocier un contrat avec un acheteur, remise et '
        'concessions, contre-proposition, négociation salariale, demander une augmentation.'
    ),
    (
        'Pricing and Monetisation',
        'pricing',
        'Prix et tarification',
        'Business',
        'Pricing: setting and raising prices, price increases, pricing page, plans, packages and '
        'subscriptions, daily rate, price per seat, margins, what customers will pay.',
        'Prix et tarification : fixer et augmenter ses prix, hausse de tarifs, forfait, formules '
        'et abonnement, tarif journalier (TJM), prix par unité, marge, ce que le client accepte '
        'de payer.'
    ),
    (
        'Marketing and Content',
        'marketing',
        'Marketing et contenu',
        'Business',
        'Marketing: advertising campaigns, content marketing, copywriting, newsletters and '
        'emails, brand, cost per lead, social media, viral posts, SEO and traffic.',
        'Marketing : campagne de publicité, communication, contenu, rédaction web, newsletter, '
        'marque, réseaux sociaux, vues et partages, référencement et trafic.'
    ),
    (
        'Customer Success and Support',
        'customer-success',
        'Relation client et support',
        'Business',
        'Keeping customers: customer success, customer support and service, tickets, complaints, '
        'churn and cancellation, renewals, retention, unhappy customers, customer satisfaction.',
        'Garder ses clients : relation client, service client, support, tickets, réclamations, '
        'client mécontent, résiliation, attrition, renouvellement, fidélisation, satisfaction.'
    ),
    (
        'Entrepreneurship',
        'entrepreneurship',
        'Entrepreneuriat',
        'Business',
        'Entrepreneurship: starting your own company, founders and co-founders, life of a '
        'start-up, our first customer, nearly bankrupt, not enough cash to pay salaries, small '
        'business owners.',
        'Entrepreneuriat : créer sa boîte, fondateurs et associés, vie de start-up, notre premier '
        'client, proche de la faillite, plus assez de trésorerie pour payer les salaires, patrons '
        'de petites entreprises.'
    ),
    (
        'Fundraising and Investors',
        'fundraising',
        'Levée de fonds et investisseurs',
        'Business',
        'Fundraising: raising a funding round, investors, venture capital, valuation, term sheet, '
        'pitch to investors, dilution of founders.',
        'Levée de fonds : lever des fonds, investisseurs, capital-risque, valorisation, term '
        'sheet, pitch devant des investisseurs, dilution des fondateurs.'
    ),
    (
        'Product and Design',
        'product',
        'Produit et design',
        'Technology',
        'Product management: users of an app or a product, user tests and interviews, product '
        'team, product launch, features that nobody uses, roadmap, product design.',
        'Produit : utilisateurs d''une application ou d''un produit, tests utilisateurs, équipe '
        'produit, feuille de route, fonctionnalités demandées, design du produit, ergonomie.'
    ),
    (
        'Artificial Intelligence',
        'ai',
        'Intelligence artificielle',
        'Technology',
        'Artificial intelligence: AI, generative AI, ChatGPT, language models, prompts, chatbots '
        'and assistants, robots, machine learning, deep learning, predictions by a model.',
        'Intelligence artificielle : IA, IA générative, ChatGPT, modèles de langage, prompts, '
        'chatbots et assistants, robots, apprentissage automatique, prédictions d''un modèle.'
    ),
    (
        'Data and Analytics',
        'data',
        'Données et analyse',
        'Technology',
        'Data and analytics: dashboards, metrics and their definitions, data quality, wrong '
        'numbers, databases, SQL queries, spreadsheets, statistics, data pipelines and governance.',
        'Données et analyse : tableaux de bord, indicateurs et définitions, qualité des données, '
        'chiffres faux, bases de données, requêtes SQL, tableurs, statistiques, gouvernance.'
    ),
    (
        'Software Engineering',
        'engineering',
        'Ingénierie logicielle',
        'Technology',
        'Software engineering: code review, code and developers, bugs, rewriting legacy software, '
        'database migration, production outage, on-call alerts, post-mortem, deployment, computer '
        'servers and cloud.',
        'Ingénierie logicielle : revue de code, code et développeurs, bugs, réécrire un vieux '
        'logiciel, migration de base de données, panne en production, alertes d''astreinte, '
        'déploiement.'
    ),
    (
        'Cybersecurity and Privacy',
        'cybersecurity',
        'Cybersécurité et vie privée',
        'Technology',
        'Cybersecurity: ransomware, hackers and attackers, cyber attack, passwords, encryption '
        'keys and secrets, backups, email fraud, phishing, data breach.',
        'Cybersécurité : cyberattaque, rançongiciel, pirates informatiques, mots de passe, clés '
        'et secrets, sauvegardes, fraude par mail, fuite de données personnelles.'
    ),
    (
        'Operations and Supply Chain',
        'operations',
        'Industrie et logistique',
        'Business',
        'Manufacturing, operations and supply chain: factory, production line, machines that '
        'stop, shifts, suppliers, stock and warehouse, shortages, logistics, transport, '
        'maintenance.',
        'Industrie, production et logistique : usine, atelier, chaîne de production, machine en '
        'panne, fournisseurs, stock et entrepôt, approvisionnement, ruptures, transport, '
        'maintenance.'
    ),
    (
        'Sustainability and Climate',
        'sustainability',
        'Écologie et climat',
        'Society',
        'Sustainability: carbon emissions, climate change, carbon footprint, net zero, renewable '
        'electricity, plastic and packaging, recycling and reuse, bread and food thrown away, '
        'waste.',
        'Écologie : émissions de CO₂, changement climatique, bilan carbone, énergies '
        'renouvelables, plastique et emballages, recyclage et réemploi, gaspillage alimentaire, '
        'déchets.'
    ),
    (
        'Economy and Markets',
        'economy',
        'Économie et marchés',
        'Society',
        'Economy: interest rates, central banks, inflation, stock market and bonds, recession, '
        'growth and GDP, debt and credit, wages, trade.',
        'Économie : taux d''intérêt, banque centrale, inflation, bourse, récession, croissance et '
        'PIB, crédit et dette, pouvoir d''achat, prix de l''énergie.'
    ),
    (
        'Health and Medicine',
        'healthcare',
        'Santé et médecine',
        'Society',
        'Health and medicine: hospitals, doctors and nurses, patients, clinics, pharmacies, '
        'treatment, digital health, disease and epidemics, vaccines, medical research.',
        'Santé et médecine : hôpital, médecins et infirmières, patients, consultation, pharmacie, '
        'soins, santé numérique, maladies et épidémies, vaccins, recherche médicale.'
    ),
    (
        'Public Affairs and Society',
        'public-affairs',
        'Politique et société',
        'Society',
        'Politics and society: government, laws and regulation, ministers, parliament and '
        'elections, mayor and local council, public consultation, public transport, citizens, '
        'democracy, taxes, world news.',
        'Politique et société : gouvernement, lois et réglementation, ministres, députés et '
        'élections, maire et élus locaux, administration, service public, citoyens, démocratie, '
        'impôts.'
    ),
    (
        'Events, Podcasts and Books',
        'events',
        'Événements, podcasts et livres',
        'Society',
        'Events, podcasts and books: join us at a conference, webinar, panel or meetup, register '
        'now, my talk, the recording and slides, new podcast episode, interview, book or article '
        'is out.',
        'Événements, podcasts et livres : participez à une conférence, un webinaire ou une table '
        'ronde, inscription gratuite, programme, portes ouvertes, replay, nouvel épisode de '
        'podcast, livre.'
    ),
    (
        'Inspiration and Life Lessons',
        'inspiration',
        'Inspiration et leçons de vie',
        'Society',
        'Inspiration and life lessons: what my father or grandmother taught me, believing in '
        'yourself, being remembered, kindness, quotes and poems, success in life, gratitude.',
        'Inspiration et leçons de vie : ce que mon père ou ma grand-mère m''a appris, croire en '
        'soi, ce dont on se souvient, bienveillance, citations et poèmes, gratitude.'
    )
on conflict (name) do nothing;
