import assert from "node:assert/strict";
import type { InvocationResponse } from "@aws-sdk/client-lambda";
import { recyclerName } from "../../demo/example";
import type { Caller } from "../../embedded-aws/aws/caller";
import { policyDocument } from "../../stack/role-statements";
import { Estate } from "../../simulation/estate";

const cluster = "shop";
const minute = 60_000;

describe("a stranger with permissions of its own", () => {
  let estate: Estate;
  let arn: string;

  beforeEach(async () => {
    estate = new Estate({
      seed: "forged",
      coverage: [{ cluster, exclude: [], secrets: [], parameters: [], wave: 0 }],
    });
    await estate.begin([cluster]);
    arn = await estate.secret("shop/database");
    await estate.pass(minute);
    await estate.service(cluster, "web", await estate.define("web", [arn]), 2);
    await estate.pass(minute);
    await estate.install();
    await estate.untilSweep();
    await estate.pass(minute);
  });

  afterEach(() => estate.world.stop());

  /** A role that may do one thing, everywhere. */
  async function stranger(Action: string): Promise<Caller> {
    await estate.call("iam", "CreateRole", {
      RoleName: "stranger",
      AssumeRolePolicyDocument: policyDocument([
        { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" },
      ]),
    });
    await estate.call("iam", "PutRolePolicy", {
      RoleName: "stranger",
      PolicyName: "inline",
      PolicyDocument: policyDocument([{ Effect: "Allow", Action, Resource: "*" }]),
    });
    return {
      kind: "role",
      roleArn: `arn:aws:iam::${estate.world.account}:role/stranger`,
      session: "mallory",
    };
  }

  /** An event that claims a change of the secret. */
  function forged(time: string, versionId = "00000000-0000-4000-9000-000000009999"): string {
    return JSON.stringify({
      version: "0",
      id: "forged",
      source: "aws.secretsmanager",
      "detail-type": "Secret Label Updated",
      account: estate.world.account,
      region: estate.world.region,
      time,
      resources: [arn],
      detail: { name: "shop/database", labelUpdated: "AWSCURRENT", versionId },
    });
  }

  function forcedDeployments(): number {
    return estate.world.ledger.find({ service: "ecs", operation: "UpdateService" }).length;
  }

  it("cannot send to the queue, though its own policy allows sqs:SendMessage everywhere", async () => {
    const { region, account } = estate.world;
    const caller = await stranger("sqs:SendMessage");
    const send = estate.world.call(
      "sqs",
      "SendMessage",
      {
        QueueUrl: `https://sqs.${region}.amazonaws.com/${account}/${recyclerName}.fifo`,
        MessageBody: forged(new Date(estate.clock.now()).toISOString()),
        MessageGroupId: "recycler",
      },
      caller,
    );

    await assert.rejects(estate.clock.drive(send), { code: /AccessDenied/ });
    await estate.pass(minute);

    assert.equal(forcedDeployments(), 0);
  });

  it("forces nothing with a batch of events for the function that no look confirms, and is counted", async () => {
    const caller = await stranger("lambda:InvokeFunction");
    const times = [new Date(estate.clock.now()).toISOString(), "2999-01-01T00:00:00Z"];
    const Records = times.map((time, index) => ({ messageId: String(index), body: forged(time) }));

    const answer = await estate.clock.drive(
      estate.world.call<InvocationResponse>(
        "lambda",
        "Invoke",
        { FunctionName: recyclerName, Payload: Buffer.from(JSON.stringify({ Records })) },
        caller,
      ),
    );
    await estate.pass(10 * minute);

    assert.equal(answer.FunctionError, undefined);
    assert.equal(forcedDeployments(), 0);
    assert.ok(estate.lines.some(({ line }) => line.includes('"InvalidEvents":1')));
    assert.ok(estate.lines.some(({ line }) => line.includes('"Unconfirmed":1')));
  });
});
