"""The closed vocabulary of technical words: text that is kept in a de-identified header is made of these and of nothing else.

PS3.15 E.3.5 (Clean Descriptors Option) wants identifying words removed from free text and leaves open how. A list of what to remove would
have to know every name; so this is a list of what may stay. The words are our choice: terms of MR imaging, anatomy and the vendors' series
names, and the defined terms of DICOM PS3.3 for MR and parametric maps (C.7.6, C.8.3, C.8.13). A word that is missing here is lost, never
leaked.
"""

from __future__ import annotations

import re

_IMAGING = """
3plane 3planeloc acc acq acquisition acs ad adaptive adc adcmap adcs add additional advanced air algorithm aligned all angio
anisotropic anisotropy apparent approx arc arms art artifact asset au autoalign average averages ax1 axis b0 b1 background
baseline bffe bh bipolar blade bold bone brain breath breathhold bright btfe bval bvalue bvalues bw caipi caipirinha calc
calculated calibration cdwi center centric channel cm coefficient coil coils color colour combined comp complex composed composite
compressed computed contrast corrected correction cs csa csf cube curve cycle dark data dbl dce dec deep default deg delay derived
diff diffusion diffusionweighted dim dir direction directions dist distortion dixon dixonquant dl dti dtifa dual dw dwi dwibs dyn
dynamic dyndist dyndistcalc eadc ec echo echoes echos edr effective enhanced entire ep epi epse epse2d1 est estimated exam exp
exponential exsper fa fast fat fatfrac fatfraction fatquant fatsat fb ff ffe fflip ffmap fgre field fieldmap fiesta filter
filtered fine fisp fit fitted five fl flair flash flex flip flow fluid fm fmap follow followup followups four fov fraction
fractional frame free freq frequency fs fse fsp full fused gadolinium gd geometry gradient grappa gre grid groups haste head2 high
hires hr hyperband hypersense hz ideal ideal_iq idealiq image images imaging in inopp inout inoutphase inp inphase intensity inv
inversion ip iq ir irm iso isotropic isovoxel ivim khz kidney kurtosis large lava lavaflex level loc local localiser localizer
long low mag magnitude manual map maps marrow matrix max maximum mddw mdix mdixon mdixonall mdixonquant mean med medic medium
merge min minimum minip minute minutes mip mipp mm mobi mobiview mode model modified mono monoexponential motion mpr mprage mr mra
mri ms mt multi multiband multiecho multislice myeloma nav navigator neo new noise none nonlinear norm normal normalised
normalized numbers off ogse one onephase oop op opp opposed oppphase opt optimised optimized orig original out outofphase outphase
overlap overview parallel part partial pass pat pc pd pd2 pdff pdffmap percent percentage perfusion ph phase phases pilot pixel
plain plane plus post pre premature prep preparation presat prescan pri primary proc processed proj projection propeller proset
protocol proton q2d q3d qa qc qdixon qmap qsm quant quantification quantitative quick r2 r2star rad radial ratio raw real recon
reconstructed ref reference reformat reformatted registered registration rep repeat research resolution resolve resp respiratory
rest rho rotation routine rs rt rtr s2 sat saturation scan scanner scout sdwi se sec second seconds sel selective sense sequence
sequences series set shim short signal simulated single six sixecho slab slice slices slow small smart sms space spair sparse
spatial spectral speeder spgr spin spir spoiled ss ss2d ssfp ssfse ssh sshot stack standard star star2 start static station
stations step stir stitched streak sub subtraction sum survey swi swim syn syngo synth synthetic sys system t1 t2 t2star tdi te
tensor term test tfe tfl tfl3d thick thin third three time tir tirm tof tr tra trace tracew trap tri trig trigger triggered
truefisp trufi tse tsi turbo twist two ultra ungated unit units upper us usable value values vibe view visit vol volume vpc water
wb weighted wfi wi wip with without wo words zoomit
"""

