import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Place } from "../aws-semantics/arn";

/** Physical names with one prefix. They are fixed, because role policies and `aws:SourceArn` contain them. */
export interface Names {
  /** `PROJECT-STACK`: the name of the function, its role and the trail. */
  readonly prefix: string;
  readonly queue: string;
  /** FIFO: messages that the recycler failed three times to process. */
  readonly deadLetters: string;
  /** Standard: events that a rule could not deliver. */
  readonly undelivered: string;
  readonly logGroup: string;
  readonly rules: {
    readonly secrets: string;
    readonly parameters: string;
    readonly deployments: string;
    readonly sweep: string;
  };
}

/** What every component of the stack needs. */
export interface Context {
  readonly place: Place;
  readonly names: Names;
  /** Tags of every resource that supports tags. The provider adds `aws:defaultTags`. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The longest prefix within AWS's limits on names; a rule's name has at most 64 characters. */
const MAX_PREFIX_LENGTH = 48;

/**
 * Physical names of a stack.
 * @throws if the stack's name is too long or has characters that a function or queue may not have
 */
export function physicalNames(project: string, stack: string): Names {
  const prefix = `${project}-${stack}`;
  if (!/^[A-Za-z0-9_-]+$/.test(stack))
    throw new Error(
      `the stack's name: expected only letters, digits, hyphens and underscores, because queues and functions are ` +
        `named after it, found "${stack}"; choose another with "pulumi stack rename"`,
    );
  if (prefix.length > MAX_PREFIX_LENGTH)
    throw new Error(
      `"${prefix}": expected at most ${MAX_PREFIX_LENGTH} characters, AWS's limit on names, found ${prefix.length}; ` +
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

/** Asks AWS for the stack's partition, Region and account, before any resource is declared. */
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
