// What the programs look at: a page of dark strokes, drawn by a formula, and the pixels of part of it as a network takes them.

/** RGB bytes, H W C: two lines of strokes on a light ground. */
export function page(width, height) {
  const data = new Uint8Array(3 * width * height).fill(235);
  const lines = [
    { top: 0.2, bottom: 0.38, left: 0.1, right: 0.8, step: 11 },
    { top: 0.6, bottom: 0.82, left: 0.15, right: 0.65, step: 7 },
  ];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const line = lines.find((each) => y >= each.top * height && y < each.bottom * height);
      if (line === undefined || x < line.left * width || x >= line.right * width) continue;
      if (x % line.step < 4) data.fill(20 + ((x * 7 + y) % 30), 3 * (y * width + x), 3 * (y * width + x) + 3);
    }
  }
  return { width, height, data };
}

/** Part of a picture at another size, by the nearest pixels, as N C H W: (byte / 255 − mean) / deviation. */
export function pixels({ width, data }, box, size, mean = 0.5, deviation = 0.5) {
  const numbers = new Float32Array(3 * size.height * size.width);
  for (let c = 0, at = 0; c < 3; c++) {
    for (let i = 0; i < size.height; i++) {
      const y = box.top + Math.floor((i * box.height) / size.height);
      for (let j = 0; j < size.width; j++, at++) {
        const x = box.left + Math.floor((j * box.width) / size.width);
        numbers[at] = (data[3 * (y * width + x) + c] / 255 - mean) / deviation;
      }
    }
  }
  return numbers;
}
