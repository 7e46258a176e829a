import assert from "node:assert/strict";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { decisionIn } from "../../demo/decisions";
import { example } from "../../demo/example";
import { table } from "../../demo/report";
import { clientsOf, truthOf } from "../../demo/stage";
import {
  openVirtualStage,
  recordExample,
  runVirtual,
  type RecordedExample,
} from "../../simulation/virtual-run";
import { blocksOf, page } from "../support/pages";
import { assertShown } from "../support/shown";

const dayMs = 24 * 60 * 60_000;
const minuteMs = 60_000;
/** Between two queries where many runs are made. */
const fewQueriesMs = 500;
/** Seeds that are run twice each: few in each change, `SEEDS=20` in a long run. */
const seeds = Number(process.env.SEEDS ?? 2);

describe("the demonstration on virtual time", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordExample({ archive: "real" });
  });

  it("makes every covered task fresh with one deployment for each value, and no query fails", async () => {
    const { report, faults } = await runVirtual(recorded, "demo");

    assert.deepEqual(faults, []);
    assert.deepEqual(
      report.services.map(({ service, forcedDeployments, runningTasks, staleTasks }) => [
        service,
        forcedDeployments,
        runningTasks,
        staleTasks,
      ]),
      [
        ["web", 3, 3, 0],
        ["worker", 3, 2, 0],
        // Nobody covers it: its tasks keep the old value of the secret that only it reads.
        ["reports", 0, 2, 2],
      ],
    );
    assert.equal(report.queries.failed, 0);
    assert.ok(report.queries.total > 100);
    assert.equal(report.secretReadsByRecycler, 0);
    assert.equal(report.unneededDeployments, 0);
    // One file: none of the packages that package.json lists is in it.
    const { recycler } = report.archiveBytes;
    assert.ok(recycler > 0 && recycler <= 40 * 1024, `${recycler} bytes`);
  });

  it("counts every query in one of the seconds, and says when each value changed", async () => {
    const { report } = await runVirtual(recorded, "demo");

    const { queries, overTime, changes } = report;
    const sum = (key: "total" | "failed"): number => overTime.reduce((sum, second) => sum + second[key], 0);
    assert.deepEqual({ total: sum("total"), failed: sum("failed") }, queries);
    assert.deepEqual(
      overTime.map(({ second }) => second),
      [...overTime.keys()],
    );
    assert.equal(changes.length, 3);
    for (const { startedSecond, movedSecond } of changes)
      assert.ok(startedSecond >= 0 && startedSecond <= movedSecond && movedSecond < overTime.length);
  });

  it("gives the same log for the same seed, and another one for another", async () => {
    const logs = new Set<string>();

    for (let seed = 1; seed <= seeds; seed++) {
      const first = await runVirtual(recorded, seed, fewQueriesMs);
      const second = await runVirtual(recorded, seed, fewQueriesMs);
      assert.deepEqual(first.faults, [], `seed ${seed}`);
      assert.deepEqual(second.log, first.log, `seed ${seed}`);
      logs.add(first.log.join("\n"));
    }

    assert.equal(logs.size, seeds);
  }).timeout(seeds * 10_000);

  it("restarts nothing when it is installed beside services that hold old values", async () => {
    const stage = await openVirtualStage(recorded, "old");
    const { world, platform, log } = stage;
    const { clock } = platform;
    const wholeCluster = { cluster: example.cluster, exclude: [], secrets: [], parameters: [], wave: 0 };
    platform.settings = { ...platform.settings!, coverage: [wholeCluster] };
    await clock.runUntil(clock.now() + 10 * dayMs);
    const putting = clientsOf(world).secretsManager.send(
      new PutSecretValueCommand({
        SecretId: example.partnerSecret,
        SecretString: "changed-long-ago",
        ClientRequestToken: "00000000-0000-4000-8000-000000000000",
      }),
    );
    await clock.runUntil(clock.now() + 10 * dayMs);
    await putting;
    const truth = truthOf(world);
    assert.equal(truth.staleTasks("reports").length, 2);

    await stage.install();
    await clock.runUntil(clock.now() + 12 * minuteMs);

    const decisions = log.flatMap((line) => decisionIn(line) ?? []);
    assert.deepEqual(truth.forcedDeployments(), []);
    assert.ok(
      decisions.some(
        ({ decision, service, subject }) =>
          decision === "predates-install" &&
          service === "reports" &&
          subject?.includes(example.partnerSecret),
      ),
    );
    assert.deepEqual(
      decisions.filter(({ decision }) => decision === "recycle"),
      [],
    );
    await world.stop();
  });
});

describe("the demonstration in other partitions", () => {
  for (const place of [
    { partition: "aws-cn", region: "cn-north-1" },
    { partition: "aws-us-gov", region: "us-gov-west-1" },
  ])
    it(`does in ${place.partition} what it does elsewhere`, async () => {
      const recorded = await recordExample({ place });

      const { faults, report } = await runVirtual(recorded, "demo", fewQueriesMs);

      assert.deepEqual(faults, []);
      assert.ok(report.services.some(({ forcedDeployments }) => forcedDeployments === 3));
    });
});

describe("the demonstration with other databases and another store", () => {
  for (const variant of [
    { engine: "mariadb", store: "secret" },
    { engine: "postgres", store: "parameter" },
    { engine: "mariadb", store: "parameter" },
  ] as const)
    it(`does with ${variant.engine} and a ${variant.store} what it does elsewhere`, async () => {
      const recorded = await recordExample({ variant });

      const { faults, report } = await runVirtual(recorded, "demo", fewQueriesMs);

      assert.deepEqual(faults, []);
      assert.deepEqual(
        report.services.map(({ forcedDeployments, staleTasks }) => [forcedDeployments, staleTasks]),
        [
          [3, 0],
          [3, 0],
          [0, 2],
        ],
      );
    });

  it("sees queries fail in the control with a parameter, where nobody replaces the tasks", async () => {
    const variant = { engine: "postgres", store: "parameter" } as const;
    const recorded = await recordExample({ mode: "off", variant });

    const { report, faults } = await runVirtual(recorded, "demo", fewQueriesMs);

    assert.deepEqual(faults, []);
    assert.ok(report.queries.failed > 0);
  });
});

describe("the control on virtual time", () => {
  it("sees queries fail when nobody replaces the tasks", async () => {
    const recorded = await recordExample({ mode: "off" });

    const { report, faults } = await runVirtual(recorded, "demo");

    assert.deepEqual(faults, []);
    assert.ok(report.queries.failed > 0);
    assert.deepEqual(
      report.services.map(({ forcedDeployments }) => forcedDeployments),
      [0, 0, 0],
    );
    assert.ok(report.services[0]!.staleTasks > 0);
    assertShown(blocksOf(page("README.md"), "text")[1], table(report));
    // Alternating users: the first rotation leaves the old user alone, the second one changes its password.
    const [, second] = report.changes;
    const failing = report.overTime.filter(({ failed }) => failed > 0).map(({ second }) => second);
    assert.ok(failing.length >= 3 && failing.every((at) => at >= Math.floor(second!.startedSecond)));
  });
});
