import assert from "node:assert/strict";
import type { DecisionLine } from "../../handler/log";
import {
  awsError,
  batchOf,
  canonical,
  FakeAws,
  parameterName,
  secretArn,
  secretName,
  settingsWith,
  start,
  versionId,
} from "./fake-aws";

const hour = 3_600_000;
const minute = 60_000;
const sweep = canonical("sweep");
const listed = [{ service: "api", secrets: [secretName] }];

/** Services that were deployed an hour before the canonical change, and the secret after it. */
function shop(...services: string[]): FakeAws {
  const aws = new FakeAws();
  aws.secret(start);
  for (const service of services) aws.service(service, start - hour);
  aws.nowMs = start + minute;
  return aws;
}

function kinds(aws: FakeAws): string[] {
  return aws.decisions().map(({ service, decision }) => `${service}: ${decision}`);
}

function one(lines: readonly DecisionLine[]): DecisionLine {
  assert.equal(lines.length, 1);
  return lines[0]!;
}

/** A secret whose LastChangedDate moves without a value. */
function edit(aws: FakeAws): void {
  aws.secrets[0]!.LastChangedDate = new Date(aws.nowMs);
}

describe("a service whose deployments tell another time than its tasks", () => {
  for (const shown of ["old", "new"])
    it(`is recycled after a foreign deployment was rolled back, with the ${shown} deployment as PRIMARY`, async () => {
      const aws = shop("api");
      const primaryMs = shown === "old" ? start - hour : start + 30_000;
      aws.service("api", primaryMs, {}, start - hour);
      aws.serviceDeployment("api", start - 20_000, "ROLLBACK_SUCCESSFUL");

      await aws.recycler(settingsWith(listed))(batchOf(sweep));

      const line = one(aws.decisions());
      assert.deepEqual([line.decision, line.tasks], ["recycle", { running: 2, stale: 2 }]);
    });

  it("is fresh after it was scaled to zero and back", async () => {
    const aws = shop("api");
    aws.service("api", start - hour, {}, start + 30_000);

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: fresh"]);
  });

  it("is stale while one of its tasks is, and says how many", async () => {
    const aws = shop("api");
    aws.service("api", start - hour, { desiredCount: 3 }, start + 30_000);
    aws.tasks.get("api")![1]!.createdAt = new Date(start - hour);

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    const line = one(aws.decisions());
    assert.deepEqual([line.decision, line.tasks], ["recycle", { running: 3, stale: 1 }]);
    assert.match(line.reason, /^1 of 3 tasks were created before the value changed at /);
  });

  it("halts for a failed deployment of its own task definition only", async () => {
    for (const own of [true, false]) {
      const aws = shop("api");
      // Within the queue's delay: it cannot be the recycler's.
      aws.serviceDeployment("api", start + 5_000, "ROLLBACK_SUCCESSFUL");
      const [failed] = aws.deployments.get("api") ?? [];
      if (!own) aws.revisions.set(failed!.targetServiceRevisionArn!, "task-definition/api:2");

      await aws.recycler(settingsWith(listed))(batchOf(sweep));

      assert.deepEqual(kinds(aws), [`api: ${own ? "halted" : "recycle"}`]);
    }
  });
});

describe("a deployment in progress that began before the change", () => {
  /** A broken image whose rollback, the PRIMARY, began after the time from which deployments are listed. */
  function rollback(): FakeAws {
    const aws = shop("api");
    const [arn, begunMs] = ["service-deployment/shop/api/rollback", start - 10 * minute];
    aws.service("api", start - 2 * minute, { currentServiceDeployment: arn }, start - hour);
    aws.deployments.set("api", [
      { serviceDeploymentArn: arn, createdAt: new Date(begunMs), status: "ROLLBACK_IN_PROGRESS" },
    ]);
    return aws;
  }

  it("blocks another one, though ECS lists it no more and shows its rollback as PRIMARY", async () => {
    const aws = rollback();

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: blocked"]);
    const counts = aws.counts();
    assert.deepEqual([counts["DescribeServiceDeployments"], counts["UpdateService"]], [1, undefined]);
  });

  it("is not described where ECS lists it", async () => {
    const aws = rollback();
    aws.deployments.get("api")![0]!.createdAt = new Date(start - minute);

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: blocked"]);
    assert.equal(aws.counts()["DescribeServiceDeployments"], undefined);
  });

  it("holds back nothing when it has ended, or when ECS shows it no more", async () => {
    for (const end of ["ended", "gone"]) {
      const aws = rollback();
      if (end === "gone") aws.deployments.clear();
      else aws.deployments.get("api")![0]!.status = "ROLLBACK_SUCCESSFUL";

      await aws.recycler(settingsWith(listed))(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["api: recycle"]);
    }
  });
});

