import assert from "node:assert/strict";
import { decide } from "../../aws-semantics/iam-policy";
import { Iam } from "../../embedded-aws/aws/iam";
import type { RecordedExample } from "../../simulation/virtual-run";
import { partsOf, policiesOf, type PolicyPart } from "../../simulation/policy-parts";
import { outcomeOf, type Outcome } from "../../simulation/whole-scenario";
import { recordWholeStack, whole } from "../../simulation/whole-stack";

/**
 * How AWS says, other than by AccessDenied, that a trust policy, a function's policy or a role lacks something: what
 * it checks by itself while something is made or started.
 */
const saidOtherwise =
  /cannot be assumed|cannot invoke|unable to assume|does not have permissions to call|Incorrect S3 bucket policy/;

/** Without the digest at the end of a rotator's name, and the drawn end of a bucket's. */
function readable(name: string): string {
  return name
    .replaceAll(/(rotat(?:or|e)-[\w-]+)-[0-9a-f]{6}\b/g, "$1")
    .replaceAll(/-[0-9a-f]{7}(?= |$)/g, "");
}

/** Whether somebody was told that he may not do what the part allows. */
function isRefused({ actions }: PolicyPart, { refused, failure = "", serviceEvents }: Outcome): boolean {
  return (
    refused.some(({ action }) => actions.includes(action)) ||
    [failure, ...serviceEvents].some((text) => saidOtherwise.test(text))
  );
}

describe("the policies of the stack and of the example", () => {
  let recorded: RecordedExample;
  let complete: Outcome;

  before(async () => {
    recorded = await recordWholeStack();
    complete = await outcomeOf(recorded);
  });

  it("allow everything that is done with them", () => {
    const { refused, failure, missed, world } = complete;

    assert.deepEqual({ refused, failure, missed }, { refused: [], failure: undefined, missed: [] });
    assert.deepEqual(world.mistakes, []);
  });

  it("hold nothing that is not needed: without any part of a statement, a call is refused and something fails", async () => {
    const notNeeded: string[] = [];
    const parts = partsOf(recorded).filter(
      ({ name, owner }) => owner !== whole.ownFunction || name.includes("permission"),
    );
    for (const part of parts) {
      const outcome = await outcomeOf(part.without);
      const fails = outcome.failure !== undefined || outcome.missed.length > 0;
      if (!isRefused(part, outcome) || !fails) notNeeded.push(readable(part.name));
    }

    assert.ok(parts.length > 80, `${parts.length} parts`);
    // The tier of a parameter is not known when its rotator is deployed: each tier needs one of the two.
    assert.deepEqual(notNeeded, [
      "ecs-secret-recycler-demo-rotator-shop-credential UseKey: kms:GenerateDataKey",
      "ecs-secret-recycler-demo-rotator-shop-long-credential UseKey: kms:Encrypt",
    ]);
  }).timeout(180_000);

  it("use every action, but for those of AWS's own policy that only images and logs of AWS need", () => {
    const unused = Iam.of(complete.world)
      .usage()
      .filter(({ owner }) => !owner.endsWith(whole.ownFunction))
      .flatMap(({ owner, policy, statement, allowed }) =>
        [statement.Action ?? []]
          .flat()
          .filter((action) => !allowed.some((what) => what.startsWith(`${action} on `)))
          .map((action) => readable(`${owner.split("/").pop()} ${policy.split("/").pop()}: ${action}`)),
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

  it("deny every resource that has a policy of its own to whoever comes without TLS, and only by that statement", () => {
    const denying = policiesOf(recorded).filter(({ statements }) =>
      statements.some(({ Effect }) => Effect === "Deny"),
    );
    const everything = { Effect: "Allow", Action: "*", Resource: "*" } as const;
    const ask = (statements: readonly object[], action: string, resource: string, tls: boolean): string =>
      decide([everything, ...statements] as Parameters<typeof decide>[0], {
        action,
        resource,
        context: { "aws:SecureTransport": tls },
        principal: { arn: "arn:aws:iam::123456789012:role/administrator" },
      });

    for (const { owner, statements } of denying)
      for (const statement of statements.filter(({ Effect }) => Effect === "Deny")) {
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

    assert.deepEqual(denying.map(({ owner }) => readable(owner)).sort(), [
      "ecs-secret-recycler-demo-alarms",
      "ecs-secret-recycler-demo-dead-letters.fifo",
      "ecs-secret-recycler-demo-trail",
      "ecs-secret-recycler-demo-undelivered",
      "ecs-secret-recycler-demo.fifo",
    ]);
  });
});
