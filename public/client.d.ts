/** The types of `/client.js`, which the server builds from `src/client/client.ts`. */
export * from '../src/client/client.ts'
