import assert from "node:assert/strict";
import type { Change } from "../../events/wake-up";
import { marginMs } from "../../handler/freshness";
import {
  createMemory,
  isProven,
  rememberAttempts,
  rememberedAttempts,
  rememberedMove,
  rememberMove,
  type RememberedService,
} from "../../handler/memory";
import { listedReads } from "../../handler/readers";
import { home, secretArn, secretName, start } from "./fake-aws";

const change: Change = {
  kind: "change",
  store: "secretsmanager",
  subject: secretArn,
  labels: ["AWSCURRENT"],
  movedAtMs: start,
  eventAtMs: start,
  cause: "PutSecretValue",
};
const reader = listedReads({ secrets: [secretName], parameters: [] }, home);
const stranger = listedReads({ secrets: ["other"], parameters: [] }, home);
const after = start + marginMs + 1;

describe("isProven", () => {
  const rows: [string, RememberedService | undefined, boolean, boolean][] = [
    ["nothing is remembered", undefined, false, false],
    ["a newer deployment is remembered", { lookedAtMs: 0, deploymentCreatedAtMs: after }, true, true],
    [
      "a deployment within the margin is remembered",
      { lookedAtMs: after, deploymentCreatedAtMs: after - 1 },
      true,
      false,
    ],
    ["it did not read the subject after the event", { lookedAtMs: after, reads: stranger }, false, true],
    [
      "it did not read the subject before the event",
      { lookedAtMs: after - 1, reads: stranger },
      false,
      false,
    ],
    ["it reads the subject", { lookedAtMs: after, reads: reader }, false, false],
    ["what it reads is not known", { lookedAtMs: after }, false, false],
    ["the settings say that it reads the subject", { lookedAtMs: after, reads: stranger }, true, false],
  ];
  for (const [condition, remembered, readsForSure, expected] of rows)
    it(`says ${expected} when ${condition}`, () =>
      assert.equal(isProven(remembered, change, home, readsForSure), expected));
});

describe("rememberMove", () => {
  const [reference] = reader.references;
  assert.ok(reference);

  it("keeps the latest move of a subject, whatever it is called and in whatever order it comes", () => {
    const memory = createMemory();
    for (const [subject, at] of [
      [secretArn, 5],
      [secretArn, 3],
      [secretName, 9],
      [secretArn.slice(0, -7), 7],
    ] as const)
      rememberMove(memory, { ...change, subject, movedAtMs: at });

    assert.equal(rememberedMove(memory, reference, home)?.movedAtMs, 9);
  });

  it("keeps nothing of an event that proves nothing, of another label or of another secret", () => {
    const memory = createMemory();
    const { movedAtMs, ...look } = change;
    rememberMove(memory, look);
    rememberMove(memory, { ...change, labels: ["BLUE"], movedAtMs });
    rememberMove(memory, { ...change, subject: `${secretName}2`, movedAtMs });

    assert.equal(rememberedMove(memory, reference, home), undefined);
  });
});

describe("rememberAttempts", () => {
  const ended = [{ createdAtMs: 1, status: "ROLLBACK_SUCCESSFUL" }];

  it("keeps how deployments ended as long as the same deployment is shown", () => {
    const memory = createMemory();
    memory.services.set("shop/api", { lookedAtMs: 0 });

    rememberAttempts(memory, "shop/api", 7, ended);

    assert.deepEqual(
      [rememberedAttempts(memory, "shop/api", 7), rememberedAttempts(memory, "shop/api", 8)],
      [ended, undefined],
    );
  });

  it("keeps nothing while a deployment is under way", () => {
    const memory = createMemory();
    memory.services.set("shop/api", { lookedAtMs: 0 });

    rememberAttempts(memory, "shop/api", 7, [...ended, { createdAtMs: 2, status: "IN_PROGRESS" }]);

    assert.equal(rememberedAttempts(memory, "shop/api", 7), undefined);
  });
});
