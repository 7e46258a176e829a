import assert from "node:assert/strict";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteQueryDefinitionCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
  PutQueryDefinitionCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CloudWatch } from "../../aws/cloudwatch";
import { Logs } from "../../aws/logs";
import { embeddedMetrics } from "../../aws/logs/embedded-metrics";
import { filterPattern } from "../../aws/logs/filter-pattern";
import { Account } from "../support/account";

const where = { logGroupName: "/aws/lambda/f", logStreamName: "s" };
const metrics = (timestamp: number) => ({
  _aws: {
    Timestamp: timestamp,
    CloudWatchMetrics: [
      {
        Namespace: "ecs-secret-recycler",
        Dimensions: [["Stack"], []],
        Metrics: [{ Name: "Recycled", Unit: "Count" }, { Name: "Lag" }],
      },
    ],
  },
  Stack: "dev",
  Recycled: 2,
  Lag: [1, 3],
});

describe("Logs", () => {
  let account: Account;
  const { logs } = { logs: () => account.clients.logs };
  const put = (messages: string[], timestamp = account.clock.now()) =>
    account.run(
      logs().send(
        new PutLogEventsCommand({ ...where, logEvents: messages.map((message) => ({ message, timestamp })) }),
      ),
    );

  beforeEach(async () => {
    account = new Account();
    await account.run(logs().send(new CreateLogGroupCommand({ logGroupName: where.logGroupName })));
    await account.run(logs().send(new CreateLogStreamCommand(where)));
  });

  it("gives events back in order, in pages, and by a filter", async () => {
    await put(["one", "two", "three"]);

    const head = await account.run(
      logs().send(new GetLogEventsCommand({ ...where, startFromHead: true, limit: 2 })),
    );
    const next = await account.run(
      logs().send(
        new GetLogEventsCommand({
          ...where,
          startFromHead: true,
          limit: 2,
          nextToken: head.nextForwardToken,
        }),
      ),
    );
    const filtered = await account.run(
      logs().send(new FilterLogEventsCommand({ logGroupName: where.logGroupName, filterPattern: "t -w" })),
    );

    const messages = (events: { message?: string }[] | undefined) => events?.map(({ message }) => message);
    assert.deepEqual(messages(head.events), ["one", "two"]);
    assert.deepEqual(messages(next.events), ["three"]);
    assert.deepEqual(messages(filtered.events), ["three"]);
  });

  it("extracts embedded metrics for each set of dimensions", async () => {
    await put([JSON.stringify(metrics(account.clock.now()))]);

    const total = (name: string, dimensions: Record<string, string>) =>
      CloudWatch.of(account.world).total("ecs-secret-recycler", name, dimensions);
    assert.deepEqual(
      [total("Recycled", { Stack: "dev" }), total("Recycled", {}), total("Lag", { Stack: "dev" })],
      [2, 2, 4],
    );
  });

  it("extracts nothing from a line that the JSON log format has wrapped", async () => {
    const line = JSON.stringify(metrics(account.clock.now()));
    await put([
      JSON.stringify({ timestamp: "t", level: "INFO", message: line }),
      JSON.stringify({ timestamp: "t", level: "INFO", message: metrics(1) }),
    ]);

    assert.equal(CloudWatch.of(account.world).total("ecs-secret-recycler", "Recycled", {}), 0);
  });

  it("forgets events after the retention", async () => {
    await account.run(
      logs().send(new PutRetentionPolicyCommand({ logGroupName: where.logGroupName, retentionInDays: 1 })),
    );
    await put(["old"]);
    await account.pass(86_401);
    await put(["new"]);

    const { events } = await account.run(logs().send(new GetLogEventsCommand(where)));

    assert.deepEqual(
      events?.map(({ message }) => message),
      ["new"],
    );
  });

  it("keeps the id of a saved query that is written again, and deletes it once", async () => {
    const write = (queryString: string, queryDefinitionId?: string) =>
      account.run(
        logs().send(new PutQueryDefinitionCommand({ name: "shop/errors", queryString, queryDefinitionId })),
      );
    const remove = (queryDefinitionId?: string) =>
      account.run(logs().send(new DeleteQueryDefinitionCommand({ queryDefinitionId })));

    const { queryDefinitionId } = await write("fields @message");
    const again = await write("fields @message | limit 5", queryDefinitionId);

    assert.equal(again.queryDefinitionId, queryDefinitionId);
    assert.deepEqual(
      [(await remove(queryDefinitionId)).success, (await remove(queryDefinitionId)).success],
      [true, false],
    );
    await assert.rejects(write(""), { name: "InvalidParameterException" });
  });

  it("refuses a retention that AWS does not have, a group twice and a stream that is not there", async () => {
    const send = (retentionInDays: number) =>
      account.run(
        logs().send(new PutRetentionPolicyCommand({ logGroupName: where.logGroupName, retentionInDays })),
      );

    await assert.rejects(send(31), { name: "InvalidParameterException" });
    await assert.rejects(
      account.run(logs().send(new CreateLogGroupCommand({ logGroupName: where.logGroupName }))),
      { name: "ResourceAlreadyExistsException" },
    );
    await assert.rejects(
      account.run(logs().send(new GetLogEventsCommand({ ...where, logStreamName: "none" }))),
      { name: "ResourceNotFoundException" },
    );
  });

  it("refuses events out of order and leaves out what is too old", async () => {
    const now = account.clock.now();
    const send = (times: number[]) =>
      account.run(
        logs().send(
          new PutLogEventsCommand({
            ...where,
            logEvents: times.map((timestamp) => ({ message: "m", timestamp })),
          }),
        ),
      );

    const { rejectedLogEventsInfo } = await send([now - 15 * 86_400_000, now]);

    assert.deepEqual(rejectedLogEventsInfo?.tooOldLogEventEndIndex, 1);
    assert.equal(Logs.of(account.world).lines(where.logGroupName).length, 1);
    await assert.rejects(send([now, now - 1]), { name: "InvalidParameterException" });
  });

  it("lists groups by prefix, in pages", async () => {
    for (const logGroupName of ["p1", "p2", "p3"])
      await account.run(logs().send(new CreateLogGroupCommand({ logGroupName })));
    const list = (nextToken?: string) =>
      account.run(
        logs().send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "p", limit: 2, nextToken })),
      );

    const first = await list();
    const second = await list(first.nextToken);

    assert.deepEqual(
      [first, second].map(({ logGroups }) => logGroups?.map(({ logGroupName }) => logGroupName)),
      [["p1", "p2"], ["p3"]],
    );
  });

  describe("embeddedMetrics", () => {
    const change = (more: object) => JSON.stringify({ ...metrics(1), ...more });
    for (const [what, line] of [
      ["text", 'no JSON but "_aws"'],
      ["a metric without a value", change({ Recycled: undefined, Lag: undefined })],
      ["a metric that is no number", change({ Recycled: "2", Lag: "1" })],
      [
        "a dimension without a value",
        JSON.stringify({ ...metrics(1), Stack: undefined, Lag: "x", Recycled: "x" }),
      ],
      ["no timestamp", change({ _aws: { CloudWatchMetrics: metrics(1)._aws.CloudWatchMetrics } })],
      [
        "no namespace",
        change({
          _aws: { Timestamp: 1, CloudWatchMetrics: [{ Dimensions: [[]], Metrics: [{ Name: "Lag" }] }] },
        }),
      ],
      ["a list at the root", `[${change({})}]`],
    ] as const)
      it(`finds nothing in ${what}`, () => {
        assert.deepEqual(embeddedMetrics(line), []);
      });
  });

  describe("filterPattern", () => {
    const message = JSON.stringify({ decision: "recycle", count: 3, who: { name: "shop" } });
    for (const [pattern, expected] of [
      ["", true],
      ["recycle", true],
      ["recycle fresh", false],
      ["?recycle ?fresh", true],
      ['"decision":"fresh"', false],
      ["-recycle", false],
      ['{ $.decision = "recycle" }', true],
      ['{ $.decision = "rec*" }', true],
      ['{ $.decision != "recycle" }', false],
      ["{ $.count > 2 && $.who.name = shop }", true],
      ["{ $.count >= 4 }", false],
      ["{ $.missing = 1 }", false],
    ] as const)
      it(`${expected ? "takes" : "leaves out"} a line by ${pattern || "an empty pattern"}`, () => {
        assert.equal(filterPattern(pattern)(message), expected);
      });
  });
});
