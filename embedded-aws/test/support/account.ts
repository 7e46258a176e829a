import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient, type CreateFunctionRequest } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient, type QueueAttributeName } from "@aws-sdk/client-sqs";
import { strToU8, zipSync } from "fflate";
import { operator, type Caller } from "../../aws/caller";
import { VirtualClock } from "../../aws/clock";
import { clientConfig } from "../../aws/account/in-process";
import { Random } from "../../aws/random";
import type { PolicyStatement } from "../../aws/service";
import type { World } from "../../aws/world";
import { createWorld } from "../../aws/account";
import { InProcessFunctionRuntime, type InProcessFactory } from "../../runtime/function-in-process";
import { noRuntime, startMs } from "./world";

/** Real SDK clients of one caller, in process. */
export function clientsOf(world: World, caller: Caller) {
  const config = clientConfig(world, caller);
  return {
    sqs: new SQSClient(config),
    events: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
    logs: new CloudWatchLogsClient(config),
    cloudwatch: new CloudWatchClient(config),
    sns: new SNSClient(config),
    s3: new S3Client(config),
    cloudtrail: new CloudTrailClient(config),
    iam: new IAMClient(config),
    secrets: new SecretsManagerClient(config),
  };
}

/** An account on virtual time with functions as plain functions, and what tests of events and queues do with it. */
export class Account {
  readonly clock = new VirtualClock(startMs);
  readonly world: World;
  readonly clients: ReturnType<typeof clientsOf>;

  constructor(functions: Readonly<Record<string, InProcessFactory>> = {}, seed = "test") {
    this.world = createWorld({
      partition: "aws",
      region: "us-west-2",
      account: "123456789012",
      clock: this.clock,
      random: new Random(seed),
      runtime: { ...noRuntime, functions: new InProcessFunctionRuntime(this.clock, functions) },
    });
    this.clients = clientsOf(this.world, operator);
  }

  /** Waits for a call and lets virtual time go on only as far as it needs. */
  run<T>(call: Promise<T>): Promise<T> {
    return this.clock.drive(call);
  }

  /** Lets time pass. */
  pass(seconds: number): Promise<void> {
    return this.clock.runUntil(this.clock.now() + seconds * 1000);
  }

  arn(service: string, resource: string): string {
    return this.world.arn(service, resource);
  }

  /** A queue, and its URL. */
  async queue(name: string, attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
    const fifo = name.endsWith(".fifo") ? { FifoQueue: "true", ContentBasedDeduplication: "true" } : {};
    const { QueueUrl } = await this.run(
      this.clients.sqs.send(
        new CreateQueueCommand({ QueueName: name, Attributes: { ...fifo, ...attributes } }),
      ),
    );
    return QueueUrl!;
  }

  /** A role that a service may assume, with one inline policy. */
  async role(name: string, service: string, statements: readonly PolicyStatement[]): Promise<string> {
    await this.run(
      this.clients.iam.send(
        new CreateRoleCommand({
          RoleName: name,
          AssumeRolePolicyDocument: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
          }),
        }),
      ),
    );
    if (statements.length > 0)
      await this.run(
        this.clients.iam.send(
          new PutRolePolicyCommand({
            RoleName: name,
            PolicyName: "inline",
            PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
          }),
        ),
      );
    return `arn:aws:iam::123456789012:role/${name}`;
  }

  /** A function with a role that may write logs and poll any queue. */
  async function(name: string, more: Partial<CreateFunctionRequest> = {}): Promise<void> {
    const Role = await this.role(`${name}-role`, "lambda.amazonaws.com", [
      {
        Effect: "Allow",
        Action: [
          "logs:*",
          "sqs:ReceiveMessage",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:SendMessage",
        ],
        Resource: "*",
      },
    ]);
    await this.run(
      this.clients.lambda.send(
        new CreateFunctionCommand({
          FunctionName: name,
          Role,
          Runtime: "nodejs24.x",
          Handler: "index.handler",
          Code: { ZipFile: zipSync({ "index.js": strToU8("") }) },
          ...more,
        }),
      ),
    );
  }
}
