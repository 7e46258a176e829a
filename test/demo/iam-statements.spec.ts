import assert from "node:assert/strict";
import { decide, type Statement } from "../../aws-semantics/iam-policy";
import { resourceMatches } from "../../aws-semantics/iam-text";
import { Iam } from "../../embedded-aws/aws/iam";
import type { RecordedExample } from "../../simulation/virtual-run";
import { everyFeature, recordEveryFeature } from "../../simulation/every-feature";
import { useEveryPermission, type Outcome } from "../../simulation/every-permission";
import { policiesOf, readableOwner } from "../../simulation/policy-parts";

/** A statement of a role, and each call that it allowed. */
interface UsedStatement {
  readonly owner: string;
  /** `ROLE POLICY` */
  readonly name: string;
  readonly statement: Statement;
  readonly allowed: readonly { readonly action: string; readonly resource: string }[];
}

/**
 * Least privilege by one run that uses every permission: what it did, against what the statements allow. That every
 * part is needed is also tried, deployment by deployment, in iam-statements.slow.spec.ts.
 */
describe("the policies of the stack and of the example", () => {
  let recorded: RecordedExample;
  let complete: Outcome;

  before(async () => {
    recorded = await recordEveryFeature();
    complete = await useEveryPermission(recorded);
  });

  function usedStatements(): UsedStatement[] {
    return Iam.of(complete.world)
      .usage()
      .filter(({ owner }) => !owner.endsWith(everyFeature.ownFunction))
      .map(({ owner, policy, statement, allowed }) => ({
        owner,
        name: readableOwner(`${owner.split("/").pop()} ${policy.split("/").pop()}`),
        statement,
        allowed: allowed.map((call) => {
          const [action = "", resource = ""] = call.split(" on ");
          return { action, resource };
        }),
      }));
  }

  it("allow everything that is done with them", () => {
    const { refused, failure, missed, world } = complete;

    assert.deepEqual({ refused, failure, missed }, { refused: [], failure: undefined, missed: [] });
    assert.deepEqual(world.mistakes, []);
  });

  it("use every action, but for those of AWS's own policy that only images and logs of AWS need", () => {
    const unused = usedStatements().flatMap(({ name, statement, allowed }) =>
      [statement.Action ?? []]
        .flat()
        .filter((wanted) => !allowed.some(({ action }) => action === wanted))
        .map((action) => `${name}: ${action}`),
    );

    // Tasks of the embedded AWS are processes of this machine: no image is pulled, and no log driver writes.
    const ofEveryTask = [
      "ecr:GetAuthorizationToken",
      "ecr:BatchCheckLayerAvailability",
      "ecr:GetDownloadUrlForLayer",
      "ecr:BatchGetImage",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ];
    assert.deepEqual(unused.sort(), [
      "ecs-secret-recycler-demo-rotator-shop-credential rotator: kms:GenerateDataKey",
      "ecs-secret-recycler-demo-rotator-shop-long-credential rotator: kms:Encrypt",
      ...["shop-reports-execution", "shop-web-execution", "shop-worker-execution"].flatMap((role) =>
        ofEveryTask.map((action) => `${role} AmazonECSTaskExecutionRolePolicy: ${action}`).sort(),
      ),
    ]);
  });

  it("name no resource in a statement that no call is about", () => {
    // A statement that allowed nothing is the test's above.
    const used = usedStatements().filter(({ allowed }) => allowed.length > 0);

    const unused = used.flatMap(({ name, statement, allowed }) =>
      [statement.Resource ?? []]
        .flat()
        .filter((pattern) => !allowed.some(({ resource }) => resourceMatches(pattern, resource, {})))
        .map((pattern) => `${name}: ${pattern}`),
    );

    assert.ok(used.length > 20, `${used.length} statements`);
    assert.deepEqual(unused, []);
  });

  it("allow no call twice: without any of the statements, what it allows is refused", () => {
    const twice: string[] = [];
    const first = new Map<string, string>();
    for (const { owner, name, statement, allowed } of usedStatements())
      for (const { action, resource } of allowed) {
        // A key is used for a service: two services make two calls.
        const via = JSON.stringify(statement.Condition?.["StringEquals"]?.["kms:ViaService"] ?? "anybody");
        const call = `${owner}: ${action} on ${resource} for ${via}`;
        if (first.has(call)) twice.push(`${call}, by ${first.get(call)} and by ${name}`);
        first.set(call, name);
      }

    assert.ok(first.size > 60, `${first.size} calls`);
    assert.deepEqual(twice, []);
  });

  it("deny every resource that has a policy of its own to whoever comes without TLS, and only by that statement", () => {
    const denying = policiesOf(recorded).filter(({ statements }) =>
      statements.some(({ Effect }) => Effect === "Deny"),
    );
    const everything = { Effect: "Allow", Action: "*", Resource: "*" } as const;
    const ask = (statements: readonly object[], action: string, resource: string, tls: boolean): string =>
      decide([everything, ...statements] as Parameters<typeof decide>[0], {
        action,
        resource,
        // No role sends to a queue, with TLS or without.
        context: { "aws:SecureTransport": tls, "aws:PrincipalIsAWSService": "true" },
        principal: { arn: "arn:aws:iam::123456789012:role/administrator" },
      });

    for (const { owner, statements } of denying)
      for (const statement of statements.filter(
        ({ Effect, Sid }) => Effect === "Deny" && Sid !== "OthersDoNotSend",
      )) {
        const action = [statement.Action].flat()[0]!.replace("*", "GetAnything");
        const resource = [statement.Resource ?? []].flat()[0]!;
        const rest = statements.filter((other) => other !== statement);
        assert.deepEqual(
          [
            ask(statements, action, resource, false),
            ask(statements, action, resource, true),
            ask(rest, action, resource, false),
          ],
          ["ExplicitlyDenied", "Allowed", "Allowed"],
          owner,
        );
      }

    assert.deepEqual(denying.map(({ owner }) => readableOwner(owner)).sort(), [
      "ecs-secret-recycler-demo-alarms",
      "ecs-secret-recycler-demo-dead-letters.fifo",
      "ecs-secret-recycler-demo-trail",
      "ecs-secret-recycler-demo-undelivered",
      "ecs-secret-recycler-demo.fifo",
    ]);
  });
});
