import { coveredServices } from "../coverage";
import type { EcsService } from "../ecs";
import type { Policy } from "../policy";

/**
 * A forced deployment keeps between ceil(desired x minimum%) and floor(desired x maximum%) tasks running (Amazon ECS
 * API Reference, DeploymentConfiguration). Without room between the two nothing can be replaced; with a lower bound
 * under the desired count a rotation takes capacity away.
 */
export const zeroDowntimeDeployment: Policy = {
  name: "zero-downtime-deployment",
  level: "mandatory",
  description:
    "Refuses a covered service whose percentages leave no room to replace a task, or allow fewer tasks than desired.",
  check: (input) =>
    coveredServices(input)
      .filter((service) => service.controller === "ECS")
      .flatMap((service) => {
        const problem = problemOf(service);
        return problem
          ? [
              {
                node: service.node,
                message:
                  `${service.label}: ${problem} A deployment must start each new task before it stops an old one. ` +
                  "Set deploymentMinimumHealthyPercent: 100 and deploymentMaximumPercent: 200.",
                // A host runs one task of a daemon: whether it can start a second beside it depends on the host.
                ...(service.scheduling === "DAEMON" ? { level: "advisory" as const } : {}),
              },
            ]
          : [];
      }),
};

function problemOf(service: EcsService): string | undefined {
  const daemon = service.scheduling === "DAEMON";
  const { desiredCount, deploymentMinimumHealthyPercent, deploymentMaximumPercent } = service.node.properties;
  const desired = Math.max(1, typeof desiredCount === "number" ? desiredCount : 1);
  const minimum = number(deploymentMinimumHealthyPercent, daemon ? 0 : 100);
  const maximum = number(deploymentMaximumPercent, daemon ? 100 : 200);
  if (minimum === undefined || maximum === undefined) return undefined; // a percent that is not known yet
  const lower = Math.ceil((desired * minimum) / 100);
  const upper = Math.floor((desired * maximum) / 100);
  const found = `found minimum ${minimum}% and maximum ${maximum}% for ${desired} ${desired === 1 ? "task" : "tasks"}:`;
  if (upper <= lower)
    return `${found} at least ${lower} and at most ${upper} may run, so no task can be replaced and a recycle would never finish.`;
  if (lower < desired)
    return `${found} a recycle may stop ${desired - lower} of them before the new tasks run.`;
  return undefined;
}

function number(value: unknown, otherwise: number): number | undefined {
  if (value === undefined || value === null) return otherwise;
  return typeof value === "number" ? value : undefined;
}
