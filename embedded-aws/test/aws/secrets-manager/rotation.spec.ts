import assert from "node:assert/strict";
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidParameterException,
  InvalidRequestException,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type RotateSecretRequest,
} from "@aws-sdk/client-secrets-manager";
import { zipSync } from "fflate";
import { operator, type Caller } from "../../../aws/caller";
import type { VirtualClock } from "../../../aws/clock";
import { clientConfig } from "../../../aws/account/in-process";
import { SecretsManager } from "../../../aws/secrets-manager";
import type { AwsEvent, ServiceEvent, World } from "../../../aws/world";
import type { InvocationResult, Runtime } from "../../../aws/runtime";
import { noRuntime, startMs, virtualWorld } from "../../support/world";

const lambdaArn = "arn:aws:lambda:us-west-2:123456789012:function:rotator";
const token = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const hourMs = 3_600_000;

interface StepEvent {
  readonly Step: string;
  readonly SecretId: string;
  readonly ClientRequestToken: string;
}

describe("embedded-aws/aws/secrets-manager: rotation", () => {
  let world: World;
  let clock: VirtualClock;
  let client: SecretsManagerClient;
  let arn: string;
  let steps: string[];
  let serviceEvents: ServiceEvent[];
  let events: AwsEvent[];
  /** What the function does in a step, beside being counted. */
  let rotator: (event: StepEvent, functionClient: SecretsManagerClient) => Promise<unknown>;

  const runtime: Runtime = {
    ...noRuntime,
    functions: {
      start: (spec) => {
        const caller: Caller = { kind: "role", roleArn: spec.roleArn, session: spec.functionName };
        const functionClient = new SecretsManagerClient(clientConfig(world, caller));
        const invoke = async (_id: string, payload: string): Promise<InvocationResult> => {
          const event = JSON.parse(payload) as StepEvent;
          steps.push(event.Step);
          try {
            await rotator(event, functionClient);
            return { kind: "answer", payload: "null" };
          } catch (error) {
            const { name, message } = error as Error;
            return {
              kind: "function-error",
              error: JSON.stringify({ errorType: name, errorMessage: message }),
            };
          }
        };
        return Promise.resolve({ invoke, stop: () => Promise.resolve() });
      },
    },
  };

  beforeEach(async () => {
    ({ world, clock } = virtualWorld({ runtime }));
    [steps, serviceEvents, events] = [[], [], []];
    rotator = rotate;
    world.onServiceEvent((event) => serviceEvents.push(event));
    await makeFunction();
    client = new SecretsManagerClient(clientConfig(world, operator));
    const made = await client.send(
      new CreateSecretCommand({ Name: "shop/db", SecretString: "one", ClientRequestToken: token(1) }),
    );
    arn = made.ARN!;
    await clock.runUntil(startMs + 10_000);
    world.onEvent((event) => events.push(event));
  });

  async function makeFunction(): Promise<void> {
    const as = (prefix: string, name: string, input: object) => world.asOperator(prefix, name, input);
    const role = "arn:aws:iam::123456789012:role/rotator";
    await as("iam", "CreateRole", {
      RoleName: "rotator",
      AssumeRolePolicyDocument: JSON.stringify({
        Statement: [
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    });
    await as("iam", "PutRolePolicy", {
      RoleName: "rotator",
      PolicyName: "rotate",
      PolicyDocument: JSON.stringify({
        Statement: [{ Effect: "Allow", Action: ["secretsmanager:*", "logs:*"], Resource: "*" }],
      }),
    });
    await as("lambda", "CreateFunction", {
      FunctionName: "rotator",
      Role: role,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Code: { ZipFile: zipSync({ "index.js": new Uint8Array(1) }) },
    });
    await as("lambda", "AddPermission", {
      FunctionName: "rotator",
      StatementId: "secrets",
      Action: "lambda:InvokeFunction",
      Principal: "secretsmanager.amazonaws.com",
      SourceAccount: "123456789012",
    });
  }

  /** A rotation function without a database. */
  async function rotate(event: StepEvent, functionClient: SecretsManagerClient): Promise<void> {
    const { SecretId, ClientRequestToken } = event;
    if (event.Step === "createSecret")
      await functionClient.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken,
          SecretString: `made for ${ClientRequestToken}`,
          VersionStages: ["AWSPENDING"],
        }),
      );
    if (event.Step === "finishSecret") {
      const { VersionIdsToStages = {} } = await functionClient.send(new DescribeSecretCommand({ SecretId }));
      const [current] = Object.entries(VersionIdsToStages).find(([, stages]) =>
        stages.includes("AWSCURRENT"),
      )!;
      await functionClient.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: "AWSCURRENT",
          MoveToVersionId: ClientRequestToken,
          RemoveFromVersionId: current,
        }),
      );
    }
  }

  const start = (more: Partial<RotateSecretRequest> = {}) =>
    client.send(
      new RotateSecretCommand({
        SecretId: arn,
        RotationLambdaARN: lambdaArn,
        RotationRules: { AutomaticallyAfterDays: 30 },
        ClientRequestToken: token(2),
        ...more,
      }),
    );
  const described = () => client.send(new DescribeSecretCommand({ SecretId: arn }));
  const names = () => serviceEvents.map(({ eventName }) => eventName);
  const runFor = (ms: number) => clock.runUntil(clock.now() + ms);

  it("calls the four steps in order, and the new value is the current one", async () => {
    await start();
    await runFor(60_000);

    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    assert.deepEqual(steps, ["createSecret", "setSecret", "testSecret", "finishSecret"]);
    assert.equal(SecretString, `made for ${token(2)}`);
  });

  it("answers before the rotation has happened, with a pending version that is empty", async () => {
    const { VersionId } = await start();

    const { VersionIdsToStages } = await described();
    assert.equal(VersionId, token(2));
    assert.deepEqual(VersionIdsToStages, { [token(1)]: ["AWSCURRENT"], [token(2)]: ["AWSPENDING"] });
    const pending = client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: "AWSPENDING" }));
    await assert.rejects(pending, { name: "ResourceNotFoundException" });
  });

  it("says once natively that AWSCURRENT moved, and records started and succeeded as the service's own events", async () => {
    await start();
    await runFor(60_000);

    assert.deepEqual(
      events.filter((event) => event["detail-type"] === "Secret Label Updated").map(({ detail }) => detail),
      [{ name: "shop/db", labelUpdated: "AWSCURRENT", versionId: token(2) }],
    );
    assert.deepEqual(serviceEvents, [
      {
        eventSource: "secretsmanager.amazonaws.com",
        eventName: "RotationStarted",
        additionalEventData: { SecretId: arn },
        requestID: `Rotation-${arn}-${token(2)}`,
      },
      {
        eventSource: "secretsmanager.amazonaws.com",
        eventName: "RotationSucceeded",
        additionalEventData: { SecretId: arn },
        requestID: `Rotation-${arn}-${token(2)}`,
      },
    ]);
  });

  it("dates the rotation not before the move of the label", async () => {
    await start();
    await runFor(60_000);

    const { LastRotatedDate, LastChangedDate, NextRotationDate, RotationEnabled } = await described();
    const move = SecretsManager.of(world).moves.find(
      (one) => one.versionId === token(2) && one.label === "AWSCURRENT",
    );
    assert.ok(LastRotatedDate!.getTime() >= move!.time);
    assert.ok(LastChangedDate!.getTime() >= LastRotatedDate!.getTime());
    assert.equal(RotationEnabled, true);
    assert.ok(NextRotationDate!.getTime() > clock.now());
  });

  it("tries a rotation that fails again from its first step, and succeeds when the function does", async () => {
    let failures = 2;
    rotator = async (event, functionClient) => {
      if (event.Step === "setSecret" && failures-- > 0) throw new TypeError("the database is away");
      await rotate(event, functionClient);
    };

    await start();
    await runFor(60_000);

    assert.deepEqual(steps, [
      ...["createSecret", "setSecret", "createSecret", "setSecret"],
      ...["createSecret", "setSecret", "testSecret", "finishSecret"],
    ]);
    assert.deepEqual(names(), ["RotationStarted", "RotationSucceeded"]);
  });

  it("gives up in the end, names step and kind of error but no message, and keeps the old value", async () => {
    rotator = (event) =>
      event.Step === "setSecret" ? Promise.reject(new TypeError("password is hunter2")) : Promise.resolve();

    await start();
    await runFor(hourMs);

    const failed = serviceEvents.at(-1);
    assert.equal(failed?.eventName, "RotationFailed");
    assert.equal(
      failed.errorMessage,
      `Error when executing lambda ${lambdaArn} during setSecret step: TypeError`,
    );
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    assert.equal(SecretString, "one");
  });

  it("refuses a rotation while another one is pending", async () => {
    await start();

    await assert.rejects(
      start({ ClientRequestToken: token(3) }),
      (error) => error instanceof InvalidRequestException,
    );
  });

  it("only tests the function when it is not to rotate at once, and leaves no pending version behind", async () => {
    await start({ RotateImmediately: false });
    await runFor(60_000);

    const { VersionIdsToStages } = await described();
    assert.deepEqual(steps, ["testSecret"]);
    assert.deepEqual(VersionIdsToStages, { [token(1)]: ["AWSCURRENT"] });
    assert.deepEqual(names(), ["TestRotationStarted", "TestRotationSucceeded"]);
  });

  it("gives the function that it only tests the current value under the pending label", async () => {
    const read: unknown[] = [];
    rotator = async ({ SecretId, ClientRequestToken }, functionClient) => {
      const { SecretString } = await functionClient.send(
        new GetSecretValueCommand({ SecretId, VersionId: ClientRequestToken, VersionStage: "AWSPENDING" }),
      );
      read.push(SecretString);
    };
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));

    await start({ RotateImmediately: false });
    await runFor(60_000);

    assert.deepEqual(read, [SecretString]);
    assert.deepEqual(names(), ["TestRotationStarted", "TestRotationSucceeded"]);
  });

  it("rotates by its schedule, on the clock, within the window", async () => {
    await start({
      RotateImmediately: false,
      RotationRules: { ScheduleExpression: "cron(0 4 * * ? *)", Duration: "3h" },
    });
    await runFor(60_000);
    const { NextRotationDate } = await described();
    assert.deepEqual(NextRotationDate, new Date("2026-02-11T07:00:00Z"));

    await clock.runUntil(Date.parse("2026-02-11T04:00:00Z") - 1);
    assert.deepEqual(names(), ["TestRotationStarted", "TestRotationSucceeded"]);
    await clock.runUntil(Date.parse("2026-02-11T07:00:00Z"));

    assert.deepEqual(names().slice(2), ["RotationStarted", "RotationSucceeded"]);
    assert.deepEqual((await described()).NextRotationDate, new Date("2026-02-12T07:00:00Z"));
  });

  it("rotates no more after the rotation was cancelled", async () => {
    await start({ RotateImmediately: false, RotationRules: { ScheduleExpression: "rate(4 hours)" } });
    await runFor(60_000);

    await client.send(new CancelRotateSecretCommand({ SecretId: arn }));
    await runFor(48 * hourMs);

    assert.deepEqual(steps, ["testSecret"]);
    assert.equal((await described()).RotationEnabled, false);
  });

  it("refuses a function whose policy does not let Secrets Manager call it", async () => {
    await world.asOperator("lambda", "RemovePermission", { FunctionName: "rotator", StatementId: "secrets" });

    await assert.rejects(start(), {
      name: "AccessDeniedException",
      message: /Secrets Manager cannot invoke the specified Lambda function/,
    });
  });

  for (const [what, RotationRules] of [
    ["both days and an expression", { AutomaticallyAfterDays: 1, ScheduleExpression: "rate(4 hours)" }],
    ["a rate below four hours", { ScheduleExpression: "rate(1 hour)" }],
    ["a window that reaches into the next day", { ScheduleExpression: "cron(0 23 * * ? *)", Duration: "3h" }],
  ] as const)
    it(`refuses rules with ${what}`, async () => {
      await assert.rejects(start({ RotationRules }), (error) => error instanceof InvalidParameterException);
    });

  it("rotates a secret that a service owns by that service, without a function", async () => {
    const secrets = SecretsManager.of(world);
    secrets.manageRotation("rds", (_arn, versionId) => Promise.resolve(`managed ${versionId}`));
    const managed = secrets.createManaged({ owningService: "rds", name: "rds!db-1", value: "first" });

    await client.send(new RotateSecretCommand({ SecretId: managed, ClientRequestToken: token(9) }));
    await runFor(60_000);

    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: managed }));
    assert.equal(SecretString, `managed ${token(9)}`);
    assert.deepEqual(steps, []);
    assert.deepEqual(names(), ["RotationStarted", "RotationSucceeded"]);
  });

  it("rotates a partner's secret with the role that it keeps, and no other secret takes one", async () => {
    const secrets = SecretsManager.of(world);
    const external = {
      ExternalSecretRotationRoleArn: "arn:aws:iam::123456789012:role/partner",
      ExternalSecretRotationMetadata: [{ Key: "apiVersion", Value: "v65.0" }],
    };
    const { ARN: SecretId } = await client.send(
      new CreateSecretCommand({ Name: "key", SecretString: "first", Type: "SalesforceClientSecret" }),
    );
    const rotate = (more: Partial<RotateSecretRequest>) =>
      client.send(new RotateSecretCommand({ SecretId, ClientRequestToken: token(9), ...more }));
    await assert.rejects(rotate(external), /type SalesforceClientSecret/);
    secrets.manageRotation("SalesforceClientSecret", (_arn, id) => Promise.resolve(`partner's ${id}`));
    await assert.rejects(rotate({}), InvalidParameterException);
    await assert.rejects(start(external), InvalidRequestException);

    await rotate(external);
    await runFor(60_000);

    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
    const { ExternalSecretRotationRoleArn, ExternalSecretRotationMetadata } = await client.send(
      new DescribeSecretCommand({ SecretId }),
    );
    assert.equal(SecretString, `partner's ${token(9)}`);
    assert.deepEqual({ ExternalSecretRotationRoleArn, ExternalSecretRotationMetadata }, external);
    assert.deepEqual(names(), ["RotationStarted", "RotationSucceeded"]);
    await client.send(new CancelRotateSecretCommand({ SecretId }));
  });
});
