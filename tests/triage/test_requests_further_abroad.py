"""Requests for a person in languages that are read by stems, and what only looks like one."""

from __future__ import annotations

import pytest

from bot.human_requests import asks_for_human, declines_human

REQUESTS = """
chcę rozmawiać z człowiekiem
chce porozmawiac z kims
konsultant
proszę o kontakt z pracownikiem
jest tam ktoś?
nie chcę rozmawiać z botem
chci mluvit s člověkem
zavolejte mi
chcem hovoriť s človekom
želim razgovarati s osobom
bir insanla konuşmak istiyorum
BİR İNSANLA KONUŞMAK İSTİYORUM
musteri temsilcisine baglanmak istiyorum
robotla konuşmak istemiyorum
kimse var mı
vreau să vorbesc cu un om
sunați-mă vă rog
emberrel szeretnék beszélni
haluan puhua ihmisen kanssa
onko siellä ketään
хочу поговорить с человеком
оператор
перезвоните мне
хочу поговорити з людиною
θέλω να μιλήσω με άνθρωπο
vull parlar amb una persona
tôi muốn nói chuyện với nhân viên
saya mau bicara dengan orang
gusto ko makausap ang tao
mujhe insaan se baat karni hai
मुझे किसी से बात करनी है
أريد التحدث مع شخص
אני רוצה לדבר עם בן אדם
我要人工客服
有人吗
担当者と話したい
상담원 연결
我不要机器人
""".strip().splitlines()

NO_REQUESTS = """
gdzie jest moja paczka
nie chcę rozmawiać z człowiekiem
kargom nerede
insane
insane weather today, is the jacket warm enough
omg
orange or mauve
the koi pond thermometer
unde este comanda mea
где моя посылка
не хочу говорить с человеком
我的包裹在哪里
注文はどこですか
내 소포 어디 있어요
a transfer to my agent's address
embers burnt a hole in it
agent orange jacket
en ei el
""".strip().splitlines()


@pytest.mark.parametrize("text", REQUESTS)
def test_a_request_is_seen_in_further_languages(text: str) -> None:
    assert asks_for_human(text)
    assert asks_for_human(f"Hi! {text}")


@pytest.mark.parametrize("text", NO_REQUESTS)
def test_what_only_looks_like_a_request_in_another_language_is_not_one(text: str) -> None:
    assert not asks_for_human(text)


@pytest.mark.parametrize(
    "text", ["nie chcę rozmawiać z konsultantem", "не хочу говорить с оператором", "不用转人工"]
)
def test_somebody_who_wants_no_person_says_so_in_further_languages(text: str) -> None:
    assert declines_human(text)
    assert not asks_for_human(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    ["proszę " * 2_000, "человек " * 2_000 + "x", "请" * 2_000, "请人工" * 600],
    ids=["courtesies", "people", "signs", "people in signs"],
)
def test_hostile_text_in_further_languages_is_read_at_once(text: str) -> None:
    asks_for_human(text)
