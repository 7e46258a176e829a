import assert from "node:assert/strict";
import * as cloudwatch from "@aws-sdk/client-cloudwatch";
import * as ec2 from "@aws-sdk/client-ec2";
import * as ecs from "@aws-sdk/client-ecs";
import * as iam from "@aws-sdk/client-iam";
import * as lambda from "@aws-sdk/client-lambda";
import * as rds from "@aws-sdk/client-rds";
import * as s3 from "@aws-sdk/client-s3";
import * as sns from "@aws-sdk/client-sns";
import * as sqs from "@aws-sdk/client-sqs";
import * as sts from "@aws-sdk/client-sts";
import { operator } from "../../../aws/caller";
import { StandardGate } from "../../../aws/account/gate";
import { Iam } from "../../../aws/iam";
import { clientConfig } from "../../../aws/account/in-process";
import { Random } from "../../../aws/random";
import { operation, type SdkPackage, type Service } from "../../../aws/service";
import { faultsOf } from "../../../aws/wire/check";
import { ServiceModel } from "../../../aws/wire/model";
import type { Shape } from "../../../aws/wire/shape";
import { World } from "../../../aws/world";
import { generate } from "../../support/generate";
import { virtualWorld } from "../../support/world";

type AnyClient = { send(command: object): Promise<Record<string, unknown>> };
type Classes = Record<string, new (argument: object) => object>;

/** What a client changes by itself or what its input makes it do: not the wire's business. */
const skipped: Readonly<Record<string, readonly string[]>> = {
  // Its client sends the body of a presigned URL, a stream of events or a checksum of its own.
  s3: [
    "SelectObjectContent",
    "WriteGetObjectResponse",
    "CreateSession",
    "PutObject",
    "UploadPart",
    "CopyObject",
    "CreateBucket",
    "HeadObject",
  ],
  // They are not signed.
  sts: ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"],
  rds: ["CopyDBSnapshot", "CopyDBClusterSnapshot", "StartDBInstanceAutomatedBackupsReplication"],
  ec2: ["CopySnapshot"],
  lambda: ["InvokeWithResponseStream", "InvokeAsync"],
  sqs: ["SendMessage", "SendMessageBatch", "ReceiveMessage"],
};

const packages = {
  iam: [iam, iam.IAMClient],
  sts: [sts, sts.STSClient],
  sns: [sns, sns.SNSClient],
  rds: [rds, rds.RDSClient],
  ec2: [ec2, ec2.EC2Client],
  lambda: [lambda, lambda.LambdaClient],
  s3: [s3, s3.S3Client],
  sqs: [sqs, sqs.SQSClient],
  ecs: [ecs, ecs.ECSClient],
  cloudwatch: [cloudwatch, cloudwatch.CloudWatchClient],
} as const;

const signingNames: Readonly<Record<string, string>> = { cloudwatch: "monitoring" };

/** A service that has every operation of its package, keeps the input and answers what it is given. */
class Echo implements Service {
  input: object | undefined;
  answer: object = {};
  readonly signingName: string | undefined;
  readonly operations;

  constructor(
    readonly prefix: string,
    readonly sdk: SdkPackage,
  ) {
    this.signingName = signingNames[prefix];
    const echo = operation<object, object>({
      access: "read",
      authorize: () => [],
      handle: (input) => {
        this.input = input;
        return this.answer;
      },
    });
    this.operations = Object.fromEntries(ServiceModel.of(sdk).operationNames.map((name) => [name, echo]));
  }
}

describe("embedded-aws/aws/wire: every operation, through the real client and back", () => {
  for (const [prefix, [sdk, Client]] of Object.entries(packages)) {
    it(`carries drawn inputs and outputs of ${prefix} unchanged`, async () => {
      const model = ServiceModel.of(sdk);
      const world = new World(virtualWorld().world.options, StandardGate);
      world.add(new Iam(world));
      const echo = prefix === "iam" ? new Echo("iam2", sdk) : new Echo(prefix, sdk);
      Object.assign(echo, prefix === "iam" ? { signingName: "iam" } : {});
      if (prefix === "iam") Object.assign(Iam.of(world), { signingName: "the-real-iam" });
      world.add(echo);
      const client = new Client(clientConfig(world, operator)) as unknown as AnyClient;
      const random = new Random(`round trip of ${prefix}`);
      const streams = (shape: Shape) => [...shape.members.values()].some((member) => member.streaming);
      const names = model.operationNames.filter(
        (name) => !skipped[prefix]?.includes(name) && !streams(model.operation(name)!.output),
      );
      const drawn = names.length > 120 ? names.filter(() => random.chance(120 / names.length)) : names;

      for (const name of drawn) {
        const { input: inputShape, output: outputShape } = model.operation(name)!;
        const options = { optional: 0.6, depth: 5, text: clientText };
        const input = generate(inputShape, random, options) as object;
        const output = generate(outputShape, random, options) as Record<string, unknown>;
        for (const [member, { traits }] of outputShape.members)
          if (traits.httpResponseCode !== undefined) output[member] = 202;
        assert.deepEqual(faultsOf(outputShape, output), [], `${prefix}:${name} generated a wrong output`);
        echo.answer = output;
        echo.input = undefined;

        const command = new (sdk as unknown as Classes)[`${name}Command`]!(structuredClone(input));
        const { $metadata, ...received } = await client.send(command);

        assert.deepEqual(
          clean(inputShape, echo.input),
          clean(inputShape, input),
          `input of ${prefix}:${name}`,
        );
        assert.deepEqual(
          clean(outputShape, received),
          clean(outputShape, output),
          `output of ${prefix}:${name}`,
        );
        assert.equal(($metadata as { httpStatusCode: number }).httpStatusCode < 300, true);
      }
    });
  }
});

/** What clients look at before they send anything: S3's bucket names, queues' URLs. */
function clientText(member: string, random: Random): string | undefined {
  if (member === "QueueUrl") return `https://sqs.us-west-2.amazonaws.com/123456789012/${random.hex(8)}`;
  if (member === "ChecksumAlgorithm") return "CRC32";
  return /^bucket$/i.test(member) ? `bucket-${random.hex(8)}` : undefined;
}

/** The value without what a protocol cannot carry: empty collections, members of empty structures. */
function clean(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  switch (shape.kind) {
    case "blob":
      return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : typeof value;
    case "list":
      return (value as unknown[])
        .map((item) => clean(shape.element, item))
        .filter((item) => item !== undefined);
    case "map":
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, clean(shape.element, item)]),
      );
    case "structure":
    case "union": {
      const kept = Object.entries(value)
        // S3's client hashes the customer's key and adds a checksum of the body.
        .filter(([name]) => !/^(CopySource)?SSECustomerKey|^Checksum|^ContentMD5$/.test(name))
        .map(([name, item]) => {
          const member = shape.members.get(name);
          return [name, member ? clean(member, item) : item] as const;
        });
      const present = kept.filter(([, item]) => !isEmpty(item));
      return present.length === 0 ? undefined : Object.fromEntries(present);
    }
    default:
      return value;
  }
}

function isEmpty(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    typeof value === "object" && value !== null && !(value instanceof Date) && Object.keys(value).length === 0
  );
}
