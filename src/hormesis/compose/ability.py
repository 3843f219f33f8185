"""Ability: which fault this machine can do, by which mechanism, and what the others lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hormesis.compose.registry import catalogue
from hormesis.host.means import load_means


@dataclass(frozen=True, slots=True)
class Ability:
    """One fault by one mechanism. ``lacking`` says why each missing means is missing."""

    fault: str
    mechanism: str
    needs: tuple[str, ...]
    means: tuple[str, ...]
    lacking: Mapping[str, str]

    @property
    def there(self) -> bool:
        """Whether this machine can do it."""
        return not self.lacking


def abilities(missing: Mapping[str, str]) -> Iterator[Ability]:
    """Yield every fault by every mechanism; ``missing`` is what a survey of all means found."""
    for name, kind in catalogue().faults.items():
        for way in kind.every_way():
            yield Ability(
                fault=name,
                mechanism=way.name,
                needs=tuple(sorted(facet.value for facet in way.needs)),
                means=tuple(sorted(way.means)),
                lacking={one: missing[one] for one in sorted(way.means) if missing.get(one)},
            )


def remedies(lacking: Mapping[str, str]) -> list[str]:
    """Return how to get what is lacking, each once."""
    return list(dict.fromkeys(load_means(name).REMEDY for name in lacking))
