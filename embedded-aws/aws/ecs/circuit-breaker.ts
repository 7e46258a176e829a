import type { DeploymentCircuitBreaker } from "@aws-sdk/client-ecs";

/**
 * Failed tasks at which a deployment has failed: half of the desired count, at least 3 and at most 200, unless
 * a threshold is configured (Amazon ECS Developer Guide, "How the deployment circuit breaker detects failures").
 */
export function failureThreshold(breaker: DeploymentCircuitBreaker | undefined, desired: number): number {
  const { type = "BOUNDED_PERCENT", value = 50 } = breaker?.thresholdConfiguration ?? {};
  if (type === "COUNT") return value;
  const share = Math.ceil((desired * value) / 100);
  return type === "UNBOUNDED_PERCENT" ? Math.max(1, share) : Math.min(200, Math.max(3, share));
}
