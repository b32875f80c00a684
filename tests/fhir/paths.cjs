// Asks an independent FHIRPath for what paths.json says.
//
//     node paths.cjs FOLDER
//
// FOLDER has node_modules with the npm package `fhirpath`, HL7's reference by
// the Lister Hill Center (5.2.2). Prints every difference; exit code 1 when
// there is one. Needs no network.

"use strict";

const fs = require("fs");
const path = require("path");

const modules = path.join(path.resolve(process.argv[2] || "."), "node_modules");
const fhirpath = require(path.join(modules, "fhirpath"));
const r4 = require(path.join(modules, "fhirpath", "fhir-context", "r4"));

const { resources, cases } = JSON.parse(fs.readFileSync(path.join(__dirname, "paths.json"), "utf8"));

/** Figures are held to the eight decimal places that FHIRPath asks for. */
function plain(value) {
  if (typeof value === "number") return Math.round(value * 1e8) / 1e8;
  const own = value && typeof value === "object" && value.constructor.name !== "Object";
  return own ? value.toString() : value;
}

let differences = 0;
for (const { resource, expression, result } of cases) {
  const over = resources[resource];
  const scope = { resource: over, context: over };
  let found;
  try {
    found = fhirpath.evaluate(over, expression, scope, r4, { async: false }).map(plain);
  } catch (error) {
    found = String(error.message);
  }
  if (JSON.stringify(found) !== JSON.stringify(result.map(plain))) {
    differences += 1;
    console.log(`${resource}: ${expression}: ${JSON.stringify(result)} here, ${JSON.stringify(found)} there`);
  }
}
console.log(`${cases.length} expressions, ${differences} differences`);
process.exit(differences ? 1 : 0);
