import { strict as assert } from "node:assert";
import {
  DescribeServicesCommand,
  ServiceNotFoundException,
  ClusterNotFoundException,
  InvalidParameterException,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import { fleet } from "../../support/ecs";

describe("ECS services", () => {
  it("runs the desired number of tasks after CreateService and completes the deployment", async () => {
    const f = await fleet();

    await f.create({ desiredCount: 3 });
    await f.settle();

    const service = await f.describe();
    assert.equal(service.runningCount, 3);
    assert.equal(service.deployments?.length, 1);
    assert.equal(service.deployments?.[0]?.rolloutState, "COMPLETED");
    assert.equal(f.ecs.targets("shop", "api").length, 3);
    assert.deepEqual(
      (await f.attempts()).map((a) => a.status),
      ["SUCCESSFUL"],
    );
  });

  it("replaces every task after a forced deployment", async () => {
    const f = await fleet();
    await f.create({ desiredCount: 3 });
    await f.settle();
    const old = f.ecs.runningTasks().map((t) => t.taskArn);

    await f.force();
    await f.settle();

    const now = f.ecs.runningTasks().map((t) => t.taskArn);
    assert.equal(now.length, 3);
    assert.ok(now.every((arn) => !old.includes(arn)));
    assert.equal((await f.describe()).deployments?.length, 1);
  });

  it("names services that do not exist in failures", async () => {
    const f = await fleet();

    const answer = await f.client.send(new DescribeServicesCommand({ cluster: "shop", services: ["gone"] }));

    assert.deepEqual(answer.services, []);
    assert.deepEqual(answer.failures, [
      { arn: "arn:aws:ecs:us-west-2:123456789012:service/shop/gone", reason: "MISSING" },
    ]);
  });

  it("refuses more than ten services in one DescribeServices", async () => {
    const f = await fleet();
    const services = Array.from({ length: 11 }, (_, i) => `s${i}`);

    const asked = f.client.send(new DescribeServicesCommand({ cluster: "shop", services }));

    await assert.rejects(asked, InvalidParameterException);
  });

  it("answers for a cluster or a service that is not there with ECS's own exceptions", async () => {
    const f = await fleet();

    const noCluster = f.client.send(new UpdateServiceCommand({ cluster: "none", service: "api" }));
    const noService = f.client.send(new UpdateServiceCommand({ cluster: "shop", service: "api" }));

    await assert.rejects(noCluster, ClusterNotFoundException);
    await assert.rejects(noService, ServiceNotFoundException);
  });
});