_ANATOMY = """
abdomen abdominal ankle anterior ap apex arm ax axial body bones breast bws caudal cervical chest cor coronal cranial cspine ctl
disc dorsal elbow extremity feet femora femoral femur femurs fh foot forearm hand head heart hf hip hips humerus hws iliac
inferior is joint kidney knee kneejoint lateral left leg legs liver lower lr ls lspine lumb lumbar lumbosacral lung lwk lws medial
mid muscle neck obl oblique pa pancreas pelvic pelvis posterior prone prostate psoas rib ribs right rl sacral sacrum sag sagittal
shoulder si skull spinal spine spines spleen sternum superior supine thigh thighs thoracic thoracolumbar thorax tlspine top torso
total trans transaxial transversal transverse trunk ts tspine vertebra vertebrae vertebral wbdwi whole wholebody wholespine
"""

_MAKERS = """
achieva aera altea ambition amira architect artist avanto avantofit biograph bruker by canon canon_mec cima connectom corp
corporation creator digital discovery dstream echelon echospeed elan electric elition esaote espree essenza evolution excite
explorer fujifilm galan ge gehc general gmbh harmony hd hdi hdx hdxt healthcare healthineers hero hitachi inc ingenia intera ltd
lumina magnetom marrowquant mec medical mmr mr360 mr450 mr450w mr750 mr750w neusoft nn numaris oasis omega optima orian patient
phantom philips pioneer pms premier prisma prisma_fit release saturn sempra siemens signa skyra software sola sonata spectra
symphony systems terra tim titan toshiba trio uih umr united vantage verio version vida voyager
"""

_TERMS = """
129xe 13c 19f 1h 23na 2d 31p 3d 3he 7li abd acc_gems adc_unspecified add_filtered algo1 anisotropic annotation automatic
autosegmented b0map bilateral block bmatrix body_coil bore both box bre brick byte cad capture car cartesian ce center centre cg
che ciss clinical code coil1 col colfa column columns complete complex_component component composite container conventional cosine
cubic db db_dt dcm decubitus delta dess dfov diffusion_aniso directional dirfirst dirx dis2d dis3d distorted double driven dsa dt
ecg echo_train edr_gems element elements elliptical energy_prop_wt epi2 epi_gems exclusion ext fast_gems fat_frac fat_fraction fc
ffdl ffdr ffp ffs filt_gems filtered_gems fir first_level float flow_encoded fractional gaussian gdc gems gr gradient_echo
grayscale grayscale2 group h1 ham hamming han hanning hfdl hfdr hfp hfs high_q identity iec iec_first_level iec_head iec_local
iec_normal iec_partial_body iec_second_level iec_whole_body imaginary in_phase inclusion indirect inplane integer internal
inverted ko lfp lfs linear linear_exact lossless lossy lut m_ffe m_ir m_se m_tse mapped mapping maximum_intensity mdeoi mfsplit
min_ip mixed moco moment monochrome monochrome1 monochrome2 mosaic mp mtc multi_b multicoil multiecho_m nd negative no
no_flip_angle nominal not_applicable nu num ohm opp_phase opposed_phase ortho orthogonal osp other out_phase palette parametric
partial_body pause pca pcas peak per per_nerve_stim peripheral pff pff_ pfp pfs phase_and_freq phase_encode phase_map phased
planar position positive ppg presence product propagated proton_density quadrature quality quantity r2_star r2_star_map r2star_map
ra range read read_out readout rectilinear reduced rejected removed resampled reverse reversed rf rf_and_gradient rfp rfs rg riesz
rk rm row rows sampled sat1 sat2 sat3 sat_gems save sb screen screenshot sct secondary seg segment segmentation segmented
selection sidewise sigmoid sine sixteen sk slice_and_freq smr_b1rms smr_borelocal sos sp specified spiral spoil sprint square sr
srt static_field steady stimulated straight sum_squares surface susceptibility switched t1map t2_star t2_star_map t2map t2star_map
tagged technique tensor_b0 text time_of_flight triangle trss true trueshape tukey ucum unaliased uncertain uncorrected undefined
uniform unilateral unknown unmodified unspecified user user_defined user_selection variable velocity verified vframe voxel warp
whitened whole_body wob world yes zero_filled
"""

_CS_LETTERS = frozenset("ABCDEFGHILMNOPRSTUVWXYZ")

WORDS = frozenset(word for text in (_IMAGING, _ANATOMY, _MAKERS, _TERMS) for word in text.split())
B_VALUES = frozenset(range(1000, 3001, 50))

