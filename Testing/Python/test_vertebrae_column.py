"""The sagittal picture of the column: what is seen in it for the endplates and for the walls."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.model import Volume
from MarrowQuantLib.vertebrae.chain import COARSE, BodyPrior, Signs, best_chain_of, candidates_of
from MarrowQuantLib.vertebrae.column import ColumnFrame, SagittalPicture, Sampler, sagittal_picture
from scipy import ndimage

FRAME = ColumnFrame(np.zeros(3), np.eye(3), 1.0)
CURVE = np.array([[0.0, 6.0, 74.0], [0.0, 3.0, 37.0], [0.0, 0.0, 0.0], [0.0, -3.0, -37.0], [0.0, -6.0, -74.0]])  # leans forward upwards


def column(beside: float, contrast: float) -> Volume:
    """Bodies and discs that differ by ``contrast``, ``beside`` them something brighter; the column leans as :data:`CURVE`."""
    z, y = np.mgrid[-130.0:131.0, -80.0:81.0]
    off = y - 6.0 * z / 74
    values = np.where(np.abs(off) > 16, beside, np.where(np.abs((z + 18.5) % 37 - 18.5) < 13, contrast, 0.0))
    matrix = np.eye(4)
    matrix[:3, 3] = (-10.0, -80.0, -130.0)
    return Volume(np.repeat(values[..., None], 21, axis=2).astype(np.float32), matrix)


def middles(view: np.ndarray, picture) -> tuple[np.ndarray, np.ndarray]:
    """The signal in the middle of the five bodies and of the four discs between them."""
    found = []
    for z in (np.arange(-74, 75, 37.0), np.arange(-55.5, 56, 37.0)):
        rows, columns = np.rint(z - picture.z0).astype(int), np.rint(6.0 * z / 74 - picture.y0).astype(int)
        found.append(view[rows, columns])
    return found[0], found[1]


@pytest.mark.parametrize("beside", [0.0, 10.0, 100.0])
def test_the_discs_are_as_clear_for_the_endplates_whatever_lies_beside_the_column(beside):
    picture = sagittal_picture(FRAME, Sampler(column(beside, 1.0)), CURVE)
    bodies, discs = middles(picture.ends, picture)
    assert bodies.min() - discs.max() > 1.0
    if beside == 100.0:
        bodies, discs = middles(picture.walls, picture)
        assert bodies.max() - discs.min() < 0.1


def test_an_inverted_image_gives_the_exact_negative():
    image = column(10.0, 1.0)
    picture, inverted = (sagittal_picture(FRAME, Sampler(each), CURVE) for each in (image, image.like(-image.array)))
    np.testing.assert_allclose(inverted.ends, -picture.ends, atol=1e-5)
    np.testing.assert_allclose(inverted.walls, -picture.walls, atol=1e-5)


def test_a_single_click_has_a_picture_too():
    picture = sagittal_picture(FRAME, Sampler(column(100.0, 1.0)), np.zeros((1, 3)))
    up = np.rint(np.array([0.0, 18.5]) - picture.z0).astype(int)
    body, disc = picture.ends[up, int(-picture.y0)]
    assert body - disc > 1.0


def test_every_disc_has_a_sign_of_its_own():
    """Bright discs above, dark ones below: five bodies of 0 in tissue of 2, 28 high and 34 deep, 36 apart."""
    z, y = np.mgrid[-120.0:121.0, -58.0:59.0]
    centers = np.array([72.0, 36.0, 0.0, -36.0, -72.0])
    values = np.where(z > 0, 1.0, -1.0)
    values[(np.abs(z - centers[:, None, None]) <= 14).any(axis=0)] = 0.0
    values[np.abs(y) > 17] = 2.0
    noisy = ndimage.gaussian_filter(values + np.random.default_rng(0).normal(0, 0.3, z.shape), 1.0).astype(np.float32)
    priors = [BodyPrior(np.array([0.0, at + 5]), 8.0, 0.0, 27.5, 34.5) for at in centers]
    options = [[Signs(1, 1), Signs(-1, -1), Signs(1, -1), Signs(-1, 1)] for _ in centers]
    boxes, signs, _ = best_chain_of(candidates_of(SagittalPicture(noisy, noisy, -120.0, -58.0), priors, options, COARSE), priors, options)
    np.testing.assert_allclose([box.center[1] for box in boxes], centers, atol=1.5)
    assert [(sign.top, sign.bottom) for sign in signs] == [(1, 1), (1, 1), (1, -1), (-1, -1), (-1, -1)]
