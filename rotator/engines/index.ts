import type { EngineName } from "../../aws-semantics/database-engines";
import { mysqlEngine } from "./mysql";
import { postgresEngine } from "./postgres";
import type { Engine, Note } from "./types";

/** The engine behind a name. */
export function engineNamed(name: EngineName, note?: Note): Engine {
  return name === "postgres" ? postgresEngine(undefined, note) : mysqlEngine(name, undefined, note);
}
