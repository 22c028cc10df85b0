"""The workspace that the tests start with: people, channels, and our app as it is installed.

The app has exactly the scopes of `deploy/slack-manifest.yml`; the emulator is strict about them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

MANIFEST: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[3] / "deploy" / "slack-manifest.yml").read_text()
)
SCOPES: list[str] = MANIFEST["oauth_config"]["scopes"]["bot"]

APP_ID, BOT_ID, BOT = "A0DESKHAND", "B0DESKHAND", "deskhand"
TEAM = "T000000001"
BOT_TOKEN = "xoxb-tests-bot"
APP_TOKEN = "xapp-1-tests"
ADMIN_TOKEN = "xoxp-admin"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"

#: People of the workspace: name, real name, e-mail.
PEOPLE = [
    ("anna", "Anna Berg", "anna@shop.example"),
    ("ben", "Ben Otieno", "ben@shop.example"),
    ("chloe", "Chloé Martin", "chloe@shop.example"),
    ("stranger", "Someone Else", "someone@elsewhere.example"),
]
#: Channels, and those that the app has been invited to.
CHANNELS = ["support", "orders", "sales", "lobby"]
JOINED = ["support", "orders", "sales"]

_EVERYTHING = [
    *("chat:write", "channels:read", "channels:history", "channels:manage", "channels:write"),
    *("groups:read", "groups:history", "groups:write", "im:read", "im:history", "im:write"),
    *("mpim:read", "mpim:history", "mpim:write", "users:read", "users:read.email"),
    *("files:read", "files:write", "reactions:read", "reactions:write", "channels:join"),
]

SEED: dict[str, Any] = {
    "team": {"name": "Nordlys", "domain": "nordlys"},
    "strict_scopes": True,
    "users": [
        {"name": name, "real_name": real, "profile": {"email": email, "display_name": name}}
        for name, real, email in PEOPLE
    ],
    "channels": [{"name": name} for name in CHANNELS],
    "oauth_apps": [
        {
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "bot_name": BOT,
            "client_id": "tests",
            "client_secret": "tests",
            "name": "Deskhand",
            "redirect_uris": [],
            "scopes": SCOPES,
        }
    ],
    "tokens": [
        {
            "token": BOT_TOKEN,
            "type": "bot",
            "user": BOT,
            "scopes": SCOPES,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
        },
        {"token": ADMIN_TOKEN, "type": "user", "user": "admin", "scopes": _EVERYTHING},
        *(
            {"token": f"xoxp-{name}", "type": "user", "user": name, "scopes": _EVERYTHING}
            for name, _, _ in PEOPLE
        ),
    ],
}
