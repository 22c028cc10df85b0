"""What `deskhand doctor` finds out about the Slack desk: token, scopes, channels, people, clock."""

from __future__ import annotations

from typing import Final

from bot.desks import Finding
from bot.desks.slack_parts import Parts
from bot.errors import DeskError
from bot.settings import Secret

#: The scopes that the app needs, as in `deploy/slack-manifest.yml`, and what for.
SCOPES: Final = {
    "chat:write": "to post cards and messages",
    "commands": "for /desk",
    "channels:read": "to find the channels of data/desk.yml",
    "groups:read": "to find private channels",
    "channels:history": "to read what agents write",
    "groups:history": "to read what agents write in private channels",
    "users:read": "to know who an agent is",
    "users:read.email": "to find agents by their e-mail address",
    "files:read": "to pass agents' files on",
    "files:write": "to show customers' files and long transcripts",
    "reactions:read": "to take 👀 and ✅ as orders",
}
#: Slack refuses requests, and we its, when the clocks differ by five minutes.
CLOCK_S: Final = 60.0


async def findings(parts: Parts, *, app_token: Secret) -> list[Finding]:
    """One finding for each thing that could be wrong."""
    try:
        me = await parts.api.identity(again=True)
    except DeskError as why:
        return [Finding(False, f"the token: {why.message}", why.hint or "Is Slack reachable?")]
    found = [Finding(True, f"the token is that of {me.team}")]
    missing = [name for name in SCOPES if name not in me.scopes] if me.scopes else []
    for name in missing:
        fix = "Add it (deploy/slack-manifest.yml has all) and reinstall the app."
        found.append(Finding(False, f"the scope {name} is missing, {SCOPES[name]}", fix))
    if not missing:
        found.append(Finding(True, f"all {len(SCOPES)} scopes are there"))
    if abs(me.ahead) > CLOCK_S:
        fix = "Set this machine's clock, with NTP."
        found.append(Finding(False, f"the clocks differ by {abs(me.ahead):.0f} s", fix))
    else:
        found.append(Finding(True, "the clocks agree"))
    if app_token:
        found.append(await _socket(parts, app_token))
    found += await _channels(parts)
    return found + await _people(parts)


async def _socket(parts: Parts, app_token: Secret) -> Finding:
    try:
        await parts.api.open_connection(app_token.reveal())
    except DeskError as why:
        fix = "Make an app-level token with connections:write, and turn Socket Mode on."
        return Finding(False, f"SLACK_APP_TOKEN: {why.message}", fix)
    return Finding(True, "Socket Mode connects")


async def _channels(parts: Parts) -> list[Finding]:
    names = {parts.plan.slack_channel: "desks.slack"}
    names |= {s.slack: f"skill {s.name}" for s in parts.plan.skills if s.slack}
    found = []
    for name, where in names.items():
        try:
            known = await parts.api.channel(name)
        except DeskError as why:
            found.append(Finding(False, f"the channels: {why.message}", why.hint))
            break
        fix = f"Create it if need be, and say in it: /invite @Deskhand (data/desk.yml, {where})."
        what = f"the app is {'in' if known else 'not in'} {name}"
        found.append(Finding(known is not None, what, "" if known else fix))
    return found


async def _people(parts: Parts) -> list[Finding]:
    if not any(member.slack or member.email for member in parts.plan.members):
        what = "data/desk.yml names nobody by whom Slack could know them"
        fix = "List your people under `agents`, with their e-mail address or `slack` member id."
        return [Finding(False, what, fix)]
    found = []
    for member in parts.plan.members:
        if not (member.slack or member.email):
            continue
        try:
            known = member.slack or await parts.api.member_by_email(member.email or "")
            if member.slack:
                await parts.api.member(member.slack)
        except DeskError as why:
            known = None
            reason = f" ({why.message})"
        else:
            reason = ""
        fix = "Correct `slack` or `email` in data/desk.yml."
        what = f"{member.name} is {'known' if known else 'not known'} there{reason}"
        found.append(Finding(known is not None, what, "" if known else fix))
    return found
