import assert from "node:assert/strict";
import type { Status } from "../../handler";
import {
  awsError,
  batchOf,
  canonical,
  FakeAws,
  secretArn,
  secretName,
  settingsWith,
  start,
  versionId,
  questionContext,
} from "./fake-aws";

const hour = 3_600_000;
const listed = [{ secrets: [secretName] }];
const put = canonical("put-secret-value-by-arn");
const label = canonical("secret-label-updated", (event) => {
  event.time = "2026-02-05T19:15:10Z";
  event.detail["versionId"] = versionId;
});
const succeeded = canonical("rotation-succeeded", (event) => {
  event.time = event.detail["eventTime"] = "2026-02-05T19:15:11Z";
});
const sweep = canonical("sweep");
/** The end of a deployment of a service of cluster shop. */
function ended(service: string) {
  return canonical("ecs-deployment-completed", (event) => {
    event.resources = [`arn:aws:ecs:us-west-2:123456789012:service/shop/${service}`];
  });
}

/** Cluster shop with services that were deployed an hour before the canonical change, and its secret after it. */
function shop(...services: string[]): FakeAws {
  const aws = new FakeAws();
  aws.secret(start);
  for (const service of services) aws.service(service, start - hour);
  return aws;
}

function kinds(aws: FakeAws): string[] {
  return aws.decisions().map(({ service, decision }) => `${service}: ${decision}`);
}

