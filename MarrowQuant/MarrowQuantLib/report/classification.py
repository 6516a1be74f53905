"""A classifier's answer on the page: probability with its interval, what it was trained on, what it rests on, its card."""

from __future__ import annotations

import base64
from html import escape

from ..model import Results
from ..results.formats import probability
from . import charts
from .sections import card_value, cell, table
from .shown import answer_card, answer_tables, stir_rows
from .strings import Strings


def stir_section(results: Results, words: Strings) -> str:
    """Empty where no exam has a pattern on STIR images."""
    heads, lines = stir_rows(results.exams, words)
    if not lines:
        return ""
    drawn = [f'<tr><th scope="row">{escape(exam)}</th>{"".join(cell(text, True) for text in rest)}</tr>' for exam, *rest in lines]
    told = f'<p class="soft">{words("stir_told")}</p>'
    return f"<section><h2>{words('stir')}</h2>{table(heads, drawn, text_columns=(1, 2, 3))}{told}</section>"


def classification_section(results: Results, words: Strings) -> str:
    """Empty where no classifier was asked."""
    found = results.classification
    if found is None:
        return ""
    value, (low, high) = escape(probability(found.probability)), map(probability, found.interval)
    event, other = words("name_" + found.event), words("name_" + found.other)
    heading = words("classified", event=event, other=other)
    bar = charts.probability_bar(found.probability, found.interval, f"{heading} {value}")
    told = "".join(f"<li>{words.say(each)}</li>" for each in found.findings)
    picture = ""
    if found.picture:
        uri = "data:image/png;base64," + base64.b64encode(found.picture).decode("ascii")
        caption = words("occlusion")
        picture = f'<figure><img src="{uri}" alt="{caption}" style="width:400px;max-width:100%"><figcaption>{caption}</figcaption></figure>'
    parts = ""
    for heads, lines in answer_tables(found, words):
        rows = [f'<tr><th scope="row">{escape(name)}</th>{cell(value)}</tr>' for name, value in lines]
        parts += f"<div>{table(heads, rows)}</div>"
    card = "".join(f"<dt>{escape(head)}</dt><dd>{card_value(content)}</dd>" for head, content in answer_card(found, words))
    return (
        f"<section><h2>{words('classifier')}</h2><h3>{escape(heading)} ({words.exam(found.exam)})</h3>"
        f'<p class="big">{value}</p><p>{words("ensemble_range", low=escape(low), high=escape(high))}</p>{bar}'
        f'<ul class="notes">{told}</ul><div class="charts">{picture}{parts}</div>'
        f"<details><summary>{escape(words('model_card') + ': ' + found.model_id)}</summary><dl>{card}</dl></details></section>"
    )
