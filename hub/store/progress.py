"""Progress: up to which sequence one journal is complete in the store; used by the intake for its acknowledgements."""

from dataclasses import dataclass, field


@dataclass
class Progress:
    """`up_to`: it and all below are stored or booked as lost; `above`: what is stored beyond a hole."""

    up_to: int = 0
    above: set[int] = field(default_factory=set)

    def add(self, sequence: int) -> None:
        """One more is stored."""
        if sequence == self.up_to + 1:
            self.up_to = sequence
            if self.above:
                self._absorb()
        elif sequence > self.up_to:
            self.above.add(sequence)

    def skip_to(self, sequence: int) -> list[tuple[int, int]]:
        """Give up what is missing up to `sequence`; returns the holes as (first, last)."""
        if sequence <= self.up_to:
            return []
        holes, first = [], self.up_to + 1
        for have in sorted(s for s in self.above if s <= sequence):
            if have > first:
                holes.append((first, have - 1))
            first = have + 1
        if first <= sequence:
            holes.append((first, sequence))
        self.up_to = sequence
        self._absorb()
        return holes

    def bitmap(self) -> int:
        """Bit i: up_to + 2 + i is stored (ACK's next eight)."""
        above = self.above
        return sum(1 << i for i in range(8) if self.up_to + 2 + i in above) if above else 0

    def _absorb(self) -> None:
        while self.up_to + 1 in self.above:
            self.up_to += 1
        self.above = {s for s in self.above if s > self.up_to}