describe("createRecycler", () => {
  describe("when an event proves a move", () => {
    it("forces one deployment of a stale service, and changes neither task definition nor count", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith([{ service: "api", secrets: [secretName] }]));

      const answer = await recycler(batchOf(put));

      assert.deepEqual(answer, { batchItemFailures: [] });
      assert.deepEqual(aws.calls.find(({ operation }) => operation === "UpdateService")?.input, {
        cluster: "shop",
        service: "api",
        forceNewDeployment: true,
      });
    });

    it("looks once at the secret, at ten services a call, and at the deployments of stale services only", async () => {
      const names = Array.from({ length: 23 }, (_, index) => `service-${String(index).padStart(2, "0")}`);
      const aws = shop(...names);
      for (const name of names.slice(0, 3)) aws.service(name, start + 11_000);
      aws.nowMs = start + 20_000;
      const recycler = aws.recycler(
        settingsWith(names.map((service) => ({ service, secrets: [secretName] }))),
      );

      await recycler(batchOf(put));
      const asked = aws.calls.map(({ input }) => ((input["services"] as string[] | undefined) ?? []).length);

      assert.deepEqual(aws.counts(), {
        DescribeSecret: 1,
        ListSecretVersionIds: 1,
        GetQueueUrl: 1,
        GetQueueAttributes: 1,
        DescribeServices: 3,
        DescribeTaskDefinition: 23,
        ListTasks: 1,
        DescribeTasks: 1,
        ListServiceDeployments: 20,
        UpdateService: 20,
      });
      assert.ok(asked.every((services) => services <= 10));
    });

    it("looks once more at the secret for further events of the same change, and at nothing else", async () => {
      const aws = shop("api", "web");
      const recycler = aws.recycler(settingsWith(listed));
      await recycler(batchOf(put));
      aws.counts();

      await recycler(batchOf(label, put));
      const known = aws.counts();
      aws.nowMs += 5_000;
      await recycler(batchOf(succeeded));

      assert.deepEqual(known, {});
      assert.deepEqual(aws.counts(), { DescribeSecret: 1 });
      assert.equal(aws.lines.filter((line) => line.includes('"event":"skipped"')).length, 3);
    });

    it("looks again at a whole cluster for another change", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith(listed));
      await recycler(batchOf(put));
      aws.counts();
      aws.service("late", start + 60_000);
      aws.nowMs = start + 120_000;

      await recycler(batchOf(aws.put(start + 100_000)));

      assert.equal(aws.counts()["ListServices"], 1);
      assert.deepEqual(kinds(aws).slice(-2), ["late: recycle", "api: blocked"]);
    });

    it("does nothing that the secret's versions do not confirm", async () => {
      const aws = shop("api");
      aws.secret(start - 2 * hour);
      const recycler = aws.recycler(settingsWith([{ service: "api", secrets: [secretName] }]));

      await recycler(batchOf(put));

      assert.deepEqual(kinds(aws), ["api: fresh"]);
      assert.equal(aws.counts()["UpdateService"], undefined);
    });

    it("runs once for a batch: one deployment though a rotation sends three events", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(label, put, succeeded));

      assert.equal(aws.counts()["UpdateService"], 1);
    });

    it("forces nothing twice when DescribeServices still shows the old deployment", async () => {
      const aws = shop("api");
      aws.staleAnswers = true;
      const recycler = aws.recycler(settingsWith(listed));
      await recycler(batchOf(put));
      aws.secret(start);
      aws.nowMs += 1000;

      await recycler(batchOf(sweep));

      assert.equal(aws.counts()["UpdateService"], 1);
      assert.deepEqual(kinds(aws), ["api: recycle", "api: rolling-out"]);
    });

    it("forces nothing twice when ECS shows nothing at all of the deployment yet", async () => {
      const aws = shop("api");
      aws.staleAnswers = true;
      aws.secret(start);
      const recycler = aws.recycler(settingsWith(listed));
      await recycler(batchOf(put));
      aws.deployments.clear();
      aws.nowMs += 1000;

      await recycler(batchOf(sweep));

      assert.equal(aws.counts()["UpdateService"], 1);
      assert.deepEqual(kinds(aws), ["api: recycle", "api: rolling-out"]);
    });

    it("waits while a new task could still read the old value, and says so", async () => {
      const aws = shop("api");
      aws.nowMs = start + 4_000;
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(put));
      aws.nowMs = start + 10_000;
      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["api: settling", "api: recycle"]);
    });

    it("goes on skipping events when a later look showed the old deployment again", async () => {
      const aws = shop("api");
      aws.staleAnswers = true;
      aws.secret(start);
      const recycler = aws.recycler(settingsWith(listed));
      await recycler(batchOf(put));
      await recycler(batchOf(sweep));
      aws.counts();

      await recycler(batchOf(label));

      assert.deepEqual(aws.counts(), {});
    });

    it("forces nothing twice after a crash: the deployment made before it is found", async () => {
      const aws = shop("api");
      aws.staleAnswers = true;
      await aws.recycler(settingsWith(listed))(batchOf(put));

      await aws.recycler(settingsWith(listed))(batchOf(put));

      assert.equal(aws.counts()["UpdateService"], 1);
      assert.deepEqual(kinds(aws), ["api: recycle", "api: rolling-out"]);
    });

    it("leaves a service alone that follows another label", async () => {
      const aws = shop("api");
      aws.reads("api", `${secretArn}::BLUE:`);
      const blue = canonical("secret-label-updated-custom", (event) => (event.time = "2026-02-05T19:15:10Z"));
      const { labelUpdated, versionId: version } = blue.detail as Record<string, string>;
      aws.reads("api", `${secretArn}::${labelUpdated}:`);
      aws.secret(start, {
        versions: [
          { VersionId: versionId, VersionStages: ["AWSCURRENT"], CreatedDate: new Date(start) },
          { VersionId: version, VersionStages: [labelUpdated!], CreatedDate: new Date(start - 5 * hour) },
        ],
      });
      const recycler = aws.recycler(settingsWith([{}]));

      await recycler(batchOf(put));
      const untouched = kinds(aws);
      await recycler(batchOf(blue));

      assert.deepEqual(untouched, []);
      assert.deepEqual(kinds(aws), ["api: recycle"]);
    });

    it("finds the readers by their task definitions, and looks at a revision once", async () => {
      const aws = shop("api", "web");
      aws.taskDefinitions.set("arn:aws:ecs:us-west-2:123456789012:task-definition/api:1", {
        containerDefinitions: [
          { name: "api", image: "shop:latest", secrets: [{ name: "DB", valueFrom: secretArn }] },
        ],
      });
      aws.reads("web", `${secretArn.slice(0, -7)}2-AbCdEf`);
      const recycler = aws.recycler(settingsWith([{}]));

      await recycler(batchOf(put));
      const first = aws.counts();
      const logged = aws.decisions();
      await recycler(batchOf(sweep));

      assert.equal(first["DescribeTaskDefinition"], 2);
      assert.equal(aws.counts()["DescribeTaskDefinition"], undefined);
      assert.deepEqual(
        logged.map(({ service, decision, mutableImage }) => ({ service, decision, mutableImage })),
        [{ service: "api", decision: "recycle", mutableImage: true }],
      );
    });

    it("does not touch a service that is not covered, or excluded", async () => {
      const aws = shop("api", "web");
      const recycler = aws.recycler(settingsWith([{ secrets: [secretName], exclude: ["web"] }]));

      await recycler(batchOf(put, ended("web"), canonical("ecs-deployment-completed")));

      assert.deepEqual(kinds(aws), ["api: recycle"]);
      assert.ok(aws.calls.every(({ input }) => JSON.stringify(input).includes("web") === false));
    });

    it("says nothing about a service of a covered cluster that is gone", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(ended("gone"), put));

      assert.deepEqual(kinds(aws), ["api: recycle"]);
    });

    it("recycles when the deployment that blocked it ended", async () => {
      const aws = shop("api");
      aws.serviceDeployment("api", start - hour, "IN_PROGRESS");
      const recycler = aws.recycler(settingsWith([{ service: "api", secrets: [secretName] }]));
      await recycler(batchOf(put));
      const before = kinds(aws);
      aws.deployments.set("api", [{ createdAt: new Date(start - hour), status: "SUCCESSFUL" }]);

      await recycler(batchOf(ended("api")));

      assert.deepEqual(before, ["api: blocked"]);
      assert.deepEqual(kinds(aws), ["api: recycle"]);
    });

    it("says at the end of the deployment how many tasks hold the value, and how long it took", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith([{ service: "api", secrets: [secretName] }]));
      await recycler(batchOf(put));
      const [before] = aws.decisions();
      aws.finish("api");
      aws.nowMs = start + 60_000;
      aws.counts();

      await recycler(batchOf(ended("api")));
      const metrics = aws.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const [after] = aws.decisions();

      assert.deepEqual(
        [before?.tasks, after?.tasks],
        [
          { running: 2, stale: 2 },
          { running: 2, stale: 0 },
        ],
      );
      assert.deepEqual([after?.decision, after?.values[0]?.versionId], ["proved", versionId]);
      assert.ok(metrics.some((line) => JSON.stringify(line["SecretToFreshSeconds"]) === "[60]"));
      assert.ok(metrics.some((line) => line["StaleTasks"] === 0 && line["ClusterName"] === "shop"));
      assert.deepEqual(aws.counts(), { DescribeServices: 1, ListTasks: 1, DescribeTasks: 1 });
    });
  });

  describe("when an event only says that something happened", () => {
    it("looks at the secret, and recycles when a rotation finished after the deployment", async () => {
      const aws = shop("api");
      aws.secret(start - 2 * hour, {
        LastChangedDate: new Date(start + 900),
        LastRotatedDate: new Date(start + 800),
      });
      aws.nowMs = start + 11_000;
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(succeeded));

      assert.deepEqual(kinds(aws), ["api: recycle"]);
      const counts = aws.counts();
      assert.deepEqual([counts["DescribeSecret"], counts["ListSecretVersionIds"]], [1, 1]);
    });

    it("does nothing about a description that changed, and presumes what it cannot prove", async () => {
      const aws = shop("api");
      aws.secret(start - 2 * hour, { LastChangedDate: new Date(start) });
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(canonical("update-secret")));

      assert.deepEqual(kinds(aws), ["api: presumed"]);
      assert.equal(aws.counts()["UpdateService"], undefined);
    });
  });

  describe("when a deployment ended or the clock strikes", () => {
    it("looks at each secret at most twice", async () => {
      const aws = shop("api", "web");
      aws.secret(start);
      const recycler = aws.recycler(settingsWith(listed));
      aws.nowMs = start + 60_000;

      await recycler(batchOf(sweep, ended("api")));

      const counts = aws.counts();
      assert.deepEqual([counts["DescribeSecret"], counts["ListSecretVersionIds"]], [1, 1]);
      assert.deepEqual(kinds(aws), ["api: recycle", "web: recycle"]);
    });

    it("looks once at a secret that is older than every deployment", async () => {
      const aws = shop("api");
      aws.secret(start - 2 * hour);
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(sweep));

      const counts = aws.counts();
      assert.deepEqual([counts["DescribeSecret"], counts["ListSecretVersionIds"]], [1, undefined]);
      assert.deepEqual(kinds(aws), ["api: fresh"]);
    });

    it("leaves a young move to its own event", async () => {
      const aws = shop("api");
      aws.secret(start);
      aws.nowMs = start + 5_000;
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(sweep));
      aws.nowMs = start + 10_000;
      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["api: settling", "api: recycle"]);
    });

    it("finds a parameter that changed, all names in one call", async () => {
      const aws = shop("api");
      aws.reads("api", "/a", "/b");
      for (const name of ["/a", "/b"]) aws.parameters.push({ Name: name, LastModifiedDate: new Date(start) });
      const recycler = aws.recycler(settingsWith([{ parameters: ["/a", "/b"] }]));
      aws.nowMs = start + 60_000;

      await recycler(batchOf(sweep));

      assert.equal(aws.counts()["DescribeParameters"], 1);
      assert.deepEqual(kinds(aws), ["api: recycle"]);
    });

    it("restarts nothing because it was installed", async () => {
      const aws = shop("api");
      aws.installedAtMs = start + 30_000;
      aws.nowMs = start + 60_000;
      aws.secret(start);
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["api: predates-install"]);
    });

    it("halts a service whose forced deployment was rolled back, whichever PRIMARY is shown", async () => {
      for (const shown of ["old", "new"]) {
        const aws = shop("api");
        aws.secret(start);
        const recycler = aws.recycler(settingsWith(listed));
        await recycler(batchOf(put));
        aws.deployments.set("api", [{ createdAt: new Date(aws.nowMs), status: "ROLLBACK_SUCCESSFUL" }]);
        aws.service("api", shown === "old" ? start - hour : aws.nowMs + 30_000, {}, start - hour);
        aws.nowMs += 60_000;
        aws.counts();

        await recycler(batchOf(ended("api")));
        await aws.recycler(settingsWith(listed))(batchOf(sweep));

        assert.deepEqual(kinds(aws), ["api: recycle", "api: halted", "api: halted"], shown);
        assert.equal(aws.counts()["UpdateService"], undefined);
      }
    });

    it("recycles a halted service again when its value moves again", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith(listed));
      await recycler(batchOf(put));
      aws.deployments.set("api", [{ createdAt: new Date(aws.nowMs), status: "ROLLBACK_SUCCESSFUL" }]);
      aws.service("api", start - hour);
      const again = aws.put(start + 70_000);
      aws.nowMs = start + 90_000;

      await recycler(batchOf(again));

      assert.deepEqual(kinds(aws), ["api: recycle", "api: recycle"]);
    });
  });

  describe("when something fails", () => {
    it("acknowledges messages that are no events, and counts them", async () => {
      const aws = shop();
      const recycler = aws.recycler(settingsWith(listed));

      const answers = [
        await recycler(batchOf("no JSON", {}, canonical("rotation-failed"))),
        await recycler({ Records: [{}, null] }),
        await recycler("nonsense"),
      ];

      assert.deepEqual(answers, Array(3).fill({ batchItemFailures: [] }));
      const metrics = aws.lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line["_aws"]);
      assert.deepEqual(
        metrics.map(({ InvalidEvents, RotationFailed }) => [InvalidEvents, RotationFailed]),
        [
          [2, 1],
          [2, undefined],
          [1, undefined],
        ],
      );
      assert.deepEqual(aws.counts(), {});
      assert.ok(aws.lines.some((line) => line.includes("RotationFailed: ") && line.includes(secretArn)));
    });

    it("gives the batch back from the first message that needed a look, when nothing could be looked at", async () => {
      const aws = shop("api");
      aws.fails = (operation) =>
        operation === "DescribeServices" ? awsError("ServerException", "later", 500) : undefined;
      const recycler = aws.recycler(settingsWith([{ service: "api", secrets: [secretName] }]));

      const answer = await recycler(batchOf(canonical("tag-secret"), put, canonical("tag-secret")));

      assert.deepEqual(answer, {
        batchItemFailures: [{ itemIdentifier: "message-1" }, { itemIdentifier: "message-2" }],
      });
      assert.deepEqual(kinds(aws), ["api: deferred"]);
    });

    it("acknowledges the batch when some service could be looked at", async () => {
      const aws = shop("api");
      aws.fails = (operation, { cluster }) =>
        operation === "DescribeServices" && cluster === "other"
          ? awsError("ServerException", "later", 500)
          : undefined;
      const recycler = aws.recycler(
        settingsWith([
          { service: "api", secrets: [secretName] },
          { cluster: "other", service: "web", secrets: [secretName] },
        ]),
      );

      const answer = await recycler(batchOf(put));

      assert.deepEqual(answer, { batchItemFailures: [] });
      assert.deepEqual(kinds(aws), ["web: deferred", "api: recycle"]);
    });

    it("reports a service that is missing or denied for itself, and recycles the others", async () => {
      const aws = shop("api", "secret-service");
      aws.fails = (operation, { services }) =>
        operation === "DescribeServices" && (services as string[]).includes("secret-service")
          ? awsError("AccessDeniedException", "no", 400)
          : undefined;
      const recycler = aws.recycler(
        settingsWith(
          ["api", "gone", "secret-service"].map((service) => ({ service, secrets: [secretName] })),
        ),
      );

      await recycler(batchOf(put));

      assert.deepEqual(kinds(aws), ["api: recycle", "gone: not-found", "secret-service: denied"]);
    });

    it("reports a cluster that cannot be listed, and looks at the others", async () => {
      const aws = shop("api");
      aws.fails = (operation, { cluster }) =>
        operation === "ListServices" && cluster === "gone" ? awsError("ClusterNotFoundException") : undefined;
      const recycler = aws.recycler(
        settingsWith([
          { cluster: "gone", secrets: [secretName] },
          { service: "api", secrets: [secretName] },
        ]),
      );

      await recycler(batchOf(put));

      assert.deepEqual(kinds(aws), ["*: not-found", "api: recycle"]);
    });

    const failures: [string, Error, string, number][] = [
      ["throttled for long", awsError("ThrottlingException", "Rate exceeded"), "api: deferred", 6],
      ["failing on AWS's side", awsError("ServerException", "oops", 500), "api: deferred", 1],
      ["denied", awsError("AccessDeniedException"), "api: denied", 1],
      ["without its service", awsError("ServiceNotFoundException"), "api: not-found", 1],
      [
        "over the limit of unfinished deployments",
        awsError("InvalidParameterException", "5 active deployments exist, unable to create new deployment."),
        "api: blocked",
        1,
      ],
      [
        "refused for another reason",
        awsError("InvalidParameterException", "Cannot force"),
        "api: unsupported",
        1,
      ],
    ];
    for (const [condition, error, decision, tries] of failures)
      it(`says ${decision.slice(5)} for an UpdateService that is ${condition}, after ${tries} tries, and goes on`, async () => {
        const aws = shop("api", "web");
        aws.fails = (operation, { service }) =>
          operation === "UpdateService" && service === "api" ? error : undefined;
        const recycler = aws.recycler(settingsWith(listed));

        const answer = await recycler(batchOf(put));

        assert.deepEqual(answer, { batchItemFailures: [] });
        assert.deepEqual(kinds(aws), [decision, "web: recycle"]);
        assert.equal(aws.counts()["UpdateService"], tries + 1);
      });

    it("is found again by the next sweep when it was deferred", async () => {
      const aws = shop("api");
      aws.secret(start);
      let throttled = true;
      aws.fails = (operation) =>
        operation === "UpdateService" && throttled ? awsError("ThrottlingException") : undefined;
      const recycler = aws.recycler(settingsWith(listed));
      await recycler(batchOf(put));
      throttled = false;

      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["api: deferred", "api: recycle"]);
    });

    it("ends the invocation for a mistake of its own, after the others were acted on", async () => {
      const aws = shop("api", "web");
      aws.fails = (operation, { service }) =>
        operation === "UpdateService" && service === "api" ? new TypeError("a mistake") : undefined;
      const recycler = aws.recycler(settingsWith(listed));

      await assert.rejects(recycler(batchOf(put)), /a mistake/);

      assert.deepEqual(kinds(aws), ["web: recycle"]);
    });

    it("acts on what an event proves, and on nothing else, when the queue's age cannot be looked up", async () => {
      const aws = shop("api", "web");
      aws.secret(start);
      aws.fails = (operation) =>
        operation === "GetQueueUrl" ? awsError("AccessDeniedException") : undefined;
      const settings = settingsWith([{ service: "api", secrets: [secretName] }]);
      aws.nowMs = start + 60_000;

      await aws.recycler(settings)(batchOf(sweep));
      await aws.recycler(settings)(batchOf(put));

      assert.deepEqual(kinds(aws), ["api: deferred", "api: recycle"]);
    });
  });

  describe("when it may not act", () => {
    for (const mode of ["dry-run", "off"] as const)
      it(`decides, logs and changes nothing in mode ${mode}`, async () => {
        const aws = shop("api");
        const recycler = aws.recycler(settingsWith(listed, { mode }));

        await recycler(batchOf(put));

        assert.deepEqual(
          aws.decisions().map((line) => [line.decision, line.mode]),
          [["recycle", mode]],
        );
        assert.equal(aws.counts()["UpdateService"], undefined);
      });

    it("answers status with every covered service and never acts", async () => {
      const aws = shop("api", "web");
      aws.service("web", start + hour);
      aws.secret(start);
      aws.nowMs = start + 2 * hour;
      const recycler = aws.recycler(settingsWith(listed));

      const status = (await recycler({ ask: "status" }, questionContext)) as Status;

      assert.equal(status.installedAt, new Date(aws.installedAtMs).toISOString());
      assert.deepEqual(
        status.services.map(({ service, decision, tasks, values: [value] }) => [
          service,
          decision,
          tasks,
          value && [value.subject, value.label, value.verdict, value.versionId, value.interval],
        ]),
        [
          [
            "api",
            "recycle",
            { running: 2, stale: 2 },
            [
              secretArn,
              "AWSCURRENT",
              "stale",
              versionId,
              ["2026-02-05T19:15:10.000Z", "2026-02-05T19:15:10.000Z"],
            ],
          ],
          [
            "web",
            "fresh",
            { running: 2, stale: 0 },
            [
              secretArn,
              "AWSCURRENT",
              "fresh",
              versionId,
              ["2026-02-05T19:15:10.000Z", "2026-02-05T19:15:10.000Z"],
            ],
          ],
        ],
      );
      assert.equal(aws.counts()["UpdateService"], undefined);
    });

    it("answers no question but at its alias, and takes no message there", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith(listed));

      await assert.rejects(recycler({ ask: "status" }), /a question at the alias questions/);
      await assert.rejects(recycler(batchOf(put), questionContext), /expected "status"/);

      assert.deepEqual(aws.counts(), {});
    });

    it("refuses a question that it does not know", async () => {
      const recycler = shop().recycler(settingsWith(listed));

      await assert.rejects(
        recycler({ ask: "recycle" }, questionContext),
        /expected "status", found "recycle"/,
      );
    });

    it("ignores a bare event: whatever acts goes through the queue", async () => {
      const aws = shop("api");
      const recycler = aws.recycler(settingsWith(listed));

      await recycler(put);

      assert.deepEqual(aws.counts(), {});
    });
  });

  describe("when services have waves", () => {
    const waves = [
      { service: "canary", secrets: [secretName], wave: 0 },
      { service: "rest", secrets: [secretName], wave: 1 },
    ];

    it("lets the next wave wait until the deployments of the one before succeeded", async () => {
      const aws = shop("canary", "rest");
      aws.secret(start);
      const recycler = aws.recycler(settingsWith(waves));
      await recycler(batchOf(put));
      const first = kinds(aws);
      aws.nowMs += 60_000;
      await recycler(batchOf(sweep));
      const second = kinds(aws);
      aws.finish("canary");

      await recycler(batchOf(ended("canary")));

      assert.deepEqual(first, ["canary: recycle", "rest: waiting-for-wave"]);
      assert.deepEqual(second, ["canary: rolling-out", "rest: waiting-for-wave"]);
      assert.deepEqual(kinds(aws), ["canary: proved", "rest: recycle"]);
    });

    it("halts the later waves when the first one was rolled back", async () => {
      const aws = shop("canary", "rest");
      aws.secret(start);
      aws.serviceDeployment("canary", start + 10_000, "ROLLBACK_SUCCESSFUL");
      aws.nowMs = start + 60_000;
      const recycler = aws.recycler(settingsWith(waves));

      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["canary: halted", "rest: halted"]);
    });

    it("waits for a service that reads the value among others, in the later of two waves it is in", async () => {
      const aws = shop("canary", "rest");
      aws.secret(start);
      aws.reads("canary", secretArn, "/a");
      aws.parameters.push({ Name: "/a", LastModifiedDate: new Date(start - 2 * hour) });
      aws.nowMs = start + 60_000;
      const recycler = aws.recycler(
        settingsWith([
          { service: "canary", secrets: [secretName], parameters: ["/a"], wave: 0 },
          { service: "rest", secrets: [secretName], wave: 0 },
          { service: "rest", secrets: [secretName], wave: 1 },
        ]),
      );

      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["canary: recycle", "rest: waiting-for-wave"]);
    });

    it("does not wait for a service that reads other values only", async () => {
      const aws = shop("canary", "rest");
      aws.secret(start);
      aws.reads("canary", "/a");
      aws.parameters.push({ Name: "/a", LastModifiedDate: new Date(start) });
      aws.serviceDeployment("canary", start + 10_000, "ROLLBACK_SUCCESSFUL");
      aws.nowMs = start + 60_000;
      const recycler = aws.recycler(
        settingsWith([
          { service: "canary", parameters: ["/a"], wave: 0 },
          { service: "rest", secrets: [secretName], wave: 1 },
        ]),
      );

      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), ["canary: halted", "rest: recycle"]);
    });

    it("lets the next wave wait until the deployments of the one before have baked", async () => {
      const aws = shop("canary", "rest");
      aws.secret(start);
      aws.service("canary", start + 10_000);
      aws.deployments.set("canary", [
        { createdAt: new Date(start + 10_000), finishedAt: new Date(start + 60_000), status: "SUCCESSFUL" },
      ]);
      const recycler = aws.recycler(settingsWith(waves, { limits: { bakeTimeInMinutes: 5 } }));
      aws.nowMs = start + 60_000 + 299_999;
      await recycler(batchOf(sweep));
      aws.nowMs += 1;

      await recycler(batchOf(sweep));

      assert.deepEqual(kinds(aws), [
        "canary: fresh",
        "rest: waiting-for-wave",
        "canary: fresh",
        "rest: recycle",
      ]);
    });

    it("does not wait for a service that does not exist, or of which no task is wanted", async () => {
      const aws = shop("rest");
      aws.service("idle", start - hour, { desiredCount: 0 });
      const recycler = aws.recycler(
        settingsWith([...waves, { service: "idle", secrets: [secretName], wave: 0 }]),
      );

      await recycler(batchOf(put));

      assert.deepEqual(kinds(aws), ["canary: not-found", "idle: fresh", "rest: recycle"]);
    });
  });

  describe("when only so many deployments may be under way", () => {
    const limits = { maxConcurrentDeployments: 2 };

    it("counts every covered service, and goes on when a deployment ended", async () => {
      const aws = shop("a", "b", "c", "stranger");
      const [primary] = aws.service("stranger", start + 5_000).deployments ?? [];
      assert.ok(primary);
      primary.runningCount = 0;
      aws.secret(start);
      const entries = ["a", "b", "c"].map((service) => ({ service, secrets: [secretName] }));
      const recycler = aws.recycler(
        settingsWith([...entries, { service: "stranger", parameters: ["/other"] }], { limits }),
      );
      await recycler(batchOf(put));
      const first = kinds(aws);
      primary.runningCount = 2;
      aws.service("a", aws.nowMs);
      aws.deployments.set("a", [{ createdAt: new Date(aws.nowMs), status: "SUCCESSFUL" }]);
      aws.parameters.push({ Name: "/other", LastModifiedDate: new Date(start - hour) });
      aws.nowMs += 60_000;

      await recycler(batchOf(ended("a")));

      assert.deepEqual(first, ["a: recycle", "b: at-capacity", "c: at-capacity"]);
      assert.deepEqual(kinds(aws), ["a: proved", "stranger: fresh", "b: recycle", "c: recycle"]);
    });
  });

  it("runs with a part in the place of its own", async () => {
    const aws = shop("api");
    const acted: string[] = [];
    const recycler = aws.recycler(settingsWith(listed), {
      parts: {
        act: (_environment, cluster, service) => {
          acted.push(`${cluster}/${service}`);
          return Promise.resolve({});
        },
      },
    });

    await recycler(batchOf(put));

    assert.deepEqual(acted, ["shop/api"]);
    assert.equal(aws.counts()["UpdateService"], undefined);
  });

  it("writes each decision as one line of JSON, and metrics at the root of one more", async () => {
    const aws = shop("api");
    const recycler = aws.recycler(settingsWith(listed));

    await recycler(batchOf(put));

    assert.equal(aws.lines.length, 2);
    assert.ok(aws.lines.every((line) => line.endsWith("\n") && line.trim().split("\n").length === 1));
    const [line, metrics] = aws.lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    assert.deepEqual(Object.keys(line ?? {}), [
      "decision",
      "reason",
      "cluster",
      "service",
      "subject",
      "label",
      "movedAt",
      "tasks",
      "values",
      "deploymentCreatedAt",
      "cause",
      "who",
      "mutableImage",
      "mode",
    ]);
    assert.deepEqual(metrics, {
      _aws: {
        Timestamp: aws.nowMs,
        CloudWatchMetrics: [
          {
            Namespace: "EcsSecretRecycler",
            Dimensions: [["FunctionName"]],
            Metrics: [
              { Name: "recycle", Unit: "Count" },
              { Name: "StaleMinutes", Unit: "None" },
            ],
          },
        ],
      },
      FunctionName: "ecs-secret-recycler-dev",
      recycle: 1,
      StaleMinutes: 0.2,
    });
  });
});
