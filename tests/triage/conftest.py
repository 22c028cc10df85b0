"""Hypothesis on a busy machine: what a property says must not depend on how long it takes."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("deskhand", deadline=None)
settings.load_profile("deskhand")
