/**
 * How long a test waits for something that should come. It is only there so that a test that waits for ever says for what:
 * no machine that is busy elsewhere may reach it, so a test never measures with it.
 */
export const PATIENCE_MS = 60_000
