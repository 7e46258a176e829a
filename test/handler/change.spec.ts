import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { wakeUpOf, type Change, type WakeUp } from "../../handler/change";
import { canonical, secretArn, secretName, type EventFields } from "./fake-aws";

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
    ...(who === undefined ? {} : { who }),
  };
}

function look(cause: string, subject: string, at: number, who: string): Change {
  return {
    kind: "change",
    store: "secretsmanager",
    subject,
    labels: ["AWSCURRENT"],
    eventAtMs: at,
    cause,
    who,
  };
}

/** What each canonical event means; a regular expression: ignored for this reason. */
const table: Record<string, WakeUp | RegExp> = {
  "codedeploy-deployment": /changes no value/,
  "create-secret": look("CreateSecret", secretArn, putAt, operator),
  "delete-secret": /DeleteSecret: moves no label/,
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
  "ecs-deployment-in-progress": /SERVICE_DEPLOYMENT_IN_PROGRESS: no deployment ended/,
  "ecs-deployment-rollback": /SERVICE_DEPLOYMENT_IN_PROGRESS: no deployment ended/,
  "parameter-create": proven("Parameter Store Change: Create", parameterArn, parameterAt, []),
  "parameter-delete": /Delete: new tasks could not start/,
  "parameter-image-exception": /an image was not found/,
  "parameter-label": /LabelParameterVersion moves no value/,
  "parameter-policy-action": /changes no value/,
  "parameter-update": proven("Parameter Store Change: Update", parameterArn, parameterAt, []),
  "put-secret-value-by-arn": proven("PutSecretValue", secretArn, putAt, ["AWSCURRENT"], operator),
  "put-secret-value-by-name": proven("PutSecretValue", secretName, putAt, ["AWSCURRENT"], operator),
  "put-secret-value-custom-stage": proven("PutSecretValue", secretArn, putAt, ["BLUE"], operator),
  "put-secret-value-failed": /PutSecretValue: the call failed \(AccessDenied\)/,
  "put-secret-value-no-response": proven("PutSecretValue", partialArn, putAt, ["AWSCURRENT"], rotator),
  "put-secret-value-pending": /PutSecretValue: AWSPENDING/,
  "put-secret-value-pending-by-function": /PutSecretValue: AWSPENDING/,
  "replicate-secret": /ReplicateSecretToRegions: moves no label/,
  "restore-secret": /RestoreSecret: moves no label/,
  "rotate-secret": /RotateSecret: moves no label/,
  "rotation-abandoned": /RotationAbandoned: moves no label/,
  "rotation-failed": /RotationFailed: Error when executing lambda/,
  "rotation-started": /RotationStarted: moves no label/,
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
  "tag-secret": /TagResource: moves no label/,
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
  it("has a row in its table for every canonical event, and no row more", () => {
    const files = readdirSync(join(__dirname, "..", "..", "events", "examples")).map((file) =>
      file.replace(".json", ""),
    );

    assert.deepEqual(Object.keys(table).sort(), files.sort());
  });

  for (const [file, expected] of Object.entries(table))
    it(`understands ${file} as ${expected instanceof RegExp ? "ignored" : expected.kind}`, () => {
      const event = canonical(file);

      const wakeUp = wakeUpOf(event);

      if (expected instanceof RegExp) {
        assert.equal(wakeUp.kind, "ignored");
        assert.match(wakeUp.kind === "ignored" ? wakeUp.reason : "", expected);
      } else assert.deepEqual(wakeUp, expected);
    });

  it("counts a failed rotation and names its secret", () => {
    const wakeUp = wakeUpOf(canonical("rotation-failed"));

    assert.deepEqual(wakeUp.kind === "ignored" && { counts: wakeUp.counts, subject: wakeUp.subject }, {
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
      /a label was removed/,
    ],
    [
      "ignores the move of AWSPENDING",
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
      /time are wanted/,
    ],
    [
      "ignores a call that names no secret",
      "put-secret-value-by-name",
      (event) => (event.detail["requestParameters"] = {}),
      /names no secret/,
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
      /a service and its cluster/,
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
    it(`ignores ${JSON.stringify(event)}, counts it and says what was wanted`, () => {
      const wakeUp = wakeUpOf(event);

      assert.equal(wakeUp.kind === "ignored" && wakeUp.counts, "InvalidEvents");
      assert.match(
        wakeUp.kind === "ignored" ? wakeUp.reason : "",
        /source, detail-type and detail are wanted/,
      );
    });
});
