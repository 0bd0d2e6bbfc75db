"""Figures as a table for people, and whether they reach what we aim for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = {"sqlite": "SQLite", "mysql": "MariaDB or MySQL"}


def aims(databases: dict[str, Any]) -> list[dict[str, Any]]:
    """What we aim for, beside what was measured."""
    return [{**aim, "reached": _is_reached(aim)} for aim in _aims(databases)]


def _is_reached(aim: dict[str, Any]) -> bool:
    if "at_least" in aim:
        return bool(aim["measured"] >= aim["at_least"])
    return bool(aim["measured"] <= aim["at_most"])


def _aims(databases: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for database, parts in databases.items():
        name = NAMES[database]
        for number, kinds in parts.get("events", {}).get("milliseconds", {}).items():
            yield {
                "aim": f"{name}: an event that nothing listens to, at {int(number):,} badges, in milliseconds",
                "measured": kinds["unmatched"]["total"]["median"],
                "at_most": 1.0,
            }
        for kind, ratio in parts.get("events", {}).get("most_to_fewest", {}).items():
            yield {"aim": f"{name}: {kind}, most to fewest badges", "measured": ratio, "at_most": 1.5}
        seconds = parts.get("sync", {}).get("seconds", {}).get("5000")
        if database == "sqlite" and seconds:
            yield {"aim": f"{name}: sync of 5,000 templates, in seconds", "measured": seconds["first"], "at_most": 5.0}
        for case, at_least in HISTORY.items() if "history" in parts else ():
            measured = parts["history"]["cases"][case]["per_second"]
            yield {"aim": f"{name}: {case}, rows a second", "measured": measured, "at_least": at_least}
        for case in parts.get("deliveries", {}).get("deliveries", []):
            if case["threads"] > 1 and case["latency"]:
                yield {
                    "aim": f"{name}: {case['threads']} threads at 100 ms, seconds per 64 deliveries",
                    "measured": round(64 / case["per_second"], 2),
                    "at_most": 1.0,
                }
        yield from _aims_of_the_api(name, parts["api"]["deeds"]["list"]) if "api" in parts else ()


def _aims_of_the_api(name: str, figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    what = f"{name}: a list of 50 badges"
    yield {"aim": f"{what}, a second", "measured": figures["most"]["per_second"], "at_least": 150.0}
    yield {"aim": f"{what} at half that load, p99 in milliseconds", "measured": figures["half"]["p99"], "at_most": 100}


HISTORY = {"backfill, no row matches": 20_000, "backfill, every row completes": 2_000}
"""Rows a second."""


def table(figures: dict[str, Any]) -> str:
    """All figures, for a terminal."""
    lines = []
    for database, parts in figures["databases"].items():
        lines += ["", NAMES[database], "=" * len(NAMES[database])]
        for part, rows in (
            ("events", _events),
            ("sync", _sync),
            ("deliveries", _deliveries),
            ("reconcile", _reconcile),
            ("history", _history),
            ("memory", _memory),
            ("api", _api),
        ):
            if part in parts:
                lines += ["", *rows(parts[part])]
    lines += ["", "Aims", "====", ""]
    lines += [
        f"{'reached' if aim['reached'] else 'MISSED ':8}{aim['measured']:>8} ({_bound(aim)})  {aim['aim']}"
        for aim in figures["aims"]
    ]
    return "\n".join(lines)


def _bound(aim: dict[str, Any]) -> str:
    return f"at least {aim['at_least']}" if "at_least" in aim else f"at most {aim['at_most']}"


def _events(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'Milliseconds per event':24}{'badges':>8}{'LMS':>9}{'p95':>9}{'worker':>9}{'p95':>9}"
    for number, kinds in figures["milliseconds"].items():
        for kind, each in kinds.items():
            columns = (each[side][column] for side in ("lms", "worker") for column in ("median", "p95"))
            yield f"{kind:24}{int(number):>8,}" + "".join(f"{value:>9.2f}" for value in columns)
    for kind, ratio in figures["most_to_fewest"].items():
        yield f"{kind + ', most / fewest':24}{ratio:>8}"


def _sync(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'Seconds per sync':24}{'first':>8}{'again':>9}"
    for number, each in figures["seconds"].items():
        yield f"{f'{int(number):,} templates':24}{each['first']:>8.2f}{each['again']:>9.2f}"


def _deliveries(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'Deliveries per second':24}{'threads':>8}{'rate':>9}{'of ideal':>9}"
    for each in figures["deliveries"]:
        share = "" if each["share_of_ideal"] is None else f"{each['share_of_ideal']:.0%}"
        yield f"{each['latency'] * 1000:>3.0f} ms latency{'':10}{each['threads']:>8}{each['per_second']:>9}{share:>9}"


def _reconcile(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'Comparing with Credly':24}{'seconds':>8}{'rate':>9}{'queries':>9}{'before':>9}{'highest':>9}"
    for number, each in figures["badges"].items():
        memory = each["megabytes"]
        yield (
            f"{f'{int(number):,} badges':24}{each['seconds']:>8}{each['per_second']:>9,}"
            f"{each['queries_per_page']:>9}{memory['before']:>6} MB{memory['highest']:>6} MB"
        )


def _history(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'What was before':48}{'rows':>10}{'seconds':>9}{'rate':>9}{'of CPU':>9}{'before':>12}{'highest':>12}"
    for case, each in figures["cases"].items():
        memory = each["megabytes"]
        yield (
            f"{case:48}{each['rows']:>10,}{each['seconds']:>9}{each['per_second']:>9,}"
            f"{each['per_second_of_computing']:>9,}{memory['before']:>9} MB{memory['highest']:>9} MB"
        )


def _memory(figures: dict[str, Any]) -> Iterator[str]:
    yield f"Resident memory over {figures['events']:,} events, in MB; the peak is ru_maxrss"
    yield "  ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures["megabytes"].items())


def _api(figures: dict[str, Any]) -> Iterator[str]:
    yield (
        f"REST API: {figures['processes']} web processes of {figures['threads']} thread(s), "
        f"{figures['badges']:,} badges, {figures['awards']:,} awards; computing is of the web processes, for a request"
    )
    yield f"{'':8}{'at most':>12}{'p50':>9}{'p99':>10}{'computing':>11}{'half that':>13}{'p50':>9}{'p99':>10}"
    for deed, each in figures["deeds"].items():
        most, half = each["most"], each["half"]
        yield (
            f"{deed:8}{most['per_second']:>10}/s{most['p50']:>6} ms{most['p99']:>7} ms{most['computing']:>8} ms"
            f"{half['per_second']:>11}/s{half['p50']:>6} ms{half['p99']:>7} ms"
        )
