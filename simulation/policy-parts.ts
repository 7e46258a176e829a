import { Recording } from "../demo/recording";
import type { RecordedExample } from "./virtual-run";
import type { AnsweredCall } from "../embedded-aws/pulumi/account";

type OneOrMore = string | readonly string[];

/** A statement as the programs write it. */
export interface WrittenStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
}

/** One thing that a policy allows, and the deployment without it. */
export interface PolicyPart {
  /** `ecs-secret-recycler-demo RecycleServices: ecs:UpdateService`; unique. */
  readonly name: string;
  /** Name of the role, or of the resource whose policy it is. */
  readonly owner: string;
  /** What it allows; for one of several resources or conditions, all actions of the statement. */
  readonly actions: readonly string[];
  readonly without: RecordedExample;
}

/** A policy document in a call of a deployment. */
export interface WrittenPolicy {
  readonly part: "shop" | "recycler";
  readonly call: AnsweredCall;
  readonly owner: string;
  readonly statements: readonly WrittenStatement[];
}

/** Where documents stand in the inputs of calls: the path to the text, and the member that names the owner. */
const places: Readonly<Record<string, { readonly path: readonly string[]; readonly owner: string }>> = {
  CreateRole: { path: ["AssumeRolePolicyDocument"], owner: "RoleName" },
  PutRolePolicy: { path: ["PolicyDocument"], owner: "RoleName" },
  CreateQueue: { path: ["Attributes", "Policy"], owner: "QueueName" },
  CreateTopic: { path: ["Attributes", "Policy"], owner: "Name" },
  PutBucketPolicy: { path: ["Policy"], owner: "Bucket" },
};

/** A name without the digest at the end of a rotator's, and without the drawn end of a bucket's. */
export function readableOwner(name: string): string {
  return name
    .replaceAll(/(rotat(?:or|e)-[\w-]+)-[0-9a-f]{6}\b/g, "$1")
    .replaceAll(/-[0-9a-f]{7}(?= |$)/g, "");
}

/** Every policy document of a deployment. */
export function policiesOf(recorded: RecordedExample): WrittenPolicy[] {
  return (["shop", "recycler"] as const).flatMap((part) =>
    recorded[part].calls.flatMap((call) => {
      const place = places[call.operation];
      const text = place && at(call.input, place.path);
      if (typeof text !== "string") return [];
      const { Statement: statements } = JSON.parse(text) as { Statement: WrittenStatement[] };
      return [{ part, call, owner: String(at(call.input, [place!.owner])), statements }];
    }),
  );
}

/** Everything that the policies of a deployment allow, in parts as small as a policy can tell apart. */
export function partsOf(recorded: RecordedExample): PolicyPart[] {
  return [
    ...policiesOf(recorded).flatMap((policy) =>
      policy.statements.flatMap((statement, index) =>
        statement.Effect === "Deny"
          ? []
          : smaller(statement).map(({ what, actions, rest }) => ({
              name: `${policy.owner} ${statement.Sid ?? policy.call.operation}: ${what}`,
              owner: policy.owner,
              actions,
              without: replaced(recorded, policy.part, policy.call, () => [
                withStatements(
                  policy.call,
                  policy.statements.flatMap((other, at) => (at === index ? rest : [other])),
                ),
              ]),
            })),
      ),
    ),
    ...recorded.recycler.calls
      .filter(({ operation }) => operation === "AddPermission")
      .map((call) => {
        const { FunctionName, Action } = call.input as { FunctionName: string; Action: string };
        const owner = FunctionName.slice(FunctionName.lastIndexOf(":") + 1);
        return {
          name: `${owner} permission: ${Action}`,
          owner,
          actions: [Action],
          without: replaced(recorded, "recycler", call, () => []),
        };
      }),
  ];
}

/** The ways to allow a little less, with what stays of the statement. */
function smaller(
  statement: WrittenStatement,
): { what: string; actions: readonly string[]; rest: WrittenStatement[] }[] {
  const actions = list(statement.Action);
  const resources = list(statement.Resource);
  const less = (what: string, of: readonly string[], rest: Partial<WrittenStatement>) => ({
    what,
    actions: of,
    rest: [{ ...statement, ...rest }],
  });
  return [
    ...actions.map((action) => ({
      what: action,
      actions: [action],
      rest: actions.length > 1 ? [{ ...statement, Action: without(actions, action) }] : [],
    })),
    ...(resources.length > 1
      ? resources.map((resource) => less(resource, actions, { Resource: without(resources, resource) }))
      : []),
    ...Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).flatMap(([key, values]) =>
        list(values).length > 1
          ? list(values).map((value) =>
              less(value, actions, {
                Condition: {
                  ...statement.Condition,
                  [operator]: { ...keys, [key]: without(list(values), value) },
                },
              }),
            )
          : [],
      ),
    ),
  ];
}

/** The call with other statements in its document. */
function withStatements(call: AnsweredCall, statements: readonly WrittenStatement[]): AnsweredCall {
  const { path } = places[call.operation]!;
  const input = structuredClone(call.input);
  const holder = at(input, path.slice(0, -1)) as Record<string, string>;
  const last = path[path.length - 1]!;
  const document = JSON.parse(holder[last]!) as object;
  holder[last] = JSON.stringify({ ...document, Statement: statements });
  return { ...call, input };
}

function replaced(
  recorded: RecordedExample,
  part: "shop" | "recycler",
  call: AnsweredCall,
  by: () => readonly AnsweredCall[],
): RecordedExample {
  const calls = recorded[part].calls.flatMap((other) => (other === call ? by() : [other]));
  return { ...recorded, [part]: new Recording(calls) };
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (holder, key) => (typeof holder === "object" && holder !== null ? (holder as never)[key] : undefined),
    value,
  );
}

function list(values: OneOrMore | undefined): readonly string[] {
  return typeof values === "string" ? [values] : (values ?? []);
}

function without(values: readonly string[], value: string): readonly string[] {
  return values.filter((other) => other !== value);
}
