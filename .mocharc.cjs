// One configuration for all suites: `mocha --suite=NAME`, or files of your choice (`npm test -- FILE`).
// A spec's name says what it needs: `*.process.spec.ts` starts child processes, `*.slow.spec.ts` takes many seconds;
// every other spec of test/ and embedded-aws/test/ is a unit test.
"use strict";
const { globSync, statSync } = require("node:fs");
const { availableParallelism } = require("node:os");
const { sep } = require("node:path");

const elsewhere = ["test/engine/**", "test/databases/**", "embedded-aws/test/aws-cli/**"];
const named = ["**/*.process.spec.ts", "**/*.slow.spec.ts"];
const parallel = { parallel: true, jobs: Math.max(2, availableParallelism()) };
const minuteMs = 60_000;

/** The specs that take longest come first, so that the last worker does not end long after the others. */
const longest = ["test/index.spec.ts", "test/demo/**/*.spec.ts", "embedded-aws/test/aws/generated.spec.ts"];
const unit = [...longest, "test/**/*.spec.ts", "embedded-aws/test/**/*.spec.ts"];
const slow = named.flatMap((name) => [`test/${name}`, `embedded-aws/test/${name}`]);

const suites = {
  all: { spec: [...slow, ...unit], ignore: elsewhere, timeout: minuteMs, ...parallel },
  unit: {
    spec: unit,
    ignore: [...elsewhere, ...named],
    timeout: minuteMs,
    ...parallel,
    require: ["./test/support/unit-hooks.ts"],
  },
  slow: { spec: slow, ignore: elsewhere, timeout: minuteMs, ...parallel },
  engine: { spec: ["test/engine/**/*.spec.ts"], timeout: 5 * minuteMs },
  databases: { spec: ["test/databases/**/*.spec.ts"], timeout: 5 * minuteMs },
  "aws-cli": { spec: ["embedded-aws/test/aws-cli/**/*.spec.ts"], timeout: 2 * minuteMs },
};

const namesSpecs = (option) =>
  option.endsWith(".spec.ts") ||
  (/[\\/]/.test(option) && statSync(option, { throwIfNoEntry: false })?.isDirectory());

/** Specs and folders that were named on the command line run alone, one after the other, in this process. */
function chosen(options) {
  if (options.some(namesSpecs)) return { recursive: true, timeout: 5 * minuteMs };
  const name = options.find((option) => option.startsWith("--suite="))?.slice("--suite=".length) ?? "all";
  if (Object.hasOwn(suites, name)) return suites[name];
  throw new Error(`--suite: found ${name}, expected ${Object.keys(suites).join(", ")}`);
}

/** Each file once, in the order of the patterns: mocha runs a file again for each pattern that matches it. */
function files(patterns, exclude) {
  const found = patterns.flatMap((pattern) => globSync(pattern, { cwd: __dirname, exclude }).sort());
  return [...new Set(found.map((file) => file.split(sep).join("/")))];
}

const { require: further = [], spec, ignore = [], ...suite } = chosen(process.argv.slice(2));
module.exports = {
  extension: ["spec.ts"],
  require: ["./embedded-aws/register.cjs", ...further],
  ...(spec && { spec: files(spec, ignore) }),
  ...suite,
};
