import { appendFileSync } from "node:fs";
import { Ledger } from "../../embedded-aws/aws/ledger";

/**
 * Loaded by every process of a run of the tests: each operation that a world answers without an error is a line of the
 * file that COVERAGE_FILE names. It is written at once, since a process of the runner may be ended at any time.
 */
const file = process.env.COVERAGE_FILE;
if (file === undefined) throw new Error("COVERAGE_FILE is missing; expected the path of the file to write");
const path = file;
const seen = new Set<string>();
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on the ledger below
const { add } = Ledger.prototype;

Ledger.prototype.add = function (entry) {
  const operation = `${entry.service}:${entry.operation}`;
  if (entry.outcome === "ok" && !seen.has(operation)) {
    seen.add(operation);
    appendFileSync(path, `${operation}\n`);
  }
  return add.call(this, entry);
};
