/** A page of the docs, in sections with their code blocks, for tests that run what it shows. */
import { readFileSync } from 'node:fs'

export interface Block {
  readonly language: string
  /** What its first comment says: `before: server.js`; a block without one has none. */
  readonly name: string
  readonly text: string
}

export interface Section {
  readonly heading: string
  readonly blocks: readonly Block[]
}

export function sectionsOf(file: string): Section[] {
  const parts = readFileSync(file, 'utf8').split(/^#+ /m).slice(1)
  return parts.map((part) => ({
    heading: part.split('\n', 1)[0] ?? '',
    blocks: [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
      language,
      name: /^\/\/ (.*)$/m.exec(text.split('\n', 1)[0] ?? '')?.[1] ?? '',
      text,
    })),
  }))
}