describe("a halted service", () => {
  it("stays halted when a deployment of another task definition failed since", async () => {
    const aws = shop("api");
    aws.serviceDeployment("api", start + 20_000, "ROLLBACK_SUCCESSFUL");
    aws.serviceDeployment("api", start + 40_000, "ROLLBACK_SUCCESSFUL");
    const [own, other] = aws.deployments.get("api") ?? [];
    other!.targetServiceRevisionArn += "2";
    aws.revisions.set(other!.targetServiceRevisionArn!, "task-definition/api:2");

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    const line = one(aws.decisions());
    assert.equal(line.decision, "halted");
    assert.ok(line.reason.includes(own!.createdAt!.toISOString()), line.reason);
    assert.equal(aws.counts()["DescribeServiceRevisions"], 1);
  });

  it("halts for a failed deployment of the task definition that new tasks would get", async () => {
    const aws = shop("api");
    const service = aws.services.get("api")!;
    const next = service.taskDefinition!.replace(":1", ":2");
    aws.taskDefinitions.set(next, aws.taskDefinitions.get(service.taskDefinition!)!);
    service.taskDefinition = service.deployments![0]!.taskDefinition = next;
    aws.serviceDeployment("api", start + 20_000, "STOPPED");

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: halted"]);
  });
});

describe("a change of a secret that is no change of a value", () => {
  it("alters no decision: of a fresh service, of a halted one, of one that waits", async () => {
    const aws = shop("api", "rest");
    const coverage = [
      { service: "api", secrets: [secretName], wave: 0 },
      { service: "rest", secrets: [secretName], wave: 1 },
    ];
    const recycler = aws.recycler(settingsWith(coverage));
    await recycler(batchOf(canonical("put-secret-value-by-arn")));
    aws.deployments.set("api", [
      {
        createdAt: new Date(start + minute),
        status: "ROLLBACK_SUCCESSFUL",
        targetServiceRevisionArn: "other/shop/api",
      },
    ]);
    aws.service("api", start - hour);
    aws.nowMs += minute;
    await recycler(batchOf(sweep));
    const before = kinds(aws);

    for (let edits = 0; edits < 3; edits++) {
      aws.nowMs += minute;
      edit(aws);
      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["api: halted", "rest: halted"]);
    }
    assert.deepEqual(before, ["api: recycle", "rest: waiting-for-wave", "api: halted", "rest: halted"]);
  });

  it("asks for no version's date again", async () => {
    const aws = shop("api");
    aws.service("api", start - hour, {}, start + 20_000);
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(sweep));
    aws.nowMs += minute;
    edit(aws);
    await recycler(batchOf(sweep));
    aws.counts();

    aws.nowMs += minute;
    edit(aws);
    await recycler(batchOf(sweep));

    assert.deepEqual(aws.counts(), { DescribeServices: 1, ListTasks: 1, DescribeSecret: 1 });
    assert.deepEqual(new Set(kinds(aws)), new Set(["api: fresh"]));
  });

  it("leaves a service presumed that a new container has never seen, and forces nothing", async () => {
    const aws = shop("api");
    aws.service("api", start - hour, {}, start + 20_000);
    edit(aws);

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: presumed"]);
  });

  it("is as old as its versions when it happened after the installation", async () => {
    const aws = shop("api");
    aws.installedAtMs = start + 30_000;
    edit(aws);

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: predates-install"]);
  });
});

