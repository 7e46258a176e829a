import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  Tag,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
} from "@aws-sdk/client-ecs";
import { ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import type { EcsContext } from "./context";
import { invalidParameter } from "./errors";
import { checkTags } from "./validation";

/** Tags of clusters, services, tasks and task definitions. */
export function tagOperations({ registry }: EcsContext): Record<string, Operation> {
  const tagged = (arn: string): { tags: Tag[] } => {
    const [kind, clusterName = "", last = ""] = (arn.split(":").slice(5).join(":") ?? "").split("/");
    const cluster = registry.clusters.get(clusterName);
    const found =
      kind === "cluster"
        ? cluster
        : kind === "task-definition"
          ? registry.findTaskDefinition(arn)
          : kind === "service"
            ? cluster?.services.get(last)
            : kind === "task"
              ? cluster?.tasks.get(last)
              : invalidKind();
    if (!found) throw new ServiceError("ResourceNotFoundException", "The specified resource was not found.");
    return found;
  };
  const onResource = (input: { resourceArn: string | undefined }) => ({ resource: input.resourceArn ?? "*" });

  return {
    TagResource: operation<TagResourceRequest, TagResourceResponse>({
      access: "write",
      authorize: onResource,
      handle: (input) => {
        const resource = tagged(input.resourceArn!);
        const given = input.tags ?? [];
        const merged = [...resource.tags.filter((t) => !given.some((g) => g.key === t.key)), ...given];
        checkTags(given);
        checkTags(merged);
        resource.tags.splice(0, resource.tags.length, ...merged);
        return {};
      },
    }),
    UntagResource: operation<UntagResourceRequest, UntagResourceResponse>({
      access: "write",
      authorize: onResource,
      handle: (input) => {
        const resource = tagged(input.resourceArn!);
        const left = resource.tags.filter((t) => !input.tagKeys?.includes(t.key ?? ""));
        resource.tags.splice(0, resource.tags.length, ...left);
        return {};
      },
    }),
    ListTagsForResource: operation<ListTagsForResourceRequest, ListTagsForResourceResponse>({
      access: "read",
      authorize: onResource,
      handle: (input) => ({ tags: [...tagged(input.resourceArn!).tags] }),
    }),
  };
}

function invalidKind(): never {
  throw invalidParameter("The specified resource type does not support tags.");
}
