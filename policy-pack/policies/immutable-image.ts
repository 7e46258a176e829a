import { coveredServices } from "../coverage";
import { isUnknown } from "../graph";
import type { Policy } from "../policy";

/** A forced deployment resolves a tag again (Amazon ECS API Reference, UpdateService): a rotation would deploy another image. */
export const immutableImage: Policy = {
  name: "immutable-image",
  level: "advisory",
  description:
    "Asks for images by digest or by a fixed tag on covered services: a rotation must not deploy another image.",
  check: (input) =>
    coveredServices(input).flatMap((service) =>
      service.definitions.flatMap(({ containers }) =>
        isUnknown(containers)
          ? []
          : containers
              .filter(({ image }) => typeof image === "string" && isMutable(image))
              .map((container) => ({
                node: service.node,
                message:
                  `${service.label}: container ${JSON.stringify(container.name ?? "")} runs ${JSON.stringify(container.image)}, ` +
                  "a tag that can be reassigned. Each deployment resolves it again, so a rotation would also deploy another image. " +
                  "Use the image's digest (name@sha256:...) or a tag that is never pushed twice.",
              })),
      ),
    ),
};

const movingTags = /^(latest|main|master|develop|dev|staging|stable|edge|nightly|prod|production|release)$/i;

/** True for an image without a tag and for tags that are reassigned by custom. A version's tag counts as fixed. */
export function isMutable(image: string): boolean {
  if (image.includes("@sha256:")) return false;
  const name = image.slice(image.lastIndexOf("/") + 1);
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : "latest";
  return movingTags.test(tag);
}
