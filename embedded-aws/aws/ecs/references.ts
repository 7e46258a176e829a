import type { World } from "../world";
import { clientException, clusterNotFound, invalidParameter, serviceNotFound } from "./errors";
import type { ClusterRecord, ServiceRecord, TaskDefinitionRecord, TaskRecord } from "./state";

/**
 * Everything in the account by name, and how ECS finds it: a cluster by name or ARN (`default` when absent),
 * a service by name or ARN, a task definition by family, `family:revision` or ARN.
 */
export class Registry {
  readonly clusters = new Map<string, ClusterRecord>();
  /** Revisions by family; revision n stands at index n - 1. */
  readonly families = new Map<string, TaskDefinitionRecord[]>();

  constructor(private readonly world: World) {}

  /** The cluster's name in a reference; what comes after the last slash of an ARN. */
  clusterName(reference: string | undefined): string {
    if (reference === undefined || reference === "") return "default";
    return reference.startsWith("arn:") ? reference.slice(reference.lastIndexOf("/") + 1) : reference;
  }

  clusterArn(reference: string | undefined): string {
    if (reference?.startsWith("arn:")) return reference;
    return this.world.arn("ecs", `cluster/${this.clusterName(reference)}`);
  }

  /** Throws ClusterNotFoundException unless the cluster exists and is ACTIVE. */
  cluster(reference: string | undefined): ClusterRecord {
    const found = this.clusters.get(this.clusterName(reference));
    if (!found || found.status !== "ACTIVE" || found.arn !== this.clusterArn(reference))
      throw clusterNotFound();
    return found;
  }

  /** The ARN that IAM is asked about; the service need not exist. */
  serviceArn(cluster: string | undefined, service: string | undefined): string {
    if (service?.startsWith("arn:")) return service;
    return this.world.arn("ecs", `service/${this.clusterName(cluster)}/${service ?? ""}`);
  }

  /** The service, INACTIVE ones included, or undefined. An ARN must be of the cluster that is asked. */
  findService(cluster: ClusterRecord, reference: string): ServiceRecord | undefined {
    const name = reference.startsWith("arn:") ? reference.slice(reference.lastIndexOf("/") + 1) : reference;
    const found = cluster.services.get(name);
    return found && (!reference.startsWith("arn:") || found.arn === reference) ? found : undefined;
  }

  /** Throws ServiceNotFoundException where `findService` has nothing. */
  service(cluster: ClusterRecord, reference: string): ServiceRecord {
    const found = this.findService(cluster, reference);
    if (!found) throw serviceNotFound();
    return found;
  }

  /** The ARN that IAM is asked about for a task definition; a family alone means its latest revision. */
  taskDefinitionArn(reference: string | undefined): string {
    const found = reference === undefined ? undefined : this.findTaskDefinition(reference);
    if (found) return found.definition.taskDefinitionArn;
    if (reference?.startsWith("arn:")) return reference;
    return this.world.arn("ecs", `task-definition/${reference ?? ""}`);
  }

  /** A revision by ARN, `family:revision`, or the latest ACTIVE one of a family. */
  findTaskDefinition(reference: string): TaskDefinitionRecord | undefined {
    const prefix = this.world.arn("ecs", "task-definition/");
    if (reference.startsWith("arn:") && !reference.startsWith(prefix)) return undefined;
    const name = reference.startsWith("arn:") ? reference.slice(prefix.length) : reference;
    const [family = "", revision, ...rest] = name.split(":");
    const revisions = this.families.get(family);
    if (!revisions || rest.length > 0) return undefined;
    if (revision === undefined) return revisions.filter((r) => r.definition.status === "ACTIVE").at(-1);
    return /^[1-9]\d*$/.test(revision) ? revisions[Number(revision) - 1] : undefined;
  }

  /** For DescribeTaskDefinition and the like: ClientException when there is none. */
  taskDefinition(reference: string): TaskDefinitionRecord {
    const found = this.findTaskDefinition(reference);
    if (!found) throw clientException("Unable to describe task definition.");
    return found;
  }

  /** For services and tasks: it must exist and be ACTIVE. */
  activeTaskDefinition(reference: string): TaskDefinitionRecord {
    const found = this.findTaskDefinition(reference);
    if (!found) throw clientException("TaskDefinition not found.");
    if (found.definition.status !== "ACTIVE") throw clientException("TaskDefinition is inactive");
    return found;
  }

  taskArn(cluster: string | undefined, task: string | undefined): string {
    if (task?.startsWith("arn:")) return task;
    return this.world.arn("ecs", `task/${this.clusterName(cluster)}/${task ?? ""}`);
  }

  /** The ARN of a container instance by id or ARN; `*` for all. */
  containerInstanceArn(cluster: string | undefined, instance: string | undefined): string {
    if (instance === undefined || instance.startsWith("arn:")) return instance ?? "*";
    return this.world.arn("ecs", `container-instance/${this.clusterName(cluster)}/${instance}`);
  }

  findTask(cluster: ClusterRecord, reference: string): TaskRecord | undefined {
    const id = reference.startsWith("arn:") ? reference.slice(reference.lastIndexOf("/") + 1) : reference;
    const found = cluster.tasks.get(id);
    return found && (!reference.startsWith("arn:") || found.arn === reference) ? found : undefined;
  }

  task(cluster: ClusterRecord, reference: string): TaskRecord {
    const found = this.findTask(cluster, reference);
    if (!found) throw invalidParameter("The referenced task was not found.");
    return found;
  }
}
