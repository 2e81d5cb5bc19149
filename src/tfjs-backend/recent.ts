/** What was made lately, by a key that says all that it follows from: programs ask for the same again and again. */
export class Recent<Value> {
  readonly #most: number;
  readonly #values = new Map<string, Value>();

  /** @param most how many are known at once */
  constructor(most: number) {
    this.#most = most;
  }

  /** What is known under a key, or what `make` makes now. */
  of(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) {
      // The last used is the last.
      this.#values.delete(key);
      this.#values.set(key, known);
      return known;
    }
    const made = make();
    this.#values.set(key, made);
    if (this.#values.size > this.#most) this.#values.delete(this.#values.keys().next().value as string);
    return made;
  }
}
