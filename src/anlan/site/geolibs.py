"""GDAL and GEOS out of the pyogrio and shapely wheels, so that no system library is needed."""

import os
from importlib.util import find_spec
from pathlib import Path


class GeoLibraryMissing(RuntimeError):
    """A wheel without its bundled library: reinstall the locked wheel."""


def _bundled(package: str, pattern: str) -> Path:
    spec = find_spec(package)
    home = Path(str(spec.origin)).parent if spec else Path()
    found = sorted(home.parent.glob(f"{package}.libs/{pattern}"))
    if not found:
        raise GeoLibraryMissing(f"{package} holds no {pattern}")
    return found[0]


def find() -> tuple[str, str]:
    """Paths of the GDAL and GEOS libraries; also points PROJ and GDAL at the data files beside them."""
    data = Path(str(find_spec("pyogrio").origin)).parent  # type: ignore[union-attr]
    os.environ.setdefault("PROJ_DATA", str(data / "proj_data"))
    os.environ.setdefault("GDAL_DATA", str(data / "gdal_data"))
    return str(_bundled("pyogrio", "libgdal*.so*")), str(_bundled("shapely", "libgeos_c*.so*"))
