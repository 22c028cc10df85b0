"""Does this text ask for a person in a language that the shop's customers seldom write?

`bot.requests_abroad` reads the languages of the neighbours way by way; here belong all others, each
in a few stems: words for people, for talking and wanting, for bots, and for "no". A clause that has
a person and a wish and no "no" asks for a person; so does one that has a bot and a "no". That is
coarse, and right for languages in which the assistant could not answer anyway. Pure.

Stems are found at the start of words, except where a script puts no space between words. The
letters are compared without accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_CLAUSE_END = re.compile(r"[.!?;:,()\n/。！？、，；।؟،]+")


def asks_further_abroad(text: str) -> bool:
    """Whether a text (normalised, see `bot.human_requests.normalise`) asks for a person."""
    return any(language.asks(clause) for clause in _clauses(text) for language in _LANGUAGES)


def declines_further_abroad(text: str) -> bool:
    """Whether a text (normalised) says that no person is wanted."""
    return any(language.declines(clause) for clause in _clauses(text) for language in _LANGUAGES)


def _folded(text: str) -> str:
    """Without accents; Turkish dotless i and Polish l with a stroke are plain ones."""
    bare = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).replace("ı", "i").replace("ł", "l").replace("đ", "d")


def _clauses(text: str) -> Iterator[str]:
    for clause in _CLAUSE_END.split(text):
        bare = " ".join(_folded(clause).split())
        if bare:
            yield bare


@dataclass(frozen=True)
class _Language:
    """Stems of one language."""

    people: re.Pattern[str]
    wish: re.Pattern[str]
    call: re.Pattern[str]
    """Requests that name no person: "ring me", "is anybody there"."""
    bot: re.Pattern[str]
    no: re.Pattern[str]
    polite: re.Pattern[str]
    alone: re.Pattern[str]
    """A person as the whole clause, when courtesies are taken away."""

    def asks(self, clause: str) -> bool:
        no, bot = self.no.search(clause), self.bot.search(clause)
        if no:
            return bot is not None
        bare = " ".join(self.polite.sub(" ", clause).split())
        if self.call.search(clause) or self.alone.fullmatch(bare):
            return True
        return bool(self.people.search(clause) and self.wish.search(clause))

    def declines(self, clause: str) -> bool:
        if not self.no.search(clause) or self.bot.search(clause):
            return False
        return bool(self.people.search(clause) and self.wish.search(clause))


def _language(
    *, people: str, wish: str, call: str, bot: str, no: str, polite: str, spaced: bool = True
) -> _Language:
    """`people` to `bot` are stems (with a `!` whole words, for those that begin English ones), `no`
    and `polite` whole words, all parted by `|`; `_` is a blank."""

    def stems(listed: str) -> str:
        words = (re.escape(_folded(word)).replace("_", r"\ ") for word in listed.split("|"))
        text = "|".join(re.sub("!$", r"(?!\\w)", word) for word in words)
        return rf"(?<!\w)(?:{text})" if spaced else f"(?:{text})"

    ending = r"\w*" if spaced else ""
    whole = r"(?!\w)" if spaced else ""
    return _Language(
        re.compile(stems(people)),
        re.compile(stems(wish)),
        re.compile(stems(call)),
        re.compile(stems(bot)),
        re.compile(stems(no) + whole),
        re.compile(stems(polite) + whole),
        re.compile(rf"(?:{stems(people)}{ending}(?: (?=\S)|$)){{1,3}}"),
    )


_LANGUAGES: Final = (
    # Polish
    _language(
        people="człowiek|konsultant|pracowni|obsług|kimś|kims|ktoś|ktos|kierowni|przełożon|szef|doradc|żyw|osob|sprzedawc|właściciel",
        wish="rozmaw|porozmaw|pogada|gadać|połącz|przełącz|kontakt|skontakt|chcę|chce|chciał|proszę|poproszę|potrzebuj|poprosz|daj|mówić|pomóc|zadzwoni",
        call="zadzwoń|zadzwoni|oddzwo|proszę_o_telefon|jest_tam_ktoś|czy_jest_ktoś|jest_ktoś|halo_jest",
        bot="bot|robot|maszyn|automat|komputer",
        no="nie|bez|żadnego",
        polite="proszę|prosze|poproszę|poprosze|czy|z|do|jest|dzień|dobry|cześć",
    ),
    # Czech, Slovak
    _language(
        people="člověk|clovek|operátor|někým|nekym|niekým|niekym|někdo|niekto|zaměstnan|pracovní|zákaznick|vedoucí|vedúc|kolega|kolegou|kolegyn|obsluh|šéf",
        wish="mluvit|promluvit|hovorit|hovoriť|rozprávať|spojte|přepojte|prepojte|chci|chcem|chtěl|potřebuj|potrebuj|kontakt|můžu|môžem|prosím",
        call="zavolejte|zavolajte|zavolej|je_tam_někdo|je_tam_niekto|je_tu_někdo",
        bot="bot|robot|stroj|automat",
        no="ne|nie|nechci|nechcem|bez|žádn",
        polite="prosím|prosim|s|dobrý|den|deň",
    ),
    # Slovenian, Croatian, Serbian, Bosnian
    _language(
        people="človek|čovek|čovjek|osob|zaposlen|operater|nekim|netko|neko|nekom|nekdo|voditelj|šef|sodelav|djelatni|služb",
        wish="govori|priča|razgovar|poveži|spoji|želim|zelim|hoću|hocu|hočem|htio|trebam|rad_bi|rada_bi|kontakt|molim",
        call="nazovite_me|pozovite_me|pokličite_me|ima_li_koga|je_kdo_tam",
        bot="bot|robot|stroj|mašin",
        no="ne|nočem|neću|bez|brez",
        polite="molim|prosim|s|sa",
    ),
    # Turkish
    _language(
        people="insan!|insanla|insana!|insani!|temsilci|yetkili|biri|müdür|çalışan|görevli|eleman|operatör|canlı|patron",
        wish="konuş|görüş|bağla|istiyor|istiyorum|aktar|ulaş|lazım|verin|destek|yardım",
        call="beni_ara|beni_arayın|arayın|arar_mısınız|kimse_var_mı|kimse_yok_mu|geri_ara|müşteri_temsilcisi|müşteri_hizmet|canlı_destek|canlı_yardım",
        bot="bot|robot|makine|yapay",
        no="istemiyorum|istemem|gerek_yok|değil",
        polite="lütfen|bir|bana|gerçek|merhaba",
    ),
    # Romanian
    _language(
        people="om!|omul|oameni|persoan|cineva|colegul|colega|angajat|reprezentant|șef!|uman|responsabil|operator_uman",
        wish="vorbesc|vorbi|discut|vreau|aș_vrea|doresc|transferă|contactez|nevoie|puteți|legătura",
        call="sunați|sunati|sună-mă|suna-ma|este_cineva|e_cineva",
        bot="bot|robot|mașin|calculator",
        no="nu|fără|niciun",
        polite="vă|va|rog|te|bună|un|cu|salut",
    ),
    # Hungarian
    _language(
        people="ember|ügyintéző|munkatárs|valaki|operátor|kolléga|kollégá|főnök|vezető|ügyfélszolgál|eladó",
        wish="beszél|szeretn|kapcsol|kérek|kér|akarok|szüksé|kontakt",
        call="hívj|visszahív|felhív|van_ott_valaki|van_itt_valaki",
        bot="bot|robot|gép",
        no="nem|ne|nélkül",
        polite="kérem|kérek|szia|hello|egy",
    ),
    # Finnish, Estonian
    _language(
        people="ihmi|asiakaspalvel|joku|jonkun|jollekin|työntekij|henkilö|myyjä|esimie|päällikö|virkailij|inimese|kellegi|klienditeenin",
        wish="puhua|jutella|keskustel|haluan|halua|yhdist|tarvits|saanko|voinko|soitta|rääkida|tahan|soovin|päästä",
        call="voitteko_soittaa|soittakaa|soita|onko_siellä|onko_täällä|onko_ketään",
        bot="bot|robot|kone",
        no="en|ei|älkää|ilman",
        polite="kiitos|hei|moi|palun",
    ),
    # Russian, Ukrainian, Bulgarian
    _language(
        people="человек|оператор|людин|чоловік|менеджер|сотрудник|кто|кем|кого|хто|кимось|начальник|консультант|специалист|представител|живой|живого|живым|жив|служител|човек|някого|поддержк|працівник",
        wish="говор|поговор|соедин|позов|хочу|нужен|нужн|дайте|переключ|связ|зв'яж|з'єдн|розмов|потріб|искам|свърж|можно|есть|є|помо|позвон",
        call="перезвон|позвоните|зателефон|подзвон|есть_кто|кто-нибудь|кто_нибудь|хтось|обадете",
        bot="бот|робот|машин|автомат",
        no="не|без|нет|нема",
        polite="пожалуйста|будь|ласка|моля|здравствуйте|с|мне",
    ),
    # Greek
    _language(
        people="άνθρωπο|εκπρόσωπο|υπάλληλο|κάποιο|κάποια|υπεύθυνο|συνάδελφο|διευθυντ|εξυπηρέτηση",
        wish="μιλή|μίλη|θέλω|θα_ήθελα|συνδέ|επικοιν|μπορώ|χρειάζ|υπάρχει|υπάρχουν",
        call="καλέστε|πάρτε_με|τηλεφωνήσ|είναι_κανείς",
        bot="ρομπότ|μηχάν|bot",
        no="δεν|δε|χωρίς|όχι",
        polite="παρακαλώ|με|έναν|ένα|γεια",
    ),
    # Vietnamese, Indonesian and Malay, Tagalog
    _language(
        people="nhân_viên|người_thật|ai_đó|quản_lý|tư_vấn|orang!|manusia|petugas|karyawan|seseorang|tao!",
        wish="nói_chuyện|gặp|muốn|cần!|bicara|berbicara|ngomong|mau!|ingin!|hubung|sambung|butuh|minta|makausap|kausap|gusto",
        call="gọi_cho_tôi|gọi_lại|telepon_saya|hubungi_saya|ada_orang|may_tao|tawagan_n|tawagan_ako",
        bot="bot|robot|máy|mesin",
        no="không|tidak|jangan|gak|nggak|hindi|ayaw",
        polite="tolong|xin|làm_ơn|po|dong|ya",
    ),
    # Hindi and Urdu, in Latin letters
    _language(
        people="insaan|insan!|aadmi|kisi!|kisise",
        wish="baat|milao|milwa|chahiye|chahta|chahti|bulao|lagao",
        call="mujhe_call|call_karo|call_kijiye|koi_hai|phone_karo|phone_kijiye",
        bot="bot|robot|machine",
        no="nahi|nahin|mat|nai",
        polite="please|plz|ji|bhai|mujhe|se",
    ),
    # Arabic, Persian, Hebrew
    _language(
        people="شخص|الشخص|بشخص|موظف|الموظف|بموظف|إنسان|الإنسان|ممثل|مدير|المدير|مسؤول|المسؤول|أحد|بشري|کسی|اپراتور|نماینده|אדם|נציג|לנציג|מישהו|מנהל|בן_אדם",
        wish="أريد|التحدث|اتحدث|أتكلم|أكلم|التواصل|حول|ممكن|هل|می|میخواهم|صحبت|רוצה|לדבר|תעביר|צריך",
        call="خدمة_العملاء|اتصلوا|اتصل_بي|تماس_بگیر|שירות_לקוחות|תתקשרו",
        bot="روبوت|الروبوت|آلة|بوت|ربات|בוט|רובוט",
        no="لا|ليس|بدون|لن|نمی‌خواهم|לא|בלי",
        polite="من|فضلك|עם|בבקשה|ל",
    ),
    # Catalan, Basque, Galician
    _language(
        people="persona|algú!|ningú|humà!|encarregat|pertsona|norbait|alguén",
        wish="parlar|vull|puc!|necessito|hitz_egin|nahi_dut|falar",
        call="truqueu|truca_m|deitu",
        bot="robot|bot!|màquina",
        no="no|sense|ez",
        polite="si|us|plau",
    ),
    # Chinese, Japanese, Korean, Thai, Hindi
    _language(
        people="人工|真人|客服|经理|經理|主管|有人|店员|人类|担当者|オペレーター|人間|人と|スタッフ|責任者|店長|店員|상담원|상담사|사람|직원|매니저|담당자|คน|พนักงาน|เจ้าหน้าที่|किसी|इंसान|एजेंट|मैनेजर|व्यक्ति",
        wish="要|转|轉|找|想|聊|说话|說話|联系|聯繫|请|接|話|つな|繋|代わ|お願い|連絡|いますか|ください|연결|이야기|얘기|통화|바꿔|싶|주세요|คุย|ติดต่อ|ขอ|ต้องการ|बात|चाहिए|जोड़",
        call="有人吗|有人嗎|打电话给我|給我打電話|给我打电话|回电|電話ください|電話してください|折り返し|誰かいますか|전화해|전화_주|누구_있|โทรหา|โทรกลับ|कॉल_कर",
        bot="机器人|機器人|ロボット|ボット|로봇|챗봇|기계|บอท|रोबोट",
        no="不|别|別|ない|ません|말고|싫|안_|ไม่|नहीं|मत",
        polite="吗|嗎|呢|吧|请|मुझे|ครับ|ค่ะ|요|です|하고|お願いします|服务|服務|サービス|연결",
        spaced=False,
    ),
)
