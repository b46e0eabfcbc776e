"""A canvas for SVG whose letters are measured and shaped once, however many figures show them."""

from __future__ import annotations

from io import StringIO
from typing import Any

from matplotlib import rcParams
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.textpath import TextToPath

__all__ = ["LetterCanvas"]

FINE = 160
"""Points per inch of what is drawn as points within an SVG."""
MOST = 4096
"""Words that are remembered: a page has some hundreds of different ones."""


class _Letters(TextToPath):
    """Words as shapes; pages write the same numbers at ticks again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._sizes: dict[Any, Any] = {}
        self._shapes: dict[Any, Any] = {}

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> Any:
        """How much room a word takes; formulas have a memory of their own."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        # Families such as sans-serif are other fonts where people set them so.
        settings: Any = rcParams
        named = (settings.get(f"font.{family}", family) for family in prop.get_family())
        fonts = len(fontManager.ttflist), *map(str, named)
        if (size := self._sizes.get((s, prop, fonts))) is None:
            _full(self._sizes)
            size = super().get_text_width_height_descent(s, prop, ismath)
            self._sizes[s, prop.copy(), fonts] = size
        return size

    def get_glyphs_with_font(
        self, font: Any, s: str, glyph_map: Any = None, return_new_glyphs_only: bool = False,
        **how: Any,
    ) -> Any:  # fmt: skip
        """Where the letters of a word stand, and shapes of those that are not known yet."""
        if not return_new_glyphs_only or any(value is not None for value in how.values()):
            return super().get_glyphs_with_font(font, s, glyph_map, return_new_glyphs_only, **how)
        if (found := self._shapes.get((font, s))) is None:
            _full(self._shapes)
            found = self._shapes[font, s] = super().get_glyphs_with_font(font, s, **how)
        places, shapes, boxes = found
        known = glyph_map or ()
        return places, {name: each for name, each in shapes.items() if name not in known}, boxes


def _full(memory: dict[Any, Any]) -> None:
    if len(memory) >= MOST:
        memory.clear()


_LETTERS = _Letters()


class _Renderer(RendererSVG):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._text2path = _LETTERS


class LetterCanvas(FigureCanvasSVG):
    """matplotlib's canvas for SVG; what it measures for the layout is what it draws."""

    def get_renderer(self) -> RendererSVG:
        """What the layout measures with: one for a figure, or words would be measured again."""
        if not hasattr(self, "_measure"):
            wide, high = 72 * self.figure.get_size_inches()
            self._measure = _Renderer(wide, high, StringIO())
        return self._measure

    def print_svg(
        self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Any = None, **_: Any
    ) -> None:
        """As matplotlib's, into a file that is open; the figure knows the other settings.

        The figure has 72 points per inch throughout: where it takes on another number for a while,
        everything is placed again.
        """
        wide, high = self.figure.get_size_inches()
        svg = _Renderer(72 * wide, 72 * high, filename, image_dpi=FINE, metadata=metadata)
        drawn: Any = MixedModeRenderer(
            self.figure, wide, high, FINE, svg, bbox_inches_restore=bbox_inches_restore
        )
        self.figure.draw(drawn)
        drawn.finalize()
