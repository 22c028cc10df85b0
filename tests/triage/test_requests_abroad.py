"""Requests for a person in the neighbours' languages, and what only looks like one."""

from __future__ import annotations

import pytest

from bot.human_requests import asks_for_human, declines_human

REQUESTS = """
jemand da?
kein Roboter bitte
Rückruf erbeten
wer ist mein Ansprechpartner
mit wem kann ich reden
kann ein Kollege übernehmen
kann ich die Frau von gestern nochmal sprechen
comment joindre un humain
j'veux parlé a kelkun
me pueden llamar?
c'è un essere umano?
geen robot graag
doorverbinden graag
må jeg tale med en person
finns det någon där
ingen bot tack
Ich möchte mit einem Menschen sprechen
kann ich mit einem Mitarbeiter sprechen?
kann bitte jemand von euch mich anrufen
können Sie mich bitte zurückrufen
ruft mich doch bitte mal an
ich will nicht mit einem Roboter reden
gibt es hier auch einen echten Menschen?
ist da jemand?
verbinden Sie mich bitte mit dem Kundenservice
bitte um Rückruf
echte Person bitte
mensch bitte
ich brauche einen Ansprechpartner
hol mir mal einen Mitarbeiter
ich hätte gern einen Kollegen von Ihnen dazu
je veux parler à un humain
passez-moi quelqu'un du service client svp
passez moi qqn du service client
j'aimerais qu'on me rappelle
pouvez-vous me rappeler ?
un conseiller svp
il y a quelqu'un ?
je ne veux pas parler à un robot
est-ce qu'un conseiller peut m'appeler
besoin d'un humain
quiero hablar con una persona
quiero ablar con alguien
pásame con alguien
No, quiero hablar con una persona
me puede pasar con un agente
operador
llámenme por favor
hay alguien ahí?
no quiero hablar con un robot
quero falar com um atendente
podem me ligar?
alguém real, quero falar com uma pessoa
vorrei parlare con un operatore
c'è qualcuno?
mi può richiamare?
operatore umano per favore
non voglio parlare con un robot
Ik wil een medewerker spreken
kan ik met iemand praten
kan iemand me terugbellen?
kunnen jullie me even bellen
bel me terug aub
can i get a medewerker aan de lijn please
ik wil niet met een robot praten
is er ook een echt mens?
Kan jeg få snakke med et menneske
jeg vil snakke med noen
sett meg over til en ekte person
gidder ikke prate med robot
kan dere ringe meg
er det noen der?
I'd rather talk to kundeservice, is noen der?
jag vill prata med en människa
kan någon ringa mig
jeg vil gerne tale med en medarbejder
kan I ringe mig op?
gi meg et menneske
""".strip().splitlines()

NO_REQUESTS = """
nein danke, kein Mitarbeiter nötig
ich will keinen Menschen sprechen
ich brauche keinen Mitarbeiter
muss ich mit einem Mitarbeiter sprechen um zu stornieren?
ohne mit jemandem zu reden
Zelt für eine Person
mein Mitarbeiter hat das Paket angenommen
je ne veux pas parler à un conseiller
pas besoin de conseiller
sans parler à quelqu'un
tente pour une personne
personne ne répond
no necesito hablar con una persona
tienda para una persona
una persona más
non serve un operatore
tenda per una persona
ik hoef geen medewerker te spreken
geen medewerker nodig
tent voor een persoon
jeg trenger ikke snakke med noen
telt til en person
the delivery person was nice
I met a manager
where is my order
er pakken på vei?
hei hei, går det bra?
ist da noch was frei in Größe L?
il y a un problème avec ma commande
y a t il une remise
hay stock?
c'è il colore rosso?
is er nog voorraad
er det noen rabatt
er det noen farger
har dere noen på lager
vill ha en tröja
bitte um eine Rechnung
is your team in Oslo
an agent of mine
no
si
can a manager approve
ist das Paket angekommen
kann ich das Paket an jemand anderen schicken
ich will das einem Kollegen schenken
la personne qui a livré
j'ai parlé à un conseiller hier
mijn collega heeft het pakje
hvem er sjefen
vi er fire personer
""".strip().splitlines()

DECLINED = """
nein danke, kein Mitarbeiter nötig
ich will keinen Menschen sprechen
je ne veux pas parler à un conseiller
pas besoin de conseiller
no necesito hablar con una persona
non serve un operatore
ik hoef geen medewerker te spreken
jeg trenger ikke snakke med noen
não preciso de um atendente
""".strip().splitlines()


@pytest.mark.parametrize("text", REQUESTS)
def test_a_request_is_seen_in_other_languages(text: str) -> None:
    assert asks_for_human(text)
    assert not declines_human(text)


@pytest.mark.parametrize("text", REQUESTS)
def test_accents_capitals_and_other_sentences_around_it_change_nothing(text: str) -> None:
    bare = text.translate(str.maketrans("áàâãäéèêëíìîïóòôõöúùûüçñøå", "aaaaaeeeeiiiiooooouuuucnoa"))
    assert asks_for_human(bare.upper())
    assert asks_for_human(f"NL-10482. {text} !!")


@pytest.mark.parametrize("text", NO_REQUESTS)
def test_what_only_looks_like_a_request_is_none(text: str) -> None:
    assert not asks_for_human(text)


@pytest.mark.parametrize("text", DECLINED)
def test_whoever_wants_no_person_is_understood(text: str) -> None:
    assert declines_human(text)
    assert not asks_for_human(text)


@pytest.mark.parametrize(
    ("text", "asks"),
    [("no quiero hablar con una persona", False), ("No, quiero hablar con una persona", True)],
)
def test_a_comma_tells_a_no_to_a_person_from_a_no_to_something_else(text: str, asks: bool) -> None:
    assert asks_for_human(text) is asks


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["mit einem ", "un une la ", "er det ", "een ", "personne ", "con "]
)
def test_a_hostile_text_is_read_at_once(unit: str) -> None:
    asks_for_human(unit * 20_000)
