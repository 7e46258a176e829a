import assert from "node:assert/strict";
import fc from "fast-check";
import { dnsSuffix, formatArn, parseArn, partitionOf } from "../../aws-semantics/arn";

describe("aws-semantics/arn", () => {
  describe("parseArn", () => {
    it("gives the six fields of an ARN, colons and slashes of the resource included", () => {
      const arn = parseArn("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf:key::");
      assert.deepEqual(arn, {
        partition: "aws",
        service: "secretsmanager",
        region: "eu-west-1",
        account: "123456789012",
        resource: "secret:shop/db-AbCdEf:key::",
      });
    });

    it("takes ARNs without Region or account, as IAM, S3 and AWS itself have them", () => {
      const found = [
        "arn:aws:iam::123456789012:role/r",
        "arn:aws:s3:::bucket/key",
        "arn:aws:iam::aws:policy/x",
      ].map((text) => [parseArn(text)?.region, parseArn(text)?.account]);
      assert.deepEqual(found, [
        ["", "123456789012"],
        ["", ""],
        ["", "aws"],
      ]);
    });

    for (const text of [
      "",
      "shop/db",
      "arn:aws:ecs:eu-west-1:123456789012",
      "arn:aws:ecs:eu-west-1:123456789012:",
      "arn:aws:ecs:eu-west-1:12345:cluster/x",
      "arn:azure:ecs:eu-west-1:123456789012:cluster/x",
      "xarn:aws:ecs:eu-west-1:123456789012:cluster/x",
    ]) {
      it(`takes ${JSON.stringify(text)} for no ARN`, () => {
        assert.equal(parseArn(text), undefined);
      });
    }

    it("is undone by formatArn, whatever the resource", () => {
      fc.assert(
        fc.property(
          fc.constantFrom("aws", "aws-cn", "aws-us-gov", "aws-iso-b"),
          fc.constantFrom("eu-west-1", "cn-north-1", ""),
          fc.string({ minLength: 1 }),
          (partition, region, resource) => {
            const arn = { partition, service: "ecs", region, account: "123456789012", resource };
            assert.deepEqual(parseArn(formatArn(arn)), arn);
          },
        ),
      );
    });
  });

  describe("partitionOf and dnsSuffix", () => {
    for (const [region, partition, suffix] of [
      ["eu-west-1", "aws", "amazonaws.com"],
      ["ap-southeast-7", "aws", "amazonaws.com"],
      ["cn-northwest-1", "aws-cn", "amazonaws.com.cn"],
      ["us-gov-west-1", "aws-us-gov", "amazonaws.com"],
      ["us-iso-east-1", "aws-iso", "c2s.ic.gov"],
      ["us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"],
      ["us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"],
      ["eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"],
      ["eusc-de-east-1", "aws-eusc", "amazonaws.eu"],
    ] as const) {
      it(`puts ${region} into ${partition} with hosts below ${suffix}`, () => {
        const found = partitionOf(region);
        assert.equal(found, partition);
        assert.equal(dnsSuffix(found), suffix);
      });
    }
  });
});
