import { count, duration, setText } from './text.js';

const SVG = 'http://www.w3.org/2000/svg';

/** Where everything stands: side by side where there is room, else one under the other. */
const LAYOUTS = {
  wide: {
    box: [1160, 236],
    nodes: {
      pubsub: [1, 74, 170, 88],
      queue: [241, 74, 170, 88],
      handlers: [481, 74, 170, 88],
      commercetools: [721, 1, 190, 88],
      fluent: [721, 147, 190, 88],
      done: [971, 6, 188, 50],
      ignored: [971, 64, 188, 50],
      rejected: [971, 122, 188, 50],
      failed: [971, 180, 188, 50],
    },
    edges: {
      push: 'M171 118H237',
      run: 'M411 118H477',
      read: 'M651 100C690 100 682 45 717 45',
      write: 'M651 136C690 136 682 191 717 191',
      end: 'M651 118H931',
      done: 'M931 118C957 118 941 31 967 31',
      ignored: 'M931 118C957 118 941 89 967 89',
      rejected: 'M931 118C957 118 941 147 967 147',
      failed: 'M931 118C957 118 941 205 967 205',
    },
  },
  tall: {
    box: [360, 640],
    nodes: {
      pubsub: [80, 1, 200, 84],
      queue: [80, 117, 200, 84],
      handlers: [80, 233, 200, 84],
      commercetools: [1, 353, 172, 88],
      fluent: [187, 353, 172, 88],
      done: [1, 500, 160, 58],
      ignored: [199, 500, 160, 58],
      rejected: [1, 572, 160, 58],
      failed: [199, 572, 160, 58],
    },
    edges: {
      push: 'M180 85V113',
      run: 'M180 201V229',
      read: 'M150 317C150 335 87 331 87 349',
      write: 'M210 317C210 335 273 331 273 349',
      end: 'M180 317V466',
      done: 'M180 466C180 488 81 474 81 496',
      ignored: 'M180 466C180 488 279 474 279 496',
      rejected: 'M180 466V589C180 601 175 601 165 601',
      failed: 'M180 466V589C180 601 185 601 195 601',
    },
  },
};

const TITLES = {
  pubsub: 'Pub/Sub',
  queue: 'Event queue',
  handlers: 'Handlers',
  commercetools: 'commercetools',
  fluent: 'Fluent',
  done: 'Done',
  ignored: 'Ignored',
  rejected: 'Rejected',
  failed: 'Failed',
};
const OUTCOMES = ['done', 'ignored', 'rejected', 'failed'];

/** Draws the way of an event into `place`; `update` puts the numbers on it. */
export function createFlow(place) {
  const narrow = matchMedia('(max-width: 900px)');
  let drawn;
  let last;
  const build = () => {
    drawn = draw(place, LAYOUTS[narrow.matches ? 'tall' : 'wide']);
    if (last) drawn(...last);
  };
  narrow.addEventListener('change', build);
  build();
  return {
    update(state, deadLetters) {
      last = [state, deadLetters];
      drawn(state, deadLetters);
    },
  };
}

