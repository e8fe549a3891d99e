/** The types of `/client.js`, which the server makes of `src/client/client.ts`. */
export * from '../src/client/client.ts'
