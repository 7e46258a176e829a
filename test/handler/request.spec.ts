import assert from "node:assert/strict";
import { canonical, batchOf, FakeAws, messageOf, secretName, settingsWith, start } from "./fake-aws";

const minute = 60_000;
const hour = 60 * minute;
const role = "AROAEXAMPLE:anna";
const listed = [{ secrets: [secretName] }];
const sweep = canonical("sweep");

/** A request, sent the queue's delay before now. */
function ask(aws: FakeAws, change: object = {}): ReturnType<typeof messageOf> {
  const body = { source: "ecs-secret-recycler.request", id: "1", recycle: ["shop/api"], ...change };
  return messageOf(body, role, aws.nowMs - 15_000);
}

function shop(...services: string[]): FakeAws {
  const aws = new FakeAws();
  aws.secret(start - 2 * hour);
  for (const service of services) aws.service(service, start - hour);
  aws.nowMs = start + minute;
  return aws;
}

function forced(aws: FakeAws): unknown[] {
  return aws.calls
    .filter(({ operation }) => operation === "UpdateService")
    .map(({ input }) => input["service"]);
}

describe("a request", () => {
  it("recycles what it names, fresh or not, and nothing else", async () => {
    const aws = shop("api", "web");

    await aws.recycler(settingsWith(listed))(ask(aws, { by: "anna", reason: "a new certificate" }));

    assert.deepEqual(forced(aws), ["api"]);
    const [line] = aws.decisions();
    assert.deepEqual([line?.decision, line?.cause, line?.who], ["recycle", "request", role]);
    assert.match(
      line?.reason ?? "",
      /2 of 2 tasks were created before AROAEXAMPLE:anna asked .*anna: a new certificate/,
    );
  });

  it("is counted as one", async () => {
    const aws = shop("api");

    await aws.recycler(settingsWith(listed))(ask(aws));

    assert.ok(aws.lines.some((line) => line.includes("_aws") && line.includes('"request":1')));
  });

  it("recycles once, however often SQS delivers it", async () => {
    const aws = shop("api");
    const message = ask(aws);
    await aws.recycler(settingsWith(listed))(message);
    aws.finish("api");
    aws.nowMs += minute;

    // Another container: the first one was killed before it acknowledged the message.
    await aws.recycler(settingsWith(listed))(message);
    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.deepEqual(forced(aws), ["api"]);
  });

  it("lifts predates-install", async () => {
    const aws = shop("api");
    aws.secret(start - 30 * minute);
    aws.installedAtMs = start - 10 * minute;
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(sweep));
    assert.deepEqual(
      aws.decisions().map(({ decision }) => decision),
      ["predates-install"],
    );

    await recycler(ask(aws));

    assert.deepEqual(forced(aws), ["api"]);
  });

  it("lifts halted, until the new deployment fails too", async () => {
    const aws = shop("api");
    aws.secret(start - 30 * minute);
    aws.serviceDeployment("api", start - 20 * minute, "ROLLBACK_SUCCESSFUL");
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(batchOf(sweep));
    assert.deepEqual(
      aws.decisions().map(({ decision }) => decision),
      ["halted"],
    );

    await recycler(ask(aws));
    assert.deepEqual(forced(aws), ["api"]);
    aws.decisions();
    aws.service("api", start - hour);
    for (const one of aws.deployments.get("api") ?? [])
      if (one.status === "IN_PROGRESS") one.status = "ROLLBACK_SUCCESSFUL";
    aws.nowMs += 10 * minute;
    await recycler(batchOf(sweep));

    assert.deepEqual(
      aws.decisions().map(({ decision }) => decision),
      ["halted"],
    );
    assert.deepEqual(forced(aws), ["api"]);
  });

  for (const [limit, limits] of Object.entries({
    minutesBetweenDeployments: { minutesBetweenDeployments: 100 },
    maxConcurrentDeployments: { maxConcurrentDeployments: 1 },
    maxDeploymentsPerHour: { maxDeploymentsPerHour: 1 },
  }))
    it(`waits for ${limit} unless it passes limits`, async () => {
      const aws = shop("api", "web");
      aws.serviceDeployment("api", start - 30 * minute, "SUCCESSFUL");
      aws.service("web", start - hour, {
        runningCount: 0,
        deployments: [
          {
            id: "x",
            status: "PRIMARY",
            createdAt: new Date(start - hour),
            desiredCount: 2,
            runningCount: 0,
            taskDefinition: "web:1",
          },
        ],
      });
      const recycler = aws.recycler(settingsWith(listed, { limits }));

      await recycler(ask(aws));
      assert.deepEqual(forced(aws), []);

      await recycler(ask(aws, { id: "2", past: ["limits"] }));
      assert.deepEqual(forced(aws), ["api"]);
    });

  it("waits for a deployment in progress, and is carried out at its end", async () => {
    const aws = shop("api");
    aws.serviceDeployment("api", start, "IN_PROGRESS");
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(ask(aws));
    assert.deepEqual(
      aws.decisions().map(({ decision }) => decision),
      ["blocked"],
    );
    aws.deployments.get("api")![0]!.status = "SUCCESSFUL";
    aws.service("api", start);
    aws.nowMs += minute;

    await recycler(batchOf(sweep));

    assert.deepEqual(forced(aws), ["api"]);
  });

  it("is forgotten after an hour", async () => {
    const aws = shop("api");
    aws.serviceDeployment("api", start, "IN_PROGRESS");
    const recycler = aws.recycler(settingsWith(listed));
    await recycler(ask(aws));
    aws.deployments.clear();
    aws.nowMs += hour;

    await recycler(batchOf(sweep));

    assert.deepEqual(forced(aws), []);
  });

  it("for a service that nobody covers is ignored, and said", async () => {
    const aws = shop("api");

    await aws.recycler(settingsWith([{ service: "api", secrets: [secretName] }]))(
      ask(aws, { recycle: ["shop/web", "other/api"] }),
    );

    assert.deepEqual(forced(aws), []);
    assert.equal(aws.lines.filter((line) => line.includes("the service is not covered")).length, 2);
  });

  it("restarts nothing in a dry run", async () => {
    const aws = shop("api");

    await aws.recycler(settingsWith(listed, { mode: "dry-run" }))(ask(aws));

    assert.deepEqual(forced(aws), []);
    assert.deepEqual(
      aws.decisions().map(({ decision, mode }) => `${decision} ${mode}`),
      ["recycle dry-run"],
    );
  });

  it("does not force a service whose value is gone", async () => {
    const aws = shop("api");
    aws.secret(start - 2 * hour, { DeletedDate: new Date(start) });

    await aws.recycler(settingsWith(listed))(ask(aws));

    assert.deepEqual(forced(aws), []);
    assert.equal(aws.decisions()[0]?.decision, "not-found");
  });
});

describe("a message of a role", () => {
  it("that claims to be an event forces nothing, though the value did change", async () => {
    const aws = shop("api");
    const event = aws.put(start);

    await aws.recycler(settingsWith(listed))(messageOf(event, role, start + 1000));

    assert.deepEqual(aws.counts(), {});
    assert.ok(aws.lines.some((line) => line.includes('"InvalidEvents":1')));
    assert.ok(aws.lines.some((line) => line.includes(`a message of the role ${role}: expected a request`)));
  });
});
