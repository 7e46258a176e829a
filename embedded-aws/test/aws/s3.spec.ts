import assert from "node:assert/strict";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { Account } from "../support/account";

const Bucket = "bucket";

describe("S3", () => {
  let account: Account;
  const s3 = () => account.clients.s3;
  const put = (Key: string, Body = "body") =>
    account.run(s3().send(new PutObjectCommand({ Bucket, Key, Body })));
  const get = async (Key: string, more: object = {}) => {
    const { Body } = await account.run(s3().send(new GetObjectCommand({ Bucket, Key, ...more })));
    return Body!.transformToString();
  };
  const create = (name: string, LocationConstraint: "us-west-2" | "eu-west-1" | undefined = "us-west-2") =>
    account.run(
      s3().send(
        new CreateBucketCommand({
          Bucket: name,
          CreateBucketConfiguration: LocationConstraint && { LocationConstraint },
        }),
      ),
    );

  beforeEach(async () => {
    account = new Account();
    await create(Bucket);
  });

  it("gives an object back, as a whole and in part", async () => {
    await put("a/b", "0123456789");

    const { ContentLength, ETag } = await account.run(
      s3().send(new HeadObjectCommand({ Bucket, Key: "a/b" })),
    );

    assert.deepEqual([await get("a/b"), await get("a/b", { Range: "bytes=2-4" })], ["0123456789", "234"]);
    assert.deepEqual([ContentLength, ETag], [10, '"781e5e245d69b566979b86e28d23f2c7"']);
  });

  it("lists keys in pages, by prefix and by folders", async () => {
    for (const key of ["a/1", "a/2", "b/1", "c"]) await put(key);
    const list = (more: object) => account.run(s3().send(new ListObjectsV2Command({ Bucket, ...more })));

    const first = await list({ MaxKeys: 3 });
    const second = await list({ MaxKeys: 3, ContinuationToken: first.NextContinuationToken });
    const folders = await list({ Delimiter: "/" });
    const prefix = await list({ Prefix: "a/" });

    const keys = ({ Contents }: { Contents?: { Key?: string }[] }) => Contents?.map(({ Key }) => Key);
    assert.deepEqual([keys(first), keys(second), second.IsTruncated], [["a/1", "a/2", "b/1"], ["c"], false]);
    assert.deepEqual(
      folders.CommonPrefixes?.map(({ Prefix }) => Prefix),
      ["a/", "b/"],
    );
    assert.deepEqual([keys(folders), keys(prefix)], [["c"], ["a/1", "a/2"]]);
  });

  it("keeps the last version only, and says so when another is asked for", async () => {
    await put("k", "first");
    await put("k", "second");

    await assert.rejects(get("k", { VersionId: "v1" }), { name: "NotImplemented" });
    assert.equal(await get("k"), "second");
  });

  it("deletes the bucket after its last object", async () => {
    await put("a");

    await account.run(s3().send(new DeleteObjectCommand({ Bucket, Key: "a" })));
    await account.run(s3().send(new DeleteBucketCommand({ Bucket })));

    await assert.rejects(account.run(s3().send(new HeadBucketCommand({ Bucket }))), { name: "NotFound" });
  });

  it("is closed to the public and encrypted from the beginning", async () => {
    const { PublicAccessBlockConfiguration } = await account.run(
      s3().send(new GetPublicAccessBlockCommand({ Bucket })),
    );
    const { ServerSideEncryptionConfiguration } = await account.run(
      s3().send(new GetBucketEncryptionCommand({ Bucket })),
    );

    assert.deepEqual(Object.values(PublicAccessBlockConfiguration ?? {}), [true, true, true, true]);
    assert.equal(
      ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
      "AES256",
    );
  });

  it("keeps policy, lifecycle and tags, and says when there are none", async () => {
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    const Rules = [
      { ID: "old", Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 30 } },
    ];
    await assert.rejects(account.run(s3().send(new GetBucketPolicyCommand({ Bucket }))), {
      name: "NoSuchBucketPolicy",
    });
    await assert.rejects(account.run(s3().send(new GetBucketTaggingCommand({ Bucket }))), {
      name: "NoSuchTagSet",
    });

    await account.run(s3().send(new PutBucketPolicyCommand({ Bucket, Policy })));
    await account.run(
      s3().send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })),
    );
    await account.run(
      s3().send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: "a", Value: "1" }] } })),
    );

    assert.equal((await account.run(s3().send(new GetBucketPolicyCommand({ Bucket })))).Policy, Policy);
    assert.deepEqual(
      (await account.run(s3().send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).Rules,
      Rules,
    );
    assert.deepEqual((await account.run(s3().send(new GetBucketTaggingCommand({ Bucket })))).TagSet, [
      { Key: "a", Value: "1" },
    ]);
  });

  it("refuses bad names, another Region and a bucket that is there", async () => {
    await assert.rejects(create("Bad_Name"), { name: "InvalidBucketName" });
    await assert.rejects(create("other", "eu-west-1"), { name: "IllegalLocationConstraintException" });
    await assert.rejects(create(Bucket), { name: "BucketAlreadyOwnedByYou" });
    await assert.rejects(get("none"), { name: "NoSuchKey" });
  });
});
