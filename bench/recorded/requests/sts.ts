import { place, type Requests } from "../session";

/** A trust policy for the whole account. */
function trust(Action: string | string[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Principal: { AWS: place.account } }],
  });
}

export const requests: Readonly<Record<string, Requests>> = {
  async test_assume_role({ aws: { iam, sts }, see, given }) {
    const RoleSessionName = "recorded-session";
    given("role-session-name", { RoleSessionName });
    const { Role } = await see(
      "create-role",
      iam.createRole({ RoleName: "recorded-role", AssumeRolePolicyDocument: trust("sts:AssumeRole") }),
    );
    await see("assume-role", sts.assumeRole({ RoleArn: Role?.Arn, RoleSessionName }));
  },

  async test_iam_role_chaining_override_transitive_tags({ aws: { iam, sts }, clients, see, call }) {
    const AssumeRolePolicyDocument = trust(["sts:AssumeRole", "sts:TagSession"]);
    const [first, second] = [
      await see("role-1", iam.createRole({ RoleName: "role-1-x", AssumeRolePolicyDocument })),
      await see("role-2", iam.createRole({ RoleName: "role-2-x", AssumeRolePolicyDocument })),
    ];
    await call(
      iam.putRolePolicy({
        RoleName: "role-1-x",
        PolicyName: "assume",
        PolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Resource: [second.Role?.Arn] },
          ],
        }),
      }),
    );
    const roleArn = first.Role?.Arn ?? "";
    await call(
      sts.assumeRole({
        RoleArn: roleArn,
        RoleSessionName: "Session1",
        Tags: [{ Key: "SessionTag1", Value: "SessionValue1" }],
        TransitiveTagKeys: ["SessionTag1"],
      }),
    );
    const session = clients({ caller: { kind: "role", roleArn, session: "Session1" } });
    for (const [label, Key] of [
      ["override-transitive-tag-error", "SessionTag1"],
      ["override-transitive-tag-case-ignore-error", "sessiontag1"],
    ] as const)
      await see(
        label,
        session.sts.assumeRole({
          RoleArn: second.Role?.Arn,
          RoleSessionName: "Session2SessionTagOverride",
          Tags: [{ Key, Value: "SessionValue2" }],
        }),
      );
  },

  async test_sts_invalid_parameters({ aws: { sts }, see }) {
    const arns = {
      "malformed-arn": "nothing-valid-in-here",
      "no-partition": "arn::b:::something/test-role",
      "no-service": "arn:a::::something/test-role",
      "not-enough-colons": "arn:a:::something/test-role",
      "no-resource": "arn:a:a::aaaaaaaaaa:",
    };
    for (const [label, RoleArn] of Object.entries(arns))
      await see(label, sts.assumeRole({ RoleArn, RoleSessionName: "Session1" }));
    await see(
      "invalid-session-name",
      sts.assumeRole({ RoleArn: "arn:a:b:::something/test-role", RoleSessionName: "Session1:2" }),
    );
  },
};
