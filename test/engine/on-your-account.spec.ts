import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { FilterLogEventsResponse } from "@aws-sdk/client-cloudwatch-logs";
import { operator } from "../../embedded-aws/aws/caller";
import { Ecs } from "../../embedded-aws/aws/ecs";
import { Iam } from "../../embedded-aws/aws/iam";
import type { World } from "../../embedded-aws/aws/world";
import { deployShop } from "../../demo/example";
import { checkout } from "./support/checkout";
import { Engine } from "./support/engine";
import { readmeSection } from "../support/readme";
import { shopWorld, type ShopWorld } from "./support/shop-world";

const page = readmeSection("On your account");
const name = "ecs-secret-recycler-first";

/** The command lines of the page, in their order. */
const lines = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
  block!.split("\n").filter(Boolean),
);

/** The line with which the page offers tags: it stands in a sentence, broken between two lines. */
const tagsLine = page
  .match(/pulumi config set --path\s+'aws:defaultTags\.tags\.team' platform/)![0]
  .replace(/\s+/g, " ");

describe("README.md, On your account", function () {
  let world: World;
  let engine: Engine;
  let account: ShopWorld;
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  const outputs = new Map<string, string[]>();

  before(async () => {
    account = await shopWorld();
    world = account.world;
    await deployShop(world, { engine: "postgres", store: "secret" });
    engine = await Engine.start(world);
    folder = checkout(engine.folder);
    const { accessKeyId, secretAccessKey } = Iam.of(world).credentials(operator);
    environment = {
      PATH: [standIn(engine.folder), engine.environment.PATH].join(delimiter),
      AWS_ENDPOINT_URL: account.url,
      AWS_REGION: world.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      NODE_PATH: join(folder, "node_modules"),
    };
  });

  // What did not start need not be closed, and must not keep the process alive.
  after(async () => {
    await engine?.close();
    await account?.close();
  });

  it("has the lines that this test knows how to follow", () => {
    assert.equal(lines.length, 14);
    assert.deepEqual([...new Set(lines.map((line) => line.split(" ")[0]))], ["pulumi", "aws"]);
  });

  it("prints lines of which every one ends with status 0, in their order", async () => {
    for (const [index, line] of lines.entries()) {
      // The last `up` makes everything anew: with the tags that the page offers.
      if (index === lines.length - 1)
        assert.equal((await engine.sh(folder, tagsLine, environment)).status, 0);
      const before = await decided();
      const run = await engine.sh(folder, line, environment);
      assert.equal(run.status, 0, `${line}\n${run.output}`);
      outputs.set(line, [...(outputs.get(line) ?? []), run.output]);
      if (line.includes("put-secret-value"))
        while ((await decided()) === before) await world.clock.sleep(100, "the test waits for a decision");
      if (line.includes("another-token"))
        while (!(await allHoldTheNewest("shop/log-token")))
          await world.clock.sleep(100, "the test waits for the roll");
      if (line.startsWith("pulumi destroy")) await onlyTheBucketIsLeft();
    }
  });

  it("shows in the log what the dry run would have redeployed, and why", () => {
    const [output] = outputs.get(lines.find((line) => line.includes("filter-log-events"))!)!;

    assert.match(output!, /"decision":"recycle"/);
    assert.match(output!, /"service":"worker"/);
    assert.match(output!, /"mode":"dry-run"/);
  });

  it("respects tags of the account's own, aws:defaultTags, on what takes tags", async () => {
    const { Role } = await world.asOperator<{ Role: { Tags?: { Key: string; Value: string }[] } }>(
      "iam",
      "GetRole",
      {
        RoleName: name,
      },
    );
    const tagged = await world.asOperator<{ Tags?: Record<string, string> }>("lambda", "ListTags", {
      Resource: `arn:aws:lambda:eu-west-1:123456789012:function:${name}`,
    });

    const tags = { "ecs-secret-recycler:stack": "first", team: "platform" };
    assert.deepEqual(Object.fromEntries((Role.Tags ?? []).map(({ Key, Value }) => [Key, Value])), tags);
    assert.deepEqual(tagged.Tags, tags);
    const unchanged = await engine.sh(folder, "pulumi preview --expect-no-changes", environment);
    assert.equal(unchanged.status, 0, unchanged.output);
  });

  /** How many decisions the recycler has logged. */
  async function decided(): Promise<number> {
    const groups = await world.asOperator<{ logGroups?: object[] }>("logs", "DescribeLogGroups", {
      logGroupNamePrefix: `/aws/lambda/${name}`,
    });
    if ((groups.logGroups ?? []).length === 0) return 0;
    const { events = [] } = await world.asOperator<FilterLogEventsResponse>("logs", "FilterLogEvents", {
      logGroupName: `/aws/lambda/${name}`,
      filterPattern: '{ $.decision = "recycle" }',
    });
    return events.length;
  }

  async function allHoldTheNewest(secret: string): Promise<boolean> {
    const { VersionIdsToStages = {} } = await world.asOperator<{
      VersionIdsToStages?: Record<string, string[]>;
    }>("secretsmanager", "DescribeSecret", { SecretId: secret });
    const [current] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes("AWSCURRENT"))!;
    const reads = Ecs.of(world)
      .runningTasks()
      .flatMap((task) => task.reads)
      .filter(({ subjectArn }) => subjectArn.includes(`:secret:${secret}-`));
    return reads.length > 0 && reads.every(({ versionId }) => versionId === current);
  }

  async function onlyTheBucketIsLeft(): Promise<void> {
    const { Buckets = [] } = await world.asOperator<{ Buckets?: { Name: string }[] }>(
      "s3",
      "ListBuckets",
      {},
    );
    const { Functions = [] } = await world.asOperator<{ Functions?: object[] }>(
      "lambda",
      "ListFunctions",
      {},
    );
    const { QueueUrls = [] } = await world.asOperator<{ QueueUrls?: string[] }>("sqs", "ListQueues", {});
    assert.equal(Buckets.length, 1);
    assert.deepEqual([Functions, QueueUrls], [[], []]);
  }
});

/** A folder with an `aws` in it. */
function standIn(parent: string): string {
  const folder = join(parent, "aws");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "aws"),
    `#!/bin/sh\nexec node ${JSON.stringify(join(__dirname, "support", "aws.cjs"))} "$@"\n`,
  );
  chmodSync(join(folder, "aws"), 0o755);
  return folder;
}
