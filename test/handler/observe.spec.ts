import assert from "node:assert/strict";
import { parseReference, type Reference, type SecretReference } from "../../aws-semantics/secret-reference";
import { freshness } from "../../handler/freshness";
import { createMemory } from "../../handler/memory";
import { observe, type Observer } from "../../handler/observe";
import { intervalOf } from "../../handler/observe/values";
import { createPacing } from "../../handler/pace";
import { awsError, FakeAws, home, secretArn, secretName, start } from "./fake-aws";

const day = 86_400_000;

function observerOf(aws: FakeAws, memory = createMemory()): Observer {
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
    compare: freshness,
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

describe("intervalOf", () => {
  const at = (days: number): Date => new Date(start + days * day);
  const versions = [
    { VersionStages: ["AWSCURRENT"], CreatedDate: at(-5) },
    { VersionStages: ["AWSPREVIOUS"], CreatedDate: at(-3) },
    { VersionStages: ["AWSPENDING"], CreatedDate: at(-1) },
    { VersionStages: ["BLUE"], CreatedDate: at(-9) },
  ];
  const changedAtMs = at(0).getTime();
  const rotatedAtMs = at(-2).getTime();
  const rows: [string, string, { rotatedAtMs?: number }, number][] = [
    ["AWSCURRENT moved not before AWSPREVIOUS was made", "AWSCURRENT", {}, -3],
    ["AWSCURRENT moved not long before the rotation finished", "AWSCURRENT", { rotatedAtMs }, -2],
    ["AWSPREVIOUS moves with AWSCURRENT", "AWSPREVIOUS", { rotatedAtMs }, -2],
    ["a custom label moved not before its own version was made", "BLUE", { rotatedAtMs }, -9],
  ];
  for (const [sentence, label, times, days] of rows)
    it(sentence, () => {
      const followed = reference(`${secretArn}::${label}:`) as SecretReference;

      const interval = intervalOf(followed, { changedAtMs, ...times }, versions);

      assert.deepEqual(interval, { loMs: at(days).getTime(), hiMs: changedAtMs });
    });

  it("does not find a label that no version has", () => {
    const interval = intervalOf(
      reference(`${secretArn}::GREEN:`) as SecretReference,
      { changedAtMs },
      versions,
    );

    assert.equal("kind" in interval && interval.code, "not-found");
  });

  it("is never upside down", () => {
    const interval = intervalOf(
      reference(secretArn) as SecretReference,
      { changedAtMs: start - 99 * day },
      versions,
    );

    assert.ok(!("kind" in interval) && interval.hiMs === interval.loMs);
  });
});

describe("observe", () => {
  it("looks at few secrets one by one, in a sweep too", async () => {
    const aws = new FakeAws();
    const references = manySecrets(aws, 10);
    const observer = observerOf(aws);

    await observer.prepare(references, true);
    for (const each of references) await observer.move(each, start);

    assert.deepEqual(aws.counts(), { DescribeSecret: 10 });
  });

  it("lists many secrets in a quiet sweep: pages, not secrets", async () => {
    const aws = new FakeAws();
    const references = manySecrets(aws, 250);
    const observer = observerOf(aws);

    for (let from = 0; from < 250; from += 50)
      await observer.prepare(references.slice(from, from + 50), true);
    for (const each of references) await observer.move(each, start);

    assert.deepEqual(aws.counts(), { ListSecrets: 3 });
  });

  it("gives a listing up that costs more than looking one by one, and does not begin it again", async () => {
    const aws = new FakeAws();
    manySecrets(aws, 400);
    aws.pageSize = 10;
    const references = aws.secrets.slice(-12).map(({ Name }) => reference(Name ?? ""));
    const memory = createMemory();

    for (let sweep = 0; sweep < 2; sweep++) {
      const observer = observerOf(aws, memory);
      await observer.prepare(references, true);
      for (const each of references) await observer.move(each, start);
    }

    assert.deepEqual(aws.counts(), { ListSecrets: 12, DescribeSecret: 24 });
  });

  it("never lists for an event: a listing may be five minutes old", async () => {
    const aws = new FakeAws();
    const references = manySecrets(aws, 20);
    const observer = observerOf(aws);

    await observer.prepare(references, false);
    for (const each of references) await observer.move(each, start);

    assert.deepEqual(aws.counts(), { DescribeSecret: 20 });
  });

  it("looks at the versions only when the last change does not tell", async () => {
    const aws = new FakeAws();
    aws.secret(start);
    const observer = observerOf(aws);

    const fresh = await observer.move(reference(secretName), start + 60_000);
    const first = aws.counts();
    const stale = await observer.move(reference(secretName), start - day);

    assert.deepEqual(fresh, { loMs: 0, hiMs: start });
    assert.deepEqual(first, { DescribeSecret: 1 });
    assert.deepEqual(stale, { loMs: start, hiMs: start });
    assert.deepEqual(aws.counts(), { ListSecretVersionIds: 1 });
  });

  it("reads no value", async () => {
    const aws = new FakeAws();
    aws.secret(start);
    aws.parameters.push({ Name: "/a", LastModifiedDate: new Date(start) });
    const observer = observerOf(aws);

    await observer.move(reference(secretName), 0);
    await observer.move(reference("/a", "parameter"), 0);

    assert.ok(
      aws.calls.every(
        ({ operation }) => !/^(GetSecretValue|BatchGetSecretValue|GetParameter)/.test(operation),
      ),
    );
  });

  it("describes parameters fifty names a call, and misses those that are not there", async () => {
    const aws = new FakeAws();
    const references = Array.from({ length: 60 }, (_, index) => reference(`/p/${index}`, "parameter"));
    for (let index = 0; index < 59; index++)
      aws.parameters.push({ Name: `/p/${index}`, LastModifiedDate: new Date(start + index) });
    const observer = observerOf(aws);

    await observer.prepare(references, true);
    const moves = await Promise.all(references.map((each) => observer.move(each, start)));

    assert.deepEqual(aws.counts(), { DescribeParameters: 2 });
    assert.deepEqual(moves[58], { loMs: start + 58, hiMs: start + 58 });
    assert.equal(moves[59] && "kind" in moves[59] && moves[59].code, "not-found");
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

      await observer.prepare([stranger], true);
      const move = await observer.move(stranger, start);

      assert.ok("kind" in move);
      assert.equal(move.code, "unsupported");
      assert.match(move.reason, reason);
    });

  it("does not find a secret that is scheduled for deletion", async () => {
    const aws = new FakeAws();
    aws.secret(start, { DeletedDate: new Date(start) });

    const move = await observerOf(aws).move(reference(secretName), start - day);

    assert.equal("kind" in move && move.code, "not-found");
  });

  it("asks for the queue's age once a container", async () => {
    const aws = new FakeAws();
    const memory = createMemory();

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
        { status: "ACTIVE", createdAt: new Date(1) },
        { status: "PRIMARY", createdAt: new Date(start) },
      ],
    });

    const look = (await observerOf(aws).describe("shop", ["api"])).get("api")?.seen;

    assert.deepEqual(look, {
      kind: "service",
      controller: "CODE_DEPLOY",
      strategy: "ROLLING",
      desiredCount: 2,
      deploymentCreatedAtMs: start,
      unfinished: false,
      taskDefinition: "arn:aws:ecs:us-west-2:123456789012:task-definition/api:1",
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
