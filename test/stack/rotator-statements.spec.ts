import assert from "node:assert/strict";
import { decide, grants } from "../../aws-semantics/iam-policy";
import { localArn, type Place } from "../../aws-semantics/arn";
import { rotatorStatements, type RotatorAccess } from "../../stack/rotator-statements";
import { places } from "../support/places";

const access: RotatorAccess = {
  credential: { kind: "secret", id: "shop/database", name: "shop/database" },
  strategy: "single-user",
  adminSecret: "shop/admin",
  inVpc: false,
  logGroup: "/aws/lambda/rotator",
};

const WRITING = ["PutSecretValue", "UpdateSecretVersionStage", "DescribeSecret", "ListSecretVersionIds"];

/** The decision about an action of Secrets Manager on a secret in the place, by what follows `secret:`. */
function onSecret(place: Place, of: RotatorAccess, action: string, name: string): string {
  const resource = localArn(place, "secretsmanager", `secret:${name}`);
  return decide(rotatorStatements(place, of), { action: `secretsmanager:${action}`, resource, context: {} });
}

describe("rotatorStatements", () => {
  for (const place of places)
    it(`allows reading and writing exactly the rotated secret in ${place.partition}`, () => {
      for (const action of ["GetSecretValue", ...WRITING]) {
        assert.equal(onSecret(place, access, action, "shop/database-AbCdEf"), "Allowed", action);
        assert.equal(onSecret(place, access, action, "shop/database2-AbCdEf"), "ImplicitlyDenied", action);
        assert.equal(onSecret(place, access, action, "shop/database-old-AbCdEf"), "ImplicitlyDenied", action);
      }
    });

  it("allows reading the administrator's secret, and nothing else with it", () => {
    const [place] = places;

    assert.equal(onSecret(place!, access, "GetSecretValue", "shop/admin-AbCdEf"), "Allowed");
    for (const action of WRITING)
      assert.equal(onSecret(place!, access, action, "shop/admin-AbCdEf"), "ImplicitlyDenied", action);
  });

  it("allows a secret by its ARN, whether that is complete or partial", () => {
    const [place] = places;
    const by = (name: string): RotatorAccess => {
      const id = localArn(place!, "secretsmanager", `secret:${name}`);
      return { ...access, credential: { kind: "secret", id, name } };
    };

    assert.equal(onSecret(place!, by("database-AbCdEf"), "PutSecretValue", "database-AbCdEf"), "Allowed");
    assert.equal(onSecret(place!, by("database"), "PutSecretValue", "database-AbCdEf"), "Allowed");
    assert.equal(onSecret(place!, by("my-secret"), "PutSecretValue", "my-secret-AbCdEf"), "Allowed");
    assert.equal(onSecret(place!, by("database"), "PutSecretValue", "database2-AbCdEf"), "ImplicitlyDenied");
  });

  it("allows exactly the parameter when the credential lives in one", () => {
    const [place] = places;
    const arn = localArn(place!, "ssm", "parameter/shop/database");
    const statements = rotatorStatements(place!, {
      ...access,
      credential: { kind: "parameter", id: "/shop/database", name: "/shop/database", arn },
    });

    for (const action of ["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"]) {
      assert.equal(decide(statements, { action, resource: arn, context: {} }), "Allowed", action);
      assert.equal(
        decide(statements, { action, resource: `${arn}2`, context: {} }),
        "ImplicitlyDenied",
        action,
      );
    }
    const write = { action: "secretsmanager:PutSecretValue", resource: "*", context: {} };
    assert.equal(decide(statements, write), "ImplicitlyDenied");
  });

  it("allows alternating users no list of versions: only a single user looks for an older password", () => {
    const alternating: RotatorAccess = { ...access, strategy: "alternating-users" };

    const decisions = ["ListSecretVersionIds", "PutSecretValue"].map((action) =>
      onSecret(places[0]!, alternating, action, "shop/database-AbCdEf"),
    );

    assert.deepEqual(decisions, ["ImplicitlyDenied", "Allowed"]);
  });

  it("allows encrypting a parameter of either tier with its key, and a secret by a data key only", () => {
    const [place] = places;
    const kmsKeyArn = localArn(place!, "kms", "key/00000000-0000-0000-0000-000000000000");
    const parameter = {
      kind: "parameter",
      id: "/shop/database",
      name: "/shop/database",
      arn: localArn(place!, "ssm", "parameter/shop/database"),
    } as const;
    const ask = (of: RotatorAccess, service: string, action: string): boolean =>
      grants(rotatorStatements(place!, { ...of, kmsKeyArn }), {
        action,
        resource: kmsKeyArn,
        context: { "kms:ViaService": `${service}.${place!.region}.amazonaws.com` },
      });

    const ofParameter = ["kms:Encrypt", "kms:GenerateDataKey"].map((action) =>
      ask({ ...access, credential: parameter }, "ssm", action),
    );
    const ofSecret = ["kms:Encrypt", "kms:GenerateDataKey"].map((action) =>
      ask(access, "secretsmanager", action),
    );

    assert.deepEqual(
      [ofParameter, ofSecret],
      [
        [true, true],
        [false, true],
      ],
    );
  });

  it("allows the use of a key by way of Secrets Manager only, and of none unless one is given", () => {
    const [place] = places;
    const kmsKeyArn = localArn(place!, "kms", "key/00000000-0000-0000-0000-000000000000");
    const ask = (of: RotatorAccess, service: string): boolean =>
      grants(rotatorStatements(place!, of), {
        action: "kms:Decrypt",
        resource: kmsKeyArn,
        context: { "kms:ViaService": `${service}.${place!.region}.amazonaws.com` },
      });

    assert.equal(ask({ ...access, kmsKeyArn }, "secretsmanager"), true);
    assert.equal(ask({ ...access, kmsKeyArn }, "s3"), false);
    assert.equal(ask(access, "secretsmanager"), false);
  });

  it("allows the key of the administrator's secret, its own or the credential's, by way of Secrets Manager only", () => {
    const [place] = places;
    const key = (name: string): string => localArn(place!, "kms", `key/${name}`);
    const arn = localArn(place!, "ssm", "parameter/shop/database");
    const parameter = { kind: "parameter", id: "/shop/database", name: "/shop/database", arn } as const;
    const ask = (of: RotatorAccess, resource: string, action: string, service: string): boolean =>
      grants(rotatorStatements(place!, of), {
        action: `kms:${action}`,
        resource,
        context: { "kms:ViaService": `${service}.${place!.region}.amazonaws.com` },
      });
    const ofItsOwn = { ...access, kmsKeyArn: key("a"), adminKmsKeyArn: key("b") };
    const both = { ...access, credential: parameter, kmsKeyArn: key("a"), adminKmsKeyArn: key("a") };

    for (const of of [ofItsOwn, { ...ofItsOwn, credential: parameter }])
      assert.deepEqual(
        [
          ask(of, key("b"), "Decrypt", "secretsmanager"),
          ask(of, key("b"), "Decrypt", "ssm"),
          ask(of, key("b"), "GenerateDataKey", "secretsmanager"),
        ],
        [true, false, false],
      );
    assert.deepEqual(
      [
        ask(both, key("a"), "Decrypt", "secretsmanager"),
        ask(both, key("a"), "Encrypt", "ssm"),
        ask(both, key("a"), "GenerateDataKey", "secretsmanager"),
      ],
      [true, true, false],
    );
  });

  it("allows network interfaces only for a function in a VPC", () => {
    const create = { action: "ec2:CreateNetworkInterface", resource: "*", context: {} };

    assert.equal(decide(rotatorStatements(places[0]!, { ...access, inVpc: true }), create), "Allowed");
    assert.equal(decide(rotatorStatements(places[0]!, access), create), "ImplicitlyDenied");
  });
});
