/** A statement of a bucket policy, as anybody may have written it. */
interface BucketStatement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The service principal of CloudTrail: the same in every partition. */
const CLOUDTRAIL = "cloudtrail.amazonaws.com";

/** The `Sid` of the statement that refuses requests without TLS. */
const ONLY_TLS = "OnlyTls";

/**
 * The policy of a trail's bucket, made safe: CloudTrail may use the bucket for this one trail only (without
 * `aws:SourceArn` anybody's trail could write into it: AWS CloudTrail User Guide, "Amazon S3 bucket policy for
 * CloudTrail"), and nobody may use it without TLS. All else stays. Hardening twice changes nothing.
 * @param policy a JSON text, or the object of it
 * @throws when there is no statement that lets CloudTrail in: the policy is not the one that was expected
 */
export function hardenBucketPolicy(
  policy: unknown,
  { bucketArn, trailArn }: { bucketArn: string; trailArn: string },
): string {
  const document = (typeof policy === "string" ? JSON.parse(policy) : policy) as Readonly<
    Record<string, unknown>
  >;
  const statements = asList(document.Statement) as BucketStatement[];
  if (!statements.some(letsCloudTrailIn))
    throw new Error(
      `the bucket policy has no statement that lets ${CLOUDTRAIL} in, so aws:SourceArn could not be added; ` +
        "awsx.cloudtrail.Trail has changed: compare its bucket policy with stack/bucket-policy.ts",
    );
  const onlyTls = {
    Sid: ONLY_TLS,
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [bucketArn, `${bucketArn}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  return JSON.stringify({
    ...document,
    Statement: [
      ...statements
        .filter(({ Sid }) => Sid !== ONLY_TLS)
        .map((statement) => (letsCloudTrailIn(statement) ? onlyFor(trailArn, statement) : statement)),
      onlyTls,
    ],
  });
}

function letsCloudTrailIn({ Effect, Principal }: BucketStatement): boolean {
  const service =
    typeof Principal === "object" && Principal !== null && "Service" in Principal ? Principal.Service : [];
  return Effect === "Allow" && asList(service).includes(CLOUDTRAIL);
}

function onlyFor(trailArn: string, statement: BucketStatement): BucketStatement {
  const { Condition } = statement;
  return {
    ...statement,
    Condition: { ...Condition, StringEquals: { ...Condition?.StringEquals, "aws:SourceArn": trailArn } },
  };
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
