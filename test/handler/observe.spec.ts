import assert from "node:assert/strict";
import { parseReference, type Reference } from "../../aws-semantics/secret-reference";
import { isUnseen, type Unseen } from "../../handler/facts";
import { observe, type Observer } from "../../handler/observe";
import { createMemory } from "../../handler/observe/memory";
import type { ValueChange } from "../../handler/plan/freshness";
import { createPacing } from "../../handler/pace";
import { triggerOf, type Change } from "../../handler/trigger";
import {
  awsError,
  FakeAws,
  home,
  secretArn,
  secretName,
  start,
  versionId,
  type EventFields,
} from "./fake-aws";

const day = 86_400_000;

function observerOf(aws: FakeAws, memory = createMemory(0)): Observer {
  const pacing = createPacing({
    now: () => aws.nowMs,
    sleep: () => Promise.resolve(),
    random: () => 0.5,
  });
  return observe({
    clients: aws.clients,
    pace: pacing.at(aws.nowMs + 60_000),
    memory,
    home,
    queueName: "ecs-secret-recycler-dev.fifo",
    now: () => aws.nowMs,
  });
}

function reference(text: string, bareName: "secret" | "parameter" = "secret"): Reference {
  const parsed = parseReference(text, home, bareName);
  assert.notEqual(parsed.service, "invalid");
  return parsed as Reference;
}

/** Many secrets, each of its own name, all changed long ago. */
function manySecrets(aws: FakeAws, count: number): Reference[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `secret-${String(index).padStart(4, "0")}`;
    aws.secret(start - 10 * day, {
      ARN: `arn:aws:secretsmanager:us-west-2:123456789012:secret:${name}-AbCdEf`,
      Name: name,
    });
    return reference(name);
  });
}

/** What an event says, sent long after it. */
function changeIn(event: EventFields): Change {
  const trigger = triggerOf(event, home, start + 10 * day);
  assert.equal(trigger.kind, "change");
  return trigger;
}

/** What is known of a value after its look in this run. */
function changeOf(observer: Observer, of: Reference): ValueChange | Unseen {
  const facts = observer.values.facts(of);
  assert.ok(facts?.looked);
  return facts.change;
}

