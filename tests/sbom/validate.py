"""Shows bills of materials to a validator that nobody here wrote.

Usage: validate.py FILE...

Each must be sound by the strict schema of CycloneDX 1.6, name each thing once, depend on
nothing that it does not list, and give a version, a licence and a package address for all
that is linked. A bill that was made wrong on purpose must be refused, or nothing is shown
by this.
"""

import copy
import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)

# Fewer than this, and it was not the product that was listed.
COMPONENTS_MIN = 40


def faults(bill):
    """What is wrong with a bill."""
    found = []
    error = VALIDATOR.validate_str(json.dumps(bill))
    if error is not None:
        found.append(f"schema: {str(error)[:400]}")
    components = bill.get("components", [])
    if len(components) < COMPONENTS_MIN:
        found.append(f"{len(components)} components: at least {COMPONENTS_MIN} are linked")
    for component in components:
        for field in ("name", "version", "purl", "bom-ref"):
            if not component.get(field):
                found.append(f"{component.get('name')}: no {field}")
        carried = component.get("purl", "").startswith("pkg:generic/")
        if not component.get("licenses") and not carried:
            found.append(f"{component.get('name')}: no licence")
    refs = [component.get("bom-ref") for component in components]
    refs.append(bill["metadata"]["component"]["bom-ref"])
    twice = {ref for ref in refs if refs.count(ref) > 1}
    found.extend(f"{ref}: listed twice" for ref in sorted(twice))
    for dependency in bill.get("dependencies", []):
        for ref in [dependency["ref"], *dependency.get("dependsOn", [])]:
            if ref not in refs:
                found.append(f"{ref}: depended on and not listed")
    return found


def wrong_ones(bill):
    """Bills with one thing wrong each."""
    for name, spoil in {
        "an unknown field": lambda it: it.update(origin="here"),
        "no format": lambda it: it.pop("bomFormat"),
        "a component without a type": lambda it: it["components"][0].pop("type"),
        "a component without a version": lambda it: it["components"][0].pop("version"),
        "a component listed twice": lambda it: it["components"].append(it["components"][0]),
        "a dependency on nothing": lambda it: it["dependencies"][0].update(dependsOn=["x"]),
        "a checksum that is none": lambda it: it["components"][0].update(
            hashes=[{"alg": "SHA-256", "content": "zz"}]
        ),
        "hardly anything": lambda it: it.update(components=it["components"][:3]),
    }.items():
        spoilt = copy.deepcopy(bill)
        spoil(spoilt)
        yield name, spoilt


def main(paths):
    failed = not paths
    for path in paths:
        bill = json.loads(Path(path).read_text())
        found = faults(bill)
        for name, spoilt in wrong_ones(bill):
            if not faults(spoilt):
                found.append(f"{name} was not refused")
        for fault in found:
            print(f"{path}: {fault}")
        print(f"{path}: {len(bill['components'])} components, {len(found)} faults")
        failed |= bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