_PATTERN = re.compile(
    r"""
    b\d{1,4}(\#\d{1,3})?[a-z]?              # b1000, b1000t, b1000#11
    | \d{1,3}(\.\d{1,3})?(mm|cm|ms|deg|ch|dir|t|b|d|x|echo|echoes|nex|nsa|av|iso|slices|sl|st|pt|th|nd|rd)
    | \d{1,3}(x\d{1,3}){1,2} | \d\.\dx\d\.\d    # 256x256, 1.5x1.5
    | \d{1,2}\.\d | \d(\.\d){1,3}           # 1.5, releases such as 5.3.0.3
    | t[12]w?i? | pdw?i? | [234]d | mp2rage | mb\d | sms\d | pat?\d | [ps]\d | e\d{1,2} | [fwx]
    | (ep|epse|epi|tfl|fl|gre|se|tse|fse)[23]d\d?
    | \d{2,4}\#\d{1,3}                     # 800#3: b-value and direction
    | [ctls]\d{1,2} | [lct][-_ ]spine       # vertebral levels, L-Spine
    | (te|tr|ti|fa|tse|nsa|etl|res|st|fov|dti|v)\d{1,3}
    | (xa|va|vb|vd|ve|[a-h])\d{1,2}[a-z]?   # software releases, coil elements
    """,
    re.VERBOSE,
)
_TOKEN = re.compile(r"(?<![A-Za-z])[LCTlct][-_ ][Ss](?:pine|PINE)\b|(?:[^\s_\-/(),;:^=\[\]\\*+&|<>%.\"'!?@~]|(?<=\d)\.(?=\d))+")
_NUMBER = re.compile(r"\d+")
_CAMEL = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])|.")
_EDGES = " _-/,;:.^=+&"
_ASCII = re.compile(r"[ -~\r\n\t]*")


def clean_text(text: str, own: frozenset[str] = frozenset()) -> str:
    """Free text reduced to the vocabulary.

    Parameters
    ----------
    text : str
    own : frozenset of str
        Words of the patient's own identity, in lower case: they go, even if they are technical words too.

    Returns
    -------
    str
        The text itself if every word of it is known; else what is left of it without the other words, possibly nothing. Numbers of more
        than three digits go unless they are usual b-values, and so do numbers beside numbers, because dates and telephone numbers are
        written so.
    """
    matches = list(_TOKEN.finditer(text))
    tokens = [match.group() for match in matches]
    kept = [(_is_known(token) or _is_lone_number(tokens, n)) and not is_own(token, own) for n, token in enumerate(tokens)]
    if not any(kept):
        return ""
    if all(kept) and _ASCII.fullmatch(text):
        return text
    parts, at = [], 0
    for match, keep in zip(matches, kept):
        parts += [text[at : match.start()], match.group() if keep else ""]
        at = match.end()
    left = re.sub(r"[^ -~]+", " ", "".join((*parts, text[at:])))
    return re.sub(r"([^\w()\[\]]|_)\1+", r"\1", re.sub(r"[(\[]\s*[)\]]", "", left)).strip(_EDGES)


def clean_code_string(value: str) -> str:
    """A value of a CS element, or OTHER if a word of it is unknown; single letters may stand."""
    tokens = [token for token in _TOKEN.findall(value.replace("_", " ")) if token not in _CS_LETTERS]
    known = value.lower() in WORDS or all(_is_known(token) or _is_lone_number(tokens, n) for n, token in enumerate(tokens))
    return value if known and _ASCII.fullmatch(value) else "OTHER"


def _is_known(token: str) -> bool:
    low = token.lower()
    if low in WORDS or _PATTERN.fullmatch(low):
        return True
    pieces = _CAMEL.findall(token)
    return 1 < len(pieces) and all(len(piece) > 1 and piece.lower() in WORDS for piece in pieces)


def is_own(token: str, own: frozenset[str]) -> bool:
    """True for one of the words, also as a part of a word in camel case."""
    return bool(own) and (token.lower() in own or any(piece.lower() in own for piece in _CAMEL.findall(token) if len(piece) > 1))


def _is_lone_number(tokens: list[str], n: int) -> bool:
    """A short number, or a usual b-value, that has no number beside it."""
    if not _NUMBER.fullmatch(tokens[n]) or (len(tokens[n]) > 3 and int(tokens[n]) not in B_VALUES):
        return False
    return not any(_NUMBER.fullmatch(token) for token in (*tokens[max(n - 1, 0) : n], *tokens[n + 1 : n + 2]))
