import assert from "node:assert/strict";
import { join } from "node:path";
import type { DescribeTrailsCommandOutput } from "@aws-sdk/client-cloudtrail";
import type { GetBucketPolicyCommandOutput } from "@aws-sdk/client-s3";
import type { DescribeSecretResponse } from "@aws-sdk/client-secrets-manager";
import type { World } from "../../embedded-aws/aws/world";
import { SecretsManager } from "../../embedded-aws/aws/secrets-manager";
import { deploy, type Deployment } from "../../embedded-aws/pulumi/mocks";
import { recyclerStub } from "../../simulation/recycler-stub";
import { places } from "../support/places";
import { settingsOfStack } from "../support/stack-file";
import { virtualWorld } from "../../embedded-aws/test/support/world";

const MANAGED = "rds!db-00000000-0000-0000-0000-000000000000";

/** The secrets that the settings of Pulumi.prod.yaml name, as somebody else's stack would have made them. */
async function makeSecrets(world: World): Promise<void> {
  for (const [index, Name] of ["production/database", "production/database-admin"].entries())
    await world.asOperator("secretsmanager", "CreateSecret", {
      Name,
      SecretString: "{}",
      ClientRequestToken: `00000000-0000-4000-8000-00000000000${index}`,
    });
  const secretsManager = SecretsManager.of(world);
  secretsManager.manageRotation("rds", () => Promise.resolve("{}"));
  secretsManager.createManaged({ owningService: "rds", name: MANAGED, value: "{}" });
}

function up(world: World, stack: string): Promise<Deployment> {
  const config: Record<string, unknown> = { "aws:region": world.region };
  for (const [key, value] of Object.entries(settingsOfStack(stack)))
    config[`ecs-secret-recycler:${key}`] = value;
  const root = join(__dirname, "..", "..");
  return deploy(world, join(root, "index.ts"), {
    project: "ecs-secret-recycler",
    stack,
    config,
    standIns: { [join(root, "handler", "index.ts")]: recyclerStub },
  });
}

describe("the stack in the embedded AWS", () => {
  for (const place of places)
    it(`goes up with the settings of Pulumi.prod.yaml in ${place.partition}`, async () => {
      const { world } = virtualWorld(place);
      await makeSecrets(world);

      const prod = await up(world, "prod");

      const bucket = String(prod.outputs.trailBucketName);
      const { Policy = "" } = await world.asOperator<GetBucketPolicyCommandOutput>("s3", "GetBucketPolicy", {
        Bucket: bucket,
      });
      const trails = await world.asOperator<DescribeTrailsCommandOutput>("cloudtrail", "DescribeTrails", {});
      const secret = await world.asOperator<DescribeSecretResponse>("secretsmanager", "DescribeSecret", {
        SecretId: "production/database",
      });
      assert.ok(Policy.includes(`"aws:SourceArn":"${trails.trailList?.[0]?.TrailARN}"`), Policy);
      assert.ok(Policy.includes(`"arn:${place.partition}:s3:::${bucket}/*"`), Policy);
      assert.equal(trails.trailList?.[0]?.LogFileValidationEnabled, true);
      assert.equal(trails.trailList?.length, 1);
      assert.equal(secret.RotationEnabled, true);
      assert.equal(secret.RotationRules?.ScheduleExpression, "cron(0 3 ? * SUN *)");
    });
});
