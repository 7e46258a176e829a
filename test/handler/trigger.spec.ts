import assert from "node:assert/strict";
import * as fc from "fast-check";
import { events } from "../../events/table";
import { clockToleranceMs, triggerOf, type Change, type Ignored, type Trigger } from "../../handler/trigger";
import { canonical, home, secretArn, secretName, type EventFields } from "./fake-aws";

const operator = "arn:aws:iam::123456789012:user/operator";
const rotator = "arn:aws:sts::123456789012:assumed-role/rotator/rotator";
const parameterArn = `arn:aws:ssm:us-west-2:123456789012:parameter${secretName}`;
const partialArn = secretArn.slice(0, -7);
const putAt = Date.parse("2026-02-05T19:15:10Z");
const rotatedAt = Date.parse("2026-08-13T19:17:16Z");
const labelAt = Date.parse("2026-02-06T16:43:48Z");
const parameterAt = Date.parse("2026-02-21T21:57:33Z");
/** Later than every canonical event. */
const sentAt = Date.parse("2026-09-01T00:00:00Z");
const version = "4d383ea9-084a-49c9-8722-cbfb0f25c456";
const nativeVersion = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

function change(atMs: number, cause: string, fields: Partial<Change> = {}): Change {
  return {
    kind: "change",
    store: "secretsmanager",
    subject: secretArn,
    labels: ["AWSCURRENT"],
    versionId: undefined,
    atMs,
    cause,
    who: undefined,
    ...fields,
  };
}

function ignored(reason: string, fields: Partial<Ignored> = {}): Ignored {
  return { kind: "ignored", reason, ...fields };
}

function invalid(reason: string): Ignored {
  return ignored(reason, { counts: "InvalidEvents" });
}

const ofSecretsManager = "secretsmanager.amazonaws.com";

/** What each canonical event means. */
const table: Record<string, Trigger> = {
  "codedeploy-deployment": ignored(
    "aws.codedeploy: CodeDeploy Deployment State-change Notification: changes no value and ends no deployment",
  ),
  "create-secret": change(putAt, "CreateSecret", { who: operator }),
  "delete-secret": ignored("DeleteSecret: changes no value"),
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
  "ecs-deployment-in-progress": ignored("SERVICE_DEPLOYMENT_IN_PROGRESS: ends no deployment"),
  "ecs-deployment-rollback": ignored("SERVICE_DEPLOYMENT_IN_PROGRESS: ends no deployment"),
  "parameter-create": change(parameterAt, "Parameter Store Change: Create", {
    store: "ssm",
    subject: parameterArn,
    labels: [],
  }),
  "parameter-delete": ignored("Parameter Store Change: Delete: changes no value"),
  "parameter-image-exception": ignored(
    "Parameter Store Change: Create: the validation of an image id failed, nothing changed",
  ),
  "parameter-label": ignored("Parameter Store Change: LabelParameterVersion: changes no value"),
  "parameter-policy-action": ignored(
    "aws.ssm: Parameter Store Policy Action: changes no value and ends no deployment",
  ),
  "parameter-update": change(parameterAt, "Parameter Store Change: Update", {
    store: "ssm",
    subject: parameterArn,
    labels: [],
  }),
  "put-secret-value-by-arn": change(putAt, "PutSecretValue", { versionId: version, who: operator }),
  "put-secret-value-by-name": change(putAt, "PutSecretValue", {
    subject: secretName,
    versionId: version,
    who: operator,
  }),
  "put-secret-value-custom-stage": change(putAt, "PutSecretValue", {
    labels: ["BLUE"],
    versionId: "5e494fb0-195b-4ada-9833-dcfc1f36d567",
    who: operator,
  }),
  "put-secret-value-failed": ignored("PutSecretValue: the call failed (AccessDenied), nothing changed"),
  "put-secret-value-no-response": change(putAt, "PutSecretValue", {
    subject: partialArn,
    versionId: "6f5a50c1-2a6c-4beb-a944-edfd2047e678",
    who: rotator,
  }),
  "put-secret-value-pending": ignored("PutSecretValue: AWSPENDING versions are not read by tasks"),
  "put-secret-value-pending-by-function": ignored(
    "PutSecretValue: AWSPENDING versions are not read by tasks",
  ),
  "replicate-secret": ignored("ReplicateSecretToRegions: changes no value"),
  "restore-secret": ignored("RestoreSecret: changes no value"),
  "rotate-secret": ignored("RotateSecret: changes no value"),
  "rotation-abandoned": ignored("RotationAbandoned: changes no value"),
  "rotation-failed": ignored(
    "RotationFailed: Error when executing lambda arn:aws:lambda:us-west-2:123456789012:function:rotator during setSecret step",
    { counts: "RotationFailed", subject: secretArn },
  ),
  "rotation-started": ignored("RotationStarted: changes no value"),
  "rotation-succeeded": change(rotatedAt, "RotationSucceeded", { who: ofSecretsManager }),
  "rotation-succeeded-rds-managed": change(rotatedAt, "RotationSucceeded", {
    subject:
      "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!db-0a1b2c3d-4e5f-6789-abcd-ef0123456789-AbCdEf",
    who: ofSecretsManager,
  }),
  "secret-label-updated": change(labelAt, "Secret Label Updated", { versionId: nativeVersion }),
  "secret-label-updated-custom": change(labelAt, "Secret Label Updated", {
    labels: ["BLUE"],
    versionId: nativeVersion,
  }),
  sweep: { kind: "sweep", cause: "sweep" },
  "tag-secret": ignored("TagResource: changes no value"),
  "update-secret": change(putAt, "UpdateSecret", { who: operator }),
  "update-secret-version-stage": change(putAt, "UpdateSecretVersionStage", {
    versionId: version,
    who: operator,
  }),
};

