import assert from "node:assert/strict";
import { events } from "../../events/table";
import { wakeUpOf, type Change, type WakeUp } from "../../events/wake-up";
import { canonical, secretArn, secretName, type EventFields } from "../handler/fake-aws";

const operator = "arn:aws:iam::123456789012:user/operator";
const rotator = "arn:aws:sts::123456789012:assumed-role/rotator/rotator";
const parameterArn = `arn:aws:ssm:us-west-2:123456789012:parameter${secretName}`;
const partialArn = secretArn.slice(0, -7);
const putAt = Date.parse("2026-02-05T19:15:10Z");
const rotatedAt = Date.parse("2026-08-13T19:17:16Z");
const labelAt = Date.parse("2026-02-06T16:43:48Z");
const parameterAt = Date.parse("2026-02-21T21:57:33Z");

function proven(cause: string, subject: string, at: number, labels: string[], who?: string): Change {
  const store = cause.startsWith("Parameter") ? "ssm" : "secretsmanager";
  return {
    kind: "change",
    store,
    subject,
    labels,
    movedAtMs: at,
    eventAtMs: at,
    cause,
    who,
  };
}

function look(cause: string, subject: string, at: number, who: string): Change {
  return {
    kind: "change",
    store: "secretsmanager",
    subject,
    labels: ["AWSCURRENT"],
    movedAtMs: undefined,
    eventAtMs: at,
    cause,
    who,
  };
}

/** What the canonical events mean that are not ignored. */
const table: Record<string, WakeUp> = {
  "create-secret": look("CreateSecret", secretArn, putAt, operator),
  "ecs-deployment-completed": {
    kind: "deployment-ended",
    cause: "SERVICE_DEPLOYMENT_COMPLETED",
    cluster: "development",
    service: "api",
  },
  "ecs-deployment-failed": {
    kind: "deployment-ended",
    cause: "SERVICE_DEPLOYMENT_FAILED",
    cluster: "development",
    service: "api",
  },
  "parameter-create": proven("Parameter Store Change: Create", parameterArn, parameterAt, []),
  "parameter-update": proven("Parameter Store Change: Update", parameterArn, parameterAt, []),
  "put-secret-value-by-arn": proven("PutSecretValue", secretArn, putAt, ["AWSCURRENT"], operator),
  "put-secret-value-by-name": proven("PutSecretValue", secretName, putAt, ["AWSCURRENT"], operator),
  "put-secret-value-custom-stage": proven("PutSecretValue", secretArn, putAt, ["BLUE"], operator),
  "put-secret-value-no-response": proven("PutSecretValue", partialArn, putAt, ["AWSCURRENT"], rotator),
  "rotation-succeeded": look("RotationSucceeded", secretArn, rotatedAt, "secretsmanager.amazonaws.com"),
  "rotation-succeeded-rds-managed": look(
    "RotationSucceeded",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!db-0a1b2c3d-4e5f-6789-abcd-ef0123456789-AbCdEf",
    rotatedAt,
    "secretsmanager.amazonaws.com",
  ),
  "secret-label-updated": proven("Secret Label Updated", secretArn, labelAt, ["AWSCURRENT"]),
  "secret-label-updated-custom": proven("Secret Label Updated", secretArn, labelAt, ["BLUE"]),
  sweep: { kind: "sweep", cause: "sweep" },
  "update-secret": look("UpdateSecret", secretArn, putAt, operator),
  "update-secret-version-stage": proven(
    "UpdateSecretVersionStage",
    secretArn,
    putAt,
    ["AWSCURRENT"],
    operator,
  ),
};

