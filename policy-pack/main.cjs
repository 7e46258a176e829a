// The pack's entry: loads the bundle that build.cjs makes during `npm ci`.
"use strict";
const { existsSync } = require("node:fs");
const bundle = require("node:path").join(__dirname, "bin", "index.js");

if (!existsSync(bundle)) {
  const { RunError } = require("@pulumi/pulumi");
  throw new RunError(`the policy pack is not built (${bundle} is missing): run "npm run prepare"`);
}
require(bundle);
