// Makes the policy pack one plain JavaScript file: TypeScript would have to be compiled at each preview.
"use strict";
const path = require("node:path");
const { buildSync } = require("esbuild");

/** What both bundles have in common. */
const options = { bundle: true, platform: "node", target: "node22", format: "cjs", logLevel: "warning" };

/** JSON Schema of the pack's configuration, from the schema of the settings: the pack needs no zod. */
function configSchema() {
  const entry = path.join(__dirname, "..", "stack", "settings-schema.ts");
  const { outputFiles } = buildSync({ ...options, entryPoints: [entry], packages: "external", write: false });
  const schemas = { exports: {} };
  new Function("module", "require", outputFiles[0].text)(schemas, require);
  return require("zod").toJSONSchema(schemas.exports.packConfigSchema, { io: "input" });
}

/** @param {string} outfile */
function build(outfile) {
  const { properties, required } = configSchema();
  buildSync({
    ...options,
    entryPoints: [path.join(__dirname, "index.ts")],
    outfile,
    external: ["@pulumi/*"],
    define: { CONFIG_SCHEMA: JSON.stringify({ properties, required }) },
  });
}

module.exports = { build };
if (require.main === module) build(path.join(__dirname, "bin", "index.js"));
