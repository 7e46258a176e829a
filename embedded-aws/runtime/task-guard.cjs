// Loaded into every task process before its program: a task does not outlive whoever runs the embedded ECS,
// however that one ended. The channel is not counted as work, so a program that is done still ends by itself.
"use strict";
process.on("disconnect", () => process.exit(1));
process.channel?.unref();
