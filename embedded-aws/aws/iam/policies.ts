import type * as sdk from "@aws-sdk/client-iam";
import { lengthBetween } from "../constraints";
import { ServiceError } from "../errors";
import { operation, type Call, type Operation } from "../service";
import { parseDocument } from "./documents";
import { alreadyExists, tagList, type IamRecords, type PolicyRecord } from "./records";
import { checkName, tagMap } from "./roles";

const invalid = { code: "ValidationError" } as const;

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
          throw alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
        const policy: PolicyRecord = {
          path,
          name,
          arn,
          id: `ANPA${random.text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}`,
          description: Description,
          created: now(call),
          tags: tagMap(Tags),
          document,
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
    DeletePolicy: operation<sdk.DeletePolicyRequest, object>({
      access: "write",
      authorize: onPolicy,
      handle: ({ PolicyArn }) => {
        const policy = ours(records, PolicyArn!);
        if (attachments(policy.arn, records) > 0)
          throw new ServiceError(
            "DeleteConflictException",
            "Cannot delete a policy attached to entities.",
            409,
          );
        records.policies.delete(policy.arn);
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

function attachments(arn: string, records: IamRecords): number {
  return [...records.roles.values()].filter((role) => role.attached.has(arn)).length;
}

function policyOf(policy: PolicyRecord, records: IamRecords): sdk.Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: "v1",
    AttachmentCount: attachments(policy.arn, records),
    PermissionsBoundaryUsageCount: [...records.roles.values()].filter(
      (role) => role.boundaryArn === policy.arn,
    ).length,
    IsAttachable: true,
    CreateDate: policy.created,
    UpdateDate: policy.created,
    Tags: tagList(policy.tags),
  };
}
