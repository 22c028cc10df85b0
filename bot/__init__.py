"""Deskhand: a support assistant that hands over to people.

The life of one message, in ten lines:

1. the widget POSTs it to `bot.web.chat`, which checks the session and its size;
2. `bot.router` turns it into a command, and `bot.conversation.decide` into events;
3. `bot.store` appends the events, the new state and the work that follows in one atomic step;
4. only then is the widget told yes (202), and every open reader is woken;
5. `bot.assistant` leases the conversation, asks Rasa for a turn, and commits the answer
   with the epoch at which the customer spoke: if a person took over meanwhile, it is dropped;
6. inside Rasa, `bot.nlu` reads the message and `bot.triage` decides: answer, clarify, hand off;
7. a hand-off is one more event in that same append; `bot.delivery` shows the card in Slack and
   Telegram (`bot.desks`), the console (`bot.web.desk`) shows it by itself;
8. an agent's reply goes through `bot.router` like everything else, and the bot is silent;
9. `bot.clock` acts when time itself is the news: nobody came, the snooze is over;
10. every view (widget, console, tracker, figures) follows the log and can be rebuilt from it.

Objects are built in `bot.app` and nowhere else.
"""

__version__ = "0.3.0"
