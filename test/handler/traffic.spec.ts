import assert from "node:assert/strict";
import {
  batchOf,
  canonical,
  FakeAws,
  secretName,
  settingsWith,
  start,
  type EventFields,
  questionContext,
} from "./fake-aws";

const second = 1000;
const minute = 60 * second;
const sweep = canonical("sweep");
const listed = [{ secrets: [secretName] }];

/** Messages that change nothing. */
function noise(count: number): EventFields[] {
  return Array.from({ length: count }, (_, index) =>
    canonical("put-secret-value-by-arn", (event) => {
      event["id"] = `noise-${index}`;
      event.detail["errorCode"] = "AccessDenied";
    }),
  );
}

/** So many services that hold an old value. */
function crowd(count: number): FakeAws {
  const aws = new FakeAws();
  aws.secret(start);
  for (let index = 0; index < count; index++) aws.service(`service-${index}`, start - 60 * minute);
  return aws;
}

function forced(aws: FakeAws): number {
  return aws.calls.filter(({ operation }) => operation === "UpdateService").length;
}

describe("more services than UpdateService takes at once", () => {
  it("of a sweep wait in the line, and the same run works it off", async () => {
    const aws = crowd(60);
    aws.nowMs = start + minute;

    await aws.recycler(settingsWith(listed))(batchOf(sweep));

    assert.equal(forced(aws), 60);
    assert.ok(aws.nowMs - start - minute >= 2 * second, "ten calls at five a second take two seconds");
  });

  it("of a sweep in a full batch wait for a later run", async () => {
    const aws = crowd(60);
    const recycler = aws.recycler(settingsWith(listed));
    aws.nowMs = start + minute;

    await recycler(batchOf(sweep, ...noise(9)));
    assert.equal(forced(aws), 50);
    const note = aws.lines.find((line) => line.includes('"waiting"'));
    assert.match(note ?? "", /"services":10/);
    const held = aws.decisions().filter(({ decision }) => decision === "deferred");
    assert.equal(held.length, 10);
    assert.match(held[0]?.reason ?? "", /waits for its turn/);

    await recycler(batchOf(noise(1)[0]));
    assert.equal(forced(aws), 60);
  });

  it("of an event wait without a call until their turn comes", async () => {
    const aws = crowd(70);
    const recycler = aws.recycler(settingsWith(listed));
    aws.nowMs = start + minute;

    await recycler(batchOf(canonical("put-secret-value-by-arn"), ...noise(9)));

    assert.equal(forced(aws), 50);
    assert.equal(aws.calls.filter(({ operation }) => operation === "ListServiceDeployments").length, 50);
  });

  it("stay in the line when a person asks", async () => {
    const aws = crowd(60);
    const recycler = aws.recycler(settingsWith(listed));
    aws.nowMs = start + minute;
    await recycler(batchOf(sweep, ...noise(9)));

    await recycler({ ask: "status" }, questionContext);
    assert.equal(forced(aws), 50);

    aws.nowMs += minute;
    await recycler(batchOf(noise(1)[0]));
    assert.equal(forced(aws), 60);
  });
});

describe("many events of one secret", () => {
  it("need one look when that is younger than all changes", async () => {
    const aws = new FakeAws();
    aws.service("api", start - 60 * minute);
    const events: EventFields[] = [];
    for (let index = 0; index < 20; index++) {
      aws.nowMs = start + index * 100;
      events.push(aws.put(aws.nowMs));
    }
    aws.nowMs = start + 20 * second;
    const recycler = aws.recycler(settingsWith(listed));
    aws.counts();

    for (const event of events) await recycler(batchOf(event));

    const counts = aws.counts();
    assert.deepEqual([counts.DescribeSecret, counts.UpdateService], [1, 1]);
    assert.ok((counts.DescribeServices ?? 0) <= 3, `${counts.DescribeServices} calls of DescribeServices`);
  });
});

describe("limits.maxDeploymentsPerHour", () => {
  const settings = settingsWith(listed, { limits: { maxDeploymentsPerHour: 6 } });

  /** A value that changes again and again, each time a few minutes after the last. */
  async function write(
    aws: FakeAws,
    recycler: (event: unknown) => Promise<unknown>,
    times: number,
  ): Promise<void> {
    for (let index = 0; index < times; index++) {
      const event = aws.put(aws.nowMs);
      aws.nowMs += 20 * second;
      await recycler(batchOf(event));
      aws.nowMs += 2 * minute;
      aws.finish("api");
    }
  }

  it("stops a writer gone wild, counts it, and lets go an hour later", async () => {
    const aws = new FakeAws();
    aws.secret(start, { LastChangedDate: new Date(start - 60 * minute) });
    aws.service("api", start - 30 * minute);
    const recycler = aws.recycler(settings);

    await write(aws, recycler, 9);

    assert.equal(forced(aws), 6);
    const held = aws.decisions().filter(({ decision }) => decision === "cooling-down");
    assert.match(held.at(-1)?.reason ?? "", /6 deployments in the last hour.*maxDeploymentsPerHour/);
    assert.equal(held.length, 3);
    aws.nowMs += 60 * minute;
    await recycler(batchOf(sweep));
    assert.equal(forced(aws), 7);
  });

  it("counts in the metric TooManyDeployments", async () => {
    const aws = new FakeAws();
    aws.secret(start, { LastChangedDate: new Date(start - 60 * minute) });
    aws.service("api", start - 30 * minute);
    const recycler = aws.recycler(settings);
    await write(aws, recycler, 6);
    aws.lines.splice(0);

    await write(aws, recycler, 1);

    const metrics = aws.lines.filter((line) => line.includes("_aws"));
    assert.ok(
      metrics.some((line) => /"TooManyDeployments":1/.test(line)),
      metrics.join("\n"),
    );
  });

  it("counts what a container before this one may have forced", async () => {
    const aws = new FakeAws();
    aws.secret(start, { LastChangedDate: new Date(start - 60 * minute) });
    aws.service("api", start - 30 * minute);
    await write(aws, aws.recycler(settings), 6);

    await write(aws, aws.recycler(settings), 1);

    assert.equal(forced(aws), 6);
  });

  it("of 0 stops nobody", async () => {
    const aws = new FakeAws();
    aws.secret(start, { LastChangedDate: new Date(start - 60 * minute) });
    aws.service("api", start - 30 * minute);
    const off = settingsWith(listed, { limits: { maxDeploymentsPerHour: 0 } });

    await write(aws, aws.recycler(off), 9);

    assert.equal(forced(aws), 9);
  });
});
