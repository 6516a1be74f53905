"""What a volume is: one small rule for each way of knowing it, the header's own statements first, the series description last.

A rule looks at one :class:`Candidate` and answers with a :class:`Verdict` (role, confidence, evidence sentence) or None. To teach a new
vendor's tag or series type, add a rule to ``RULES`` and a test.

Sources: ImageType words of Siemens, Philips and GE as the free converters (dcm2niix and its vendor notes) document them; DICOM PS3.3
C.8.13.3 for the frame types of enhanced MR. Confidences are our choice: 1 said by a tag made for it, 0.9 follows from tags, 0.8 follows
from the neighbours in the series, 0.5 read from a free-text description, 0 not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Optional

from ..model import NO_FINDING, Finding, Role, finding
from . import elements as el
from .bvalues import says_weighted
from .frame import Frame
from .headers import SECONDARY_CAPTURES
from .units import ANGULAR, DIFFUSIVITY, FREQUENCY, RATE, says_nothing, unit_of

SAID, FOLLOWS, BY_NEIGHBOURS, DESCRIBED, NOTHING = 1.0, 0.9, 0.8, 0.5, 0.0

GYROMAGNETIC_MHZ_PER_T = 42.577  # proton
FAT_WATER_PPM = 3.4  # main fat peak from water (main methylene peak, 1.3 against 4.7 ppm)
MAGNITUDES = (Role.DWI, Role.CALCULATED_DWI, Role.WATER, Role.FAT, Role.IN_PHASE, Role.OPPOSED_PHASE, Role.T1, Role.T2, Role.STIR)
PHASE_TOLERANCE = 0.15  # our choice, in cycles: how far an echo may be from in or opposed phase and still bear the name


@dataclass(frozen=True)
class Verdict:
    """What a rule says. ``reciprocal`` marks a T2* map that becomes R2*; with a ``problem`` the volume is not measured."""

    role: Role
    confidence: float
    evidence: Finding
    reciprocal: bool = False
    problem: Finding = NO_FINDING


@dataclass(frozen=True)
class Candidate:
    """One volume to be named, and what its series tells about it.

    Attributes
    ----------
    frame : Frame
        Any slice: what is used here is the same in all of them.
    n_slices : int
        Slices of this volume.
    echo_times_ms : tuple of float
        Of all images of the series, or of the series of the same geometry that together are one dual-echo acquisition; sorted.
    b_values : tuple of float
        Of all images of the series.
    n_orientations : int
        Different slice orientations in the series.
    most_slices : int
        Of the series' diffusion-weighted volumes.
    complex_series : bool
        The series holds phase, real or imaginary images.
    balanced_echoes : bool
        Every echo time occurs equally often. A series of water, fat and other images in which a single one has its own echo time is
        not a series of echoes.
    """

    frame: Frame
    n_slices: int
    echo_times_ms: tuple[float, ...] = ()
    b_values: tuple[float, ...] = ()
    n_orientations: int = 1
    most_slices: int = 0
    complex_series: bool = False
    balanced_echoes: bool = True

    @property
    def words(self) -> frozenset[str]:
        """ImageType without its first two values (original/derived, primary/secondary), Philips' own type, what a frame is a map of."""
        words = set(self.frame.image_type[2:])
        if self.frame.vendor == el.PHILIPS and self.frame.philips_type:
            words.add(self.frame.philips_type)
        if self.frame.metabolite:
            words.add("_".join(self.frame.metabolite.split()))
        return frozenset(words)


def classify(candidate: Candidate) -> Verdict:
    """The first rule that knows decides; what no rule knows is UNKNOWN with confidence 0."""
    for rule in RULES:
        verdict = rule(candidate)
        if verdict is not None:
            return _unless_no_magnitude(candidate, verdict)
    return Verdict(Role.UNKNOWN, NOTHING, finding("recognised.nothing"))


