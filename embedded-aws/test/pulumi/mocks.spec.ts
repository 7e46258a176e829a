import assert from "node:assert/strict";
import { join } from "node:path";
import type { GetRolePolicyResponse } from "@aws-sdk/client-iam";
import type { ListQueuesResult } from "@aws-sdk/client-sqs";
import { deploy, type Deployment } from "../../pulumi/mocks";
import type { World } from "../../aws/world";
import { virtualWorld } from "../support/world";

function up(world: World, program: string, config: Record<string, unknown> = {}): Promise<Deployment> {
  return deploy(world, join(__dirname, "programs", program), { project: "test", stack: "dev", config });
}

describe("deploy", () => {
  it("makes a program's resources by calls and answers its exports with what AWS made of them", async () => {
    const { world } = virtualWorld();

    const { outputs, resources } = await up(world, "queue", { "test:delaySeconds": 7 });

    assert.equal(outputs.queueArn, "arn:aws:sqs:us-west-2:123456789012:events.fifo");
    assert.equal(outputs.region, "us-west-2");
    assert.equal(resources.length, 3);
    const { PolicyDocument } = await world.asOperator<GetRolePolicyResponse>("iam", "GetRolePolicy", {
      RoleName: outputs.roleName,
      PolicyName: resources.find(({ type }) => type === "aws:iam/rolePolicy:RolePolicy")!.state.name,
    });
    assert.match(decodeURIComponent(PolicyDocument!), /events\.fifo/);
    assert.equal(world.ledger.find({ door: "pulumi", outcome: "ok" }).length, 4);
  });

  it("runs a program that exports a function", async () => {
    const { world } = virtualWorld();

    const { outputs } = await up(world, "function-export");

    assert.deepEqual(outputs, { accountId: "123456789012" });
  });

  it("gives a resource without a name of its own the logical name and a suffix that depends on the seed", async () => {
    const first = await up(virtualWorld().world, "queue", { "test:delaySeconds": 7 });
    const second = await up(virtualWorld().world, "queue", { "test:delaySeconds": 7 });

    assert.match(String(first.outputs.roleName), /^reader-[0-9a-f]{7}$/);
    assert.equal(second.outputs.roleName, first.outputs.roleName);
  });

  it("refuses a type that is not in the table, naming it, and makes no call after that", async () => {
    const { world } = virtualWorld();

    const deployment = up(world, "unknown-type");

    await assert.rejects(deployment, /aws:dynamodb\/table:Table orders: resource type .* is not known/);
    assert.equal(world.ledger.length, 0);
  });

  it("names the resource whose call AWS refuses", async () => {
    const { world } = virtualWorld();

    const deployment = up(world, "queue", { "test:delaySeconds": 901 });

    await assert.rejects(deployment, /aws:sqs\/queue:Queue events: .*DelaySeconds/);
  });

  it("deploys again after a deployment that failed", async () => {
    const { world } = virtualWorld();
    await assert.rejects(up(world, "unknown-type"));

    const { outputs } = await up(world, "queue", { "test:delaySeconds": 7 });

    assert.equal(outputs.region, "us-west-2");
  });

  it("destroys what it made, the last resource first", async () => {
    const { world } = virtualWorld();
    const deployment = await up(world, "queue", { "test:delaySeconds": 7 });

    await deployment.destroy();

    assert.deepEqual(deployment.resources, []);
    const queues = await world.asOperator<ListQueuesResult>("sqs", "ListQueues", {});
    assert.deepEqual(queues.QueueUrls ?? [], []);
    const deletions = world.ledger.find({ door: "pulumi" }).map(({ operation }) => operation);
    assert.ok(deletions.indexOf("DeleteRolePolicy") < deletions.indexOf("DeleteRole"));
  });
});
