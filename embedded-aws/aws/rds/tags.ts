import type * as sdk from "@aws-sdk/client-rds";
import { operation, type Operation } from "../service";
import type { World } from "../world";
import { instanceNotFound, invalidValue, subnetGroupNotFound } from "./errors";
import type { Instances } from "./instances";
import { checkTags } from "./rules";
import type { SubnetGroups } from "./subnet-groups";

/** Tags of instances and subnet groups, by ARN. */
export function tagOperations(
  world: World,
  instances: Instances,
  subnetGroups: SubnetGroups,
): Record<string, Operation> {
  const on = (input: { ResourceName?: string | undefined }) => ({ resource: input.ResourceName ?? "*" });
  const tagged = (arn: string): { tags: sdk.Tag[] } => {
    const prefix = world.arn("rds", "");
    const [kind, name = ""] = arn.startsWith(prefix) ? arn.slice(prefix.length).split(":") : [];
    if (kind === "db") {
      const found = instances.records.get(name);
      if (!found) throw instanceNotFound(name);
      return found;
    }
    if (kind === "subgrp") {
      const found = subnetGroups.groups.get(name);
      if (!found) throw subnetGroupNotFound(name);
      return found;
    }
    throw invalidValue(`Invalid resource name: ${arn}`);
  };
  return {
    AddTagsToResource: operation<sdk.AddTagsToResourceMessage, object>({
      access: "write",
      authorize: on,
      handle: (input) => {
        const resource = tagged(input.ResourceName!);
        const given = input.Tags ?? [];
        const tags = [...resource.tags.filter((t) => !given.some((g) => g.Key === t.Key)), ...given];
        checkTags(given);
        checkTags(tags);
        resource.tags = tags;
        return {};
      },
    }),
    RemoveTagsFromResource: operation<sdk.RemoveTagsFromResourceMessage, object>({
      access: "write",
      authorize: on,
      handle: (input) => {
        const resource = tagged(input.ResourceName!);
        resource.tags = resource.tags.filter((t) => !input.TagKeys?.includes(t.Key ?? ""));
        return {};
      },
    }),
    ListTagsForResource: operation<sdk.ListTagsForResourceMessage, sdk.TagListMessage>({
      access: "read",
      authorize: on,
      handle: (input) => ({ TagList: tagged(input.ResourceName!).tags }),
    }),
  };
}
