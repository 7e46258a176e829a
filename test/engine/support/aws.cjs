// Stands in for the AWS CLI, as far as the pages use it: `aws SERVICE OPERATION --member value`, answered by the
// embedded AWS. A machine that runs these tests need not have the real one.
"use strict";

const packages = { secretsmanager: "client-secrets-manager", logs: "client-cloudwatch-logs" };

async function main([service, operation, ...rest]) {
  const sdk = require(`@aws-sdk/${packages[service]}`);
  const pascal = (text) => text.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase());
  const client = Object.keys(sdk).find((name) => /^[A-Za-z]+Client$/.test(name) && !name.startsWith("__"));
  const input = {};
  let query;
  for (let index = 0; index < rest.length; index += 2) {
    const name = rest[index].slice(2);
    if (name === "query") query = rest[index + 1];
    else if (name !== "output")
      input[service === "logs" ? pascal(name).replace(/^./, (c) => c.toLowerCase()) : pascal(name)] =
        rest[index + 1];
  }
  const answer = await new sdk[client]({}).send(new sdk[`${pascal(operation)}Command`](input));
  if (query === "events[].message") console.log(answer.events.map(({ message }) => message).join("\t"));
  else if (/^\w+$/.test(query ?? "")) console.log(answer[query]);
  else if (query === undefined) console.log(JSON.stringify(answer, undefined, 2));
  else throw new Error(`--query ${query} is not known here`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
