import type * as sdk from "@aws-sdk/client-iam";
import { lengthBetween, oneOf } from "../constraints";
import { ServiceError } from "../errors";
import { operation, type Call, type Operation } from "../service";
import { parseDocument } from "./documents";
import { encodeDocument, noSuchEntity, tagList, type IamRecords, type PolicyRecord } from "./records";
import { checkName, paged, tagMap } from "./roles";

const invalid = { code: "ValidationError" } as const;
/** IAM User Guide, "IAM and AWS STS quotas". */
const versionsPerPolicy = 5;

/** Operations on managed policies. */
export function policyOperations(records: IamRecords): Readonly<Record<string, Operation>> {
  const random = records.world.random.fork("iam-policies");
  const onPolicy = ({ PolicyArn }: { PolicyArn?: string }) => ({ resource: PolicyArn ?? "*" });
  const now = (call: Call) => new Date(Math.floor(call.time / 1000) * 1000);

  return {
    CreatePolicy: operation<sdk.CreatePolicyRequest, sdk.CreatePolicyResponse>({
      access: "write",
      authorize: ({ PolicyName, Path }) => ({ resource: records.arn(`policy${Path ?? "/"}${PolicyName}`) }),
      handle: ({ PolicyName: name = "", Path: path = "/", PolicyDocument, Description, Tags }, call) => {
        checkName(name, 128, "policyName");
        lengthBetween(path, 1, 512, "path", invalid);
        lengthBetween(Description, 0, 1000, "description", invalid);
        const document = parseDocument(PolicyDocument!, "identity");
        const arn = records.arn(`policy${path}${name}`);
        if (records.policies.has(arn))
          throw new ServiceError(
            "EntityAlreadyExistsException",
            `A policy called ${name} already exists. Duplicate names are not allowed.`,
            409,
          );
        const policy: PolicyRecord = {
          path,
          name,
          arn,
          id: `ANPA${random.text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}`,
          description: Description,
          created: now(call),
          updated: now(call),
          tags: tagMap(Tags),
          versions: [{ id: "v1", document, created: now(call) }],
          defaultVersion: "v1",
          lastVersion: 1,
          ownedByAws: false,
        };
        records.policies.set(arn, policy);
        return { Policy: policyOf(policy, records) };
      },
    }),
    GetPolicy: operation<sdk.GetPolicyRequest, sdk.GetPolicyResponse>({
      access: "read",
      authorize: onPolicy,
      handle: ({ PolicyArn }) => {
        const policy = records.policy(PolicyArn!);
        return { Policy: { ...policyOf(policy, records), Description: policy.description } };
      },
    }),
    ListPolicies: operation<sdk.ListPoliciesRequest, sdk.ListPoliciesResponse>({
      access: "read",
      authorize: () => ({ resource: "*" }),
      handle: ({ Scope = "All", OnlyAttached, PathPrefix = "/", Marker, MaxItems }) => {
        oneOf(Scope, ["All", "AWS", "Local"], "scope", invalid);
        const policies = [...records.policies.values()].filter(
          (policy) =>
            (Scope === "All" || (Scope === "AWS") === policy.ownedByAws) &&
            policy.path.startsWith(PathPrefix) &&
            (!OnlyAttached || attachments(policy.arn, records) > 0),
        );
        const { items, ...rest } = paged(policies, Marker, MaxItems);
        return {
          Policies: items.map((policy) => ({ ...policyOf(policy, records), Tags: undefined })),
          ...rest,
        };
      },
    }),
    DeletePolicy: operation<sdk.DeletePolicyRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ PolicyArn }) => {
        const policy = ours(records, PolicyArn!);
        if (attachments(policy.arn, records) > 0)
          throw conflict("Cannot delete a policy attached to entities.");
        if (policy.versions.length > 1)
          throw conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions.",
          );
        records.policies.delete(policy.arn);
        return {};
      },
    }),
    CreatePolicyVersion: operation<sdk.CreatePolicyVersionRequest, sdk.CreatePolicyVersionResponse>({
      access: "write",
      authorize: onPolicy,
      handle: ({ PolicyArn, PolicyDocument, SetAsDefault = false }, call) => {
        const policy = ours(records, PolicyArn!);
        const document = parseDocument(PolicyDocument!, "identity");
        if (policy.versions.length >= versionsPerPolicy)
          throw new ServiceError(
            "LimitExceededException",
            `A managed policy can have up to ${versionsPerPolicy} versions. Before you create a new version, you must delete an existing version.`,
            409,
          );
        const version = { id: `v${++policy.lastVersion}`, document, created: now(call) };
        policy.versions.push(version);
        policy.updated = now(call);
        if (SetAsDefault) policy.defaultVersion = version.id;
        return {
          PolicyVersion: {
            VersionId: version.id,
            IsDefaultVersion: SetAsDefault,
            CreateDate: version.created,
          },
        };
      },
    }),
    GetPolicyVersion: operation<sdk.GetPolicyVersionRequest, sdk.GetPolicyVersionResponse>({
      access: "read",
      authorize: onPolicy,
      handle: ({ PolicyArn, VersionId }) => {
        const policy = records.policy(PolicyArn!);
        const version = versionOf(policy, VersionId!);
        return {
          PolicyVersion: {
            Document: encodeDocument(version.document.text),
            VersionId: version.id,
            IsDefaultVersion: version.id === policy.defaultVersion,
            CreateDate: version.created,
          },
        };
      },
    }),
    ListPolicyVersions: operation<sdk.ListPolicyVersionsRequest, sdk.ListPolicyVersionsResponse>({
      access: "read",
      authorize: onPolicy,
      handle: ({ PolicyArn, Marker, MaxItems }) => {
        const policy = records.policy(PolicyArn!);
        const { items, ...rest } = paged([...policy.versions].reverse(), Marker, MaxItems);
        return {
          Versions: items.map(({ id, created }) => ({
            VersionId: id,
            IsDefaultVersion: id === policy.defaultVersion,
            CreateDate: created,
          })),
          ...rest,
        };
      },
    }),
    SetDefaultPolicyVersion: operation<sdk.SetDefaultPolicyVersionRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ PolicyArn, VersionId }) => {
        const policy = ours(records, PolicyArn!);
        policy.defaultVersion = versionOf(policy, VersionId!).id;
        return {};
      },
    }),
    DeletePolicyVersion: operation<sdk.DeletePolicyVersionRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ PolicyArn, VersionId }) => {
        const policy = ours(records, PolicyArn!);
        const version = versionOf(policy, VersionId!);
        if (version.id === policy.defaultVersion)
          throw conflict("Cannot delete the default version of a policy.");
        policy.versions = policy.versions.filter((other) => other !== version);
        return {};
      },
    }),
    TagPolicy: operation<sdk.TagPolicyRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ PolicyArn, Tags }) => {
        const policy = ours(records, PolicyArn!);
        policy.tags = tagMap([...tagList(policy.tags), ...(Tags ?? [])]);
        return {};
      },
    }),
    UntagPolicy: operation<sdk.UntagPolicyRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ PolicyArn, TagKeys }) => {
        const policy = ours(records, PolicyArn!);
        for (const key of TagKeys ?? []) policy.tags.delete(key);
        return {};
      },
    }),
  };
}

/** A customer managed policy: AWS's own cannot be changed. */
function ours(records: IamRecords, arn: string): PolicyRecord {
  const policy = records.policy(arn);
  if (policy.ownedByAws)
    throw new ServiceError("AccessDenied", `${arn} is owned by AWS and cannot be changed`, 403);
  return policy;
}

function versionOf(policy: PolicyRecord, id: string) {
  const version = policy.versions.find((one) => one.id === id);
  if (!version) throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  return version;
}

function attachments(arn: string, records: IamRecords): number {
  return [...records.roles.values()].filter((role) => role.attached.has(arn)).length;
}

function conflict(message: string): ServiceError {
  return new ServiceError("DeleteConflictException", message, 409);
}

function policyOf(policy: PolicyRecord, records: IamRecords): sdk.Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachments(policy.arn, records),
    PermissionsBoundaryUsageCount: [...records.roles.values()].filter(
      (role) => role.boundaryArn === policy.arn,
    ).length,
    IsAttachable: true,
    CreateDate: policy.created,
    UpdateDate: policy.updated,
    Tags: tagList(policy.tags),
  };
}
