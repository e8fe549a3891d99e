/**
 * For tests whose bound is a time or a memory: `it(name, MEASURED, …)`. A machine that is disturbed for some seconds breaks
 * such a bound once, a mistake of ours breaks it three times. The summary of a run names each test that was tried again.
 */
export const MEASURED = { retry: 2 } as const
