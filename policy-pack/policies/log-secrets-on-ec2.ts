import { isUnknown, text } from "../graph";
import type { Policy } from "../policy";

/**
 * On the EC2 launch type the container agent reads log driver secrets, and only with the execution role when it is
 * told to (Amazon ECS Developer Guide, container agent configuration).
 */
export const logSecretsOnEc2: Policy = {
  name: "log-secrets-on-ec2",
  level: "advisory",
  description: "Reminds of the agent setting that log driver secrets need on the EC2 launch type.",
  check: ({ services }) =>
    services
      .filter((service) => runsOnEc2(service))
      .flatMap((service) =>
        service.definitions.flatMap(({ containers }) =>
          isUnknown(containers)
            ? []
            : containers
                .filter((container) => (container.logConfiguration?.secretOptions ?? []).length > 0)
                .map((container) => ({
                  node: service.node,
                  message:
                    `${service.label}: container ${JSON.stringify(container.name ?? "")} has secrets for its log driver and runs on the EC2 launch type. ` +
                    "Its container instances must set ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true in /etc/ecs/ecs.config, or no task can start.",
                })),
        ),
      ),
};

function runsOnEc2(service: Parameters<Policy["check"]>[0]["services"][number]): boolean {
  if (isUnknown(service.launchType)) return false;
  if (service.launchType !== undefined) return service.launchType === "EC2";
  if ((service.node.properties.capacityProviderStrategies ?? null) !== null) return false;
  const compatibilities = service.definitions.flatMap(({ node }) => {
    const value = node?.properties.requiresCompatibilities;
    return Array.isArray(value) ? value.map((one) => text(one as never)) : [];
  });
  return !compatibilities.includes("FARGATE");
}
