/**
 * The one error of the client: why a message was not taken. Thrown by `outbox.ts` through `room.send`.
 */

/** `code`: the server's, with its `issues`; or `queue_full`, `too_large`, `closed`. */
export class CorridorError extends Error {
  readonly code: string
  readonly issues: readonly unknown[] | undefined

  constructor(code: string, message: string, issues?: readonly unknown[]) {
    super(message)
    this.name = 'CorridorError'
    this.code = code
    this.issues = issues
  }
}
