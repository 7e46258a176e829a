import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-kms";
import { operator } from "../../../aws/caller";
import { ServiceError } from "../../../aws/errors";
import { serve, type HttpDoor } from "../../../aws/account/http";
import { Iam } from "../../../aws/iam";
import { clientConfig } from "../../../aws/account/in-process";
import { operation, type Operation, type Service } from "../../../aws/service";
import { World } from "../../../aws/world";
import { StandardGate } from "../../../aws/account/gate";
import { realWorld } from "../../support/world";

/** A service whose one operation answers what the test wants. */
class FakeKms implements Service {
  readonly prefix = "kms";
  readonly sdk = sdk;
  answer: (input: sdk.ListAliasesRequest) => object = () => ({});
  readonly operations: Readonly<Record<string, Operation>> = {
    ListAliases: operation<sdk.ListAliasesRequest, sdk.ListAliasesResponse>({
      access: "read",
      authorize: () => ({ resource: "*" }),
      handle: (input) => this.answer(input),
    }),
    DescribeKey: operation<sdk.DescribeKeyRequest, sdk.DescribeKeyResponse>({
      access: "read",
      authorize: () => ({ resource: "*" }),
      handle: () => ({}),
    }),
  };
}

describe("embedded-aws/aws/wire/rpc", () => {
  let world: World;
  let kms: FakeKms;
  let door: HttpDoor;
  let overHttp: sdk.KMSClient;
  let inProcess: sdk.KMSClient;

  before(async () => {
    world = new World(realWorld().options, StandardGate);
    kms = new FakeKms();
    world.add(new Iam(world));
    world.add(kms);
    door = await serve(world);
    overHttp = new sdk.KMSClient({
      region: world.region,
      endpoint: door.url,
      credentials: Iam.of(world).credentials(operator),
    });
    inProcess = new sdk.KMSClient(clientConfig(world, operator));
  });

  after(async () => {
    overHttp.destroy();
    await door.close();
    await world.stop();
  });

  for (const name of ["HTTP", "in process"] as const) {
    const client = () => (name === "HTTP" ? overHttp : inProcess);

    describe(`through the door ${name}`, () => {
      it("gives a real client the answer with its times, and records the bytes of both directions", async () => {
        const created = new Date(1_770_724_800_123);
        kms.answer = () => ({ Aliases: [{ AliasName: "alias/a", CreationDate: created }], Truncated: false });
        const mark = world.ledger.length;

        const answer = await client().send(new sdk.ListAliasesCommand({ Limit: 5 }));

        assert.deepEqual(answer.Aliases, [{ AliasName: "alias/a", CreationDate: created }]);
        assert.match(answer.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
        const [entry] = world.ledger.find({ since: mark });
        assert.equal(entry?.operation, "ListAliases");
        assert.equal(entry.requestBytes, '{"Limit":5}'.length);
        assert.ok(entry.responseBytes > 60, `${entry.responseBytes} bytes`);
      });

      it("throws an error of the service as the SDK's own class, with its message and members", async () => {
        kms.answer = () => {
          throw new ServiceError("InvalidMarkerException", "the marker is old");
        };

        const sent = client().send(new sdk.ListAliasesCommand({}));

        await assert.rejects(sent, (error: unknown) => {
          assert.ok(error instanceof sdk.InvalidMarkerException);
          assert.equal(error.message, "the marker is old");
          assert.equal(error.$metadata.httpStatusCode, 400);
          return true;
        });
      });

      it("refuses input that lacks a required member before the operation sees it", async () => {
        const sent = client().send(new sdk.DescribeKeyCommand({} as sdk.DescribeKeyCommandInput));

        await assert.rejects(sent, { name: "ValidationException", message: /Value null at 'KeyId'/ });
      });

      it("refuses a member of another type, and names it", async () => {
        const sent = client().send(new sdk.DescribeKeyCommand({ KeyId: ["a"] as unknown as string }));

        await assert.rejects(sent, { name: "SerializationException", message: "KeyId is not a string" });
      });

      it("answers 501 for an operation that AWS has and the embedded AWS does not, naming it", async () => {
        const sent = client().send(new sdk.CreateKeyCommand({}));

        await assert.rejects(sent, (error: sdk.KMSServiceException) => {
          assert.equal(error.$metadata.httpStatusCode, 501);
          assert.match(error.message, /kms:CreateKey is not implemented/);
          return true;
        });
      });

      it("makes an answer that the model does not allow a mistake of ours, and keeps it", async () => {
        kms.answer = () => ({ Aliases: "none" });
        world.mistakes.length = 0;

        const sent = client().send(new sdk.ListAliasesCommand({}));

        await assert.rejects(sent, (error: sdk.KMSServiceException) => {
          assert.equal(error.$metadata.httpStatusCode, 500);
          return true;
        });
        assert.match(String(world.mistakes[0]), /kms:ListAliases answered .* Aliases is not a list/);
      });
    });
  }

  it("refuses an access key that nobody has", async () => {
    const stranger = new sdk.KMSClient({
      region: world.region,
      endpoint: door.url,
      credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "x" },
    });

    const sent = stranger.send(new sdk.ListAliasesCommand({}));

    await assert.rejects(sent, { name: "UnrecognizedClientException" });
    stranger.destroy();
  });

  it("finds the service when the target has a namespace before it, as the AWS CLI sends it", async () => {
    const response = await fetch(door.url, {
      method: "POST",
      headers: {
        "x-amz-target": "com.amazonaws.kms.v20141101.TrentService.MakeTea",
        authorization: "AWS4-HMAC-SHA256 Credential=A/2026/r/kms/aws4_request",
      },
      body: "{}",
    });

    assert.equal(((await response.json()) as { __type: string }).__type, "UnknownOperationException");
  });

  it("answers an operation that AWS does not have with UnknownOperationException", async () => {
    const response = await fetch(door.url, {
      method: "POST",
      headers: {
        "x-amz-target": "TrentService.MakeTea",
        authorization: "AWS4-HMAC-SHA256 Credential=A/2026/r/kms/aws4_request",
      },
      body: "{}",
    });

    assert.equal(response.status, 400);
    assert.equal(((await response.json()) as { __type: string }).__type, "UnknownOperationException");
  });

  it("reads and writes CBOR for clients that speak RPC v2", async () => {
    const { cbor, tag } = await import("@smithy/core/cbor");
    kms.answer = (input) => ({ NextMarker: input.Marker, Aliases: [{ CreationDate: new Date(5000) }] });
    const { accessKeyId } = Iam.of(world).credentials(operator);

    const response = await fetch(`${door.url}/service/TrentService/operation/ListAliases`, {
      method: "POST",
      headers: {
        "smithy-protocol": "rpc-v2-cbor",
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/2026/r/kms/aws4_request`,
      },
      body: Buffer.from(cbor.serialize({ Marker: "m" })),
    });

    const body = cbor.deserialize(new Uint8Array(await response.arrayBuffer())) as Record<string, unknown>;
    assert.equal(response.status, 200);
    assert.equal(body.NextMarker, "m");
    const [alias] = body.Aliases as { CreationDate: unknown }[];
    assert.deepEqual({ ...(alias?.CreationDate as object) }, { ...tag({ tag: 1, value: 5 }) });
  });
});
