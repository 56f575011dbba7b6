/** Closes a switch over a union: a member that is not handled does not compile, and throws if it gets here anyway. */
export function assertNever(value: never): never {
  throw new Error(`unhandled: ${JSON.stringify(value)}`)
}