describe("wakeUpOf", () => {
  it("understands every canonical event that has a place in the table", () => {
    const examples = events.flatMap(({ means, examples }) => (means === "rotation-failed" ? [] : examples));

    assert.deepEqual(Object.keys(table).sort(), examples.sort());
  });

  for (const [file, expected] of Object.entries(table))
    it(`understands ${file} as ${expected.kind}`, () => {
      assert.deepEqual(wakeUpOf(canonical(file)), expected);
    });

  it("counts a failed rotation, names its secret and repeats AWS's reason", () => {
    const wakeUp = wakeUpOf(canonical("rotation-failed"));

    assert.deepEqual(wakeUp, {
      kind: "ignored",
      reason:
        "RotationFailed: Error when executing lambda arn:aws:lambda:us-west-2:123456789012:function:rotator during setSecret step",
      counts: "RotationFailed",
      subject: secretArn,
    });
  });

  const changed: [string, string, (event: EventFields) => void, Partial<Change> | RegExp][] = [
    [
      "takes the ARN of an older operation's response, aRN",
      "put-secret-value-by-name",
      (event) => (event.detail["responseElements"] = { aRN: secretArn }),
      { subject: secretArn },
    ],
    [
      "takes several labels that one call moves, and leaves AWSPENDING out",
      "put-secret-value-custom-stage",
      (event) =>
        (event.detail["requestParameters"] = {
          secretId: secretName,
          versionStages: ["AWSPENDING", "AWSCURRENT", "BLUE"],
        }),
      { labels: ["AWSCURRENT", "BLUE"] },
    ],
    [
      "ignores a label that is only removed",
      "update-secret-version-stage",
      (event) =>
        (event.detail["requestParameters"] = {
          secretId: secretName,
          versionStage: "AWSCURRENT",
          removeFromVersionId: "a",
        }),
      /UpdateSecretVersionStage: removed a label only/,
    ],
    [
      "ignores AWSPENDING",
      "update-secret-version-stage",
      (event) =>
        (event.detail["requestParameters"] = {
          secretId: secretName,
          versionStage: "AWSPENDING",
          moveToVersionId: "a",
        }),
      /AWSPENDING/,
    ],
    [
      "takes the time of the call, not of the event",
      "put-secret-value-by-arn",
      (event) => (event.time = "2026-02-05T19:20:00Z"),
      { movedAtMs: putAt },
    ],
    [
      "takes the name where a native event has no resources",
      "secret-label-updated",
      (event) => (event.resources = []),
      { subject: secretName },
    ],
    [
      "ignores an event without a time",
      "secret-label-updated",
      (event) => (event.time = "soon"),
      /Secret Label Updated: expected a time/,
    ],
    [
      "ignores a call that names no secret",
      "put-secret-value-by-name",
      (event) => (event.detail["requestParameters"] = {}),
      /PutSecretValue: expected a time and the name of a secret/,
    ],
    [
      "reads the cluster of a service's ARN in the old format from the event",
      "ecs-deployment-completed",
      (event) => (event.resources = ["arn:aws:ecs:us-west-2:123456789012:service/api"]),
      { kind: "deployment-ended", cluster: "development", service: "api" } as unknown as Partial<Change>,
    ],
    [
      "ignores the end of a deployment of no service",
      "ecs-deployment-completed",
      (event) => (event.resources = []),
      /SERVICE_DEPLOYMENT_COMPLETED: expected the ARN of a service and its cluster/,
    ],
  ];
  for (const [sentence, file, change, expected] of changed)
    it(sentence, () => {
      const event = canonical(file, change);

      const wakeUp = wakeUpOf(event);

      if (expected instanceof RegExp) assert.match(wakeUp.kind === "ignored" ? wakeUp.reason : "", expected);
      else assert.deepEqual({ ...wakeUp, ...expected }, wakeUp);
    });

  for (const event of [
    undefined,
    null,
    7,
    "text",
    [],
    {},
    { source: "aws.ssm" },
    { source: "aws.ssm", detail: [] },
  ])
    it(`ignores ${JSON.stringify(event)}, counts it and says what was expected`, () => {
      const wakeUp = wakeUpOf(event);

      assert.equal(wakeUp.kind === "ignored" && wakeUp.counts, "InvalidEvents");
      assert.match(wakeUp.kind === "ignored" ? wakeUp.reason : "", /expected source, detail-type and detail/);
    });
});
