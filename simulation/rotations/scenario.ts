import type { Dependencies } from "../../rotator/dependencies";
import type { Connect, Connection, Engine, Login, Note } from "../../rotator/engines/types";
import { steps } from "../../rotator/events";
import { createRotator } from "../../rotator/index";
import type { RotatorSettings } from "../../rotator/settings";
import { FakeParameterStore, FakeSecretsManager, type Around } from "./fake-stores";

/**
 * Cuts a run off at one of its points: before or after an API call, a login or a statement. What is cut off never
 * settles, as in a function that is killed, and its connections are gone.
 */
export class Killer {
  /** Points passed so far. */
  points = 0;
  /** What stood at each point. */
  readonly names: string[] = [];
  readonly #connections = new Set<Connection>();
  #dead = false;
  #die!: () => void;
  /** Resolves when the run has been cut off. */
  readonly killed = new Promise<"killed">((resolve) => {
    this.#die = () => resolve("killed");
  });

  /** @param killAt the point, from 1; 0 cuts nothing off */
  constructor(private readonly killAt = 0) {}

  /** For `FakeSecretsManager.around`. */
  readonly around: Around = async (name, call) => {
    await this.#point(`before ${name}`);
    const answer = await call();
    await this.#point(`after ${name}`);
    return answer;
  };

  /** A `connect` whose connections and statements are points. */
  connect(real: Connect): Connect {
    return async (login) => {
      await this.#point("before login");
      const connection = await real(login);
      this.#connections.add(connection);
      await this.#point("after login");
      return {
        ...connection,
        query: async (text, values) => {
          const words = text.trim().split(/\s+/).slice(0, 3).join(" ");
          await this.#point(`before ${words}`);
          const rows = await connection.query(text, values);
          await this.#point(`after ${words}`);
          return rows;
        },
        end: async () => {
          this.#connections.delete(connection);
          await connection.end();
        },
      };
    };
  }

  async #point(name: string): Promise<void> {
    if (!this.#dead) {
      this.points++;
      this.names.push(name);
      if (this.points !== this.killAt) return;
      this.#dead = true;
      await Promise.all([...this.#connections].map((connection) => connection.end()));
      this.#die();
    }
    await new Promise<never>(() => undefined);
  }
}

/** A secret (or parameter), a database and a rotator between them. */
export class RotationScenario {
  readonly aws = new FakeSecretsManager();
  readonly parameters: FakeParameterStore;
  /** Everything that the rotator wrote, errors included. */
  readonly written: string[] = [];
  /** Statements that fail before they reach the server. */
  refuse: RegExp | undefined;

  constructor(
    readonly secret: string,
    value: Readonly<Record<string, unknown>>,
    admin: Login,
    private readonly options: {
      readonly settings: RotatorSettings;
      readonly engine: (connect: Connect, note: Note) => Engine;
      readonly connect: Connect;
    },
  ) {
    this.aws.create(secret, value);
    this.aws.create("admin", { username: admin.username, password: admin.password, host: admin.host });
    this.parameters = new FakeParameterStore(value);
  }

  dependencies(killer?: Killer): Dependencies {
    const connect: Connect = async (login) => {
      const connection = await this.options.connect(login);
      return {
        ...connection,
        query: async (text, values) => {
          if (this.refuse?.test(text)) throw new Error("refused by the test");
          return connection.query(text, values);
        },
      };
    };
    this.aws.around = this.parameters.around = killer ? killer.around : (_name, call) => call();
    return {
      secretsManager: this.aws.client,
      parameterStore: () => this.parameters.access(),
      engine: (_name, note) => this.options.engine(killer ? killer.connect(connect) : connect, note),
      now: () => this.aws.nowMs,
      log: (entry) => this.written.push(JSON.stringify(entry)),
    };
  }

  /** One step, as Secrets Manager invokes it. */
  async step(step: string, token: string, killer?: Killer): Promise<void> {
    await this.#run({ Step: step, SecretId: this.secret, ClientRequestToken: token }, killer);
  }

  /** RotateSecret and the four steps. @returns the new version's id */
  async rotate(killer?: Killer): Promise<string> {
    const token = this.aws.rotate(this.secret);
    for (const step of steps) await this.step(step, token, killer);
    return token;
  }

  /** A scheduled run, for a credential in a parameter. */
  async runOnSchedule(killer?: Killer): Promise<void> {
    await this.#run({ source: "aws.events", "detail-type": "Scheduled Event", detail: {} }, killer);
  }

  async #run(event: unknown, killer?: Killer): Promise<void> {
    try {
      await createRotator(
        { adminSecret: "admin", minimumIntervalMinutes: 0, ...this.options.settings },
        this.dependencies(killer),
      )(event);
    } catch (error) {
      this.written.push(describeDeeply(error));
      throw error;
    }
  }
}

/** An error with all that a careless logger could print of it. */
export function describeDeeply(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    parts.push(
      (at as Error).message,
      (at as Error).stack ?? "",
      JSON.stringify(at, Object.getOwnPropertyNames(at)),
    );
  }
  return parts.join("\n");
}

/** Runs `action` for every item, a few at a time. */
export async function eachOf<T>(
  items: readonly T[],
  parallel: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item);
    }),
  );
}
