"""What is said of how the files of an exam were read."""

from __future__ import annotations

from .severity import CHECK, NOTE, SERIOUS

FINDINGS = {
    "reading.identity_differs": (
        CHECK,
        "The files differ in {what}, but agree in enough of patient ID, name and birth date to be one patient's; check that they are.",
    ),
    "reading.identity_unknown": (
        CHECK, "Nothing in the files tells whose they are: that the exams are of one patient was not checked.",
    ),
    "reading.identity_said": (CHECK, "The files differ in {what}; that they are of one patient was said by the reader."),
    "reading.no_interval": (
        CHECK, "The time between the exams is not known, because not both bear a date; their order is that in which they were given.",
    ),
    "reading.same_date": (CHECK, "Both exams bear the date {date}; their order is that in which they were given."),
    "reading.date_given": (NOTE, "The date {date} was given by the reader."),
    "reading.file_left_out": (SERIOUS, "A file was left out: {problem} Only volumes that are whole without it were used."),
    "reading.remarked": (
        CHECK,
        "The images of series {series} were {how:; }, as their header says: judge whether their numbers may be compared with others.",
    ),
    "reading.few_directions": (
        CHECK, "Series {series}, b {b:g}: {n:gradient direction|gradient directions} only, so that the ADC is not the mean diffusivity.",
    ),
}
