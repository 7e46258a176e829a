import assert from "node:assert/strict";
import { coverageOf, coverageText } from "../../bench/coverage/report";

describe("the coverage of the embedded AWS", () => {
  const operations = ["sqs:SendMessage", "kms:Decrypt", "sqs:DeleteMessage"];

  it("names the operations that no process called, sorted", () => {
    const coverage = coverageOf(operations, ["sqs:SendMessage", "", "sqs:SendMessage"]);

    assert.deepEqual(coverage, { operations: 3, called: 1, never: ["kms:Decrypt", "sqs:DeleteMessage"] });
    assert.equal(
      coverageText(coverage),
      "1 of 3 operations of the embedded AWS were called.\n" +
        "Never called; test or remove them:\n  kms:Decrypt\n  sqs:DeleteMessage",
    );
  });

  it("is one line when every operation was called", () => {
    const coverage = coverageOf(operations, operations);

    assert.deepEqual(coverage.never, []);
    assert.equal(coverageText(coverage), "3 of 3 operations of the embedded AWS were called.");
  });
});