describe("a label whose move no event told", () => {
  /** The label goes back to the older version. */
  function takeBack(aws: FakeAws, atMs: number): void {
    aws.secret(start, {
      LastChangedDate: new Date(atMs),
      versions: [
        { VersionId: "old", VersionStages: ["AWSCURRENT"], CreatedDate: new Date(start - 24 * hour) },
        { VersionId: versionId, VersionStages: ["AWSPREVIOUS"], CreatedDate: new Date(start) },
      ],
    });
  }

  it("went back: tasks in doubt are replaced once, and counted", async () => {
    const aws = shop("api");
    aws.service("api", start + minute);
    takeBack(aws, start + 2 * minute);
    aws.nowMs = start + 3 * minute;
    const recycler = aws.recycler(settingsWith(listed));

    await recycler(batchOf(sweep));
    const metrics = aws.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const first = kinds(aws);
    aws.finish("api");
    aws.nowMs += 5 * minute;
    await recycler(batchOf(sweep));
    const second = kinds(aws);
    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual([first, second], [["api: recycle"], ["api: fresh"]]);
    assert.ok(metrics.some(({ doubt }) => doubt === 1));
    assert.deepEqual(kinds(aws), ["api: fresh"]);
  });

  it("moved to a version that was staged long before: a container that saw the move recycles", async () => {
    const aws = shop("api");
    const staged = {
      VersionId: "staged",
      VersionStages: ["AWSPENDING"],
      CreatedDate: new Date(start + minute),
    };
    aws.secrets[0]!.versions.push(staged);
    aws.service("api", start + 2 * minute);
    aws.nowMs = start + 3 * minute;
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(sweep));
    const before = kinds(aws);
    const [current] = aws.secrets[0]!.versions;
    aws.secret(start, {
      LastChangedDate: new Date(start + 4 * minute),
      versions: [
        { ...staged, VersionStages: ["AWSCURRENT"] },
        { ...current, VersionStages: ["AWSPREVIOUS"] },
      ],
    });
    aws.nowMs = start + 5 * minute;

    await aws.recycler(settingsWith(listed))(batchOf(sweep));
    const lost = kinds(aws);
    await recycler(batchOf(sweep));

    assert.deepEqual(before, ["api: fresh"]);
    assert.deepEqual(lost, ["api: presumed"]);
    assert.deepEqual(kinds(aws), ["api: recycle"]);
  });

  it("went back: a deployment that failed before that halts nothing", async () => {
    const aws = shop("api");
    aws.service("api", start + minute);
    aws.serviceDeployment("api", start + minute + 30_000, "ROLLBACK_SUCCESSFUL");
    takeBack(aws, start + 2 * minute);
    aws.nowMs = start + 3 * minute;

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: recycle"]);
  });

  it("went back: a deployment that failed after that halts", async () => {
    const aws = shop("api");
    aws.service("api", start + minute);
    aws.serviceDeployment("api", start + 2 * minute + 1_000, "ROLLBACK_SUCCESSFUL");
    takeBack(aws, start + 2 * minute);
    aws.nowMs = start + 3 * minute;

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: halted"]);
  });

  it("went back before the installation: nothing is restarted", async () => {
    const aws = shop("api");
    aws.service("api", start + minute);
    takeBack(aws, start + 2 * minute);
    aws.installedAtMs = start + 3 * minute;
    aws.nowMs = start + 10 * minute;

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: predates-install"]);
  });
});

