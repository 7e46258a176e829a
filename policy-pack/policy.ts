import type { EcsService } from "./ecs";
import type { Graph, Node } from "./graph";
import type { Recycler } from "./recyclers";
import type { Place } from "../aws-semantics/arn";
import type { PackConfig } from "../stack/settings-schema";

/** `mandatory` ends a preview with exit status 1, `advisory` is printed. */
export type Level = "mandatory" | "advisory";

/** Something found. Never holds a property's value that could be a secret: names, paths and ARNs only. */
export interface Violation {
  /** The resource to which the engine pins the message. */
  readonly node: Node;
  readonly message: string;
  /** Another level than the policy's own. */
  readonly level?: Level;
}

/** What every policy judges: made once, then plain. */
export interface PolicyInput {
  readonly graph: Graph;
  readonly services: readonly EcsService[];
  readonly recyclers: readonly Recycler[];
  readonly config: PackConfig;
  /** Where the stack's services run, as far as a recycler or the configuration tells. */
  readonly home: Place | undefined;
}

/** A policy: a pure function of what a preview or an update tells. */
export interface Policy {
  readonly name: PolicyName;
  readonly level: Level;
  /** One sentence: what it refuses. */
  readonly description: string;
  check(input: PolicyInput): readonly Violation[];
}

/** Every policy of the pack, with its level. A closed list. */
export const policyLevels = {
  "ecs-service-secrets-covered": "mandatory",
  "execution-role-reads-secrets": "mandatory",
  "zero-downtime-deployment": "mandatory",
  "deployment-circuit-breaker": "advisory",
  "immutable-image": "advisory",
  "rotation-alternating-users": "advisory",
  "no-secret-in-environment": "mandatory",
  "secret-rotation-enabled": "advisory",
  "log-secrets-on-ec2": "advisory",
  "recycler-least-privilege": "mandatory",
} as const satisfies Record<string, Level>;

export type PolicyName = keyof typeof policyLevels;
