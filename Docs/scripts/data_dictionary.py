"""Write Docs/data-dictionary.csv, which REDCap imports as a project; the same as ``marrowquant cohort dictionary``.

    .venv/bin/python Docs/scripts/data_dictionary.py
"""

from pathlib import Path

from MarrowQuantLib.cohort.dictionary import write_dictionary

PAGE = Path(__file__).resolve().parents[1] / "data-dictionary.csv"


def main():
    write_dictionary(PAGE)


if __name__ == "__main__":
    main()