describe("a service of which no task can be replaced", () => {
  for (const [minimumHealthyPercent, maximumPercent] of [
    [50, 100],
    [100, 150],
  ])
    it(`is named and not forced with one task and ${minimumHealthyPercent} to ${maximumPercent} percent`, async () => {
      const aws = shop("api");
      aws.service("api", start - hour, {
        desiredCount: 1,
        deploymentConfiguration: { minimumHealthyPercent, maximumPercent },
      });

      await aws.recycler(settingsWith(listed))(batchOf(sweep));

      const line = one(aws.decisions());
      assert.equal(line.decision, "cannot-replace");
      assert.equal(line.reason, "at least 1 and at most 1 task may run: no task can be replaced");
      assert.equal(aws.counts()["UpdateService"], undefined);
    });

  it("waits for tasks that scale-in protection keeps, with their end", async () => {
    const aws = shop("api");
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(sweep));
    const [kept] = aws.tasks.get("api") ?? [];
    aws.finish("api");
    aws.tasks.get("api")!.push(kept!);
    const untilMs = start + 48 * hour;
    aws.protectedUntil.set(kept!.taskArn!, untilMs);
    aws.nowMs += 10 * minute;
    aws.decisions();

    await recycler(batchOf(sweep));

    const line = one(aws.decisions());
    assert.deepEqual([line.decision, line.tasks], ["replacing", { running: 3, stale: 1 }]);
    assert.ok(line.reason.includes(new Date(untilMs).toISOString()));
    assert.equal(aws.counts()["UpdateService"], 1);
  });

  it("waits for a protected task of a service that was scaled to zero", async () => {
    const aws = shop("api");
    const change = { desiredCount: 0, runningCount: 1 };
    aws.service("api", start - hour, change);
    const kept = aws.task("api", start - hour);
    aws.tasks.set("api", [kept]);
    const untilMs = start + 2 * hour;
    aws.protectedUntil.set(kept.taskArn!, untilMs);
    const recycler = aws.recycler(settingsWith(listed));

    await recycler(batchOf(sweep));

    const line = one(aws.decisions());
    assert.deepEqual([line.decision, line.tasks], ["replacing", { running: 1, stale: 1 }]);
    assert.ok(line.reason.includes(new Date(untilMs).toISOString()), line.reason);
    const counts = aws.counts();
    assert.deepEqual([counts["GetTaskProtection"], counts["UpdateService"]], [1, undefined]);

    aws.tasks.set("api", []);
    aws.services.get("api")!.runningCount = 0;
    await recycler(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: fresh"]);
    assert.equal(aws.counts()["ListTasks"], undefined);
  });

  it("leaves out of account what ECS stops already", async () => {
    const aws = shop("api");
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(sweep));
    const [kept] = aws.tasks.get("api") ?? [];
    aws.finish("api");
    aws.tasks.get("api")!.push({ ...kept, desiredStatus: "STOPPED" });
    aws.nowMs += 10 * minute;
    aws.decisions();

    await recycler(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: fresh"]);
  });

  it("names the hook at which a deployment waits for a person, and the command", async () => {
    const aws = shop("api");
    aws.service("api", start - hour, {
      deploymentConfiguration: {
        lifecycleHooks: [{ targetType: "PAUSE", lifecycleStages: ["POST_SCALE_UP"] }],
      },
    });
    aws.serviceDeployment("api", start + 20_000, "IN_PROGRESS");
    aws.hook = {
      hookId: "approve",
      targetType: "PAUSE",
      status: "AWAITING_ACTION",
      expiresAt: new Date(start + 24 * hour),
      timeoutAction: "ROLLBACK",
    };

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    const line = one(aws.decisions());
    assert.equal(line.decision, "waiting-for-person");
    assert.match(
      line.reason,
      /pause hook approve until 2026-02-06T19:15:10.000Z, then ROLLBACK .*aws ecs continue-service-deployment --service-deployment-arn arn:aws:ecs:us-west-2:123456789012:service-deployment\/shop\/api\/\d+ --hook-id approve --action CONTINUE$/,
    );
  });

  it("is reported where another controller replaces its tasks, and is fresh when that has happened", async () => {
    const aws = shop("api");
    const change = { deploymentController: { type: "EXTERNAL" as const } };
    aws.service("api", start - hour, change);
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(sweep));
    const [line] = aws.decisions();
    aws.service("api", start + 20_000, change);

    await recycler(batchOf(sweep));

    assert.equal(line?.decision, "unsupported");
    assert.match(line?.reason ?? "", /^2 of 2 tasks .* the deployment controller is EXTERNAL/);
    assert.deepEqual(kinds(aws), ["api: fresh"]);
  });
});

