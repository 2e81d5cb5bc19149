/** The parameters of emitted functions, which are nearly all addresses, pitches and counts. */

/** Parameters that are all integers, by their names. */
export function integers<const Name extends string>(...names: readonly Name[]): { readonly [Key in Name]: 'i32' } {
  return Object.fromEntries(names.map((name) => [name, 'i32'])) as { [Key in Name]: 'i32' };
}
