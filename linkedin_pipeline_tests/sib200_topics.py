"""Descriptions of the seven topics of SIB-200, of our own writing, tuned on its training part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "science/technology": (
        "Science and technology\n"
        "Science et technologie\n"
        "physics, chemistry, atoms and electrons, biology, cells and genes, animals, birds, "
        "dinosaurs and fossils, plants, space flight, the Moon and the planets, researchers "
        "report a study, experiments, inventions, engineering, computers and software, the "
        "internet, phone calls over a network, satellites, cameras and photographs, video "
        "formats, learning and the brain\n"
        "physique, chimie, atomes et électrons, biologie, cellules et gènes, animaux, oiseaux, "
        "dinosaures et fossiles, plantes, vol spatial, la Lune et les planètes, des chercheurs "
        "publient une étude, expériences, inventions, ingénierie, ordinateurs et logiciels, "
        "internet, appels téléphoniques par un réseau, satellites, appareils photo, formats "
        "vidéo, apprentissage et cerveau"
    ),
    "travel": (
        "Travel\n"
        "Voyage\n"
        "tourists, flights and airports, hotels and hostels, visas and passports, luggage, "
        "trains, buses and taxis, driving a car on the road, camping, safari, cruises, beaches, "
        "sightseeing, local food and restaurants, advice for travellers abroad, travel agents, "
        "shopping and prices in a foreign country\n"
        "touristes, vols et aéroports, hôtels et auberges, visas et passeports, bagages, "
        "trains, bus et taxis, conduire une voiture sur la route, camping, safari, croisières, "
        "plages, visites, cuisine locale et restaurants, conseils aux voyageurs à l'étranger, "
        "agences de voyages, achats et prix dans un pays étranger"
    ),
    "politics": (
        "Politics\n"
        "Politique\n"
        "government, the president, the prime minister, elections and votes, parliament and "
        "senators, laws and bills, political parties, diplomacy and treaties, foreign "
        "ministers, war, troops and battles, the army and navy, empires and kings, revolution, "
        "protests and police, human rights, the European Union, a court ruling\n"
        "gouvernement, le président, le premier ministre, élections et votes, parlement et "
        "sénateurs, lois et projets de loi, partis politiques, diplomatie et traités, ministres "
        "des affaires étrangères, guerre, troupes et batailles, l'armée et la marine, empires "
        "et rois, révolution, manifestations et police, droits de l'homme, l'Union européenne, "
        "décision de justice"
    ),
    "sports": (
        "Sports\n"
        "Sport\n"
        "a match, players and coaches, football and rugby, tennis, skiing and snowboarding, "
        "swimming, cycling, motor racing, horse riding, fencing and wrestling, the Olympic "
        "Games, championship, world cup, tournament, medal, athletes, the race was won\n"
        "un match, joueurs et entraîneurs, football et rugby, tennis, ski et snowboard, "
        "natation, cyclisme, course automobile, équitation, escrime et lutte, Jeux olympiques, "
        "championnat, coupe du monde, tournoi, médaille, athlètes, la course a été gagnée"
    ),
    "health": (
        "Health\n"
        "Santé\n"
        "disease, virus and infection, patients, doctors and nurses, hospital, symptoms, "
        "treatment and drugs, vaccine, injured people, he died, wounds, pregnancy and birth, "
        "epidemic, tuberculosis and malaria, food poisoning, sleep and diet, mental disorders\n"
        "maladie, virus et infection, patients, médecins et infirmières, hôpital, symptômes, "
        "traitement et médicaments, vaccin, blessés, il est mort, blessures, grossesse et "
        "naissance, épidémie, tuberculose et paludisme, intoxication alimentaire, sommeil et "
        "alimentation, troubles mentaux"
    ),
    "entertainment": (
        "Entertainment\n"
        "Divertissement\n"
        "films and cinema, actors, music, singers and bands, a concert, television shows and "
        "channels, video games, casinos, art and paintings, theatre, festivals and carnival, "
        "parties, celebrities, books and writers, photography as an art, dancing, an award "
        "ceremony\n"
        "films et cinéma, acteurs, musique, chanteurs et groupes, un concert, émissions et "
        "chaînes de télévision, jeux vidéo, casinos, art et peinture, théâtre, festivals et "
        "carnaval, fêtes, célébrités, livres et écrivains, photographie d'art, danse, une "
        "remise de prix"
    ),
    "geography": (
        "Geography\n"
        "Géographie\n"
        "the capital of the country, the largest city, population, islands, rivers and lakes, "
        "seas and oceans, mountains and volcanoes, deserts and forests, borders, climate, "
        "storms and hurricanes, earthquakes, a region, the coast\n"
        "la capitale du pays, la plus grande ville, population, îles, fleuves et lacs, mers et "
        "océans, montagnes et volcans, déserts et forêts, frontières, climat, tempêtes et "
        "ouragans, séismes, une région, la côte"
    ),
}
"""Text by label: its name, its French name, and what it enumerates in either language."""
