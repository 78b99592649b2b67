"""The table and the JSON of a run."""

import json
import statistics

HEADINGS = {"zeolite": "Zeolite", "python": "Python", "floor": "floor in C, or RelStorage", "relstorage": "RelStorage"}
LABEL_WIDTH = 30
COLUMN_WIDTH = 25
EXPECTATION_WIDTH = 24
VERDICTS = {True: "met", False: "NOT MET", None: "not known"}


def table(measures, samples):
    """`samples` holds a list for each measure and server, one entry a round."""
    columns = (HEADINGS["zeolite"], HEADINGS["python"], "Zeolite/Python")
    lines = [_line("", columns, "expected", HEADINGS["floor"])]
    for measure in measures:
        lines += ["", measure.title]
        lines += [_row(row, samples[measure.name]) for row in measure.rows]
        lines += _errors(samples[measure.name])
    lines += [
        "",
        "Medians of the rounds (lowest - highest); ratios of the medians (lowest - highest of a round); whether the medians are",
        "as expected, and in how many of the rounds it was so.",
    ]
    return "\n".join(lines)


def summary(measures, samples):
    """The numbers of the table for a program, and the samples that they come from."""
    return {
        measure.name: {
            "title": measure.title,
            "rows": {row.label: _numbers(row, samples[measure.name]) for row in measure.rows},
            "samples": samples[measure.name],
        }
        for measure in measures
    }


def write_json(path, content):
    with open(path, "w") as f:
        json.dump(content, f, indent=2)
        f.write("\n")


def _row(row, by_server):
    numbers = _numbers(row, by_server)
    cells = (_cell(numbers.get("zeolite")), _cell(numbers.get("python")), _cell(numbers.get("ratio"), "x"))
    verdict = ""
    if row.expectation:
        verdict = f"{numbers['expected']:<8} {VERDICTS[numbers['met']]}"
        if numbers["met"] is not None:
            verdict += f" {numbers['rounds_met']}/{numbers['rounds']}"
    beside = numbers.get("floor", numbers.get("relstorage"))
    return _line("  " + row.label, cells, verdict, _cell(beside) if beside else "")


def _line(label, cells, verdict, floor):
    columns = "".join(f"{cell:<{COLUMN_WIDTH}} " for cell in cells)
    return f"{label:<{LABEL_WIDTH}} {columns}{verdict:<{EXPECTATION_WIDTH}}{floor}".rstrip()


def _numbers(row, by_server):
    """Median, lowest and highest of a row for each server, their ratio, and whether it is as expected (None: cannot be said)."""
    values = {name: [row.value(s) for s in entries if "error" not in s] for name, entries in by_server.items()}
    numbers = {name: _spread(v) for name, v in values.items() if v}
    ratios = [
        row.value(z) / row.value(p)
        for z, p in zip(by_server.get("zeolite", ()), by_server.get("python", ()))
        if "error" not in z and "error" not in p and row.value(p) > 0
    ]
    if ratios:
        numbers["ratio"] = _spread(ratios)
        numbers["ratio"]["median"] = numbers["zeolite"]["median"] / numbers["python"]["median"]
    if row.expectation:
        judged = values.get("zeolite", []) if row.expectation.absolute else ratios
        median = numbers["zeolite" if row.expectation.absolute else "ratio"]["median"] if judged else None
        numbers["expected"] = str(row.expectation)
        numbers["met"] = row.expectation.holds(median) if judged else None
        numbers["rounds_met"] = sum(map(row.expectation.holds, judged))
        numbers["rounds"] = len(judged)
    return numbers


def _spread(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def _errors(by_server):
    return [
        f"  {HEADINGS[name]}, round {number}: {entry['error']}"
        for name, entries in by_server.items()
        for number, entry in enumerate(entries, 1)
        if "error" in entry
    ]


def _cell(spread, unit=""):
    if spread is None:
        return "-"
    text = _number(spread["median"]) + unit
    if spread["lowest"] != spread["highest"]:
        text += f" ({_number(spread['lowest'])} - {_number(spread['highest'])})"
    return text


def _number(value):
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{decimals}f}"
