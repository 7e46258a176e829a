import assert from "node:assert/strict";
import type { GetMetricStatisticsOutput } from "@aws-sdk/client-cloudwatch";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { metricNamespace } from "../../handler/log";
import { rotatorError } from "../../rotator/errors";
import { example, recyclerName } from "../../demo/example";
import { Load } from "../../demo/load";
import { clientsOf, truthOf } from "../../demo/stage";
import {
  openVirtualStage,
  recordExample,
  type RecordedExample,
  type VirtualStage,
} from "../../simulation/virtual-run";

/** Secrets Manager tries a rotation again several times, CloudTrail and the queue wait: nothing comes later. */
const quietMs = 2 * 60_000;
const wrongPassword = "not-the-administrator's";

/** A way in which a rotation fails: how it comes to it, and the code that the rotator's log names. */
interface Failure {
  readonly name: string;
  readonly code: string;
  /** The administrator's credential, changed. */
  readonly admin?: (credential: Record<string, unknown>) => Record<string, unknown>;
  /** What the database answers to every login. */
  readonly database?: Error;
}

const failures: readonly Failure[] = [
  {
    name: "the administrator's password is wrong",
    code: "login-refused",
    admin: (credential) => ({ ...credential, password: wrongPassword }),
  },
  {
    name: "the administrator's secret has no password",
    code: "invalid-secret",
    admin: ({ password: _, ...rest }) => rest,
  },
  {
    name: "the administrator's secret is of another database",
    code: "invalid-secret",
    admin: (credential) => ({ ...credential, host: "other.example.com" }),
  },
  ...(["database-unreachable", "certificate-refused", "password-refused"] as const).map((code) => ({
    name: `the database answers with ${code}`,
    code,
    database: rotatorError("final", code, `the test's ${code}`),
  })),
];

/** The example with the recycler on it, under load, and everything that its functions write. */
async function open(recorded: RecordedExample) {
  const stage = await openVirtualStage(recorded, "failure");
  await stage.install();
  const lines: { functionName: string; line: string }[] = [];
  stage.platform.onFunctionLine = (functionName, line) => lines.push({ functionName, line });
  const load = new Load(stage.world, example.cluster, ["web", "worker"], stage.platform.probe, 500);
  load.start();
  return { ...stage, lines, load, truth: truthOf(stage.world) };
}

async function pass({ platform: { clock } }: VirtualStage, delayMs = quietMs): Promise<void> {
  await clock.runUntil(clock.now() + delayMs);
}

async function setAdmin({ world }: VirtualStage, SecretString: string): Promise<void> {
  await clientsOf(world).secretsManager.send(
    new PutSecretValueCommand({
      SecretId: example.adminSecret,
      SecretString,
      ClientRequestToken: world.random.fork(SecretString).uuid(),
    }),
  );
}

async function adminOf({ world }: VirtualStage): Promise<string> {
  const { SecretString } = await world.asOperator<{ SecretString: string }>(
    "secretsmanager",
    "GetSecretValue",
    { SecretId: example.adminSecret },
  );
  return SecretString;
}

async function failedRotations({ world }: VirtualStage): Promise<number> {
  const now = world.clock.now();
  const { Datapoints = [] } = await world.asOperator<GetMetricStatisticsOutput>(
    "cloudwatch",
    "GetMetricStatistics",
    {
      Namespace: metricNamespace,
      MetricName: "RotationFailed",
      Dimensions: [{ Name: "FunctionName", Value: recyclerName }],
      StartTime: new Date(now - 60 * 60_000),
      EndTime: new Date(now + 60_000),
      Period: 3600,
      Statistics: ["Sum"],
    },
  );
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

describe("a rotation that fails", () => {
  let inSecret: RecordedExample;
  let inParameter: RecordedExample;

  before(async () => {
    inSecret = await recordExample();
    inParameter = await recordExample({ variant: { engine: "postgres", store: "parameter" } });
  });

  for (const { name, code, admin, database } of failures)
    it(`is logged and counted, and changes and restarts nothing, when ${name}; once that is repaired, it is finished`, async () => {
      const stage = await open(inSecret);
      const { world, platform, credential, truth, load, lines } = stage;
      const good = await adminOf(stage);
      if (admin) await setAdmin(stage, JSON.stringify(admin(JSON.parse(good) as Record<string, unknown>)));
      platform.database.failure = database;
      await pass(stage);
      const before = await credential.read();
      const moves = truth.moves().length;
      const tasks = truth.tasks("web").map(({ taskArn }) => taskArn);

      await credential.rotate(world.random);
      await pass(stage);

      assert.equal(truth.moves().filter(({ label }) => label !== "AWSPENDING").length, moves);
      assert.deepEqual(await credential.read(), before);
      assert.ok(platform.database.accepts(before));
      assert.deepEqual(truth.forcedDeployments(), []);
      assert.deepEqual(
        truth.tasks("web").map(({ taskArn }) => taskArn),
        tasks,
      );
      const recycler = lines.filter(({ functionName }) => functionName === recyclerName);
      const notes = recycler.filter(({ line }) => line.includes('"reason":"RotationFailed: '));
      assert.equal(notes.length, 1);
      assert.match(notes[0]!.line, /setSecret step|testSecret step/);
      assert.ok(notes[0]!.line.includes(example.databaseSecret));
      assert.equal(await failedRotations(stage), 1);
      const rotator = lines.filter(({ functionName }) => functionName.includes("-rotator-"));
      assert.ok(rotator.some(({ line }) => line.includes(`"${code}"`)));
      for (const value of [wrongPassword, before.password, (JSON.parse(good) as typeof before).password])
        assert.ok(lines.every(({ line }) => !line.includes(value)));

      if (admin) await setAdmin(stage, good);
      platform.database.failure = undefined;
      // So Secrets Manager says that it takes the unfinished rotation up (RotateSecret, InvalidRequestException).
      await assert.rejects(credential.rotate(world.random), /will be reattempted/);
      await pass(stage);
      await load.stop();
      assert.notEqual((await credential.read()).password, before.password);
      assert.equal(truth.forcedDeployments().length, 2);
      assert.ok(truth.isFresh("web", 3) && truth.isFresh("worker", 2));
      assert.ok(load.count.total > 100 && load.count.failed === 0, load.failures.join("\n"));
      await world.stop();
    });

  it("of a parameter leaves the parameter as it was and restarts nothing, and the function's error is counted", async () => {
    const stage = await open(inParameter);
    const { world, platform, credential, truth, load, lines } = stage;
    const before = await credential.read();
    const moves = truth.moves().length;
    platform.database.failure = rotatorError("final", "database-unreachable", "the test's database is away");

    await assert.rejects(credential.rotate(world.random), /database is away/);
    await pass(stage);

    assert.equal(truth.moves().length, moves);
    assert.deepEqual(await credential.read(), before);
    assert.deepEqual(truth.forcedDeployments(), []);
    assert.ok(lines.some(({ line }) => line.includes('"database-unreachable"')));
    await load.stop();
    assert.ok(load.count.total > 100 && load.count.failed === 0);
    await world.stop();
  });
});
