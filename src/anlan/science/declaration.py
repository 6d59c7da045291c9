"""What a hazard model declares: whole arrays in, whole arrays out, each with its unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.float64]]


class UnitError(ValueError):
    """An input is missing, or inputs have different lengths."""


@dataclass(frozen=True, kw_only=True)
class HazardModel:
    """One published model.

    `needs` and `gives` map a quantity to its unit; `run` takes the quantities as arrays of one length (NaN where
    missing) and returns arrays of that length; `citation` says where the equations stand.
    """

    key: str
    title: str
    citation: str
    needs: Mapping[str, str]
    gives: Mapping[str, str]
    run: Callable[[Arrays], Arrays]

    def __call__(self, inputs: Arrays) -> Arrays:
        """Runs the model on checked inputs; raises `UnitError`."""
        missing = sorted(set(self.needs) - set(inputs))
        if missing:
            raise UnitError(f"{self.key} needs {', '.join(f'{name} [{self.needs[name]}]' for name in missing)}")
        if len({len(inputs[name]) for name in self.needs}) > 1:
            raise UnitError(f"{self.key} takes arrays of one length")
        return self.run(inputs)
