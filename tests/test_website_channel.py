"""The website's calls: one cookie, one answer to one message, nothing outside web/, and forgetting that can be searched for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from rasa.shared.exceptions import RasaException
from sanic import Sanic

from components.channels import session
from components.channels.limits import Buckets, Limits, address_of
from components.channels.rendering import typed
from components.channels.website import COOKIE, WEB, WebsiteInput
from tests.channels.house import Bot, buttons, serving

pytestmark = pytest.mark.slow  # Rasa and a server on a port of its own

TEXT = "my knee locks and i cannot straighten it"
CARD = {"text": "EMERGENCY", "custom": {"kind": "card", "level": "emergency_now", "heading": "Call", "points": []}}


@pytest.fixture
def web(tmp_path):
    root = tmp_path / "web"
    (root / "chat").mkdir(parents=True)
    (root / "tests").mkdir()
    for name in ("index.html", "chat.html", "widget.js", "package.json", "chat/chat.js", "chat/notes.md", "chat/.hidden.js", "tests/a.js"):
        (root / name).write_text(f"/* {name} */")
    (tmp_path / "secret.js").write_text("secret")
    (root / "chat" / "link.js").symlink_to(tmp_path / "secret.js")
    return root


@asynccontextmanager
async def visiting(bot, web=None, limits=None, headers=None):
    channel = WebsiteInput(*([web] if web else []), limits=limits)
    async with serving(channel, bot) as url, httpx.AsyncClient(base_url=url, headers=headers) as page:
        yield page


async def say(page, text, message_id=None, **more):
    return await page.post("/api/message", json={"message": text, **({"id": message_id} if message_id else {}), **more})


# --- talking ------------------------------------------------------------------------------------------


async def test_a_message_is_answered_at_the_root_with_its_id():
    async with visiting(Bot(lambda t: [{"text": "Where?", "buttons": buttons(2), "custom": {"kind": "question"}}])) as page:
        answer = (await say(page, TEXT, "m1")).json()
    assert answer == {"id": "m1", "messages": [{"text": "Where?", "buttons": buttons(2), "custom": {"kind": "question"}}]}


async def test_the_cookie_is_strict_signed_unguessable_and_of_this_session_only():
    bot = Bot()
    async with visiting(bot) as page:
        cookie = (await say(page, TEXT)).headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "max-age" not in cookie.lower() and "expires" not in cookie.lower()
        assert "set-cookie" not in (await say(page, TEXT)).headers
        forged = page.cookies[COOKIE][:-1] + ("0" if page.cookies[COOKIE][-1] != "0" else "1")
        await httpx.AsyncClient(base_url=page.base_url, cookies={COOKIE: forged}).post("/api/message", json={"message": TEXT})
    assert bot.senders[0] == bot.senders[1] != bot.senders[2]
    assert len(bot.senders[0]) > 30


async def test_over_tls_at_the_proxy_the_cookie_is_secure():
    async with visiting(Bot(), headers={"X-Forwarded-Proto": "https"}) as page:
        assert "; Secure" in (await say(page, TEXT)).headers["set-cookie"]


async def test_a_repeated_id_gives_the_same_answer_and_is_not_heard_twice():
    bot = Bot(lambda t: [{"text": f"answer {len(bot.heard)}"}])
    async with visiting(bot) as page:
        await page.get("/api/history")
        first, again = await say(page, TEXT, "same"), await say(page, TEXT, "same")
        other = await say(page, TEXT, "other")
    assert first.json() == again.json() != other.json()
    assert len(bot.heard) == 2


async def test_a_repeated_id_while_the_first_is_being_answered_waits_for_it():
    bot = Bot()
    bot.before = lambda: asyncio.sleep(0.3)
    async with visiting(bot) as page:
        await page.get("/api/history")
        first, again = await asyncio.gather(say(page, TEXT, "same"), say(page, TEXT, "same"))
    assert first.json() == again.json() and bot.heard == [TEXT]


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
async def test_a_repeated_id_is_known_after_a_restart(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("KNEE_GUIDE_SECRET", "a-secret-that-outlives-a-restart")
    bot = Bot(database=tmp_path / "t.db" if kind == "sqlite" else None)
    async with visiting(bot) as page:
        first = (await say(page, TEXT, "same")).json()
        cookie = page.cookies[COOKIE]
    async with visiting(bot) as page:
        page.cookies.set(COOKIE, cookie)
        assert (await say(page, TEXT, "same")).json() == first
    assert bot.heard == [TEXT]


async def test_two_messages_of_one_person_are_answered_one_after_the_other():
    bot, now, most = Bot(), 0, 0

    async def slowly():
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1

    bot.lock_store.lock = lambda *_, **__: _free()
    bot.before = slowly
    async with visiting(bot) as page:
        await page.get("/api/history")
        await asyncio.gather(*(say(page, f"message {i}") for i in range(4)))
    assert most == 1 and len(bot.heard) == 4


@asynccontextmanager
async def _free():
    yield


async def test_two_people_do_not_wait_for_each_other():
    bot = Bot()
    bot.before = lambda: asyncio.sleep(0.3)
    async with visiting(bot) as page, httpx.AsyncClient(base_url=page.base_url) as other:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(say(page, TEXT), say(other, TEXT))
        assert asyncio.get_running_loop().time() - began < 0.55


@pytest.mark.parametrize("text", ["/restart", "/ /restart", "EXTERNAL: / /session_start", '/inform{"finding": "fever"}', "kg:c:forget", " /kg:c:forget", "/ kg:n"])
async def test_typed_text_in_the_form_of_a_command_is_only_text(text):
    bot = Bot()
    async with visiting(bot) as page:
        await say(page, text)
    assert bot.heard == [typed(text)]
    assert not bot.heard[0].lower().startswith(("/", "external:", "kg:"))


async def test_a_button_arrives_as_it_was_offered():
    bot = Bot()
    async with visiting(bot) as page:
        await page.post("/api/message", json={"payload": "kg:a:fever:p"})
    assert bot.heard == ["kg:a:fever:p"]


async def test_an_emergency_gets_its_card_when_rasa_is_broken_or_not_there():
    async with visiting(None) as page:
        messages = (await say(page, "my calf is swollen on one side and i am short of breath")).json()["messages"]
    assert messages[0]["custom"]["level"] == "emergency_now"


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"message": "x" * 2001}, 413), ({"payload": "kg:" + "x" * 2001}, 413), ({"message": ""}, 422), ({"message": 7}, 422), ({}, 422), ([], 422),
        ({"payload": "/restart"}, 422), ({"message": "hello", "payload": "/restart"}, 422), ({"message": "hello", "id": "x" * 101}, 422),
        ({"message": "hello", "id": 7}, 422),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_gets_a_kind_sentence(body, status):
    bot = Bot()
    async with visiting(bot) as page:
        answer = await page.post("/api/message", json=body)
    assert answer.status_code == status and answer.json()["error"] and not bot.heard


async def test_a_body_that_is_no_json_is_refused():
    async with visiting(Bot()) as page:
        assert (await page.post("/api/message", content=b"{")).status_code == 422
        assert (await page.post("/api/message", content=b"x" * 1_100_000)).status_code == 413


async def test_too_many_messages_are_refused_for_a_while_with_the_emergency_number(monkeypatch):
    monkeypatch.setenv("KNEE_GUIDE_COUNTRY", "GB")
    async with visiting(Bot(), limits=Limits(sender=Buckets(3, 1))) as page:
        await page.get("/api/history")
        answers = [await say(page, TEXT, f"m{i}") for i in range(4)]
        assert (await say(page, TEXT, "m0")).status_code == 200, "what was answered is not counted again"
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "999" in answers[3].json()["error"] and int(answers[3].headers["retry-after"]) > 0


async def test_one_address_is_counted_whatever_cookies_it_throws_away():
    async with visiting(Bot(), limits=Limits(address=Buckets(2, 1)), headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.7"}) as page:
        statuses = []
        for _ in range(3):
            page.cookies.clear()
            statuses.append((await say(page, TEXT)).status_code)
        assert statuses == [200, 200, 429]
        assert (await page.post("/api/message", json={"message": TEXT}, headers={"X-Forwarded-For": "203.0.113.8"})).status_code == 200


async def test_too_many_turns_waiting_are_refused():
    bot = Bot()
    bot.before = lambda: asyncio.sleep(0.3)
    async with visiting(bot, limits=Limits(waiting=1)) as page:
        await page.get("/api/history")
        answers = await asyncio.gather(*(say(page, TEXT, f"m{i}") for i in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429]
        again = [await say(page, TEXT, f"m{i}") for i in range(4)]
    assert [answer.status_code for answer in again] == [200] * 4 and len(bot.heard) == 4


class _Request:
    def __init__(self, ip, forwarded=()):
        self.ip = ip
        self.headers = type("H", (), {"getall": lambda _, name, default: list(forwarded) or default})()


@pytest.mark.parametrize(
    ("ip", "forwarded", "expected"),
    [
        ("127.0.0.1", [], None), ("127.0.0.1", ["9.9.9.9, 203.0.113.7"], "203.0.113.7"), ("203.0.113.9", ["1.1.1.1"], "203.0.113.9"),
        ("127.0.0.1", ["nonsense"], None), ("127.0.0.1", ["2001:db8:1:2:3::4"], "2001:db8:1:2::/64"),
    ],
)  # fmt: skip
def test_the_address_is_what_our_proxy_says_and_not_what_a_client_writes(ip, forwarded, expected):
    assert address_of(_Request(ip, forwarded)) == expected


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_limit_that_makes_no_sense_is_refused_at_the_start(monkeypatch, value):
    monkeypatch.setenv("KNEE_GUIDE_SENDER_BURST", value)
    with pytest.raises(RasaException, match="KNEE_GUIDE_SENDER_BURST"):
        WebsiteInput.from_credentials(None)


def test_a_short_secret_is_refused_at_the_start(monkeypatch):
    monkeypatch.setenv("KNEE_GUIDE_SECRET", "short")
    with pytest.raises(RasaException, match="KNEE_GUIDE_SECRET"):
        WebsiteInput.from_credentials(None)


# --- pages of other addresses ---------------------------------------------------------------------------------


ELSEWHERE = {"Origin": "https://www.clinic.example", "Sec-Fetch-Site": "cross-site"}


async def test_a_page_of_another_site_may_not_call():
    bot = Bot()
    async with visiting(bot, headers=ELSEWHERE) as page:
        answer = await say(page, TEXT)
    assert answer.status_code == 403 and not bot.heard and "access-control-allow-origin" not in answer.headers


async def test_a_page_of_an_allowed_site_may_and_gets_a_cookie_of_its_own(monkeypatch):
    monkeypatch.setenv("KNEE_GUIDE_ORIGINS", "https://www.clinic.example")
    async with visiting(Bot(), headers=ELSEWHERE) as page:
        asked = await page.options("/api/message")
        answer = await say(page, TEXT)
    for reply in (asked, answer):
        assert reply.headers["access-control-allow-origin"] == "https://www.clinic.example"
        assert reply.headers["access-control-allow-credentials"] == "true"
    assert {"SameSite=None", "Secure", "Partitioned", "HttpOnly"} <= set(answer.headers["set-cookie"].split("; "))


@pytest.mark.parametrize("value", ["*", "clinic.example", "https://clinic.example/", "https://clinic.example/page"])
def test_an_origin_that_is_none_is_refused_at_the_start(monkeypatch, value):
    monkeypatch.setenv("KNEE_GUIDE_ORIGINS", value)
    with pytest.raises(RasaException, match="KNEE_GUIDE_ORIGINS"):
        WebsiteInput.from_credentials(None)


# --- settings, history, forgetting -------------------------------------------------------------------------------


async def test_the_settings_have_the_number_of_the_country(monkeypatch):
    monkeypatch.setenv("KNEE_GUIDE_COUNTRY", "DE")
    async with visiting(Bot()) as page:
        assert (await page.get("/api/settings")).json() == {"number": "112", "tel": "112", "country": "DE"}
        assert (await page.get("/api/settings?country=gb")).json() == {"number": "999", "tel": "999", "country": "GB"}
        assert (await page.get("/api/settings?country=xx")).json()["country"] == "DE"
    monkeypatch.delenv("KNEE_GUIDE_COUNTRY")
    async with visiting(Bot()) as page:
        assert (await page.get("/api/settings")).json()["tel"] is None


async def test_the_history_is_what_was_shown_with_buttons_by_their_words():
    options = [{"id": "fever", "label": "Fever"}, {"id": "rash", "label": "A rash"}]
    question = {"text": "Any?", "buttons": [{"title": "Fever", "payload": "kg:a:fever:p"}], "custom": {"kind": "question", "options": options}}
    async with visiting(Bot(lambda t: [question])) as page:
        assert (await page.get("/api/history")).json() == {"messages": [], "emergency": None}
        await say(page, TEXT)
        await page.post("/api/message", json={"payload": "kg:a:fever:p"})
        await page.post("/api/message", json={"payload": "kg:m:fever,rash"})
        await page.post("/api/message", json={"payload": "kg:old"})
        told = (await page.get("/api/history")).json()["messages"]
    assert [m["text"] for m in told if m["from"] == "person"] == [TEXT, "Fever", "Fever; A rash", session.A_CHOICE]
    assert next(m for m in told if m["from"] == "bot") == {"from": "bot", **question}


async def test_an_emergency_card_stands_until_another_card_comes():
    calmer = {"text": "SELF CARE", "custom": {"kind": "card", "level": "self_care"}}
    async with visiting(Bot(lambda t: [CARD if "calf" in t else calmer if "mistake" in t else {"text": "yes"}])) as page:
        await say(page, "my calf")
        await say(page, "really?")
        assert (await page.get("/api/history")).json()["emergency"]["text"] == "EMERGENCY"
        await say(page, "that was a mistake")
        assert (await page.get("/api/history")).json()["emergency"] is None


async def test_forgetting_leaves_nothing_of_it_in_the_database_file(tmp_path):
    database = tmp_path / "tracker.db"
    secret, long_secret = "zanzibar-marker", "quokka-marker " * 900
    bot = Bot(database=database)
    async with visiting(bot, limits=Limits(longest=2000)) as page, httpx.AsyncClient(base_url=page.base_url) as other:
        await say(other, "somebody else stays")
        for text in (secret, long_secret[:1900], TEXT):
            await say(page, text)
        assert secret.encode() in database.read_bytes() and b"quokka" in database.read_bytes()
        answer = await page.post("/api/forget", json={})
        assert answer.json()["forgotten"] and "Max-Age=0" in answer.headers["set-cookie"]
        for file in tmp_path.iterdir():
            content = file.read_bytes()
            assert secret.encode() not in content and b"quokka" not in content and bot.senders[1].encode() not in content
        assert b"somebody else stays" in database.read_bytes()
        assert (await page.get("/api/history")).json()["messages"] == []
        assert len((await other.get("/api/history")).json()["messages"]) == 2


async def test_saying_so_in_the_conversation_forgets_too(tmp_path):
    database = tmp_path / "tracker.db"
    bot = Bot(lambda t: [{"text": "It is deleted.", "custom": {"kind": "forgotten"}}] if t == "kg:c:forget" else [{"text": "yes"}], database)
    async with visiting(bot) as page:
        await say(page, "zanzibar-marker")
        assert (await page.post("/api/message", json={"payload": "kg:c:forget"})).json()["messages"][0]["text"] == "It is deleted."
        assert b"zanzibar" not in database.read_bytes()
        assert (await page.get("/api/history")).json()["messages"] == []


async def test_forgetting_drops_the_store_in_memory_and_the_one_that_stands_in():
    bot = Bot()
    await bot.handle_message(type("M", (), {"sender_id": "s", "text": "x", "message_id": "1", "input_channel": "t", "output_channel": _Nowhere()})())
    await bot.tracker_store.fallback_tracker_store.save(await bot.tracker_store.get_or_create_tracker("s"))
    await session.forget(bot, "s")
    assert not bot.tracker_store._tracker_store.store and not bot.tracker_store._fallback_tracker_store.store


class _Nowhere:
    async def send_response(self, *_):
        return None


async def test_when_it_cannot_be_deleted_the_person_is_told():
    async with visiting(None) as page:
        await page.get("/api/history")
        answer = await page.post("/api/forget", json={})
    assert answer.status_code == 503 and answer.json()["error"] == session.NOT_FORGOTTEN


async def test_forgetting_waits_for_a_turn_that_is_going_on():
    bot = Bot()
    bot.before = lambda: asyncio.sleep(0.2)
    async with visiting(bot) as page:
        await page.get("/api/history")
        turn = asyncio.ensure_future(say(page, TEXT))
        await asyncio.sleep(0.05)
        await page.post("/api/forget", json={})
        await turn
    assert not bot.tracker_store._tracker_store.store


# --- the files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "name"), [("/", "index.html"), ("/chat", "chat.html"), ("/widget.js", "widget.js"), ("/assets/chat/chat.js", "chat/chat.js")])
async def test_pages_and_assets_come_with_their_headers(web, path, name):
    async with visiting(Bot(), web) as page:
        answer = await page.get(path)
        assert answer.text == f"/* {name} */"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:")
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-type"].startswith("text/javascript" if name.endswith(".js") else "text/html")
        assert (await page.get(path, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
        assert (await page.head(path)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../secret.js", "/assets/chat/../../secret.js", "/assets/%2e%2e/secret.js", "/assets/chat%2f..%2f..%2fsecret.js", "/assets/chat/link.js",
        "/assets/package.json", "/assets/tests/a.js", "/assets/chat/.hidden.js", "/assets/chat/notes.md", "/assets//etc/passwd", "/assets/chat",
        "/assets/chat/nothing.js",
    ],
)  # fmt: skip
async def test_nothing_outside_the_served_files_is_served(web, path):
    async with visiting(Bot(), web) as page:
        address = page.base_url
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    assert answer.split(b" ")[1] == b"404" and b"secret" not in answer.split(b"\r\n\r\n")[1]


async def test_every_file_that_the_page_may_ask_for_is_served():
    folders = [folder for folder in WEB.iterdir() if folder.is_dir() and folder.name in ("chat", "drawings", "lang", "page")]
    files = [file.relative_to(WEB).as_posix() for folder in folders for file in folder.rglob("*") if file.is_file()]
    async with visiting(Bot()) as page:
        for path in ("/", "/chat", "/widget.js", *(f"/assets/{file}" for file in files)):
            assert (await page.get(path)).status_code == 200, path


@pytest.mark.slow
async def test_within_rasas_own_application_the_page_is_at_the_root_and_the_api_of_rasa_is_off(web):
    from rasa.core.run import configure_app  # takes seconds to import

    Sanic._app_registry.pop("rasa_core_no_api", None)
    app = configure_app([WebsiteInput(web)], enable_api=False, use_uvloop=False)
    app.ctx.agent = Bot()
    server = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True)
    await server.startup()
    await server.before_start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.server.sockets[0].getsockname()[1]}") as page:
            assert (await page.get("/")).text == "/* index.html */"
            assert (await say(page, TEXT)).status_code == 200
            assert (await page.get("/conversations/x/tracker")).status_code == 404
    finally:
        await server.close()
