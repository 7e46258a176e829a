import type * as sdk from "@aws-sdk/client-iam";
import { between, lengthBetween, matchesPattern, page, refused } from "../constraints";
import { ServiceError } from "../errors";
import { operation, type Authorization, type Call, type Operation } from "../service";
import { parseDocument } from "./documents";
import {
  alreadyExists,
  encodeDocument,
  noSuchEntity,
  tagList,
  type IamRecords,
  type RoleRecord,
} from "./records";

const invalid = { code: "ValidationError" } as const;
const limitExceeded = { code: "LimitExceededException", status: 409 } as const;
const marker = { code: "InvalidInputException" } as const;
/** IAM API Reference, "MaxItems": up to 1,000; 100 when absent. */
const defaultPage = 100;

/** IAM User Guide, "IAM and AWS STS quotas". */
const quotas = { inlinePolicyCharacters: 10_240, attachedPolicies: 25, tags: 50 } as const;

/** Operations on roles and what hangs on them. */
export function roleOperations(records: IamRecords): Readonly<Record<string, Operation>> {
  const { world } = records;
  const random = world.random.fork("iam-roles");
  const onRole = ({ RoleName = "" }: { RoleName?: string }): Authorization => {
    const { arn, boundaryArn } = records.roles.get(RoleName) ?? { arn: records.arn(`role/${RoleName}`) };
    return { resource: arn, context: boundaryContext(boundaryArn) };
  };
  const onPolicy = (input: { RoleName?: string; PolicyArn?: string }): Authorization => {
    const { resource, context } = onRole(input);
    return { resource, context: { ...context, "iam:PolicyARN": input.PolicyArn ?? "" } };
  };
  const now = (call: Call) => new Date(Math.floor(call.time / 1000) * 1000);

  return {
    CreateRole: operation<sdk.CreateRoleRequest, sdk.CreateRoleResponse>({
      access: "write",
      authorize: ({ RoleName, Path, PermissionsBoundary }) => ({
        resource: records.arn(`role${Path ?? "/"}${RoleName}`),
        context: boundaryContext(PermissionsBoundary),
      }),
      handle: (input, call) => {
        const { RoleName: name = "", Path: path = "/", MaxSessionDuration = 3600, Description } = input;
        checkName(name, 64, "roleName");
        matchesPattern(path, /\/|\/[\x21-\x7e]*\//, "path", invalid);
        lengthBetween(path, 1, 512, "path", invalid);
        lengthBetween(Description, 0, 1000, "description", invalid);
        between(MaxSessionDuration, 3600, 43_200, "maxSessionDuration", invalid);
        const trust = parseDocument(input.AssumeRolePolicyDocument ?? "", "trust");
        if (records.roles.has(name)) throw alreadyExists(`Role with name ${name} already exists.`);
        if (input.PermissionsBoundary !== undefined) checkBoundary(records, input.PermissionsBoundary);
        const role: RoleRecord = {
          path,
          name,
          arn: records.arn(`role${path}${name}`),
          id: `AROA${random.text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}`,
          created: now(call),
          trust,
          description: Description,
          maxSessionDuration: MaxSessionDuration,
          boundaryArn: input.PermissionsBoundary,
          tags: tagMap(input.Tags),
          inline: new Map(),
          attached: new Set(),
        };
        records.roles.set(name, role);
        // As recorded: a new role is told without these.
        return { Role: { ...roleOf(role), MaxSessionDuration: undefined, RoleLastUsed: undefined } };
      },
    }),
    GetRole: operation<sdk.GetRoleRequest, sdk.GetRoleResponse>({
      access: "read",
      authorize: onRole,
      handle: ({ RoleName }) => ({ Role: roleOf(records.role(RoleName!)) }),
    }),
    ListRoles: operation<sdk.ListRolesRequest, sdk.ListRolesResponse>({
      access: "read",
      authorize: ({ PathPrefix }) => ({ resource: records.arn(`role${PathPrefix ?? "/"}`) }),
      handle: ({ PathPrefix = "/", Marker, MaxItems }) => {
        const roles = [...records.roles.values()].filter((role) => role.path.startsWith(PathPrefix));
        const { items, ...rest } = paged(roles, Marker, MaxItems);
        // ListRoles leaves out what only GetRole tells.
        return {
          Roles: items.map((role) => ({ ...roleOf(role), Tags: undefined, PermissionsBoundary: undefined })),
          ...rest,
        };
      },
    }),
    UpdateAssumeRolePolicy: operation<sdk.UpdateAssumeRolePolicyRequest, object>({
      access: "write",
      authorize: onRole,
      handle: ({ RoleName, PolicyDocument }) => {
        records.role(RoleName!).trust = parseDocument(PolicyDocument!, "trust");
        return {};
      },
    }),
    DeleteRole: operation<sdk.DeleteRoleRequest, object>({
      access: "write",
      authorize: onRole,
      handle: ({ RoleName }) => {
        const role = records.role(RoleName!);
        if (role.attached.size > 0) throw deleteConflict("must detach all policies first.");
        if (role.inline.size > 0) throw deleteConflict("must delete policies first.");
        records.roles.delete(role.name);
        return {};
      },
    }),
    PutRolePolicy: operation<sdk.PutRolePolicyRequest, object>({
      access: "write",
      authorize: onRole,
      handle: ({ RoleName, PolicyName, PolicyDocument }) => {
        checkName(PolicyName!, 128, "policyName");
        const role = records.role(RoleName!);
        const document = parseDocument(PolicyDocument!, "identity");
        const others = [...role.inline].filter(([name]) => name !== PolicyName);
        const size = [document.text, ...others.map(([, other]) => other.text)]
          .join("")
          .replace(/\s/g, "").length;
        if (size > quotas.inlinePolicyCharacters)
          throw refused(
            limitExceeded,
            `Maximum policy size of ${quotas.inlinePolicyCharacters} bytes exceeded for role ${role.name}`,
          );
        role.inline.set(PolicyName!, document);
        return {};
      },
    }),
    GetRolePolicy: operation<sdk.GetRolePolicyRequest, sdk.GetRolePolicyResponse>({
      access: "read",
      authorize: onRole,
      handle: ({ RoleName, PolicyName }) => {
        const document = records.role(RoleName!).inline.get(PolicyName!);
        if (!document) throw noSuchRolePolicy(PolicyName!);
        return { RoleName, PolicyName, PolicyDocument: encodeDocument(document.text) };
      },
    }),
    DeleteRolePolicy: operation<sdk.DeleteRolePolicyRequest, object>({
      access: "write",
      authorize: onRole,
      handle: ({ RoleName, PolicyName }) => {
        if (!records.role(RoleName!).inline.delete(PolicyName!)) throw noSuchRolePolicy(PolicyName!);
        return {};
      },
    }),
    ListRolePolicies: operation<sdk.ListRolePoliciesRequest, sdk.ListRolePoliciesResponse>({
      access: "read",
      authorize: onRole,
      handle: ({ RoleName, Marker, MaxItems }) => {
        const { items, ...rest } = paged([...records.role(RoleName!).inline.keys()], Marker, MaxItems);
        return { PolicyNames: items, ...rest };
      },
    }),
    AttachRolePolicy: operation<sdk.AttachRolePolicyRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ RoleName, PolicyArn }) => {
        const role = records.role(RoleName!);
        records.policy(PolicyArn!);
        if (!role.attached.has(PolicyArn!) && role.attached.size >= quotas.attachedPolicies)
          throw refused(limitExceeded, `Cannot exceed quota for PoliciesPerRole: ${quotas.attachedPolicies}`);
        role.attached.add(PolicyArn!);
        return {};
      },
    }),
    DetachRolePolicy: operation<sdk.DetachRolePolicyRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ RoleName, PolicyArn }) => {
        if (!records.role(RoleName!).attached.delete(PolicyArn!))
          throw noSuchEntity(`Policy ${PolicyArn!} was not found.`);
        return {};
      },
    }),
    ListAttachedRolePolicies: operation<
      sdk.ListAttachedRolePoliciesRequest,
      sdk.ListAttachedRolePoliciesResponse
    >({
      access: "read",
      authorize: onRole,
      handle: ({ RoleName, PathPrefix = "/", Marker, MaxItems }) => {
        const policies = [...records.role(RoleName!).attached]
          .map((arn) => records.policy(arn))
          .filter((policy) => policy.path.startsWith(PathPrefix));
        const { items, ...rest } = paged(policies, Marker, MaxItems);
        return {
          AttachedPolicies: items.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })),
          ...rest,
        };
      },
    }),
    PutRolePermissionsBoundary: operation<sdk.PutRolePermissionsBoundaryRequest, object>({
      access: "write",
      authorize: onRole,
      handle: ({ RoleName, PermissionsBoundary }) => {
        const role = records.role(RoleName!);
        checkBoundary(records, PermissionsBoundary!);
        role.boundaryArn = PermissionsBoundary;
        return {};
      },
    }),
  };
}

