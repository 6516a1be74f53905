"""``marrowquant classify``: pictures made ready, arms compared, a model trained and asked; and the study on simulated patients."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..io.atomic import refuse_existing, refuse_inside
from ..model import KINDS, MarrowQuantError
from .outputs import add_overwrite, existing_inputs
from .progress import progress_bar
from .whole import whole


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant classify``."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    prepare = actions.add_parser("prepare", help="straightened pictures of the bodies of every patient of a table")
    prepare.add_argument("table", type=Path, metavar="CSV", help="record_id, kind, images, bodies or clicks; site, scanner, age_years …")
    prepare.add_argument("--readers", type=Path, metavar="CSV", help="record_id and one column of scores a reader")
    _kinds(prepare)
    prepare.add_argument("--channels", default="t1", metavar="A,B", help="t1, stir, ff, adc, r2star (default: %(default)s)")
    prepare.add_argument("--cache", type=Path, metavar="DIR", help="keep pictures here, and take them from here next time")
    prepare.add_argument("--out", type=Path, required=True, metavar="DIR", help="data set to write")
    prepare.set_defaults(command=_prepare)
    simulate = actions.add_parser("simulate", help="write simulated patients with MDS and aplastic anaemia, with the truth beside")
    _simulated(simulate)
    simulate.add_argument("--out", type=Path, required=True, metavar="DIR")
    simulate.set_defaults(command=_simulate)
    evaluate = actions.add_parser("evaluate", help="compare the arms on the same folds, and with readers; one page")
    evaluate.add_argument("data", type=Path, metavar="DIR", help="what 'prepare' wrote")
    _evaluating(evaluate)
    evaluate.set_defaults(command=_evaluate)
    train = actions.add_parser("train", help="write a model folder from a data set")
    train.add_argument("data", type=Path, metavar="DIR", help="what 'prepare' wrote")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="model folder; its name is the model's id")
    train.add_argument("--no-network", action="store_true", help="the regression alone, which needs no torch")
    train.add_argument("--seed", type=whole(), default=1)
    train.set_defaults(command=_train)
    predict = actions.add_parser("predict", help="ask a model about one patient")
    predict.add_argument("images", type=Path, metavar="IMAGES", help="folder with DICOM or t1.nii.gz …, or one T1 image")
    predict.add_argument("--model", type=Path, metavar="DIR", help="model folder (default: the bundled one, of simulated patients)")
    predict.add_argument("--bodies", type=Path, metavar="FILE", help="label file of the bodies")
    predict.add_argument("--clicks", default="", metavar="TEXT", help='instead: "L1=2,-10,70; L5=-1,-11,-76", RAS in mm')
    predict.add_argument("--arm", choices=("network", "multiparametric"), default="")
    predict.add_argument("--scanner", default="", help="as the model knows it, where the images do not name it")
    predict.add_argument("--synthetic", action="store_true", help="the images are simulated (DICOM says so itself)")
    predict.add_argument("--picture", type=Path, metavar="PNG", help="also write what the answer rests on")
    add_overwrite(predict)
    predict.add_argument("--json", action="store_true", help="print an object instead of text")
    predict.set_defaults(command=_predict)
    study = actions.add_parser("study", help="re-enact the study on 55 simulated patients: arms, simulated readers, table, figures")
    study.add_argument("--knob", default="study", help="study, texture, age, site or noise (default: %(default)s)")
    study.add_argument("--patients", type=int, default=55, metavar="N", help="default: %(default)s, 25 of 55 with MDS")
    _evaluating(study)
    study.set_defaults(command=_study)


def _kinds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--event", choices=KINDS, default="mds", help="kind of case that is the event (default: %(default)s)")
    parser.add_argument("--other", choices=KINDS, default="aplastic_anaemia", help="kind it is told from (default: %(default)s)")


def _simulated(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--knob", default="study", help="study, texture, age, site or noise (default: %(default)s)")
    parser.add_argument("--mds", type=int, default=25, metavar="N", help="default: %(default)s")
    parser.add_argument("--aa", type=int, default=30, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=whole(), default=1)


def _evaluating(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--arms", default="", metavar="A,B",
        help="of: age, multiparametric, multiparametric_clinical, machine, machine_clinical, texture, lenet, network, average; densenet "
        "takes part only where it is named",
    )  # fmt: skip
    parser.add_argument("--repeats", type=whole(1), default=2, metavar="N", help="of the 5-fold cross-validation (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="leave out the learning curve and the random labels")
    parser.add_argument("--seed", type=whole(), default=1)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="write page, tables, figures and predictions")
    add_overwrite(parser)
    parser.add_argument("--language", choices=("en", "ja"), default="en")


def _prepare(options: argparse.Namespace) -> int:
    from ..classify import Preparation, write_dataset
    from ..classify.manifest import prepare_table

    existing_inputs([options.table, options.readers])
    settings = Preparation(channels=tuple(name.strip() for name in options.channels.split(",") if name.strip()))
    data = prepare_table(
        options.table, settings, event=options.event, other=options.other, readers=options.readers, cache=options.cache,
        progress=progress_bar,
    )  # fmt: skip
    progress_bar.end()
    write_dataset(data, options.out)
    bodies = sum(len(patient.patches) for patient in data.patients)
    told = [str(found) for found in data.findings]
    print("\n".join([f"{len(data.patients)} patients, {bodies} bodies: {options.out}", *told]))
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from ..classify.manifest import write_cohort
    from ..phantom.marrow import simulate_cohort

    cases = simulate_cohort(options.knob, options.mds, options.aa, options.seed, progress_bar)
    write_cohort(cases, options.out, progress_bar)
    progress_bar.end()
    print(f"{len(cases)} simulated patients ({options.knob}, seed {options.seed}): {options.out}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from ..classify import read_dataset

    _free(options)
    return _write(options, read_dataset(options.data))


def _study(options: argparse.Namespace) -> int:
    from ..classify.cases import simulated_dataset
    from ..phantom.marrow import simulate_cohort

    if options.patients < 10:
        raise MarrowQuantError("{n} patients are too few for a study; simulate 10 or more.", n=options.patients)
    _free(options)
    events = round(options.patients * 25 / 55)
    cases = simulate_cohort(options.knob, events, options.patients - events, options.seed, progress_bar)
    return _write(options, simulated_dataset(cases, progress=progress_bar))


def _free(options: argparse.Namespace) -> None:
    from ..classify.page import PAGE_NAME

    refuse_inside(options.out, [options.data] if hasattr(options, "data") else [])
    refuse_existing([options.out / PAGE_NAME], options.overwrite)


def _write(options: argparse.Namespace, data: Any) -> int:
    from ..classify.arms import USUAL
    from ..classify.evaluation import Plan, evaluate
    from ..classify.page import as_text, write_evaluation

    arms = tuple(name.strip() for name in options.arms.split(",") if name.strip()) or USUAL
    quick: dict[str, Any] = {"curve": False, "quick_times": 0, "slow_times": 0} if options.quick else {}
    found = evaluate(data, Plan(arms=arms, repeats=options.repeats, seed=options.seed, **quick), progress_bar)
    progress_bar.end()
    written = write_evaluation(found, options.out, options.language)
    print("\n".join([as_text(found), *written.findings, f"Page: {written.paths[0]}"]))
    return 0


def _train(options: argparse.Namespace) -> int:
    from ..classify import read_dataset
    from ..classify.modelfolder import train_model

    refuse_inside(options.out, [options.data])
    folder = train_model(read_dataset(options.data), options.out, model_id=options.out.name, seed=options.seed,
                         network=not options.no_network, progress=progress_bar)  # fmt: skip
    progress_bar.end()
    print(f"Model: {folder}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from ..classify.bundled import bundled_model
    from ..classify.cases import make_patient
    from ..classify.manifest import Row, read_bodies, read_images
    from ..classify.modelfolder import read_model
    from ..classify.predict import predict
    from ..classify.words import ClassifyWords, kind_name

    if options.picture is not None:
        refuse_existing([options.picture], options.overwrite)
    model = read_model(options.model or bundled_model())
    images = read_images(options.images)
    cells = {"bodies": str(options.bodies.resolve()) if options.bodies else "", "clicks": options.clicks}
    if options.images.is_dir():
        cells["images"] = str(options.images.resolve())
    bodies = read_bodies(Row(cells, Path()), images.maps)
    row = {"kind": "", "scanner": images.scanner or options.scanner, "synthetic": options.synthetic or images.synthetic}
    patient = make_patient("", row, images.maps, bodies, model.preparation)
    answer = predict(model, patient, options.arm, explain=options.picture is not None)
    if options.picture is not None:
        options.picture.write_bytes(answer.picture(images.maps, bodies, model.preparation))
    if options.json:
        print(json.dumps(answer.plain(), indent=1, ensure_ascii=False))
        return 0
    low, high = answer.interval
    event, other = (kind_name(kind, ClassifyWords("en")) for kind in (answer.event, answer.other))
    print(f"Probability of {event} against {other}: {100 * answer.probability:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)")
    print("\n".join(map(str, answer.findings)))
    return 0