type Edit = (event: EventFields) => void;

function request(fields: Record<string, unknown>): Edit {
  return (event) => (event.detail["requestParameters"] = fields);
}

/** Sentence, canonical event, the one thing that differs, what it means. */
const edited: [string, string, Edit, Partial<Change> | Trigger][] = [
  [
    "takes the ARN of an older operation's response, aRN",
    "put-secret-value-by-name",
    (event) => (event.detail["responseElements"] = { aRN: secretArn }),
    { subject: secretArn },
  ],
  [
    "takes the ARN of the response before that of the request",
    "put-secret-value-by-arn",
    (event) => (event.detail["responseElements"] = { arn: "arn:a", aRN: "arn:b" }),
    { subject: "arn:a" },
  ],
  [
    "takes the name of a request that has no other",
    "create-secret",
    (event) => (event.detail["responseElements"] = null),
    { subject: secretName },
  ],
  [
    "takes an empty ARN for none",
    "create-secret",
    (event) => (event.detail["responseElements"] = { arn: "" }),
    { subject: secretName },
  ],
  [
    "takes several labels that one call moves, and leaves AWSPENDING out",
    "put-secret-value-by-arn",
    request({ clientRequestToken: "v", versionStages: ["AWSPENDING", "AWSCURRENT", "BLUE"] }),
    { labels: ["AWSCURRENT", "BLUE"], versionId: "v" },
  ],
  [
    "takes the version of the response before the request's token",
    "put-secret-value-by-arn",
    (event) => (event.detail["responseElements"] = { arn: secretArn, versionId: "v" }),
    { versionId: "v" },
  ],
  [
    "takes the version that a label moved to before the request's token",
    "update-secret-version-stage",
    request({
      secretId: secretArn,
      versionStage: "AWSCURRENT",
      moveToVersionId: "v",
      clientRequestToken: "w",
    }),
    { versionId: "v" },
  ],
  [
    "knows no version where a call names none",
    "put-secret-value-by-arn",
    request({ secretId: secretArn }),
    { versionId: undefined },
  ],
  [
    "knows no version where a call has no request",
    "put-secret-value-by-arn",
    (event) => (event.detail["requestParameters"] = null),
    { versionId: undefined, labels: ["AWSCURRENT"] },
  ],
  [
    "ignores a label that is only removed",
    "update-secret-version-stage",
    request({ secretId: secretName, versionStage: "AWSCURRENT", removeFromVersionId: "a" }),
    ignored("UpdateSecretVersionStage: removed a label only"),
  ],
  [
    "ignores AWSPENDING",
    "update-secret-version-stage",
    request({ secretId: secretName, versionStage: "AWSPENDING", moveToVersionId: "a" }),
    ignored("UpdateSecretVersionStage: AWSPENDING versions are not read by tasks"),
  ],
  [
    "ignores AWSPENDING in a native event",
    "secret-label-updated",
    (event) => (event.detail["labelUpdated"] = "AWSPENDING"),
    ignored("Secret Label Updated: AWSPENDING versions are not read by tasks"),
  ],
  [
    "takes the time of the call, not of the event",
    "put-secret-value-by-arn",
    (event) => (event.time = "2026-02-05T19:20:00Z"),
    { atMs: putAt },
  ],
  [
    "takes the event's time where there is no call",
    "secret-label-updated",
    (event) => (event.detail["eventTime"] = "2026-02-05T19:20:00Z"),
    { atMs: labelAt },
  ],
  [
    "takes a call with the errorCode null for one that succeeded",
    "put-secret-value-by-arn",
    (event) => (event.detail["errorCode"] = null),
    {},
  ],
  [
    "ignores a failed call without a code that can be read",
    "put-secret-value-by-arn",
    (event) => (event.detail["errorCode"] = 7),
    ignored("PutSecretValue: the call failed (no code), nothing changed"),
  ],
  [
    "ignores what a service did with an errorCode",
    "rotation-succeeded",
    (event) => (event.detail["errorCode"] = "InternalError"),
    ignored("RotationSucceeded: the call failed (InternalError), nothing changed"),
  ],
  [
    "reads the errorCode of calls only",
    "secret-label-updated",
    (event) => (event.detail["errorCode"] = "AccessDenied"),
    {},
  ],
  [
    "counts a failed rotation without a message",
    "rotation-failed",
    (event) => delete event.detail["errorMessage"],
    ignored("RotationFailed: no message", { counts: "RotationFailed", subject: secretArn }),
  ],
  [
    "takes the name where a native event has no resources",
    "secret-label-updated",
    (event) => (event.resources = []),
    { subject: secretName },
  ],
  [
    "takes the name where the resources are no list",
    "secret-label-updated",
    (event) => (event.resources = secretArn as unknown as string[]),
    { subject: secretName },
  ],
  [
    "names no caller where an event has none",
    "put-secret-value-by-arn",
    (event) => delete event.detail["userIdentity"],
    { who: undefined },
  ],
  [
    "names the service that called where there is no ARN",
    "put-secret-value-by-arn",
    (event) => (event.detail["userIdentity"] = { invokedBy: "rds.amazonaws.com" }),
    { who: "rds.amazonaws.com" },
  ],
  [
    "counts a native event without a label",
    "secret-label-updated",
    (event) => delete event.detail["labelUpdated"],
    invalid("Secret Label Updated: expected a time and the name of a secret (and its label) or parameter"),
  ],
  [
    "counts an event without a time that can be read",
    "secret-label-updated",
    (event) => (event.time = "soon"),
    invalid("Secret Label Updated: expected a time and the name of a secret (and its label) or parameter"),
  ],
  [
    "counts an event whose time is no text",
    "secret-label-updated",
    (event) => (event.time = 7 as unknown as string),
    invalid("Secret Label Updated: expected a time and the name of a secret (and its label) or parameter"),
  ],
  [
    "counts a call that names no secret",
    "put-secret-value-by-name",
    request({}),
    invalid("PutSecretValue: expected a time and the name of a secret (and its label) or parameter"),
  ],
  [
    "counts a parameter's event without a name",
    "parameter-update",
    (event) => {
      event.resources = [];
      delete event.detail["name"];
    },
    invalid(
      "Parameter Store Change: Update: expected a time and the name of a secret (and its label) or parameter",
    ),
  ],
  [
    "counts a call without its name",
    "put-secret-value-by-arn",
    (event) => delete event.detail["eventName"],
    invalid("AWS API Call via CloudTrail: missing eventName"),
  ],
  [
    "counts a parameter's event without an operation",
    "parameter-update",
    (event) => delete event.detail["operation"],
    invalid("Parameter Store Change: missing operation"),
  ],
  [
    "counts a deployment's event without its name",
    "ecs-deployment-completed",
    (event) => delete event.detail["eventName"],
    invalid("ECS Deployment State Change: missing eventName"),
  ],
  [
    "ignores an event of a form that the table has not",
    "secret-label-updated",
    (event) => (event.source = "aws.s3"),
    ignored("aws.s3: Secret Label Updated: changes no value and ends no deployment"),
  ],
  [
    "counts an event without a detail-type",
    "secret-label-updated",
    (event) => (event["detail-type"] = ""),
    invalid("not an EventBridge event: expected source, detail-type and detail"),
  ],
  [
    "counts an event without a source",
    "secret-label-updated",
    (event) => (event.source = ""),
    invalid("not an EventBridge event: expected source, detail-type and detail"),
  ],
  [
    "reads the cluster of a service's ARN in the old format from the event",
    "ecs-deployment-completed",
    (event) => (event.resources = ["arn:aws:ecs:us-west-2:123456789012:service/api"]),
    {
      kind: "deployment-ended",
      cause: "SERVICE_DEPLOYMENT_COMPLETED",
      cluster: "development",
      service: "api",
    },
  ],
  [
    "takes the cluster of the service's ARN before the event's",
    "ecs-deployment-completed",
    (event) => (event.resources = ["arn:aws:ecs:us-west-2:123456789012:service/shop/api"]),
    { kind: "deployment-ended", cause: "SERVICE_DEPLOYMENT_COMPLETED", cluster: "shop", service: "api" },
  ],
  ...(
    [
      ["no resource", (event) => (event.resources = [])],
      ["a resource that is no ARN", (event) => (event.resources = ["service/api"])],
      ["a task", (event) => (event.resources = ["arn:aws:ecs:us-west-2:123456789012:task/development/api"])],
      [
        "a service without a name",
        (event) => (event.resources = ["arn:aws:ecs:us-west-2:123456789012:service/development/"]),
      ],
      [
        "a service without a cluster",
        (event) => {
          event.resources = ["arn:aws:ecs:us-west-2:123456789012:service/api"];
          delete event.detail["clusterArn"];
        },
      ],
    ] satisfies [string, Edit][]
  ).map(([what, edit]): [string, string, Edit, Trigger] => [
    `counts the end of a deployment of ${what}`,
    "ecs-deployment-completed",
    edit,
    invalid("SERVICE_DEPLOYMENT_COMPLETED: expected the ARN of a service and its cluster"),
  ]),
];

