/**
 * How long a test waits for something that should come. It only makes a test that would wait
 * for ever name what is missing. No busy machine may reach it, so a test never measures with it.
 */
export const PATIENCE_MS = 60_000

/** The promise, or an error that names what did not come. */
export async function patiently<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
