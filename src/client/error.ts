/**
 * The one error of the client: why a message was not taken. Thrown by `outbox.ts` through `room.send`.
 */

/** `code`: the server's, with its `issues` and the module's `details`; or `queue_full`, `too_large`, `closed`. */
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