describe("triggerOf", () => {
  it("has an expectation for every example of the table of events", () => {
    const examples = events.flatMap(({ examples }) => examples);

    assert.deepEqual(
      examples.filter((example) => !(example in table)),
      [],
    );
  });

  for (const [file, expected] of Object.entries(table))
    it(`reads ${file} as ${expected.kind}`, () => {
      assert.deepEqual(triggerOf(canonical(file), home, sentAt), expected);
    });

  for (const [sentence, file, edit, expected] of edited)
    it(sentence, () => {
      const trigger = triggerOf(canonical(file, edit), home, sentAt);

      assert.deepEqual(trigger, { ...("kind" in expected ? {} : table[file]), ...expected });
    });

  for (const event of [
    undefined,
    null,
    7,
    "text",
    [],
    {},
    { source: "aws.ssm" },
    { source: "aws.ssm", detail: {} },
    { source: "aws.ssm", detail: [], "detail-type": "Parameter Store Change" },
    { source: "aws.ssm", detail: "text", "detail-type": "Parameter Store Change" },
    { source: "aws.ssm", detail: null, "detail-type": "Parameter Store Change" },
    { source: 7, detail: {}, "detail-type": "Parameter Store Change" },
  ])
    it(`counts ${JSON.stringify(event)} and says what was expected`, () => {
      assert.deepEqual(
        triggerOf(event, home, sentAt),
        invalid("not an EventBridge event: expected source, detail-type and detail"),
      );
    });

  it("has a reason for whatever it ignores, whatever it is asked", () => {
    const fields = fc.dictionary(
      fc.constantFrom("eventName", "errorCode", "labelUpdated", "requestParameters", "responseElements", "x"),
      fc.anything(),
    );
    const anyEvent = fc.record({
      source: fc.constantFrom<unknown>("aws.secretsmanager", "aws.ssm", "aws.ecs", "aws.events", 7),
      "detail-type": fc.constantFrom(...new Set(Object.keys(table).map((file) => typeOf(canonical(file))))),
      time: fc.oneof(fc.constant("2026-02-05T19:15:10Z"), fc.anything()),
      resources: fc.anything(),
      detail: fc.oneof(fields, fc.anything()),
    });

    fc.assert(
      fc.property(fc.oneof(anyEvent, fc.anything()), (event) => {
        const trigger = triggerOf(event, home, sentAt);
        if (trigger.kind === "request") return false;
        return trigger.kind === "ignored" ? trigger.reason.length > 0 : trigger.cause.length > 0;
      }),
    );
  });
});