def _unless_no_magnitude(c: Candidate, verdict: Verdict) -> Verdict:
    """Phase, real and imaginary images are used of the echoes only, whose complex fit needs them."""
    if verdict.role in MAGNITUDES and c.frame.component in ("phase", "real", "imaginary"):
        evidence = finding("recognised.no_magnitude", kind=c.frame.component, evidence=verdict.evidence)
        return Verdict(Role.UNKNOWN, verdict.confidence, evidence)
    return verdict


# ------------------------------------------------------------------------------------------------- not an image to measure
def _screen_capture(c: Candidate) -> Optional[Verdict]:
    said = {"SCREEN SAVE", "SECONDARY CAPTURE", "SCREENSHOT"} & set(c.frame.image_type)
    if c.frame.sop_class in SECONDARY_CAPTURES or said or not c.frame.photometric.startswith("MONOCHROME"):
        return Verdict(Role.UNKNOWN, SAID, finding("recognised.capture"))
    return None


def _localizer(c: Candidate) -> Optional[Verdict]:
    if "LOCALIZER" in c.frame.image_type:
        return Verdict(Role.LOCALIZER, SAID, finding("recognised.image_type", word="LOCALIZER"))
    if c.n_orientations >= 3 and c.n_slices <= 15:
        return Verdict(Role.LOCALIZER, FOLLOWS, finding("recognised.orientations", n=c.n_orientations))
    return None


def _projection(c: Candidate) -> Optional[Verdict]:
    for word in c.frame.image_type:
        if word in ("PROJECTION IMAGE", "MIP", "MAXIMUM", "MINIP") or "MIP" in word.split("_") or word.startswith(("CSA MIP", "CSA MPR")):
            return Verdict(Role.UNKNOWN, SAID, finding("recognised.projection", word=word))
    return None


# --------------------------------------------------------------------------------------------------------- quantitative maps
ROLES_OF_UNITS = {DIFFUSIVITY: Role.ADC, RATE: Role.R2STAR, FREQUENCY: Role.FIELD_MAP, ANGULAR: Role.FIELD_MAP}
MAP_WORDS = {
    Role.ADC: {"ADC", "ADC_UNSPECIFIED"},
    Role.PDFF: {"FF", "PDFF", "FAT_FRACTION", "FATFRACTION", "FAT_FRAC"},
    Role.R2STAR: {"R2_STAR", "R2STAR", "R2*", "R2STAR_MAP", "R2_STAR_MAP"},
    Role.FIELD_MAP: {"B0", "B0_MAP", "B0 MAP", "FIELD_MAP", "FIELDMAP", "FIELD MAP", "B0MAP", "FREQUENCY_MAP"},
}
T2STAR_WORDS = {"T2_STAR", "T2STAR", "T2*", "T2_STAR_MAP", "T2STAR_MAP"}
OTHER_DIFFUSION_MAPS = {"FA", "EADC", "EXP", "TENSOR", "COLFA", "TENSOR_B0", "DIFFUSION_ANISO", "RA", "IVIM"}


def _map_by_image_type(c: Candidate) -> Optional[Verdict]:
    for role, words in MAP_WORDS.items():
        word = next(iter(sorted(words & c.words)), "")
        if word:
            return Verdict(role, SAID, finding("recognised.image_type", word=word))
    if T2STAR_WORDS & c.words:
        return Verdict(Role.R2STAR, SAID, finding("recognised.t2star"), reciprocal=True)
    other = OTHER_DIFFUSION_MAPS & c.words
    if other:
        return Verdict(Role.UNKNOWN, SAID, finding("recognised.other_map", word=sorted(other)[0]))
    return None


def _map_by_unit(c: Candidate) -> Optional[Verdict]:
    stated = [(code, "recognised.real_world_unit") for code in c.frame.real_world]
    for text, where in (*stated, (c.frame.rescale_type, "recognised.rescale_unit")):
        unit = None if says_nothing(text) else unit_of(text)
        role = ROLES_OF_UNITS.get(unit.dimension) if unit else None
        if role is not None:
            return Verdict(role, FOLLOWS, finding(where, unit=text))
    return None


