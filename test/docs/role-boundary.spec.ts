import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { grants, type PolicyDocument, type Statement } from "../../aws-semantics/iam-policy";
import { physicalNames } from "../../stack/context";
import { recyclerStatements } from "../../stack/role-statements";
import { rotatorStatements, type RotatorAccess } from "../../stack/rotator-statements";

const place = { partition: "aws", region: "us-west-2", account: "123456789012" };
const names = physicalNames("ecs-secret-recycler", "prod");
const text = readFileSync(join(__dirname, "..", "..", "docs", "role-boundary.json"), "utf8");
const boundary = (JSON.parse(text) as PolicyDocument).Statement as readonly Statement[];

const rotator = {
  strategy: "single-user",
  adminSecret: "production/database-admin",
  kmsKeyArn: "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-0000-0000-000000000000",
  adminKmsKeyArn: "arn:aws:kms:us-west-2:123456789012:key/10000000-0000-0000-0000-000000000000",
  inVpc: true,
  logGroup: "/aws/lambda/ecs-secret-recycler-prod-rotator-database",
} as const satisfies Partial<RotatorAccess>;

/** Every action of the roles that the production settings can make, each on one resource. */
const granted = [
  ...recyclerStatements(place, names, ["production"]),
  ...rotatorStatements(place, {
    ...rotator,
    credential: { kind: "secret", id: "production/database", name: "production/database" },
  }),
  ...rotatorStatements(place, {
    ...rotator,
    credential: {
      kind: "parameter",
      id: "/production/database",
      name: "/production/database",
      arn: "arn:aws:ssm:us-west-2:123456789012:parameter/production/database",
    },
  }),
].flatMap((statement) =>
  [statement.Action ?? []].flat().map((action) => ({
    action,
    resource: [statement.Resource ?? []].flat()[0]!.replaceAll("?", "a").replace(/\*$/, "a"),
    context: statement.Condition?.StringEquals as Readonly<Record<string, readonly string[]>> | undefined,
  })),
);

describe("docs/role-boundary.json", () => {
  it("allows what every role of the stack is allowed", () => {
    const refused = granted.filter(({ action, resource, context = {} }) => {
      const first = Object.fromEntries(Object.entries(context).map(([key, [value]]) => [key, value!]));
      return !grants(boundary, { action, resource, context: first });
    });

    assert.ok(granted.length > 30);
    assert.deepEqual(refused, []);
  });

  it("allows no action that no role of the stack has", () => {
    const used = new Set(granted.map(({ action }) => action));
    const unused = boundary
      .flatMap(({ Action }) => [Action ?? []].flat())
      .filter((action) => !used.has(action));

    assert.deepEqual(unused, []);
  });
});