function typeOf(event: EventFields): string {
  return event["detail-type"] as string;
}

describe("triggerOf, of a place", () => {
  const elsewhere: [string, Edit][] = [
    ["account", (event) => (event["account"] = "210987654321")],
    ["region", (event) => (event["region"] = "eu-west-1")],
    ["recipientAccountId", (event) => (event.detail["recipientAccountId"] = "210987654321")],
    ["awsRegion", (event) => (event.detail["awsRegion"] = "eu-west-1")],
  ];
  const files = ["put-secret-value-by-name", "secret-label-updated", "ecs-deployment-completed", "sweep"];
  for (const [field, edit] of elsewhere)
    for (const file of files)
      it(`ignores ${file} when ${field} is another's`, () => {
        const event = canonical(file, edit);

        assert.deepEqual(
          triggerOf(event, home, sentAt),
          ignored(`${event.source}: ${typeOf(event)}: the event is of another account or Region`),
        );
      });

  for (const field of ["account", "region"])
    it(`takes an event without ${field} for its own`, () => {
      const event = canonical("secret-label-updated", (one) => delete one[field]);

      assert.equal(triggerOf(event, home, sentAt).kind, "change");
    });
});

describe("triggerOf, of a time", () => {
  const rows: [string, string, number][] = [
    ["secret-label-updated", "Secret Label Updated", labelAt],
    ["put-secret-value-by-arn", "PutSecretValue", putAt],
    ["update-secret", "UpdateSecret", putAt],
    ["parameter-update", "Parameter Store Change: Update", parameterAt],
  ];
  for (const [file, cause, atMs] of rows) {
    it(`takes ${file} when its time is two seconds after the message's`, () => {
      assert.equal(triggerOf(canonical(file), home, atMs - clockToleranceMs).kind, "change");
    });

    it(`counts ${file} when its time is later than that`, () => {
      assert.deepEqual(
        triggerOf(canonical(file), home, atMs - clockToleranceMs - 1),
        invalid(
          `${cause}: expected a time before the message was sent, found ${new Date(atMs).toISOString()}`,
        ),
      );
    });
  }

  it("tolerates two seconds", () => assert.equal(clockToleranceMs, 2000));
});

