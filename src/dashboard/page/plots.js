import { count, duration, element, setText } from './text.js';
import uPlot from './uplot.js';

const HEIGHT = 190;
const rate = (value) => (value === null || value === undefined ? '–' : `${count(value)}/s`);

const PLOTS = [
  {
    id: 'plot-lag',
    title: 'Lag',
    about: 'from the change in commercetools until it is done',
    scales: {
      y: { distr: 3, range: (_u, least, most) => decades(least, most) },
    },
    lines: [
      {
        label: 'oldest',
        color: 'ignored',
        show: duration,
        dash: [2, 4],
        width: 1.25,
        read: ({ oldest }) => oldest,
      },
      { label: '95 % within', color: 'accent-2', show: duration, read: ({ lag95 }) => lag95 },
      { label: 'half within', color: 'accent', show: duration, read: ({ lag50 }) => lag50 },
    ],
    axis: duration,
    // A logarithmic axis has nine lines a decade: one is enough.
    filter: (_u, values) => values.map((value) => (Math.log10(value) % 1 === 0 ? value : null)),
  },
  {
    id: 'plot-events',
    title: 'Events a second',
    about: 'by outcome, one upon the other',
    scales: { y: { range: (_u, _least, most) => [0, Math.max(1, most * 1.15)] } },
    lines: [
      { label: 'failed', color: 'failed', show: rate, stack: ['done', 'ignored', 'rejected', 'failed'] },
      { label: 'rejected', color: 'rejected', show: rate, stack: ['done', 'ignored', 'rejected'] },
      { label: 'ignored', color: 'ignored', show: rate, stack: ['done', 'ignored'] },
      { label: 'done', color: 'done', show: rate, stack: ['done'] },
    ],
    axis: count,
  },
  {
    id: 'plot-queue',
    title: 'Queue',
    about: 'events in it at most, and how long they waited on average',
    scales: {
      y: { range: (_u, _least, most) => [0, Math.max(4, most * 1.15)] },
      wait: { range: (_u, _least, most) => [0, Math.max(2, most * 1.15)] },
    },
    lines: [
      { label: 'wait', color: 'accent-2', show: duration, scale: 'wait', read: ({ waited }) => waited },
      { label: 'events', color: 'accent', show: count, fill: true, read: ({ queue }) => queue },
    ],
    axis: count,
    rightAxis: duration,
  },
];

function decades(least, most) {
  const low = least > 0 ? 10 ** Math.floor(Math.log10(Math.max(1, least))) : 1;
  return [low, Math.max(low * 100, 10 ** Math.ceil(Math.log10(Math.max(1, most))))];
}

/** Draws the three plots; `update` is given the whole history and the span to show, in seconds. */
export function createPlots() {
  let last;
  let plots = [];
  const build = () => {
    for (const { plot } of plots) plot.destroy();
    plots = PLOTS.map(draw);
    if (last) update(...last);
  };
  const update = (history, span) => {
    last = [history, span];
    for (const plot of plots) plot.update(history, span);
  };
  build();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);
  return { update };
}

function draw(options) {
  const figure = document.getElementById(options.id);
  const legend = element('ul', { class: 'legend' });
  const values = [...options.lines].reverse().map(({ label, color, show }) => {
    const value = element('b');
    legend.append(element('li', {}, element('i', { class: `mark ${color}` }), `${label} `, value));
    return { label, show, value };
  });
  const caption = element(
    'figcaption',
    {},
    element('h3', {}, options.title),
    element('span', {}, options.about),
    legend,
  );
  const canvas = element('div', { class: 'canvas', role: 'img', 'aria-label': options.title });
  figure.replaceChildren(caption, canvas);

  const colors = getComputedStyle(document.documentElement);
  const color = (name) => colors.getPropertyValue(`--${name}`).trim();
  const font = '11px system-ui, sans-serif';
  const axis = {
    stroke: color('muted'),
    font,
    grid: { stroke: color('line'), width: 1 },
    ticks: { show: false },
  };
  let raw = [[]];

  const write = (index) => {
    const texts = values.map(({ label, show, value }, line) => {
      const text = show(raw[raw.length - 1 - line]?.[index]);
      setText(value, text);
      return `${label} ${text}`;
    });
    return texts;
  };
  const latest = () => {
    const times = raw[0] ?? [];
    for (let index = times.length - 1; index > times.length - 13 && index >= 0; index -= 1)
      if (raw.slice(1).some((line) => line[index])) return index;
    return times.length - 1;
  };
  const plot = new uPlot(
    {
      width: canvas.clientWidth || 300,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false, x: false }, points: { size: 6 }, sync: { key: 'plots' } },
      scales: { x: { time: true, range: (u) => u.span ?? [0, 1] }, ...options.scales },
      axes: [
        { ...axis, space: 46, size: 28, values: (_u, ticks) => ticks.map(clock) },
        {
          ...axis,
          size: 52,
          space: 32,
          ...(options.filter && { filter: options.filter, grid: { ...axis.grid, filter: options.filter } }),
          values: (_u, ticks) => ticks.map((tick) => (tick === null ? '' : options.axis(tick))),
        },
        ...(options.rightAxis
          ? [
              {
                ...axis,
                side: 1,
                scale: 'wait',
                size: 52,
                space: 32,
                grid: { show: false },
                values: (_u, ticks) => ticks.map(options.rightAxis),
              },
            ]
          : []),
      ],
      series: [
        {},
        ...options.lines.map(({ label, color: name, dash, width = 1.75, stack, fill, scale = 'y' }) => ({
          label,
          scale,
          stroke: color(name),
          width: stack ? 1 : width,
          spanGaps: !stack,
          points: {
            show: (u, line) => !stack && u.data[line].filter((value) => value !== null).length < 10,
            size: 4,
          },
          ...(dash && { dash }),
          ...((stack || fill) && { fill: color(stack ? name : `${name}-soft`) }),
          ...(stack && { paths: uPlot.paths.stepped({ align: 1 }) }),
        })),
      ],
      hooks: { setCursor: [(u) => write(u.cursor.idx ?? latest())] },
    },
    [[], ...options.lines.map(() => [])],
    canvas,
  );
  new ResizeObserver(() => plot.setSize({ width: canvas.clientWidth, height: HEIGHT })).observe(canvas);

  return {
    plot,
    update(history, span) {
      const { times, slotSeconds } = history;
      raw = [
        times,
        ...options.lines.map(({ read, stack }) =>
          stack ? history[stack.at(-1)].map((n) => n / slotSeconds) : read(history),
        ),
      ];
      const data = [
        times,
        ...options.lines.map(({ stack }, line) =>
          stack
            ? times.map(
                (_, index) => stack.reduce((sum, name) => sum + history[name][index], 0) / slotSeconds,
              )
            : raw[line + 1],
        ),
      ];
      plot.span = [history.end - span, history.end];
      plot.setData(data);
      const texts = write(plot.cursor.idx ?? latest());
      canvas.setAttribute('aria-label', `${options.title}, ${options.about}. Now: ${texts.join(', ')}.`);
    },
  };
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds % 60 !== 0 && { second: '2-digit' }),
  });
}
