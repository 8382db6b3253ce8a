// Rows of one width, pictures whole and in order: from shapes alone, so nothing moves when pictures arrive.

// A panorama would leave nothing of its neighbours in a row, a scroll nothing of the rows below.
const NARROWEST = 0.5;
const WIDEST = 3;

/**
 * Where tiles lie. What has been laid out stays where it is when more are added, but for the last row.
 *
 * @param {{width: number, height: number}[]} pictures
 * @param {{width: number, rowHeight: number, gap: number, breaks?: Set<number>, breakHeight?: number}} room
 *   `breaks`: before which pictures a new row begins, with `breakHeight` above it.
 * @returns {{tiles: {x: number, y: number, width: number, height: number, row: number}[], height: number}}
 */
export function justify(pictures, { width, rowHeight, gap, breaks = new Set(), breakHeight = 0 }) {
  const ratios = pictures.map((each) => Math.min(Math.max(each.width / each.height || 1, NARROWEST), WIDEST));
  const tiles = [];
  let y = 0;
  let row = 0;
  let begin = 0;

  const close = (end, height) => {
    // Edges are rounded, not widths: a row then ends where it should, however many tiles it has.
    const whole = Math.round(height);
    let edge = 0;
    for (let i = begin; i < end; i++) {
      const x = Math.round(edge);
      edge += ratios[i] * height;
      tiles.push({ x, y, width: Math.round(edge) - x, height: whole, row });
      edge += gap;
    }
    y += whole + gap;
    row += 1;
    begin = end;
  };

  let sum = 0;
  for (let i = 0; i < ratios.length; i++) {
    if (breaks.has(i)) {
      if (begin < i) close(i, Math.min(rowHeight, heightOf(i - begin, sum, width, gap)));
      sum = 0;
      y += breakHeight;
    }
    sum += ratios[i];
    const height = heightOf(i - begin + 1, sum, width, gap);
    if (height <= rowHeight) {
      close(i + 1, height);
      sum = 0;
    }
  }
  if (begin < ratios.length) close(ratios.length, rowHeight);
  return { tiles, height: Math.max(0, y - gap) };
}

const heightOf = (count, sum, width, gap) => (width - (count - 1) * gap) / sum;
