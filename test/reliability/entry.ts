/** What stands in the catalogue: what a test provokes, and the expected result. */
export interface Entry {
  readonly name: string
  readonly provoked: string
  readonly expected: string
  /** Why there is no figure. */
  readonly missing?: string
}

export interface Chapter {
  readonly title: string
  readonly entries: readonly Entry[]
}

export const entry = (name: string, provoked: string, expected: string): Entry => ({ name, provoked, expected })
