/** 128 bits in hex. `crypto.randomUUID` is missing on pages that came over plain http. `client.ts` names itself by one. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
