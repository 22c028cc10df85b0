"""Does this text ask for a person in German, French, Spanish, Portuguese, Italian, Dutch, Norwegian,
Danish or Swedish?

The shop answers in the languages it has been taught, but nobody who asks for a person is kept for
want of a translation. Here belong the words of other languages and how they make a request;
English, and what surrounds a request, is in `bot.human_requests`. Pure, nothing but `re` and
`unicodedata`.

The patterns see a clause at a time, without accents (`menschen`, `operateur`, `nagon`), a space
between words and no other signs.
"""

# ruff: noqa: E501  (one way of asking a line is easier to read than broken ones)

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_FOLDED: Final = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ð": "d", "ł": "l", "-": " "})
_CLAUSE_END = re.compile(r"[.!?;:,()\n/]+(?=\s|$)|\s[-–—]\s")


def asks_abroad(text: str) -> bool:
    """Whether a text (normalised, see `bot.human_requests.normalise`) asks for a person."""
    return any(
        language.alone.fullmatch(" ".join(_POLITE.sub(" ", clause).split()))
        or any(
            not language.declined.search(clause[: found.start()])
            for found in language.request.finditer(clause)
        )
        for clause in _clauses(text)
        for language in _LANGUAGES
        if not language.needless.search(clause)
    )


def declines_abroad(text: str) -> bool:
    """Whether a text (normalised) says that no person is wanted."""
    return any(
        language.needless.search(clause)
        or any(
            language.declined.search(clause[: found.start()])
            for found in language.request.finditer(clause)
        )
        for clause in _clauses(text)
        for language in _LANGUAGES
    )


def _clauses(text: str) -> Iterator[str]:
    """What `_LANGUAGES` are searched in: commas tell "no, quiero ..." from "no quiero ..."."""
    for clause in _CLAUSE_END.split(text):
        bare = unicodedata.normalize("NFD", clause)
        bare = "".join(c for c in bare if not unicodedata.combining(c)).translate(_FOLDED)
        bare = " ".join(re.findall(r"[\w']+", bare))
        if bare:
            yield bare


@dataclass(frozen=True)
class _Language:
    """The patterns of one language."""

    request: re.Pattern[str]
    alone: re.Pattern[str]
    """The whole clause, politeness aside, names a person."""
    declined: re.Pattern[str]
    """Right before a request: it is not wanted."""
    needless: re.Pattern[str]
    """No request at all, but "no employee needed"."""


def _language(
    *, person: str, fill: str, request: str, alone: str, declined: str, needless: str
) -> _Language:
    """Patterns out of the parts of one language; `{who}` stands for a person with what goes before,
    `{..}` for up to three words."""

    def pattern(lines: str) -> re.Pattern[str]:
        chosen = [line.strip() for line in lines.strip().splitlines()]
        text = "|".join(f"(?:{line})" for line in chosen)
        text = text.replace("{who}", rf"(?:(?:{fill}) ){{0,6}}(?:{person})(?!\w)")
        text = text.replace("{person}", rf"(?:{person})")
        text = text.replace("{..}", r"(?:[\w']+ ){0,3}?")
        return re.compile(rf"(?<![\w'])(?:{text})(?!\w)")

    return _Language(
        pattern(request),
        pattern(alone),
        re.compile(rf"(?<![\w'])(?:{declined}) $"),
        pattern(needless),
    )


_POLITE = re.compile(
    r"(?<![\w'])(?:hallo|hej|hei|hola|ciao|bonjour|bonsoir|salut|slt|moin|ola|bitte|danke|s'il vous "
    r"plait|svp|stp|merci|por favor|porfa|porfavor|gracias|obrigad[oa]|per favore|per piacere|grazie|"
    r"alstublieft|aub|graag|bedankt|takk|tack|tak|vaer sa snill|ja|oui|si|sim|nei|nej|nein|non|nee|"
    r"please|pls|ok|okay|an?|the|ein|eine|einen|un|une|una|uno|um|uma|een|en|et|ett)(?!\w)"
)

