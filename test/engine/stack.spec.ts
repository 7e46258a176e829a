import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GetBucketPolicyOutput } from "@aws-sdk/client-s3";
import type { InvocationResponse } from "@aws-sdk/client-lambda";
import { parse } from "yaml";
import type { World } from "../../embedded-aws/aws/world";
import { ProcessFunctionRuntime } from "../../embedded-aws/runtime/function-process";
import { serve } from "../../embedded-aws/aws/account/http";
import { SecretsManager } from "../../embedded-aws/aws/secrets-manager";
import { noRuntime, realWorld } from "../../embedded-aws/test/support/world";
import { Engine, type Stack } from "./support/engine";

const repository = join(__dirname, "..", "..");

describe("the stack on the real engine", function () {
  let world: World;
  let engine: Engine;
  let functions: ProcessFunctionRuntime;
  let door: { close(): Promise<void> };

  before(async () => {
    functions = new ProcessFunctionRuntime();
    world = realWorld({ runtime: { ...noRuntime, functions } });
    door = await serve(world);
    engine = await Engine.start(world);
    for (const cluster of ["development", "production"])
      await world.asOperator("ecs", "CreateCluster", { clusterName: cluster });
    for (const name of ["production/database", "production/database-admin"])
      await world.asOperator("secretsmanager", "CreateSecret", { Name: name, SecretString: "{}" });
  });

  after(async () => {
    await engine?.close();
    await door?.close();
    await world?.stop();
    await functions?.stop();
  });

  describe("with the development settings", () => {
    let stack: Stack;
    let config: Record<string, unknown>;

    before(async () => {
      config = configOf("dev");
      stack = await engine.stack(repository, "dev", config);
    });

    it("previews with the policy pack, goes up, and has nothing to change afterwards", async () => {
      const preview = await stack.preview("--policy-pack", join(repository, "policy-pack"));
      assert.equal(preview.status, 0, preview.output);
      assert.deepEqual(preview.violations, []);

      const up = await stack.up("--policy-pack", join(repository, "policy-pack"));
      assert.equal(up.status, 0, up.output);
      assert.deepEqual(up.violations, []);

      const again = await stack.preview("--expect-no-changes");
      assert.equal(again.status, 0, again.output);
    });

    it("hands over an archive that runs", async () => {
      const answer = await world.asOperator<InvocationResponse>("lambda", "Invoke", {
        FunctionName: "ecs-secret-recycler-dev",
        Qualifier: "questions",
        Payload: Buffer.from(JSON.stringify({ ask: "status" })),
      });

      const text = Buffer.from(answer.Payload ?? []).toString();
      assert.equal(answer.FunctionError, undefined, text);
      assert.ok(typeof JSON.parse(text) === "object", text);
    });

    it("changes only the function when a service of a covered cluster is named", async () => {
      stack.configure({
        ...config,
        "ecs-secret-recycler:services": [{ cluster: "development", exclude: ["batch"] }],
      });

      const changed = await stack.up();

      assert.equal(changed.status, 0, changed.output);
      assert.deepEqual(changed.changes, ["update aws:lambda/function:Function"]);
    });

    it("goes down and leaves nothing", async () => {
      const down = await stack.destroy();

      assert.equal(down.status, 0, down.output);
      const queues = await world.asOperator<{ QueueUrls?: string[] }>("sqs", "ListQueues", {});
      const functions = await world.asOperator<{ Functions?: object[] }>("lambda", "ListFunctions", {});
      const rules = await world.asOperator<{ Rules?: object[] }>("events", "ListRules", {});
      const roles = await world.asOperator<{ Roles?: object[] }>("iam", "ListRoles", {});
      assert.deepEqual(
        [queues.QueueUrls ?? [], functions.Functions ?? [], rules.Rules ?? [], roles.Roles ?? []],
        [[], [], [], []],
      );
    });
  });

  describe("with the production settings", () => {
    let stack: Stack;

    before(async () => {
      const managed = managedSecret(world);
      const config = JSON.parse(
        JSON.stringify(configOf("prod")).replace("rds!db-00000000-0000-0000-0000-000000000000", managed),
      ) as Record<string, unknown>;
      stack = await engine.stack(repository, "prod", config);
    });

    it("goes up, and has nothing to change afterwards", async () => {
      const up = await stack.up();
      assert.equal(up.status, 0, up.output);

      const again = await stack.preview("--expect-no-changes");
      assert.equal(again.status, 0, again.output);
    });

    it("puts the hardened policy on the trail's bucket", async () => {
      const { trailBucketName: bucketName } = (await stack.outputs()) as { trailBucketName: string };

      const answer = await world.asOperator<GetBucketPolicyOutput>("s3", "GetBucketPolicy", {
        Bucket: bucketName,
      });

      const { Statement: statements } = JSON.parse(answer.Policy!) as {
        Statement: { Sid?: string; Effect: string; Condition?: Record<string, Record<string, string>> }[];
      };
      const trail = "arn:aws:cloudtrail:us-west-2:123456789012:trail/ecs-secret-recycler-prod";
      for (const statement of statements.filter(({ Effect }) => Effect === "Allow"))
        assert.ok(JSON.stringify(statement.Condition).includes(trail), JSON.stringify(statement));
      assert.ok(
        statements.some(
          ({ Effect, Condition }) =>
            Effect === "Deny" && Condition?.Bool?.["aws:SecureTransport"] === "false",
        ),
        answer.Policy,
      );
    });

    it("goes down, leaves the trail's bucket, and goes up again", async () => {
      const { trailBucketName: bucketName } = (await stack.outputs()) as { trailBucketName: string };

      const down = await stack.destroy();
      assert.equal(down.status, 0, down.output);
      await world.asOperator("s3", "HeadBucket", { Bucket: bucketName });

      const up = await stack.up();
      assert.equal(up.status, 0, up.output);
      const { trailBucketName: second } = (await stack.outputs()) as { trailBucketName: string };
      assert.notEqual(second, bucketName);
      const again = await stack.destroy();
      assert.equal(again.status, 0, again.output);
    });
  });

  it("refuses wrong settings before it declares anything, all mistakes at once", async () => {
    const stack = await engine.stack(repository, "wrong", {
      "aws:region": "us-west-2",
      "ecs-secret-recycler:services": [{ service: "api" }, { cluster: "shop", wavee: 1 }],
    });

    const preview = await stack.preview();

    assert.notEqual(preview.status, 0);
    assert.match(preview.output, /services\[0\]\.cluster/);
    assert.match(preview.output, /services\[1\]\.wavee/);
    assert.deepEqual(
      preview.changes.filter((change) => !change.includes("pulumi:")),
      [],
    );
  });
});

/** The configuration of one of the repository's own stack files. */
function configOf(stack: string): Record<string, unknown> {
  const file = readFileSync(join(repository, `Pulumi.${stack}.yaml`), "utf8");
  return (parse(file) as { config: Record<string, unknown> }).config;
}

/** The name of a secret that RDS owns, made without a database behind it. */
function managedSecret(world: World): string {
  const secrets = SecretsManager.of(world);
  secrets.manageRotation("rds", () => Promise.resolve("{}"));
  secrets.createManaged({ owningService: "rds", name: "rds!db-0a1b2c3d", value: "{}" });
  return "rds!db-0a1b2c3d";
}