# ------------------------------------------------------------------------------------------------------------------ diffusion
_COMPUTED = re.compile(r"calc.*b|(?<![a-z])(c|s|v)dwi|comput|synth|extrapol|virtual|(?<![a-z])syn(?![a-z])", re.IGNORECASE)


def _calculated_diffusion(c: Candidate) -> Optional[Verdict]:
    """Images at a b-value that was never acquired; they look like DWI in every other respect."""
    word = next((word for word in c.words if "CALC" in word), "")
    if word and ("DIFFUSION" in c.words or c.frame.b_value):
        return Verdict(Role.CALCULATED_DWI, SAID, finding("recognised.calculated", word=word))
    if c.frame.vendor == el.SIEMENS and "DIFFUSION" in c.words:
        # Siemens names an image computed from several b-values after their range: *ep_b50_800
        span = re.search(r"b(\d+)_(\d+)", c.frame.sequence_name)
        if span and c.frame.b_value is not None:
            low, high = span.groups()
            evidence = finding("recognised.calculated_name", low=low, high=high, b=c.frame.b_value)
            return Verdict(Role.CALCULATED_DWI, FOLLOWS, evidence)
    if c.frame.b_value and _COMPUTED.search(c.frame.series_description) and not c.frame.synthetic:
        return Verdict(Role.CALCULATED_DWI, DESCRIBED, finding("recognised.calculated_described"))
    return None


def _described_diffusion_map(c: Candidate) -> Optional[Verdict]:
    """Derived maps that keep the b-value of their source images, so that only the description tells them from DWI."""
    if c.frame.image_type[:1] != ("DERIVED",) or "TRACEW" in c.words:
        return None
    text = c.frame.series_description
    if re.search(r"(?<![a-z])eadc|exponential|fractional.?aniso", text, re.IGNORECASE):
        return Verdict(Role.UNKNOWN, DESCRIBED, finding("recognised.map_described"))
    if re.search(r"(?<![a-z])adc(?![a-z])|apparent.?diffusion", text, re.IGNORECASE):
        return Verdict(Role.ADC, DESCRIBED, finding("recognised.adc_described"))
    return None


NO_B_VALUE = finding("unusable.no_b")


def _diffusion(c: Candidate) -> Optional[Verdict]:
    b = c.frame.b_value
    if b is not None and b > 0:
        return Verdict(Role.DWI, c.frame.b_confidence, finding("recognised.diffusion", b=b, source=c.frame.b_source))
    weighted = [value for value in c.b_values if value > 0]
    if b is None and weighted and (c.frame.image_type[:1] != ("DERIVED",) or "TRACEW" in c.words):
        if len(weighted) < len(c.b_values) or c.n_slices < c.most_slices or c.frame.unreadable:
            how = "recognised.slices_without_b" if c.n_slices < c.most_slices else "recognised.beside_b0"
            return Verdict(Role.DWI, BY_NEIGHBOURS, finding(how), problem=NO_B_VALUE)
        return Verdict(Role.DWI, BY_NEIGHBOURS, finding("recognised.taken_as_b0"))
    if b == 0 and weighted:
        return Verdict(Role.DWI, c.frame.b_confidence, finding("recognised.b0_of_series", source=c.frame.b_source))
    sign = _sign_of_diffusion(c)
    if not sign or b is None:
        return None
    return Verdict(Role.DWI, c.frame.b_confidence, finding("recognised.b0_by_sign", sign=sign, source=c.frame.b_source))


def _sign_of_diffusion(c: Candidate) -> Optional[Finding]:
    """What says diffusion beside the b-value."""
    if "DIFFUSION" in c.words or c.frame.contrast == "DIFFUSION":
        return finding("recognised.says_diffusion")
    if c.frame.echo_planar and re.search(r"dwi|diff", c.frame.series_description, re.IGNORECASE):
        return finding("recognised.echo_planar")
    if says_weighted(c.frame.series_description) and c.frame.image_type[:1] != ("DERIVED",):
        return finding("recognised.described")
    return None


