import assert from "node:assert/strict";
import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  GetObjectCommand,
  NoSuchBucket,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { InvokeCommand, LambdaClient, ResourceNotFoundException } from "@aws-sdk/client-lambda";
import { operator, type Caller } from "../../../aws/caller";
import { serve, type HttpDoor } from "../../../aws/account/http";
import { Iam } from "../../../aws/iam";
import type { Call } from "../../../aws/service";
import type { World } from "../../../aws/world";
import { realWorld } from "../../support/world";

describe("embedded-aws/aws/account/http", () => {
  let world: World;
  let door: HttpDoor;
  /** Resolves when a poll of a queue has arrived. */
  let polling: Promise<void>;
  const config = (caller: Caller = operator) => ({
    region: world.region,
    endpoint: door.url,
    credentials: Iam.of(world).credentials(caller),
    forcePathStyle: true,
    maxAttempts: 1,
  });

  beforeEach(async () => {
    polling = new Promise((resolve) => {
      const fault = ({ operation }: Call) => (operation === "ReceiveMessage" ? resolve() : undefined);
      world = realWorld({ conduct: { fault } });
    });
    door = await serve(world);
  });

  afterEach(async () => {
    await door.close();
    await world.stop();
  });

  it("listens on the loopback interface, on a port of its own each time, and the world knows where", async () => {
    const second = await serve(realWorld());

    assert.match(door.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.notEqual(second.url, door.url);
    assert.equal(world.endpoint, door.url);
    await second.close();
  });

  it("knows the caller by the access key that it gave out", async () => {
    const roleArn = "arn:aws:iam::123456789012:role/some";
    const sts = new STSClient(config({ kind: "role", roleArn, session: "one" }));

    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));

    assert.equal(Arn, "arn:aws:sts::123456789012:assumed-role/some/one");
    sts.destroy();
  });

  it("takes a streamed body apart that comes in chunks with a trailer, and gives a stream back", async () => {
    const s3 = new S3Client({ ...config(), requestStreamBufferSize: 8 * 1024 });
    const body = "x".repeat(100_000);
    await s3.send(
      new CreateBucketCommand({
        Bucket: "a-bucket",
        CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
      }),
    );
    await s3.send(
      new PutObjectCommand({
        Bucket: "a-bucket",
        Key: "deep/key with space.txt",
        Body: Readable.from([Buffer.from(body.slice(0, 60_000)), Buffer.from(body.slice(60_000))]),
        ContentLength: body.length,
      }),
    );

    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: "a-bucket", Key: "deep/key with space.txt" }),
    );

    assert.equal((await Body!.transformToString()).length, body.length);
    s3.destroy();
  });

  it("answers each protocol's errors so that the real client throws its own class", async () => {
    const s3 = new S3Client(config());
    const lambda = new LambdaClient(config());
    const ec2 = new EC2Client(config());

    await assert.rejects(
      s3.send(new PutObjectCommand({ Bucket: "no-bucket", Key: "k", Body: "x" })),
      (error) => error instanceof NoSuchBucket,
    );
    await assert.rejects(
      lambda.send(new InvokeCommand({ FunctionName: "nothing" })),
      (error) => error instanceof ResourceNotFoundException,
    );
    await assert.rejects(ec2.send(new DescribeSubnetsCommand({ SubnetIds: ["subnet-00000000000000000"] })), {
      name: "InvalidSubnetID.NotFound",
    });
    for (const client of [s3, lambda, ec2]) client.destroy();
  });

  it("refuses a request without a signature, and one that names no service", async () => {
    const unsigned = await fetch(door.url, {
      method: "POST",
      headers: { "x-amz-target": "secretsmanager.ListSecrets" },
      body: "{}",
    });
    const nothing = await fetch(`${door.url}/anything`);

    assert.equal(unsigned.status, 400);
    assert.equal(
      ((await unsigned.json()) as { __type: string }).__type,
      "MissingAuthenticationTokenException",
    );
    assert.equal(nothing.status, 404);
  });

  it("refuses a body that is not JSON without an error of its own", async () => {
    const { accessKeyId } = Iam.of(world).credentials(operator);

    const answer = await fetch(door.url, {
      method: "POST",
      headers: {
        "x-amz-target": "secretsmanager.ListSecrets",
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/2026/r/secretsmanager/aws4_request`,
      },
      body: "{",
    });

    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as { __type: string }).__type, "SerializationException");
    assert.deepEqual(world.mistakes, []);
  });

  it("ends a long poll when it is closed", async () => {
    const sqs = new SQSClient(config());
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "q" }));
    const poll = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    const ended = assert.rejects(poll, (error: Error) =>
      /hang up|ECONNRESET|closed|aborted/i.test(String(error)),
    );
    await polling;

    await door.close();

    await ended;
    sqs.destroy();
    door = await serve(world);
  });
});
