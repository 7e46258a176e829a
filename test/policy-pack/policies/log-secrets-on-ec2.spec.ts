import assert from "node:assert/strict";
import { messages } from "../../support/policies";
import { cluster, secretArn, service } from "../../support/policy-programs";
import { logSecretsOnEc2 } from "../../../policy-pack/policies/log-secrets-on-ec2";

const { name } = logSecretsOnEc2;
const secretOptions = [{ name: "splunk-token", valueFrom: secretArn("shop/log-token") }];
const logging =
  (more: object, definition: object = {}, logConfiguration: object = { secretOptions }) =>
  () =>
    service(cluster(), {
      container: { logConfiguration: { logDriver: "splunk", ...logConfiguration } },
      service: more,
      definition,
    });

describe(name, () => {
  it("finds nothing on Fargate, where the platform reads them", async () => {
    assert.deepEqual(await messages(name, logging({ launchType: "FARGATE" })), []);
  });

  it("names the agent's setting on EC2", async () => {
    assert.deepEqual(await messages(name, logging({ launchType: "EC2" })), [
      'advisory: shop/checkout: container "app" has secrets for its log driver and runs on the EC2 launch type. ' +
        "Its container instances must set ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true in /etc/ecs/ecs.config, or no task can start.",
    ]);
  });

  it("takes a service without a launch type for one on EC2, as ECS does", async () => {
    const program = logging({ launchType: undefined }, { requiresCompatibilities: ["EC2"] });

    assert.equal((await messages(name, program)).length, 1);
  });

  it("finds nothing where the log driver has no secrets", async () => {
    assert.deepEqual(await messages(name, logging({ launchType: "EC2" }, {}, {})), []);
  });
});
