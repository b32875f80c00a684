"""Compares our NEWS2 with one that nobody here wrote, PyPI `vitalscore`.

    homeround-news2 COUNT SEED > SETS && python3 news2.py SETS

Each line of the file is a JSON object: a complete set of vital signs, our points for
each part, our total and our band. The other score has three bands where the Royal
College of Physicians has four: its medium holds our low-medium too. Prints every
difference; exit code 1 when there is one, and when there was nothing to compare.
"""

import json
import sys

from vitalscore.scores.news2 import score_news2

LEVELS = {"alert": "A", "new_confusion": "C", "voice": "V", "pain": "P", "unresponsive": "U"}
PARTS = {
    "respirations_per_min": "rr_score", "spo2_percent": "spo2_score", "on_oxygen": "o2_score",
    "systolic_mmhg": "sbp_score", "pulse_bpm": "hr_score", "consciousness": "consciousness_score",
    "temperature_c": "temp_score",
}
BANDS = {"low": "Low", "low_medium": "Medium", "medium": "Medium", "high": "High"}


def main():
    compared, wrong, totals = 0, 0, set()
    for line in open(sys.argv[1], encoding="utf-8"):
        ours = json.loads(line)
        of = ours["vitals"]
        theirs = score_news2(
            of["respirations_per_min"], of["spo2_percent"], of["on_oxygen"], of["systolic_mmhg"], of["pulse_bpm"],
            LEVELS[of["consciousness"]], of["temperature_c"], use_spo2_scale2=of["spo2_scale"] == "scale_2",
        )
        expected = {
            "total": theirs.total, "risk": theirs.risk.value,
            "parts": {field: getattr(theirs, name) for field, name in PARTS.items()},
        }
        got = {"total": ours["total"], "risk": BANDS[ours["risk"]], "parts": ours["parts"]}
        compared += 1
        totals.add(theirs.total)
        if got != expected:
            wrong += 1
            print(f"{of}: ours {got}, theirs {expected}")
    print(f"{compared} sets compared, {len(totals)} different totals, {wrong} differences")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
