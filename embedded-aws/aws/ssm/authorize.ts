import type { Authorization } from "../service";
import type { ParameterStore } from "./store";

/** What IAM is asked about a parameter: its ARN and its tags. */
export function onParameter(store: ParameterStore, nameOrArn: string): Authorization {
  const tags = store.find(nameOrArn)?.tags ?? new Map<string, string>();
  const pairs = [...tags].flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value] as const,
    [`ssm:resourceTag/${key}`, value] as const,
  ]);
  return { resource: store.arnOf(nameOrArn), context: Object.fromEntries(pairs) };
}