# One line is one way of asking. Words are written as `_clauses` leaves them.
_LANGUAGES: Final = (
    # German
    _language(
        person=(
            r"mensch(?:en)?|mitarbeiter(?:in|innen|n)?|berater(?:in|n)?|kollegen?|kollegin(?:nen)?|"
            r"kunden(?:service|dienst|berater(?:in)?|betreuer(?:in)?|support)|ansprechpartner(?:in)?|"
            r"(?:service)?personal|person|sachbearbeiter(?:in)?|angestellten?|vorgesetzten?|chef|"
            r"(?:filial)?leiter(?:in)?|geschaftsfuhr\w+|inhaber(?:in)?|techniker(?:in)?|verantwortlichen?|jemand(?:en|em)?|wen|fachmann|experten?|team|support"
        ),
        fill=(
            r"ein(?:e[nrms]?)?|nen?|nem|ner|d[aei][sernm]|den|eure?[nrms]?|ihre?[nrms]?|von|aus|euch|ihnen|mal|bitte|kurz|"
            r"echt\w*|richtig\w*|real\w*|lebend\w*|menschlich\w*|zustandig\w*|ander\w*|wirklich\w*"
        ),
        request=r"""
            (?:mit|an|zu) {who} {..}(?:sprechen|reden|schreiben|chatten|telefonieren|quatschen|unterhalten|verbinden|verbunden|weiterleiten|weitergeleitet|durchstellen|vermitteln|wenden)
            (?:sprechen|reden|chatten|telefonieren|verbinden?|verbinde|verbindet) {..}mit {who}
            (?:weiter|durch)(?:leiten|stellen|geben) {..}an {who}
            (?:will|mochte|mocht|brauche?|hatte gerne?|wunsche|verlange|gib mir|geben sie mir|gebt mir|hol\w* mir|holen sie) {..}(?:einen?|den|nen|echte\w*|richtige\w*) (?:(?:echt|richtig|real|lebend|menschlich|ander)\w* )*(?:mensch(?:en)?|mitarbeiter(?:in)?|berater(?:in)?|kollegen|kollegin|ansprechpartner(?:in)?|sachbearbeiter|vorgesetzten|chef|verantwortlichen)
            (?:brauche?|will|mochte) (?:bitte )?(?:jemanden|menschliche hilfe)
            (?:gibt es|gibts|ist|sind|sitzt|arbeitet) (?:(?:hier|da|dort|bei euch|bei ihnen|noch|auch|denn|eigentlich) )*{who}(?: (?:da|hier|dort|erreichbar|verfugbar|online|am|mit|zu|der))?
            (?:kann|konnte|konnt|konnten|soll|sollte|darf|mag|lasst|lassen sie) (?:(?:mich|mir|bitte|da|sich|vielleicht|mal|bei mir) )*{who} {..}(?:anrufen|zuruckrufen|helfen|antworten|melden|kontaktieren|ubernehmen|ansehen|anschauen|schreiben|kummern)
            (?:ruft|ruf|rufen sie|rufen) mich {..}(?:an|zuruck)
            (?:kann|konnt|konnen|konnten|wurden?) (?:\w+ )?(?:\w+ )?mich {..}(?:anrufen|zuruckrufen)
            (?:bitte|um|einen|wunsche) (?:um )?(?:einen )?(?:ruckruf|anruf)
            (?:stell\w*|verbind\w*) (?:sie )?mich {..}(?:durch|weiter)
            (?:echte[rnms]?|richtige[rnms]?|reale[rnms]?|lebende[rnms]?) (?:mensch(?:en)?|person|mitarbeiter(?:in)?|berater)
            (?:nicht|nix|keine lust|genug) {..}mit (?:(?:einem|einer|nem|ner|dem|der|diesem|dieser) )?(?:ro)?(?:bot(?:er)?|chatbot|maschine|computer|ki|automat\w*|programm) (?:reden|sprechen|schreiben|chatten)
            mensch statt (?:ro)?bot\w*
            jemand (?:(?:da|hier|dran|erreichbar|verfugbar|online|anwesend|wach) ?)+(?! ?(?:sein|wenn|der|die))
            (?:kein\w*|nie wieder|schluss mit|weg mit) (?:\w+ )?(?:ro)?(?:(?:chat)?bots?|boter|maschinen?|computer|ki|automat\w*)
            ruckruf (?:erbeten|gewunscht|moglich|vereinbaren|erwunscht)
            wer ist (?:(?:hier|da|bei euch|bei ihnen|denn|mein|der|die|unser|fur \w+) )*(?:ansprechpartner|zustandig|verantwortlich|chef|leiter)\w*
            leite[nt]? (?:sie |ihr )?(?:mich|das|es) {..}(?:weiter|an {who})
            (?:wo|wie) (?:erreiche|erreich|kontaktiere|bekomme|finde|kriege|komme|kann|konnte|konnen) (?:ich |wir |man )?(?:\w+ )?(?:an |zu )?{who}
            telefonisch {..}(?:sprechen|reden|klaren|besprechen|kontakt|erreich\w+|zuruckmelden|beraten)
            (?:mochte|will|wurde|kann ich|konnen wir|konnten wir|lieber|gern\w*) {..}telefonieren
            mit wem (?:kann|konnte|soll|darf) (?:ich|wir)
            (?:kann|konnte|darf|will|mochte|gib\w*|ist|gebt) {..}(?:die|den|der|das) (?:frau|herrn?|dame|kollegin|kollegen?|mann|person) (?:von|vom|aus) (?:gestern|letzte\w*|vorhin|eben|neulich|vorher|montag|dienstag|mittwoch|donnerstag|freitag)
            (?:frau|herrn?) \w+ (?:sprechen|nochmal|wieder haben)
        """,
        alone=(
            r"(?:echter? |richtige[rn]? )?(?:mensch(?:en)?|mitarbeiter(?:in)?|berater(?:in)?|person|"
            r"kundenservice|kundendienst|kundenberater|ansprechpartner|ruckruf)(?: her| sprechen)?"
        ),
        declined=(
            r"(?:kein\w*|nicht|ohne|muss ich|brauche nicht|nie|nein danke)(?: (?:unbedingt|mehr|extra|"
            r"erst|dafur|mit|an))*"
        ),
        needless=r"""
            kein\w* (?:\w+ )?{person} {..}(?:notig|notwendig|erforderlich|sprechen|brauchen|mehr|gebraucht)
            (?:brauche?|will|mochte|braucht) (?:\w+ )?kein\w* (?:\w+ )?{person}
            (?:mit|von) kein\w* (?:\w+ )?{person}
            ohne {..}{person}
        """,
    ),
    # French
    _language(
        person=(
            r"humaine?s?|personne|conseill\w+|agente?s?|operat\w+|employee?s?|collegues?|"
            r"collaborat\w+|responsable|superieure?|quelqu'un|qqn|qqun|qq1|service clients?|sav|"
            r"kelk'?un|kelqu'?un|quelquun|qqu'un|humin|vendeu\w+|teleconseill\w+|interlocut\w+|technicien(?:ne)?s?|gerante?|patronn?e?|directeur|"
            r"etre humain|equipe"
        ),
        fill=(
            r"une?|l[ae]|les|d[eu]s?|a|avec|vraie?s?|autre|votre|vos|notre|reel(?:le)?|ete|etre|bien|"
            r"aussi|svp|stp|directement|ici"
        ),
        request=r"""
            (?:parler|causer|discuter|echanger|tchatter|chatter|communiquer|dialoguer|m'adresser|contacter) (?:directement )?(?:a|avec|au|aux)? ?{who}
            (?:passez|passe|passer|mettez|met|mets|transferez|transmettez|redirigez|connectez|dirigez|donnez|donne|trouvez|appelez|envoyez) (?:moi |nous |m' ?)?(?:en (?:contact|relation|ligne) )?{..}{who}
            (?:veux|voudrais|souhaite|souhaiterais|aimerais|prefere|prefererais|exige|faut|demande) (?:\w+ )?(?:une?|le|la|l'|votre|parler a) ?(?:(?:vraie?|autre|etre) )?(?:humaine?|vraie personne|personne reelle|conseill\w+|agent|operat\w+|employee?|collegue|responsable|superieur|gerant|patron|interlocut\w+)
            besoin (?:d'une?|d'|de|d un) ?(?:(?:vraie?|autre|l'aide|aide|d'une?|parler|a|avec) )*{person}
            (?:y a|il y a|ya|y aurait|est ce qu'il y a) (?:t il |til )?(?:(?:pas|la|bien|ici) )*{who}
            {who} (?:peut|pourrait|pourra|puisse|doit)(?: il| elle)? {..}(?:m'appeler|m'aider|me rappeler|me contacter|me repondre|rappeler|appeler|repondre|prendre le relais)
            (?:pouvez|pourriez|peux|pourrais) (?:vous |tu )?(?:bien )?(?:m'appeler|me rappeler|me telephoner|me faire rappeler|me contacter par telephone)
            (?:r?appelez|r?appelle|telephonez) moi
            (?:etre|qu'on me|qu'on m') ?(?:rappelee?|appelee?|contactee?|recontactee?|rappelle|appelle)
            (?:vraie personne|vrai humain|vraie humaine|vrai conseiller|personne reelle|etre humain)
            (?:pas|plus|marre de|refuse de) (?:de )?(?:parler |discuter |ecrire )?(?:a|avec) (?:un |une |le |la |ce |cette |votre )?(?:robot|bot|chatbot|machine|ordinateur|ia)
            pas (?:un|de) (?:robot|bot|chatbot)
            (?:comment|ou) (?:je peux |puis je |peut on )?(?:joindre|contacter|parler|avoir|trouver) (?:a |avec )?{who}
            comment (?:vous|je peux vous|puis je vous) (?:joindre|contacter|appeler)
            j'? ?(?:veu[xt]?|voudrai[st]?|aimerai[st]?) parle[rz]? (?:a|avec) {who}
            par telephone (?:svp|s'il vous plait|avec \w+|merci)
        """,
        alone=(
            r"(?:vraie? )?(?:humain|conseiller|conseillere|operateur|operatrice|agent|service clients?|"
            r"quelqu'un|vraie personne|employe|interlocuteur)(?: humain)?"
        ),
        declined=(
            r"(?:(?:ne|n') ?(?:veux|souhaite|voudrais|desire|ai|faut)? ?(?:pas|plus|jamais)|(?:veux|faut|ai|"
            r"souhaite|pas) pas|pas besoin|sans|inutile|dois je|faut il|j'ai deja|au lieu de|avant de|"
            r"pour ne pas|pas la peine)(?: (?:besoin|de|d'|avoir|a|devoir|envie|vouloir))*"
        ),
        needless=r"""
            (?:pas besoin|plus besoin|aucun besoin|aucun) (?:d'|de |d'une? ?)?{who}
            sans {..}{person}
        """,
    ),
    # Spanish
    _language(
        person=(
            r"persona|humano|humana|agente|operador\w?|asesor\w?|emplead[oa]|encargad[oa]|gerente|"
            r"responsable|supervisor\w?|alguien|companer[oa]|representante|dependient[ea]|jefe|jefa|"
            r"tecnico|atencion al cliente|servicio al cliente|servicio de atencion|ser humano|colega"
        ),
        fill=(
            r"un[ao]?|el|la|los|las|alg[uú]n|alguna|otr[ao]|verdader[ao]|real|su|vuestr[ao]|ser|de|"
            r"vosotros|ustedes|directamente|mejor|tu"
        ),
        request=r"""
            (?:hablar|ablar|hablarle|chatear|contactar|comunicarme|comunicar|charlar|conversar|contacto|contactarme) (?:\w+ )?(?:con|a) {who}
            (?:pasame|paseme|pasenme|pasadme|pasarme|conectame|conecteme|conectarme|comunicame|comuniqueme|comunicarme|transfiereme|transfierame|transferirme|ponme|pongame|ponganme|ponerme|derivame|deriveme) (?:\w+ )?(?:con|a|al) {who}
            me (?:puede[ns]?|podria[ns]?|pasa[sn]?|pone[sn]?|comunica[sn]?) (?:(?:pasar|poner|comunicar|conectar|transferir) )?(?:con|a|al) {who}
            (?:quiero|quisiera|necesito|prefiero|deseo|exijo|dame|deme|denme) (?:a )?(?:un[ao]?|al|otr[ao]|la) (?:(?:verdader[ao]|otr[ao]|ser) )?(?:persona(?! m?[aá]s)|humano|humana|agente|operador\w?|asesor\w?|emplead[oa]|encargad[oa]|gerente|responsable|supervisor\w?|representante)
            (?:quiero|necesito|busco) (?:a )?alguien
            (?:hay|esta|habra) (?:(?:ahi|aqui|por|ahi) )*{who}
            {who} (?:me )?(?:puede|podria|pueda) {..}(?:llamarme|llamar|contactarme|ayudarme|atenderme|atender|ayudar)
            (?:puede[ns]?|podria[ns]?|podeis) (?:\w+ )?(?:llamarme|telefonearme)
            (?:llamame|llameme|llamenme|llamadme)
            me (?:puede[ns]?|podria[ns]?|podeis) (?:\w+ )?(?:llamar|telefonear|contactar|atender alguien)
            (?:como|donde) (?:puedo )?(?:hablar|hablo|contactar|contacto|localizo) (?:con )?{who}
            (?:nada de|sin|basta de|odio los|no mas|harto de) (?:el |los |este )?(?:robots?|bots?|maquinas?)
            que (?:alguien )?me (?:llamen?|llameis|contacten?|atienda)
            (?:persona (?:real|de verdad|humana|de carne)|humano (?:real|de verdad))
            no (?:quiero|con|deseo|voy a)? ?(?:hablar |chatear )?(?:mas )?con (?:un |una |este |esta )?(?:robot|bot|chatbot|maquina|ordenador|computadora|ia)
        """,
        alone=(
            r"(?:con )?(?:operador|operadora|agente|humano|persona(?: real)?|asesor|atencion al cliente|alguien|"
            r"representante|servicio al cliente|empleado|encargado)(?: humano)?"
        ),
        declined=(
            r"(?:no (?:quiero|necesito|deseo|hace falta|tengo que|hay que|me hace falta)|sin|tengo que|"
            r"ya|antes de|en vez de)(?: (?:tener que|que|a|de))*"
        ),
        needless=r"""
            no (?:necesito|hace falta|quiero|hay) (?:\w+ )?{who}
            sin (?:ningun[ao]? |hablar con )?{who}
        """,
    ),
    # Portuguese
    _language(
        person=(
            r"pessoa|humano|humana|atendente|funcionari[oa]|colega|gerente|supervisor\w?|operador\w?|"
            r"responsavel|alguem|assistente|representante|colaborador\w?|atendimento|suporte|ser humano"
        ),
        fill=r"um|uma|o|a|os|as|algum|alguma|outr[ao]|verdadeir[ao]|real|seu|sua|de|voces|ser",
        request=r"""
            (?:falar|conversar|contactar|contato|contacto|chatear) (?:\w+ )?com {who}
            (?:quero|queria|preciso|gostaria|prefiro|desejo|exijo) (?:de |ter )*(?:um|uma|algum|outr[ao]) (?:pessoa|humano|atendente|funcionari[oa]|gerente|supervisor\w?|operador\w?|responsavel)
            preciso (?:de )?alguem
            (?:passe|passa|ponha|coloque|transfira|ligue|conecte|me passe?|me passa|me transfira|me coloque) (?:me |nos )?(?:com|a|para|em contato com) {who}
            (?:ha|tem|existe|esta) (?:(?:ai|aqui) )*(?:alguem|uma pessoa|algum humano|um humano|um atendente)
            (?:podem?|poderiam?) (?:\w+ )?(?:me ligar|ligar me|ligar para mim|telefonar me)
            (?:liguem?|ligue|telefonem?) (?:me|para mim)
            me (?:liguem?|liga)
            (?:pessoa (?:real|de verdade)|humano de verdade)
            nao (?:quero |com )?(?:falar )?(?:mais )?com (?:um |uma |este |esse )?(?:robo|robot|bot|maquina|computador)
        """,
        alone=r"(?:atendente|humano|pessoa(?: real)?|operador|funcionario|alguem|atendimento humano)",
        declined=r"(?:nao (?:quero|preciso|e preciso)|sem|tenho que|antes de|ja)(?: (?:ter que|de|que))*",
        needless=r"""
            nao (?:preciso|quero|e preciso) (?:de )?(?:falar com )?{who}
            sem (?:falar com )?{who}
        """,
    ),
    # Italian
    _language(
        person=(
            r"persona|umano|umana|operatore|operatrice|addett[oa]|impiegat[oa]|colleg[ah]i?|"
            r"responsabile|consulente|qualcuno|dipendente|commess[oa]|titolare|direttore|supervisore|"
            r"assistenza(?: clienti)?|servizio clienti|essere umano|rappresentante|tecnico"
        ),
        fill=r"un[ao]?|il|la|lo|l'|i|dei|delle?|vostr[ao]|vostri|ver[ao]|altr[ao]|reale|di|voi|essere|del",
        request=r"""
            (?:parlare|parlar|parlarne|chattare|comunicare|discutere|contattare|contatto) (?:\w+ )?(?:con|a|al) {who}
            (?:voglio|vorrei|preferisco|esigo|mi serve|dammi|datemi|mi dia|ho bisogno di|serve) (?:con )?(?:un[ao]?|l'|il|la)? ?(?:(?:ver[ao]|altr[ao]|essere) )?(?:persona|umano|operatore|operatrice|addett[oa]|impiegat[oa]|responsabile|consulente|supervisore)
            (?:ho bisogno di|mi serve) qualcuno
            (?:passami|passatemi|mi passi|mi passate|mi puo passare|potete passarmi|mi metta in contatto con|mettetemi in contatto con|collegami con|trasferitemi a|trasferiscimi a) {who}
            (?:c'e|ce|ci sta|esiste) (?:li |qui |almeno )?(?:qualcuno|un umano|una persona|un operatore)
            {who} (?:mi )?(?:puo|potrebbe|possa) {..}(?:chiamarmi|richiamarmi|chiamare|richiamare|aiutarmi|contattarmi|rispondermi)
            (?:mi (?:chiami|chiamate|richiami|richiamate|telefoni|puo (?:ri)?chiamare|potete (?:ri)?chiamare|fate chiamare|faccia chiamare))
            (?:chiamatemi|richiamatemi|chiamami|richiamami|telefonatemi|potete chiamarmi|puo chiamarmi|essere (?:ri)?chiamat[oa]|essere (?:ri)?contattat[oa])
            (?:c'e|ce|esiste|ci sono) (?:(?:li|qui|almeno|anche|per caso|davvero) )*{who}
            (?:come|dove) (?:posso |faccio a )?(?:parlare|contattare|raggiungere|parlo) (?:con )?{who}
            (?:niente|basta|no ai|stufo di|senza) (?:con )?(?:i |il |questo |questi )?(?:robot|bot)
            (?:persona vera|vera persona|persona reale|operatore umano|in carne e ossa|umano vero)
            non (?:voglio |con )?(?:parlare )?(?:piu )?con (?:un |una |questo |questa )?(?:robot|bot|macchina|computer)
        """,
        alone=(
            r"(?:operatore|operatrice|umano|persona(?: vera| reale)?|assistenza clienti|servizio clienti|"
            r"qualcuno|addetto)(?: umano)?"
        ),
        declined=(
            r"(?:non (?:voglio|vorrei|serve|ho bisogno di|devo|occorre|c'e bisogno di)|senza|devo|prima di|"
            r"invece di|ho gia)(?: (?:dover|di|bisogno di|per forza))*"
        ),
        needless=r"""
            non (?:mi )?(?:serve|occorre|voglio|ho bisogno di) (?:parlare con )?{who}
            senza (?:parlare con )?{who}
        """,
    ),
    # Dutch
    _language(
        person=(
            r"mens(?:en)?|persoon|medewerk\w+|iemand|klantenservice|klantenservicemedewerk\w+|collega'?s?|"
            r"manager|leidinggevende|chef|baas|verkoper|verkoopster|adviseur|personeel|winkelmedewerk\w+"
        ),
        fill=r"een|de|het|jullie|uw|je|van|echte?|levende?|andere?|gewone?|menselijke?|'n|n|uit|vlees",
        request=r"""
            (?:spreken|praten|chatten|bellen|contact|overleggen|verbind\w*|doorverbind\w*|schakel\w*|kletsen) {..}met {who}
            met {who} {..}(?:spreken|praten|chatten|bellen|overleggen|doorverbinden|verbinden|schrijven|verbonden|doorverbonden|hebben|krijgen)
            {who} (?:\w+ )?(?:spreken|te spreken|aan de lijn|aan de telefoon|chatten)
            (?:wil|wou|zoek|wens|heb|geef me|geef mij|graag|eis|mag ik) (?:graag |even |nu )*(?:een|de|'n) (?:(?:echte?|levende?|andere?|gewone?) )?(?:mens|persoon|medewerk\w+|collega|manager|leidinggevende|adviseur)
            (?:heb|zoek) iemand nodig
            (?:is|zijn|zit|werkt|werken) (?:er |daar |hier )+(?:ook |nog |misschien |toevallig )*{who}
            (?:kan|kunt|kunnen|zou|wil|wilt|willen|laat) (?:\w+ )?{who} (?:me|mij|mijn|dit|hier|het|ons)
            (?:kan|kunt|kunnen|wil|wilt|willen|zou|zouden) (?:u|jullie|je|jij) (?:me|mij) {..}(?:bellen|terugbellen|opbellen)
            {who} (?:me|mij) {..}(?:bellen|terugbellen|belt|bel)
            bel (?:me|mij)(?: (?:terug|op|even|maar|aub|morgen|vandaag))*
            (?:graag|wil|word graag) {..}(?:teruggebeld|gebeld)
            (?:verbind|zet|schakel) (?:me|mij) {..}door
            (?:echte?|levende?) (?:mens|persoon|medewerk\w+)
            (?:niet|niet meer|geen zin om) {..}met (?:een |deze |die |je |jullie )?(?:ro)?(?:bot|chatbot|computer|machine|automaat)
            mens in plaats van
            geen (?:\w+ )?(?:ro)?(?:bots?|chatbots?|automaat)
            (?:door verbinden|doorverbinden|doorverbonden)
            met wie (?:kan|kunnen|mag|moet) (?:ik|we)
            (?:hoe|waar) (?:bereik|kan|kunnen|krijg|vind|kom) (?:ik |we )?{..}{who}
            (?:telefonisch|per telefoon) (?:contact|spreken|overleggen|bespreken)
        """,
        alone=(
            r"(?:echte? (?:mens|persoon)|medewerk(?:er|ster)|klantenservice|iemand|collega|persoon)"
            r"(?: spreken| aan de lijn)?"
        ),
        declined=(
            r"(?:geen|niet|zonder|moet ik|hoef|hoeft|hoef geen|hoef niet|nooit|liever niet)"
            r"(?: (?:te|met|meer|een|per se|nodig|graag|eerst))*"
        ),
        needless=r"""
            geen (?:\w+ )?{person}
            zonder {..}{person}
            (?:hoef|hoeft) {..}niet {..}{person}
        """,
    ),
    # Norwegian, Danish, Swedish
    _language(
        person=(
            r"menneske[rt]?|mennesker|mannisk(?:a|or)|medarbe[ij]der\w*|medarbetare|ansatt\w*|anstalld\w*|"
            r"kunde(?:service|behandler\w*|senter|radgiver)|kund(?:tjanst|service)|kollega\w*|kollegor|"
            r"noen|nogen|nagon|person|sjef\w*|chef\w*|leder\w*|butikksjef\w*|radgiver|saksbehandler|"
            r"ansvarlige?|folk|dere|jer|er der|selger\w*|ekspedient\w*"
        ),
        fill=r"en|et|ett|ei|ekte|virkelig|virkeligt|riktige?|rigtig[et]?|levende|annen|anden|annan|hos|dere|av|fra|jeres|deres|en av|den|som|er|i|fran",
        request=r"""
            (?:snakke|snakker|snakka|prate|prata|chatte|chatta|tale|tala|snacka|kontakt|kontakte) {..}(?:med|til|mot|mod) {who}
            (?:vil|vill|onsker|trenger|behover|behov for|gi meg|gi oss|giv mig|ge mig|fa|far|ha) (?:gjerne |garna |heller |hellere |ha |have |tak i |fatt i |tag i )*(?:en|et|ett) (?:(?:ekte|virkelig|riktig|rigtig|levende|annen|anden|annan) )*(?:menneske|manniska|person|medarbe[ij]der|medarbetare|ansatt|anstalld|kundebehandler|radgiver|leder|sjef|chef)
            (?:trenger|behover) (?:noen|nogen|nagon)
            (?:sett|sette|still|stille|koble|kople|koppla|satt|stil|stille|overfor|overfore|send|sende) (?:meg|mig|mej|oss) {..}(?:over|gjennom|igjennom|igennem|videre|vidare|till|til|med) {..}{who}
            (?:sett|koble|kople|koppla|stil|overfor) (?:meg|mig|mej) {..}(?:over|gjennom|igjennom|igennem|videre|vidare)
            (?:er|ar|is|finnes|finns|findes|sitter|sidder|jobber) (?:det |der |har )*(?:(?:noen|nogen|nagon)(?= (?:der|dar|har|her|hjemme|hemma|hos|som|jeg|jag|i|pa|til|att|a)(?!\w)|$)|et menneske|en manniska|mennesker|folk|en ekte)
            (?:kan|kunne|kunde) (?:dere|du|noen|nogen|nagon|ni|i|en av dere|en) {..}(?:ringe|ringa|hjelpe|hjaelpe|hjalpa|kontakte|kontakta|svare) (?:meg|mig|mej)
            (?:ring|ringe|ringa) (?:meg|mig|mej)
            ma jeg (?:gerne )?(?:fa )?(?:lov (?:til )?at )?tale (?:med|til) {who}
            (?:ingen|inga|ikke en|inte en|nei til|nej till) (?:ro)?(?:bott?|bots|botter|maskin\w*)
            (?:hvordan|hur|hvor|var) (?:kan |far )?(?:jeg|jag|man) {..}(?:fatt i|tak i|tag i|kontakt med|snakke med|prata med|na) {who}
            hvem kan jeg (?:snakke|ringe|tale|prate)
            (?:bli|blive|blir) (?:oppringt|ringt|ringet|uppringd|kontaktet)
            (?:ekte|virkelig|levende|riktig|rigtig|rigtigt) (?:menneske|person|manniska|folk)
            (?:ikke|inte|gidder ikke|orker ikke|orkar inte) {..}med (?:en |ei |denne |den |en jaevla )?(?:ro)?(?:bot|bott|chatbot|maskin|maskine|datamaskin|dator|robott)
        """,
        alone=(
            r"(?:(?:ekte|virkelig|levende|riktig|rigtigt?) )?(?:menneske|manniska|medarbe[ij]der|medarbetare|"
            r"ansatt|kundeservice|kundebehandler|kundtjanst|kundservice|noen|nogen)"
        ),
        declined=(
            r"(?:ikke|inte|ingen|inga|intet|uten|uden|utan|slipper|slippe|slipper at|ma jeg|skal jeg|maste "
            r"jag|skal man|for jeg|allerede|aldrig|aldri)(?: (?:a|at|att|trenger|behover|vil|vill|snakke med|"
            r"brug for|behov for|noen|med))*"
        ),
        needless=r"""
            (?:trenger|behover|vil|vill|har|er|ar) (?:\w+ )?(?:ikke|inte|ingen) {..}{who}
            (?:uten|uden|utan) (?:a |at |att )?(?:snakke med |tale med |prata med )?{who}
        """,
    ),
)
