import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";

const bucket = new aws.s3.Bucket("logs", { bucket: "logs-of-the-account" });
const trail = new awsx.cloudtrail.Trail(
  "events",
  { name: "events", s3Bucket: { existing: { arn: bucket.arn } } },
  {
    transforms: [
      ({ type, props, opts }) => {
        if (type !== "aws:s3/bucketPolicy:BucketPolicy") return undefined;
        const policy = (props as { policy: pulumi.Input<{ Statement: object[] }> }).policy;
        return {
          props: {
            ...props,
            policy: pulumi.output(policy).apply((document) => ({
              ...document,
              Statement: [
                ...document.Statement,
                {
                  Sid: "TlsOnly",
                  Effect: "Deny",
                  Principal: "*",
                  Action: "s3:*",
                  Resource: "arn:aws:s3:::logs-of-the-account/*",
                  Condition: { Bool: { "aws:SecureTransport": "false" } },
                },
              ],
            })),
          },
          opts,
        };
      },
    ],
  },
);

export const trailArn = trail.trail.apply(({ arn }) => arn);