describe("a reference", () => {
  it("to a secret through Parameter Store follows the secret", async () => {
    const aws = shop("api");
    aws.secret(start, { Name: "shop-db", ARN: secretArn.replace(secretName, "shop-db") });
    aws.reads("api", "/aws/reference/secretsmanager/shop-db");

    await aws.recycler(settingsWith([{}]))(batchOf(sweep));

    const line = one(aws.decisions());
    assert.deepEqual([line.decision, line.subject], ["recycle", "shop-db"]);
  });

  it("to a parameter of one level is found by its ARN, which leaves the slash out", async () => {
    const aws = shop("api");
    aws.reads("api", "arn:aws:ssm:us-west-2:123456789012:parameter/flags");
    aws.parameters.push({ Name: "/flags", LastModifiedDate: new Date(start) });

    await aws.recycler(settingsWith([{}]))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["api: recycle"]);
  });

  it("by the ARN of a deleted namesake is not found, and nothing is forced", async () => {
    const aws = shop("api");
    aws.reads("api", `${secretArn.slice(0, -6)}zzzzzz`, parameterName);
    aws.parameters.push({ Name: parameterName, LastModifiedDate: new Date(start) });

    await aws.recycler(settingsWith([{ secrets: [secretName], parameters: [parameterName] }]))(
      batchOf(sweep),
    );

    const line = one(aws.decisions());
    assert.equal(line.decision, "not-found");
    assert.deepEqual(
      line.values.map(({ verdict }) => verdict),
      ["not-found", "stale"],
    );
    assert.equal(aws.counts()["UpdateService"], undefined);
  });

  it("that is denied hides nothing of the others", async () => {
    const aws = shop("api", "rest");
    const foreign = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:log-AbCdEf";
    aws.reads("api", secretArn, foreign);
    aws.serviceDeployment("api", start + 30_000, "IN_PROGRESS");

    await aws.recycler(
      settingsWith([
        { service: "api", wave: 0 },
        { service: "rest", wave: 1 },
      ]),
    )(batchOf(sweep));

    const [api, rest] = aws.decisions();
    assert.deepEqual(
      [api?.decision, api?.values.map(({ verdict }) => verdict), rest?.decision],
      ["rolling-out", ["rolling-out", "unsupported"], "waiting-for-wave"],
    );
  });

  it("that an entry lists and no task reads has no verdict", async () => {
    const aws = shop("api");
    aws.reads("api", parameterName);
    aws.parameters.push({ Name: parameterName, LastModifiedDate: new Date(start - 2 * hour) });

    await aws.recycler(settingsWith([{ secrets: [secretName], parameters: [parameterName] }]))(
      batchOf(sweep),
    );

    const line = one(aws.decisions());
    assert.deepEqual([line.decision, line.values.map(({ subject }) => subject)], ["fresh", [parameterName]]);
  });
});

describe("an event", () => {
  it("of another account or Region concerns no namesake here", async () => {
    for (const field of ["recipientAccountId", "awsRegion"]) {
      const aws = shop("api");
      const foreign = canonical("put-secret-value-by-name", (event) => {
        event.detail[field] = field === "awsRegion" ? "eu-west-1" : "999999999999";
      });

      await aws.recycler(settingsWith(listed))(batchOf(foreign));

      assert.deepEqual(aws.counts(), {});
      assert.deepEqual(kinds(aws), []);
    }
  });

  it("that comes back late proves nothing about a version that has come back, too", async () => {
    const aws = shop("api");
    const first = canonical("put-secret-value-by-arn");
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(first));
    aws.finish("api");
    const second = aws.put(start + 2 * minute, "second");
    aws.nowMs = start + 3 * minute;
    await recycler(batchOf(second));
    aws.finish("api");
    // The label goes back to the first version; only the first event comes again.
    const [after, before] = aws.secrets[0]!.versions;
    aws.secret(start, {
      LastChangedDate: new Date(start + 4 * minute),
      versions: [
        { ...before, VersionStages: ["AWSCURRENT"] },
        { ...after, VersionStages: ["AWSPREVIOUS"] },
      ],
    });
    aws.nowMs = start + 5 * minute;
    aws.decisions();

    await recycler(batchOf(first));

    assert.deepEqual(kinds(aws), ["api: recycle"]);
  });
});

