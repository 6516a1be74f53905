"""What the README promises works as it is written there."""

import re
import shlex
from pathlib import Path

import messages
import pytest
from MarrowQuantLib import cli, commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "Docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_linked_file_and_picture_exists():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_commands_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in PAGES:
        for command in re.findall(r"(?:^|`)make (\w+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            assert f"\n{command}:" in makefile, page.name


def printed_commands(page: Path) -> list[str]:
    """The ``marrowquant`` lines in the page's blocks of code, one line each, without comments and without the brackets of options."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page.read_text(encoding="utf-8").replace("\\\n", " "), flags=re.DOTALL | re.MULTILINE)
    lines = [re.sub(r"\s#.*|[\[\]…]|\.\.\.", "", line) for block in blocks for line in block.splitlines()]
    commands = [line.rpartition("&& ")[2].replace(".venv\\Scripts\\", "") for line in lines]
    return [command for command in commands if command.startswith("marrowquant ")]


@pytest.mark.parametrize("page", [page for page in PAGES if printed_commands(page)], ids=lambda page: page.name)
def test_every_printed_command_is_one_that_the_shell_takes(page):
    for command in printed_commands(page):
        words = shlex.split(command)[1:]
        options = cli.build_parser().parse_args([word.replace("=R,A,S", "=1,2,3") for word in words])  # a usage error ends the test
        assert callable(options.command), command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_sentence_names_exists_with_its_options(page, capsys):
    for named in re.findall(r"`marrowquant ([a-z][^`]*)`", page.read_text(encoding="utf-8")):
        words = [word for word in named.split() if not word.startswith("-")]
        command = [words[0], *[word for word in words[1:2] if words[0] in ("cohort", "response-model") and word.islower()]]
        with pytest.raises(SystemExit) as stopped:
            cli.main([*command, "--help"])
        told = capsys.readouterr().out
        assert stopped.value.code == 0, named
        assert all(option in told for option in re.findall(r"--[a-z-]+", named)), named

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


def test_the_messages_in_the_tutorial_are_the_real_ones():
    table = (ROOT / "Docs" / "tutorial.md").read_text(encoding="utf-8").split("When something is refused")[1]
    quoted = re.findall(r'^\| "(.+)" \|', table, flags=re.MULTILINE)
    real = [re.sub(r"\{[^{}]*\}", "…", text) for text in {**messages.error_messages(), **messages.finding_messages()}]
    assert len(quoted) > 4
    for message in quoted:
        pattern = re.compile(".*".join(re.escape(part.strip()) for part in message.split("…")))
        assert any(pattern.match(text) for text in real), message


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_shows_an_example_that_it_takes_and_its_exit_codes(name, capsys):
    parser = cli.build_parser()
    with pytest.raises(SystemExit):
        parser.parse_args([name, "--help"])
    shown = capsys.readouterr().out
    example = commands.COMMANDS[name][2]
    assert f"marrowquant {example}" in shown
    assert "Exit codes: 0 done" in shown
    if "--help" not in example:
        parser.parse_args(example.split())
