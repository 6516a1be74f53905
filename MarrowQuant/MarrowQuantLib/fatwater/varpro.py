"""Variable projection: the residual of the water–fat model on a table of field offsets and R2* values.

For a given field ψ and R2* the model s = D (W + F c), D = exp((2πiψ - R2*) t), is linear in W and F; projecting them out leaves the
residual sᴴ (I - P) s (Golub and Pereyra, Inverse Problems 2003;19:R1; for water and fat Hernando et al., MRM 2010;63:79). It is linear in
the entries of the Gram matrix s sᴴ, so that one matrix product gives the residuals of many voxels for all pairs (ψ, R2*), and the sum of
the Gram matrices over a block gives the joint residual of its voxels, each with its own W and F.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..io.threads import columns, product
from .spectra import GAMMA_BAR_HZ_PER_T

# Our choice: 64 change no ramp or case of Docs/accuracy-and-speed.md by more than 0.04 % of the voxels, and take a third longer.
N_FIELDS = 48
# Our choice: dense enough that the misfit of a wrong R2* stays below that of a swap (seven values up to 600 1/s swap marrow of 230 1/s), as
# wide as iron goes, and wider apart at fast decay, which fewer echoes tell.
R2STAR_PER_S = (0.0, 40.0, 80.0, 120.0, 160.0, 205.0, 255.0, 310.0, 370.0, 440.0, 520.0, 610.0, 710.0, 820.0, 950.0, 1100.0, 1300.0)
SEARCH_PPM = 3.2  # half range of the field search for uneven echoes: just below the distance of fat and water, as 3.4 ppm swaps them
UNEVEN = 0.01  # relative difference of echo spacings from which echoes count as uneven


@dataclass(frozen=True)
class FieldTable:
    """The field offsets searched and the projectors that belong to them.

    Attributes
    ----------
    field_hz : ndarray, shape (n_fields,)
        Evenly spaced field offsets. If ``circular``, they cover one period 1/ΔTE: the residual of evenly spaced echoes repeats with it.
    step_hz, step_ppm : float
        Distance of neighbouring offsets.
    circular : bool
    projectors : ndarray of float32, shape (n_r2star, n_fields, n_features)
        Multiplied by :func:`gram_features` they give the residual.
    """

    field_hz: np.ndarray
    step_hz: float
    step_ppm: float
    circular: bool
    projectors: np.ndarray

    @property
    def period_hz(self) -> float:
        """After which field offset the residual repeats; infinite for uneven echoes."""
        return self.step_hz * len(self.field_hz) if self.circular else float("inf")

    def cost(self, features: np.ndarray) -> np.ndarray:
        """Residual sum of squares at the best R2*, shape (n_fields, n), of features with shape (n_features, n)."""
        n = features.shape[1]
        cost = np.empty((len(self.field_hz), n), np.float32)
        width = columns(self.projectors[0])
        for first in range(0, n, width):
            some, lowest = features[:, first : first + width], cost[:, first : first + width]
            np.matmul(self.projectors[0], some, out=lowest)
            for projectors in self.projectors[1:]:
                np.minimum(lowest, projectors @ some, out=lowest)
        return cost

    def best_r2star(self, features: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """R2* of lowest residual, shape (n,), of features with shape (n_features, n) at the fields with these labels, shape (n,)."""
        order = np.argsort(labels, kind="stable")
        ends = np.bincount(labels, minlength=len(self.field_hz)).cumsum()
        by_label, some = self.projectors.transpose(1, 0, 2), features[:, order]
        best = np.empty(labels.shape, np.intp)
        for first, end, projectors in zip((0, *ends), ends, by_label):  # one small product a label
            best[order[first:end]] = np.argmin(product(projectors, some[:, first:end]), axis=0)
        return np.take(np.array(R2STAR_PER_S, np.float32), best)


def field_table(echo_times_s: np.ndarray, field_strength_t: float, phasor: np.ndarray) -> FieldTable:
    """Build the table for ascending echo times (s) and the fat phasor at these times."""
    spacing = np.diff(echo_times_s)
    hz_per_ppm = GAMMA_BAR_HZ_PER_T * 1e-6 * field_strength_t
    circular = bool(np.ptp(spacing) <= UNEVEN * spacing.mean())
    width_hz = 1.0 / spacing.mean() if circular else 2 * SEARCH_PPM * hz_per_ppm
    step_hz = width_hz / N_FIELDS
    field_hz = (np.arange(N_FIELDS) - N_FIELDS // 2) * step_hz
    rate = 2j * np.pi * field_hz - np.asarray(R2STAR_PER_S)[:, None]
    decay = np.exp(rate[..., None] * echo_times_s)
    basis, _ = np.linalg.qr(decay[..., None] * np.stack([np.ones_like(phasor), phasor], axis=-1))
    complement = np.eye(len(echo_times_s)) - basis @ np.conj(np.swapaxes(basis, -1, -2))
    upper = np.triu_indices(len(echo_times_s), 1)
    off_diagonal = 2 * complement[..., upper[0], upper[1]]
    diagonal = np.diagonal(complement, axis1=-2, axis2=-1).real
    rows = np.concatenate([diagonal, off_diagonal.real, -off_diagonal.imag], axis=-1)
    return FieldTable(field_hz, step_hz, step_hz / hz_per_ppm, circular, rows.astype(np.float32))


def gram_features(signal: np.ndarray) -> np.ndarray:
    """The independent real entries of s sᴴ: squares, then real and imaginary parts of conj(s_m) s_n for m < n.

    ``signal`` has shape (n_echoes, ...); the result (n_echoes², ...), float32.
    """
    first, second = np.triu_indices(len(signal), 1)
    products = np.conj(signal[first]) * signal[second]
    squares = signal.real**2 + signal.imag**2
    return np.concatenate([squares, products.real, products.imag]).astype(np.float32, copy=False)


def conjugated(features: np.ndarray, n_echoes: int) -> np.ndarray:
    """Gram features (first axis) of the conjugated signal."""
    first_imaginary = n_echoes + n_echoes * (n_echoes - 1) // 2
    return np.concatenate([features[:first_imaginary], -features[first_imaginary:]])