describe("waves", () => {
  const coverage = [
    { secrets: [secretName], wave: 0, cluster: "first" },
    { service: "rest", secrets: [secretName], wave: 1 },
  ];

  it("wait for an earlier cluster that cannot be listed", async () => {
    const aws = shop("rest");
    aws.fails = (operation, { cluster }) =>
      operation === "ListServices" && cluster === "first"
        ? awsError("ServerException", "later", 500)
        : undefined;

    await aws.recycler(settingsWith(coverage))(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["*: deferred", "rest: waiting-for-wave"]);
  });

  it("wait for an earlier service that cannot be described", async () => {
    const aws = shop("api", "rest");
    aws.fails = (operation, { services }) =>
      operation === "DescribeServices" && (services as string[]).includes("canary")
        ? awsError("ServerException", "later", 500)
        : undefined;

    await aws.recycler(
      settingsWith([
        { cluster: "other", service: "canary", secrets: [secretName], wave: 0 },
        { service: "rest", secrets: [secretName], wave: 1 },
      ]),
    )(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["canary: deferred", "rest: waiting-for-wave"]);
  });

  it("gate every value that new tasks would read, whichever value woke the recycler", async () => {
    const aws = shop("canary", "rest");
    aws.reads("rest", secretArn, parameterName);
    aws.serviceDeployment("canary", start + 20_000, "ROLLBACK_SUCCESSFUL");
    aws.parameters.push({ Name: parameterName, LastModifiedDate: new Date(start + 30_000) });
    const recycler = aws.recycler(
      settingsWith([
        { service: "canary", secrets: [secretName], wave: 0 },
        { service: "rest", secrets: [secretName], parameters: [parameterName], wave: 1 },
      ]),
    );

    await recycler(batchOf(canonical("parameter-update", (event) => (event.time = "2026-02-05T19:15:40Z"))));

    assert.deepEqual(kinds(aws), ["rest: halted"]);
  });

  it("pass an earlier service that holds the value, though a later deployment of it failed", async () => {
    const aws = shop("canary", "rest");
    aws.service("canary", start + 30_000);
    aws.serviceDeployment("canary", start + 30_000, "SUCCESSFUL");
    aws.serviceDeployment("canary", start + 40_000, "ROLLBACK_SUCCESSFUL");

    await aws.recycler(
      settingsWith([
        { service: "canary", secrets: [secretName], wave: 0 },
        { service: "rest", secrets: [secretName], wave: 1 },
      ]),
    )(batchOf(sweep));

    assert.deepEqual(kinds(aws), ["canary: fresh", "rest: recycle"]);
  });
});

describe("a run", () => {
  it("describes each service and lists each cluster once, with a limit of deployments too", async () => {
    const aws = shop("api", "web");
    const limits = { maxConcurrentDeployments: 5 };

    await aws.recycler(settingsWith([{ secrets: [secretName] }], { limits }))(batchOf(sweep));

    const counts = aws.counts();
    assert.deepEqual([counts["ListServices"], counts["DescribeServices"]], [1, 1]);
  });

  it("forces a service once for a change within five minutes, whatever ECS shows", async () => {
    const aws = shop("api");
    aws.fails = () => undefined;
    aws.staleAnswers = true;
    const recycler = aws.recycler(settingsWith(listed));

    for (let round = 0; round < 4; round++) {
      await recycler(batchOf(sweep));
      aws.deployments.clear();
      aws.nowMs += minute;
    }
    const within = aws.counts()["UpdateService"];
    aws.nowMs += 2 * minute;
    await recycler(batchOf(sweep));

    assert.deepEqual([within, aws.counts()["UpdateService"]], [1, 1]);
  });

  it("reports tasks outside services once an hour, and touches none", async () => {
    const aws = shop("api");
    aws.service("api", start + 20_000);
    aws.tasks.set("job", [{ ...aws.task("api", start - hour), group: "family:job", startedBy: "person" }]);
    const recycler = aws.recycler(settingsWith(listed));

    for (let round = 0; round < 3; round++) {
      await recycler(batchOf(sweep));
      aws.nowMs += 40 * minute;
    }

    const notes = aws.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === "standalone-tasks");
    assert.deepEqual(
      notes.map(({ cluster, subject, tasks }) => [cluster, subject, tasks]),
      Array(2).fill(["shop", secretArn, 1]),
    );
    assert.equal(aws.counts()["UpdateService"], undefined);
  });
});
