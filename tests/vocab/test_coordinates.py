import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.vocab.coordinates import Datum, convert, in_china

VECTORS = json.loads((Path(__file__).parent / "vectors" / "gcj02_vectors.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
@pytest.mark.parametrize("rival", ["gcj02_eviltransform", "gcj02_prcoords"])
def test_gcj02_is_what_two_public_libraries_compute(vector, rival):
    lat, lon = vector["wgs84"]
    got = convert(lon, lat, Datum.WGS84, Datum.GCJ02)
    np.testing.assert_allclose((got[1], got[0]), vector[rival], rtol=0, atol=1e-6)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_bd09_is_what_a_public_library_computes(vector):
    lat, lon = vector["gcj02_prcoords"]
    got = convert(lon, lat, Datum.GCJ02, Datum.BD09)
    np.testing.assert_allclose((got[1], got[0]), vector["bd09_of_gcj02_prcoords"], rtol=0, atol=1e-6)


@given(
    st.floats(73, 137),
    st.floats(1.5, 55),
    st.sampled_from([Datum.WGS84, Datum.CGCS2000]),
    st.sampled_from([Datum.GCJ02, Datum.BD09]),
)
def test_there_and_back_again_is_the_same_place(lon, lat, earth, shifted):
    back = convert(*convert(lon, lat, earth, shifted), shifted, earth)
    np.testing.assert_allclose(back, (lon, lat), rtol=0, atol=1e-9)


def test_a_place_outside_china_keeps_its_coordinates():
    for source, target in [(Datum.WGS84, Datum.GCJ02), (Datum.GCJ02, Datum.CGCS2000)]:
        lon, lat = convert([139.69, -0.12], [35.68, 51.5], source, target)
        np.testing.assert_array_equal(lon, [139.69, -0.12])
        np.testing.assert_array_equal(lat, [35.68, 51.5])


def test_wgs84_and_cgcs2000_are_the_same():
    lon, lat = convert([114.34], [22.69], Datum.WGS84, Datum.CGCS2000)
    assert (lon[0], lat[0]) == (114.34, 22.69)


def test_arrays_keep_their_shape_and_missing_points_stay_missing():
    lon, lat = convert(np.full((2, 3), 114.34), np.array([22.69, np.nan, 22.7]), Datum.WGS84, Datum.BD09)
    assert lon.shape == lat.shape == (2, 3)
    assert np.isnan(lat[:, 1]).all()
    assert not np.isnan(lon[:, [0, 2]]).any()


def test_nothing_missing_is_in_china():
    assert in_china([114.34, np.nan], 22.69).tolist() == [True, False]
