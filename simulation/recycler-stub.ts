/**
 * Exports of a handler/index.ts whose recycler does nothing. Pulumi serialises it in no time: for deployments where
 * nobody looks into the function's archive.
 */
export const recyclerStub = { createRecycler: (settings: unknown) => async () => settings };