def _diffusion_without_b(c: Candidate) -> Optional[Verdict]:
    """Diffusion by every sign but the b-value: known as such, so that the reader is told what to give."""
    if c.frame.b_value is not None or (c.frame.image_type[:1] == ("DERIVED",) and "TRACEW" not in c.words):
        return None
    sign = _sign_of_diffusion(c)
    return Verdict(Role.DWI, DESCRIBED, finding("recognised.without_b", sign=sign), problem=NO_B_VALUE) if sign else None


# ---------------------------------------------------------------------------------------------------------------------- Dixon
DIXON_WORDS = {
    Role.WATER: {"W", "WATER"},
    Role.FAT: {"F", "FAT"},
    Role.IN_PHASE: {"IP", "IN", "IN_PHASE", "INPHASE"},
    Role.OPPOSED_PHASE: {"OP", "OPP", "OUT", "OPP_PHASE", "OPPOSED_PHASE", "OUT_PHASE", "OUTPHASE"},
}


def _dixon_by_image_type(c: Candidate) -> Optional[Verdict]:
    for role, words in DIXON_WORDS.items():
        word = next(iter(sorted(words & c.words)), "")
        if word:
            return Verdict(role, SAID, finding("recognised.image_type", word=word))
    return None


GE_PREFIXES = {  # the start of the descriptions that GE's scanner gives to the series it derives from IDEAL
    "WATER:": Role.WATER, "FAT:": Role.FAT, "INPHASE:": Role.IN_PHASE, "OUTPHASE:": Role.OPPOSED_PHASE,
    "FATFRAC:": Role.PDFF, "R2STAR:": Role.R2STAR, "R2*:": Role.R2STAR,
}  # fmt: skip


def _ge_prefix(c: Candidate) -> Optional[Verdict]:
    if c.frame.vendor == el.GE:
        for prefix, role in GE_PREFIXES.items():
            if c.frame.series_description.upper().replace(" ", "").startswith(prefix):
                return Verdict(role, BY_NEIGHBOURS, finding("recognised.ge_prefix", word=prefix))
    return None


def phase_of_echo(echo_time_ms: float, field_strength_t: float) -> float:
    """Turns that the main fat peak is ahead of water at an echo, as a fraction 0 … 1: 0 in phase, 0.5 opposed.

    ``f TE`` with f = 3.4 ppm × 42.577 MHz/T × B0: 217 Hz at 1.5 T, 434 Hz at 3 T.
    """
    return (echo_time_ms * 1e-3 * FAT_WATER_PPM * GYROMAGNETIC_MHZ_PER_T * field_strength_t) % 1.0


def _echoes(c: Candidate) -> Optional[Verdict]:
    """Several echo times of a gradient echo: one of an in/opposed pair, or one echo of a series to be fitted."""
    times = c.echo_times_ms
    if len(times) < 2 or not c.balanced_echoes or c.frame.echo_time_ms is None or c.frame.echo_planar or "SE" in c.frame.scanning_sequence:
        return None
    if len(times) > 2 or c.complex_series:
        kind = c.frame.component or "component not stated"
        return Verdict(Role.MULTI_ECHO, FOLLOWS, finding("recognised.echo", n=len(times), kind=kind))
    if not c.frame.field_strength_t:
        return Verdict(Role.UNKNOWN, NOTHING, finding("recognised.no_field"))
    turns = [phase_of_echo(time, c.frame.field_strength_t) for time in times]
    is_opposed = [abs(turn - 0.5) <= PHASE_TOLERANCE for turn in turns]
    is_in_phase = [min(turn, 1.0 - turn) <= PHASE_TOLERANCE for turn in turns]
    if not (any(is_opposed) and any(is_in_phase)):
        return Verdict(Role.MULTI_ECHO, BY_NEIGHBOURS, finding("recognised.two_echoes"))
    own = times.index(c.frame.echo_time_ms)
    role, phase = (Role.OPPOSED_PHASE, "opposed") if is_opposed[own] else (Role.IN_PHASE, "in phase")
    evidence = finding("recognised.dual_echo", te=times[own], field=c.frame.field_strength_t, turns=turns[own], phase=phase)
    return Verdict(role, FOLLOWS, evidence)


