import type { Tag } from "@aws-sdk/client-iam";
import type { World } from "../world";
import { ServiceError } from "../errors";
import { parseDocument, type Document } from "./documents";
import { managedPolicies } from "./managed";

/** A role as IAM keeps it. */
export interface RoleRecord {
  readonly path: string;
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly created: Date;
  trust: Document;
  description?: string;
  maxSessionDuration: number;
  boundaryArn?: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly inline: Map<string, Document>;
  /** ARNs of managed policies, in the order of attachment. */
  readonly attached: Set<string>;
}

/** A managed policy, ours or AWS's; it has one version, v1. */
export interface PolicyRecord {
  readonly path: string;
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly description?: string;
  readonly created: Date;
  readonly tags: ReadonlyMap<string, string>;
  readonly document: Document;
  readonly ownedByAws: boolean;
}

/** What IAM keeps: roles by name, managed policies by ARN. */
export class IamRecords {
  readonly roles = new Map<string, RoleRecord>();
  readonly policies = new Map<string, PolicyRecord>();

  constructor(readonly world: World) {
    for (const [path, name, text] of managedPolicies) {
      const arn = `arn:${world.partition}:iam::aws:policy${path}${name}`;
      const created = new Date(Date.UTC(2015, 0, 1));
      this.policies.set(arn, {
        path,
        name,
        arn,
        id: `ANPA${name.toUpperCase().slice(0, 17)}`,
        created,
        tags: new Map(),
        document: parseDocument(text, "identity"),
        ownedByAws: true,
      });
    }
  }

  /** `arn:PARTITION:iam::ACCOUNT:resource`: IAM is global, so there is no Region in it. */
  arn(resource: string): string {
    return `arn:${this.world.partition}:iam::${this.world.account}:${resource}`;
  }

  /** The role, or NoSuchEntity. */
  role(name: string): RoleRecord {
    const role = this.roles.get(name);
    if (!role) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return role;
  }

  /** The role with this ARN; undefined when there is none (any more). */
  roleByArn(arn: string): RoleRecord | undefined {
    const role = this.roles.get(arn.slice(arn.lastIndexOf("/") + 1));
    return role?.arn === arn ? role : undefined;
  }

  /** The managed policy, or NoSuchEntity. */
  policy(arn: string): PolicyRecord {
    const policy = this.policies.get(arn);
    if (!policy) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
    return policy;
  }

  /** What a managed policy says. */
  statementsOf(policyArn: string): Document | undefined {
    return this.policies.get(policyArn)?.document;
  }
}

/** NoSuchEntity with IAM's words. */
export function noSuchEntity(message: string): ServiceError {
  return new ServiceError("NoSuchEntityException", message, 404);
}

/** EntityAlreadyExists with IAM's words. */
export function alreadyExists(message: string): ServiceError {
  return new ServiceError("EntityAlreadyExistsException", message, 409);
}

/** Tags as IAM lists them. */
export function tagList(tags: ReadonlyMap<string, string>): Tag[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

/** IAM answers with documents percent-encoded (RFC 3986). */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
