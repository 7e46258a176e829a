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
import { blocksOf, codeSpans, page } from "../support/pages";
import { shopWorld, type ShopWorld } from "./support/shop-world";

const account = page("docs/account.md");
const name = "ecs-secret-recycler-first";

/** The command lines of the page, in their order. */
const lines = blocksOf(account, "sh").flatMap((block) => block.split("\n").filter(Boolean));
const removal = lines.findIndex((line) => line.startsWith("pulumi destroy"));

/** The line with which the page offers tags, in a sentence. */
const tagsLine = codeSpans(account).find((span) => span.includes("aws:defaultTags"))!;

describe("docs/account.md", function () {
  let world: World;
  let engine: Engine;
  let shop: ShopWorld;
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  let valueBefore: string;
  const outputs = new Map<string, string[]>();

  before(async () => {
    shop = await shopWorld();
    world = shop.world;
    await deployShop(world, { engine: "postgres", store: "secret" });
    valueBefore = await logToken();
    engine = await Engine.start(world);
    folder = checkout(engine.folder);
    const { accessKeyId, secretAccessKey } = Iam.of(world).credentials(operator);
    environment = {
      PATH: [standIn(engine.folder), engine.environment.PATH].join(delimiter),
      AWS_ENDPOINT_URL: shop.url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      NODE_PATH: join(folder, "node_modules"),
    };
  });

  // What did not start need not be closed, and must not keep the process alive.
  after(async () => {
    await engine?.close();
    await shop?.close();
  });

  it("has the lines that this test knows how to follow", () => {
    assert.equal(lines.length, 15);
    assert.deepEqual([...new Set(lines.map((line) => line.split(" ")[0]))], ["export", "pulumi", "aws"]);
    assert.deepEqual(lines.slice(removal), ["pulumi destroy --yes", "pulumi stack rm first --yes"]);
  });

  it("installs, watches and acts: every line ends with status 0", async () => {
    for (const line of lines.slice(0, removal)) {
      // Before the first deployment the page offers tags.
      if (line.includes("mode dry-run")) await follow(tagsLine);
      const before = await decided();
      await follow(line);
      if (line.includes("put-secret-value"))
        while ((await decided()) === before) await world.clock.sleep(100, "the test waits for a decision");
      if (line.includes("mode recycle"))
        assert.equal(await allHoldTheNewest("shop/log-token"), false, "the dry run replaced tasks");
      if (line.includes("put-secret-value") && outputs.get(line)!.length === 2)
        while (!(await allHoldTheNewest("shop/log-token")))
          await world.clock.sleep(100, "the test waits for the roll");
    }
  });

  it("gave the secret two new versions with the same value", async () => {
    const versions = await world.asOperator<{ Versions: object[] }>(
      "secretsmanager",
      "ListSecretVersionIds",
      { SecretId: "shop/log-token", IncludeDeprecated: true },
    );

    assert.equal(await logToken(), valueBefore);
    assert.equal(versions.Versions.length, 3);
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
  });

  it("takes it away, but for the trail's bucket, installs it again, and forgets the stack", async () => {
    const [destroy, forget] = lines.slice(removal);
    await follow(destroy!);
    await onlyTheBucketIsLeft(1);
    await follow("pulumi up --yes");
    await follow(destroy!);
    await onlyTheBucketIsLeft(2);
    await follow(forget!);

    const stacks = await engine.sh(folder, "pulumi stack ls --json", environment);
    assert.deepEqual(JSON.parse(stacks.output), []);
  });

  /** Runs a line as a user's shell does: what it exports stays. */
  async function follow(line: string): Promise<void> {
    const [, variable, value] = /^export (\w+)=(\S+)$/.exec(line) ?? [];
    if (variable !== undefined) {
      environment[variable] = value;
      return;
    }
    const run = await engine.sh(folder, line, environment);
    assert.equal(run.status, 0, `${line}\n${run.output}`);
    outputs.set(line, [...(outputs.get(line) ?? []), run.output]);
  }

  async function logToken(): Promise<string> {
    const { SecretString } = await world.asOperator<{ SecretString: string }>(
      "secretsmanager",
      "GetSecretValue",
      { SecretId: "shop/log-token" },
    );
    return SecretString;
  }

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

  async function onlyTheBucketIsLeft(buckets: number): Promise<void> {
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
    assert.equal(Buckets.length, buckets);
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
