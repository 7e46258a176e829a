import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { COMPUTED, runIndex, type Declared, type Run } from "../support/declared";

const BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy";
const settings = { services: [{ cluster: "shop" }], trail: "create" };

function trailOf({ resources }: Run): Declared {
  const trail = resources.find(({ type }) => type === "awsx:cloudtrail:Trail");
  assert.ok(trail);
  return trail;
}

/** What the trail's transforms make of a child that awsx declares. */
async function transformed(
  run: Run,
  type: string,
  props: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  let result = props;
  for (const transform of trailOf(run).transforms) {
    const child = {
      type,
      name: "child",
      custom: true,
      props: result,
      opts: {},
    };
    const answer = await transform(child);
    if (answer) result = answer.props;
  }
  const plain = pulumi.output(result);
  return new Promise((resolve) => plain.apply(resolve));
}

describe("Trail", () => {
  let run: Run;
  before(async () => {
    run = await runIndex(settings);
  });

  it("logs write-only management events with file validation, under the name that aws:SourceArn is made of", () => {
    const { inputs } = trailOf(run);

    assert.equal(inputs.name, "ecs-secret-recycler-dev");
    assert.deepEqual(inputs.eventSelectors, [{ readWriteType: "WriteOnly", includeManagementEvents: true }]);
    assert.equal(inputs.enableLogFileValidation, true);
    assert.equal(inputs.insightSelectors, undefined);
    assert.deepEqual(inputs.s3Bucket, { existing: { arn: `${COMPUTED}trail-bucket.arn` } });
  });

  it("keeps the bucket and all that protects it when the stack goes", () => {
    const kept = run.resources.filter(({ retainOnDelete }) => retainOnDelete).map(({ name }) => name);

    assert.deepEqual(kept.sort(), [
      "trail-bucket",
      "trail-bucket-encryption",
      "trail-bucket-lifecycle",
      "trail-bucket-public-access-block",
    ]);
  });

  it("blocks public access, encrypts and lets files expire", () => {
    const inputsOf = (name: string) => run.resources.find((resource) => resource.name === name)?.inputs;

    assert.deepEqual(inputsOf("trail-bucket-public-access-block"), {
      bucket: `${COMPUTED}trail-bucket.bucket`,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    assert.match(JSON.stringify(inputsOf("trail-bucket-encryption")), /"sseAlgorithm":"AES256"/);
    assert.match(JSON.stringify(inputsOf("trail-bucket-lifecycle")), /"expiration":\{"days":365\}/);
    assert.notEqual(inputsOf("trail-bucket")?.forceDestroy, true);
  });

  it("gives its bucket a name that another stack cannot have, within S3's length", async () => {
    const long = await runIndex(settings, { stack: "Feature_branch-number-123" });

    const prefix = long.resources.find(({ name }) => name === "trail-bucket")?.inputs.bucketPrefix;

    assert.equal(prefix, "ecs-secret-recycler-feature-br-trail-");
    assert.ok(prefix.length <= 37, "S3 allows 63 characters, of which the provider adds 26");
  });

  it("hardens the bucket policy that awsx declares, by a transform", async () => {
    const statement = {
      Effect: "Allow",
      Principal: { Service: "cloudtrail.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: "*",
    };
    const policy = { Version: "2012-10-17", Statement: [statement] };

    const props = await transformed(run, BUCKET_POLICY, { bucket: "audit", policy });

    assert.equal(props.bucket, "audit");
    const { Statement } = JSON.parse(props.policy as string) as { Statement: Record<string, unknown>[] };
    assert.deepEqual(Statement[0]?.Condition, {
      StringEquals: {
        "aws:SourceArn": "arn:aws:cloudtrail:us-west-2:123456789012:trail/ecs-secret-recycler-dev",
      },
    });
    assert.equal(Statement[1]?.Effect, "Deny");
    assert.deepEqual(Statement[1]?.Resource, [
      `${COMPUTED}trail-bucket.arn`,
      `${COMPUTED}trail-bucket.arn/*`,
    ]);
  });

  it("leaves every other child as it is", async () => {
    const props = { bucket: "audit", policy: "not a policy" };

    assert.deepEqual(await transformed(run, "aws:cloudtrail/trail:Trail", props), props);
  });

  it("fails when awsx made a trail without the bucket policy that was to be hardened", async () => {
    const made = { "awsx:cloudtrail:Trail": { trail: "a trail" } };

    await assert.rejects(
      runIndex(settings, { outputs: made }),
      /the policy of the bucket .* was not hardened/,
    );
  });
});
