import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import { recordStack } from "../support/record-stack";
import { cluster, reads, recycler, secretArn, service } from "../support/policy-programs";
import { toGraph } from "../../policy-pack/graph";
import { impacts, impactTable } from "../../policy-pack/impact";
import { policyInput } from "../../policy-pack/pack";

async function inputOf(program: () => unknown, preview = false) {
  return policyInput(toGraph(await recordStack(program, { preview })));
}

describe("impacts", () => {
  it("tells what a change of each secret restarts, and who stays stale", async () => {
    const covered = () => {
      recycler();
      service(cluster(), { container: reads(secretArn("shop/database")) });
    };
    const uncovered = () => service(cluster(), { container: reads("/shop/flags") });

    assert.deepEqual(impacts(await inputOf(covered)), [
      { subject: "shop/database", restarts: ["shop/checkout"], stale: [], perhaps: [] },
    ]);
    assert.deepEqual(impacts(await inputOf(uncovered)), [
      { subject: "/shop/flags", restarts: [], stale: ["shop/checkout"], perhaps: [] },
    ]);
  });

  it("says perhaps of a secret that an unknown definition was made from", async () => {
    const input = await inputOf(() => {
      const secret = new aws.secretsmanager.Secret("database", { name: "shop/database" });
      service(cluster(), { container: reads(secret.arn) });
    }, true);

    assert.deepEqual(impacts(input), [
      { subject: "shop/database", restarts: [], stale: [], perhaps: ["shop/checkout"] },
    ]);
  });

  it("keeps a secret and a parameter of one name apart", async () => {
    const input = await inputOf(() =>
      service(cluster(), {
        container: {
          secrets: [
            { name: "A", valueFrom: secretArn("flags") },
            { name: "B", valueFrom: "flags" },
          ],
        },
      }),
    );

    assert.deepEqual(
      impacts(input).map(({ subject }) => subject),
      ["flags", "flags"],
    );
  });
});

describe("impactTable", () => {
  it("is a table in Markdown with a row for each secret", async () => {
    const input = await inputOf(() => {
      recycler();
      service(cluster(), { container: reads(secretArn("shop/database")) });
    });

    assert.equal(
      impactTable(input),
      [
        "### What a change of each secret would restart",
        "",
        "| secret or parameter | restarts | stays stale (not covered) | perhaps (unknown at preview) |",
        "|---|---|---|---|",
        "| `shop/database` | `shop/checkout` | – | – |",
        "",
        "",
      ].join("\n"),
    );
  });

  it("says so where nothing reads a secret", async () => {
    assert.match(impactTable(await inputOf(() => cluster())), /No service of this stack reads a secret\./);
  });
});
