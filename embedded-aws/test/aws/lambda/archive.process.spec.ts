import assert from "node:assert/strict";
import { IAMClient, CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { strToU8, zipSync } from "fflate";
import { operator } from "../../../aws/caller";
import { serve, type HttpDoor } from "../../../aws/account/http";
import { Iam } from "../../../aws/iam";
import type { World } from "../../../aws/world";
import { ProcessFunctionRuntime } from "../../../runtime/function-process";
import { noRuntime, realWorld } from "../../support/world";

const source = `
  exports.handler = async ({ name }) => {
    const { SQSClient, GetQueueUrlCommand } = require("@aws-sdk/client-sqs");
    const client = new SQSClient();
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    return QueueUrl.split("/").pop();
  };`;

describe("a function's archive in a process of its own", () => {
  const functions = new ProcessFunctionRuntime();
  let world: World;
  let door: HttpDoor;
  let lambda: LambdaClient;
  const invoke = (name: string, FunctionName = "f") =>
    lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify({ name }) }));
  const text = (payload: Uint8Array | undefined) => Buffer.from(payload ?? []).toString();

  before(async () => {
    world = realWorld({ runtime: { ...noRuntime, functions } });
    door = await serve(world);
    const { accessKeyId, secretAccessKey } = Iam.of(world).credentials(operator);
    const config = {
      region: world.region,
      endpoint: door.url,
      credentials: { accessKeyId, secretAccessKey },
    };
    lambda = new LambdaClient(config);
    const iam = new IAMClient(config);
    const trust = {
      Effect: "Allow",
      Principal: { Service: "lambda.amazonaws.com" },
      Action: "sts:AssumeRole",
    };
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: "f",
        AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
      }),
    );
    const may = { Effect: "Allow", Action: "sqs:GetQueueUrl", Resource: world.arn("sqs", "open") };
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: "f",
        PolicyName: "p",
        PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [may] }),
      }),
    );
    const sqs = new SQSClient(config);
    for (const QueueName of ["open", "closed"]) await sqs.send(new CreateQueueCommand({ QueueName }));
    for (const [FunctionName, code, Timeout] of [
      ["f", source, 10],
      ["endless", "exports.handler = () => { for (;;); };", 1],
    ] as const)
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName,
          Role: Role!.Arn,
          Runtime: "nodejs24.x",
          Handler: "index.handler",
          Timeout,
          Code: { ZipFile: zipSync({ "index.js": strToU8(code) }) },
        }),
      );
  });

  after(async () => {
    await world.stop();
    await door.close();
    assert.deepEqual(functions.pids, []);
  });

  it("calls the embedded AWS through the SDK as its role, whose policy decides", async () => {
    const allowed = await invoke("open");
    const denied = await invoke("closed");

    assert.equal(text(allowed.Payload), '"open"');
    assert.equal(denied.FunctionError, "Unhandled");
    assert.match(text(denied.Payload), /not authorized to perform: sqs:[Gg]et[Qq]ueue[Uu]rl/);
    const calls = world.ledger.find({ operation: "GetQueueUrl", door: "http" });
    assert.deepEqual(
      calls.map(({ outcome }) => outcome === "ok"),
      [true, false],
    );
  });

  it("is killed at its timeout even when it never yields", async () => {
    const answer = await invoke("", "endless");

    assert.match(text(answer.Payload), /Task timed out/);
  });
});
