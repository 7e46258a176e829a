import type { PolicyResource } from "@pulumi/policy";
import { partitionOf } from "../aws-semantics/arn";
import { ecsServices } from "./ecs";
import { toGraph } from "./graph";
import type { Graph } from "./graph";
import { deploymentCircuitBreaker } from "./policies/deployment-circuit-breaker";
import { ecsServiceSecretsCovered } from "./policies/ecs-service-secrets-covered";
import { executionRoleReadsSecrets } from "./policies/execution-role-reads-secrets";
import { immutableImage } from "./policies/immutable-image";
import { logSecretsOnEc2 } from "./policies/log-secrets-on-ec2";
import { noSecretInEnvironment } from "./policies/no-secret-in-environment";
import { recyclerLeastPrivilege } from "./policies/recycler-least-privilege";
import { rotationAlternatingUsers } from "./policies/rotation-alternating-users";
import { secretRotationEnabled } from "./policies/secret-rotation-enabled";
import { zeroDowntimeDeployment } from "./policies/zero-downtime-deployment";
import type { Policy, PolicyInput, Violation } from "./policy";
import { recyclers } from "./recyclers";
import type { PackConfig, WrittenPackConfig } from "../stack/settings-schema";

/** Every policy, in the order in which they run. */
export const policies: readonly Policy[] = [
  ecsServiceSecretsCovered,
  executionRoleReadsSecrets,
  zeroDowntimeDeployment,
  deploymentCircuitBreaker,
  immutableImage,
  rotationAlternatingUsers,
  noSecretInEnvironment,
  secretRotationEnabled,
  logSecretsOnEc2,
  recyclerLeastPrivilege,
];

/** Fills in what a person left out of a configuration; a recycler's stack exports all of it. */
export function packConfig({ coverage = [], exceptions = [], ...home }: WrittenPackConfig = {}): PackConfig {
  const defaults = { exclude: [], secrets: [], parameters: [], wave: 0 };
  return { ...home, coverage: coverage.map((entry) => ({ ...defaults, ...entry })), exceptions };
}

/** Makes what the policies judge. */
export function policyInput(graph: Graph, config = packConfig()): PolicyInput {
  const found = recyclers(graph);
  const { region, account } = config;
  return {
    graph,
    config,
    recyclers: found,
    services: ecsServices(graph),
    home:
      found.find((recycler) => recycler.home)?.home ??
      (region && account ? { partition: partitionOf(region), region, account } : undefined),
  };
}

/**
 * Runs one policy. An exception becomes a mandatory violation of its own: thrown out of a policy, it would hide every
 * other policy's findings.
 */
export function check(policy: Policy, input: () => PolicyInput): readonly Violation[] {
  try {
    const violations = policy.check(input());
    return [...violations].sort((a, b) => order(a.node.urn, b.node.urn) || order(a.message, b.message));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [
      {
        node: { urn: "", type: "", name: "", properties: {}, dependencies: [], propertyDependencies: {} },
        message: `the policy ${policy.name} failed and checked nothing: ${message}. This is a bug in the policy pack: please report it.`,
        level: "mandatory",
      },
    ];
  }
}

/**
 * The input of a run, made once for all policies: the engine hands the same stack to each of them, one after the
 * other and always in the same order. The first policy brings the configuration, which the engine gives by policy.
 */
export class InputOfRun {
  #input: PolicyInput | undefined;
  readonly #used = new Set<string>();

  /** @param config of `ecs-service-secrets-covered`; other policies have none. */
  of(policy: Policy, resources: readonly PolicyResource[], config: PackConfig | undefined): PolicyInput {
    // A policy that comes again starts another run; so does a stack of another size (the first one was disabled).
    if (
      !this.#input ||
      this.#used.has(policy.name) ||
      this.#input.graph.size !== resources.length ||
      config
    ) {
      this.#input = policyInput(toGraph(resources), config);
      this.#used.clear();
    }
    this.#used.add(policy.name);
    return this.#input;
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
