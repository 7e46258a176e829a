import { toGraph } from "../../policy-pack/graph";
import { check, packConfig, policies, policyInput } from "../../policy-pack/pack";
import { policyLevels, type PolicyName } from "../../policy-pack/policy";
import type { WrittenPackConfig } from "../../stack/settings-schema";
import { recordStack } from "./record-stack";

/** One violation as an engine would print it. */
export interface Found {
  readonly level: string;
  readonly policy: string;
  readonly resource: string;
  readonly message: string;
}

/** What the whole pack finds in a program. */
export async function findings(
  program: () => unknown,
  options: { preview: boolean; config?: WrittenPackConfig },
): Promise<Found[]> {
  const input = policyInput(
    toGraph(await recordStack(program, { preview: options.preview })),
    packConfig(options.config),
  );
  return policies.flatMap((policy) =>
    check(policy, () => input).map(({ level, message, node }) => ({
      level: level ?? policyLevels[policy.name],
      policy: policy.name,
      resource: node.name,
      message,
    })),
  );
}

/** `mandatory ecs-service-secrets-covered`, each once, sorted: what a table of cases expects. */
export function verdicts(found: readonly Found[]): string[] {
  return [...new Set(found.map(({ level, policy }) => `${level} ${policy}`))].sort();
}

/** The messages of one policy about a program at the end of an update (or in a preview), as `LEVEL: MESSAGE`. */
export async function messages(
  policy: PolicyName,
  program: () => unknown,
  options: { preview?: boolean; config?: WrittenPackConfig } = {},
): Promise<string[]> {
  const found = await findings(program, { preview: false, ...options });
  return found.filter((one) => one.policy === policy).map(({ level, message }) => `${level}: ${message}`);
}
