import assert from "node:assert/strict";
import { decide, statementsOf, type PolicyDocument } from "../../aws-semantics/iam-policy";
import { hardenBucketPolicy } from "../../stack/bucket-policy";
import { localArn, type Place } from "../../aws-semantics/arn";
import { places } from "../support/places";

function arns({ partition, ...place }: Place): { bucketArn: string; trailArn: string } {
  return {
    bucketArn: `arn:${partition}:s3:::audit`,
    trailArn: localArn({ partition, ...place }, "cloudtrail", "trail/recycler"),
  };
}

/** A policy as awsx writes it. */
function open(bucketArn: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AWSCloudTrailAclCheck",
        Effect: "Allow",
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Action: ["s3:GetBucketAcl"],
        Resource: [bucketArn],
      },
      {
        Sid: "AWSCloudTrailWrite",
        Effect: "Allow",
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Action: ["s3:PutObject"],
        Resource: [`${bucketArn}/*`],
        Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } },
      },
    ],
  };
}

describe("hardenBucketPolicy", () => {
  for (const place of places)
    describe(`in ${place.partition}`, () => {
      const { bucketArn, trailArn } = arns(place);
      const statements = statementsOf(
        JSON.parse(hardenBucketPolicy(open(bucketArn), { bucketArn, trailArn })) as PolicyDocument,
      );
      const write = (context: Record<string, string>) =>
        decide(statements, {
          action: "s3:PutObject",
          resource: `${bucketArn}/AWSLogs/123456789012/x.json.gz`,
          principal: { service: "cloudtrail.amazonaws.com" },
          context: {
            "s3:x-amz-acl": "bucket-owner-full-control",
            "aws:SourceArn": trailArn,
            "aws:SecureTransport": "true",
            ...context,
          },
        });

      it("lets this trail write, on the condition that was there before", () => {
        assert.equal(write({}), "Allowed");
        assert.equal(write({ "s3:x-amz-acl": "private" }), "ImplicitlyDenied");
      });

      it("refuses another trail", () => {
        assert.equal(write({ "aws:SourceArn": `${trailArn}2` }), "ImplicitlyDenied");
      });

      it("refuses a request without TLS", () => {
        assert.equal(write({ "aws:SecureTransport": "false" }), "ExplicitlyDenied");
      });
    });

  const { bucketArn, trailArn } = arns(places[0]!);

  it("takes a policy as text and as object, and changes nothing the second time", () => {
    const once = hardenBucketPolicy(open(bucketArn), { bucketArn, trailArn });

    assert.equal(hardenBucketPolicy(JSON.stringify(open(bucketArn)), { bucketArn, trailArn }), once);
    assert.equal(hardenBucketPolicy(once, { bucketArn, trailArn }), once);
  });

  it("keeps a statement that is not about CloudTrail as it stands", () => {
    const other = {
      Effect: "Allow",
      Principal: { AWS: "123456789012" },
      Action: "s3:GetObject",
      Resource: bucketArn,
    };
    const policy = { ...open(bucketArn), Statement: [...open(bucketArn).Statement, other] };

    const hardened = JSON.parse(hardenBucketPolicy(policy, { bucketArn, trailArn })) as {
      Statement: unknown[];
    };

    assert.deepEqual(hardened.Statement[2], other);
  });

  it("throws when no statement lets CloudTrail in, instead of leaving the policy open", () => {
    const policy = { Version: "2012-10-17", Statement: [] };

    assert.throws(() => hardenBucketPolicy(policy, { bucketArn, trailArn }), /aws:SourceArn was not added/);
  });
});
