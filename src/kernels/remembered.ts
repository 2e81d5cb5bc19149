import { type Tile, type TileName, tileNamed } from '../maths/tiles.ts';

/** Makes each tile once, because every item of work asks for one. */
export function remembered<Made>(make: (tile: Tile, r: number, s: number) => Made) {
  const made = new Map<TileName, Map<number, Made>>();
  return (name: TileName, r: number, s: number): Made => {
    let ofName = made.get(name);
    if (ofName === undefined) {
      ofName = new Map();
      made.set(name, ofName);
    }
    const key = r * 1024 + s;
    let tile = ofName.get(key);
    if (tile === undefined) {
      tile = make(tileNamed(name), r, s);
      ofName.set(key, tile);
    }
    return tile;
  };
}
