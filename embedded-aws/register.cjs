// Registers TypeScript as Pulumi does for a program (@pulumi/pulumi/cmd/run): the same compiler with the same
// options, and so the same emitted text of a callback as under `pulumi up`. Types are checked by the linter.
"use strict";
const path = require("path");
const { installationProblem } = require("./installation.cjs");

const problem = installationProblem(path.join(__dirname, ".."));
if (problem) {
  console.error(problem);
  process.exit(1);
}

const { loadTypeScriptCompilerOptions, typeScriptRequireStrings } = require("@pulumi/pulumi/tsutils");

const { typescriptRequire, tsnodeRequire } = typeScriptRequireStrings();
const project = path.join(__dirname, "..", "tsconfig.json");
/** The compiler; `compile(text, file)` returns JavaScript. */
module.exports = require(tsnodeRequire).register({
  compiler: typescriptRequire,
  transpileOnly: true,
  project,
  skipProject: false,
  compilerOptions: {
    target: "ES2020",
    module: "nodenext",
    moduleResolution: "nodenext",
    sourceMap: "true",
    ...loadTypeScriptCompilerOptions(project),
  },
});
