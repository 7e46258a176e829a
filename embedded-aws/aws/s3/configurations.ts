import { jsonObject, refused } from "../constraints";
import { ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import type { Bucket } from "./bucket";

/** One kind of configuration of a bucket: `Put`, `Get` and `Delete` with the same name behind them. */
interface Configuration {
  /** `BucketPolicy`, as in PutBucketPolicy. */
  readonly name: string;
  /** Member of the Put request that holds it. */
  readonly member: string;
  /** IAM action without its verb: `s3:PutBucketPolicy` is "BucketPolicy". */
  readonly action: string;
  readonly deleteName: string;
  /** What Get answers for what is configured, or for nothing (undefined). */
  readonly shown: (value: never) => object;
  /** Error code and message of Get when nothing is configured; absent: Get answers something. */
  readonly missing?: readonly [code: string, message: string];
  readonly check?: (value: never) => void;
}

const malformed = { code: "MalformedPolicy" } as const;

/** What a new bucket is encrypted with (Amazon S3 User Guide, "Default encryption"). */
const defaultEncryption = {
  Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: false }],
};

const all: readonly Configuration[] = [
  {
    name: "BucketPolicy",
    member: "Policy",
    action: "BucketPolicy",
    deleteName: "DeleteBucketPolicy",
    shown: (Policy: string) => ({ Policy }),
    missing: ["NoSuchBucketPolicy", "The bucket policy does not exist"],
    check: (policy: string) => {
      if (!("Statement" in jsonObject(policy, "Policy", malformed)))
        throw refused(malformed, "Missing required field Statement");
    },
  },
  {
    name: "BucketEncryption",
    member: "ServerSideEncryptionConfiguration",
    action: "EncryptionConfiguration",
    deleteName: "DeleteBucketEncryption",
    shown: (value: object | undefined) => ({ ServerSideEncryptionConfiguration: value ?? defaultEncryption }),
  },
  {
    name: "PublicAccessBlock",
    member: "PublicAccessBlockConfiguration",
    action: "BucketPublicAccessBlock",
    deleteName: "DeletePublicAccessBlock",
    shown: (value: object) => ({ PublicAccessBlockConfiguration: value }),
    missing: ["NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"],
  },
  {
    name: "BucketLifecycleConfiguration",
    member: "LifecycleConfiguration",
    action: "LifecycleConfiguration",
    deleteName: "DeleteBucketLifecycle",
    shown: (value: { Rules?: object[] }) => ({
      Rules: value.Rules ?? [],
      TransitionDefaultMinimumObjectSize: "all_storage_classes_128K",
    }),
    missing: ["NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"],
  },
  {
    name: "BucketTagging",
    member: "Tagging",
    action: "BucketTagging",
    deleteName: "DeleteBucketTagging",
    shown: (value: { TagSet?: object[] }) => ({ TagSet: value.TagSet ?? [] }),
    missing: ["NoSuchTagSet", "The TagSet does not exist"],
  },
];

interface OnBucket {
  Bucket?: string;
}

/** The operations of every kind of configuration. */
export function configurationOperations(
  bucketArn: (name: string | undefined) => string,
  bucketOf: (name: string | undefined) => Bucket,
): Record<string, Operation> {
  const operations: Record<string, Operation> = {};
  for (const configuration of all) {
    const { name, member, action, deleteName, missing } = configuration;
    const shown = configuration.shown as (value: unknown) => object;
    const check = configuration.check as ((value: unknown) => void) | undefined;
    operations[`Get${name}`] = operation<OnBucket, object>({
      access: "read",
      authorize: (input) => ({ action: `s3:Get${action}`, resource: bucketArn(input.Bucket) }),
      handle: (input) => {
        const value = bucketOf(input.Bucket).configurations.get(name);
        if (value === undefined && missing) throw new ServiceError(missing[0], missing[1], 404);
        return shown(value);
      },
    });
    operations[`Put${name}`] = operation<OnBucket, object>({
      access: "write",
      authorize: (input) => ({ action: `s3:Put${action}`, resource: bucketArn(input.Bucket) }),
      handle: (input) => {
        const value = (input as Readonly<Record<string, unknown>>)[member];
        check?.(value);
        bucketOf(input.Bucket).configurations.set(name, value);
        return {};
      },
    });
    operations[deleteName] = operation<OnBucket, object>({
      access: "write",
      authorize: (input) => ({
        action: name === "BucketPolicy" ? "s3:DeleteBucketPolicy" : `s3:Put${action}`,
        resource: bucketArn(input.Bucket),
      }),
      handle: (input) => {
        bucketOf(input.Bucket).configurations.delete(name);
        return {};
      },
    });
  }
  return operations;
}
