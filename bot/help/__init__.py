"""Help pages: Markdown files of the owner's from which the assistant answers.

`pages` reads files into pages and passages, `words` matches words, `search` finds the passage that
answers a question and says how sure that is, `answer` shortens it to a few sentences, `index` keeps
all of it up to date while files change. The gateway shows pages (it needs `pages` only); the
assistant searches them, since it has the sentence encoder. Nothing here knows Rasa or HTTP.
"""
