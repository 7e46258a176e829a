import type { Act } from "./environment";
import { forceNewDeployment } from "./force-new-deployment";

export type { Act, ActEnvironment, Acted } from "./environment";

/** One way for every strategy of controller ECS, daemons too; `plan` sends no other controller here. */
export const act: Act = forceNewDeployment;
