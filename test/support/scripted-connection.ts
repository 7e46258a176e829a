import type { Connection, Row } from "../../rotator/engines/types";

/** What a statement is answered with: rows, or an error that the driver throws. */
export type Answer = readonly Row[] | Error;

/** A connection that answers by a script, and remembers what it was asked. */
export interface ScriptedConnection extends Connection {
  /** Each statement with its values, in order. */
  readonly asked: (readonly [text: string, ...values: unknown[]])[];
}

/**
 * A connection without a server.
 * @param script answers by how a statement begins; what no beginning fits is answered with no rows
 */
export function scriptedConnection(script: Readonly<Record<string, Answer>>): ScriptedConnection {
  const asked: ScriptedConnection["asked"] = [];
  return {
    asked,
    async query(text, values = []) {
      asked.push([text, ...values]);
      const [, answer = []] = Object.entries(script).find(([beginning]) => text.startsWith(beginning)) ?? [];
      if (answer instanceof Error) throw answer;
      return [...answer];
    },
    end: async () => undefined,
  };
}

/** An error as the drivers throw it. */
export function driverError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}