function make(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

function draw(place, { box, nodes, edges }) {
  const title = make('title', { id: 'flow-name' }, 'The flow from push to Fluent');
  const about = make('desc', { id: 'flow-about' });
  const svg = make('svg', {
    viewBox: `0 0 ${box.join(' ')}`,
    role: 'img',
    'aria-labelledby': 'flow-name flow-about',
    class: box[0] > box[1] ? 'wide-flow' : 'tall-flow',
  });
  svg.append(title, about, make('defs', {}, arrow()));
  const lines = Object.fromEntries(
    Object.entries(edges).map(([name, d]) => {
      const base = make('path', { d, class: 'edge', ...(name !== 'end' && { 'marker-end': 'url(#arrow)' }) });
      const moving = make('path', { d, class: `edge moving ${name}` });
      svg.append(base, moving);
      return [name, moving];
    }),
  );
  const texts = Object.fromEntries(
    Object.entries(nodes).map(([name, [x, y, width, height]]) => {
      const outcome = OUTCOMES.includes(name);
      const rect = make('rect', {
        x,
        y,
        width,
        height,
        rx: 8,
        class: `node ${outcome ? `outcome ${name}` : name}`,
      });
      const inner = x + (outcome ? 18 : 14);
      const head = make('text', { x: inner, y: y + 21, class: 'head' }, TITLES[name]);
      const main = make(
        'text',
        outcome
          ? { x: x + width - 12, y: y + 21, class: 'main end' }
          : { x: inner, y: y + 48, class: 'main' },
      );
      const small = make('text', { x: inner, y: y + (outcome ? 39 : height - 15), class: 'small' });
      const group = make('g', {}, rect, head, main, small);
      if (outcome)
        group.append(
          make('rect', { x: x + 6, y: y + 8, width: 4, height: height - 16, rx: 2, class: `stripe ${name}` }),
        );
      else group.append(make('circle', { cx: x + width - 16, cy: y + 17, r: 4, class: 'light' }));
      svg.append(group);
      return [name, { group, main, small }];
    }),
  );
  place.replaceChildren(svg);

  return (state, deadLetters) => {
    const numbers = describe(state, deadLetters);
    for (const [name, { main, small, level = 'good' }] of Object.entries(numbers.nodes)) {
      setText(texts[name].main, main);
      setText(texts[name].small, small);
      texts[name].group.setAttribute('data-level', level);
    }
    for (const [name, line] of Object.entries(lines)) pace(line, numbers.edges[name] ?? 0);
    setText(
      about,
      Object.entries(numbers.nodes)
        .map(([name, { main, small }]) => `${TITLES[name]}: ${main}, ${small}.`)
        .join(' '),
    );
  };
}

/** The more a second, the thicker and faster. */
function pace(line, perSecond) {
  const flowing = perSecond > 0;
  line.setAttribute('data-flowing', String(flowing));
  line.setAttribute('stroke-width', String(Math.min(6, 2 + Math.log10(1 + perSecond) * 1.6)));
  line.setAttribute('data-pace', perSecond > 20 ? 'fast' : perSecond > 2 ? 'brisk' : 'calm');
}

function describe({ minute, queue, accounts }, deadLetters) {
  const { seconds } = minute;
  const upstreams = accounts.flatMap((account) => account.upstreams);
  const reading = side(
    upstreams.filter(({ name }) => name.startsWith('commercetools ')),
    seconds,
  );
  const writing = side(
    upstreams.filter(({ name }) => name.startsWith('Fluent ')),
    seconds,
  );
  const full = queue.size / queue.limit;
  const outcome = (name, small) => ({ main: count(minute[name]), small });
  return {
    nodes: {
      pubsub: {
        main: `${count(minute.pushes / seconds)} a second`,
        small: minute.refused > 0 ? `${count(minute.refused)} not acknowledged` : 'all acknowledged',
        level: minute.refused > minute.pushes / 5 ? 'warn' : 'good',
      },
      queue: {
        main: `${count(Math.max(0, queue.size - queue.inFlight))} waiting`,
        small: `${count(queue.size)} of ${count(queue.limit)} taken in`,
        level: full > 0.8 ? 'bad' : full > 0.4 ? 'warn' : 'good',
      },
      handlers: {
        main: `${count(queue.inFlight)} in flight`,
        small: `${duration(minute.handled)} each`,
      },
      commercetools: reading,
      fluent: writing,
      done: outcome('done', 'equal in Fluent'),
      ignored: outcome('ignored', 'nothing wanted'),
      rejected: outcome('rejected', deadLetters ? 'dead-lettered' : 'answered 422'),
      failed: outcome('failed', 'Pub/Sub sends again'),
    },
    edges: {
      push: minute.pushes / seconds,
      run: minute.pushes / seconds,
      end: OUTCOMES.reduce((sum, name) => sum + minute[name], 0) / seconds,
      read: reading.perSecond,
      write: writing.perSecond,
      ...Object.fromEntries(OUTCOMES.map((name) => [name, minute[name] / seconds])),
    },
  };
}

function side(upstreams, seconds) {
  const operations = upstreams
    .flatMap((upstream) => upstream.operations)
    .filter(({ operation }) => operation !== 'token');
  const requests = operations.reduce((sum, one) => sum + one.requests, 0);
  const faults = operations.reduce((sum, one) => sum + one.faults, 0);
  const took = operations.reduce((sum, one) => sum + (one.milliseconds ?? 0) * one.requests, 0);
  const closed = upstreams.every(({ circuit, refused }) => circuit === 'Closed' && !refused);
  return {
    perSecond: requests / seconds,
    main: `${count(requests / seconds)} requests/s`,
    small: `${duration(requests > 0 ? took / requests : null)} each, ${count(faults)} faults`,
    level: closed ? (faults > 0 ? 'warn' : 'good') : 'bad',
  };
}

function arrow() {
  return make(
    'marker',
    {
      id: 'arrow',
      viewBox: '0 0 8 8',
      refX: 6,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      orient: 'auto',
      markerUnits: 'userSpaceOnUse',
    },
    make('path', { d: 'M0 0L8 4L0 8z', class: 'arrow' }),
  );
}
