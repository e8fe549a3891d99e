/**
 * The error of the client: why a message was not accepted. `room.send` rejects with it.
 */

/**
 * `code` is the server's error code, with its `issues` (schema errors) and the module's `details`; or one of the client's
 * own: `queue_full`, `too_large`, `closed`.
 */
export class CorridorError extends Error {
  readonly code: string
  readonly issues: readonly unknown[] | undefined
  readonly details: unknown

  constructor(code: string, message: string, issues?: readonly unknown[], details?: unknown) {
    super(message)
    this.name = 'CorridorError'
    this.code = code
    this.issues = issues
    this.details = details
  }
}
