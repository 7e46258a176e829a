import { ecsPackage } from "../clients";
import type { Acted, ActEnvironment } from ".";

/**
 * Forces a new deployment. Gives neither task definition nor count, so that neither changes (Amazon ECS API Reference,
 * `UpdateService`). A call with an unknown outcome is not repeated.
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
  return { deploymentCreatedAtMs: primary?.createdAt?.getTime() };
}
