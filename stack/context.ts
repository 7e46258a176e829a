import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Place } from "../aws-semantics/arn";

/** Physical names, all made from one prefix. Fixed, because role policies and `aws:SourceArn` are made of them. */
export interface Names {
  /** `PROJECT-STACK`: the name of the function, its role and the trail. */
  readonly prefix: string;
  readonly queue: string;
  /** FIFO: what the recycler could not work off in three tries. */
  readonly deadLetters: string;
  /** Standard: what a rule could not deliver. */
  readonly undelivered: string;
  readonly logGroup: string;
  readonly rules: {
    readonly secrets: string;
    readonly parameters: string;
    readonly deployments: string;
    readonly sweep: string;
  };
}

/** What every component of this stack is given. */
export interface Context {
  readonly place: Place;
  readonly names: Names;
  /** Tags of every resource that takes tags. `aws:defaultTags` are added by the provider. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The longest prefix with which every physical name stays within AWS's limits; a rule's name has 64 characters. */
const MAX_PREFIX_LENGTH = 48;

/**
 * Physical names of a stack.
 * @throws when the stack's name has characters that a function or queue may not have, or is too long.
 */
export function physicalNames(project: string, stack: string): Names {
  const prefix = `${project}-${stack}`;
  if (!/^[A-Za-z0-9_-]+$/.test(stack))
    throw new Error(
      `the stack's name is "${stack}"; queues and functions are named after it, so it may hold letters, digits, ` +
        `hyphens and underscores only: choose another with "pulumi stack rename"`,
    );
  if (prefix.length > MAX_PREFIX_LENGTH)
    throw new Error(
      `"${prefix}" has ${prefix.length} characters; AWS's limits on names leave ${MAX_PREFIX_LENGTH}: ` +
        `choose a shorter name for the stack with "pulumi stack rename"`,
    );
  return {
    prefix,
    queue: `${prefix}.fifo`,
    deadLetters: `${prefix}-dead-letters.fifo`,
    undelivered: `${prefix}-undelivered`,
    logGroup: `/aws/lambda/${prefix}`,
    rules: {
      secrets: `${prefix}-secrets`,
      parameters: `${prefix}-parameters`,
      deployments: `${prefix}-deployments`,
      sweep: `${prefix}-sweep`,
    },
  };
}

/** Asks AWS where the stack lives, before any resource is declared. The only place that asks. */
export async function currentContext(): Promise<Context> {
  const [identity, region, partition] = await Promise.all([
    aws.getCallerIdentity(),
    aws.getRegion(),
    aws.getPartition(),
  ]);
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  return {
    place: { partition: partition.partition, region: region.region, account: identity.accountId },
    names: physicalNames(project, stack),
    tags: { [`${project}:stack`]: stack },
  };
}
