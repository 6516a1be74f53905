"""Write the table of Docs/response-model.md: what the bundled model says for a grid of changes.

    .venv/bin/python Docs/scripts/response_model_table.py
"""

from pathlib import Path

from MarrowQuantLib.response import load_model

PAGE = Path(__file__).resolve().parents[1] / "response-model.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
FF_CHANGES = (-5, 0, 5, 10, 15, 20, 30)
M_CHANGES = (-95, -70, -40, 0, 50)


def cell(model, **predictors):
    estimate = model.predict(predictors)
    if estimate.probability is None:
        return "not given"
    low, high = estimate.interval
    return f"{100 * estimate.probability:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def table():
    model = load_model()
    header = ["ΔFF", *(f"ΔM {m:+d} %" for m in M_CHANGES), "ΔM not known"]
    rows = [
        [f"{ff:+d} points", *(cell(model, ff_change=ff, m_protein_change=m) for m in M_CHANGES), cell(model, ff_change=ff)]
        for ff in FF_CHANGES
    ]
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
