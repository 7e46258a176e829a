import assert from "node:assert/strict";
import console from "node:console";
import * as pulumi from "@pulumi/pulumi";
import { withWarnings } from "../../demo/warnings";

describe("withWarnings", () => {
  it("passes on what a program warns of, while it runs", async () => {
    const before: string[] = [];
    const warnings: string[] = [];
    const { warn } = console as { warn: (this: void, text: string) => void };
    console.warn = (text: string) => before.push(text);
    try {
      const result = await withWarnings(
        (warning) => warnings.push(warning),
        async () => {
          await pulumi.log.warn("the recycler is off");
          return "deployed";
        },
      );
      await pulumi.log.warn("later");

      assert.equal(result, "deployed");
      assert.deepEqual(warnings, ["the recycler is off"]);
      assert.deepEqual(before, ["warning: [runtime] later"]);
    } finally {
      console.warn = warn;
    }
  });
});
