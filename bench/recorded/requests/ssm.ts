import type { Requests } from "../session";

export const requests: Readonly<Record<string, Requests>> = {
  async test_get_parameter_by_arn({ aws: { ssm }, see, call }) {
    await call(ssm.putParameter({ Name: "recorded", Value: "test", Type: "String" }));
    const { Parameter } = await call(ssm.getParameter({ Name: "recorded" }));
    await see("Parameter", ssm.getParameter({ Name: Parameter?.ARN }), (answer) => answer.Parameter);
  },

  async test_parameters_with_path({ aws: { ssm }, see }) {
    const Name = "/test/recorded";
    await see(
      "put-parameter-response",
      ssm.putParameter({ Name, Description: "test", Value: "123", Type: "String" }),
    );
    const { Parameter } = await see("get-parameter-response", ssm.getParameter({ Name }));
    const arn = Parameter?.ARN ?? "";
    await see("get-parameter-by-arn-response", ssm.getParameter({ Name: arn }));
    await see("get-parameters-response", ssm.getParameters({ Names: [Name] }));
    await see("get-parameters-by-arn-response", ssm.getParameters({ Names: [arn] }));
  },
};
