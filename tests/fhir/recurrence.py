"""Compares our recurrence rules with those of PyPI `python-dateutil`.

    homeround-recurrence COUNT SEED > RULES && python3 recurrence.py RULES

Each line of the file is a JSON object: a zone, a start, a rule, a window, and the
occurrences that we compute in it, by their time on the wall and their instant. The rule
is expanded here by dateutil over times without a zone; the instants are those of
Python's own `zoneinfo`. Prints every difference; exit code 1 when there is one, and when
there was nothing to compare.
"""

import datetime
import json
import sys
import warnings
import zoneinfo

from dateutil.rrule import rrulestr

# It says that a rule has either a count or an end: the end here is the window's.
warnings.simplefilter("ignore", DeprecationWarning)

UTC = datetime.timezone.utc
LOCAL = "%Y-%m-%dT%H:%M"


def instant(local, zone):
    # A skipped time is read with the offset before the change, as RFC 5545 has it.
    aware = local.replace(tzinfo=zone, fold=0)
    return int(aware.astimezone(UTC).timestamp() * 1000)


def expected(of):
    zone = zoneinfo.ZoneInfo(of["zone"])
    start = datetime.datetime.strptime(of["start"], LOCAL)
    rule, until = of["rule"], None
    parts = [part for part in rule.split(";") if not part.startswith("UNTIL=")]
    for part in rule.split(";"):
        if part.startswith("UNTIL="):
            until = part[len("UNTIL="):]
    found = []
    # Beyond the window nothing is asked for, and a rule that never comes would be looked
    # for until the year 9999.
    end = datetime.datetime.fromtimestamp(of["until_ms"] / 1000, UTC).replace(tzinfo=None)
    rule = rrulestr(";".join(parts), dtstart=start).replace(until=end + datetime.timedelta(days=3))
    for local in rule:
        at = instant(local, zone)
        if until and len(until) == 8 and local.strftime("%Y%m%d") > until:
            break
        if until and until.endswith("Z"):
            end = datetime.datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if at > int(end.timestamp() * 1000):
                break
        if local.strftime(LOCAL) in of["except"]:
            continue
        if of["from_ms"] <= at < of["until_ms"]:
            found.append([at, local.strftime(LOCAL)])
    return sorted(found)


def main():
    rules, occurrences, wrong, changes = 0, 0, 0, 0
    for line in open(sys.argv[1], encoding="utf-8"):
        of = json.loads(line)
        theirs = expected(of)
        rules += 1
        occurrences += len(theirs)
        zone = zoneinfo.ZoneInfo(of["zone"])
        offsets = {datetime.datetime.fromtimestamp(at / 1000, zone).utcoffset() for at, _ in theirs}
        changes += len(offsets) > 1
        if of["found"] != theirs:
            wrong += 1
            print(f"{of}: theirs {theirs}")
    print(f"{rules} rules compared, {occurrences} occurrences, {changes} over a change of clocks, {wrong} differences")
    return 1 if wrong or not occurrences or not changes else 0


if __name__ == "__main__":
    sys.exit(main())
