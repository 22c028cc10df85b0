"""The public face over HTTP: customers' chat, agents' desk, pages. Thin shells over the router."""
