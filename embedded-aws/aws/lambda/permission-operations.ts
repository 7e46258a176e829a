import type * as sdk from "@aws-sdk/client-lambda";
import { matchesPattern } from "../constraints";
import { ServiceError } from "../errors";
import { operationsOn, type PolicyStatement } from "../service";
import { invalid } from "./function";
import type { Functions } from "./functions";

/** Operations on the policy of a function. */
export function permissionOperations(functions: Functions) {
  const { world } = functions;
  const onFunction = operationsOn<{ FunctionName?: string }>((input) => functions.on(input.FunctionName));

  return {
    AddPermission: onFunction<sdk.AddPermissionRequest, sdk.AddPermissionResponse>("write", (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      const id = input.StatementId ?? "";
      matchesPattern(id, /[a-zA-Z0-9_-]{1,100}/, "statementId", invalid);
      matchesPattern(input.Action, /lambda:[*]|lambda:[a-zA-Z]+|[*]/, "action", invalid);
      matchesPattern(input.SourceAccount, /\d{12}/, "sourceAccount", invalid);
      if (fn.statements.has(id))
        throw new ServiceError(
          "ResourceConflictException",
          `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          409,
        );
      const principal = input.Principal ?? "";
      const statement: PolicyStatement = {
        Sid: id,
        Effect: "Allow",
        Principal: principal === "*" ? "*" : principalOf(principal, world.partition),
        Action: input.Action,
        Resource: fn.arn,
        ...conditionOf(input),
      };
      fn.statements.set(id, statement);
      return { Statement: JSON.stringify(statement) };
    }),

    RemovePermission: onFunction<sdk.RemovePermissionRequest, object>("write", (input) => {
      if (!functions.find(input.FunctionName, input.Qualifier).statements.delete(input.StatementId ?? ""))
        throw new ServiceError(
          "ResourceNotFoundException",
          `Statement ${input.StatementId} is not found in resource policy.`,
          404,
        );
      return {};
    }),

    GetPolicy: onFunction<sdk.GetPolicyRequest, sdk.GetPolicyResponse>("read", (input) => {
      const fn = functions.find(input.FunctionName, input.Qualifier);
      if (fn.statements.size === 0)
        throw new ServiceError(
          "ResourceNotFoundException",
          "The resource you requested does not exist.",
          404,
        );
      return {
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Id: "default",
          Statement: [...fn.statements.values()],
        }),
        RevisionId: fn.configuration.RevisionId,
      };
    }),
  };
}

function principalOf(principal: string, partition: string): Record<string, string> {
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:${partition}:iam::${principal}:root` };
  if (principal.startsWith("arn:")) return { AWS: principal };
  if (/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(principal)) return { Service: principal };
  throw new ServiceError(
    "InvalidParameterValueException",
    "The provided principal was invalid. Please check the principal and try again.",
    400,
  );
}

function conditionOf(input: sdk.AddPermissionRequest): Pick<PolicyStatement, "Condition"> {
  const condition = {
    ...(input.SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": input.SourceArn } }),
    ...((input.SourceAccount !== undefined || input.PrincipalOrgID !== undefined) && {
      StringEquals: {
        ...(input.SourceAccount !== undefined && { "AWS:SourceAccount": input.SourceAccount }),
        ...(input.PrincipalOrgID !== undefined && { "aws:PrincipalOrgID": input.PrincipalOrgID }),
      },
    }),
  };
  return Object.keys(condition).length > 0 ? { Condition: condition } : {};
}
