"""The assistant's side of Deskhand: everything that runs inside the Rasa process.

`encoder` (with `weights`), `entities`, `language`, `mood` and `intents` read a text and know
nothing of Rasa; `components` and `policy` put them into Rasa's graph, `tracker_store` and `channel`
connect Rasa to Redis and to the gateway. Nothing outside this package imports rasa, and nothing
here is imported by the gateway.
"""
