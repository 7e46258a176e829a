import { listOf } from "../aws-semantics/iam-condition";

/** A statement of a bucket policy. */
interface BucketStatement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The service principal of CloudTrail: the same in every partition. */
const CLOUDTRAIL = "cloudtrail.amazonaws.com";

/** The `Sid` of the statement that denies requests without TLS. */
const ONLY_TLS = "OnlyTls";

/**
 * Hardens the policy of a trail's bucket: CloudTrail may use the bucket only for this trail (without `aws:SourceArn`
 * trails of other accounts could write to it: AWS CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail"), and
 * requests without TLS are denied. Other statements stay. Hardening twice changes nothing.
 * @param policy a JSON text, or its object
 * @throws if no statement allows CloudTrail: then awsx no longer writes the expected policy
 */
export function hardenBucketPolicy(
  policy: unknown,
  { bucketArn, trailArn }: { bucketArn: string; trailArn: string },
): string {
  const document = (typeof policy === "string" ? JSON.parse(policy) : policy) as Readonly<
    Record<string, unknown>
  >;
  const statements = listOf(document.Statement) as BucketStatement[];
  if (!statements.some(letsCloudTrailIn))
    throw new Error(
      `the bucket policy: expected a statement that allows ${CLOUDTRAIL}, found none, so aws:SourceArn was not added; ` +
        "compare the policy of this version of awsx.cloudtrail.Trail with stack/bucket-policy.ts",
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
  return Effect === "Allow" && listOf<unknown>(service).includes(CLOUDTRAIL);
}

function onlyFor(trailArn: string, statement: BucketStatement): BucketStatement {
  const { Condition } = statement;
  return {
    ...statement,
    Condition: { ...Condition, StringEquals: { ...Condition?.StringEquals, "aws:SourceArn": trailArn } },
  };
}
