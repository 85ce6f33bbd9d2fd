"""Frame: where a time and a value lie in a chart; shared by the curve and the strips beneath it."""

from hub.store.series import Series

PLOT_TOP, PLOT_HIGH, PLOT_WIDE = 26, 230, 95.0  # px, px, percent of the drawing's width
SPANS = {"day": 86400, "week": 7 * 86400, "month": 30 * 86400, "year": 365 * 86400}


class Frame:
    """From time and value to places: x in percent of the width, y in pixels from the plot's top."""

    def __init__(self, series: Series, band: tuple[int, int] | None, from_s: float, to_s: float) -> None:
        self.from_s, self.to_s = from_s, to_s
        points = [point for segment in series.points for point in segment]
        ends = [point.low for point in points] + [point.high for point in points] + list(band or ())
        low, high = (min(ends), max(ends)) if ends else (0, 1)
        room = max(1.0, (high - low) * 0.08)
        self.low, self.high = low - room, high + room

    def share(self, at_s: float) -> float:
        """0 at the left edge, 1 at the right, never outside."""
        return min(1.0, max(0.0, (at_s - self.from_s) / (self.to_s - self.from_s)))

    def x(self, at_s: float) -> float:
        return self.share(at_s) * PLOT_WIDE

    def y(self, value: float) -> float:
        return (self.high - value) / (self.high - self.low) * PLOT_HIGH
