import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { hardenBucketPolicy } from "./bucket-policy";
import { type Context } from "./context";
import { localArn } from "../aws-semantics/arn";

/** Arguments of `Trail`. */
export interface TrailArgs {
  readonly context: Context;
}

/** Days for which S3 keeps the trail's files. */
const LOG_FILE_DAYS = 365;

/** The type of the bucket policy that `awsx.cloudtrail.Trail` declares. */
const BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy";

/**
 * The trail through which EventBridge gets API calls and rotation events: write-only management events in a bucket of
 * its own. The bucket holds an audit log, so `destroy` keeps it and its protection; the next stack gets a bucket with a
 * new name.
 */
export class Trail extends pulumi.ComponentResource {
  /** The bucket's name. Resolves only if its policy was hardened. */
  readonly bucketName: pulumi.Output<string>;

  constructor(name: string, args: TrailArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Trail", name, {}, opts);
    const { place, names, tags } = args.context;
    const bucket = this.#bucket(name, args.context);

    // The bucket policy of awsx requires neither `aws:SourceArn` nor TLS. The trail's ARN follows from its name.
    const trailArn = localArn(place, "cloudtrail", `trail/${names.prefix}`);
    let hardened = false;
    const harden: pulumi.ResourceTransform = ({ type, props, opts: options }) => {
      if (type !== BUCKET_POLICY) return undefined;
      hardened = true;
      const { policy } = props as { policy: pulumi.Input<unknown> };
      const policies = pulumi.all([policy, bucket.arn]);
      return {
        props: {
          ...(props as object),
          policy: policies.apply(([text, bucketArn]) => hardenBucketPolicy(text, { bucketArn, trailArn })),
        },
        opts: options,
      };
    };
    const trail = new awsx.cloudtrail.Trail(
      `${name}-management-events`,
      {
        name: names.prefix,
        s3Bucket: { existing: { arn: bucket.arn } },
        cloudWatchLogsGroup: { enable: false },
        enableLogFileValidation: true,
        includeGlobalServiceEvents: false,
        eventSelectors: [{ readWriteType: "WriteOnly", includeManagementEvents: true }],
        tags: { ...tags },
      },
      { parent: this, transforms: [harden] },
    );

    this.bucketName = pulumi.all([bucket.bucket, trail.trail]).apply(([bucketName, created]) => {
      // `created` is absent under mocks that do not expand the component.
      if ((created as unknown) && !hardened)
        throw new Error(
          `the policy of the bucket ${bucketName} was not hardened: expected awsx.cloudtrail.Trail to declare a ${BUCKET_POLICY}`,
        );
      return bucketName;
    });
    this.registerOutputs({ bucketName: this.bucketName });
  }

  /** The bucket: private, encrypted, with expiring files, kept by `destroy`. */
  #bucket(name: string, { names, tags }: Context): aws.s3.Bucket {
    const retained = { parent: this, retainOnDelete: true };
    const bucket = new aws.s3.Bucket(
      `${name}-bucket`,
      { bucketPrefix: bucketPrefix(names.prefix), tags },
      retained,
    );
    const of = { bucket: bucket.bucket };
    new aws.s3.BucketPublicAccessBlock(
      `${name}-bucket-public-access-block`,
      {
        ...of,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      retained,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      `${name}-bucket-encryption`,
      { ...of, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
      retained,
    );
    new aws.s3.BucketLifecycleConfiguration(
      `${name}-bucket-lifecycle`,
      {
        ...of,
        rules: [
          {
            id: "expire",
            status: "Enabled",
            filter: { prefix: "" },
            expiration: { days: LOG_FILE_DAYS },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          },
        ],
      },
      retained,
    );
    return bucket;
  }
}

/** The prefix of the bucket's name: 26 of 63 characters are added; no capitals and no underscores are allowed. */
function bucketPrefix(prefix: string): string {
  return `${prefix.toLowerCase().replaceAll("_", "-").slice(0, 30)}-trail-`;
}
