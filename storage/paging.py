"""Pages of a list in the order of its cursor, and how a query follows one."""

import msgspec

END = (1 << 63) - 1  # above every cursor


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list is wanted (Mastodon API: "Paginating"); 0 = no such bound.

    Entries have cursors below `before`, above `since` and above `after`. With `after` the page is the one that lies
    right above it, otherwise the newest there are.
    """

    before: int = 0
    since: int = 0
    after: int = 0
    limit: int = 20

    @property
    def forward(self) -> bool:
        """Whether the page begins at its lower bound."""
        return self.after > 0

    @property
    def order(self) -> str:
        """The direction in which a query takes entries, for `ORDER BY cursor …`."""
        return "ASC" if self.forward else "DESC"

    @property
    def bounds(self) -> tuple[int, int]:
        """Arguments for `cursor < ? AND cursor > ?`."""
        return (self.before or END, max(self.since, self.after))

    def under(self, cursor: int) -> "Page":
        """The page of one entry that shows whether there is anything older than `cursor`."""
        return Page(before=cursor, limit=1)
