import type { Act } from "./environment";
import { forceNewDeployment } from "./force-new-deployment";

export type { Act, ActEnvironment, Acted } from "./environment";

/** The same for every deployment strategy of controller ECS, daemons too; `plan` refuses other controllers. */
export const act: Act = forceNewDeployment;