describe("triggerOf, of a role's message", () => {
  const request = { source: "ecs-secret-recycler.request", id: "1", recycle: ["shop/web"] };
  const role = "AROAEXAMPLE:anna";

  it("is a request, with who sent it and what it says", () => {
    const asked = {
      ...request,
      recycle: ["shop/web", "shop/api"],
      past: ["limits"],
      by: "anna",
      reason: "why",
    };

    assert.deepEqual(triggerOf(asked, home, sentAt, role), {
      kind: "request",
      id: "1",
      services: [
        { cluster: "shop", service: "web" },
        { cluster: "shop", service: "api" },
      ],
      past: ["limits"],
      atMs: sentAt,
      who: role,
      says: "anna: why",
    });
  });

  it("is nothing else, whatever event it claims to be", () => {
    for (const file of Object.keys(table)) {
      const trigger = triggerOf(canonical(file), home, sentAt, role);

      assert.deepEqual(
        [trigger.kind, trigger.kind === "ignored" && trigger.counts],
        ["ignored", "InvalidEvents"],
      );
    }
  });

  it("is said to be none with its sender, and one of AWS is an event", () => {
    const event = canonical("sweep");
    const trigger = triggerOf(event, home, sentAt, role);

    assert.equal(
      trigger.kind === "ignored" && trigger.reason,
      `a message of the role ${role}: expected a request`,
    );
    assert.equal(triggerOf(event, home, sentAt, "AIDAEXAMPLE").kind, "sweep");
  });

  it("takes 100 services and every pass, says nothing of what is absent, and cuts long texts", () => {
    const recycle = Array.from({ length: 100 }, (_, index) => `shop/web-${index}`);
    const asked = {
      ...request,
      id: "i".repeat(300),
      recycle,
      past: ["limits", "bakeTime"],
      reason: "r".repeat(300),
    };

    const trigger = triggerOf(asked, home, sentAt);

    assert.ok(trigger.kind === "request");
    assert.deepEqual(
      [trigger.services.length, trigger.past, trigger.id.length, trigger.says.length, trigger.who],
      [100, ["limits", "bakeTime"], 200, 200, undefined],
    );
    const silent = triggerOf({ ...request, by: 7 }, home, sentAt);
    assert.equal(silent.kind === "request" && silent.says, "");
  });

  const wrong: [string, object][] = [
    ["no id", { id: undefined }],
    ["an id that is no text", { id: 7 }],
    ["no services", { recycle: undefined }],
    ["an empty list", { recycle: [] }],
    ["a service without its cluster", { recycle: ["web"] }],
    ["a wildcard", { recycle: ["shop/*"] }],
    ["an ARN", { recycle: ["arn:aws:ecs:us-west-2:123456789012:service/shop/web"] }],
    ["a right name and a wrong one", { recycle: ["shop/web", "web"] }],
    ["a name and a number", { recycle: ["shop/web", 7] }],
    ["more than a name", { recycle: ["shop/web/x"] }],
    ["too many services", { recycle: Array.from({ length: 101 }, (_, index) => `shop/web-${index}`) }],
    ["a text in the place of a list", { recycle: "shop/web" }],
    ["something that nothing can pass", { past: ["freeze"] }],
  ];
  for (const [what, change] of wrong)
    it(`is invalid with ${what}, and repeats no text of it`, () => {
      const trigger = triggerOf({ ...request, by: "hunter2", ...change }, home, sentAt, role);

      assert.equal(trigger.kind, "ignored");
      assert.ok(trigger.kind === "ignored" && trigger.counts === "InvalidEvents");
      assert.equal(
        trigger.reason,
        "a request: expected id, recycle (1 to 100 of CLUSTER/SERVICE) and past (of limits, bakeTime)",
      );
    });
});
