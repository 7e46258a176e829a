import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { hardenBucketPolicy } from "./bucket-policy";
import { type Context } from "./context";
import { localArn } from "../aws-semantics/arn";

/** What the trail needs to know. */
export interface TrailArgs {
  readonly context: Context;
}

/** Days for which the trail's files are kept. */
const LOG_FILE_DAYS = 365;

/** The type of the bucket policy that `awsx.cloudtrail.Trail` declares. */
const BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy";

/**
 * The trail without which EventBridge gets no API calls and no rotation events: write-only management events, on a
 * bucket of our own. The bucket holds an audit log, so it and its protection outlive the stack; its name is made
 * anew by each stack, so that another `up` is not in the way of what an earlier one left.
 */
export class Trail extends pulumi.ComponentResource {
  /** The bucket's name. Resolves only when its policy was hardened. */
  readonly bucketName: pulumi.Output<string>;

  constructor(name: string, args: TrailArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Trail", name, {}, opts);
    const { place, names, tags } = args.context;
    const bucket = this.#bucket(name, args.context);

    // The policy is written by awsx and leaves `aws:SourceArn` and TLS open. A trail's ARN is known by its name.
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
      // `created` is absent where the component has no children: under mocks that do not expand it.
      if ((created as unknown) && !hardened)
        throw new Error(
          `the policy of bucket ${bucketName} was not hardened: awsx.cloudtrail.Trail declared no ${BUCKET_POLICY}`,
        );
      return bucketName;
    });
    this.registerOutputs({ bucketName: this.bucketName });
  }

  /** The bucket: private, encrypted, cleaned up by age, kept when the stack goes. */
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

/** The beginning of the bucket's name: 26 characters are added, 63 are allowed, no capitals and no underscores. */
function bucketPrefix(prefix: string): string {
  return `${prefix.toLowerCase().replaceAll("_", "-").slice(0, 30)}-trail-`;
}