# ------------------------------------------------------------------------------------------------------- conventional contrasts
def _stated_contrast(c: Candidate) -> Optional[Verdict]:
    role = {"T1": Role.T1, "T2": Role.T2, "STIR": Role.STIR}.get(c.frame.contrast)
    return None if role is None else Verdict(role, SAID, finding("recognised.contrast", word=c.frame.contrast))


def _spin_echo(c: Candidate) -> Optional[Verdict]:
    """T1, T2 and STIR of spin echoes by their timing; the limits are usual clinical ranges, our choice."""
    frame = c.frame
    te, tr, ti = frame.echo_time_ms, frame.repetition_time_ms, frame.inversion_time_ms
    if "IR" in frame.scanning_sequence and ti and 80 <= ti <= 300 and tr and tr >= 1500 and not frame.echo_planar:
        return Verdict(Role.STIR, FOLLOWS, finding("recognised.inversion", ti=ti))
    if "SE" not in frame.scanning_sequence or frame.echo_planar or not te or not tr:
        return None
    if tr >= 1500 and te >= 60:
        return Verdict(Role.T2, FOLLOWS, finding("recognised.spin_echo", tr=tr, te=te))
    if tr <= 1000 and te <= 40:
        return Verdict(Role.T1, FOLLOWS, finding("recognised.spin_echo", tr=tr, te=te))
    return None


# ---------------------------------------------------------------------------------------------------------------- description
DESCRIPTIONS = (
    (r"localizer|localiser|\bscout|\bsurvey|\bloc\b|3.?plane", Role.LOCALIZER),
    (r"\beadc\b|exponential", Role.UNKNOWN),
    (r"(?<![a-z])(delta.?)?b0.?map|field.?map(?!ping)", Role.FIELD_MAP),
    (r"(?<![a-z])adc(?![a-z])|apparent.?diffusion", Role.ADC),
    (r"pdff|fat.?frac|(?<![a-z])ff(?![a-z])", Role.PDFF),
    (r"r2.?star|r2\*", Role.R2STAR),
    (r"opposed|opp.?ph|out.?of.?ph|out.?phase|dixon.*_opp?$", Role.OPPOSED_PHASE),
    (r"in.?phase|dixon.*_(in|ip)$", Role.IN_PHASE),
    (r"dixon.*[_ ](water|w)$", Role.WATER),
    (r"dixon.*[_ ](fat|f)$", Role.FAT),
    (r"(?<![a-z])(stir|tirm)(?![a-z])", Role.STIR),
    (r"(?<![a-z0-9])t1(?![0-9])", Role.T1),
    (r"(?<![a-z0-9])t2(?![0-9*]|.?star)", Role.T2),
)


def _description(c: Candidate) -> Optional[Verdict]:
    text = c.frame.series_description
    for pattern, role in DESCRIPTIONS:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return Verdict(role, DESCRIBED, finding("recognised.description", word=found.group(0).strip(" _")))
    return None


Rule = Callable[[Candidate], Optional[Verdict]]
RULES: Sequence[Rule] = (
    _screen_capture,
    _projection,
    _map_by_image_type,
    _map_by_unit,
    _calculated_diffusion,
    _described_diffusion_map,
    _diffusion,
    _diffusion_without_b,
    _dixon_by_image_type,
    _ge_prefix,
    _localizer,
    _echoes,
    _stated_contrast,
    _spin_echo,
    _description,
)
