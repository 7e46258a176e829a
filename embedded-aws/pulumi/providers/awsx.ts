import * as pulumi from "@pulumi/pulumi";
import { expansions } from "../awsx";

/** A component of `@pulumi/awsx`, expanded into what the real one declares. */
class Component extends pulumi.ComponentResource {
  readonly outputs: Readonly<Record<string, pulumi.Resource | undefined>>;

  constructor(
    type: string,
    name: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
    expand: (typeof expansions)[string],
  ) {
    super(type, name, inputs, options);
    this.outputs = expand(name, inputs, { parent: this });
    this.registerOutputs(this.outputs);
  }
}

/** `pulumi-resource-awsx`: a process of its own, since constructing needs Pulumi's runtime to itself. */
const provider: pulumi.provider.Provider = {
  version: "3.9.0",
  schema: JSON.stringify({ name: "awsx", version: "3.9.0", resources: {} }),
  construct: (name, type, inputs, options) => {
    const expand = Object.hasOwn(expansions, type) ? expansions[type] : undefined;
    if (!expand)
      throw new Error(
        `component ${type} is not known to the embedded AWS: add it to embedded-aws/pulumi/awsx.ts`,
      );
    const component = new Component(type, name, inputs, options, expand);
    return Promise.resolve({ urn: component.urn, state: component.outputs });
  },
};

void pulumi.provider.main(provider, process.argv.slice(2));
