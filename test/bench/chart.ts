/** A bar of the chart; the bars of a comparison are grey. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly isCompared: boolean;
}

const WIDTH = 720;
const ROW = 26;
const LEFT = 300;
const COLOURS = ['#2563eb', '#94a3b8'] as const;

/** A bar chart as SVG: one row for each bar, with the value at its end. */
export function chart(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const rows = bars.map(({ label, value, isCompared }, index) => {
    const y = 48 + index * ROW;
    const width = Math.max(1, ((WIDTH - LEFT - 90) * value) / most);
    const colour = COLOURS[isCompared ? 1 : 0];
    return [
      `<text x="${LEFT - 10}" y="${y + 13}" text-anchor="end">${label}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="18" fill="${colour}"/>`,
      `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 13}">${value < 10 ? value.toFixed(2) : Math.round(value)}</text>`,
    ].join('');
  });
  const height = 60 + bars.length * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#334155">`,
    `<title>${title}, ${unit}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="16" y="26" font-size="15" font-weight="600">${title}</text><text x="${WIDTH - 16}" y="26" text-anchor="end">${unit}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}
