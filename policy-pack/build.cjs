// Makes the policy pack one plain JavaScript file: TypeScript would have to be compiled at each preview.
"use strict";
const path = require("node:path");
const { buildSync } = require("esbuild");

/** @param {string} outfile */
function build(outfile) {
  buildSync({
    entryPoints: [path.join(__dirname, "index.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    external: ["@pulumi/*"],
    logLevel: "warning",
  });
}

module.exports = { build };
if (require.main === module) build(path.join(__dirname, "bin", "index.js"));
