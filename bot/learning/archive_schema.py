"""The archive's tables. All of it follows from the logs: whoever changes a table or what is in it
(`bot.learning.facts`) raises `VERSION`, and the archive is made anew at the next start.

Times are ms since 1970 (UTC). A conversation's rows go with it.
"""

from __future__ import annotations

from typing import Final

from bot.learning import facts

VERSION: Final = 7

#: Columns by table, in the order in which they are written; the types are SQLite's.
TABLES: Final[dict[str, dict[str, str]]] = {
    "conversation": {
        "id": "TEXT PRIMARY KEY",
        "seq": "INTEGER NOT NULL",
        "started_at": "INTEGER NOT NULL",  # the customer's first message, not the open widget
        "updated_at": "INTEGER NOT NULL",
        "state": "TEXT NOT NULL",
        "page": "TEXT NOT NULL",
        "source": "TEXT NOT NULL",  # '' or the import that brought it
        "language": "TEXT NOT NULL",
        "agent": "TEXT NOT NULL",  # login of who had it last
        "rating": "INTEGER",
        "rated_at": "INTEGER",
        "closed_at": "INTEGER",
        "outcome": "TEXT NOT NULL",
        "result": "TEXT NOT NULL",  # facts.CONTAINED, HANDED_OFF or LEFT
        "contained": "INTEGER NOT NULL",
        "handoffs": "INTEGER NOT NULL",
        "first_handoff_at": "INTEGER",
        "first_reason": "TEXT",
        "wait_ms": "INTEGER",
        "first_response_ms": "INTEGER",
        "person_response_ms": "INTEGER",
        "resolution_ms": "INTEGER",
        "customer_messages": "INTEGER NOT NULL",
        "bot_messages": "INTEGER NOT NULL",
        "agent_messages": "INTEGER NOT NULL",
    },
    "message": {
        "conversation": "TEXT NOT NULL",
        "seq": "INTEGER NOT NULL",
        "at": "INTEGER NOT NULL",
        "began_at": "INTEGER NOT NULL",  # the conversation's started_at and source
        "source": "TEXT NOT NULL",
        "who": "TEXT NOT NULL",  # customer, bot, agent, note (between agents), notice
        "agent": "TEXT NOT NULL",
        "text": "TEXT NOT NULL",
    },
    "turn": {
        "conversation": "TEXT NOT NULL",
        "seq": "INTEGER NOT NULL",  # of the customer's message
        "at": "INTEGER NOT NULL",
        "began_at": "INTEGER NOT NULL",  # the conversation's started_at and source
        "source": "TEXT NOT NULL",
        "text": "TEXT NOT NULL",
        "payload": "TEXT NOT NULL",  # of the button that was pressed, else ''
        "intent": "TEXT",
        "confidence": "REAL NOT NULL",
        "out_of_scope": "REAL NOT NULL",
        "sentiment": "REAL NOT NULL",
        "frustration": "REAL NOT NULL",
        "language": "TEXT NOT NULL",
        "outcome": "TEXT NOT NULL",
        "result": "TEXT NOT NULL",  # one of facts.RESULTS
        "first_of_intent": "INTEGER NOT NULL",  # 0 or 1, of typed messages in the conversation
        "first_missed": "INTEGER NOT NULL",
        "label": "TEXT",
        "dropped": "INTEGER NOT NULL",
        "answer_seq": "INTEGER NOT NULL",
        "answer": "TEXT NOT NULL",
        "reasons": "TEXT NOT NULL",
        "ranking": "TEXT NOT NULL",
        "reading": "TEXT NOT NULL",
    },
    "handoff": {
        "conversation": "TEXT NOT NULL",
        "seq": "INTEGER NOT NULL",
        "at": "INTEGER NOT NULL",
        "reason": "TEXT NOT NULL",
        "reasons": "TEXT NOT NULL",
        "skill": "TEXT NOT NULL",
        "in_reply_to": "INTEGER",
        "claimed_at": "INTEGER",
        "claimed_by": "TEXT NOT NULL",
        "answered_at": "INTEGER",
        "wait_ms": "INTEGER",
    },
    "label": {
        "conversation": "TEXT NOT NULL",
        "seq": "INTEGER NOT NULL",
        "at": "INTEGER NOT NULL",
        "of": "INTEGER NOT NULL",
        "intent": "TEXT NOT NULL",
        "new": "INTEGER NOT NULL",
        "agent": "TEXT NOT NULL",
    },
    "person": {
        "conversation": "TEXT NOT NULL",
        "agent": "TEXT NOT NULL",
        "name": "TEXT NOT NULL",
    },
}

#: What is looked up by more than the primary key. Counting reads an index alone, never the rows
#: with their long readings; so an index also has the columns of its own condition.
INDEXES: Final = (
    "conversation_started ON conversation(started_at, id)",
    "message_at ON message(at)",
    "message_counted ON message(began_at, at, who, source) WHERE who = 'customer' AND source = ''",
    "message_asked ON message(at, conversation, who) WHERE who = 'customer'",
    "turn_at ON turn(at)",
    "turn_intent ON turn(intent, result, conversation, payload) WHERE payload = ''",
    "turn_result ON turn(result, conversation, payload) WHERE payload = ''",
    (
        "turn_counted ON turn"
        "(began_at, intent, result, first_of_intent, first_missed, payload, source) "
        "WHERE payload = '' AND source = ''"
    ),
    (
        "turn_missed ON turn(intent, began_at) "
        f"WHERE result NOT IN {facts.SERVED} AND payload = '' AND source = ''"
    ),
    "handoff_reason ON handoff(reason, conversation)",
    "label_intent ON label(intent, conversation)",
    "person_agent ON person(agent, conversation)",
)


def statements() -> list[str]:
    """What makes an empty archive."""
    made = []
    for table, columns in TABLES.items():
        parts = [f'"{name}" {kind}' for name, kind in columns.items()]
        if table == "message":
            # A rowid of its own name is never renumbered: the index of words refers to it.
            parts.insert(0, "id INTEGER PRIMARY KEY")
        if table != "conversation":
            parts.append(f'UNIQUE(conversation, "{"agent" if table == "person" else "seq"}")')
        made.append(f"CREATE TABLE {table} ({', '.join(parts)})")
    made += [f"CREATE INDEX {index}" for index in INDEXES]
    # How far it is: the logs that are still to be read, and when that was last looked at.
    made.append("CREATE TABLE unread (conversation TEXT PRIMARY KEY) WITHOUT ROWID")
    made.append("CREATE TABLE compared (at INTEGER NOT NULL)")
    # Words without their accents: customers leave them out, or not.
    made.append(
        "CREATE VIRTUAL TABLE words USING fts5(text, content='message', content_rowid='id', "
        "tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
    )
    made.append(
        "CREATE TRIGGER message_in AFTER INSERT ON message BEGIN "
        "INSERT INTO words(rowid, text) VALUES (new.id, new.text); END"
    )
    made.append(
        "CREATE TRIGGER message_out AFTER DELETE ON message BEGIN "
        "INSERT INTO words(words, rowid, text) VALUES ('delete', old.id, old.text); END"
    )
    return [*made, f"PRAGMA user_version = {VERSION}"]
