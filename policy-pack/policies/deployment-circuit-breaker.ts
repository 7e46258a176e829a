import { coveredServices } from "../coverage";
import { elements, isUnknown, members } from "../graph";
import type { Policy } from "../policy";

/** The circuit breaker exists for the rolling strategy only (Amazon ECS Developer Guide, deployment circuit breaker). */
export const deploymentCircuitBreaker: Policy = {
  name: "deployment-circuit-breaker",
  level: "advisory",
  description: "Asks for a deployment circuit breaker on every covered service with rolling deployments.",
  check: (input) =>
    coveredServices(input)
      .filter((service) => service.controller === "ECS")
      .filter(({ node: { properties } }) => {
        const strategy = members(single(properties.deploymentConfiguration))?.strategy;
        if (strategy !== undefined && strategy !== null && strategy !== "ROLLING") return false;
        const breaker = single(properties.deploymentCircuitBreaker);
        return !isUnknown(breaker) && members(breaker)?.enable !== true;
      })
      .map((service) => ({
        node: service.node,
        message:
          `${service.label}: missing deployment circuit breaker. With a bad value ECS would start failing tasks without ` +
          "end, and the recycler could not tell a slow deployment from a failed one. " +
          "Set deploymentCircuitBreaker: { enable: true, rollback: true }.",
      })),
};

function single(value: Parameters<typeof members>[0]): Parameters<typeof members>[0] {
  return Array.isArray(value) ? elements(value)[0] : value;
}
