import * as sdk from "@aws-sdk/client-s3";
import { between, jsonObject, matchesPattern, oneOf } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import { operation, type Authorization, type PolicyStatement, type Service } from "../service";
import type { World } from "../world";
import { Bucket, type StoredObject } from "./bucket";
import { configurationOperations } from "./configurations";

const invalid = { code: "InvalidArgument" } as const;
const BUCKET_NAME = /(?!xn--|.*\.\.|\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/;

/** Amazon S3, as far as the bucket of a trail, archives of functions and the stack use it. */
export class S3 implements Service {
  readonly prefix = "s3";
  readonly sdk = sdk;
  readonly #buckets = new Map<string, Bucket>();

  constructor(private readonly world: World) {}

  /** The buckets of a world. */
  static of(world: World): S3 {
    return world.serviceAs("s3", S3);
  }

  /** Whether there is a bucket of this name. */
  has(name: string): boolean {
    return this.#buckets.has(name);
  }

  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const name = /^arn:[^:]+:s3:::([^/]+)/.exec(resourceArn)?.[1];
    const policy = this.#buckets.get(name ?? "")?.policy;
    if (policy === undefined) return undefined;
    const { Statement } = jsonObject(policy, "Policy", { code: "MalformedPolicy" });
    return (Array.isArray(Statement) ? Statement : [Statement]) as PolicyStatement[];
  }

  #arn(bucket: string | undefined, key?: string): string {
    return `arn:${this.world.partition}:s3:::${bucket ?? ""}${key === undefined ? "" : `/${key}`}`;
  }

  #bucket(name: string | undefined): Bucket {
    const bucket = this.#buckets.get(name ?? "");
    if (!bucket)
      throw new ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, {
        BucketName: name,
      });
    return bucket;
  }

  #object(input: { Bucket?: string; Key?: string; VersionId?: string }): StoredObject {
    refuseVersion(input.VersionId);
    const found = this.#bucket(input.Bucket).get(input.Key ?? "");
    if (!found)
      throw new ServiceError("NoSuchKey", "The specified key does not exist.", 404, { Key: input.Key });
    return found;
  }

  /** Access lists are off, as for every new bucket: only the owner's full control may be named. */
  #checkAcl(acl: string | undefined): void {
    oneOf(acl, sdk.ObjectCannedACL, "x-amz-acl", invalid);
    if (acl !== undefined && acl !== "bucket-owner-full-control" && acl !== "private")
      throw new ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs");
  }

  #owner(): sdk.Owner {
    return { ID: `${this.world.account}${"0".repeat(52)}` };
  }

  #listing(input: sdk.ListObjectsV2Request) {
    const bucket = this.#bucket(input.Bucket);
    between(input.MaxKeys, 0, 2_147_483_647, "max-keys", invalid);
    const prefix = input.Prefix ?? "";
    const after = input.ContinuationToken
      ? Buffer.from(input.ContinuationToken, "base64url").toString()
      : (input.StartAfter ?? "");
    const maximum = Math.min(input.MaxKeys ?? 1000, 1000);
    const contents: StoredObject[] = [];
    const prefixes: string[] = [];
    let last = "";
    let truncated = false;
    for (const object of bucket.list(prefix)) {
      const end = input.Delimiter ? object.key.indexOf(input.Delimiter, prefix.length) : -1;
      const common = end < 0 ? undefined : object.key.slice(0, end + (input.Delimiter?.length ?? 0));
      if ((common ?? object.key) <= after || (common !== undefined && prefixes.includes(common))) continue;
      if (contents.length + prefixes.length === maximum) {
        truncated = true;
        break;
      }
      if (common === undefined) contents.push(object);
      else prefixes.push(common);
      last = common ?? object.key;
    }
    return { contents, prefixes, truncated, last, maximum };
  }

  readonly operations = {
    ...configurationOperations(
      (name) => this.#arn(name),
      (name) => this.#bucket(name),
    ),

    CreateBucket: operation<sdk.CreateBucketRequest, sdk.CreateBucketOutput>({
      access: "write",
      authorize: (input) => ({ resource: this.#arn(input.Bucket) }),
      handle: (input) => {
        const name = input.Bucket ?? "";
        matchesPattern(name, BUCKET_NAME, "Bucket", { code: "InvalidBucketName" });
        oneOf(input.ACL, sdk.BucketCannedACL, "x-amz-acl", invalid);
        const asked = input.CreateBucketConfiguration?.LocationConstraint;
        const { region } = this.world;
        if (asked === undefined ? region !== "us-east-1" : asked !== region)
          throw new ServiceError(
            "IllegalLocationConstraintException",
            `The ${asked ?? "unspecified"} location constraint is incompatible for the region specific endpoint this request was sent to.`,
          );
        if (this.#buckets.has(name))
          throw new ServiceError(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            409,
            { BucketName: name },
          );
        const bucket = new Bucket(name, this.world.clock.now());
        const open = {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        };
        bucket.configurations.set("PublicAccessBlock", open);
        this.#buckets.set(name, bucket);
        return { Location: `/${name}`, BucketArn: this.#arn(name) };
      },
    }),

    DeleteBucket: operation<sdk.DeleteBucketRequest, object>({
      access: "write",
      authorize: (input) => ({ resource: this.#arn(input.Bucket) }),
      handle: (input) => {
        const bucket = this.#bucket(input.Bucket);
        if (!bucket.empty)
          throw new ServiceError(
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
            409,
            { BucketName: bucket.name },
          );
        this.#buckets.delete(bucket.name);
        return {};
      },
    }),

    HeadBucket: operation<sdk.HeadBucketRequest, sdk.HeadBucketOutput>({
      access: "read",
      authorize: (input) => ({ action: "s3:ListBucket", resource: this.#arn(input.Bucket) }),
      handle: (input) => {
        if (!this.#buckets.has(input.Bucket ?? "")) throw new ServiceError("NotFound", "Not Found", 404);
        return {
          BucketRegion: this.world.region,
          BucketArn: this.#arn(input.Bucket),
          AccessPointAlias: false,
        };
      },
    }),

    ListBuckets: operation<sdk.ListBucketsRequest, sdk.ListBucketsOutput>({
      access: "read",
      authorize: () => ({ action: "s3:ListAllMyBuckets", resource: "*" }),
      handle: (input) => ({
        Buckets: [...this.#buckets.values()]
          .filter((bucket) => bucket.name.startsWith(input.Prefix ?? ""))
          .map((bucket) => ({ Name: bucket.name, CreationDate: new Date(bucket.createdMs) })),
        Owner: this.#owner(),
      }),
    }),

    GetBucketAcl: operation<sdk.GetBucketAclRequest, sdk.GetBucketAclOutput>({
      access: "read",
      authorize: (input) => ({ resource: this.#arn(input.Bucket) }),
      handle: (input) => {
        this.#bucket(input.Bucket);
        const Owner = this.#owner();
        return {
          Owner,
          Grants: [{ Grantee: { ...Owner, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" }],
        };
      },
    }),

    PutObject: operation<sdk.PutObjectRequest, sdk.PutObjectOutput>({
      access: "data",
      authorize: (input) => ({
        resource: this.#arn(input.Bucket, input.Key ?? ""),
        context: {
          ...(input.ACL !== undefined && { "s3:x-amz-acl": input.ACL }),
          ...(input.ServerSideEncryption !== undefined && {
            "s3:x-amz-server-side-encryption": input.ServerSideEncryption,
          }),
        },
      }),
      handle: (input) => {
        const bucket = this.#bucket(input.Bucket);
        this.#checkAcl(input.ACL);
        oneOf(input.ServerSideEncryption, sdk.ServerSideEncryption, "x-amz-server-side-encryption", invalid);
        oneOf(input.StorageClass, sdk.StorageClass, "x-amz-storage-class", invalid);
        const key = input.Key ?? "";
        if (Buffer.byteLength(key) > 1024)
          throw new ServiceError("KeyTooLongError", "Your key is too long", 400, { MaxSizeAllowed: 1024 });
        if (input.IfNoneMatch === "*" && bucket.get(key))
          throw new ServiceError(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            412,
          );
        const { etag } = bucket.put({
          key,
          body: bytesOf(input.Body),
          modifiedMs: this.world.clock.now(),
          contentType: input.ContentType,
          contentEncoding: input.ContentEncoding,
          metadata: { ...input.Metadata },
        });
        return {
          ETag: etag,
          ServerSideEncryption: input.ServerSideEncryption ?? "AES256",
        };
      },
    }),

    GetObject: operation<sdk.GetObjectRequest, sdk.GetObjectOutput>({
      access: "data",
      authorize: (input) => this.#onObject(input, "s3:GetObject"),
      handle: (input) => {
        const object = this.#object(input);
        const range = rangeOf(input.Range, object.body.length);
        const body = range ? object.body.subarray(range.from, range.to + 1) : object.body;
        return {
          ...described(object),
          ContentLength: body.length,
          ContentRange: range && `bytes ${range.from}-${range.to}/${object.body.length}`,
          // The wire makes a stream of the bytes for a client.
          Body: body as unknown as sdk.GetObjectOutput["Body"],
        };
      },
    }),

    HeadObject: operation<sdk.HeadObjectRequest, sdk.HeadObjectOutput>({
      access: "data",
      authorize: (input) => this.#onObject(input, "s3:GetObject"),
      handle: (input) => {
        if (!this.#buckets.get(input.Bucket ?? "")?.get(input.Key ?? ""))
          throw new ServiceError("NotFound", "Not Found", 404);
        return described(this.#object(input));
      },
    }),

    DeleteObject: operation<sdk.DeleteObjectRequest, sdk.DeleteObjectOutput>({
      access: "data",
      authorize: (input) => this.#onObject(input, "s3:DeleteObject"),
      handle: (input) => {
        refuseVersion(input.VersionId);
        this.#bucket(input.Bucket).delete(input.Key ?? "");
        return {};
      },
    }),

    ListObjectsV2: operation<sdk.ListObjectsV2Request, sdk.ListObjectsV2Output>({
      access: "read",
      authorize: (input) => this.#onList(input),
      handle: (input) => {
        const { contents, prefixes, truncated, last, maximum } = this.#listing(input);
        return {
          Name: input.Bucket,
          Prefix: input.Prefix ?? "",
          Delimiter: input.Delimiter,
          StartAfter: input.StartAfter,
          ContinuationToken: input.ContinuationToken,
          MaxKeys: maximum,
          KeyCount: contents.length + prefixes.length,
          IsTruncated: truncated,
          NextContinuationToken: truncated ? Buffer.from(last).toString("base64url") : undefined,
          Contents: contents.length > 0 ? contents.map(listed) : undefined,
          CommonPrefixes: prefixes.length > 0 ? prefixes.map((Prefix) => ({ Prefix })) : undefined,
        };
      },
    }),
  };

  #onObject(input: { Bucket?: string; Key?: string; VersionId?: string }, action: string): Authorization {
    return {
      action: input.VersionId === undefined ? action : `${action}Version`,
      resource: this.#arn(input.Bucket, input.Key ?? ""),
    };
  }

  #onList(input: { Bucket?: string; Prefix?: string }): Authorization {
    return {
      action: "s3:ListBucket",
      resource: this.#arn(input.Bucket),
      context: { "s3:prefix": input.Prefix ?? "" },
    };
  }
}

/** A bucket keeps the last version of an object only. */
function refuseVersion(versionId: string | undefined): void {
  if (versionId !== undefined) throw notImplemented("s3: versions of objects");
}

function described(object: StoredObject) {
  return {
    AcceptRanges: "bytes",
    ContentLength: object.body.length,
    ContentType: object.contentType ?? "binary/octet-stream",
    ContentEncoding: object.contentEncoding,
    ETag: object.etag,
    LastModified: new Date(object.modifiedMs),
    Metadata: { ...object.metadata },
    ServerSideEncryption: "AES256" as const,
  };
}

function listed(object: StoredObject): sdk._Object {
  return {
    Key: object.key,
    ETag: object.etag,
    LastModified: new Date(object.modifiedMs),
    Size: object.body.length,
    StorageClass: "STANDARD",
  };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return Uint8Array.from(body);
  if (typeof body === "string") return Buffer.from(body);
  throw new ServiceError("NotImplemented", "A body must come as bytes: the wire collects streams", 501);
}

function rangeOf(range: string | undefined, size: number): { from: number; to: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === undefined || (first === "" && last === "")) return undefined;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (from >= size || from > to)
    throw new ServiceError("InvalidRange", "The requested range is not satisfiable", 416);
  return { from, to };
}
