import assert from "node:assert/strict";
import { truthOf } from "../../local/demo/stage";
import { Recording } from "../../local/demo/recording";
import {
  openVirtualStage,
  playVirtual,
  recordExample,
  type RecordedExample,
} from "../../local/demo/virtual-run";
import type { AnsweredCall } from "../../local/pulumi/account";

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
}

interface Policy {
  readonly call: AnsweredCall;
  /** Role or resource that the policy is on. */
  readonly of: string;
  readonly statements: readonly Statement[];
  /** The call's input with other statements. */
  with(statements: readonly Statement[]): object;
}

/** Policies of roles and of queues among the calls of a deployment. */
function policiesOf({ calls }: Recording): Policy[] {
  return calls.flatMap((call): Policy[] => {
    const input = call.input as {
      RoleName?: string;
      PolicyDocument?: string;
      QueueName?: string;
      Attributes?: { Policy?: string };
    };
    // The one statement of a function's policy is the call itself.
    if (call.operation === "AddPermission")
      return [
        { call, of: "permission", statements: [{ Effect: "Allow", Action: "invoke" }], with: () => ({}) },
      ];
    const text = call.operation === "PutRolePolicy" ? input.PolicyDocument : input.Attributes?.Policy;
    if (text === undefined) return [];
    const document = JSON.parse(text) as { Statement: Statement[] };
    const write = (statements: readonly Statement[]): string =>
      JSON.stringify({ ...document, Statement: statements });
    return [
      {
        call,
        of: input.RoleName ?? input.QueueName ?? "",
        statements: document.Statement,
        with: (statements) =>
          input.PolicyDocument === undefined
            ? { ...input, Attributes: { ...input.Attributes, Policy: write(statements) } }
            : { ...input, PolicyDocument: write(statements) },
      },
    ];
  });
}

/** The recording with one call changed, or left out. */
function replaced(recording: Recording, call: AnsweredCall, input: object | undefined): Recording {
  return new Recording(
    recording.calls.flatMap((other) => (other !== call ? [other] : input ? [{ ...other, input }] : [])),
  );
}

/** Long enough for a sweep after the scenario. */
const sweepMs = 6 * 60_000;

/** What IAM refused when the scenario was played, and what AWS refused of the deployment for want of a permission. */
async function refusals(recorded: RecordedExample): Promise<string[]> {
  const stage = await openVirtualStage(recorded, "least privilege");
  const { world, platform } = stage;
  try {
    // Where something is refused, neither has to come to its end.
    const refused = await stage.install().then(
      () => [],
      (error: Error) => [error.message],
    );
    if (refused.length === 0) {
      await playVirtual(stage, truthOf(world), true).catch(() => undefined);
      await platform.clock.runUntil(platform.clock.now() + sweepMs);
    }
    return [
      ...refused,
      ...world.ledger
        .find({})
        .filter(({ outcome }) => outcome.startsWith("AccessDenied"))
        .map(({ service, operation }) => `${service}:${operation}`),
    ];
  } finally {
    await world.stop();
  }
}

/** Statements that the scenario cannot miss, and why they are there. */
const beyondTheScenario: Readonly<Record<string, string>> = {
  "ecs-secret-recycler-demo-undelivered RulesSend": "no delivery of an event fails in the scenario",
  "ecs-secret-recycler-demo ListSecrets": "two secrets are described one by one; lists are for many",
  "ecs-secret-recycler-demo-rotator-shop-database UseVpc": "the embedded Lambda makes no network interface",
};

describe("the policies of the stack and of the example", () => {
  it("allow all that the scenario does, and it misses each statement but those whose reason is named", async () => {
    const recorded = await recordExample("recycle");
    assert.deepEqual(await refusals(recorded), []);

    const unused: string[] = [];
    for (const part of ["shop", "recycler"] as const)
      for (const policy of policiesOf(recorded[part]))
        for (const statement of policy.statements) {
          // Without a statement that denies, nothing is refused.
          if (statement.Effect === "Deny") continue;
          const rest = policy.statements.filter((other) => other !== statement);
          const changed = replaced(
            recorded[part],
            policy.call,
            rest.length > 0 ? policy.with(rest) : undefined,
          );
          const refused = await refusals({ ...recorded, [part]: changed });
          // The rotator's name ends with a digest.
          const name = `${policy.of.replace(/-[0-9a-f]{6}$/, "")} ${statement.Sid ?? String(statement.Action)}`;
          if (refused.length === 0) unused.push(name);
        }

    assert.deepEqual(unused.sort(), Object.keys(beyondTheScenario).sort());
  }).timeout(120_000);
});
