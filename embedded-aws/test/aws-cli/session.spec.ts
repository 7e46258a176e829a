import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mustRun, startLocal, type Local } from "./local";

/** Lists, describes and changes through every service that the stack uses. */
const commands: readonly string[] = [
  "aws sts get-caller-identity",
  "aws ecs list-clusters",
  "aws ecs list-services --cluster shop",
  "aws ecs describe-services --cluster shop --services web worker reports",
  "aws ecs list-tasks --cluster shop --service-name web",
  "aws ecs describe-task-definition --task-definition shop-web",
  "aws ecs list-service-deployments --service web --cluster shop",
  "aws ecs update-service --cluster shop --service reports --desired-count 1",
  "aws secretsmanager list-secrets",
  "aws secretsmanager describe-secret --secret-id shop/database",
  "aws secretsmanager list-secret-version-ids --secret-id shop/database",
  "aws secretsmanager put-secret-value --secret-id shop/partner-key --secret-string another",
  "aws secretsmanager tag-resource --secret-id shop/partner-key --tags Key=team,Value=reports",
  "aws ssm describe-parameters",
  "aws ssm put-parameter --name /shop/feature-flags --value '{}' --overwrite",
  "aws ssm get-parameter-history --name /shop/feature-flags",
  "aws events list-rules",
  "aws events describe-rule --name ecs-secret-recycler-demo-secrets",
  "aws events list-targets-by-rule --rule ecs-secret-recycler-demo-secrets",
  'aws events test-event-pattern --event-pattern \'{"source":["a"]}\' --event \'{"id":"1","account":"123456789012","source":"a","time":"2026-01-01T00:00:00Z","region":"eu-west-1","resources":[],"detail-type":"t","detail":{}}\'',
  'aws sqs list-queues --endpoint-url "$AWS_ENDPOINT_URL"',
  'aws sqs get-queue-attributes --endpoint-url "$AWS_ENDPOINT_URL" --queue-url "$AWS_ENDPOINT_URL/123456789012/ecs-secret-recycler-demo.fifo" --attribute-names All',
  "aws lambda list-functions",
  "aws lambda get-function-configuration --function-name ecs-secret-recycler-demo",
  "aws lambda list-event-source-mappings --function-name ecs-secret-recycler-demo",
  'aws lambda invoke --function-name ecs-secret-recycler-demo --payload \'{"ask":"status"}\' /dev/null',
  "aws logs describe-log-groups",
  "aws logs filter-log-events --log-group-name /aws/lambda/ecs-secret-recycler-demo --limit 1",
  "aws cloudwatch list-metrics",
  "aws cloudwatch describe-alarms",
  "aws cloudtrail describe-trails",
  "aws cloudtrail get-event-selectors --trail-name ecs-secret-recycler-demo",
  "aws cloudtrail lookup-events --max-results 2",
  "aws iam list-roles",
  "aws iam get-role --role-name ecs-secret-recycler-demo",
  "aws iam list-role-policies --role-name ecs-secret-recycler-demo",
  "aws iam get-role-policy --role-name ecs-secret-recycler-demo --policy-name recycler",
  "aws rds describe-db-instances",
  "aws rds describe-db-subnet-groups",
  "aws ec2 describe-subnets",
  "aws ec2 describe-security-groups",
  "aws s3 ls",
  "aws s3api get-bucket-policy --bucket \"$(aws s3api list-buckets --query 'Buckets[0].Name' --output text)\"",
  "aws sns list-topics",
  "aws kms list-keys",
];

describe("the embedded AWS and the AWS CLI", () => {
  let local: Local;

  before(async () => {
    mustRun("aws", ["--version"], "the AWS CLI is not on PATH. Install it with: pip install awscli");
    local = await startLocal();
  });

  after(() => local.interrupt());

  function type(command: string): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
      env: local.environment,
      encoding: "utf8",
    });
    return { status, output: `${stdout}${stderr}` };
  }

  it("takes the commands that it prints, as they are copied from the screen", () => {
    const copied = local.printed
      .replace(/\\\n\s*/g, "")
      .split("\n")
      .filter((line) => line.startsWith("aws "));

    assert.ok(copied.length >= 5, local.printed);
    for (const command of copied) {
      const { status, output } = type(command);
      assert.equal(status, 0, `${command}\n${output}`);
    }
  });

  for (const command of commands)
    it(`answers: ${command}`, () => {
      const { status, output } = type(command);

      assert.equal(status, 0, output);
    });

  it("answers a mistake with the error that AWS would give", () => {
    const { status, output } = type("aws ecs describe-services --cluster nowhere --services web");

    assert.notEqual(status, 0);
    assert.match(output, /ClusterNotFoundException/);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    assert.equal(await local.interrupt(), 0);
  });
});
