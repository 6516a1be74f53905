"""What is said of the estimate of response and of laboratory values."""

from __future__ import annotations

from .severity import CHECK, SERIOUS

FINDINGS = {
    "response.outside_range": (
        SERIOUS,
        "No probability: {index} is {value:+.3g} {unit}, outside the range {low:g} to {high:g} {unit} in which the model {model} answers.",
    ),
    "response.one_predictor": (CHECK, "{index} is not known: the estimate rests on the other predictor alone."),
    "response.no_predictor": (CHECK, "No probability: neither predictor is known ({index})."),
    "response.missing_predictor": (CHECK, "No probability: the model {model} needs {index}, which is not known."),
    "caution.g_csf": (
        CHECK,
        "G-CSF was given {days:on the day of|# day before|# days before} the {exam}: fatty marrow turns into red marrow, the fat fraction "
        "falls, the signal at high b rises on both sides alike and the ADC changes with the fat, as in relapse.",
    ),
    "caution.transfusion": (
        CHECK,
        "Blood was transfused {days:on the day of|# day before|# days before} the {exam}: haemoglobin is then not the marrow's own; iron "
        "of repeated transfusions raises R2*, which disturbs a two-point fat fraction and weakens the diffusion signal behind the ADC.",
    ),
    "labs.unusual": (
        CHECK, "{test} {given} on {date} is unusual (mostly {low:g} to {high:g} {unit}); is the value right, and its unit?"
    ),
}
