/**
 * A client and one of its message ids as one text, the key of a map: both logs and `room/duplicates.ts` keep such maps.
 * The length of the client comes first, so that no two pairs share a key.
 */
export function pairKey(client: string, id: string): string {
  return `${client.length}:${client}${id}`
}
