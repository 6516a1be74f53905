"""What the tissues of the digital patient look like to the two sequences: one table.

``dwi_ratio`` is the signal at b 900 s/mm² over that of muscle, the quantity called muscle-normalised signal (nSI) in the study of 100
asymptomatic people PMC8161193.
"""

from __future__ import annotations

from dataclasses import dataclass

MARROW_SPECTRUM = "ren_marrow_9"
ADIPOSE_SPECTRUM = "ismrm_6"


@dataclass(frozen=True)
class Tissue:
    """Signal parameters of one tissue.

    Attributes
    ----------
    density : float
        Signal of the spoiled gradient echo at echo time 0, water plus fat, relative to the brightest tissue.
    ff : float
        Proton density fat fraction in %.
    r2star : float
        1/s.
    adc : float
        µm²/s.
    dwi_ratio : float
        Signal at b 900 s/mm² over muscle.
    spectrum : str
        Fat spectrum: marrow or adipose.
    """

    density: float
    ff: float
    r2star: float
    adc: float
    dwi_ratio: float
    spectrum: str = ADIPOSE_SPECTRUM


# Our choice unless a comment gives a source: plausible values for 3 T that keep the contrasts a radiologist knows.
TISSUES = {
    "air": Tissue(0.0, 0.0, 0.0, 0.0, 0.0),
    "fat": Tissue(1.0, 94.0, 30.0, 100.0, 0.30),  # suppressed on DWI; the ADC of what is left is near zero
    "lung": Tissue(0.05, 0.0, 300.0, 1500.0, 0.10),
    "muscle": Tissue(0.62, 3.0, 35.0, 1500.0, 1.0),
    "bowel": Tissue(0.65, 5.0, 40.0, 1600.0, 1.5),
    "blood": Tissue(0.40, 0.0, 20.0, 2500.0, 0.25),  # flow void on DWI
    "liver": Tissue(0.66, 5.0, 45.0, 1100.0, 2.2),
    "spleen": Tissue(0.66, 2.0, 40.0, 800.0, 7.5),
    "kidney": Tissue(0.72, 2.0, 30.0, 1900.0, 2.8),
    "bladder": Tissue(0.80, 0.0, 5.0, 3000.0, 1.0),
    "csf": Tissue(0.75, 0.0, 5.0, 3000.0, 1.0),
    "brain": Tissue(0.70, 1.0, 22.0, 750.0, 8.5),
    "cord": Tissue(0.68, 1.0, 22.0, 950.0, 4.0),
    "disc": Tissue(0.62, 1.0, 25.0, 1700.0, 1.2),
    "cortex": Tissue(0.05, 0.0, 400.0, 1000.0, 0.15),
    # ADC 422 ± 67 µm²/s and nSI(b 900) 3.2 ± 0.9 of normal marrow: PMC8161193. R2* within the 136 ± 32 1/s of healthy iliac marrow, Zeng
    # 2021 JMRI 54:1754. Fat fraction of a middle-aged lumbar spine, above the 20- to 30-year-olds of Baum 2018 Front Endocrinol 9:141.
    "marrow": Tissue(0.85, 45.0, 120.0, 422.0, 3.2, MARROW_SPECTRUM),
    "yellow marrow": Tissue(0.95, 85.0, 80.0, 250.0, 0.8, MARROW_SPECTRUM),
    # Diffuse disease: ADC 770 ± 135 µm²/s, Koutoulidis 2017 Radiology 282:484. The signal ratio is our choice: well above the mean plus two
    # standard deviations of normal marrow (3.2 + 2 × 0.9 = 5.0).
    "infiltrated": Tissue(0.80, 4.5, 65.0, 780.0, 9.0, MARROW_SPECTRUM),
    # Focal lesion: 1046 ± 232 µm²/s in the same study; ours is at its lower side.
    "lesion": Tissue(0.80, 3.0, 50.0, 900.0, 9.5, MARROW_SPECTRUM),
    # Above 1400 µm²/s a lesion counts as responding: MET-RADS-P, Padhani 2017 Eur Urol 71:81.
    "responding": Tissue(0.85, 8.0, 60.0, 1550.0, 3.6, MARROW_SPECTRUM),
    # Marrow in which fat is returning two cycles after an infiltration: between the two, our choice.
    "recovering": Tissue(0.85, 24.0, 95.0, 500.0, 3.4, MARROW_SPECTRUM),
}
