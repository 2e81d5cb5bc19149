/**
 * What is made when somebody asks for it, once. What a chain of nodes makes of constants waits for as many others as the
 * chain is long, so nothing here calls itself: what others wait for is made before them.
 */

type Make = () => unknown;

/** What those wait for that are not made yet. */
const waiting = new WeakMap<Make, readonly Make[]>();

/** @param after what `make` asks for */
export function lazy<T extends object>(make: () => T, after: readonly Make[] = []): () => T {
  let made: T | undefined;
  const own = (): T => {
    if (made !== undefined) return made;
    makeAll(after);
    made = make();
    waiting.delete(own);
    return made;
  };
  waiting.set(own, after);
  return own;
}

/** A walk in depth with a stack of its own. */
function makeAll(wanted: readonly Make[]): void {
  const stack: { readonly make: Make | null; readonly after: readonly Make[]; next: number }[] = [];
  stack.push({ make: null, after: wanted, next: 0 });
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.next === top.after.length) {
      stack.pop();
      top.make?.();
      continue;
    }
    const make = top.after[top.next++];
    const after = waiting.get(make);
    if (after !== undefined) stack.push({ make, after, next: 0 });
  }
}
