import type { Place } from "../aws-semantics/arn";
import { covers, type CoveredServices } from "../handler/coverage";
import type { Mistake } from "../rotator/settings-messages";
import { elsewhere } from "./settings-names";
import { DEFAULT_STALE_AFTER_MINUTES, type CheckedSettings } from "./settings-schema";
import type { Indexed } from "./settings-services";

type Alarms = CheckedSettings["alarms"];
type Exceptions = CheckedSettings["exceptions"];

/** Alarms need an address or a topic, and a topic of the stack's Region (Amazon CloudWatch API Reference, PutMetricAlarm). */
export function alarmRules({ email, topic, staleAfterMinutes }: Alarms, place: Place): Mistake[] {
  const mistakes: Mistake[] = [];
  if (email === undefined && topic === undefined && staleAfterMinutes !== DEFAULT_STALE_AFTER_MINUTES)
    mistakes.push({
      path: ["alarms", "staleAfterMinutes"],
      message:
        "without `alarms.email` or `alarms.topic` there are no alarms; give one of them, or leave it out",
    });
  const where = elsewhere("topic", topic ?? "", place, "any");
  if (where !== undefined)
    mistakes.push({
      path: ["alarms", "topic"],
      message: `${where}: an alarm publishes to a topic of its own Region only`,
    });
  return mistakes;
}

/** A role takes a policy of its own account, or one of AWS, as its boundary. */
export function boundaryRules(permissionsBoundary: string, place: Place): Mistake[] {
  const [, partition, , , account] = permissionsBoundary.split(":");
  if (permissionsBoundary === "") return [];
  if (partition === place.partition && (account === "aws" || account === place.account)) return [];
  return [
    {
      path: ["permissionsBoundary"],
      message:
        `expected a policy of account ${place.account} or of AWS, in the partition ${place.partition}, found ` +
        `"${permissionsBoundary}"`,
    },
  ];
}

/** A wave waits only where there is an earlier one. */
export function limitRules(
  { bakeTimeInMinutes }: CheckedSettings["limits"],
  coverage: readonly CoveredServices[],
): Mistake[] {
  const waves = new Set(coverage.map(({ wave }) => wave));
  if (bakeTimeInMinutes === undefined || waves.size > 1) return [];
  return [
    {
      path: ["limits", "bakeTimeInMinutes"],
      message:
        "a later wave waits so long after an earlier one, and all services have the same wave; give some of them a later " +
        "`wave`, or leave it out",
    },
  ];
}

/** An exception is for a service that no entry of `services` covers, and stands once. */
export function exceptionRules(
  exceptions: Exceptions,
  coverage: readonly Indexed<CoveredServices>[],
): Mistake[] {
  const first = new Map<string, number>();
  return exceptions.flatMap(({ service }, index) => {
    const path = ["exceptions", index, "service"];
    const earlier = first.get(service);
    if (earlier !== undefined)
      return [
        { path, message: `"${service}" stands in exceptions[${earlier}] already; leave one of them out` },
      ];
    first.set(service, index);
    const message = contradiction(service, coverage);
    return message === undefined ? [] : [{ path, message }];
  });
}

function contradiction(exception: string, coverage: readonly Indexed<CoveredServices>[]): string | undefined {
  const [service = "", named] = exception.split("/").reverse();
  const covering = coverage.find(({ entry }) => covers(entry, named ?? entry.cluster, service));
  if (!covering) return undefined;
  const { entry, index } = covering;
  const what = `${entry.cluster}/${service} is covered by services[${index}]`;
  if (entry.service !== undefined) return `${what}; leave the exception or the entry out`;
  const exclude = `add "${service}" to services[${index}].exclude`;
  return named === undefined
    ? `"${service}" is a service of any cluster, and ${what}; ${exclude}, or write CLUSTER/${service}`
    : `${what}; ${exclude}, or leave the exception out`;
}
