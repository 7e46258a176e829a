import { ecsPackage } from "../clients";
import type { Acted, ActEnvironment } from "./environment";

/**
 * Forces a new deployment of what the service runs: neither task definition nor count is given, so that neither
 * changes (Amazon ECS API Reference, `UpdateService`). It is not made twice when nobody knows what became of it.
 */
export async function forceNewDeployment(
  { clients, pace }: ActEnvironment,
  cluster: string,
  service: string,
): Promise<Acted> {
  const { UpdateServiceCommand } = ecsPackage();
  const repeatable = false;
  const answer = await pace.call(
    `UpdateService of ${cluster}/${service}`,
    () => clients.ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true })),
    repeatable,
  );
  const primary = (answer.service?.deployments ?? []).find(({ status }) => status === "PRIMARY");
  return primary?.createdAt === undefined ? {} : { deploymentCreatedAtMs: primary.createdAt.getTime() };
}
