import assert from "node:assert/strict";
import type { DecisionLine } from "../../handler/log";
import { triggerOf } from "../../handler/trigger";
import { savedQueries } from "../../stack/saved-queries";
import { runIndex, type Declared } from "../support/declared";
import { anchors, page } from "../support/pages";

describe("docs/operations.md", () => {
  const operations = page("docs/operations.md");
  let alarms: readonly Declared[];

  before(async () => {
    const { resources } = await runIndex({
      services: [{ cluster: "shop" }],
      trail: "none",
      alarms: { email: "a@example.com" },
      rotations: [{ secret: "db", rotator: { kind: "built-in", engine: "postgres", adminSecret: "admin" } }],
    });
    alarms = resources.filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm");
  });

  it("has a section for each alarm, and no other", () => {
    const sections = operations.prose.flatMap(({ text }) => (text.startsWith("### ") ? [text.slice(4)] : []));

    assert.ok(alarms.length > 15);
    assert.deepEqual(
      sections.sort(),
      alarms
        .map(({ name }) => name.replace("alarms-", "").replace("rotator-db-errors", "rotator-errors"))
        .sort(),
    );
  });

  it("has the section that each alarm's text names", () => {
    const known = anchors(operations);

    for (const { inputs } of alarms) {
      const [, anchor = ""] =
        / More: docs\/operations\.md#(\S+)$/.exec(String(inputs.alarmDescription)) ?? [];
      assert.ok(known.includes(anchor), String(inputs.alarmDescription));
    }
  });

  it("names each saved query, and no alarm names another", () => {
    const rows = operations.prose.flatMap(({ text }) => /^\| `(\w+)` +\|/.exec(text)?.[1] ?? []);
    const named = alarms.flatMap(({ inputs }) =>
      [...String(inputs.alarmDescription).matchAll(/saved query ecs-secret-recycler-dev\/(\w+)/g)].map(
        ([, query]) => query!,
      ),
    );

    assert.deepEqual(rows, Object.keys(savedQueries));
    assert.deepEqual([...new Set(named)].sort(), Object.keys(savedQueries).sort());
  });
});

describe("the saved query services", () => {
  it("asks for fields that a decision's line has", () => {
    const fields: readonly (keyof DecisionLine)[] = ["decision", "reason", "subject", "cluster", "service"];
    const text = savedQueries.services.join(" ");

    for (const field of fields) assert.match(text, new RegExp(`\\b${field}\\b`));
  });
});

describe("the request in docs/operations.md", () => {
  it("is one that the recycler takes, from a role", () => {
    const body = /--message-body '([^']+)'/.exec(page("docs/operations.md").lines.join("\n"))?.[1];
    const home = { partition: "aws", region: "us-west-2", account: "123456789012" };

    const trigger = triggerOf(JSON.parse(body ?? ""), home, 0, "AROAEXAMPLE:anna");

    assert.deepEqual(trigger.kind === "request" && trigger.services, [{ cluster: "shop", service: "web" }]);
  });
});
