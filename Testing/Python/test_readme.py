"""What the README promises works as it is written there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_linked_file_and_picture_exists():
    for page in [ROOT / "README.md", ROOT / "README_ja.md", *sorted((ROOT / "Docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_commands_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert f"\n{command}:" in makefile


def test_the_console_batch_runs_as_printed(slicer_host, digital_patient, capsys):
    (code,) = re.findall(r"```python\n(from MarrowQuant import.*?)```", README, flags=re.DOTALL)
    assert len(code.strip().splitlines()) == 5
    patient = digital_patient("responder", "philips")
    code = re.sub(r"\[\"C:/data/case1\".*?\]", repr([str(patient.folder)]), code)
    code = code.replace('out=case + "/results"', f"out={str(patient.folder.parent / 'batch-results')!r}")
    slicer_host.load_module(ROOT / "MarrowQuant" / "MarrowQuant.py")
    exec(compile(code, "README.md", "exec"), {})  # the README's own words are what is tested
    assert "0.9" in capsys.readouterr().out
    assert (patient.folder.parent / "batch-results" / "scene.mrb").is_file()
