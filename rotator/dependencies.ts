import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { EngineName } from "../aws-semantics/database-engines";
import { awsConnectTimeoutMs, awsRequestTimeoutMs } from "./aws";
import { engineNamed } from "./engines";
import type { Engine, Note } from "./engines/types";
import type { ParameterStoreClient, SsmCommands } from "./stores/parameter";
import type { SecretsManager } from "./stores/secret";

/** Clients, engines, clock and log of a rotator; tests and simulation replace them. */
export interface Dependencies {
  readonly secretsManager: SecretsManager;
  /** Loaded only for a credential in a parameter. */
  readonly parameterStore: () => { readonly client: ParameterStoreClient; readonly commands: SsmCommands };
  readonly engine: (name: EngineName, note: Note) => Engine;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A random integer from 0 to below its argument, for passwords; cryptographic by default. */
  readonly draw?: (below: number) => number;
  /** Receives one entry for each event; never a secret's value. */
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}

/** Clients with the Region and credentials from the Lambda environment. */
export function realDependencies(): Dependencies {
  const requestHandler = { connectionTimeout: awsConnectTimeoutMs, requestTimeout: awsRequestTimeoutMs };
  return {
    secretsManager: new SecretsManagerClient({ requestHandler }),
    parameterStore: () => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- most functions never need this package
      const commands = require("@aws-sdk/client-ssm") as typeof import("@aws-sdk/client-ssm");
      return { client: new commands.SSMClient({ requestHandler }), commands };
    },
    engine: engineNamed,
    now: () => Date.now(),
    log: (entry) => console.log(JSON.stringify(entry)),
  };
}
