import * as aws from "@pulumi/aws";

/** As Pulumi allows it: the program is an async function, its answer the outputs. */
export = async () => {
  const { accountId } = await aws.getCallerIdentity();
  return { accountId };
};
