"""Colours of the page: every text stands out from its ground, as WCAG 2 measures it."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest


def _luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_law_itself():
    assert _contrast("#fff", "#000") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_text_has_the_contrast_that_readers_need(scheme):
    css = files("causalgreen.report").joinpath("style.css").read_text("utf-8")
    blocks = [dict(re.findall(r"--([\w-]+): (#\w+);", b)) for b in
              re.findall(r":root \{(.*?)\}", css, re.DOTALL)]  # fmt: skip
    assert len(blocks) == 3
    colours = {"light": blocks[0], "dark": blocks[1], "print": {**blocks[0], **blocks[2]}}[scheme]
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in ("paper", "band")]
    pairs += [(kind, f"{kind}-bg") for kind in ("good", "care", "bad")]
    pairs.append(("plain", "plain-bg"))
    assert {name for pair in pairs for name in pair} | {"line"} == set(blocks[0])
    for ink, ground in pairs:
        assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    caption = re.search(r"figcaption, caption \{ color: (#\w+)", css)[1]
    figure = re.search(r"figure \{[^}]*background: (#\w+)", css)[1]
    assert _contrast(caption, figure) >= 4.5