describe("observe", () => {
  it("looks at few secrets one by one, in a sweep too", async () => {
    const aws = new FakeAws();
    const references = manySecrets(aws, 10);
    const observer = observerOf(aws);

    await observer.values.look(references, true);

    assert.deepEqual(aws.counts(), { DescribeSecret: 10 });
  });

  it("lists many secrets in a quiet sweep: pages, not secrets", async () => {
    const aws = new FakeAws();
    const references = manySecrets(aws, 250);
    const observer = observerOf(aws);

    for (let from = 0; from < 250; from += 50)
      await observer.values.look(references.slice(from, from + 50), true);

    assert.ok(references.every((each) => !isUnseen(changeOf(observer, each))));
    assert.deepEqual(aws.counts(), { ListSecrets: 3 });
  });

  it("gives a listing up that costs more than looking one by one, and does not begin it again", async () => {
    const aws = new FakeAws();
    manySecrets(aws, 400);
    aws.pageSize = 10;
    const references = aws.secrets.slice(-12).map(({ Name }) => reference(Name ?? ""));
    const memory = createMemory(0);

    for (let sweep = 0; sweep < 2; sweep++) {
      const observer = observerOf(aws, memory);
      await observer.values.look(references, true);
    }

    assert.deepEqual(aws.counts(), { ListSecrets: 12, DescribeSecret: 24 });
  });

  it("never lists for an event: a listing may be five minutes old", async () => {
    const aws = new FakeAws();
    const references = manySecrets(aws, 20);
    const observer = observerOf(aws);

    await observer.values.look(references, false);

    assert.deepEqual(aws.counts(), { DescribeSecret: 20 });
  });

  it("asks for a version's date once in its life", async () => {
    const aws = new FakeAws();
    aws.secret(start);
    const memory = createMemory(0);
    const first = observerOf(aws, memory);
    await first.values.look([reference(secretName)], false);
    const undated = changeOf(first, reference(secretName));
    await first.values.date([reference(secretName)]);
    const dated = changeOf(first, reference(secretName));
    const counts = [aws.counts()];
    const later = observerOf(aws, memory);

    await later.values.look([reference(secretName)], false);
    await later.values.date([reference(secretName)]);
    counts.push(aws.counts());
    aws.put(start + day);
    const last = observerOf(aws, memory);
    await last.values.look([reference(secretName)], false);
    await last.values.date([reference(secretName)]);
    counts.push(aws.counts());

    assert.deepEqual(undated, { hiMs: start, proved: false, doubt: false, versionId });
    assert.deepEqual(dated, {
      loMs: start,
      hiMs: start,
      proved: false,
      doubt: false,
      versionId,
    });
    assert.deepEqual(counts, [
      { DescribeSecret: 1, ListSecretVersionIds: 1 },
      { DescribeSecret: 1 },
      { DescribeSecret: 1, ListSecretVersionIds: 1 },
    ]);
  });

  it("keeps no proof that the dates of the versions could have broken, where they cannot be asked", async () => {
    const aws = new FakeAws();
    aws.secret(start - day);
    const memory = createMemory(0);
    const lookAgain = async (...events: EventFields[]): Promise<ValueChange | Unseen> => {
      const observer = observerOf(aws, memory);
      observer.values.hear(events.map(changeIn));
      await observer.values.look([reference(secretName)], false);
      return changeOf(observer, reference(secretName));
    };
    const proved = await lookAgain(aws.put(start, "a"));
    // The label goes to another version and back, and both events are lost.
    aws.put(start + 60_000, "b");
    const [b, a] = aws.secrets[0]!.versions;
    aws.secret(start + 120_000, {
      versions: [
        { ...a, VersionStages: ["AWSCURRENT"] },
        { ...b, VersionStages: ["AWSPREVIOUS"] },
      ],
    });
    aws.fails = (operation) =>
      operation === "ListSecretVersionIds" ? awsError("ThrottlingException") : undefined;

    const throttled = await lookAgain();
    aws.fails = () => undefined;
    const later = await lookAgain();

    assert.ok(!isUnseen(proved) && proved.proved);
    assert.equal(isUnseen(throttled) && throttled.code, "retryable");
    assert.deepEqual([isUnseen(later), !isUnseen(later) && later.proved], [false, false]);
  });

  it("looks once at a secret that has several names in a run", async () => {
    const aws = new FakeAws();
    aws.secret(start);
    const observer = observerOf(aws);

    await observer.values.look([reference(secretArn)], false);
    await observer.values.look([reference(secretName), reference(secretArn.slice(0, -7))], false);

    assert.deepEqual(aws.counts(), { DescribeSecret: 1 });
    assert.deepEqual(changeOf(observer, reference(secretName)), changeOf(observer, reference(secretArn)));
  });

  it("does not take a secret for its deleted namesake", async () => {
    const aws = new FakeAws();
    aws.secret(start);
    const gone = reference(`${secretArn.slice(0, -6)}zzzzzz`);
    const observer = observerOf(aws);

    await observer.values.look([reference(secretName), gone], false);

    const change = changeOf(observer, gone);
    assert.equal(isUnseen(change) && change.code, "not-found");
  });

  it("reads no value, and keeps nothing of a task or definition but times, names and references", async () => {
    const aws = new FakeAws();
    aws.secret(start);
    const hidden = "plain-password";
    const environment = [{ name: "PASSWORD", value: hidden }];
    aws.service("api", start);
    const [task] = aws.tasks.get("api") ?? [];
    assert.ok(task);
    task.overrides = { containerOverrides: [{ name: "api", environment }] };
    const definition = aws.taskDefinitions.get(task.taskDefinitionArn ?? "");
    definition!.containerDefinitions![0]!.environment = environment;
    const memory = createMemory(0);
    const observer = observerOf(aws, memory);

    await observer.values.look([reference(secretName)], false);
    await observer.tasks("shop", ["api"]);
    await observer.taskDefinition(task.taskDefinitionArn ?? "");

    assert.ok(
      aws.calls.every(
        ({ operation }) => !/^(GetSecretValue|BatchGetSecretValue|GetParameter)/.test(operation),
      ),
    );
    const kept = JSON.stringify(memory, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    assert.ok(kept.includes(task.taskArn ?? ""));
    assert.ok(!kept.includes(hidden));
  });

  it("describes parameters fifty names a call, and misses those that are not there", async () => {
    const aws = new FakeAws();
    const references = Array.from({ length: 60 }, (_, index) => reference(`/p/${index}`, "parameter"));
    for (let index = 0; index < 59; index++)
      aws.parameters.push({ Name: `/p/${index}`, LastModifiedDate: new Date(start + index) });
    const observer = observerOf(aws);

    await observer.values.look(references, true);

    assert.deepEqual(aws.counts(), { DescribeParameters: 2 });
    const [found, missing] = references.slice(58).map((each) => changeOf(observer, each));
    assert.deepEqual(found, { loMs: start + 58, hiMs: start + 58, proved: true, doubt: false });
    assert.ok(missing && isUnseen(missing) && missing.code === "not-found");
  });

  const strangers: [string, Reference, RegExp][] = [
    [
      "a secret of another Region",
      reference("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"),
      /eu-west-1/,
    ],
    [
      "a secret of another account that is denied",
      reference("arn:aws:secretsmanager:us-west-2:999999999999:secret:db-AbCdEf"),
      /another account/,
    ],
    [
      "a parameter of another account",
      reference("arn:aws:ssm:us-west-2:999999999999:parameter/db", "parameter"),
      /another account/,
    ],
    ["a public parameter", reference("/aws/service/x", "parameter"), /public parameter/],
  ];
  for (const [name, stranger, reason] of strangers)
    it(`calls ${name} unsupported`, async () => {
      const aws = new FakeAws();
      aws.fails = () => awsError("AccessDeniedException");
      const observer = observerOf(aws);

      await observer.values.look([stranger], true);
      const change = changeOf(observer, stranger);

      assert.ok(isUnseen(change));
      assert.equal(change.code, "unsupported");
      assert.match(change.reason, reason);
    });

  it("does not find a secret that is scheduled for deletion", async () => {
    const aws = new FakeAws();
    aws.secret(start, { DeletedDate: new Date(start) });

    const observer = observerOf(aws);

    await observer.values.look([reference(secretName)], false);

    const change = changeOf(observer, reference(secretName));
    assert.equal(isUnseen(change) && change.code, "not-found");
  });

  it("asks for the queue's age once a container", async () => {
    const aws = new FakeAws();
    const memory = createMemory(0);

    const ages = [await observerOf(aws, memory).installedAt(), await observerOf(aws, memory).installedAt()];

    assert.deepEqual(ages, [aws.installedAtMs, aws.installedAtMs]);
    assert.deepEqual(aws.counts(), { GetQueueUrl: 1, GetQueueAttributes: 1 });
  });

  it("sees the task set of a service whose deployments are made elsewhere", async () => {
    const aws = new FakeAws();
    aws.service("api", 0, {
      deploymentController: { type: "CODE_DEPLOY" },
      deployments: [],
      taskSets: [
        { id: "old", status: "ACTIVE", createdAt: new Date(1) },
        { id: "new", status: "PRIMARY", createdAt: new Date(start) },
      ],
    });

    const look = (await observerOf(aws).describe("shop", ["api"])).get("api")?.seen;

    assert.deepEqual(look, {
      kind: "service",
      controller: "CODE_DEPLOY",
      strategy: "ROLLING",
      desiredCount: 2,
      runningCount: 2,
      bounds: { lower: 2, upper: 4 },
      primary: { id: "new", createdAtMs: start },
      currentDeployment: undefined,
      unfinished: false,
      definitions: ["arn:aws:ecs:us-west-2:123456789012:task-definition/api:1"],
      pauses: false,
    });
  });

  it("finds the log secrets of Service Connect in the deployment", async () => {
    const aws = new FakeAws();
    const service = aws.service("api", start);
    const [primary] = service.deployments ?? [];
    assert.ok(primary);
    primary.serviceConnectConfiguration = {
      enabled: true,
      logConfiguration: { logDriver: "splunk", secretOptions: [{ name: "token", valueFrom: secretArn }] },
    };

    const look = (await observerOf(aws).describe("shop", ["api"])).get("api");

    assert.deepEqual(
      look?.reads.references.map(({ id }) => id),
      [secretArn],
    );
  });

  it("does not find a service that is being deleted", async () => {
    const aws = new FakeAws();
    aws.service("api", start, { status: "DRAINING" });

    const look = (await observerOf(aws).describe("shop", ["api"])).get("api")?.seen;

    assert.equal(look?.kind === "unseen" && look.code, "not-found");
  });
});
