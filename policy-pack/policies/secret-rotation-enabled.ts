import { databaseSecrets } from "../database-secrets";
import type { Policy } from "../policy";

export const secretRotationEnabled: Policy = {
  name: "secret-rotation-enabled",
  level: "advisory",
  description: "Asks for rotation of a database secret that a service reads.",
  check: (input) =>
    databaseSecrets(input)
      .filter(({ rotations }) => rotations.length === 0)
      .map(({ secret, name, readers }) => ({
        node: secret,
        message:
          `the database secret ${JSON.stringify(name)} is read by ${readers.join(", ")} and this stack does not rotate it. ` +
          `Let the recycler's stack rotate it:\n    ecs-secret-recycler:rotations:\n      - secret: ${name}\n        rotator: { kind: built-in }`,
      })),
};
