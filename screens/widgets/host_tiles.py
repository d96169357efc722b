"""The hosts as tiles in a grid of fixed geometry: nothing moves while the run goes on."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from screens.widgets.host_pane import HostPane
from screens.widgets.host_tile import COMPACT_HEIGHT, FULL_HEIGHT, NARROWEST, WIDEST, tile_lines
from screens.widgets.strips import strip_of


def columns_for(hosts: int, width: int) -> int:
    """How many tiles stand side by side: no more than fit, and no more than fill the rows."""
    rows = rows_for(hosts, width)
    return -(-hosts // rows) if rows else 1


def rows_for(hosts: int, width: int) -> int:
    """How many rows of tiles there are when as many as fit stand side by side."""
    return -(-hosts // max(1, width // NARROWEST))


class HostTiles(HostPane):
    """Tiles, row by row; `tile_height` is set by whoever knows how much room there is."""

    tile_height = FULL_HEIGHT

    def fit(self) -> None:
        rows = rows_for(len(self.order), self.room)
        self.virtual_size = Size(self.room, rows * self.tile_height)

    def set_tile_height(self, height: int) -> None:
        """FULL_HEIGHT or COMPACT_HEIGHT."""
        if height != self.tile_height:
            self.tile_height = height
            self._drawn.clear()
            self.fit()
            self.refresh()

    @property
    def per_row(self) -> int:
        return columns_for(len(self.order), self.room)

    @property
    def per_page(self) -> int:
        return max(1, self.size.height // self.tile_height) * self.per_row

    @property
    def tile_width(self) -> int:
        return min(WIDEST, self.room // self.per_row)

    def place(self, name: str) -> tuple[int, int]:
        if name not in self.order:
            return -1, 0
        return self.order.index(name) // self.per_row * self.tile_height, self.tile_height

    def visible_names(self) -> list[str]:
        first = self.scroll_offset.y // self.tile_height
        last = -(-(self.scroll_offset.y + self.size.height) // self.tile_height)
        return self.order[first * self.per_row : last * self.per_row]

    def name_at(self, x: int, y: int) -> str:
        column, row = x // self.tile_width, (y + self.scroll_offset.y) // self.tile_height
        index = row * self.per_row + column
        return self.order[index] if column < self.per_row and index < len(self.order) else ""

    def render_line(self, y: int) -> Strip:
        self.follow_width()
        row, line = divmod(y + self.scroll_offset.y, self.tile_height)
        names = self.order[row * self.per_row : (row + 1) * self.per_row]
        style = self.rich_style
        if not names or not self.room:
            return Strip.blank(self.room, style)
        found = Strip.join([self._tile(name)[line] for name in names])
        return found.extend_cell_length(self.room, style)

    def _tile(self, name: str) -> list[Strip]:
        drawn = self._drawn.get(name)
        if drawn is None:
            view, width = self.views[name], self.tile_width
            lines = tile_lines(
                view,
                width,
                self.tile_height,
                self.glyphs,
                clock=view.clock(self.now),
                selected=name == self.selected,
            )
            drawn = self._drawn[name] = [strip_of(self, line, width, self.glyphs) for line in lines]
        return drawn


def tile_height_for(hosts: int, width: int, height: int) -> int:
    """The tallest tile with which all hosts fit into that room; 0 when none does."""
    rows = rows_for(hosts, width)
    return next((h for h in (FULL_HEIGHT, COMPACT_HEIGHT) if rows * h <= height), 0)
