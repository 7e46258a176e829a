import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isAtHome,
  isPinned,
  parameterArn,
  parseReference,
  refersTo,
  sameParameter,
  sameSecret,
  secretKey,
} from "../../aws-semantics/secret-reference";
import type { BareName, Reference } from "../../aws-semantics/secret-reference";

const home = { partition: "aws", region: "eu-west-1", account: "123456789012" };
const secrets = "arn:aws:secretsmanager:eu-west-1:123456789012:secret";
const parameters = "arn:aws:ssm:eu-west-1:123456789012:parameter";

function valid(text: string, bareName?: BareName): Reference {
  const reference = parseReference(text, home, bareName);
  assert.notEqual(reference.service, "invalid", text);
  return reference as Reference;
}

describe("aws-semantics/secret-reference", () => {
  describe("parseReference of a secret", () => {
    it("reads a complete ARN: the whole text of AWSCURRENT", () => {
      assert.deepEqual(valid(`${secrets}:shop/db-AbCdEf`), {
        ...home,
        service: "secretsmanager",
        id: `${secrets}:shop/db-AbCdEf`,
        name: "shop/db",
        complete: true,
        versionStage: "AWSCURRENT",
      });
    });

    it("reads a partial ARN: the secret of that name, without its six characters", () => {
      assert.deepEqual(valid(`${secrets}:shop/db`), {
        ...home,
        service: "secretsmanager",
        id: `${secrets}:shop/db`,
        name: "shop/db",
        complete: false,
        versionStage: "AWSCURRENT",
      });
    });

    for (const [suffix, wanted] of [
      [":password::", { jsonKey: "password", versionStage: "AWSCURRENT", versionId: undefined }],
      ["::AWSPREVIOUS:", { jsonKey: undefined, versionStage: "AWSPREVIOUS", versionId: undefined }],
      [":password:blue:", { jsonKey: "password", versionStage: "blue", versionId: undefined }],
      [":::9d4cb84b", { jsonKey: undefined, versionStage: undefined, versionId: "9d4cb84b" }],
      [":::", { jsonKey: undefined, versionStage: "AWSCURRENT", versionId: undefined }],
    ] as const) {
      it(`reads key, stage and version of an ARN that ends in ${suffix}`, () => {
        const reference = valid(`${secrets}:shop/db-AbCdEf${suffix}`);
        assert.ok(reference.service === "secretsmanager");
        const { jsonKey, versionStage, versionId } = reference;
        assert.deepEqual({ jsonKey, versionStage, versionId }, wanted);
        assert.equal(reference.id, `${secrets}:shop/db-AbCdEf`);
        assert.equal(isPinned(reference), wanted.versionId !== undefined);
      });
    }

    it("keeps the exclamation mark of a secret that a service owns", () => {
      assert.equal(valid(`${secrets}:rds!db-0f4e-11aa-AbCdEf`).name, "rds!db-0f4e-11aa");
    });

    it("takes partition, Region and account from the ARN and says that it is not at home", () => {
      const reference = valid("arn:aws-cn:secretsmanager:cn-north-1:210987654321:secret:shop/db-AbCdEf");
      assert.deepEqual(
        [reference.partition, reference.region, reference.account],
        ["aws-cn", "cn-north-1", "210987654321"],
      );
      assert.equal(isAtHome(reference, home), false);
    });

    it("takes a name for a secret of the task's own Region where a secret is meant", () => {
      const reference = valid("shop/registry", "secret");
      assert.equal(reference.service, "secretsmanager");
      assert.equal(reference.id, "shop/registry");
      assert.equal(isAtHome(reference, home), true);
    });
  });

  describe("parseReference of a parameter", () => {
    for (const [text, name, arn] of [
      ["/shop/key", "/shop/key", `${parameters}/shop/key`],
      ["key", "key", `${parameters}/key`],
      [`${parameters}/shop/key`, "/shop/key", `${parameters}/shop/key`],
      [`${parameters}/key`, "key", `${parameters}/key`],
    ] as const) {
      it(`reads ${text} as the parameter ${name}`, () => {
        assert.deepEqual(valid(text), { ...home, service: "ssm", id: name, name, arn });
      });
    }

    it("is known by its ARN where it is in another account", () => {
      const arn = "arn:aws:ssm:eu-west-1:210987654321:parameter/shop/key";
      assert.equal(valid(arn).id, arn);
    });

    it("reads a version and a label behind a colon", () => {
      const version = valid("/shop/key:3");
      const label = valid(`${parameters}/shop/key:stable`);
      assert.equal(isPinned(version), true);
      assert.ok(version.service === "ssm" && version.versionId === "3");
      assert.ok(label.service === "ssm" && label.label === "stable" && !isPinned(label));
    });
  });

  describe("parseReference of what no task could start with", () => {
    for (const [text, bareName, wanted] of [
      ["", "parameter", /parameter's name/],
      ["shop/key", "parameter", /leading slash/],
      ["/shop//key", "parameter", /parameter's name/],
      ["a b", "parameter", /parameter's name/],
      ["key:", "parameter", /selector/],
      ["key:1:2", "parameter", /selector/],
      [`${secrets}:shop/db-AbCdEf:password`, "parameter", /all of/],
      [`${secrets}:shop/db-AbCdEf:a:b:c:d`, "parameter", /all of/],
      [`${secrets}:shop/db-AbCdEf::blue:9d4c`, "parameter", /exclude/],
      [`${secrets}:`, "parameter", /not an ARN|name/],
      [`${secrets}:a b`, "parameter", /name/],
      ["arn:aws:secretsmanager:::secret:x", "parameter", /12-digit/],
      ["arn:aws:s3:::bucket/key", "parameter", /12-digit/],
      ["arn:aws:sqs:eu-west-1:123456789012:queue", "parameter", /sqs/],
      ["arn:nonsense", "parameter", /not an ARN/],
      ["shop:db", "secret", /secret's name/],
      ["shop/db", "refused", /ARN/],
    ] as const) {
      it(`refuses ${JSON.stringify(text)} where a bare name means ${bareName}`, () => {
        const reference = parseReference(text, home, bareName);
        assert.ok(reference.service === "invalid");
        assert.match(reference.problem, wanted);
      });
    }

    it("does not repeat the text, which might be a secret in the wrong place", () => {
      const reference = parseReference("hunter2 is the password", home);
      assert.doesNotMatch(JSON.stringify(reference), /hunter2/);
    });

    it("answers any text without throwing", () => {
      fc.assert(
        fc.property(fc.string(), fc.constantFrom("", "arn:", `${secrets}:`, parameters), (text, before) => {
          assert.ok(
            ["invalid", "ssm", "secretsmanager"].includes(parseReference(before + text, home).service),
          );
        }),
      );
    });
  });

  describe("sameSecret", () => {
    const complete = `${secrets}:prod/db-AbCdEf`;
    for (const [a, b, wanted, why] of [
      [complete, complete, true, "the same complete ARN"],
      [complete, `${secrets}:prod/db`, true, "complete and partial"],
      [complete, "prod/db", true, "complete and name"],
      [`${secrets}:prod/db`, "prod/db", true, "partial and name"],
      [complete, `${secrets}:prod/db2-AbCdEf`, false, "one name within the other"],
      [`${secrets}:prod/db`, `${secrets}:prod/db2`, false, "one partial ARN within the other"],
      ["prod/db", "prod/db2", false, "one name within the other, by name"],
      [complete, `${secrets}:prod/db-GhIjKl`, false, "a secret deleted and made again"],
      [complete, "prod/db-AbCdEf", false, "a name is never shortened"],
      [`${secrets}:shop-backup`, `${secrets}:shop-backup-AbCdEf`, false, "an ARN that looks complete is"],
      [
        `${secrets}:shop-token`,
        `${secrets}:shop-token-AbCdEf`,
        true,
        "a hyphen and five characters are a name's",
      ],
      [`${secrets}:shop-service`, `${secrets}:shop-service-AbCdEf`, true, "a hyphen and seven are, too"],
      ["shop-backup", `${secrets}:shop-backup-AbCdEf`, true, "a name ending in hyphen and six characters"],
      [`${secrets}:shop-backup-AbCdEf`, `${secrets}:shop-AbCdEf`, false, "names that differ by -backup"],
      [`${secrets}:rds!db-1-AbCdEf`, "rds!db-1", true, "a secret that a service owns"],
      [complete, "arn:aws:secretsmanager:eu-west-2:123456789012:secret:prod/db", false, "another Region"],
      [complete, "arn:aws:secretsmanager:eu-west-1:210987654321:secret:prod/db", false, "another account"],
      [complete, `${parameters}/prod/db`, false, "a parameter"],
    ] as const) {
      it(`says ${wanted} of ${why}, either way round`, () => {
        assert.equal(sameSecret(a, b, home), wanted);
        assert.equal(sameSecret(b, a, home), wanted);
      });
    }

    it("takes a name to be at home: the same name elsewhere is another secret", () => {
      const elsewhere = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:prod/db-AbCdEf";
      assert.equal(sameSecret(elsewhere, "prod/db", home), false);
      assert.equal(sameSecret(elsewhere, "prod/db"), true);
    });

    it("holds between a name and its complete ARN for every name, and for no name with something added", () => {
      const name = fc.stringMatching(/^[A-Za-z0-9/_+=.@!-]{1,40}$/);
      const six = fc.stringMatching(/^[A-Za-z0-9]{6}$/);
      fc.assert(
        fc.property(name, six, fc.stringMatching(/^[a-z0-9/-]{1,8}$/), (plain, suffix, more) => {
          const arn = `${secrets}:${plain}-${suffix}`;
          assert.equal(sameSecret(arn, plain, home), true);
          assert.equal(sameSecret(arn, plain + more, home), false);
          assert.equal(sameSecret(arn, more + plain, home), false);
          assert.equal(secretKey(arn, home), secretKey(plain, home));
        }),
      );
    });
  });

  describe("sameParameter", () => {
    for (const [a, b, wanted] of [
      ["/a/b", `${parameters}/a/b`, true],
      ["foo", `${parameters}/foo`, true],
      ["/foo", "foo", true],
      ["/a/b", "/a/b2", false],
      ["b", `${parameters}/a/b`, false],
      ["/a/b", "arn:aws:ssm:eu-west-2:123456789012:parameter/a/b", false],
      ["/a/B", "/a/b", false],
    ] as const) {
      it(`says ${wanted} of ${a} and ${b}, either way round`, () => {
        assert.equal(sameParameter(a, b, home), wanted);
        assert.equal(sameParameter(b, a, home), wanted);
      });
    }
  });

  describe("refersTo", () => {
    it("compares secrets with secrets and parameters with parameters", () => {
      const secret = valid(`${secrets}:shop/db:password::`);
      const parameter = valid("/shop/key");
      assert.equal(refersTo(secret, `${secrets}:shop/db-AbCdEf`, home), true);
      assert.equal(refersTo(parameter, parameterArn("/shop/key", home), home), true);
      assert.equal(refersTo(parameter, `${secrets}:/shop/key`, home), false);
    });
  });
});
