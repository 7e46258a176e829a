import type * as aws from "@pulumi/aws";
import type { CreateTrailResponse } from "@aws-sdk/client-cloudtrail";
import type { Unwrap } from "@pulumi/pulumi";
import {
  allTags,
  defined,
  physicalName,
  policyText,
  resourceType,
  tagList,
  text,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

type Trail = Unwrap<aws.cloudtrail.TrailArgs>;

function trailSettings(name: string, trail: Trail): object {
  return defined({
    Name: name,
    S3BucketName: trail.s3BucketName,
    S3KeyPrefix: trail.s3KeyPrefix,
    SnsTopicName: trail.snsTopicName,
    IncludeGlobalServiceEvents: trail.includeGlobalServiceEvents ?? true,
    IsMultiRegionTrail: trail.isMultiRegionTrail ?? false,
    IsOrganizationTrail: trail.isOrganizationTrail,
    EnableLogFileValidation: trail.enableLogFileValidation ?? false,
    CloudWatchLogsLogGroupArn: trail.cloudWatchLogsGroupArn,
    CloudWatchLogsRoleArn: trail.cloudWatchLogsRoleArn,
    KmsKeyId: trail.kmsKeyId,
  });
}

async function putSelectors(account: Account, name: string, trail: Trail): Promise<void> {
  if (trail.eventSelectors?.length)
    await account.call("cloudtrail", "PutEventSelectors", {
      TrailName: name,
      EventSelectors: trail.eventSelectors.map((selector) =>
        defined({
          ReadWriteType: selector.readWriteType,
          IncludeManagementEvents: selector.includeManagementEvents ?? true,
          ExcludeManagementEventSources: selector.excludeManagementEventSources,
          DataResources: selector.dataResources?.map(({ type, values }) => ({ Type: type, Values: values })),
        }),
      ),
    });
}

/** Members of a bucket's settings that a sub-resource writes and takes away again. */
function bucketSetting<Args extends { bucket: unknown }>(
  put: string,
  remove: string,
  input: (inputs: Unwrap<Args>) => object,
): ResourceType {
  const write = async (account: Account, inputs: Properties): Promise<void> => {
    await account.call("s3", put, {
      Bucket: text(inputs, "bucket"),
      ...input(inputs as unknown as Unwrap<Args>),
    });
  };
  return {
    computed: ["id"],
    replaceOnChanges: ["bucket"],
    async create(account, inputs) {
      await write(account, inputs);
      return { id: text(inputs, "bucket"), state: { ...inputs } };
    },
    async update(account, _id, _olds, inputs) {
      await write(account, inputs);
      return { ...inputs };
    },
    async delete(account, bucket) {
      await account.call("s3", remove, { Bucket: bucket });
    },
  };
}

/** AWS CloudTrail, and Amazon S3 as far as a trail's bucket needs it. */
export const trail: Readonly<Record<string, ResourceType>> = {
  "aws:cloudtrail/trail:Trail": resourceType<aws.cloudtrail.TrailArgs>({
    computed: ["id", "arn", "name", "homeRegion", "snsTopicArn", "tagsAll"],
    replaceOnChanges: ["name"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, { name: inputs.name });
      const tagsAll = allTags(account, inputs.tags);
      const answer = await account.call<CreateTrailResponse>("cloudtrail", "CreateTrail", {
        ...trailSettings(name, inputs),
        TagsList: tagList(tagsAll),
      });
      await putSelectors(account, name, inputs);
      if (inputs.enableLogging ?? true) await account.call("cloudtrail", "StartLogging", { Name: name });
      return {
        id: answer.TrailARN!,
        state: {
          enableLogging: true,
          includeGlobalServiceEvents: true,
          ...inputs,
          name,
          arn: answer.TrailARN,
          homeRegion: account.region,
          tagsAll,
        },
      };
    },
    async update(account, _arn, olds, inputs) {
      const name = text(olds, "name");
      await account.call("cloudtrail", "UpdateTrail", trailSettings(name, inputs));
      await putSelectors(account, name, inputs);
      const logging = inputs.enableLogging ?? true;
      await account.call("cloudtrail", logging ? "StartLogging" : "StopLogging", { Name: name });
      return { ...olds, ...inputs, name, tagsAll: allTags(account, inputs.tags) };
    },
    async delete(account, arn) {
      await account.call("cloudtrail", "DeleteTrail", { Name: arn });
    },
  }),

  "aws:s3/bucket:Bucket": resourceType<aws.s3.BucketArgs>({
    computed: ["id", "arn", "bucket", "bucketDomainName", "bucketRegionalDomainName", "tagsAll"],
    replaceOnChanges: ["bucket", "bucketPrefix"],
    async create(account, inputs, logicalName) {
      const bucket = physicalName(account, logicalName, {
        name: inputs.bucket,
        namePrefix: inputs.bucketPrefix,
      });
      await account.call("s3", "CreateBucket", {
        Bucket: bucket,
        CreateBucketConfiguration:
          account.region === "us-east-1" ? undefined : { LocationConstraint: account.region },
      });
      const tagsAll = allTags(account, inputs.tags);
      const TagSet = tagList(tagsAll);
      if (TagSet) await account.call("s3", "PutBucketTagging", { Bucket: bucket, Tagging: { TagSet } });
      return {
        id: bucket,
        state: {
          forceDestroy: false,
          ...inputs,
          bucket,
          arn: `arn:${account.partition}:s3:::${bucket}`,
          region: account.region,
          bucketDomainName: `${bucket}.s3.amazonaws.com`,
          bucketRegionalDomainName: `${bucket}.s3.${account.region}.amazonaws.com`,
          tagsAll,
        },
      };
    },
    async delete(account, bucket) {
      await account.call("s3", "DeleteBucket", { Bucket: bucket });
    },
  }),

  "aws:s3/bucketPolicy:BucketPolicy": bucketSetting<aws.s3.BucketPolicyArgs>(
    "PutBucketPolicy",
    "DeleteBucketPolicy",
    (inputs) => ({ Policy: policyText(inputs.policy) }),
  ),

  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketSetting<aws.s3.BucketPublicAccessBlockArgs>(
    "PutPublicAccessBlock",
    "DeletePublicAccessBlock",
    (inputs) => ({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: inputs.blockPublicAcls ?? false,
        BlockPublicPolicy: inputs.blockPublicPolicy ?? false,
        IgnorePublicAcls: inputs.ignorePublicAcls ?? false,
        RestrictPublicBuckets: inputs.restrictPublicBuckets ?? false,
      },
    }),
  ),

  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration":
    bucketSetting<aws.s3.BucketServerSideEncryptionConfigurationArgs>(
      "PutBucketEncryption",
      "DeleteBucketEncryption",
      (inputs) => ({
        ServerSideEncryptionConfiguration: {
          Rules: inputs.rules.map((rule) =>
            defined({
              BucketKeyEnabled: rule.bucketKeyEnabled,
              ApplyServerSideEncryptionByDefault:
                rule.applyServerSideEncryptionByDefault &&
                defined({
                  SSEAlgorithm: rule.applyServerSideEncryptionByDefault.sseAlgorithm,
                  KMSMasterKeyID: rule.applyServerSideEncryptionByDefault.kmsMasterKeyId,
                }),
            }),
          ),
        },
      }),
    ),

  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration":
    bucketSetting<aws.s3.BucketLifecycleConfigurationArgs>(
      "PutBucketLifecycleConfiguration",
      "DeleteBucketLifecycle",
      (inputs) => ({
        LifecycleConfiguration: {
          Rules: (inputs.rules ?? []).map((rule) =>
            defined({
              ID: rule.id,
              Status: rule.status,
              Filter: rule.filter?.prefix === undefined ? { Prefix: "" } : { Prefix: rule.filter.prefix },
              Expiration:
                rule.expiration &&
                defined({
                  Days: rule.expiration.days,
                  ExpiredObjectDeleteMarker: rule.expiration.expiredObjectDeleteMarker,
                }),
              NoncurrentVersionExpiration:
                rule.noncurrentVersionExpiration &&
                defined({ NoncurrentDays: rule.noncurrentVersionExpiration.noncurrentDays }),
              Transitions: rule.transitions?.map(({ days, storageClass }) =>
                defined({ Days: days, StorageClass: storageClass }),
              ),
              AbortIncompleteMultipartUpload:
                rule.abortIncompleteMultipartUpload &&
                defined({ DaysAfterInitiation: rule.abortIncompleteMultipartUpload.daysAfterInitiation }),
            }),
          ),
        },
      }),
    ),
};
