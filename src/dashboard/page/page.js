import { createFlow } from './flow.js';
import { listen } from './live.js';
import { createPlots } from './plots.js';
import { createAccounts, createBlanks, createReasons, createRecent, drawRoutes } from './tables.js';
import { count, duration, element, eventsOf, plural, setText, timeOfDay, verdictOf } from './text.js';

const LINES = [
  'pushes',
  'done',
  'ignored',
  'rejected',
  'failed',
  'queue',
  'waited',
  'oldest',
  'lag50',
  'lag95',
];
const HOUR_BUCKETS = 720;
const FAR_BEHIND_MILLISECONDS = 60_000;

const plots = createPlots();
const flow = createFlow(document.getElementById('flow'));
const recent = createRecent();
const showReasons = createReasons((resource) => recent.find(resource));
const showAccounts = createAccounts();
const showBlanks = createBlanks();
const spans = document.getElementById('span');

let history;
let about;
let chosen;

listen({
  onSnapshot(snapshot) {
    about = snapshot;
    history = snapshot.history;
    document.getElementById('log-out').hidden = !snapshot.canLogOut;
    drawRoutes(snapshot.routes);
    recent.reset(snapshot.recent);
    show(snapshot.state);
  },
  onTick(tick) {
    history = join(history, tick.history);
    recent.add(tick.recent);
    show(tick.state);
  },
  onState(state) {
    const place = document.getElementById('connection');
    place.dataset.state = state;
    document.body.dataset.state = state;
    if (state === 'live') return;
    setText(place.firstElementChild, 'Connection lost; trying again');
    verdict({ level: 'wait', text: 'Not known' });
  },
});

spans.addEventListener('change', ({ target }) => {
  chosen = Number(target.value);
  drawPlots();
});

function show(state) {
  setText(document.getElementById('connection').firstElementChild, `Live, ${timeOfDay(state.now)}`);
  setText(
    document.getElementById('about'),
    `up ${duration(state.now - about.startedAt)}, ${plural(state.events, 'event')}`,
  );
  verdict(verdictOf(state));
  tiles(state);
  flow.update(state, about.deadLetters);
  showReasons(state);
  showAccounts(state);
  showBlanks(state);
  drawPlots();
}

function verdict({ level, text }) {
  const place = document.getElementById('verdict');
  place.dataset.level = level;
  setText(place, text);
  const mark = { good: '', wait: '… ', warn: '! ', bad: '✕ ' }[level];
  document.title = `${mark}Customer sync`;
}

function tiles({ minute, queue, groups, pending }) {
  const events = eventsOf(minute);
  const hour = (kind) =>
    groups.filter(({ outcome }) => outcome === kind).reduce((sum, group) => sum + group.count, 0);
  const { seconds } = minute;
  const values = [
    ['How far behind', ...howFarBehind(minute, pending)],
    ['Events a second', count(events / seconds), `${count(minute.pushes / seconds)} pushes a second`],
    [
      'Done or ignored',
      events > 0 ? `${count(((minute.done + minute.ignored) / events) * 100)} %` : '–',
      'of the last minute',
    ],
    [
      'In the queue',
      count(queue.size),
      `of ${count(queue.limit)}; wait ${duration(minute.waited)}`,
      queue.size > queue.limit * 0.8 && 'bad',
    ],
    ['Rejected', count(hour('rejected')), 'in the last hour', hour('rejected') > 0 && 'warn'],
    ['Failed', count(hour('failed')), 'in the last hour', minute.failed > 0 && 'bad'],
  ];
  const list = document.getElementById('tiles');
  if (list.children.length === 0)
    list.append(
      ...values.map(([name]) =>
        element('div', {}, element('dt', {}, name), element('dd', { class: 'big' }), element('dd')),
      ),
    );
  values.forEach(([, value, note, level], index) => {
    const tile = list.children[index];
    tile.dataset.level = level || '';
    setText(tile.children[1], value);
    setText(tile.children[2], note);
  });
}

/** What is done says how far behind that was; what is not done may be further behind. */
function howFarBehind({ lag50, lag95 }, { events, oldest }) {
  const done = lag50 === null ? 'nothing done this minute' : `95 % within; half ${duration(lag50)}`;
  if (events === 0 || oldest <= (lag95 ?? 0)) return [duration(lag95), done];
  const level = oldest > FAR_BEHIND_MILLISECONDS && 'bad';
  return [duration(oldest), `the oldest of ${plural(events, 'event')} not done; ${done}`, level];
}

/** Puts the latest buckets in the place of those that were still growing. */
function join(before, after) {
  const bucket = before.bucketMilliseconds;
  const keep = Math.round((after.since - before.since) / bucket);
  const known = before.done.length;
  // After a long sleep of this machine there is a hole: nothing is known of it.
  const hole = Math.max(0, keep - known);
  if (hole > HOUR_BUCKETS) return after;
  const joined = { bucketMilliseconds: bucket };
  for (const line of LINES) {
    const filler = new Array(hole).fill(line === 'oldest' || line.startsWith('lag') ? null : 0);
    joined[line] = [...before[line].slice(0, keep), ...filler, ...after[line]].slice(-HOUR_BUCKETS);
  }
  joined.since = after.since + (after.done.length - joined.done.length) * bucket;
  return joined;
}

function drawPlots() {
  if (!history) return;
  const slotSeconds = history.bucketMilliseconds / 1000;
  // The current bucket is not full yet, and would look like a fall.
  const full = Math.max(0, history.done.length - 1);
  const shown = { slotSeconds };
  for (const line of LINES) shown[line] = history[line].slice(0, full);
  shown.times = Array.from({ length: full }, (_, index) => history.since / 1000 + index * slotSeconds);
  shown.end = history.since / 1000 + Math.max(0, full - 1) * slotSeconds;
  const age = full * slotSeconds;
  const span = chosen ?? (age <= 300 ? 300 : age <= 900 ? 900 : 3600);
  const radio = spans.querySelector(`[value="${span}"]`);
  if (!radio.checked) radio.checked = true;
  plots.update(shown, span);
}