/** One page as IAM gives it: `Marker` only where there is more. */
function paged<Item>(
  items: readonly Item[],
  given: string | undefined,
  limit: number | undefined,
): { items: Item[]; IsTruncated: boolean; Marker?: string } {
  between(limit, 1, 1000, "maxItems", invalid);
  const { items: some, nextToken } = page(items, given, limit ?? defaultPage, 1000, marker);
  return { items: some, IsTruncated: nextToken !== undefined, Marker: nextToken };
}

/** Tags by key; the later of two wins. Refuses what IAM refuses. */
export function tagMap(tags: readonly sdk.Tag[] | undefined): Map<string, string> {
  const map = new Map<string, string>();
  for (const { Key, Value } of tags ?? []) {
    lengthBetween(Key, 1, 128, "tags.key", invalid);
    lengthBetween(Value, 0, 256, "tags.value", invalid);
    map.set(Key!, Value!);
  }
  if (map.size > quotas.tags)
    throw refused(limitExceeded, `Cannot exceed quota for TagsPerResource: ${quotas.tags}`);
  return map;
}

/** Names of roles and policies: letters, digits and `_+=,.@-`. */
export function checkName(name: string, longest: number, member: string): void {
  lengthBetween(name, 1, longest, member, invalid);
  matchesPattern(name, /[\w+=,.@-]+/, member, invalid);
}

/** The boundary that a role has or gets: IAM User Guide, "iam:PermissionsBoundary". */
const boundaryContext = (arn: string | undefined) => (arn ? { "iam:PermissionsBoundary": arn } : undefined);

function checkBoundary(records: IamRecords, arn: string): void {
  if (!records.policies.has(arn))
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
}

function deleteConflict(what: string): ServiceError {
  return new ServiceError("DeleteConflictException", `Cannot delete entity, ${what}`, 409);
}

function noSuchRolePolicy(name: string): ServiceError {
  return noSuchEntity(`The role policy with name ${name} cannot be found.`);
}

function roleOf(role: RoleRecord): sdk.Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: role.created,
    AssumeRolePolicyDocument: encodeDocument(role.trust.text),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
    Tags: role.tags.size === 0 ? undefined : tagList(role.tags),
    PermissionsBoundary:
      role.boundaryArn === undefined
        ? undefined
        : { PermissionsBoundaryType: "PermissionsBoundaryPolicy", PermissionsBoundaryArn: role.boundaryArn },
    RoleLastUsed: {},
  };
}
