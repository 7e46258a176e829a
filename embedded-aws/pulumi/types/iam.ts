import type * as aws from "@pulumi/aws";
import type * as sdk from "@aws-sdk/client-iam";
import {
  allTags,
  physicalName,
  policyText,
  resourceType,
  tagList,
  text,
  type Account,
  type ResourceType,
} from "./resource-type";

/** Roles are given by name, by id or as the resource itself; a role's id is its name. */
function roleName(role: unknown): string {
  if (typeof role === "string") return role.slice(role.lastIndexOf("/") + 1);
  throw new Error(`role: found ${typeof role}, wanted the name of a role`);
}

async function putRolePolicy(account: Account, role: string, name: string, policy: unknown): Promise<void> {
  await account.call("iam", "PutRolePolicy", {
    RoleName: role,
    PolicyName: name,
    PolicyDocument: policyText(policy),
  });
}

/** AWS Identity and Access Management: roles and their policies. */
export const iam: Readonly<Record<string, ResourceType>> = {
  "aws:iam/role:Role": resourceType<aws.iam.RoleArgs>({
    computed: ["id", "arn", "name", "uniqueId", "createDate", "tagsAll"],
    replaceOnChanges: ["name", "namePrefix", "path"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs);
      const tagsAll = allTags(account, inputs.tags);
      const { Role } = await account.call<sdk.CreateRoleResponse>("iam", "CreateRole", {
        RoleName: name,
        Path: inputs.path,
        AssumeRolePolicyDocument: policyText(inputs.assumeRolePolicy),
        Description: inputs.description,
        MaxSessionDuration: inputs.maxSessionDuration,
        PermissionsBoundary: inputs.permissionsBoundary,
        Tags: tagList(tagsAll),
      });
      for (const policy of inputs.inlinePolicies ?? [])
        await putRolePolicy(account, name, policy.name!, policy.policy);
      for (const arn of inputs.managedPolicyArns ?? [])
        await account.call("iam", "AttachRolePolicy", { RoleName: name, PolicyArn: arn });
      return {
        id: name,
        state: {
          path: "/",
          ...inputs,
          assumeRolePolicy: policyText(inputs.assumeRolePolicy),
          name,
          arn: Role!.Arn,
          uniqueId: Role!.RoleId,
          createDate: Role!.CreateDate?.toISOString(),
          tagsAll,
        },
      };
    },
    async update(account, name, olds, inputs) {
      await account.call("iam", "UpdateAssumeRolePolicy", {
        RoleName: name,
        PolicyDocument: policyText(inputs.assumeRolePolicy),
      });
      return { ...olds, ...inputs, name, tagsAll: allTags(account, inputs.tags) };
    },
    async delete(account, name) {
      const attached = await account.call<sdk.ListAttachedRolePoliciesResponse>(
        "iam",
        "ListAttachedRolePolicies",
        { RoleName: name },
      );
      for (const { PolicyArn } of attached.AttachedPolicies ?? [])
        await account.call("iam", "DetachRolePolicy", { RoleName: name, PolicyArn });
      const inline = await account.call<sdk.ListRolePoliciesResponse>("iam", "ListRolePolicies", {
        RoleName: name,
      });
      for (const PolicyName of inline.PolicyNames ?? [])
        await account.call("iam", "DeleteRolePolicy", { RoleName: name, PolicyName });
      await account.call("iam", "DeleteRole", { RoleName: name });
    },
  }),

  "aws:iam/rolePolicy:RolePolicy": resourceType<aws.iam.RolePolicyArgs>({
    computed: ["id", "name"],
    replaceOnChanges: ["name", "namePrefix", "role"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs);
      const role = roleName(inputs.role);
      await putRolePolicy(account, role, name, inputs.policy);
      return { id: `${role}:${name}`, state: { ...inputs, role, name, policy: policyText(inputs.policy) } };
    },
    async update(account, _id, olds, inputs) {
      const [role, name] = [text(olds, "role"), text(olds, "name")];
      await putRolePolicy(account, role, name, inputs.policy);
      return { ...inputs, role, name, policy: policyText(inputs.policy) };
    },
    async delete(account, _id, state) {
      await account.call("iam", "DeleteRolePolicy", { RoleName: state.role, PolicyName: state.name });
    },
  }),

  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": resourceType<aws.iam.RolePolicyAttachmentArgs>({
    computed: ["id"],
    replaceOnChanges: ["*"],
    async create(account, inputs, logicalName) {
      const role = roleName(inputs.role);
      await account.call("iam", "AttachRolePolicy", { RoleName: role, PolicyArn: inputs.policyArn });
      return { id: `${role}-${logicalName}`, state: { ...inputs, role } };
    },
    async delete(account, _id, state) {
      await account.call("iam", "DetachRolePolicy", { RoleName: state.role, PolicyArn: state.policyArn });
    },
  }),

  "aws:iam/policy:Policy": resourceType<aws.iam.PolicyArgs>({
    computed: ["id", "arn", "name", "policyId", "attachmentCount", "tagsAll"],
    replaceOnChanges: ["*"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs);
      const tagsAll = allTags(account, inputs.tags);
      const { Policy } = await account.call<sdk.CreatePolicyResponse>("iam", "CreatePolicy", {
        PolicyName: name,
        Path: inputs.path,
        Description: inputs.description,
        PolicyDocument: policyText(inputs.policy),
        Tags: tagList(tagsAll),
      });
      const arn = Policy!.Arn!;
      return {
        id: arn,
        state: {
          path: "/",
          ...inputs,
          policy: policyText(inputs.policy),
          name,
          arn,
          policyId: Policy!.PolicyId,
          attachmentCount: 0,
          tagsAll,
        },
      };
    },
    async delete(account, arn) {
      await account.call("iam", "DeletePolicy", { PolicyArn: arn });
    },
  }),
};
